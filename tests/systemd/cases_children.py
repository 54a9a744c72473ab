# SPDX-License-Identifier: LGPL-2.1-or-later
"""Forked children: none of the daemon's end is theirs."""

import os
import time

from tap import case, check, equal


def callbacks(probe):
    return [line for line in probe.lines if line.endswith(":note")]


@case("F01 a forked child that calls exit(): its own status, no callback, no STOPPING=1, no record")
def _(bench):
    probe = bench.probe("--on=ready:child-exit", "--on=quit:note", "--on=finish:note").serve()
    equal(probe.expect("child status"), str(9 << 8), "wait status of the child")
    equal(callbacks(probe), [], "callbacks in the child")
    equal(probe.count_messages("STOPPING=1"), 0, "STOPPING=1")
    equal([record for record in probe.records() if "PS_CAUSE" in record], [], "records of an exit")
    equal(probe.get("ActiveState"), "active", "state")
    probe.stop()
    equal(probe.finish()["post"], "success exited 143", "end")
    equal(callbacks(probe), ["finish:note"], "callbacks of the parent")


@case("F02 a forked child that gets SIGTERM dies of it, the parent goes on")
def _(bench):
    probe = bench.probe("--on=ready:child-stay", "--on=reload:reap", "--on=terminate:note",
                        "--on=finish:note").serve()
    child = int(probe.expect("child"))
    os.kill(child, 15)
    probe.kill("HUP")
    equal(probe.expect("child"), "killed 15", "end of the child")
    equal((callbacks(probe), probe.get("ActiveState")), ([], "active"), "the parent")
    probe.stop()
    equal(probe.finish()["post"], "success exited 143", "end")
    equal(callbacks(probe), ["terminate:note", "finish:note"], "callbacks of the parent")


@case("F09 KillMode=control-group: every process gets SIGTERM, one exit is run")
def _(bench):
    probe = bench.probe("--on=ready:child-stay", "--on=terminate:reap", "--on=finish:note",
                        service={"KillMode": "control-group"}).serve()
    probe.stop()
    state = probe.finish()
    equal((state["Result"], state["post"]), ("success", "success exited 143"), "end")
    check("child killed 15" in probe.lines, f"trace: {probe.lines}")
    equal(callbacks(probe), ["finish:note"], "callbacks")
    equal(probe.count_messages("STOPPING=1"), 1, "STOPPING=1")


@case("F09 KillMode=mixed: a deaf child that talks is killed at last, and was never listened to")
def _(bench):
    probe = bench.probe("--status=the daemon talks", "--on=ready:child-chat", "--on=finish:note",
                        service={"KillMode": "mixed"}).serve()
    child = int(probe.expect("child"))
    equal(probe.get("StatusText"), "the daemon talks", "status")
    probe.stop()
    state = probe.finish()
    equal((state["Result"], state["post"]), ("success", "success exited 143"), "end")
    check(not os.path.exists(f"/proc/{child}"), "the child is still there")
    equal(callbacks(probe), ["finish:note"], "callbacks")


@case("F09 KillMode=process: a child outlives the unit's main process, the exit is not its")
def _(bench):
    probe = bench.probe("--on=ready:child-stay", "--on=finish:note",
                        service={"KillMode": "process"}).serve()
    child = int(probe.expect("child"))
    probe.stop()
    equal(probe.finish()["post"], "success exited 143", "end")
    check(os.path.exists(f"/proc/{child}"), "the child is gone: this test shows nothing")
    os.kill(child, 15)
    equal(callbacks(probe), ["finish:note"], "callbacks")


def daemon_of(probe):
    """The number of the process that goes on, and what it has for WATCHDOG_PID."""
    number, watchdog_pid = probe.expect("daemon").split(", WATCHDOG_PID=")
    return int(number), watchdog_pid


@case("F03 a child of a child goes on as the daemon; what its parent ends by runs nothing")
def _(bench):
    for how in "exit", "_exit":
        probe = bench.probe(f"--on=attached:daemonize={how}", "--on=terminate:note",
                            "--on=quit:note", "--on=finish:note", "--status=here",
                            service={"NotifyAccess": "all"})
        probe.start()
        number, _ = daemon_of(probe)
        probe.expect("ready")
        state = probe.show()
        equal((int(state["MainPID"]), state["ActiveState"], state["StatusText"]),
              (number, "active", "here"), "the unit")
        equal(callbacks(probe), [], "callbacks of the parent")
        probe.stop()
        state = probe.finish()
        equal((state["Result"], state["post"]), ("success", "success exited 143"), "end")
        equal(callbacks(probe), ["terminate:note", "finish:note"], "callbacks")
        equal(probe.count_messages("STOPPING=1"), 1, "STOPPING=1")
        begun = [record for record in probe.records() if record.get("MESSAGE", "").startswith("Run")]
        equal([record["_PID"] for record in begun][1:], [str(number)], "the run that began anew")


@case("F03 a child goes on for a daemon that served already")
def _(bench):
    probe = bench.probe("--on=ready:daemonize=exit", "--on=finish:note",
                        service={"NotifyAccess": "all"})
    probe.start()
    number, _ = daemon_of(probe)
    probe.await_state("active")
    equal(probe.pid(), number, "main process")
    probe.kill("TERM")
    equal(probe.finish()["post"], "success exited 143", "end")
    equal(callbacks(probe), ["finish:note"], "callbacks")


@case("N16 the watchdog asks the daemon for pings, and no longer its parent")
def _(bench):
    probe = bench.probe("--on=attached:daemonize=exit",
                        service={"NotifyAccess": "all", "WatchdogSec": "1"})
    probe.start()
    number, watchdog_pid = daemon_of(probe)
    equal(watchdog_pid, str(number), "WATCHDOG_PID")
    probe.expect("ready")
    # Longer than the watchdog's patience; the unit must outlive it.
    time.sleep(2.5)
    state = probe.show()
    equal((state["ActiveState"], int(state["MainPID"])), ("active", number), "state")
    probe.stop()
    equal(probe.finish()["post"], "success exited 143", "end")


@case("N16 with NotifyAccess=main nobody hears of the new main process: Result=protocol")
def _(bench):
    probe = bench.probe("--on=attached:daemonize=exit", "--on=finish:note",
                        service={"NotifyAccess": "main"})
    check(probe.start(check=False).returncode != 0, "the start did not fail")
    equal(probe.finish()["Result"], "protocol", "Result")
