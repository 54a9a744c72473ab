# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example daemon under load, against a bare writer that stores the same lines."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time

from measure import run_lines
from rows import OURS, Row

SECONDS = 3
CLIENTS = 64


def flood(places, directory):
    """Acknowledged lines a second, from when the last client is there until the daemon is gone."""
    example = places.build / "daemon-example"
    socket = directory / "socket"
    environment = {key: value for key, value in os.environ.items() if key != "NOTIFY_SOCKET"}
    with subprocess.Popen([example / "ps-inboxd", f"--listen-unix={socket}",
                           f"--database={directory / 'inbox.db'}"], env=environment,
                          stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as daemon:
        while not socket.exists() and daemon.poll() is None:
            time.sleep(0.01)
        with open(directory / "account", "w+", encoding="ascii") as account, \
                subprocess.Popen([example / "inbox-flood", "bench", str(CLIENTS), "60", socket],
                                 stdout=account, stderr=subprocess.PIPE, text=True) as clients:
            if clients.stderr.readline() != "connected\n":
                raise RuntimeError("inbox-flood cannot reach the daemon")
            begin = time.monotonic()
            time.sleep(SECONDS)
            daemon.send_signal(signal.SIGTERM)
            status = daemon.wait()
            took = time.monotonic() - begin
            clients.communicate()
            account.seek(0)
            acknowledged = sum(not line.startswith("client") for line in account)
        if status != 128 + signal.SIGTERM:
            raise RuntimeError(f"ps-inboxd: status {status}")
        return acknowledged / took


def load(places, quick):
    samples = {OURS: [], "bare writer": []}
    for _ in range(1 if quick else 12):
        with tempfile.TemporaryDirectory(dir=places.bench) as name:
            directory = pathlib.Path(name)
            samples[OURS].append([[flood(places, directory)]])
            line, = run_lines([places.program("bare-writer"), directory / "bare.db", SECONDS])
            samples["bare writer"].append([[float(line)]])
    row = Row("load", "the example under load, 64 clients: acknowledged lines", "1/s",
              note="more is better; the clients share the processors with the daemon, the bare "
                   "writer has no clients")
    row.add(samples)
    row.goal_of_ratio("≥ 0.9 × bare writer", "bare writer", 0.9, at_least=True)
    return [row]
