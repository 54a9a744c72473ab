# SPDX-License-Identifier: LGPL-2.1-or-later
"""A journal that does not read. The other side of every message a daemon sends may hang.

That of the service manager cannot be frozen here: the kernel does not let anybody stop PID 1 of
the namespace. Messages to it are tested elsewhere, with a NOTIFY_SOCKET that nobody reads.
"""

import contextlib
import itertools
import os
import signal
import socket
import time

import ids
from manager import quiet_manager, run
from tap import case, check, equal


def send_until_full():
    """By one socket; how many it could send."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as flood:
        flood.connect("/run/systemd/journal/socket")
        flood.setblocking(False)
        for sent in itertools.count():
            try:
                flood.send(b"MESSAGE=flood\nPRIORITY=7\n")
            except BlockingIOError:
                return sent


@contextlib.contextmanager
def frozen_journal():
    """journald is stopped, its socket's queue full: whoever sends to it now, blocks."""
    pid = int(run("systemctl", "show", "-P", "MainPID", "systemd-journald.service").stdout)
    run("journalctl", "--sync")
    # PID 1 waits a little at each line that it cannot get rid of.
    with quiet_manager():
        os.kill(pid, signal.SIGSTOP)
        try:
            # Each socket may have so many bytes on their way; the queue is full when a new one's
            # first message finds no room.
            while send_until_full():
                pass
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


@case("J02 a frozen journal with a full queue: the exit is complete, bounded, right", alone=True)
def _(bench):
    probe = bench.probe("--on=terminate:note", "--on=terminate:hold=100",
                        "--on=finish:note").serve()
    with frozen_journal():
        begin = time.monotonic()
        probe.stop()
        took = time.monotonic() - begin
        state = probe.finish()
    equal((state["Result"], state["post"]), ("success", "success exited 143"), "end")
    check({"terminate:note", "terminate:hold=100", "finish:note"} <= set(probe.lines),
          f"trace: {probe.lines}")
    check(took < 10, f"the stop took {took:.1f} s")


@case("J02 records that could not be sent are counted in the last one", alone=True)
def _(bench):
    gate = bench.fifo()
    probe = bench.probe("--on=terminate/-1:note", f"--on=terminate:gate={gate.path}",
                        "--on=finish:note").serve()
    with frozen_journal():
        probe.begin_stop()
        probe.expect("terminate:gate")
    # It reads again; what it has not got by now was dropped.
    run("journalctl", "--sync")
    gate.open()
    equal(probe.finish()["post"], "success exited 143", "end")
    finished = probe.records(ids.MESSAGES["EXIT_FINISHED"])
    equal(len(finished), 1, "last records")
    check(int(finished[0]["PS_RECORDS_LOST"]) >= 1, f"lost: {finished[0]['PS_RECORDS_LOST']}")


@case("J02 a frozen journal does not delay the start either", alone=True)
def _(bench):
    probe = bench.probe("--status=here")
    with frozen_journal():
        begin = time.monotonic()
        probe.start()
        took = time.monotonic() - begin
        equal(probe.get("StatusText"), "here", "status")
    check(took < 10, f"the start took {took:.1f} s")


@case("J01 no journal at all: the exit is complete", alone=True)
def _(bench):
    hidden = {"BindPaths": f"{bench.directory}:/run/systemd/journal", "StandardError": "null",
              "StandardOutput": "null"}
    probe = bench.probe("--on=terminate:note", service=hidden).serve()
    probe.stop()
    equal(probe.finish()["post"], "success exited 143", "end")
    check("terminate:note" in probe.lines, f"trace: {probe.lines}")
