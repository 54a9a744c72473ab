#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""psctl status, with a stand-in for systemctl and an empty journal: what it says of a unit, and that
whatever the manager says stays text.

usage: status.py PSCTL
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from checks import Tap  # pylint: disable=wrong-import-position

RUNNING, LEFT = "1" * 32, "2" * 32


def line(words):
    """A line of a run record: its CRC-32C, and the words."""
    checksum = 0xffffffff
    for byte in words.encode():
        checksum ^= byte
        for _ in range(8):
            checksum = checksum >> 1 ^ (0x82f63b78 if checksum & 1 else 0)
    return f"{checksum ^ 0xffffffff:08x} {words}\n"


def call(root, answer, *arguments, status=0):
    """systemctl says answer, and ends with that status."""
    (root / "answer").write_text(answer, encoding="utf-8")
    script = root / "bin" / "systemctl"
    script.write_text(f'#!/bin/sh\necho "$@" >{root}/called\ncat {root}/answer\n'
                      f'[ {status} = 0 ] || echo "no bus\nmore" >&2\nexit {status}\n',
                      encoding="utf-8")
    script.chmod(0o755)
    environment = {"PATH": f"{root}/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC",
                   "HOME": str(root), "XDG_RUNTIME_DIR": str(root / "run"),
                   "XDG_STATE_HOME": str(root / "state"), "XDG_CONFIG_HOME": str(root / "config")}
    return subprocess.run([PSCTL, "status", "--user", f"--directory={root / 'journal'}", "--quiet",
                           *arguments], env=environment, text=True, capture_output=True, check=False,
                          timeout=60)


def lacks(done, status, *words):
    problems = [f"it ended with {done.returncode}"] if done.returncode != status else []
    problems += [f"it does not say {word!r}" for word in words if word not in done.stdout + done.stderr]
    return problems + ([done.stdout, done.stderr] if problems else [])


UP = ("LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=4711\nResult=success\n"
      "StatusText=Serving \033[2J 3 clients\nNRestarts=2\nStateDirectory=inboxd\n"
      "RuntimeDirectory=\nActiveEnterTimestamp=Sat 2026-11-28 12:00:00 UTC\n")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for directory in ("bin", "journal", "run", "state/inboxd", "config"):
            (root / directory).mkdir(parents=True)
        state = root / "state" / "inboxd"
        (state / "inboxd.service.run").write_text(
            line("postscriptum-run 1") + line(f"begin id={LEFT} pid=1")
            + line(f"begin id={RUNNING} pid=4711") + f"00000000 begin id={LEFT} pid=1\n",
            encoding="utf-8")
        for life in (RUNNING, LEFT):
            (state / f"inboxd.service.{life}.will").touch()
        (state / "other.service.will").touch()

        done = call(root, UP, "inboxd")
        tap.case("a unit that is up, and the will of a life before", lacks(
            done, 0, "active (running), process 4711", "Serving \\x1b[2J 3 clients", "in force",
            f"{state}/inboxd.service.{LEFT}.will, for psctl settle", "none that this journal")
            + (["the will in force is left to do, too"] if f"{RUNNING}.will" in done.stdout else []))
        called = (root / "called").read_text(encoding="utf-8")
        tap.case("systemctl is asked for that unit of the user", [] if called.startswith(
            "--user show --property=") and called.endswith(" -- inboxd.service\n") else [called])
        done = call(root, UP, "--json", "inboxd")
        said = json.loads(done.stdout)
        tap.case("as JSON", [] if (said["main_pid"], said["wills_in_force"], said["previous"],
                                   said["status_text"], len(said["wills_outstanding"])) == (
            4711, 1, None, "Serving \033[2J 3 clients", 1) else [done.stdout])
        done = call(root, UP.replace("active", "inactive").replace("4711", "0"), "inboxd")
        tap.case("nobody lives: every will is left to do",
                 lacks(done, 0, "inactive", f"{RUNNING}.will", f"{LEFT}.will"))
        done = call(root, "LoadState=not-found\nActiveState=inactive\nMainPID=0\n", "nowhere")
        tap.case("no such unit", lacks(done, 3, "there is no unit nowhere.service"))
        done = call(root, "", "inboxd", status=1)
        tap.case("no manager", lacks(done, 1, "psctl: systemctl: no bus", "state unknown"))
        tap.case("no unit is said", lacks(call(root, UP), 2, "say one unit"))
        (state / "inboxd.service.run").unlink()
        os.mkfifo(state / "inboxd.service.run")
        tap.case("a FIFO in the place of the record is not waited for",
                 lacks(call(root, UP, "inboxd"), 0, f"{RUNNING}.will", f"{LEFT}.will"))
        if os.geteuid() != 0:
            state.chmod(0)
            tap.case("a directory that one may not look into", lacks(
                call(root, UP, "inboxd"), 0, "not allowed to look"))
            state.chmod(0o755)
    tap.done()


PSCTL = sys.argv[1]
main()
