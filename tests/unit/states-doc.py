#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table in a document (docs/states.md, docs/exit-matrix.md) is what a program prints.

usage: states-doc.py PROGRAM DOCUMENT
"""

import difflib
import pathlib
import subprocess
import sys

BEGIN, END = "<!-- table -->", "<!-- /table -->"


def table_of(document):
    lines = document.read_text(encoding="utf-8").splitlines()
    if lines.count(BEGIN) != 1 or lines.count(END) != 1:
        sys.exit(f"{document}: one line “{BEGIN}” and one line “{END}” are needed")
    between = lines[lines.index(BEGIN) + 1:lines.index(END)]
    return [line for line in between if line.strip()]


def main():
    program, document = sys.argv[1], pathlib.Path(sys.argv[2])
    printed = subprocess.run([program], check=True, capture_output=True, text=True)
    wanted = [line for line in printed.stdout.splitlines() if line.strip()]
    if len(wanted) < 3:
        sys.exit(f"{program} printed no table")
    found = table_of(document)
    if found != wanted:
        print("\n".join(difflib.unified_diff(found, wanted, str(document), "the code",
                                             lineterm="")))
        sys.exit(f"{document} does not show the code's table: put the output of {program} "
                 f"between “{BEGIN}” and “{END}”")


main()
