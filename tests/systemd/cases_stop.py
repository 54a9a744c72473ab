# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stop: the order of things, what waits for what, and for how long."""

import time

import ids
from tap import case, check, equal


def seconds_of(function):
    begin = time.monotonic()
    function()
    return time.monotonic() - begin


@case("stop: terminate callbacks, then finish callbacks, exit status 143, a clean unit")
def _(bench):
    probe = bench.probe("--on=finish:note", "--on=terminate:note", "--on=quit:note").serve()
    probe.stop()
    state = probe.finish()
    order = [line for line in probe.lines if not line.startswith("sender")]
    equal(order[order.index("ready") + 1:],
          ["terminate:note", "finish:note", "returned 143", "post success exited 143"], "trace")
    equal((state["ActiveState"], state["Result"], state["ExecMainCode"], state["ExecMainStatus"]),
          ("inactive", "success", "1", "143"), "state")


@case("stop: while a hold is out the stop waits, and STATUS names whom for")
def _(bench):
    gate = bench.fifo()
    probe = bench.probe(f"--on=terminate:gate={gate.path}", "--on=finish:note").serve()
    probe.begin_stop()
    probe.expect("terminate:gate")
    probe.await_status("waiting for")
    state = probe.show()
    equal((state["ActiveState"], state["SubState"]), ("deactivating", "stop-sigterm"), "state")
    check(state["StatusText"].startswith("Stopping: ") and "terminate:gate" in state["StatusText"],
          f"status {state['StatusText']!r}")
    check("finish:note" not in probe.drain(), "finish did not wait for the hold")
    gate.open()
    equal(probe.finish()["post"], "success exited 143", "end")


@case("stop: STOPPING=1 is out before the first terminate callback")
def _(bench):
    gate = bench.fifo()
    # It blocks the loop: what was not sent before it cannot be sent during it.
    probe = bench.probe(f"--on=terminate:wait={gate.path}").serve()
    probe.kill("TERM")
    probe.expect("terminate:wait")
    # Not by `systemctl stop`: the manager knows of this stop by STOPPING=1 alone.
    state = probe.await_state("deactivating")
    equal(state["SubState"], "stop-sigterm", "SubState")
    gate.open()
    equal(probe.finish()["post"], "success exited 143", "end")


@case("N15 STOPPING=1 once, with STATUS= and EXTEND_TIMEOUT_USEC=; another SIGTERM is but noted")
def _(bench):
    gate = bench.fifo()
    probe = bench.probe(f"--on=terminate:gate={gate.path}", "--on=finish:note").serve()
    probe.begin_stop()
    probe.expect("terminate:gate")
    for _ in range(3):
        probe.kill("TERM")
    gate.open()
    state = probe.finish()
    equal(state["post"], "success exited 143", "end")
    equal(sum(line.startswith("terminate:") for line in probe.lines), 1, "terminate callbacks")
    equal(probe.lines.count("finish:note"), 1, "finish callbacks")
    stopping = [message for message in probe.messages() if "STOPPING=1" in message]
    equal(len(stopping), 1, "messages with STOPPING=1")
    for word in ("STATUS=", "EXTEND_TIMEOUT_USEC="):
        check(any(part.startswith(word) for part in stopping[0]), f"no {word} in {stopping[0]}")


@case("T04 a hold of 3 s, TimeoutStopSec=1 s, a deadline of 5 s: ends cleanly, not by SIGKILL")
def _(bench):
    probe = bench.probe("--deadline=5000", "--on=terminate:hold=3000",
                        service={"TimeoutStopSec": "1"}).serve()
    took = seconds_of(probe.stop)
    state = probe.finish()
    equal((state["Result"], state["post"]), ("success", "success exited 143"), "end")
    check(took >= 3, f"it took {took:.1f} s only")


@case("T04 PS_DEADLINE_SEC= in the unit goes before the program's deadline")
def _(bench):
    gate = bench.fifo()
    probe = bench.probe("--deadline=60000", f"--on=terminate:gate={gate.path}", "--on=finish:note",
                        service={"Environment": "PS_DEADLINE_SEC=1.5"}).serve()
    took = seconds_of(probe.stop)
    equal(probe.finish()["post"], "success exited 143", "end")
    check(1 <= took < 20, f"it took {took:.1f} s")
    check("finish:note" in probe.lines, f"trace: {probe.lines}")


@case("T05 a daemon that asks for no more time and waits for ever: killed, Result=timeout")
def _(bench):
    gate = bench.fifo()
    # Without a deadline of its own there is nothing it could ask for.
    probe = bench.probe("--deadline=0", f"--on=terminate:gate={gate.path}",
                        service={"TimeoutStopSec": "1"}).serve()
    took = seconds_of(probe.stop)
    state = probe.finish()
    equal((state["Result"], state["post"]), ("timeout", "timeout killed KILL"), "end")
    check(1 <= took < 20, f"it took {took:.1f} s")
    for message in probe.messages():
        check(not any(word.startswith("EXTEND_TIMEOUT_USEC=") for word in message), f"{message}")


