# SPDX-License-Identifier: LGPL-2.1-or-later
"""What systemd makes of each kind of end, and what ExecStopPost= is told."""

import pathlib

from tap import Skip, case, check, equal

CLEAN = {"SuccessExitStatus": None}


def end_of(bench, *arguments, **service):
    """Starts a daemon that ends by itself; returns the unit's last state."""
    probe = bench.probe(*arguments, service=service)
    probe.start(check=False)
    return probe.finish()


def result(state, name, post, code, status):
    equal((state["Result"], state["post"]), (name, f"{name} {post}"), "Result and ExecStopPost")
    equal((state["ExecMainCode"], state["ExecMainStatus"]), (code, status), "wait status")
    equal(state["ActiveState"], "inactive" if name == "success" else "failed", "ActiveState")


# --- N18: every result ---------------------------------------------------------------------


@case("N18 success: quit with 0")
def _(bench):
    result(end_of(bench, "--on=ready:quit=0"), "success", "exited 0", "1", "0")


@case("N18 success: exit(0) in a callback of the loop")
def _(bench):
    result(end_of(bench, "--on=ready:exit=0"), "success", "exited 0", "1", "0")


@case("N18 success: the main loop quit by somebody")
def _(bench):
    state = end_of(bench, "--on=ready:loop-quit", "--on=quit:note")
    result(state, "success", "exited 0", "1", "0")


@case("N18 exit-code: quit with 3, exit(4)")
def _(bench):
    result(end_of(bench, "--on=ready:quit=3"), "exit-code", "exited 3", "1", "3")
    result(end_of(bench, "--on=ready:exit=4"), "exit-code", "exited 4", "1", "4")


@case("N18 exit-code: quit with 3 before it was ready is no protocol error")
def _(bench):
    state = end_of(bench, "--never-ready", "--on=ready:quit=3")
    result(state, "exit-code", "exited 3", "1", "3")


@case("N18 signal: SIGKILL from outside")
def _(bench):
    probe = bench.probe().serve()
    probe.kill("KILL")
    result(probe.finish(), "signal", "killed KILL", "2", "9")


@case("N18 signal: SIGSEGV without a core file")
def _(bench):
    if pathlib.Path("/proc/sys/kernel/core_pattern").read_bytes().startswith(b"|"):
        raise Skip("core files go to a program, whatever their limit")
    result(end_of(bench, "--on=ready:raise=11"), "signal", "killed SEGV", "2", "11")


@case("N18 core-dump: SIGSEGV with a core file")
def _(bench):
    directory = bench.directory / "core"
    directory.mkdir()
    state = end_of(bench, "--on=ready:raise=11", LimitCORE="infinity", WorkingDirectory=directory)
    result(state, "core-dump", "dumped SEGV", "3", "11")


@case("N18 timeout: never ready within TimeoutStartSec=; the daemon is told to stop and does")
def _(bench):
    state = end_of(bench, "--never-ready", "--on=terminate:note", TimeoutStartSec="1")
    result(state, "timeout", "exited 143", "1", "143")


@case("N18 timeout: RuntimeMaxSec= is over")
def _(bench):
    state = end_of(bench, "--on=terminate:note", RuntimeMaxSec="1")
    result(state, "timeout", "exited 143", "1", "143")


@case("N18 watchdog: with WatchdogSignal=TERM, which a hanging loop cannot answer")
def _(bench):
    state = end_of(bench, "--on=ready:deaf", WatchdogSec="1", WatchdogSignal="TERM",
                   TimeoutStopSec="1", TimeoutAbortSec="1")
    result(state, "watchdog", "killed KILL", "2", "9")


@case("N18 exec-condition: the daemon is not started, ExecStopPost is")
def _(bench):
    state = end_of(bench, ExecCondition="/bin/false")
    equal(state["Result"], "exec-condition", "Result")
    # With no exit code, of a daemon that never was.
    equal(state["post"], "exec-condition", "what ExecStopPost saw")


@case("N18 resources: the manager cannot even start it")
def _(bench):
    probe = bench.probe(service={"EnvironmentFile": "/does/not/exist"})
    check(probe.start(check=False).returncode != 0, "it started")
    equal(probe.await_state("failed")["Result"], "resources", "Result")


@case("N18 exit-code: the program cannot be executed")
def _(bench):
    state = end_of(bench, ExecStart="/does/not/exist")
    result(state, "exit-code", "exited 203", "1", "203")


@case("N18 start-limit-hit: refused, and no ExecStopPost for a life that never was")
def _(bench):
    probe = bench.probe("--on=ready:quit=0")
    probe.drop_in("[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=1\n")
    probe.start()
    equal(probe.finish()["post"], "success exited 0", "the first life")
    check(probe.start(check=False).returncode != 0, "it started")
    equal(probe.await_state("failed")["Result"], "start-limit-hit", "Result")
    equal([line for line in probe.drain() if line.startswith("post")], ["post success exited 0"],
          "what ExecStopPost saw")


@case("N18 oom-kill: the kernel takes the daemon")
def _(bench):
    controllers = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").read_text(encoding="ascii")
    if "memory" not in controllers.split():
        raise Skip("the kernel gives no memory controller")
    script = bench.fifo()
    unit = bench.shell(f"x=1; while :; do x=$x$x; done; : {script.path}", MemoryMax="8M",
                       MemorySwapMax="0")
    unit.start(check=False)
    equal(unit.await_state("failed")["Result"], "oom-kill", "Result")


# --- X16, X17: what the exit policies look like from outside -----------------------------------


@case("X17 policy status: 143 is a failure without SuccessExitStatus=, success with it")
def _(bench):
    for service, name in (({}, "success"), (CLEAN, "exit-code")):
        probe = bench.probe("--policy=status", service=service).serve()
        probe.stop()
        result(probe.finish(), name, "exited 143", "1", "143")


@case("X16 policy reraise: killed by SIGTERM, success with and without SuccessExitStatus=")
def _(bench):
    for service in ({}, CLEAN):
        probe = bench.probe("--policy=reraise", "--on=finish:note", service=service).serve()
        probe.stop()
        state = probe.finish()
        result(state, "success", "killed TERM", "2", "15")
        check("finish:note" in probe.lines, "nothing was finished")


@case("X17 policy success: 0, success with and without SuccessExitStatus=")
def _(bench):
    for service in ({}, CLEAN):
        probe = bench.probe("--policy=success", service=service).serve()
        probe.stop()
        result(probe.finish(), "success", "exited 0", "1", "0")


@case("X17 policies after SIGINT: 130, killed by INT, 0")
def _(bench):
    for policy, post in (("status", "exited 130"), ("reraise", "killed INT"),
                         ("success", "exited 0")):
        probe = bench.probe(f"--policy={policy}").serve()
        probe.kill("INT")
        state = probe.finish()
        equal((state["Result"], state["post"]), ("success", f"success {post}"), policy)


@case("X17 a stranger's SIGTERM, Restart=on-failure: restarted only without SuccessExitStatus=")
def _(bench):
    restart = {"Restart": "on-failure", "RestartSec": "0.05"}
    listed = bench.probe(service=restart).serve()
    listed.kill("TERM")
    equal(listed.finish()["NRestarts"], "0", "restarts with SuccessExitStatus=")
    bare = bench.probe(service={**restart, **CLEAN}).serve()
    bare.kill("TERM")
    equal(bare.expect("post"), "exit-code exited 143", "first life")
    bare.expect("ready")
    equal(bare.get("NRestarts"), "1", "restarts without")
