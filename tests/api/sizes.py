#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""No file and no function of lib/ is longer than one can take in.

usage: sizes.py SOURCE-ROOT
"""

import pathlib
import re
import sys

from checks import Tap, read

FILE_LINES_MAX = 750
FUNCTION_LINES_MAX = 60


def functions(text):
    """Name and length of each: from the line that names it to the brace that ends it."""
    lines = text.splitlines()
    begun = None
    for number, line in enumerate(lines):
        if re.match(r"^\w.*\(", line) and not line.endswith(";"):
            begun = number
        elif line == "{" and (begun is None or not lines[number - 1].endswith(")")):
            begun = None  # a struct or an enum
        elif line == "}" and begun is not None:
            yield re.search(r"(\w+)\)? \(", lines[begun])[1], number - begun + 1
            begun = None


def main():
    files = sorted((pathlib.Path(sys.argv[1]) / "lib").glob("*.c"))
    tap = Tap()
    sizes, long_files, long_functions, n_functions = [], [], [], 0
    for path in files:
        text = read(path)
        lengths = list(functions(text))
        n_lines, n_functions = len(text.splitlines()), n_functions + len(lengths)
        name, longest = max(lengths, key=lambda item: item[1], default=("none", 0))
        sizes.append(f"{n_lines:5} lines, {len(lengths):3} functions, the longest "
                     f"{longest:3} ({name}): {path.name}")
        if n_lines > FILE_LINES_MAX:
            long_files.append(f"{path.name} has {n_lines} lines")
        long_functions += [f"{path.name}: {name} has {length} lines"
                           for name, length in lengths if length > FUNCTION_LINES_MAX]
    tap.case(f"{len(files)} files of at most {FILE_LINES_MAX} lines",
             long_files if files else ["there are none"], sizes)
    tap.case(f"{n_functions} functions of at most {FUNCTION_LINES_MAX} lines",
             long_functions if n_functions else ["there are none"])
    tap.done()


main()
