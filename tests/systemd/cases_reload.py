# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reload: RELOADING=1 and READY=1 come in pairs, on every path."""

from manager import wait_until
from tap import case, check, equal

RELOAD = {"ExecReload": "/bin/kill -HUP $MAINPID"}


def paired(probe, reloads):
    """One READY=1 was the start's."""
    wait_until(lambda: probe.count_messages("READY=1") == reloads + 1, f"{reloads} reloads ended")
    equal(probe.count_messages("RELOADING=1"), reloads, "RELOADING=1")
    for message in probe.messages():
        if "RELOADING=1" in message:
            check(any(word.startswith("MONOTONIC_USEC=") for word in message),
                  f"no MONOTONIC_USEC= beside RELOADING=1: {message}")
    equal(probe.count_messages("STOPPING=1"), 0, "STOPPING=1 in a reload")


@case("N14 reload: the unit is reloading until the callbacks and their holds are through")
def _(bench):
    gate = bench.fifo()
    probe = bench.probe(f"--on=reload:gate={gate.path}", "--status=before", service=RELOAD).serve()
    probe.begin_reload()
    probe.expect("reload:gate")
    probe.await_state("reloading")
    gate.open()
    probe.await_state("active")
    paired(probe, 1)


@case("N14 reload: a callback that fails says so in STATUS, READY=1 comes all the same")
def _(bench):
    probe = bench.probe("--on=reload:fail=line 7: no such colour", service=RELOAD).serve()
    probe.call("reload")
    probe.await_status("line 7: no such colour")
    probe.await_state("active")
    paired(probe, 1)
    probe.stop()
    equal(probe.finish()["post"], "success exited 143", "end")


@case("N14 reload: a hold that is never released ends at its deadline, READY=1 comes all the same")
def _(bench):
    gate = bench.fifo()
    probe = bench.probe(f"--on=reload/0/300:gate={gate.path}", service=RELOAD).serve()
    probe.call("reload")
    probe.expect("reload")
    paired(probe, 1)
    probe.await_state("active")


@case("N14 reload: killed in between, the unit is failed and not reloading")
def _(bench):
    gate = bench.fifo()
    probe = bench.probe(f"--on=reload:gate={gate.path}", service=RELOAD).serve()
    probe.begin_reload()
    probe.expect("reload:gate")
    probe.await_state("reloading")
    probe.kill("KILL")
    state = probe.finish()
    equal((state["ActiveState"], state["Result"]), ("failed", "signal"), "state")
    equal(probe.count_messages("READY=1"), 1, "READY=1")


@case("G09 SIGHUP during a reload: one more reload after it, RELOADING and READY in pairs")
def _(bench):
    gate = bench.fifo()
    probe = bench.probe(f"--on=reload:gate={gate.path}", service=RELOAD).serve()
    probe.begin_reload()
    probe.expect("reload:gate")
    for _ in range(3):
        probe.kill("HUP")
    gate.open()
    probe.expect("reload:gate")
    gate.open()
    paired(probe, 2)
    probe.await_state("active")
    equal(sum(line.startswith("reload") for line in probe.drain()), 2, "reloads")


@case("reload: SIGTERM during a reload ends the daemon, in order")
def _(bench):
    gate = bench.fifo()
    probe = bench.probe(f"--on=reload:gate={gate.path}", "--on=terminate:note", "--on=finish:note",
                        service=RELOAD).serve()
    probe.begin_reload()
    probe.expect("reload:gate")
    probe.await_state("reloading")
    probe.begin_stop()
    gate.open()
    state = probe.finish()
    equal((state["Result"], state["post"]), ("success", "success exited 143"), "end")
    order = [line for line in probe.lines if line.endswith("note") or line.startswith("reload:")]
    equal([line.split("=")[0] for line in order], ["reload:gate", "terminate:note", "finish:note"],
          "order")
    equal(probe.count_messages("STOPPING=1"), 1, "STOPPING=1")


@case("reload: without a reload callback SIGHUP terminates, with 129")
def _(bench):
    probe = bench.probe("--on=terminate:note").serve()
    probe.kill("HUP")
    state = probe.finish()
    equal((state["Result"], state["post"]), ("success", "success exited 129"), "end")
    check("terminate:note" in probe.lines, f"trace: {probe.lines}")
    equal(probe.count_messages("RELOADING=1"), 0, "RELOADING=1")
