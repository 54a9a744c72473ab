#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts what `meson test` ran in some build directories, and judges the skips.

    tally.py [--failures=N] SKIPS BUILD-DIRECTORY...

SKIPS lists the reasons for which a test may be skipped, one regular expression a line; a skip
without a reason on the list is a failure. A test that ends badly though none of its cases says so
(killed, timed out, a wrong status) is a failure, too. Below a failure stands what the test said of
it. The figures of the fault sweeps are printed as the tests gave them. The last line printed:
N passed, N failed, N skipped.
"""

import json
import pathlib
import re
import sys

CASE = re.compile(r"(not )?ok\b\s*\d*\s*-?\s*([^#]*)(?:#\s*SKIP\s*(.*))?", re.IGNORECASE)
PLAN_SKIP = re.compile(r"1\.\.0\s*#\s*SKIP\S*\s*(.*)", re.IGNORECASE)
NOTES_MAX = 24
SWEEP = re.compile(r"# (sweep .*: (\d+) points, (\d+) faults fired, (\d+) failures.*)")


def read_reasons(path):
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    return [re.compile(line) for line in lines if line.strip() and not line.startswith("#")]


class Case:
    """What a test said of one of its cases; reason: for a skip."""

    def __init__(self, outcome, name, reason=""):
        self.outcome, self.name, self.reason, self.notes = outcome, name, reason, []


def cases_of(test):
    cases = []
    for line in (test.get("stdout") or "").splitlines():
        if match := CASE.fullmatch(line):
            outcome = "failed" if match[1] else "passed" if match[3] is None else "skipped"
            cases.append(Case(outcome, match[2].strip(), match[3] or ""))
        elif match := PLAN_SKIP.fullmatch(line):
            cases.append(Case("skipped", "all", match[1]))
        elif line.startswith("#") and cases:
            cases[-1].notes.append(line)
    return cases


def read_tests(build):
    """What each test was, said, and came to; None when that is not known."""
    logs = list((build / "meson-logs").glob("testlog*.json"))  # of the wrapper, with one
    if len(logs) != 1:
        return None
    lines = logs[0].read_text(encoding="utf-8", errors="replace").splitlines()
    return [json.loads(line) for line in lines]


def print_sweeps(builds):
    sums = [0, 0, 0]
    for build in builds:
        for test in read_tests(build) or []:
            for match in filter(None, map(SWEEP.fullmatch, (test.get("stdout") or "").splitlines())):
                print(match[1])
                sums = [sums[i] + int(match[i + 2]) for i in range(3)]
    if any(sums):
        print("all sweeps: {} points, {} faults fired, {} failures".format(*sums))


def outcomes(build):
    tests = read_tests(build)
    if tests is None:
        yield Case("failed", f"{build.name}: has no log of its tests, or more than one")
        return
    for test in tests:
        name = f"{build.name}: {test['name'].partition(':')[2]}"
        cases = cases_of(test)
        for case in cases:
            case.name = f"{name}: {case.name}"
            yield case
        if test["result"] == "SKIP" and not cases:
            yield Case("skipped", name, (test.get("stdout") or "").strip())
        elif test["result"] == "OK" and not cases:
            yield Case("passed", name)
        elif test["result"] not in ("OK", "SKIP") and not any(case.outcome == "failed" for case in cases):
            yield Case("failed", f"{name}: {test['result']}")


def main(arguments):
    extra = 0
    if arguments and arguments[0].startswith("--failures="):
        extra = int(arguments.pop(0).partition("=")[2])
    reasons = read_reasons(arguments[0])
    builds = [pathlib.Path(argument) for argument in arguments[1:]]
    print_sweeps(builds)
    count = {"passed": 0, "failed": extra, "skipped": 0}
    for build in builds:
        for case in outcomes(build):
            told = f"{case.name}{': ' + case.reason if case.reason else ''}"
            if case.outcome == "skipped" and not any(known.search(f"{case.name}: {case.reason}") for known in reasons):
                print(f"skipped for no reason on the list: {told}")
                case.outcome = "failed"
            elif case.outcome != "passed":
                print(f"{case.outcome}: {told}")
            if case.outcome == "failed" and case.notes:
                print(*case.notes[:NOTES_MAX], sep="\n")
            count[case.outcome] += 1
    if count["passed"] == 0:
        print("no test was run")
        count["failed"] += 1
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**count))
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
