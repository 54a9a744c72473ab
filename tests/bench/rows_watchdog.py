# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a watchdog ping costs a daemon that does nothing else.

The service manager is a socket of this program, which counts. Figures are of one ping; only what is
counted is compared, and no clock.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import tempfile

from rows import OURS, Row
from rows_rest import switches

INTERVAL_US = 20000
PEERS = {OURS: ["life-ps", "quiet"], "by hand": ["life-hand"], "sd_event_set_watchdog": ["life-sd-event"]}
PING = "WATCHDOG=1"
CREDENTIALS = struct.Struct("=3i")


class Manager:
    """Listens to one daemon, which it ends."""

    def __init__(self, directory, command):
        path = str(pathlib.Path(directory) / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(20)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind(path)
        environment = dict(os.environ, NOTIFY_SOCKET=path, WATCHDOG_USEC=str(INTERVAL_US))
        environment.pop("WATCHDOG_PID", None)
        self.process = subprocess.Popen([str(part) for part in command], env=environment,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.daemon = self.process.pid  # or what it traces, which is who speaks

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        os.kill(self.daemon, signal.SIGTERM)
        self.process.wait(20)
        pathlib.Path(self.socket.getsockname()).unlink()
        self.socket.close()

    def await_pings(self, count):
        while count > 0:
            message, ancillary, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(CREDENTIALS.size))
            self.daemon = CREDENTIALS.unpack(ancillary[0][2])[0]
            count -= message.decode().count(PING)

    def wakeups(self):
        return switches(list(pathlib.Path(f"/proc/{self.daemon}/task").iterdir()))


def wakeups_of(command, count, directory):
    """Whatever wakes it in this time, to a ping."""
    with Manager(directory, command) as manager:
        manager.await_pings(5)
        before = manager.wakeups()
        manager.await_pings(count)
        return (manager.wakeups() - before) / count


def calls_of(command, count, directory):
    """From one ping to the next."""
    trace = pathlib.Path(directory) / "trace"
    with Manager(directory, ["strace", "-f", "-qq", "-o", trace, *command]) as manager:
        manager.await_pings(count)
    lines = [line for line in trace.read_text(encoding="utf-8").splitlines()
             if not re.search(r"resumed>|^\d+ +(---|\+\+\+)", line)]
    pings = [at for at, line in enumerate(lines) if PING in line]
    return statistics.median(after - before for before, after in zip(pings[2:], pings[3:]))


def instructions_of(command, count, directory):
    """What a life with more of them takes that one with fewer does not."""
    totals = []
    for pings in (count, 3 * count):
        out = pathlib.Path(directory) / "callgrind"
        with Manager(directory, ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}",
                                 *command]) as manager:
            manager.await_pings(pings)
        totals.append(int(re.search(r"^totals: (\d+)", out.read_text(encoding="utf-8"), re.MULTILINE)[1]))
    return (totals[1] - totals[0]) / (2 * count)


QUANTITIES = (("wakeups", wakeups_of, None), ("system calls", calls_of, "strace"),
              ("instructions", instructions_of, "valgrind"))


def watchdog(places, quick):
    rows = []
    for what, measure, tool in QUANTITIES:
        if tool and shutil.which(tool) is None:
            continue
        row = Row(f"watchdog-{what}", f"a watchdog ping: {what}", "", short=f"a watchdog ping: {what}")
        with tempfile.TemporaryDirectory(prefix="ps-bench-") as directory:
            row.add({name: [[[measure([places.program(program), *arguments], 10 if quick else 50, directory)]]
                            for _ in range(1 if quick else 3)]
                     for name, (program, *arguments) in PEERS.items()})
        rows.append(row)
    return rows
