# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rows of the table: who is measured, against whom, and the goal."""

import dataclasses
import os
import pathlib
import shutil
import subprocess

from measure import Figures, Peer, column, interleave, ratio, run_lines

HERE = pathlib.Path(__file__).resolve().parent
OURS = "libpostscriptum"
HAND_TELLING = "by hand, telling steps"


@dataclasses.dataclass
class Goal:
    """value: what is measured for it, in the goal's own unit."""
    text: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self):
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclasses.dataclass
class Row:
    """figures: of each peer by name, in unit. ratios: of ours to a peer's. goals: (see Goal)."""
    key: str
    title: str
    unit: str
    figures: dict = dataclasses.field(default_factory=dict)
    ratios: dict = dataclasses.field(default_factory=dict)
    goals: list = dataclasses.field(default_factory=list)
    missing: list = dataclasses.field(default_factory=list)
    note: str = ""
    short: str = ""  # for pictures
    curves: dict = dataclasses.field(default_factory=dict)

    def add(self, samples, at=0, scale=1.0):
        """Takes the figures, and compares ours with everybody's."""
        rounds = {name: [[value * scale for value in one] for one in column(taken, at)]
                  for name, taken in samples.items()}
        for name, values in rounds.items():
            self.figures[name] = Figures.of(values)
            if name != OURS and OURS in rounds:
                self.ratios[name] = ratio(rounds[OURS], values)
        return rounds

    def goal_of_ratio(self, text, peer, limit, which="median", at_least=False):
        self.goals.append(Goal(text, getattr(self.ratios[peer], which), limit, at_least))


class Places:
    """Where things are, and which peers are here."""

    def __init__(self, build, modules, roots=()):
        self.roots = roots  # of other releases
        self.build = pathlib.Path(build)
        self.bench = self.build / "tests/bench"
        self.modules = modules

    def program(self, name):
        return self.bench / name

    def life(self, name, program, before, *after):
        """A peer that lives: COMMAND before it, its own arguments after it."""
        command, missing = [self.program(program)], ""
        if program == "life-uv" and not command[0].exists():
            missing = "libuv1-dev is not installed"
        elif program == "life-python":
            command = ["/usr/bin/python3", HERE / "life-python.py"]
        elif program == "life-signal-exit":
            command = ["node", HERE / "life-signal-exit.mjs"]
            if shutil.which("node") is None:
                missing = "node is not installed"
            elif "stay" not in after and not self.modules:
                missing = "npm package signal-exit is not installed"
        return Peer(name, [self.program("lives"), *before, *command, *after], missing)


def missing_of(peers):
    return [f"{peer.name}: {peer.missing}" for peer in peers if peer.missing]


# --- Lives: latency, exit, start -----------------------------------------------------------------

def latency(places, quick):
    count = 50 if quick else 200
    peers = [places.life(name, program, ["stay", count], "stay") for name, program in (
        (OURS, "life-ps"), ("GLib", "life-glib"), ("sigaction", "life-raw"),
        ("signalfd + epoll", "life-signalfd"), ("sd-event", "life-sd-event"),
        ("libuv", "life-uv"), ("CPython signal", "life-python"),
        ("node process.on", "life-signal-exit"))]
    row = Row("latency", "signal sent → first callback, idle loop, warm", "µs",
              missing=missing_of(peers))
    row.add(interleave(peers, 3 if quick else 12), scale=1e-3)
    row.goal_of_ratio("p50 ≤ 1.05 × GLib", "GLib", 1.05)
    row.goal_of_ratio("p99 ≤ 1.05 × GLib", "GLib", 1.05, "p99")
    return [row]


def latency_busy(places, quick):
    count = 30 if quick else 100
    peers = [places.life(name, program, ["stay", count], "stay", 10000)
             for name, program in ((OURS, "life-ps"), ("GLib", "life-glib"))]
    row = Row("latency-busy", "the same, 10,000 other sources always ready", "µs")
    row.add(interleave(peers, 3 if quick else 12), scale=1e-3)
    row.goal_of_ratio("p99 ≤ 1.1 × GLib", "GLib", 1.1, "p99")
    return [row]


def exit_goals(row):
    """Against one that does the same, and one that says less."""
    row.goal_of_ratio("≤ 1.15 × by hand, telling steps (which does the same)", HAND_TELLING, 1.15)
    row.goal_of_ratio("≤ 1.15 × by hand (which tells no steps)", "by hand", 1.15)


