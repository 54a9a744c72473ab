#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long psctl takes on a large journal, beside journalctl with the same matches.

usage: bench.py PSCTL

With TESTS=long in the environment: a million entries, 100,000 of them of the library, from 50 units;
otherwise a hundredth of that. The journal is made anew each time. It fails when `psctl history UNIT`
takes longer than `journalctl -o json` of the unit's own records, when `psctl blame` takes longer
than 1.5 times `journalctl -o json` of all our records, or when one needs more than 64 MiB of its own:
what is shown as the peak counts the pages of the journal that are mapped, too.
"""

import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import journals
from journals import Boot, Journal, Life, MS, SECOND

LONG = os.environ.get("TESTS") == "long"
ENTRIES = 1_000_000 if LONG else 10_000
UNITS = 50
# What `_life` writes: begun, exit begun, two records for each of five steps, finished.
PER_LIFE = 13
OURS = ENTRIES // 10
REPEATS = 5
MEMORY_BYTES = 64 << 20


def _life(journal, boot, number):
    unit = number % UNITS
    life = Life(journal, boot, f"bench-{unit:02}.service", 100 + number, 0x1000 + number)
    boot.wait(SECOND)
    life.end(steps=[("terminate", f"step_{step}", (unit + step + 1) * MS) for step in range(4)]
             + [("finish", "remove_sockets", 50)])
    life.finish()


def make(path, ours=OURS):
    """Every life among nine times as many entries of others; returns how many entries there are."""
    journal, boot = Journal(), Boot(1)
    remote = subprocess.Popen([journals.REMOTE, "-o", path, "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lives = ours // PER_LIFE
    for number in range(lives):
        _life(journal, boot, number)
        for other in range(9 * PER_LIFE):
            journal.add(boot, {"_PID": 5000 + other % 40, "_UID": 0, "_COMM": "other",
                               "_SYSTEMD_UNIT": f"other-{other % 40}.service", "PRIORITY": 6,
                               "MESSAGE": f"Line {other} of {number}, as others write them"})
        remote.stdin.write(b"".join(journal.chunks))
        journal.chunks.clear()
    remote.stdin.close()
    if remote.wait() != 0:
        raise SystemExit("the journal could not be made")
    return lives * 10 * PER_LIFE


def limit_memory():
    """Of the process's own; mapped files do not count."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))


def measure(*command, prepare=None):
    """The shortest of some runs, in seconds, and the largest peak, in KiB."""
    best, peak = None, 0
    for _ in range(REPEATS):
        begin = time.monotonic()
        child = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL,
                                 preexec_fn=prepare)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - begin
        if status != 0:
            raise SystemExit(f"{command}: {status}")
        best = seconds if best is None else min(best, seconds)
        peak = max(peak, usage.ru_maxrss)
    return best, peak


def main():
    psctl = sys.argv[1]
    # A sanitizer takes address space as it likes.
    is_sanitized = b"__asan_init" in pathlib.Path(psctl).read_bytes()
    if not journals.REMOTE:
        print("1..0 # SKIP there is no systemd-journal-remote")
        return 0
    with tempfile.TemporaryDirectory(prefix="psctl-bench-", dir="/var/tmp") as directory:
        path = f"{directory}/bench.journal"
        entries = make(path)
        ours = [f"MESSAGE_ID={journals.IDS[kind]}" for kind in
                ("RUN_BEGUN", "EXIT_BEGUN", "STEP_BEGUN", "STEP_DONE", "EXIT_FINISHED")]
        journalctl = ["journalctl", "--directory", directory, "-o", "json"]
        rows = [
            ("history UNIT", [psctl, "--directory", directory, "history", "bench-07"],
             [*journalctl, "PS_UNIT=bench-07.service"], 1.0),
            ("history", [psctl, "--directory", directory, "history"], [*journalctl, *ours], 1.5),
            ("blame UNIT", [psctl, "--directory", directory, "blame", "bench-07"],
             [*journalctl, "PS_UNIT=bench-07.service"], 1.5),
            ("blame", [psctl, "--directory", directory, "blame"], [*journalctl, *ours], 1.5),
        ]
        # What is too large for one file goes to the next.
        files = list(pathlib.Path(directory).glob("*.journal"))
        size = sum(file.stat().st_size for file in files)
        print(f"1..{len(rows)}")
        print(f"# {entries} entries, {entries // 10} of them ours, {UNITS} units, "
              f"{size >> 20} MiB in {len(files)} files")
        failed = 0
        for number, (name, ours_command, theirs_command, most) in enumerate(rows, 1):
            seconds, peak = measure(*ours_command, prepare=None if is_sanitized else limit_memory)
            beside, their_peak = measure(*theirs_command)
            # Of a short journal starting takes most of the time.
            good = not LONG or seconds <= most * beside
            failed += not good
            print(f"{'ok' if good else 'not ok'} {number} - psctl {name}: {seconds * 1000:.0f} ms, "
                  f"{peak >> 10} MiB; journalctl {beside * 1000:.0f} ms, {their_peak >> 10} MiB; "
                  f"ratio {seconds / beside:.2f}, at most {most}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
