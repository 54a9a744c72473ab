# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of psctl share: cases that need nothing but files."""

import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "systemd"))

import journals  # noqa: E402
import tap  # noqa: E402
from tap import Skip, case, check, equal  # noqa: E402,F401  pylint: disable=unused-import

# A command that takes longer is taken for one that hangs.
PATIENCE = 60


class Bench:
    """The tool under test, and a directory that is gone afterwards."""

    def __init__(self, psctl):
        self.psctl = psctl
        self._place = tempfile.TemporaryDirectory(prefix="psctl-")
        self.directory = pathlib.Path(self._place.name)

    def explain(self):
        return ""

    def close(self):
        self._place.cleanup()

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
    if not journals.REMOTE:
        tap.bail_out_to_skip("there is no systemd-journal-remote")
    return tap.main(lambda name: Bench(psctl), only=only)