def lives(places, quick):
    count = 5 if quick else 15
    peers = [places.life(name, program, [count], *after) for name, program, *after in (
        (OURS, "life-ps"), ("by hand", "life-hand"),
        (HAND_TELLING, "life-hand", "steps"),
        ("libpostscriptum, no records", "life-ps", "quiet"),
        ("GLib", "life-glib"), ("GLib linked to libsystemd", "life-glib-linked"),
        ("sigaction", "life-raw"), ("signalfd + epoll", "life-signalfd"),
        ("sd-event", "life-sd-event"), ("libuv", "life-uv"),
        ("CPython atexit", "life-python"), ("signal-exit (npm)", "life-signal-exit"))]
    samples = interleave(peers, 3 if quick else 20)
    missing = missing_of(peers)
    start = Row("start", "process start → READY", "µs", missing=missing)
    start.add(samples, 0, 1e-3)
    start.goal_of_ratio("≤ 1.10 × by hand", "by hand", 1.10)
    cold = Row("latency-cold", "signal sent → first callback in a fresh process, STOPPING and the "
               "first record before it where there are such", "µs", missing=missing,
               short="signal → first callback, in a fresh process")
    cold.add(samples, 1, 1e-3)
    exits = Row("exit", "SIGTERM → process reaped, whole exit with STOPPING, records, 10 callbacks",
                "µs", missing=missing, short="SIGTERM → reaped")
    exits.add(samples, 2, 1e-3)
    exit_goals(exits)
    return [start, cold, exits]


def wills(places, quick):
    """Both make three files and remove them; ours writes down beforehand that it will."""
    count = 5 if quick else 15
    peers = [places.life(name, program, [count], *after) for name, program, *after in (
        (OURS, "life-ps", "will"), (HAND_TELLING, "life-hand", "steps", "will"),
        ("by hand", "life-hand", "will"), ("GLib", "life-glib"))]
    row = Row("exit-will", "the same with a run record and a will of 3 clauses, without sync", "µs")
    row.add(interleave(peers, 3 if quick else 20), 2, 1e-3)
    exit_goals(row)
    return [row]


# --- Callbacks -----------------------------------------------------------------------------------

CALLBACK_PEERS = ((OURS, "ps"), ("sd_event_add_exit", "sd-event"), ("g_idle_add", "g-idle"),
                  ("atexit", "atexit"), ("on_exit", "on-exit"))
OPERATIONS = {"register": "to register", "duplicate": "to find a duplicate",
              "remove": "to remove", "run": "to run"}


def callback_samples(places, count, rounds):
    peers = [Peer(name, [places.program("callbacks"), peer, count])
             for name, peer in CALLBACK_PEERS]
    return interleave(peers, rounds, lambda line: (line.split()[0], float(line.split()[1])))


def callbacks(places, quick):
    count = 100000 if quick else 1000000
    samples = callback_samples(places, count, 2 if quick else 7)
    rows = []
    for operation, words in OPERATIONS.items():
        row = Row(f"callback-{operation}", f"{count:,} callbacks, each: {words}", "ns")
        row.add({name: [[[value] for key, value in one if key == operation] for one in taken]
                 for name, taken in samples.items()
                 if any(key == operation for key, _ in taken[0])})
        limit = {"register": 60, "run": 20}.get(operation)
        if limit:
            row.goals.append(Goal(f"≤ {limit} ns", row.figures[OURS].median, limit))
        for peer in ("sd_event_add_exit", "g_idle_add"):
            if peer in row.ratios:
                row.goal_of_ratio(f"≤ {peer}", peer, 1.0)
        rows.append(row)
    return rows


# --- Exits that take time, and by force ----------------------------------------------------------

def without_waiting(samples):
    """Of figures with the time in them that a process was ready and others ran: what is left."""
    return {name: [[[time - waited] for time, waited in one] for one in rounds]
            for name, rounds in samples.items()}


def late_rows(key, title, samples, goal, which, note=""):
    """How late it was, in ms; and how late without what it waited for a processor."""
    rows = [Row(key, title, "ms", note=note),
            Row(f"{key}-own", "the same, but for the time in which it waited for a processor", "ms")]
    for row, taken in zip(rows, (samples, without_waiting(samples))):
        row.add(taken, scale=1e-6)
        row.goals.append(Goal(goal, getattr(row.figures[OURS], which), 5))
    return rows


