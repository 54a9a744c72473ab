# SPDX-License-Identifier: LGPL-2.1-or-later
"""What linking costs, on this release and on those whose roots are given."""

import json
import sys

from measure import Figures, ratio, run_lines
from rows import HERE, Row

PROJECT = HERE.parents[1]
SANDBOX = PROJECT / "tests/harness/systemd-sandbox"
QUANTITIES = {"start": ("process start", "µs", 1e-3), "memory": ("private memory at rest", "KiB", 1)}


def rows_of(taken):
    """The plain daemon first: the others are so many times as much."""
    rows = []
    for key, (title, unit, scale) in QUANTITIES.items():
        row = Row(f"linking-{key}", f"{title}, of a GLib daemon that is merely linked to more: "
                  f"{taken['release']}", unit, note="ratios: to GLib alone")
        columns = {name: [[figure[0] * scale for figure in one] for one in rounds]
                   for name, rounds in taken[key].items()}
        for name, values in columns.items():
            row.figures[name] = Figures.of(values)
            if name != "GLib":
                row.ratios[name] = ratio(values, columns["GLib"])
        rows.append(row)
    return rows


def linking(places, quick):
    command = [sys.executable, "-B", HERE / "linking.py", "--samples", 3 if quick else 20]
    commands = [command] + [[SANDBOX, f"--project={PROJECT}", f"--root={root}", "--", "/usr/bin/python3", *command[1:]]
                            for root in places.roots]
    return [row for one in commands for row in rows_of(json.loads(run_lines(one)[-1]))]
