#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Journals that are damaged: bytes turned over, the end missing, no journal at all.

usage: damaged.py PSCTL [WORDS-IN-THE-NAME-OF-A-CASE]

With TESTS=long in the environment there are more of them, and bytes at more places.
"""

import json
import os
import random
import sys

import journals
import psctl
from psctl import case, check, equal

LONG = os.environ.get("TESTS") == "long"
FLIPS = 3000 if LONG else 60
CUTS = 400 if LONG else 12
VERBS = (["history", "--json"], ["show", "maild"], ["blame", "--json"], ["history", "maild"])

# As documented: done, failed, nothing found, not allowed, done in part. Nothing else.
ALLOWED = {0, 1, 3, 5}


def survive(bench, path, *where):
    """Every verb ends by itself, with a status that is documented, and prints what is JSON."""
    statuses = set()
    for verb in VERBS:
        done = bench.run("--file", path, *verb, timeout=10)
        check(done.returncode in ALLOWED, f"{where}: {verb} ended with {done.returncode}: "
              f"{done.stderr.decode(errors='replace')}")
        for line in done.stdout.decode().splitlines() if "--json" in verb else ():
            json.loads(line)
        check(done.returncode not in (1, 5) or done.stderr, f"{where}: {verb} says nothing")
        statuses.add(done.returncode)
    return statuses


def damage(bench, name, change, count):
    """Damaged copies, each read by every verb; returns how often which status came."""
    whole = bench.journal(journals.golden()).read_bytes()
    path = bench.directory / "damaged.journal"
    counts = {}
    for number in range(count):
        chance = random.Random(f"{name} {number}")
        path.write_bytes(change(bytearray(whole), chance, number))
        for status in survive(bench, path, name, number):
            counts[status] = counts.get(status, 0) + 1
    print(f"# {name}: {count} journals, statuses {dict(sorted(counts.items()))}")
    return counts


def used_bytes(data):
    """Where the objects end; behind them there is nothing but zeros."""
    return len(data.rstrip(b"\0"))


def filled_places(bench):
    """Behind the header; most of a journal is the free places of its hash tables."""
    data = bench.journal(journals.golden()).read_bytes()
    return [place for place in range(208, len(data)) if data[place]]


@case(f"K01 {FLIPS} journals with a byte turned over, in objects")
def _(bench):
    filled = filled_places(bench)

    def flip(data, chance, _):
        data[chance.choice(filled)] ^= chance.randrange(1, 256)
        return data

    damage(bench, "a byte of an object", flip, FLIPS)


@case("K01 bytes of the header turned over")
def _(bench):
    def flip(data, chance, number):
        # One of each field; with TESTS=long all of them.
        data[number % 256 if LONG else number % 64 * 4] ^= chance.randrange(1, 256)
        return data

    damage(bench, "a byte of the header", flip, 1024 if LONG else 64)


@case(f"K01 {FLIPS // 3} journals with a block of random bytes, or of zeros")
def _(bench):
    filled = filled_places(bench)

    def overwrite(data, chance, number):
        begin = chance.choice(filled)
        length = min(chance.choice((8, 64, 512, 4096)), len(data) - begin)
        data[begin:begin + length] = bytes(length) if number % 2 else chance.randbytes(length)
        return data

    damage(bench, "a block", overwrite, FLIPS // 3)


@case(f"K01 {CUTS} journals whose end is missing: what is left is read, and it is said")
def _(bench):
    whole = bench.journal(journals.golden())
    lives = len(bench.text("--file", whole, "history", "--json").splitlines())
    used = used_bytes(whole.read_bytes())

    def cut(data, _, number):
        return data[:used * (number + 1) // (CUTS + 1)]

    counts = damage(bench, "the end", cut, CUTS)
    check(counts.get(5), f"statuses {counts}")
    path = bench.directory / "damaged.journal"
    path.write_bytes(whole.read_bytes()[:used - 1])
    done = bench.run("--file", path, "history", "--json")
    equal(done.returncode, 5, f"status: {done.stderr}")
    check(b"is missing" in done.stderr, done.stderr)
    check(0 < len(done.stdout.splitlines()) <= lives, f"{done.stdout} of {lives}")


@case("K01 beside a damaged journal the others are read, and it is said")
def _(bench):
    path = bench.journal(journals.golden(), "sound.journal")
    whole = bench.text("--file", path, "history")
    for name, content in (("text", b"this is no journal\n" * 100), ("empty", b""),
                          ("header", path.read_bytes()[:100]), ("cut", path.read_bytes()[:5000])):
        other = bench.directory / "damaged.journal"
        other.write_bytes(content)
        for where in (["--directory", bench.directory], ["--file", bench.directory / "*.journal"]):
            done = bench.run(*where, "history")
            equal((done.returncode, done.stdout.decode()), (5, whole), f"{name}: {done.stderr}")
            check(b"damaged.journal" in done.stderr, done.stderr)


@case("K01 a fifo, a directory, a device in the place of a journal")
def _(bench):
    fifo = bench.directory / "fifo.journal"
    os.mkfifo(fifo)
    (bench.directory / "directory.journal").mkdir()
    for path in (fifo, bench.directory / "directory.journal", "/dev/null", "/dev/zero"):
        equal(survive(bench, path, path), {1}, f"status for {path}")


if __name__ == "__main__":
    sys.exit(psctl.main())
