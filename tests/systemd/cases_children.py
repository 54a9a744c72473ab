# SPDX-License-Identifier: LGPL-2.1-or-later
"""Forked children: none of the daemon's end is theirs."""

import os

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
