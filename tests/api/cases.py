#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/cases.md against the tests: every test it names has a case of that id, every id that a test
carries is there with that test, and what has no test has a reason.

usage: cases.py SOURCE-ROOT
"""

import pathlib
import re
import sys

from checks import Tap, compare_sets, duplicates, read

ROW = re.compile(r"^\| ([A-Z]\d\d) \|(.*?)\|(.*)\|$", re.MULTILINE)
NAMED = re.compile(r"`((?:process|sweep|durable|systemd|tools)/[^`]+)`")
GROUPS = {"O": 11, "R": 10, "X": 20, "G": 21, "F": 10, "L": 13, "T": 6, "N": 21, "J": 6, "C": 15,
          "E": 8, "S": 10, "W": 21, "K": 8}


def carried(source):
    """The pairs (id, test) that the sources of the tests have."""
    pairs = set()
    for suite in ("process", "sweep", "durable"):
        for path in (source / "tests" / suite).glob("*.c"):
            for identifier in re.findall(r'\{ "([A-Z]\d\d)[a-z]?",', read(path)):
                pairs.add((identifier, f"{suite}/{path.stem}"))
    for path in [*(source / "tests" / "systemd").glob("cases_*.py"),
                 *(source / "tests" / "tools").glob("*.py")]:
        for identifier in re.findall(r'(?:case\(\s*|^\s+\(?)f?"([A-Z]\d\d) [^"]{10,}"', read(path),
                                     re.MULTILINE):
            pairs.add((identifier, f"{path.parent.name}/{path.stem}"))
    return pairs


def main():
    source = pathlib.Path(sys.argv[1])
    rows = ROW.findall(read(source / "docs" / "cases.md"))
    known = {f"{group}{number:02}" for group, last in GROUPS.items() for number in range(1, last + 1)}
    named = {(identifier, test) for identifier, _, tests in rows for test in NAMED.findall(tests)}
    real = {pair for pair in carried(source) if pair[0] in known}
    tap = Tap()

    tap.case(f"{len(rows)} cases, each once", compare_sets(
        known, [row[0] for row in rows], "the list of cases", "docs/cases.md")
        + [f"{row} is there twice" for row in duplicates(row[0] for row in rows)])
    tap.case(f"{len(real)} times a test carries the id of a case", compare_sets(
        {f"{identifier} in {test}" for identifier, test in real},
        {f"{identifier} in {test}" for identifier, test in named}, "the tests", "docs/cases.md")
        if real else ["none does"])
    tap.case("what has no test has a reason", [
        identifier for identifier, _, tests in rows if not tests.strip()])
    tap.done()


if __name__ == "__main__":
    main()
