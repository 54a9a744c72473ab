#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts what `meson test` ran in some build directories, and judges the skips.

A test that ends badly counts once more than its cases that failed.

    tally.py [--failures=N] SKIPS BUILD-DIRECTORY...

SKIPS lists the reasons for which a test may be skipped, one regular expression a line; a skip
without a reason on the list is a failure. The last line printed: N passed, N failed, N skipped.
"""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree


def read_reasons(path):
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    return [re.compile(line) for line in lines if line.strip() and not line.startswith("#")]


def broken(build):
    """The tests that ended badly, whatever their cases said: killed, timed out, a wrong status."""
    log = build / "meson-logs" / "testlog.json"
    if not log.exists():
        yield f"{build.name}: was not tested"
        return
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        test = json.loads(line)
        if test["result"] not in ("OK", "SKIP"):
            yield f"{build.name}: {test['name']}: {test['result']}"


def cases(build):
    log = build / "meson-logs" / "testlog.junit.xml"
    if not log.exists():
        return
    for suite in xml.etree.ElementTree.parse(log).getroot():
        for case in suite.iter("testcase"):
            name = f"{build.name}: {suite.get('name')}: {case.get('name')}"
            skipped = case.find("skipped")
            if skipped is not None:
                yield "skipped", name, skipped.get("message") or skipped.text or ""
            elif case.find("failure") is not None or case.find("error") is not None:
                yield "failed", name, ""
            else:
                yield "passed", name, ""


def main(arguments):
    extra = 0
    if arguments and arguments[0].startswith("--failures="):
        extra = int(arguments.pop(0).partition("=")[2])
    reasons = read_reasons(arguments[0])
    count = {"passed": 0, "failed": extra, "skipped": 0}
    for build in map(pathlib.Path, arguments[1:]):
        for outcome, name, reason in cases(build):
            if outcome == "skipped":
                if not any(known.search(f"{name} {reason}") for known in reasons):
                    print(f"skipped for no reason on the list: {name} {reason}")
                    outcome = "failed"
                else:
                    print(f"skipped: {name} {reason}")
            elif outcome == "failed":
                print(f"failed: {name}")
            count[outcome] += 1
        for name in broken(build):
            print(f"failed: {name}")
            count["failed"] += 1
    if count["passed"] == 0:
        print("no test was run")
        count["failed"] += 1
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**count))
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
