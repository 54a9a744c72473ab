#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints how many lines of each file of lib/ were run, from what a build with -Dcount_lines=true counted.

    coverage.py BUILD-DIRECTORY PERCENT

With the lines that were not, where they are few. The status is 1 below PERCENT of all lines.
"""

import json
import pathlib
import subprocess
import sys

SHOWN_MAX = 60


def export(build):
    counts = build / "counts"
    whole = counts / "whole.profdata"
    subprocess.run(["llvm-profdata", "merge", "-sparse", *sorted(counts.glob("*.profraw")), "-o", whole],
                   check=True)
    return json.loads(subprocess.run(
        ["llvm-cov", "export", build / "lib" / "libpostscriptum.so", f"-instr-profile={whole}"],
        check=True, stdout=subprocess.PIPE).stdout)["data"][0]["files"]


def lines_not_run(segments):
    """From where the counted regions begin: [line, column, count, has count, is entry, is gap]."""
    missed = []
    for (line, _, count, has_count, _, is_gap), after in zip(segments, segments[1:]):
        if has_count and count == 0 and not is_gap:
            missed.append(f"{line}-{after[0]}" if after[0] > line else f"{line}")
    return ",".join(dict.fromkeys(missed))


def main(build, least):
    run = count = 0
    for file in export(pathlib.Path(build)):
        path = pathlib.Path(file["filename"])
        lines = file["summary"]["lines"]
        if path.parent.name != "lib" or lines["count"] == 0:
            continue
        run += lines["covered"]
        count += lines["count"]
        print(f"{path.name:24}{lines['covered']:5} of {lines['count']:5} {lines['percent']:4.0f}%  "
              f"{lines_not_run(file['segments'])[:SHOWN_MAX]}".rstrip())
    percent = 100 * run / max(count, 1)
    print(f"{'all':24}{run:5} of {count:5} {percent:6.1f}%, wanted: {least}%")
    return 0 if percent >= float(least) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
