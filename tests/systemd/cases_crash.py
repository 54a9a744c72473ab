# SPDX-License-Identifier: LGPL-2.1-or-later
"""Crashes of a daemon: its record in the journal, and the unit's end, which is what it would be."""

import pathlib
import re
import shutil
import signal
import socket
import sqlite3

import cases_inboxd
import ids
from manager import PROBED, journal, run
from tap import Skip, case, check, equal

SEGV = "--on=ready:segv"
ENDS = {"exited": "exit-code", "killed": "signal", "dumped": "core-dump"}


def crashed(bench, *arguments, signal_name="SEGV", service=(), how="killed"):
    """A unit that crashes once it is ready; returns it and its properties."""
    probe = bench.probe("--report-crashes", *arguments, service=service)
    probe.start(check=False)
    end = probe.finish()
    equal(end["post"], f"{ENDS[how]} {how} {signal_name}", "what ExecStopPost= saw")
    equal(end["Result"], ENDS[how], "result")
    return probe, end


def only(probe, kind="CRASHED"):
    records = probe.records(ids.MESSAGES[kind])
    equal(len(records), 1, f"records {kind}")
    return records[0]


def functions(record, program=PROBED):
    """The functions of the backtrace, as far as they are the daemon's."""
    names = []
    for line in record["PS_BACKTRACE"].splitlines():
        match = re.fullmatch(r"#\d+ 0x[0-9a-f]{16} (/.+)\+(0x[0-9a-f]+) \[([0-9a-f]{40})\]", line)
        if match and match[1] == program:
            equal(match[3], build_id(program), "build ID")
            # A line for the function, one for the place; more of them for what is inlined.
            names += run("addr2line", "-ife", program, match[2]).stdout.split("\n")[:-1:2]
    return names


def build_id(path):
    return re.search(r"Build ID: (\w+)", run("readelf", "-n", path).stdout)[1]


@case("C01 a fault in the loop: record, backtrace that addr2line resolves, result")
def _(bench):
    probe, end = crashed(bench, SEGV, "--on=finish:note", service={"LimitCORE": "0"})
    record = only(probe)
    equal({name: record.get(f"PS_{name}") for name in
           ("CAUSE", "SIGNAL", "REASON", "ORIGIN", "ADDRESS", "THREAD_ID", "THREAD_NAME", "UNIT",
            "STEPS_SKIPPED", "STEP", "SENDER_PID")},
          {"CAUSE": "crash", "SIGNAL": "SIGSEGV", "REASON": "SEGV_MAPERR: address not mapped",
           "ORIGIN": "fault", "ADDRESS": "0x1230", "THREAD_ID": end["ExecMainPID"],
           "THREAD_NAME": "ps-probed", "UNIT": probe.name, "STEPS_SKIPPED": "1", "STEP": None,
           "SENDER_PID": None}, "record")
    equal((record["PRIORITY"], record["SYSLOG_IDENTIFIER"], record["PS_NOT_RUN"].strip()),
          ("2", "ps-probed", "finish:note"), "record")
    names = functions(record)
    equal(names[:2], ["write_where_nothing_is", "act_segv"], "functions")
    check("main" in names, f"functions {names}")
    check(record["MESSAGE"].startswith("Crashed: SIGSEGV (SEGV_MAPERR"), record["MESSAGE"])
    check({"crash callback", "safe finish callback"} <= set(probe.lines), f"trace {probe.lines}")
    check("finish:note" not in probe.lines, f"trace {probe.lines}")


@case("C01 standard error is the journal: nothing is said twice")
def _(bench):
    probe, _ = crashed(bench, SEGV)
    records = [record for record in probe.records() if "Crashed: " in record["MESSAGE"]]
    equal(len(records), 1, "records")
    shown = run("journalctl", "-q", "-o", "cat", f"_SYSTEMD_UNIT={probe.name}", "+",
                f"PS_UNIT={probe.name}").stdout
    equal(shown.count("Crashed: "), 1, f"accounts in {shown}")


@case("C01 standard error is a file: the account is there, too")
def _(bench):
    path = bench.directory / "stderr"
    probe, _ = crashed(bench, SEGV, service={"StandardError": f"file:{path}"})
    account = path.read_text(encoding="utf-8")
    check(account.startswith("ps-probed["), account)
    equal(account.split("]: ", 1)[1].rstrip("\n"), only(probe)["MESSAGE"].rstrip("\n"), "account")


