# SPDX-License-Identifier: LGPL-2.1-or-later
"""Start, ready, status, watchdog: a daemon's life before its end."""

import pathlib
import time

from tap import case, check, equal


@case("start: `systemctl start` returns when the daemon says ready, with its status")
def _(bench):
    probe = bench.probe("--ready-after=400", "--status=Serving on /run/foo.sock")
    begin = time.monotonic()
    probe.start()
    check(time.monotonic() - begin >= 0.4, "it returned before the daemon was ready")
    state = probe.show()
    equal(state["ActiveState"], "active", "state")
    equal(state["StatusText"], "Serving on /run/foo.sock", "status")


@case("start: while the daemon is not ready the unit is activating")
def _(bench):
    probe = bench.probe("--never-ready")
    probe.begin_start()
    probe.expect("ready")
    equal(probe.get("ActiveState"), "activating", "state")


@case("N12 Type=notify that ends with 0 and never was ready: Result=protocol, ExecStopPost ran")
def _(bench):
    probe = bench.probe("--never-ready", "--on=ready:quit=0")
    check(probe.start(check=False).returncode != 0, "the start did not fail")
    state = probe.finish()
    equal(state["Result"], "protocol", "Result")
    equal(state["post"], "protocol exited 0", "what ExecStopPost saw")


@case("N13 READY comes after the handlers are in place: SIGTERM right after the start is handled")
def _(bench):
    probe = bench.probe("--on=terminate:note")
    probe.start()
    probe.kill("TERM")
    state = probe.finish()
    check("terminate:note" in probe.lines, f"the callback did not run: {probe.lines}")
    equal((state["Result"], state["post"]), ("success", "success exited 143"), "result")


@case("start: SIGTERM after ps_prepare() and before the attach is kept, its sender too")
def _(bench):
    gate = bench.fifo()
    probe = bench.probe("--prepare", f"--on=start:wait={gate.path}", "--on=terminate:note")
    probe.begin_start()
    probe.expect("start:wait")
    probe.kill("TERM")
    # The signal is delivered when PID 1 has answered.
    gate.open()
    probe.expect("terminate:note")
    equal(probe.expect("sender").split()[:3], ["1", "0", "systemd"], "sender")
    probe.expect("returned 143")
    equal(probe.finish()["post"].split()[1:], ["exited", "143"], "end")


@case("start: stopped before it was ready, the daemon ends as at any other time")
def _(bench):
    probe = bench.probe("--never-ready", "--on=terminate:note", "--on=finish:note")
    probe.begin_start()
    probe.expect("ready")
    probe.stop()
    state = probe.finish()
    equal([line for line in probe.lines if line.endswith("note")],
          ["terminate:note", "finish:note"], "callbacks")
    equal((state["Result"], state["post"]), ("success", "success exited 143"), "result")


@case("start: a daemon that empties its environment after ps_prepare() still notifies and pings")
def _(bench):
    probe = bench.probe("--prepare", "--clearenv", "--status=here", service={"WatchdogSec": "2"})
    probe.serve()
    equal(probe.get("StatusText"), "here", "status")
    # Longer than the watchdog's patience; the unit must outlive it.
    time.sleep(4.5)
    state = probe.show()
    equal((state["ActiveState"], state["NRestarts"]), ("active", "0"), "state")
    probe.stop()
    equal(probe.finish()["post"], "success exited 143", "end")
    check(probe.count_messages("STOPPING=1") == 1, f"messages: {probe.messages()}")


@case("start: without an environment ps_prepare() is not optional: a control for the case above")
def _(bench):
    probe = bench.probe("--clearenv", "--status=here", service={"TimeoutStartSec": "1"})
    check(probe.start(check=False).returncode != 0, "ready without NOTIFY_SOCKET?")
    equal(probe.finish()["Result"], "timeout", "Result")


@case("N17 STATUS with line breaks is one line, and forges no other assignment")
def _(bench):
    probe = bench.probe("--never-ready", r"--on=ready:status=first\nREADY=1\nMAINPID=1\nFDSTORE=1\n"
                        r"STOPPING=1\rX=\033[2J\001")
    probe.begin_start()
    probe.expect("ready:status")
    text = probe.await_status("first")
    state = probe.show()
    text = state["StatusText"]
    equal(state["ActiveState"], "activating", "READY=1 was smuggled in")
    equal(state["NFileDescriptorStore"], "0", "stored descriptors")
    equal(pathlib.Path(f"/proc/{state['MainPID']}/comm").read_text(encoding="ascii"),
          "ps-probed\n", "main process")
    check(all(character.isprintable() for character in text), f"control characters: {text!r}")
    for message in probe.messages():
        check("READY=1" not in message and "STOPPING=1" not in message, f"forged: {message}")


@case("N17 STATUS of 64 KiB and with invalid UTF-8 arrives, cut and mended")
def _(bench):
    probe = bench.probe("--on=ready:long-status=65536")
    probe.serve()
    probe.await_status("xxxxxxxx")
    check(len(probe.get("StatusText")) < 65536, "it was not cut")
    other = bench.probe(r"--on=ready:status=before\377\376after")
    other.serve()
    other.await_status("after")
    text = other.get("StatusText")
    check(text.startswith("before") and "\udcff" not in text, f"status {text!r}")


@case("watchdog: pings keep a busy and a quiet daemon alive beyond WatchdogSec=")
def _(bench):
    probes = [bench.probe(*arguments, service={"WatchdogSec": "2"}).serve()
              for arguments in ([], ["--busy"])]
    time.sleep(4.5)
    for probe in probes:
        state = probe.show()
        equal((state["ActiveState"], state["NRestarts"]), ("active", "0"), "state")
        check(probe.count_messages("WATCHDOG=1") >= 3, "hardly any ping")
        probe.stop()
        equal(probe.finish()["post"], "success exited 143", "end")


@case("N11 watchdog: a loop that hangs is not pinged for: Result=watchdog")
def _(bench):
    probe = bench.probe("--on=ready:block", service={"WatchdogSec": "1"})
    probe.serve()
    state = probe.finish()
    equal(state["Result"], "watchdog", "Result")
    equal(state["post"], "watchdog killed ABRT", "what ExecStopPost saw")
