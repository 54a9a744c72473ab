# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which rows become which picture."""

import svg
from rows import OURS
from rows_growth import fit

COSTS = ("latency", "latency-cold", "start", "exit", "callback-register", "callback-remove",
         "callback-run", "memory")


def sorted_bars(row):
    return sorted(((name, figures.median, figures.p99) for name, figures in row.figures.items()),
                  key=lambda bar: bar[1])


def draw(rows, directory):
    directory.mkdir(parents=True, exist_ok=True)
    by_key = {row.key: row for row in rows}
    costs = [by_key[key] for key in COSTS if key in by_key]
    if costs:
        (directory / "costs.svg").write_text(svg.bars(
            [(row.short or row.title, row.unit, sorted_bars(row)) for row in costs]), encoding="utf-8")
    if "growth" in by_key:
        panels = [(title, list(peers.items()), fit(peers[OURS]))
                  for title, peers in by_key["growth"].curves.items()]
        (directory / "growth.svg").write_text(svg.curves(panels), encoding="utf-8")
