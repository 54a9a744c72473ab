# SPDX-License-Identifier: LGPL-2.1-or-later
"""Samples of several programs, taken in turns, and what they come to.

Machines drift: other work comes and goes, clocks change. So the programs of a row take turns in
short rounds, and what is compared are figures of one row of one invocation. A ratio is that of the
medians over all rounds; beside it stands the range in which the middle half of the rounds' own
ratios lies, which says how far to trust it.
"""

import dataclasses
import json
import statistics
import subprocess
import sys


class Missing(Exception):
    """A program that is not here; its message says what to install."""


@dataclasses.dataclass
class Peer:
    """name: as in the table. command: prints samples, a line each. missing: why it is not here."""
    name: str
    command: list
    missing: str = ""


def run_lines(command, environment=None):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, check=False, timeout=600, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stderr}")
    return done.stdout.splitlines()


def interleave(peers, rounds, parse=lambda line: [float(word) for word in line.split()]):
    """Peer name: a list of rounds, each a list of samples, each a list of figures."""
    samples = {peer.name: [] for peer in peers if not peer.missing}
    for number in range(rounds):
        # Nobody always comes after the same one.
        order = peers if number % 2 == 0 else peers[::-1]
        for peer in order:
            if not peer.missing:
                samples[peer.name].append([parse(line) for line in run_lines(peer.command)])
        print(f"\r  round {number + 1} of {rounds} ", end="", file=sys.stderr, flush=True)
    print("\r" + " " * 30 + "\r", end="", file=sys.stderr, flush=True)
    return samples


def column(rounds, at):
    return [[sample[at] for sample in one] for one in rounds]


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def flat(rounds):
    return [value for one in rounds for value in one]


@dataclasses.dataclass
class Figures:
    """What one peer's samples of one quantity come to."""
    count: int
    median: float
    p99: float

    @classmethod
    def of(cls, rounds):
        values = flat(rounds)
        return cls(len(values), statistics.median(values), percentile(values, 0.99))


@dataclasses.dataclass
class Ratio:
    median: float
    low: float
    high: float
    p99: float


def ratio(rounds, other):
    """How much more the one is than the other."""
    of_rounds = [statistics.median(a) / max(statistics.median(b), 1e-9)
                 for a, b in zip(rounds, other) if a and b]
    quarters = statistics.quantiles(of_rounds, n=4, method="inclusive") if len(of_rounds) > 1 else of_rounds * 3
    mine, others = Figures.of(rounds), Figures.of(other)
    return Ratio(mine.median / max(others.median, 1e-9), quarters[0], quarters[2],
                 mine.p99 / max(others.p99, 1e-9))


def save(path, results):
    path.write_text(json.dumps(results, indent=1, default=dataclasses.asdict) + "\n")