def exits(places, quick):
    program = places.program("exits")
    forced = interleave([Peer(OURS, [program, "forced", 10]),
                         Peer("a timer by hand", [program, "forced-hand", 10])], 2 if quick else 15)
    holds = interleave([Peer(OURS, [program, "holds", 1000]),
                        Peer("GLib's timeouts alone", [program, "holds-glib", 1000])], 5 if quick else 30)
    phases = Row("phases", "20 phases of 10 steps of 1 to 30 ms, makespan / critical path", "×")
    taken = [[[float(a) / float(b)]] for seed in range(5 if quick else 30)
             for a, b in [run_lines([program, "phases", seed])[0].split()]]
    phases.add({OURS: taken})
    phases.goals.append(Goal("≤ 1.02", phases.figures[OURS].median, 1.02))
    return [*late_rows("forced", "forced exit of a loop that hangs, beyond its deadline of 100 ms",
                       forced, "p99 ≤ 5 ms", "p99"),
            *late_rows("holds", "1,000 steps of 100 ms in one phase, beyond the critical path",
                       holds, "≤ 5 ms", "median", "called one after the other they take 100 s"),
            phases]


def crash(places, quick):
    program = places.program("exits")
    count = 10 if quick else 30
    bare, with_thread = "no handler", "no handler, but GLib's thread for signals"
    samples = interleave([Peer(OURS, [program, "crash", count]),
                          Peer(bare, [program, "crash-bare", count]),
                          Peer(with_thread, [program, "crash-glib", count])], 2 if quick else 12)
    told = Row("crash-told", "fault → record received", "µs")
    told.add({OURS: samples[OURS]}, 0, 1e-3)
    told.goals.append(Goal("p50 ≤ 100 µs", told.figures[OURS].median, 100))
    reaped = Row("crash-reaped", "fault → reaped", "µs")
    reaped.add({OURS: [[one[1:] for one in taken] for taken in samples[OURS]],
                bare: samples[bare], with_thread: samples[with_thread]}, 0, 1e-3)
    reaped.goal_of_ratio("≤ 1.4 × no handler", bare, 1.4)
    return [told, reaped]


# --- At rest -------------------------------------------------------------------------------------

def private_kib(pid):
    """What no other process shares with it."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_"))


def at_rest(command):
    """Starts it and yields it when it has come to rest."""
    environment = {key: value for key, value in os.environ.items() if key != "NOTIFY_SOCKET"}
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE,
                               env=environment)
    if process.stdout.readline() != b"ready\n":
        raise RuntimeError(f"{command[0]} is not ready")
    while (pathlib.Path(f"/proc/{process.pid}/wchan").read_text(encoding="ascii") or "0") == "0":
        pass
    return process


def memory(places, quick):
    """Two of each run, so that what can be shared is."""
    names = {OURS: ["life-ps", "quiet"], "by hand": ["life-hand"], "GLib": ["life-glib"],
             "GLib linked to libsystemd": ["life-glib-linked"],
             "sd-event": ["life-sd-event"],
             "sigaction": ["life-raw"]}
    samples = {name: [] for name in names}
    for _ in range(3 if quick else 15):
        for name, (program, *arguments) in names.items():
            two = [at_rest([places.program(program), *arguments]) for _ in range(2)]
            samples[name].append([[private_kib(two[0].pid)]])
            for process in two:
                process.kill()
                process.communicate()
    row = Row("memory", "private memory at rest", "KiB")
    row.add(samples)
    more = {peer: row.figures[OURS].median - row.figures[peer].median for peer in
            ("GLib", "GLib linked to libsystemd", "by hand")}
    row.goals.append(Goal("≤ 64 KiB more than GLib", more["GLib"], 64))
    row.note = "; ".join(f"{value:+.0f} KiB against {peer}" for peer, value in more.items())
    return [row, size(places)]


def size(places):
    row = Row("size", "the library, stripped", "KiB")
    stripped = places.bench / "stripped.so"
    subprocess.run(["strip", "-o", stripped, places.build / "lib/libpostscriptum.so.0.1.0"],
                   check=True)
    row.add({OURS: [[[stripped.stat().st_size / 1024]]]})
    row.goals.append(Goal("≤ 150 KiB", row.figures[OURS].median, 150))
    return row
