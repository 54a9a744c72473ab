# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a case needs of the service manager and of the journal.

Nothing here sleeps to give others time: a case waits for a line of a fifo, for a command, or for
a state that the manager reports.
"""

import contextlib
import itertools
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import threading
import time

UNITS = pathlib.Path("/run/systemd/system")
DIRECTORY = pathlib.Path("/run/ps-test")
PROBED = "/usr/local/bin/ps-probed"

# Generous: a time-out means a failure, and machines are slow at times.
PATIENCE = 40

_numbers = itertools.count(1)
_lock = threading.Lock()


def run(*command, check=True, timeout=PATIENCE, **keywords):
    """Runs a command; its time-out kills with SIGKILL."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=timeout, check=False, **keywords)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: status {done.returncode}\n"
                             f"{done.stdout}{done.stderr}")
    return done


def quote(word):
    """One word of a command line in a unit file."""
    word = str(word).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{word}"'


def wait_until(probe, what, seconds=PATIENCE):
    """For states that only asking tells; returns what the probe returned."""
    end = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


@contextlib.contextmanager
def quiet_manager():
    """PID 1 does not talk as much as our messages() otherwise want; for cases that run alone."""
    run("systemctl", "log-level", "notice")
    try:
        yield
    finally:
        run("systemctl", "log-level", "debug")


def _text(value):
    """journalctl writes what is not fit to print as a list of bytes."""
    if isinstance(value, list) and all(isinstance(byte, int) for byte in value):
        return bytes(value).decode(errors="replace")
    return value


def journal(*matches):
    """The records that match, oldest first, as dictionaries."""
    run("journalctl", "--sync")
    lines = run("journalctl", "-q", "-o", "json", "--all", *matches).stdout.splitlines()
    return [{name: _text(value) for name, value in json.loads(line).items()} for line in lines]


