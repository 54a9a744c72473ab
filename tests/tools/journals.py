# SPDX-License-Identifier: LGPL-2.1-or-later
"""Journals for the tests of psctl, made from records as the library and systemd write them.

A Journal collects entries in journald's export format, and systemd-journal-remote makes a journal
file of it. Nothing here depends on the clock or on the machine.
"""

import pathlib
import re
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
REMOTE = next((path for path in ("/usr/lib/systemd/systemd-journal-remote",
                                 "/lib/systemd/systemd-journal-remote")
               if pathlib.Path(path).exists()), shutil.which("systemd-journal-remote"))

IDS = dict(re.findall(r'^#define PS_MESSAGE_(\w+) "([0-9a-f]{32})"',
                      (ROOT / "lib/ps-ids.h").read_text(encoding="utf-8"), re.MULTILINE))
# Of systemd's own records.
IDS |= {
    "PROCESS_EXIT": "98e322203f7a4ed290d09fe03c09fe15",
    "FAILURE_RESULT": "d9b373ed55a64feb8242e02dbe79a49c",
    "OUT_OF_MEMORY": "fe6faa94e7774663a0da52717891d8ef",
    "COREDUMP": "fc2e22bc6ee647b6b90729ab34a250b1",
}

MS = 1_000
SECOND = 1_000_000
# 2026-03-01 08:00:00 UTC
BEGIN = 1_772_352_000 * SECOND


class Boot:
    """A boot of a machine; its clocks."""

    def __init__(self, number, machine=1, host="alpha", at=BEGIN):
        self.boot_id = f"{number:032x}"
        self.machine_id = f"{machine:030x}ff"
        self.host = host
        self.realtime = at
        self.monotonic = 10 * SECOND

    def wait(self, us):
        self.realtime += us
        self.monotonic += us

    def trusted(self):
        return {"_BOOT_ID": self.boot_id, "_MACHINE_ID": self.machine_id, "_HOSTNAME": self.host}


