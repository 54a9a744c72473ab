# SPDX-License-Identifier: LGPL-2.1-or-later
"""ps-inboxd as a process under test, and a client to talk to it.

A case gets a Bench: a directory of its own, and the daemons and clients that it starts; what is
left of them is ended after the case. Everything that waits has a time-out, and none of them is a
way to let others get ahead: readiness is the daemon's READY=1, progress is an answer.
"""

import contextlib
import os
import pathlib
import re
import resource
import select
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/systemd"))

from tap import Skip, case, check, equal, main  # noqa: E402  pylint: disable=unused-import

BUILD = pathlib.Path(os.environ["INBOXD_BUILD"])
INBOXD = BUILD / "ps-inboxd"
SEND = BUILD / "ps-inbox-send"
PSCTL = BUILD.parent / "tools" / "psctl"
# Such as "valgrind -q --error-exitcode=99".
WRAPPER = shlex.split(os.environ.get("INBOXD_WRAPPER", ""))
PATIENCE = 60
# How much more memory the daemon may take: valgrind keeps what was freed.
OVERHEAD = 8 if WRAPPER else 1

# Whatever ran us may ignore these (nohup, a shell's background), and the daemon would keep to it.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

# The sockets of a service manager begin at descriptor 3, and their variables name our own pid.
ACTIVATE = """
import os, sys
fds = [int(fd) for fd in sys.argv[1].split(",")]
high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i)
    os.close(fd)
os.environ.update(LISTEN_FDS=str(len(fds)), LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


class Client:
    """A connection that keeps count of nothing: it sends bytes and reads answers."""

    def __init__(self, address):
        family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(address)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def send_until_stalled(self, line, limit, seconds=1):
        """Sends a line over and over until nothing is taken for a while; returns how many bytes
        were, which must be less than `limit`."""
        self.socket.setblocking(False)
        data = line * (65536 // len(line) + 2)
        total = 0
        while select.select([], [self.socket], [], seconds)[1]:
            total += self.socket.send(data[total % len(line):])
            check(total < limit, f"{total} bytes are taken, though there is no room")
        self.socket.settimeout(PATIENCE)
        return total

    def no_more(self):
        self.socket.shutdown(socket.SHUT_WR)

    def answer(self):
        """The next answer; None at the end."""
        while b"\n" not in self.buffer:
            data = self.socket.recv(1 << 16)
            if not data:
                equal(self.buffer, b"", "what comes after the last answer")
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def answers(self, count=None):
        """So many answers, or all until the end."""
        data = self.buffer.split(b"\n")
        self.buffer = b""
        while count is None or len(data) - 1 < count:
            more = self.socket.recv(1 << 16)
            if not more:
                check(count is None, f"the end after {len(data) - 1} of {count} answers")
                equal(data[-1], b"", "what comes after the last answer")
                break
            rest = (data.pop() + more).split(b"\n")
            data += rest
        done = len(data) - 1 if count is None else count
        self.buffer = b"\n".join(data[done:])
        return [line.decode() for line in data[:done]]

    def ask(self, line):
        self.send(line.encode() + b"\n")
        return self.answer()

    def close(self):
        self.socket.close()


class Daemon:
    """One ps-inboxd."""

    def __init__(self, bench, *arguments, env=None, sockets=(), prefix=()):
        self.bench = bench
        self.said = []
        self.errors = bench.path / f"errors-{len(bench.things)}"
        self.notify_path = bench.path / f"notify-{len(bench.things)}"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(self.notify_path))
        command = [*prefix, *WRAPPER, str(INBOXD), *map(str, arguments)]
        if sockets:
            fds = ",".join(str(s.fileno()) for s in sockets)
            command = [sys.executable, "-c", ACTIVATE, fds, shutil.which(command[0]), *command[1:]]
        environment = {key: value for key, value in os.environ.items()
                       if key not in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "JOURNAL_STREAM")}
        # Freed memory is kept back for less long, so that memory can be measured there too.
        environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"
        environment.update({"NOTIFY_SOCKET": str(self.notify_path), "LC_ALL": "C.UTF-8"},
                           **(env or {}))
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=errors, pass_fds=[s.fileno() for s in sockets])
        bench.things.append(self)

    def error_text(self):
        return self.errors.read_text(errors="replace")

    def wait_for(self, pattern, seconds=PATIENCE):
        """Reads what the daemon tells the service manager until it matches; returns the match."""
        end = time.monotonic() + seconds
        while True:
            for text in self.said:
                found = re.search(pattern, text, re.M)
                if found:
                    return found
            left = end - time.monotonic()
            ready = select.select([self.notify], [], [], min(max(left, 0), 0.2))[0]
            if ready:
                self.said.append(self.notify.recv(1 << 16).decode())
            elif left <= 0 or self.process.poll() is not None:
                raise AssertionError(f"never said {pattern!r}: {self.said}\n{self.error_text()}")

    def forget(self):
        self.said.clear()

    def ready(self):
        self.wait_for("^READY=1")
        return self

    def tcp(self):
        return ("127.0.0.1", int(self.wait_for(r"^STATUS=.*127\.0\.0\.1:(\d+)")[1]))

    def send_signal(self, number):
        self.process.send_signal(number)

    def reload(self):
        """Sends SIGHUP; returns what is said at the end of the reload."""
        self.forget()
        self.send_signal(signal.SIGHUP)
        self.wait_for("^RELOADING=1")
        self.forget_before("^RELOADING=1")
        return self.wait_for("^READY=1").string

    def forget_before(self, pattern):
        while not re.search(pattern, self.said[0], re.M):
            self.said.pop(0)

    def wait(self):
        """The wait status as Python gives it: negative for a signal."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"does not end\n{self.error_text()}") from None

    def stop(self, number=signal.SIGTERM):
        self.send_signal(number)
        return self.wait()

    def resident(self):
        """Bytes of memory."""
        text = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text()
        return int(text.split()[1]) * resource.getpagesize()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.notify.close()