@case("T02 a callback that never returns: the daemon ends itself at its deadline, and says where")
def _(bench):
    probe = bench.probe("--deadline=1000", "--on=terminate:block", "--on=finish:note",
                        service={"TimeoutStopSec": "1"}).serve()
    took = seconds_of(probe.stop)
    state = probe.finish()
    equal((state["Result"], state["post"]), ("success", "success exited 143"), "end")
    check(1 <= took < 20, f"it took {took:.1f} s")
    forced = probe.records(ids.MESSAGES["EXIT_FORCED"])
    equal([(record["PS_STEP"], record["PS_EVENT"], record["PS_STATUS"]) for record in forced],
          [("terminate:block", "terminate", "143")], "what the journal says")
    check("finish:note" not in probe.lines, "a callback ran though the loop is blocked")


@case("T02 the same with every signal blocked: it kills itself, before the manager would")
def _(bench):
    probe = bench.probe("--deadline=1000", "--on=terminate:deaf",
                        service={"TimeoutStopSec": "1"}).serve()
    took = seconds_of(probe.stop)
    # The manager was asked to wait for longer than a timer of the kernel's does.
    equal(probe.finish()["post"], "signal killed KILL", "end")
    check(took >= 11, f"it took {took:.1f} s")


@case("T01 a callback's own deadline bounds its hold, the next phase follows")
def _(bench):
    gate = bench.fifo()
    probe = bench.probe(f"--on=terminate/-1/300:gate={gate.path}", "--on=terminate/1:note").serve()
    took = seconds_of(probe.stop)
    equal(probe.finish()["post"], "success exited 143", "end")
    check(0.3 <= took < 20, f"it took {took:.1f} s")
    check("terminate/1:note" in probe.lines, f"trace: {probe.lines}")


@case("O06 a vetoed SIGTERM: no STOPPING=1, resume callbacks, still active; the next one counts")
def _(bench):
    probe = bench.probe("--on=query:veto=burning a disc", "--on=resume:note", "--on=terminate:note",
                        "--on=finish:note", "--status=at work").serve()
    probe.kill("TERM")
    probe.expect("resume:note")
    equal(probe.get("ActiveState"), "active", "state")
    equal(probe.count_messages("STOPPING=1"), 0, "STOPPING=1 after a veto")
    check("finish:note" not in probe.drain() and "terminate:note" not in probe.lines,
          f"trace: {probe.lines}")
    probe.kill("TERM")
    equal(probe.finish()["post"], "success exited 143", "end")
    equal(probe.count_messages("STOPPING=1"), 1, "STOPPING=1 in the end")


@case("stop: a veto does not help for ever: systemd kills after TimeoutStopSec=")
def _(bench):
    probe = bench.probe("--on=query:veto=never", service={"TimeoutStopSec": "1"}).serve()
    probe.stop()
    equal(probe.finish()["post"], "timeout killed KILL", "end")


@case("stop: a busy loop does not delay the exit")
def _(bench):
    probe = bench.probe("--busy", "--on=terminate:note").serve()
    took = seconds_of(probe.stop)
    equal(probe.finish()["post"], "success exited 143", "end")
    check(took < 15, f"it took {took:.1f} s")


@case("G14 a daemon that was stopped by SIGSTOP ends as any other: systemd sends SIGCONT")
def _(bench):
    probe = bench.probe("--on=terminate:note", "--on=finish:note").serve()
    probe.kill("STOP")
    probe.stop()
    equal(probe.finish()["post"], "success exited 143", "end")
    check({"terminate:note", "finish:note"} <= set(probe.lines), f"trace: {probe.lines}")


@case("X11 a callback's exit code goes before the signal's")
def _(bench):
    probe = bench.probe("--on=terminate:code=7").serve()
    probe.stop()
    state = probe.finish()
    equal((state["Result"], state["post"]), ("exit-code", "exit-code exited 7"), "end")


@case("X10 exit(9) in a callback: the rest still runs, once, with that code")
def _(bench):
    probe = bench.probe("--on=terminate/-1:exit=9", "--on=terminate/1:note",
                        "--on=finish:note").serve()
    probe.stop()
    state = probe.finish()
    equal(state["post"], "exit-code exited 9", "end")
    equal([line for line in probe.lines if line.endswith(":note")],
          ["terminate/1:note", "finish:note"], "callbacks")


@case("stop: 2 x `systemctl restart`: each life ends cleanly, none is killed")
def _(bench):
    probe = bench.probe("--on=terminate:note").serve()
    for _ in range(2):
        probe.call("restart")
        equal(probe.expect("post"), "success exited 143", "end")
        probe.expect("ready")
    equal(probe.get("ActiveState"), "active", "state")
