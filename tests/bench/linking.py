#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it costs a GLib daemon to be linked to libraries it does not use.

    linking.py [--samples] [ROUNDS]

Stands alone, since it is to run on releases that have not all that building takes: it needs gcc, GLib
and libsystemd. Another release's root will do; tests/bench/run asks there when it is told of one:

    tests/harness/make-root trixie DIR
    tests/bench/run --only=linking --root=DIR

--samples: prints what was measured as JSON, and no table.
"""

import argparse
import json
import pathlib
import platform
import subprocess
import tempfile

import measure
import rows
import rows_linking
import table

HERE = pathlib.Path(__file__).resolve().parent
LINKED = {"GLib": ["glib-2.0"], "GLib linked to libsystemd": ["glib-2.0", "libsystemd"],
          "GLib linked to GIO": ["gio-2.0"]}


def pkg_config(*arguments):
    return subprocess.run(["pkg-config", *arguments], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split()


def build(output, source, packages):
    flags = pkg_config("--cflags", "--libs", *packages) if packages else []
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-pthread", "-o", output, HERE / source,
                    "-Wl,--no-as-needed", *flags], check=True)
    return output


def private_kib(program):
    """Two of it run, so that what can be shared is."""
    two = [rows.at_rest([program]) for _ in range(2)]
    taken = rows.private_kib(two[0].pid)
    for process in two:
        process.kill()
        process.communicate()
    return taken


def take(rounds):
    """What release this is; ns of each start, and KiB of each at rest, of each program by name."""
    release = platform.freedesktop_os_release()
    versions = [f"{name} {pkg_config('--modversion', package)[0]}"
                for name, package in (("GLib", "glib-2.0"), ("libsystemd", "libsystemd"))]
    with tempfile.TemporaryDirectory(prefix="ps-bench-") as name:
        directory = pathlib.Path(name)
        lives = build(directory / "lives", "lives.c", [])
        programs = {peer: build(directory / f"life{number}", "life-glib.c", packages)
                    for number, (peer, packages) in enumerate(LINKED.items())}
        samples = measure.interleave([measure.Peer(peer, [lives, 15, program])
                                      for peer, program in programs.items()], rounds)
        memory = {peer: [[[private_kib(program)]] for _ in range(rounds // 2 + 1)]
                  for peer, program in programs.items()}
    return {"release": f"{release['NAME'].split()[0]} {release.get('VERSION_ID', '')}, {', '.join(versions)}",
            "start": {peer: [[sample[:1] for sample in one] for one in taken]
                      for peer, taken in samples.items()},
            "memory": memory}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rounds", nargs="?", type=int, default=20)
    parser.add_argument("--samples", action="store_true")
    arguments = parser.parse_args()
    taken = take(arguments.rounds)
    print(json.dumps(taken) if arguments.samples else table.markdown(rows_linking.rows_of(taken)))


if __name__ == "__main__":
    main()
