# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Test Anything Protocol, for the tests of psctl: cases that need nothing but files."""

import pathlib
import subprocess
import sys
import tempfile
import traceback

import journals

CASES = []

# A command that takes longer is taken for one that hangs.
PATIENCE = 60


class Skip(Exception):
    """The case cannot run here; its text says why."""


def case(name):
    def register(function):
        CASES.append((name, function))
        return function

    return register


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def equal(got, expected, what):
    check(got == expected, f"{what}: got {got!r}, expected {expected!r}")


class Bench:
    """The tool under test, and a directory that is gone afterwards."""

    def __init__(self, psctl, directory):
        self.psctl, self.directory = psctl, pathlib.Path(directory)

    def run(self, *arguments, **keywords):
        environment = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C.UTF-8",
                       # Statuses that are not psctl's own.
                       "ASAN_OPTIONS": "exitcode=99", "UBSAN_OPTIONS": "halt_on_error=1:exitcode=98"}
        environment |= keywords.pop("env", {})
        keywords.setdefault("timeout", PATIENCE)
        return subprocess.run([self.psctl, *map(str, arguments)], capture_output=True, check=False,
                              env=environment, stdin=subprocess.DEVNULL, **keywords)

    def text(self, *arguments, status=0, **keywords):
        done = self.run(*arguments, **keywords)
        equal(done.returncode, status, f"status of psctl {' '.join(map(str, arguments))}: "
              f"{done.stderr.decode(errors='replace')}")
        return done.stdout.decode()

    def journal(self, journal, name="test.journal"):
        return journal.write(self.directory / name)


def main():
    """usage: FILE.py PSCTL [WORDS-IN-THE-NAME-OF-A-CASE]"""
    psctl, only = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    cases = [entry for entry in CASES if only in entry[0]]
    if not journals.REMOTE:
        print("1..0 # SKIP there is no systemd-journal-remote")
        return 0
    print(f"1..{len(cases)}", flush=True)
    failed = 0
    for number, (name, function) in enumerate(cases, 1):
        try:
            with tempfile.TemporaryDirectory(prefix="psctl-") as directory:
                function(Bench(psctl, directory))
            print(f"ok {number} - {name}", flush=True)
        except Skip as skip:
            print(f"ok {number} - {name} # SKIP {skip}", flush=True)
        except BaseException:
            failed += 1
            print(f"not ok {number} - {name}")
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="",
                  flush=True)
    return 1 if failed else 0
