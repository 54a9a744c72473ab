#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""psctl new-unit: what it writes, what it refuses, and that it leaves nothing else behind.

usage: new_unit.py PSCTL SOURCE-ROOT
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from checks import Tap  # pylint: disable=wrong-import-position

TEMPLATES = {
    "notify": [".service"], "notify-reload": [".service"], "dbus": [".service"],
    "socket-activated": [".service", ".socket"], "instanced": ["@.service"], "user": [".service"],
}


class Place:
    """A directory for units, one for temporary files, and a PATH without or with an analyzer."""

    def __init__(self, root):
        self.units, self.tmp, self.bin = root / "units", root / "tmp", root / "bin"
        for directory in (self.units, self.tmp, self.bin):
            directory.mkdir()

    def analyzer(self, script):
        """Stands in for systemd-analyze, whose version would decide the test."""
        path = self.bin / "systemd-analyze"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def call(self, *arguments):
        environment = {"PATH": f"{self.bin}", "TMPDIR": str(self.tmp), "LC_ALL": "C.UTF-8",
                       "HOME": str(self.tmp)}
        return subprocess.run([PSCTL, "new-unit", *map(str, arguments)], env=environment, text=True,
                              capture_output=True, check=False, timeout=60)

    def make(self, *arguments):
        return self.call(f"--templates={SOURCE / 'units'}", f"--output={self.units}", "--quiet",
                         *arguments)

    def files(self):
        return sorted(path.name for path in self.units.iterdir())


def check_status(done, status, words=""):
    problems = [] if done.returncode == status else [
        f"it ended with {done.returncode}, not {status}"]
    if words not in done.stderr:
        problems.append(f"it does not say “{words}”")
    return problems + ([done.stdout, done.stderr] if problems else [])


def each_template(tap, place):
    for template, suffixes in TEMPLATES.items():
        name = f"t-{template}"
        done = place.make(name, f"--template={template}", "--busname=org.example.T",
                          "--account=daemon", "--description=100 % of it")
        problems = check_status(done, 0)
        for suffix in suffixes:
            path = place.units / f"{name}{suffix}"
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            problems += [] if "100 %% of it" in text else [f"{path.name} has no description"]
            problems += [f"{path.name}: {word} is left" for word in re.findall(r"^[^#]*@\w+@", text,
                                                                              re.MULTILINE)]
            problems += [] if path.exists() and path.stat().st_mode & 0o777 == 0o644 else [
                f"{path.name} cannot be read by all"]
        if done.stdout.split() != [f"{place.units / name}{suffix}" for suffix in suffixes]:
            problems.append(f"it says it wrote {done.stdout}")
        tap.case(f"{template}: {' and '.join(suffixes)}, whole", problems)


def overwriting(tap, place):
    place.make("twice")
    path = place.units / "twice.service"
    path.write_text("mine\n", encoding="utf-8")
    done = place.make("twice")
    problems = check_status(done, 1, "is there already; --force overwrites it")
    problems += [] if path.read_text(encoding="utf-8") == "mine\n" else ["it is overwritten"]
    tap.case("what is there stays", problems)
    problems = check_status(place.make("twice", "--force"), 0)
    problems += [] if "[Service]" in path.read_text(encoding="utf-8") else ["it is not overwritten"]
    tap.case("--force overwrites it", problems)
    os.symlink("/nowhere", place.units / "dangling.service")
    tap.case("a link to nowhere is something, too",
             check_status(place.make("dangling"), 1, "is there already"))


def refusals(tap, place):
    before = place.files()
    for arguments, status, words in (
            ([], 2, "say one name"),
            (["a", "b"], 2, "say one name"),
            (["../x"], 2, "cannot be a unit's name"),
            (["a;b"], 2, "cannot be a unit's name"),
            (["-"], 2, "cannot be a unit's name"),
            (["--bindir=bin", "a"], 2, "no absolute path"),
            (["--bindir=/opt/my dir", "a"], 2, "no absolute path"),
            (["x", "--template=none"], 2, "there is no template “none”"),
            (["x", "--template=dbus"], 2, "this template needs --busname="),
            (["x", "--template=dbus", "--busname=a.b"], 2, "this template needs --account="),
            (["x", "--description=a\nExecStartPre=/bin/sh"], 2, "--description=: must be one line"),
            (["x", "--description="], 2, "--description=: must be one line"),
            (["x", "--bindir=/x\\"], 2, "no absolute path"),
            (["x", "--output=/nowhere/at/all"], 1, "No such file or directory"),
            (["x", "--templates=/nowhere"], 2, "/nowhere/notify.service.in")):
        done = place.make(*arguments)
        problems = check_status(done, status, words)
        problems += ["it wrote something"] if place.files() != before else []
        tap.case(f"refused: {' '.join(arguments)!r}", problems)


def checking(tap, place):
    place.analyzer('echo "verify was called: $@" >&2; exit 1')
    before = place.files()
    done = place.make("bad")
    problems = check_status(done, 1, "--force writes it nevertheless")
    problems += [] if "verify was called: --man=no verify " in done.stderr else [done.stderr]
    problems += ["it wrote something"] if place.files() != before else []
    tap.case("what systemd-analyze complains of is not written", problems)
    problems = check_status(place.make("bad", "--force"), 0)
    tap.case("but with --force", problems + ([] if "bad.service" in place.files() else ["no"]))
    raced = place.units / "raced.service"
    place.analyzer(f"echo mine >{raced}")
    problems = check_status(place.make("raced"), 1, "File exists")
    tap.case("what somebody else writes meanwhile stays", problems + (
        [] if raced.read_text(encoding="utf-8") == "mine\n" else ["it is overwritten"]))
    place.analyzer('test -x "$(dirname "$3")/fresh" || exit 1')
    tap.case("a daemon that is not there yet has a stand-in", check_status(place.make("fresh"), 0))
    done = place.call(f"--templates={SOURCE / 'units'}", "--print", "shown")
    problems = check_status(done, 1, "note: ") + ([] if "[Service]" in done.stdout else ["no unit"])
    tap.case("--print prints, and says by its status what it was told", problems)
    tap.case("nothing is left of the check",
             [path.name for path in place.tmp.iterdir()]
             + [name for name in place.files() if not re.search(r"\.(service|socket)$", name)])


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        place = Place(pathlib.Path(name))
        each_template(tap, place)
        overwriting(tap, place)
        refusals(tap, place)
        # Its shell finds what it needs.
        for program in ("dirname", "sh"):
            (place.bin / program).symlink_to(f"/usr/bin/{program}")
        checking(tap, place)
    tap.done()


PSCTL, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
main()