class Fifo:
    """Lines from the daemon, or a byte to it."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path)
        os.chmod(path, 0o666)
        # Both ways, so that it neither blocks nor ends as daemons come and go.
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.buffer = b""

    def open(self):
        os.write(self.fd, b"x")

    def read_line(self, end):
        """The next line; None when there is none by then."""
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            if not ready:
                return None
            self.buffer += os.read(self.fd, 65536)
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode(errors="replace")

    def close(self):
        os.close(self.fd)


class Unit:
    """A unit of the system manager."""

    systemctl = ["systemctl"]
    directory = UNITS

    def __init__(self, name, text=None):
        self.name = name
        self.keeper = f"{name.replace('.', '-').replace('@', '-')}-kept.target"
        if text is not None:
            (UNITS / name).write_text(text, encoding="utf-8")

    def drop_in(self, text):
        """To be called before the unit is loaded."""
        directory = self.directory / f"{self.name}.d"
        directory.mkdir(exist_ok=True)
        (directory / "50-test.conf").write_text(text, encoding="utf-8")

    def call(self, verb, *arguments, check=True):
        return run(*self.systemctl, verb, *arguments, self.name, check=check)

    def keep(self):
        """The manager forgets a unit that ended well, and with it how; not so one that an active
        unit refers to."""
        text = f"[Unit]\nDefaultDependencies=no\nAfter={self.name}\n"
        (self.directory / self.keeper).write_text(text, encoding="utf-8")
        return self

    def start(self, check=True):
        self.keep()
        return self.call("start", self.keeper, check=check)

    def stop(self):
        return self.call("stop")

    def begin_start(self):
        """Does not wait for the job; show() and the trace tell what it does."""
        self.keep()
        return self.call("start", "--no-block", self.keeper)

    def begin_stop(self):
        return self.call("stop", "--no-block")

    def begin_reload(self):
        return self.call("reload", "--no-block")

    def kill(self, signal, whom="main"):
        return self.call("kill", f"--kill-who={whom}", f"--signal={signal}")

    def show(self, *names):
        """Properties as a dictionary; all of them without names."""
        wanted = [f"--property={','.join(names)}"] if names else []
        lines = self.call("show", *wanted).stdout.splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def get(self, name):
        return self.show(name)[name]

    def await_state(self, *states):
        """Until ActiveState is one of them; returns the properties."""
        wait_until(lambda: self.get("ActiveState") in states, f"{self.name} {' or '.join(states)}")
        return self.show()

    def await_status(self, words):
        return wait_until(lambda: words in self.get("StatusText"), f"{words!r} in the status")

    def messages(self):
        """What PID 1 says it was told by the service, each message a list of assignments."""
        found = []
        for record in journal("_PID=1", f"UNIT={self.name}"):
            match = re.match(r".*Got notification message from PID (\d+)[ :]+\(?(.*?)\)?$",
                             record.get("MESSAGE") or "")
            if match:
                found.append(match[2].split(", "))
        return found

    def count_messages(self, assignment):
        return sum(assignment in message for message in self.messages())

    def remove(self):
        self.call("kill", "--signal=KILL", check=False)
        self.call("stop", self.keeper, check=False)
        self.call("reset-failed", check=False)


class Probe(Unit):
    """A unit that runs ps-probed, and tells by its fifo what happens in which order."""

    def __init__(self, bench, *arguments, service=(), post=True, name=None):
        self.lines = []
        self.trace = bench.fifo("trace")
        settings = {
            "Type": "notify",
            "ExecStart": " ".join([PROBED, quote(f"--trace={self.trace.path}"),
                                   *map(quote, arguments)]),
            "SuccessExitStatus": "129 130 143",
            "TimeoutStopSec": "30",
            "LimitCORE": "0",
        }
        if post:
            settings["ExecStopPost"] = ("/bin/sh -c 'echo post $$SERVICE_RESULT $$EXIT_CODE"
                                        f" $$EXIT_STATUS >{self.trace.path}'")
        settings.update(service)
        text = "".join(f"{key}={value}\n" for key, value in settings.items() if value is not None)
        super().__init__(name or bench.name("probe") + ".service", f"[Service]\n{text}")

    def expect(self, beginning, seconds=PATIENCE):
        """Reads the trace until a line begins so; returns the rest of that line."""
        end = time.monotonic() + seconds
        while True:
            line = self.trace.read_line(end)
            if line is None:
                raise AssertionError(f"no line {beginning!r}; the trace: {self.lines}")
            self.lines.append(line)
            if line.startswith(beginning):
                return line[len(beginning):].strip()
            if line.startswith("post ") and not beginning.startswith("post"):
                raise AssertionError(f"over before {beginning!r}; the trace: {self.lines}")

    def drain(self):
        """All lines so far."""
        while (line := self.trace.read_line(0)) is not None:
            self.lines.append(line)
        return self.lines

    def serve(self):
        self.start()
        self.expect("ready")
        return self

    def pid(self):
        return int(self.get("MainPID"))

    def finish(self):
        """Waits for the unit's end; returns its properties. What ExecStopPost= saw is in them too,
        as "post": SERVICE_RESULT, EXIT_CODE and EXIT_STATUS."""
        post = self.expect("post")
        return {**self.await_state("inactive", "failed"), "post": post}

    def records(self, message_id=None):
        """What the library wrote in this life of the unit."""
        matches = [f"PS_INVOCATION_ID={self.get('InvocationID')}"]
        if message_id is not None:
            matches.append(f"MESSAGE_ID={message_id}")
        return journal(*matches)


class Bench:
    """One case's own units, files and fifos; everything is gone when the case is over."""

    build = None
    installed = {}

    def __init__(self, case_name):
        with _lock:
            self.number = next(_numbers)
        self.case_name = case_name
        self.units = []
        self.fifos = []
        self.counter = itertools.count(1)
        self.directory = DIRECTORY / str(self.number)
        self.directory.mkdir(parents=True)

    def name(self, kind):
        return f"ps-{kind}-{self.number}-{next(self.counter)}"

    def fifo(self, kind="gate"):
        fifo = Fifo(self.directory / f"{kind}-{next(self.counter)}")
        self.fifos.append(fifo)
        return fifo

    def adopt(self, unit):
        self.units.append(unit)
        return unit

    def probe(self, *arguments, **keywords):
        return self.adopt(Probe(self, *arguments, **keywords))

    def unit(self, name, text=None):
        return self.adopt(Unit(name, text))

    def shell(self, script, **settings):
        """A unit that runs a script of the shell, once it is started."""
        path = self.directory / f"script-{next(self.counter)}"
        path.write_text(script, encoding="utf-8")
        text = "".join(f"{key}={value}\n" for key, value in settings.items())
        return self.unit(self.name("shell") + ".service",
                         f"[Service]\nType=exec\nExecStart=/bin/sh {path}\n{text}")

    def explain(self):
        """For a failure: the units' states, their traces and their journal."""
        text = ""
        for unit in self.units:
            text += f"\n--- {unit.name}\n"
            state = unit.call("show", "-p", "ActiveState,SubState,Result,ExecMainCode,"
                              "ExecMainStatus,StatusText,NRestarts", check=False).stdout
            text += " ".join(state.split("\n")) + "\n"
            if isinstance(unit, Probe):
                text += f"trace: {unit.drain()}\n"
            run("journalctl", "--sync", check=False)
            text += run("journalctl", "-q", "-n", "60", "-o", "short-precise", "--no-hostname",
                        f"_SYSTEMD_UNIT={unit.name}", "+", f"UNIT={unit.name}", "+",
                        f"PS_UNIT={unit.name}", check=False).stdout
        return text

    def close(self):
        for unit in self.units:
            unit.remove()
        for fifo in self.fifos:
            fifo.close()
        shutil.rmtree(self.directory, ignore_errors=True)
