#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The floors of lib/: a file includes its own header, and headers of strictly lower floors.

usage: floors.py SOURCE-ROOT

The floors are those of lib/meson.build. A header belongs to the floor of the .c file of its name
(with "-private" taken off); one that has none is ground, below all floors. postscriptum.h, which
includes the public headers for others, is above all.
"""

import collections
import pathlib
import re
import sys

from checks import Tap, compare_sets, meson_list, read

GROUND = -1
UMBRELLA = "postscriptum.h"
SYSTEMD_FILES = {"ps-notify", "ps-identity"}

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')
FLOOR_COMMENT = re.compile(r"^/\* floor (\d+) \*/$")


def stem(name):
    return re.sub(r"(-private)?\.(c|h|h\.in)$", "", name)


def includes(path):
    """Each line that includes something: its number, what, and the floor the comment above says."""
    said = None
    for number, line in enumerate(read(path).splitlines(), 1):
        comment, match = FLOOR_COMMENT.match(line), INCLUDE.match(line)
        if comment:
            said = int(comment[1])
        elif match:
            yield number, match[1], said
        else:
            said = None


def check_membership(tap, lib, floors):
    named = [name for floor in floors for name in floor]
    problems = [f"{name} is on {times} floors"
                for name, times in collections.Counter(named).items() if times > 1]
    present = {path.name for path in lib.glob("*.c")}
    problems += compare_sets(present, named, "lib", "the floors of lib/meson.build")
    tap.case(f"each of the {len(present)} files is on one of {len(floors)} floors", problems)


def main():
    lib = pathlib.Path(sys.argv[1]) / "lib"
    floors = meson_list(read(lib / "meson.build"), "floors")
    floor_of_stem = {stem(name): number for number, floor in enumerate(floors) for name in floor}
    files = sorted([*lib.glob("*.c"), *lib.glob("*.h"), *lib.glob("*.h.in")])
    known = {path.name.removesuffix(".in") for path in files}
    tap = Tap()

    def floor_of(name):
        return len(floors) if name == UMBRELLA else floor_of_stem.get(stem(name), GROUND)

    check_membership(tap, lib, floors)
    upwards, misnamed, systemd, seen = [], [], [], 0
    for path in files:
        for number, what, said in includes(path):
            where = f"{path.name}:{number} (floor {floor_of(path.name)}) includes {what}"
            if what.startswith("systemd/") and stem(path.name) not in SYSTEMD_FILES:
                systemd.append(where)
            if what not in known:
                continue
            seen += 1
            if stem(what) != stem(path.name) and floor_of(what) >= floor_of(path.name):
                upwards.append(f"{where} of floor {floor_of(what)}")
            if said is not None and said != floor_of(what):
                misnamed.append(f"{where}, which a comment puts on floor {said}")
    tap.case(f"{seen} includes lead downwards", upwards if seen else ["there are none"])
    tap.case("comments name the right floors", misnamed)
    tap.case(f"libsystemd's headers only in {', '.join(sorted(SYSTEMD_FILES))}", systemd)
    tap.done()


main()