@case("C01 a fault in another thread: its name, its backtrace")
def _(bench):
    probe, end = crashed(bench, "--on=ready:thread-segv")
    record = only(probe)
    equal(record["PS_THREAD_NAME"], "culprit", "thread")
    check(record["PS_THREAD_ID"] != end["ExecMainPID"], "thread")
    equal(functions(record)[:2], ["write_where_nothing_is", "in_thread"], "functions")


@case("C01 with a core: result core-dump, code dumped")
def _(bench):
    service = {"LimitCORE": "infinity", "WorkingDirectory": bench.directory}
    probe = bench.probe("--report-crashes", SEGV, service=service)
    probe.start(check=False)
    end = probe.finish()
    only(probe)
    if pathlib.Path("/proc/sys/kernel/core_pattern").read_bytes().startswith(b"|"):
        raise Skip("core files go to a program, which may refuse them")
    equal(end["post"], "core-dump dumped SEGV", "end")
    equal(end["Result"], "core-dump", "result")


@case("C01 every signal: the unit's result names it, and so does the record")
def _(bench):
    for name in ("SEGV", "BUS", "FPE", "ILL", "ABRT", "TRAP", "SYS"):
        number = getattr(signal, f"SIG{name}")
        probe, _ = crashed(bench, f"--on=ready:raise={int(number)}", signal_name=name)
        record = only(probe)
        equal((record["PS_SIGNAL"], record["PS_ORIGIN"]), (f"SIG{name}", "raised"), name)


@case("C01 a failed assertion: its words are in the record")
def _(bench):
    probe, _ = crashed(bench, "--on=ready:assert=the_queue != NULL", signal_name="ABRT")
    equal(only(probe)["PS_ABORT_MESSAGE"],
          "ERROR:file.c:12:function: assertion failed: (the_queue != NULL)", "words")


@case("C07 blocked: the manager tells the signal to ExecStopPost=, there is no record")
def _(bench):
    probe, _ = crashed(bench, "--on=ready:blocked-segv")
    equal(probe.records(ids.MESSAGES["CRASHED"]), [], "records")


@case("C08 `systemctl kill --signal=SEGV`: sent by pid 1")
def _(bench):
    probe = bench.probe("--report-crashes").serve()
    probe.kill("SEGV")
    equal(probe.finish()["post"], "signal killed SEGV", "end")
    record = only(probe)
    equal((record["PS_ORIGIN"], record["PS_SENDER_PID"], record["PS_SENDER_COMM"]),
          ("sent", "1", "systemd"), "sender")
    check("watchdog" not in record["MESSAGE"], record["MESSAGE"])


@case("C10 the watchdog's SIGABRT: the record says so, and which step was running")
def _(bench):
    gate = bench.fifo()
    probe = bench.probe("--report-crashes", f"--on=reload:wait={gate.path}",
                        service={"WatchdogSec": "1", "ExecReload": "/bin/kill -HUP $MAINPID"})
    probe.serve()
    probe.begin_reload()
    probe.expect("reload:wait")
    equal(probe.finish()["post"], "watchdog killed ABRT", "end")
    record = only(probe)
    equal((record["PS_EVENT"], record["PS_STEP"], record["PS_SENDER_PID"]),
          ("reload", f"reload:wait={gate.path}", "1"), "record")
    check(int(record["PS_DURATION_USEC"]) >= 400_000, "how long it was running")
    check("heard nothing of us for " in record["PS_REASON"]
          and record["PS_REASON"].endswith(": the watchdog"), record["PS_REASON"])
    check("act_wait" in functions(record), f"functions {functions(record)}")


@case("C11 in a terminate callback of `systemctl stop`: result signal, the step's name")
def _(bench):
    probe = bench.probe("--report-crashes", "--on=terminate:segv", "--on=finish:note").serve()
    probe.stop()
    end = probe.finish()
    equal((end["post"], end["Result"]), ("signal killed SEGV", "signal"), "end")
    record = only(probe)
    equal((record["PS_EVENT"], record["PS_STEP"]), ("terminate", "terminate:segv"), "step")
    check(" in the terminate callback terminate:segv after " in record["MESSAGE"],
          record["MESSAGE"])


HARDENING = {
    "DynamicUser": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "ProtectProc": "invisible", "ProcSubset": "pid", "PrivateUsers": "yes", "PrivateDevices": "yes",
    "NoNewPrivileges": "yes", "MemoryDenyWriteExecute": "yes", "RestrictNamespaces": "yes",
    "RestrictAddressFamilies": "AF_UNIX", "LockPersonality": "yes", "CapabilityBoundingSet": "",
    "SystemCallFilter": "@system-service", "SystemCallArchitectures": "native",
    "RestrictRealtime": "yes", "RestrictSUIDSGID": "yes",
}


