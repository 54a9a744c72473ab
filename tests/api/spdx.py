#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every source file of the project says its licence in the first lines: code, scripts, build files,
and what is in units/. Documents and lists need not.

usage: spdx.py SOURCE-ROOT
"""

import pathlib
import sys

from checks import Tap, tracked_files

LINE = b"SPDX-License-" + b"Identifier: LGPL-2.1-or-later"
FIRST_LINES = 5


SUFFIXES = {".c", ".h", ".in", ".py", ".sh", ".map", ".supp", ".vapi"}
NAMES = {"meson.build", "meson_options.txt", ".clang-format"}


def needs_it(source, path):
    if path.suffix in SUFFIXES or path.name in NAMES:
        return True
    if path.suffix != ".md" and path.is_relative_to(source / "units"):
        return True
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def main():
    source = pathlib.Path(sys.argv[1])
    problems, checked = [], 0
    for path in tracked_files(source):
        if not needs_it(source, path):
            continue
        checked += 1
        if not any(LINE in line for line in path.read_bytes().split(b"\n")[:FIRST_LINES]):
            problems.append(f"{path.relative_to(source)} lacks the line “{LINE.decode()}”")
    tap = Tap()
    tap.case(f"{checked} files say their licence", problems if checked else ["there are none"])
    tap.done()


main()
