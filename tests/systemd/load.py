#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Load: clients send as fast as they can while a stop comes at a random moment.

    load.py BUILD-DIRECTORY [ROUNDS [SEED]]

Each round starts ps-inboxd on a new database, connects 64 clients (half over the Unix socket, half
over TCP) that send lines without end, and stops it: by `systemctl stop` where a service manager
runs, by SIGTERM where none does. In every fifth round it is SIGKILL instead. Then:

  - every line that was acknowledged is stored, once, under the row id of its answer;
  - after a stop, no line is stored that was not acknowledged (after SIGKILL this may be, for the
    answer may die with the daemon; the figure is printed).

As TAP, a test a round. 20 rounds, 200 with TESTS=long in the environment.
"""

import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1]).resolve()
FLOOD = BUILD / "daemon-example/inbox-flood"
CLIENTS = 64
PATIENCE = 90
MOMENTS = (0.005, 0.5)  # seconds after the last client has connected
# Time enough to take every answer, however slow the machine is.
CONFIG = "[stop]\ndrain-ms=30000\n"

EXIT_FINISHED = "625cd8b5c7c14310a6683af8a117ab4e"  # PS_MESSAGE_EXIT_FINISHED

os.environ["INBOXD_BUILD"] = str(FLOOD.parent)
sys.path.insert(0, str(ROOT / "daemon-example/tests"))
from inboxd import Bench, check, equal  # noqa: E402


def run(*command, status=0):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False,
                          timeout=PATIENCE)
    equal(done.returncode, status, " ".join(command))
    return done.stdout.strip()


class Alone:
    """The daemon as a child of ours."""

    def __init__(self):
        self.bench = self.daemon = self.database = None

    def start(self):
        self.bench = Bench("load")
        self.database = self.bench.database
        self.daemon = self.bench.daemon("--listen-tcp=127.0.0.1:0", config=CONFIG)
        return [str(self.bench.unix), str(self.daemon.tcp()[1])]

    def stop(self):
        equal(self.daemon.stop(), 128 + signal.SIGTERM, "exit status")

    def kill(self):
        equal(self.daemon.stop(signal.SIGKILL), -signal.SIGKILL, "wait status")

    def explain(self):
        return self.bench.explain()

    def clear(self):
        self.bench.close()


class Managed:
    """The daemon as the service that the build installs."""

    units = ("ps-inboxd.socket", "ps-inboxd.service")
    database = pathlib.Path("/var/lib/private/ps-inboxd/inbox.db")

    def __init__(self):
        self.invocation = ""
        run("meson", "install", "--no-rebuild", "--quiet", "-C", str(BUILD))
        run("ldconfig")
        run("systemctl", "daemon-reload")
        pathlib.Path("/etc/ps-inboxd.conf").write_text(CONFIG)
        self.clear()

    def start(self):
        run("systemctl", "start", *self.units)
        self.invocation = run("systemctl", "show", "--value", "--property=InvocationID",
                              self.units[1])
        listening = run("systemctl", "show", "--property=Listen", self.units[0])
        return [re.search(r"(/\S+) \(Stream\)", listening)[1],
                re.search(r"127\.0\.0\.1:(\d+) \(Stream\)", listening)[1]]

    def stop(self):
        # The socket, too, or a client that was not accepted yet would start it again.
        run("systemctl", "stop", *self.units)
        # The manager forgets a unit that ended well; the library's last record does not.
        run("journalctl", "--sync")
        last = run("journalctl", "-q", "-o", "json", f"PS_INVOCATION_ID={self.invocation}",
                   f"MESSAGE_ID={EXIT_FINISHED}").splitlines()
        equal([json.loads(line)["PS_STATUS"] for line in last], ["143"], "exit statuses")

    def kill(self):
        run("systemctl", "stop", self.units[0], "--job-mode=ignore-dependencies")
        run("systemctl", "kill", "--signal=KILL", self.units[1])
        while run("systemctl", "show", "--value", "--property=MainPID", self.units[1]) != "0":
            pass
        equal(run("systemctl", "show", "--value", "--property=Result", self.units[1]), "signal",
              "result")
        run("systemctl", "stop", self.units[1])  # or it would be started again

    def explain(self):
        run("journalctl", "--sync")
        return run("journalctl", "--no-pager", "-q", "-n", "20", "-u", self.units[1])

    def clear(self):
        shutil.rmtree(self.database.parent, ignore_errors=True)
        subprocess.run(["systemctl", "reset-failed", *self.units], check=False,
                       stderr=subprocess.DEVNULL)  # no limit on starts for us


def flood(name, daemon, addresses, moment, end):
    """Returns the account that inbox-flood gives, and how long the daemon took to end."""
    # The account goes to a file: a pipe that nobody reads would hold the clients up.
    with tempfile.TemporaryFile("w+") as account, \
            subprocess.Popen([FLOOD, name, str(CLIENTS), str(PATIENCE), *addresses], text=True,
                             stdout=account, stderr=subprocess.PIPE) as process:
        try:
            equal(process.stderr.readline(), "connected\n", "inbox-flood")
            time.sleep(moment)  # not to wait for anything: this is the randomness
            begin = time.monotonic()
            end()
            took = time.monotonic() - begin
            _, errors = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
        check(process.returncode in (0, 1), f"inbox-flood: {process.returncode} {errors}")
        account.seek(0)
        return account.read(), took


def read_account(account):
    """Acknowledged lines as (client, number, row id), and the figures of the clients."""
    acknowledged, sent, refused = [], 0, 0
    for line in account.splitlines():
        words = line.split()
        if words[0] != "client":
            acknowledged.append(tuple(map(int, words)))
        else:
            sent += int(words[2])
            refused += int(words[4])
    return acknowledged, sent, refused


def read_database(path):
    """Row ids and "NAME CLIENT NUMBER" of what is stored."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        return {row: line.rsplit(" ", line.count(" ") - 2)[0]
                for row, line in database.execute("SELECT id, line FROM inbox")}