class Bench:
    """What a case works with."""

    def __init__(self, name):
        self.name = name
        self.things = []
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="inboxd-"))
        self.database = self.path / "inbox.db"
        self.unix = self.path / "inbox.sock"
        self.config = self.path / "inboxd.conf"

    def write_config(self, text):
        """As an editor does it: whole or not at all."""
        new = self.path / "new.conf"
        new.write_text(text)
        new.rename(self.config)

    def daemon(self, *arguments, config="", **keywords):
        """Listening on a Unix socket, and ready."""
        self.write_config(config)
        return Daemon(self, f"--config={self.config}", f"--database={self.database}",
                      f"--listen-unix={self.unix}", *arguments, **keywords).ready()

    def fails(self, *arguments, **keywords):
        """The exit status of a daemon that does not get to run, and what it says."""
        daemon = Daemon(self, *arguments, **keywords)
        status = daemon.wait()
        daemon.notify.setblocking(False)
        try:
            told = daemon.notify.recv(1 << 16).decode()
        except BlockingIOError:
            told = ""
        check("READY=1" not in told, f"it says that it is ready: {told}")
        return status, daemon.error_text()

    def client(self, address=None):
        client = Client(address or str(self.unix))
        self.things.append(client)
        return client

    def query(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.database, timeout=PATIENCE)) as database:
            return database.execute(sql, values).fetchall()

    def lines(self):
        """What is stored, in the order of the row ids."""
        return [line for (line,) in self.query("SELECT line FROM inbox ORDER BY id")]

    def explain(self):
        return "".join(f"{thing.error_text()}\n" for thing in self.things
                       if isinstance(thing, Daemon))

    def close(self):
        for thing in self.things:
            thing.close()
        shutil.rmtree(self.path)


def count_ok(answers):
    return sum(answer.startswith("ok ") for answer in answers)