@case("C13 a hardened unit: the same record, the same end")
def _(bench):
    probe, _ = crashed(bench, "--on=ready:thread-segv", service=HARDENING)
    equal(functions(only(probe))[:2], ["write_where_nothing_is", "in_thread"], "functions")


@case("C13 the unit may not queue signals: the same end")
def _(bench):
    probe, _ = crashed(bench, SEGV, service={
        "SystemCallFilter": "~rt_tgsigqueueinfo tgkill timer_create timer_settime",
        "SystemCallErrorNumber": "EPERM"})
    only(probe)


@case("catalog: `journalctl -x` explains a crash")
def _(bench):
    probe, _ = crashed(bench, SEGV)
    shown = run("journalctl", "-q", "-x", "--no-pager", f"MESSAGE_ID={ids.MESSAGES['CRASHED']}",
                f"PS_INVOCATION_ID={probe.get('InvocationID')}").stdout
    check("░░ Subject: The daemon crashed" in shown, shown)
    check("SEGV_MAPERR: address not mapped" in shown.split("░░ Subject", 1)[1], shown)
    check("@" not in shown and "PS_" not in shown, shown)


MODULE = "/usr/local/lib/ps-test-crash-module.so"


class Inboxd:
    """The example under its own units, with a fault in it."""

    def __init__(self, bench):
        self.program = str(bench.installed["ps-inboxd"])
        cases_inboxd.installed()
        shutil.copy(bench.build / "tests/systemd/crash-module.so", MODULE)
        self.listener = bench.unit("ps-inboxd.socket")
        self.service = bench.unit("ps-inboxd.service")
        self.service.drop_in(f"[Service]\nEnvironment=LD_PRELOAD={MODULE}\n"
                             "Restart=no\nLimitCORE=infinity\n")
        run("systemctl", "daemon-reload")
        self.listener.start()
        check(self.send("kept").startswith("ok "), "not kept")
        self.identity = self.service.get("InvocationID")
        self.thread = self.service.get("ExecMainPID")

    def send(self, line):
        return cases_inboxd.send(cases_inboxd.UNIX, socket.AF_UNIX, [line])[0]

    def record(self):
        records = journal(f"MESSAGE_ID={ids.MESSAGES['CRASHED']}", f"PS_INVOCATION_ID={self.identity}")
        equal(len(records), 1, "records")
        equal(records[0]["PS_REASON"], "SEGV_MAPERR: address not mapped", "reason")
        return records[0]


def dies_by_fault(service):
    """What the result is here: cores may be off, or led into a program."""
    state = service.await_state("failed")
    check((state["Result"], state["ExecMainCode"], state["ExecMainStatus"]) in
          (("core-dump", "3", "11"), ("signal", "2", "11")), f"end: {state}")


@case("C01 the example daemon, a fault in its writer: record, backtrace, result, nothing lost",
      alone=True)
def _(bench):
    inboxd = Inboxd(bench)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(cases_inboxd.UNIX)
        client.sendall(b"fault in the writer\n")
        equal(client.recv(100), b"", "what is answered")
    dies_by_fault(inboxd.service)
    record = inboxd.record()
    equal(record["PS_THREAD_NAME"], "writer", "thread")
    check(record["PS_THREAD_ID"] != inboxd.thread, "thread")
    names = functions(record, inboxd.program)
    check({"store_write", "work"} <= set(names), f"functions {names}")
    check("remove_sockets" in record["PS_NOT_RUN"], "what was not run")
    with sqlite3.connect(f"file:{cases_inboxd.DATABASE}?mode=ro", uri=True) as database:
        equal(database.execute("SELECT line FROM inbox ORDER BY id DESC LIMIT 1").fetchone(),
              ("kept",), "the last line that is stored")


@case("C11 the example daemon, a fault while it is stopped: the step's name, the result", alone=True)
def _(bench):
    inboxd = Inboxd(bench)
    check(inboxd.send("fault at the end").startswith("ok "), "not kept")
    inboxd.service.stop()
    dies_by_fault(inboxd.service)
    record = inboxd.record()
    equal((record["PS_THREAD_ID"], record["PS_EVENT"], record["PS_STEP"]),
          (inboxd.thread, "terminate", "close_database"), "where")
    check({"store_close", "main"} <= set(functions(record, inboxd.program)),
          f"functions {functions(record, inboxd.program)}")
