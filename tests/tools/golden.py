#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What psctl prints of a fixed journal, byte by byte.

usage: golden.py PSCTL [WORDS-IN-THE-NAME-OF-A-CASE]

With PSCTL_UPDATE=1 in the environment the golden files are written anew: look at the difference.
"""

import json
import os
import pathlib
import sys

import journals
import psctl
from psctl import case, check, equal

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"
MAILD = "maild.service"
PRINTED = {
    "history.txt": ["history"],
    "history-of-one.txt": ["history", "maild"],
    "history.json": ["history", "--json"],
    "show-stopped.txt": ["show", MAILD, f"{0xa1:032x}"],
    "show-hard.txt": ["show", MAILD, f"{0xa2:032x}"],
    "show-hard.json": ["show", "--json", MAILD, f"{0xa2:032x}"],
    "show-crash.txt": ["show", MAILD, f"{0xb1:032x}"],
    "show-crash.json": ["show", "--json", MAILD, f"{0xb1:032x}"],
    "show-late.txt": ["show", MAILD, f"{0xb3:032x}"],
    "show-watchdog.txt": ["show", MAILD, f"{0xc1:032x}"],
    "show-settled.txt": ["show", MAILD, f"{0xc2:032x}"],
    "show-settled.json": ["show", "--json", MAILD, f"{0xc2:032x}"],
    "blame.txt": ["blame"],
    "blame-of-one.txt": ["blame", MAILD],
    "blame.json": ["blame", "--json"],
}


def compare(name, arguments):
    @case(f"psctl {' '.join(arguments)} prints {name}")
    def _(bench):
        path = bench.journal(journals.golden())
        printed = bench.text("--file", path, *arguments)
        if os.environ.get("PSCTL_UPDATE"):
            (GOLDEN / name).write_text(printed, encoding="utf-8")
        equal(printed.splitlines(), (GOLDEN / name).read_text(encoding="utf-8").splitlines(), name)
        if name.endswith(".json"):
            check(all(json.loads(line) for line in printed.splitlines()), "not JSON")


for _name, _arguments in PRINTED.items():
    compare(_name, _arguments)


@case("options before the verb and behind it are the same")
def _(bench):
    path = bench.journal(journals.golden())
    equal(bench.text("--json", f"--file={path}", "history"),
          bench.text("history", f"--file={path}", "-j"), "output")


@case("--until: what is not read is not said to be over by a loss of power, what was is")
def _(bench):
    journal, first = journals.Journal(), journals.Boot(1)
    journals.Life(journal, first, MAILD, 100, 0xa1)
    first.wait(3600 * journals.SECOND)
    second = journals.Boot(2, at=first.realtime)
    life = journals.Life(journal, second, MAILD, 101, 0xa2)
    second.wait(3600 * journals.SECOND)
    until = second.realtime // journals.SECOND - 60
    life.end().finish()
    journals.Life(journal, journals.Boot(3, at=second.realtime), MAILD, 102, 0xa3)
    done = bench.run("--file", bench.journal(journal), "history", "--json", f"--until=@{until}")
    lives = {life["pid"]: life["verdict"] for life in map(json.loads, done.stdout.splitlines())}
    equal(lives, {100: "power-loss", 101: "running"}, "verdicts")


@case("--host, --since and --until choose")
def _(bench):
    path = bench.journal(journals.golden())

    def hosts(*arguments):
        return [(life["host"], life["unit"]) for life in map(json.loads, bench.text(
            "history", "--json", "--file", path, *arguments).splitlines())]

    equal(hosts("--host=beta"), [("beta", "web.service")] * 2, "of beta")
    equal({host for host, _ in hosts("--since=2026-03-01 12:00:00 UTC")}, {"alpha"}, "late")
    equal(len(hosts("--until=@1772352001")), 1, "early")
    equal(bench.run("history", "--file", path, "--since=soon").returncode, 2, "not a time")


@case("a run's number that two hosts have is asked about, not chosen")
def _(bench):
    journal, alpha = journals.Journal(), journals.Boot(1)
    journals.Life(journal, alpha, MAILD, 100, 0xa1).end().finish()
    beta = journals.Boot(2, machine=2, host="beta", at=alpha.realtime)
    journals.Life(journal, beta, MAILD, 100, 0xb1).end().finish()
    of_file = "--file", bench.journal(journal)
    for verb in ("show", "plot"):
        done = bench.run(verb, *of_file, MAILD, "1")
        equal(done.returncode, 2, f"{verb}: status")
        check(b"alpha and beta both have a run 1 of maild.service" in done.stderr, done.stderr)
        equal(bench.run(verb, *of_file, "--host=alpha", MAILD, "1").returncode, 0, "of one host")
        equal(bench.run(verb, *of_file, MAILD).returncode, 0, "the newest")
        equal(bench.run(verb, *of_file, MAILD, f"{0xa1:032x}").returncode, 0, "by its invocation")


@case("a directory of journals, one for each machine, is read like one")
def _(bench):
    path = bench.journal(journals.golden(), "remote-alpha.journal")
    equal(bench.text("history", "--merge", "--directory", bench.directory),
          bench.text("history", "--file", path), "output")


@case("help fits a screen, for each verb; a wrong call is status 2")
def _(bench):
    lines = bench.text("--help").splitlines()
    check(len(lines) <= 23 and max(map(len, lines)) <= 80, f"{len(lines)} lines")
    for verb in ("history", "show", "blame"):
        check(bench.text(verb, "--help").startswith(f"psctl {verb} "), verb)
    for wrong in ([], ["nothing"], ["history", "--nothing"], ["show", "a", "1", "2"]):
        equal(bench.run(*wrong).returncode, 2, f"status of {wrong}")


if __name__ == "__main__":
    sys.exit(psctl.main())
