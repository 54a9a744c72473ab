#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guard against slow-downs that needs no clock: counts instructions and compares.

    check.py BUILD-DIRECTORY [--check | --record | --where=PATH]

Reads counts.json beside it. The library's own instructions depend on the release of GCC and the
machine's kind only: where those are recorded, MARGIN is all they may grow by. For another release
they are held against what is recorded for that kind of machine, with ROUGH, which still finds what
is slow by its design. What GLib, libc and libsystemd do on our behalf is compared only with a record
of the very same versions, by MARGIN_ALL, since it moves with their releases and a little by itself.

--record writes the counts of this machine down, after a change that is meant to cost that; others
stay. --where lists the functions that a path spends them in. As TAP, a test a path.
"""

import json
import pathlib
import platform
import re
import shutil
import subprocess
import sys

import counts

RECORDED = pathlib.Path(__file__).resolve().parent / "counts.json"
MARGIN = 1.05
MARGIN_ALL = 1.15
SLACK_ALL = 2000  # which thread binds a symbol first is not always the same
ROUGH = 1.5


def output(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False)
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def compiler(program):
    """"GCC 12": as the program itself tells."""
    match = re.search(r"GCC: \(.*\) (\d+)\.", output("readelf", "-p", ".comment", program))
    return f"GCC {match[1]}" if match else "unknown"


def keys(program):
    own = f"{platform.machine()}, {compiler(program)}"
    versions = [f"{name} {output('pkg-config', '--modversion', module)}"
                for name, module in (("GLib", "glib-2.0"), ("libsystemd", "libsystemd"))]
    return own, ", ".join([own, f"{' '.join(platform.libc_ver())}", *versions])


def reference(recorded, own, everything):
    """Counts to compare own instructions with, those of all instructions, and the first's margin."""
    if everything in recorded:
        return recorded[everything], recorded[everything], MARGIN
    same = [value for key, value in recorded.items() if key.startswith(own + ",")]
    if same:
        return same[0], {}, MARGIN
    kind = [value for key, value in recorded.items() if key.startswith(platform.machine() + ",")]
    return (kind[0] if kind else {}), {}, ROUGH


def judge(name, found, own, everything, margin):
    """The problems of one path, and what to say of it."""
    said, problems = [], []
    for kind, known, limit, slack in (("own", own, margin, 0),
                                      ("all", everything, MARGIN_ALL, SLACK_ALL)):
        if name not in known:
            continue
        share = found[kind] / known[name][kind]
        text = f"{kind}: {found[kind]:,} instructions, {share:.3f} × {known[name][kind]:,}"
        said.append(text)
        if kind == "own" and share < 0.9:
            said.append("much less than recorded: use --record, so that it stays so")
        if found[kind] > known[name][kind] * limit + slack:
            problems.append(f"{text}, more than {limit}; see --where={name}, or --record")
    if not said:
        problems.append(f"no record of it; own: {found['own']:,}; use --record")
    return problems, said


def check(paths, program):
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    own_key, all_key = keys(program)
    own, everything, margin = reference(recorded, own_key, all_key)
    if not own:
        print(f"1..0 # SKIP no counts are recorded for {platform.machine()}")
        return 0
    print(f"1..{len(paths)}\n# {all_key}: own instructions up to {margin} × what is recorded"
          f"{'' if everything else '; all of them are not compared with those of other versions'}")
    failed = 0
    for number, (name, costs) in enumerate(paths.items(), 1):
        problems, said = judge(name, counts.figures(costs), own, everything, margin)
        failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} - {name}: {'; '.join(said)}")
        for problem in problems:
            print(f"# {problem}")
    return 1 if failed else 0


def record(paths, program):
    recorded = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
    recorded[keys(program)[1]] = {name: counts.figures(costs) for name, costs in paths.items()}
    RECORDED.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


def show(costs):
    for (where, function), cost in costs.most_common(25):
        print(f"{cost:10,} {function} ({where.rpartition('/')[2]})")
    return 0


def main():
    program = pathlib.Path(sys.argv[1]).resolve() / "tests/bench/paths"
    what = sys.argv[2] if len(sys.argv) > 2 else "--check"
    if shutil.which("valgrind") is None:
        print("1..0 # SKIP valgrind is not installed")
        return 0
    paths = counts.count(program)
    if what.startswith("--where="):
        return show(paths[what.partition("=")[2]])
    return record(paths, program) if what == "--record" else check(paths, program)


if __name__ == "__main__":
    sys.exit(main())