class Journal:
    """Entries in export format, in the order in which they are added."""

    def __init__(self):
        self.chunks = []

    def add(self, boot, fields):
        parts = [f"__REALTIME_TIMESTAMP={boot.realtime}\n__MONOTONIC_TIMESTAMP={boot.monotonic}\n"
                 .encode()]
        for name, value in (boot.trusted() | fields).items():
            if value is None:
                continue
            data = value if isinstance(value, bytes) else str(value).encode()
            if b"\n" in data or b"\0" in data or not _is_text(data):
                parts.append(name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n")
            else:
                parts.append(name.encode() + b"=" + data + b"\n")
        self.chunks.append(b"".join(parts) + b"\n")
        boot.wait(50)

    def write(self, path):
        """Makes the journal file; returns its path."""
        path = pathlib.Path(path)
        with tempfile.NamedTemporaryFile(suffix=".export") as export:
            export.write(b"".join(self.chunks))
            export.flush()
            subprocess.run([REMOTE, "-o", path, export.name], check=True, capture_output=True,
                           timeout=600)
        return path


def _is_text(data):
    try:
        return data.decode().isprintable()
    except UnicodeDecodeError:
        return False


class Life:
    """One life of a unit, told record by record."""

    def __init__(self, journal, boot, unit, pid, invocation, program="maild", uid=997):
        self.journal, self.boot = journal, boot
        self.unit, self.pid, self.invocation = unit, pid, f"{invocation:032x}"
        self.steps = 0
        self.own = {
            "_PID": pid, "_UID": uid, "_COMM": program, "_SYSTEMD_UNIT": unit,
            "_SYSTEMD_INVOCATION_ID": self.invocation, "PS_UNIT": unit,
            "PS_INVOCATION_ID": self.invocation, "PS_PROGRAM": program, "PS_VERSION": "0.1.0",
        }
        self.record("RUN_BEGUN", MESSAGE="Run begun: the end of this process is watched over")

    def record(self, kind, **fields):
        self.journal.add(self.boot, self.own | {"MESSAGE_ID": IDS[kind]} | fields)

    def manager(self, kind, **fields):
        self.journal.add(self.boot, {
            "_PID": 1, "_UID": 0, "_COMM": "systemd", "_SYSTEMD_UNIT": "init.scope",
            "UNIT": self.unit, "INVOCATION_ID": self.invocation, "MESSAGE_ID": IDS[kind]} | fields)

    def end(self, cause="signal", signal="SIGTERM", sender=(1, 0, "systemd", "init.scope"),
            code=None, steps=()):
        """The exit begins, and goes through the steps: (event, name, duration)."""
        self.cause = {"PS_CAUSE": cause}
        if cause == "signal":
            self.cause |= {"PS_SIGNAL": signal}
            if sender:
                self.cause |= dict(zip(("PS_SENDER_PID", "PS_SENDER_UID", "PS_SENDER_COMM",
                                        "PS_SENDER_UNIT"), sender))
        elif code is not None:
            self.cause |= {"PS_CODE": code}
        self.record("EXIT_BEGUN", PS_STEPS=len(steps), PS_DEADLINE_USEC=60 * SECOND,
                    MESSAGE="Exit begun", **self.cause)
        self.began = self.boot.monotonic
        for event, name, duration in steps:
            self.step(event, name, duration, len(steps))
        return self

    def step(self, event, name, duration, total=None, done=True, **more):
        self.steps += 1
        at = {"PS_EVENT": event, "PS_STEP": name, "PS_STEP_NUMBER": self.steps,
              "PS_STEPS": total or self.steps}
        self.record("STEP_BEGUN", PS_STEP_PRIORITY=0, MESSAGE=f"Step {self.steps}", **at)
        self.boot.wait(duration)
        for kind, fields in more.items():
            self.record(kind, **at, **fields)
        if done:
            self.record("STEP_DONE", PS_DURATION_USEC=duration, MESSAGE="Step done", **at)

    def finish(self, status=143, skipped=0, failed=0, dropped=0):
        self.record("EXIT_FINISHED", PS_STATUS=status, MESSAGE="Exit finished",
                    PS_DURATION_USEC=self.boot.monotonic - self.began, PS_STEPS_RUN=self.steps,
                    PS_STEPS_SKIPPED=skipped, PS_STEPS_FAILED=failed, PS_HOLDS_DROPPED=dropped,
                    PS_SIGNALS_AGAIN=0, PS_SIGNALS_LOST=0, PS_RECORDS_LOST=0,
                    PS_NOTIFIES_LOST=0, **self.cause)


STEPS = [("terminate", "stop_accepting", 40), ("terminate", "drain_connections", 24 * MS),
         ("terminate", "write_last_batch", 3 * MS), ("finish", "remove_sockets", 90)]

BACKTRACE = """#0 0x00005581c0ffee00 /nowhere/maild+0x1e00 [0123456789abcdef0123456789abcdef01234567]
#1 0x00007f00c0ffee00 /nowhere/libc.so.6+0x2724a [fedcba9876543210fedcba9876543210fedcba98]
"""


def _orderly(journal, boot):
    unit = "maild.service"
    life = Life(journal, boot, unit, 100, 0xa1)
    boot.wait(7325 * SECOND)
    life.end(steps=STEPS).finish()

    boot.wait(SECOND)
    life = Life(journal, boot, unit, 101, 0xa2)
    boot.wait(90 * SECOND)
    life.end(signal="SIGINT", sender=(4711, 4242, "bash", "user@4242.service"))
    life.step("terminate", "drain_connections", 5 * SECOND, HOLD_DROPPED={
        "PS_HOLD_WHY": "client 10.0.0.7", "PS_REASON": "the callback's time was over",
        "PS_DURATION_USEC": 5 * SECOND, "MESSAGE": "Gave up"})
    life.step("terminate", "write_last_batch", 2 * MS, CALLBACK_FAILED={
        "PS_ERROR": "g-io-error-quark:12: No space left on device", "MESSAGE": "failed"})
    life.record("STEP_SKIPPED", PS_EVENT="finish", PS_STEP="send_report", PS_STEP_NUMBER=3,
                PS_STEPS=3, PS_REASON="no time is left", MESSAGE="skipped")
    life.record("SIGNAL_AGAIN", PS_CAUSE="signal", PS_SIGNAL="SIGINT",
                MESSAGE="Asked to end again, during the exit: SIGINT from bash (pid 4711)")
    life.finish(status=130, skipped=1, failed=1, dropped=1)

    for number, (cause, code, status) in enumerate((("quit", 0, 0), ("exit", 3, 3),
                                                    ("loop", None, 0))):
        life = Life(journal, boot, unit, 102 + number, 0xa3 + number)
        boot.wait(3 * SECOND)
        life.end(cause=cause, code=code, steps=STEPS[2:]).finish(status)


def _disorderly(journal, boot):
    unit = "maild.service"
    life = Life(journal, boot, unit, 110, 0xb1)
    boot.wait(60 * SECOND)
    life.record("CRASHED", PS_CAUSE="crash", PS_SIGNAL="SIGSEGV", PS_ORIGIN="fault",
                PS_REASON="SEGV_MAPERR: address not mapped", PS_ADDRESS="0x1230",
                PS_THREAD_ID=110, PS_THREAD_NAME="maild", PS_STEPS_SKIPPED=1,
                PS_BACKTRACE=BACKTRACE, PS_NOT_RUN="remove_sockets\n", MESSAGE="Crashed: SIGSEGV")
    life.manager("PROCESS_EXIT", EXIT_CODE="dumped", EXIT_STATUS=11, COMMAND="ExecStart",
                 MESSAGE="Main process exited")
    life.manager("FAILURE_RESULT", UNIT_RESULT="core-dump", MESSAGE="Failed with result")
    journal.add(boot, {"_PID": 900, "_UID": 997, "MESSAGE_ID": IDS["COREDUMP"], "COREDUMP_PID": 110,
                       "_SYSTEMD_UNIT": "systemd-coredump@0-900-0.service", "COREDUMP_UNIT": unit, "COREDUMP_SIGNAL_NAME": "SIGSEGV", "MESSAGE": "core"})

    life = Life(journal, boot, unit, 111, 0xb2)
    boot.wait(SECOND)
    life.manager("PROCESS_EXIT", EXIT_CODE="killed", EXIT_STATUS=9, COMMAND="ExecStart",
                 MESSAGE="Main process exited")
    life.manager("FAILURE_RESULT", UNIT_RESULT="signal", MESSAGE="Failed with result")

    life = Life(journal, boot, unit, 112, 0xb3)
    boot.wait(SECOND)
    life.end()
    life.step("terminate", "drain_connections", 75 * SECOND, done=False)
    life.manager("PROCESS_EXIT", EXIT_CODE="killed", EXIT_STATUS=9, COMMAND="ExecStart",
                 MESSAGE="Main process exited")
    life.manager("FAILURE_RESULT", UNIT_RESULT="timeout", MESSAGE="Failed with result")

    life = Life(journal, boot, unit, 113, 0xb4)
    boot.wait(SECOND)
    life.manager("OUT_OF_MEMORY", MESSAGE="killed by the OOM killer")
    life.manager("PROCESS_EXIT", EXIT_CODE="killed", EXIT_STATUS=9, COMMAND="ExecStart",
                 MESSAGE="Main process exited")
    life.manager("FAILURE_RESULT", UNIT_RESULT="oom-kill", MESSAGE="Failed with result")

    life = Life(journal, boot, unit, 114, 0xb5)
    boot.wait(SECOND)
    life.end()
    life.step("terminate", "drain_connections", 60 * SECOND, done=False)
    life.record("EXIT_FORCED", PS_STATUS=143, PS_REASON="the exit's time was over",
                PS_EVENT="terminate", PS_STEP="drain_connections", PS_DURATION_USEC=60 * SECOND,
                MESSAGE="Exit forced")


def _told_later(journal, boot):
    unit = "maild.service"
    watched = Life(journal, boot, unit, 120, 0xc1)
    boot.wait(40 * SECOND)
    following = Life(journal, boot, unit, 121, 0xc2)
    following.record("PREVIOUS_WATCHDOG", PS_VERDICT="watchdog", PS_PREVIOUS_PID=120,
                     PS_PREVIOUS_INVOCATION_ID=watched.invocation, PS_SERVICE_RESULT="watchdog",
                     PS_PREVIOUS_BEGUN_USEC=boot.realtime - 40 * SECOND, PS_LIVED_USEC=39 * SECOND,
                     PS_PREVIOUS_ENDED_USEC=boot.realtime - SECOND, PS_STEP="reload_table",
                     PS_EXIT_CODE="killed", PS_EXIT_STATUS="ABRT", MESSAGE="The previous run …")
    following.record("RECORD_DAMAGED", PS_PATH="/var/lib/maild/maild.service.run",
                     PS_REASON="a line cannot be read", MESSAGE="A record is damaged")
    following.record("CLAUSE_FAILED", PS_CLAUSE=2, PS_CLAUSE_VERB="unlink",
                     PS_CLAUSE_PATH="/run/maild/lock", PS_REASON="Permission denied",
                     MESSAGE="A clause of a will failed")
    following.record("WILL_DONE", PS_CLAUSES_DONE=2, PS_CLAUSES_SKIPPED=1, PS_CLAUSES_FAILED=1,
                     PS_SETTLED_BY="start", MESSAGE="A will was carried out")
    boot.wait(3600 * SECOND)
    return following


def golden():
    """Every way in which a life can end, on two machines, in one journal."""
    journal = Journal()
    boot = Boot(1)
    _orderly(journal, boot)
    _disorderly(journal, boot)
    lost = _told_later(journal, boot)
    beta = Boot(7, machine=2, host="beta", at=boot.realtime + 10 * SECOND)
    web = Life(journal, beta, "web.service", 50, 0xd1, program="webd")
    beta.wait(30 * SECOND)
    web.end(steps=[("terminate", "drain_connections", 400 * MS)]).finish()
    Life(journal, beta, "web.service", 51, 0xd2, program="webd")

    boot = Boot(2, at=boot.realtime + 7200 * SECOND)
    life = Life(journal, boot, "maild.service", 60, 0xe1)
    life.record("PREVIOUS_POWER_LOSS", PS_VERDICT="power-loss", PS_PREVIOUS_PID=121,
                PS_PREVIOUS_INVOCATION_ID=lost.invocation, PS_LIVED_USEC=3600 * SECOND,
                PS_PREVIOUS_ENDED_USEC=boot.realtime - 7200 * SECOND, MESSAGE="The previous run …")
    other = Life(journal, boot, "oddd.service", 61, 0xe2, program="oddd")
    other.record("PREVIOUS_KILLED", PS_VERDICT="killed", PS_PREVIOUS_PID=44, PS_SIGNAL="SIGKILL",
                 PS_PREVIOUS_INVOCATION_ID="77" * 16, PS_PREVIOUS_BEGUN_USEC=BEGIN - 5 * SECOND,
                 PS_PREVIOUS_ENDED_USEC=BEGIN, PS_LIVED_USEC=5 * SECOND,
                 MESSAGE="The previous run …")
    return journal
