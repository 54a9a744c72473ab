#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing is left in the project that belongs to one machine or to one afternoon.

usage: hygiene.py SOURCE-ROOT BUILD-ROOT
"""

import pathlib
import re
import sys

from checks import Tap, tracked_files

# Written so that they do not find themselves.
LEFT_OVER = re.compile(rb"\b(TO[D]O|FIX[M]E|X[X]X)\b")
OF_A_MACHINE = [rb"/wor[k]/", rb"/hom[e]/[a-z]", rb"/Use[r]s/", rb"/tm[p]/build-"]
CONFLICT = re.compile(rb"^(<{7} |>{7} |={7}$)", re.MULTILINE)
SPACE_AT_END = re.compile(rb"[ \t]+$", re.MULTILINE)


def matches(source, files, expression):
    """Where it is found, as FILE:LINE: what."""
    for path in files:
        content = path.read_bytes()
        if b"\0" in content:
            continue
        for match in expression.finditer(content):
            line = content.count(b"\n", 0, match.start()) + 1
            yield f"{path.relative_to(source)}:{line}: {match[0].decode(errors='replace')!r}"


def main():
    source, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    # The inputs of fuzzers are bytes, whatever they look like.
    files = [path for path in tracked_files(source)
             if not path.is_relative_to(source / "tests" / "fuzz" / "corpus")]
    # Where this checkout happens to be is also nobody's business, if it is a path one would notice.
    paths = [re.escape(str(path).encode()) + rb"\b" for path in (source, build)
             if len(path.parts) > 2]
    of_a_machine = re.compile(b"|".join([*OF_A_MACHINE, *paths]))
    tap = Tap()
    for title, expression in (("no path of some machine", of_a_machine),
                              ("nothing is put off", LEFT_OVER),
                              ("no conflict is left", CONFLICT),
                              ("no line ends in spaces", SPACE_AT_END)):
        tap.case(f"{title} in {len(files)} files", list(matches(source, files, expression)))
    tap.case("every text ends with its last line", [
        str(path.relative_to(source)) for path in files
        if (content := path.read_bytes()) and b"\0" not in content and not content.endswith(b"\n")])
    tap.done()


main()
