#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it costs a GLib daemon to be linked to libraries it does not use.

    linking.py [ROUNDS]

Stands alone, since it is to run on releases that have not all that building takes: it needs gcc, GLib
and libsystemd. Another release's root will do:

    tests/harness/make-root trixie DIR
    tests/harness/systemd-sandbox --root=DIR -- tests/bench/linking.py
"""

import pathlib
import subprocess
import sys
import tempfile

import measure
import rows
import table

HERE = pathlib.Path(__file__).resolve().parent
LINKED = {"GLib": ["glib-2.0"], "GLib linked to libsystemd": ["glib-2.0", "libsystemd"],
          "GLib linked to GIO": ["gio-2.0"]}


def build(output, source, packages):
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", *packages], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.split() if packages else []
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-pthread", "-o", output, HERE / source,
                    "-Wl,--no-as-needed", *flags], check=True)
    return output


def main():
    with tempfile.TemporaryDirectory(prefix="ps-bench-") as name:
        directory = pathlib.Path(name)
        lives = build(directory / "lives", "lives.c", [])
        peers = [measure.Peer(peer, [lives, 15, build(directory / f"life{number}", "life-glib.c", packages)])
                 for number, (peer, packages) in enumerate(LINKED.items())]
        samples = measure.interleave(peers, int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    print(table.markdown([rows.linking_row(samples, what) for what in ("libsystemd", "GIO")]))


if __name__ == "__main__":
    main()
