# SPDX-License-Identifier: LGPL-2.1-or-later
"""What psctl tells of lives that a real systemd ended, each in another way."""

import json

from cases_inboxd import installed
from manager import Bench, run
from tap import Skip, case, check, equal

LISTENER, SERVICE = "ps-inboxd.socket", "ps-inboxd.service"


def psctl(*arguments, status=0):
    tool = Bench.installed.get("psctl")
    if tool is None:
        raise Skip("psctl is not built")
    run("journalctl", "--sync")
    done = run(tool, "--no-pager", *arguments, check=False)
    equal(done.returncode, status, f"status of psctl {arguments}: {done.stdout}{done.stderr}")
    return done.stdout


def lives(*arguments):
    return [json.loads(line) for line in psctl("history", "--json", *arguments).splitlines()]


def stopped(service):
    service.stop()
    service.await_state("inactive", "failed")


def killed(service, signal="KILL"):
    service.kill(signal)
    service.await_state("failed")


def hung(service):
    """As a loop that hangs: it answers nothing, until the watchdog's patience is over."""
    killed(service, "STOP")


@case("psctl: the example stopped, killed, crashed, hung: history tells why, show tells how",
      alone=True)
def _(bench):
    installed()
    bench.unit(LISTENER)
    service = bench.unit(SERVICE)
    service.drop_in("[Service]\nRestart=no\nWatchdogSec=1\nLimitCORE=0\n")
    run("systemctl", "daemon-reload")
    for end in (stopped, killed, lambda unit: killed(unit, "SEGV"), hung):
        service.call("start")
        service.await_state("active")
        end(service)
    service.call("start")
    service.await_state("active")

    told = lives("ps-inboxd")[-5:]
    equal([life["verdict"] for life in told],
          ["terminated", "killed", "crashed", "watchdog", "running"], "verdicts")
    equal([life["unit"] for life in told], [SERVICE] * 5, "units")
    equal([life["told_by"] for life in told],
          ["process", "next-start", "process", "process", "nobody"], "who told")
    equal((told[0]["signal"], told[0]["sender_pid"], told[0]["sender_comm"], told[0]["status"]),
          ("SIGTERM", 1, "systemd", 143), "the stop")
    check(told[0]["lived_us"] > 0 and told[0]["exit_duration_us"] > 0, f"times of {told[0]}")

    lines = psctl("history", SERVICE).splitlines()[-5:]
    for line, words in zip(lines, ("SIGTERM from systemd (1)", "killed: SIGKILL",
                                   "crashed: SIGSEGV", "watchdog", "running")):
        check(words in line, f"{words!r} is not in {line!r}")

    shown = psctl("show", SERVICE, "5")
    for words in ("run 5: SIGTERM from systemd (1), status 143", "─ terminate", "─ finish",
                  "stop_accepting", "close_database"):
        check(words in shown, f"{words!r} is not in {shown}")
    crash = psctl("show", SERVICE, "3")
    for words in ("crash      SIGSEGV: SI_USER", "backtrace", "/ps-inboxd+0x"):
        check(words in crash, f"{words!r} is not in {crash}")
    check("run 2: " in psctl("show", "ps-inboxd"), "the newest that is over")
    check("close_database" in psctl("blame", SERVICE), "blame")
    stopped(service)


@case("psctl: a step that never returns, a stop that times out: who is to blame")
def _(bench):
    forced = bench.probe("--deadline=1000", "--on=terminate:block", "--on=finish:note",
                         service={"TimeoutStopSec": "1"}).serve()
    forced.stop()
    forced.finish()
    life = lives(forced.name)[-1]
    equal((life["verdict"], life["last_step"], life["status"], life["sender_comm"]),
          ("forced", "terminate:block", 143, "systemd"), "the end that was forced")
    check("forced, in terminate:block" in psctl("history", forced.name), "history")

    late = bench.probe("--deadline=0", "--on=terminate:block",
                       service={"TimeoutStopSec": "1"}).serve()
    late.stop()
    late.finish()
    life = lives(late.name)[-1]
    equal((life["verdict"], life["told_by"], life["exit_code"], life["service_result"]),
          ("killed", "manager", "killed", "timeout"), "the end that systemd made")
    shown = psctl("show", late.name)
    check("SIGTERM from systemd (1), then SIGKILL, systemd's timeout, in terminate:block" in shown,
          shown)


@case("psctl: the backtrace of a crash, with the names of its functions")
def _(bench):
    tool = Bench.installed.get("psctl")
    if tool is None or "libdw" not in run("ldd", tool).stdout:
        raise Skip("psctl is built without libdw")
    probe = bench.probe("--report-crashes", "--on=ready:segv")
    probe.start(check=False)
    probe.finish()
    shown = psctl("show", probe.name)
    for words in ("crashed: SIGSEGV", "write_where_nothing_is at probe-crash.c:", "main at ps-probed.c:"):
        check(words in shown, f"{words!r} is not in {shown}")


@case("J06 psctl: a unit with LogNamespace=: it says where to look, and finds it there")
def _(bench):
    namespace = f"ctl{bench.number}"
    probe = bench.probe(service={"LogNamespace": namespace}).serve()
    probe.stop()
    probe.finish()
    run("journalctl", f"--namespace={namespace}", "--sync")
    done = run(Bench.installed.get("psctl") or "true", "history", probe.name, check=False)
    found = psctl(f"--namespace={namespace}", "history", probe.name)
    run("systemctl", "stop", f"systemd-journald@{namespace}.socket",
        f"systemd-journald-varlink@{namespace}.socket", f"systemd-journald@{namespace}.service",
        check=False)
    equal(done.returncode, 3, "status where it is not")
    check("--namespace=" in done.stderr and namespace in done.stderr, done.stderr)
    check("SIGTERM from systemd (1)" in found, found)