def play_round(number, daemon, moment, killed):
    """Returns the figures, in words."""
    name = f"round{number}"
    account, took = flood(name, daemon, daemon.start(), moment,
                          daemon.kill if killed else daemon.stop)
    log = daemon.database.with_name("inbox.db-wal")
    check(killed or not log.exists(), f"{log} is left behind")
    acknowledged, sent, refused = read_account(account)
    stored = read_database(daemon.database)
    once = set(stored.values())
    lost = [line for line in acknowledged if stored.get(line[2]) != f"{name} {line[0]} {line[1]}"]
    figures = (f"{sent} sent, {len(acknowledged)} acknowledged, {len(stored)} stored, "
               f"{len(lost)} lost, {len(stored) - len(once)} twice, "
               f"{len(stored) - len(acknowledged)} without an answer, end in {took:.3f} s")
    check(not lost, f"{figures}; the first: {lost[:1]}")
    equal(len(once), len(stored), f"{figures}; different lines")
    equal(refused, 0, f"{figures}; refused")
    check(killed or len(stored) == len(acknowledged), figures)
    return figures, len(acknowledged), len(stored)


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else \
        200 if os.environ.get("TESTS") == "long" else 20
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 32)
    source = random.Random(seed)
    manager = subprocess.run(["systemctl", "is-system-running"], check=False, text=True,
                             capture_output=True).stdout.strip() == "running"
    daemon = Managed() if manager else Alone()
    print(f"1..{rounds}\n# {'systemctl stop' if manager else 'standing alone'}, seed {seed}",
          flush=True)
    failed = acknowledged = stored = 0
    for number in range(1, rounds + 1):
        killed, moment = number % 5 == 0, source.uniform(*MOMENTS)
        what = f"{'SIGKILL' if killed else 'stop'} after {moment:.3f} s"
        try:
            figures, *counts = play_round(number, daemon, moment, killed)
            acknowledged, stored = acknowledged + counts[0], stored + counts[1]
            print(f"ok {number} - {what}: {figures}", flush=True)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            failed += 1
            text = f"{error}\n{daemon.explain()}".replace("\n", "\n# ")
            print(f"not ok {number} - {what}\n# {text}", flush=True)
        daemon.clear()
    print(f"# {acknowledged} lines acknowledged, {stored} stored; "
          f"{failed} of {rounds} rounds failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
