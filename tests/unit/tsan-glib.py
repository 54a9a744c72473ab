#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ThreadSanitizer with tests/harness/tsan-glib.c is quiet about what is right, and about that only.

usage: tsan-glib.py PROBE-WITH PROBE-WITHOUT
"""

import os
import subprocess
import sys

# What ThreadSanitizer ends with when it reported something.
REPORTED = 66
ROUNDS = 5


def run(program, name):
    environment = dict(os.environ, TSAN_OPTIONS=f"exitcode={REPORTED}")
    done = subprocess.run([program, name], env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=60)
    reported = any(f"WARNING: ThreadSanitizer: {what}" in done.stdout
                   for what in ("data race", "heap-use-after-free"))
    wanted = REPORTED if reported else 0
    if done.returncode != wanted:
        sys.exit(f"{program} {name} ended with {done.returncode}, not {wanted}:\n{done.stdout}")
    return reported, done.stdout


def main():
    probe, plain = sys.argv[1:]
    names = subprocess.run([probe], check=True, capture_output=True, text=True).stdout.split()
    right = [name for name in names if not name.startswith("wrong-")]
    wrong = [name for name in names if name.startswith("wrong-")]
    failures = []
    if not right or not wrong:
        sys.exit(f"{probe} names no programs")
    for name in right:
        for _ in range(ROUNDS):
            reported, output = run(probe, name)
            if reported:
                failures.append(f"{name} is correct, and was reported:\n{output}")
                break
    for name in wrong:
        if not any(run(probe, name)[0] for _ in range(ROUNDS)):
            failures.append(f"{name} is a race, and was not reported")
    # What it is good for. Some of the others are not found out in each run.
    for name in ("mutex", "cond", "refcount"):
        if not any(run(plain, name)[0] for _ in range(ROUNDS)):
            failures.append(f"{name} is not reported without tsan-glib either: is it needed?")
    for failure in failures:
        print(failure)
    print(f"{len(right)} correct programs, {len(wrong)} wrong ones, {len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
