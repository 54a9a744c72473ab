#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures, and prints the table; see tests/bench/run for its arguments."""

import argparse
import os
import pathlib
import sys
import time

import measure
import pictures
import rows
import rows_growth
import rows_linking
import rows_load
import rows_manager
import rows_rest
import rows_watchdog
import table

GROUPS = {"latency": rows.latency, "busy": rows.latency_busy, "lives": rows.lives, "wills": rows.wills,
          "callbacks": rows.callbacks, "exits": rows.exits, "crash": rows.crash,
          "memory": rows.memory, "linking": rows_linking.linking, "rest": rows_rest.rest, "watchdog": rows_watchdog.watchdog,
          "load": rows_load.load,
          "growth": rows_growth.growth, "manager": rows_manager.manager}


def write(arguments, taken):
    text = table.markdown(taken)
    if arguments.table:
        arguments.table.write_text(text, encoding="utf-8")
    if arguments.document:
        table.put_into(arguments.document, text)
    if arguments.svg:
        pictures.draw(taken, arguments.svg)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true", help="few rounds: to try the suite itself")
    parser.add_argument("--only", default="", help="groups, with commas: " + ",".join(GROUPS))
    parser.add_argument("--root", type=pathlib.Path, action="append", default=[],
                        help="of another release, where linking is measured, too")
    parser.add_argument("--table", type=pathlib.Path, help="write the table to this file, too")
    parser.add_argument("--document", type=pathlib.Path, help="put the table where it has a place")
    parser.add_argument("--svg", type=pathlib.Path, help="draw pictures into this directory")
    arguments = parser.parse_args()
    places = rows.Places(arguments.build, os.environ.get("BENCH_NODE_MODULES", ""),
                         [root.resolve() for root in arguments.root])
    taken = []
    for name in [name for name in arguments.only.split(",") if name] or GROUPS:
        begin = time.monotonic()
        taken += GROUPS[name](places, arguments.quick)
        print(f"{name}: {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
        measure.save(places.bench / "results.json", taken)  # as far as it is, should it not end well
    print(table.markdown(taken))
    write(arguments, taken)
    return 0


if __name__ == "__main__":
    sys.exit(main())
