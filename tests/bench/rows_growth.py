# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cost against size. Of some runs the quickest counts: other work on the machine only ever adds."""

import importlib.util
import math
import os
import subprocess
import sys
import tempfile

from measure import run_lines
from rows import CALLBACK_PEERS, HERE, OPERATIONS, OURS, Goal, Row

SIZES = (1000, 10000, 100000, 1000000)
# From one size to one ten times as large: what n log n comes to, and the caches that no longer
# hold it.
CACHES = 2.5


def quickest(times):
    return {name: min(one[name] for one in times) for name in times[0]}


def of_callbacks(places, peer, count, runs):
    """Operation: ns for all of them."""
    times = quickest([dict((line.split()[0], float(line.split()[1])) for line in run_lines(
        [places.program("callbacks"), peer, count])) for _ in range(runs)])
    halved = {"remove"} | ({"run"} if peer not in ("atexit", "on-exit") else set())
    return {name: value * count * (0.5 if name in halved else 1) for name, value in times.items()}


def of_exits(places, what, count, runs):
    """"register", "exit" or "open": ns."""
    return quickest([dict((line.split()[0], float(line.split()[1])) for line in run_lines(
        [places.program("growth"), what, count])) for _ in range(runs)])


# What: the sizes of it that are of use, and what each figure is called.
EXITS = {
    "holds": (SIZES, {"exit": "holds in an exit"}),
    "phases": (SIZES[:3], {"exit": "phases in an exit"}),
    "wills": ((100, 1000, 10000), {"register": "clauses of a will, to register",
                                   "exit": "clauses of a will, to carry out"}),
    "runs": ((10, 100, 1000), {"open": "a record of so many runs, to open"}),
}


def journal_maker():
    """That of psctl's own benchmark, which is of the same name as ours."""
    tools = HERE.parent / "tools"
    sys.path.append(str(tools))
    spec = importlib.util.spec_from_file_location("psctl_bench", tools / "bench.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def processor_ns(command):
    """What a program takes of the processors' time."""
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise RuntimeError(f"{command}: {status}")
    return (usage.ru_utime + usage.ru_stime) * 1e9


def of_journals(places, sizes, runs):
    """Title: peer: points, for journals in which a tenth of the entries is of the library."""
    psctl, maker, taken = places.build / "tools/psctl", journal_maker(), {}
    if not maker.journals.REMOTE:
        return {}
    ids = [f"MESSAGE_ID={maker.journals.IDS[kind]}" for kind in
           ("RUN_BEGUN", "EXIT_BEGUN", "STEP_BEGUN", "STEP_DONE", "EXIT_FINISHED")]
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="journal-", dir=places.bench) as directory:
            entries = maker.make(f"{directory}/bench.journal", size // 10)
            theirs = ["journalctl", "--directory", directory, "-o", "json", *ids]
            for verb in ("history", "blame"):
                peers = taken.setdefault(f"entries of a journal, psctl {verb}", {})
                for name, command in ((OURS, [psctl, "--directory", directory, verb]),
                                      ("journalctl -o json", theirs)):
                    peers.setdefault(name, []).append(
                        (entries, min(processor_ns(command) for _ in range(runs))))
    return taken


def fit(points):
    """The factor of n log n that is nearest to the points, each counting the same."""
    return math.exp(sum(math.log(ns / (n * math.log2(n))) for n, ns in points) / len(points))


def exponent(points):
    """The steepest rise from one size to the next: 1 is linear, n log n is a little more."""
    return max(math.log(b[1] / a[1]) / math.log(b[0] / a[0]) for a, b in zip(points, points[1:]))


def curves(places, quick):
    """Title: peer: points (n, ns)."""
    sizes = SIZES[:2] if quick else SIZES
    taken = {}
    for size in sizes:
        runs = 2 if quick else 5 if size < 1000000 else 3
        for name, peer in CALLBACK_PEERS:
            for operation, ns in of_callbacks(places, peer, size, runs).items():
                taken.setdefault(f"callbacks {OPERATIONS[operation]}", {}).setdefault(
                    name, []).append((size, ns))
    for what, (its_sizes, titles) in EXITS.items():
        for size in its_sizes[:2] if quick else its_sizes:
            runs = 1 if what == "runs" else 3
            for name, ns in of_exits(places, what, size, runs).items():
                taken.setdefault(titles[name], {}).setdefault(OURS, []).append((size, ns))
    return taken | of_journals(places, sizes, 3)


def growth(places, quick):
    row = Row("growth", "steepest rise of cost with size, as a power of it (1: linear)", "power")
    row.curves = curves(places, quick)
    for title, peers in row.curves.items():
        rises = {peer: exponent(points) for peer, points in peers.items()}
        row.add({f"{title}: {peer}": [[[rise]]] for peer, rise in rises.items()})
        n, last = peers[OURS][-1]
        first_n, first = peers[OURS][0]
        of_n_log_n = n * math.log2(n) / (first_n * math.log2(first_n))
        row.goals.append(Goal(f"{title}, {first_n:,} → {n:,}: ≤ {CACHES} × n log n",
                              last / first / of_n_log_n, CACHES))
    return [row]
