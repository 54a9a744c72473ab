# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Test Anything Protocol, and what our cases are written with.

A case is a function with the decorator @case("N12 what it holds"). Cases run side by side in
threads, for most of them only wait for timers of the service manager; their results come out in
the order in which they were written. A case marked alone=True disturbs the others (it stops the
journal, say) and runs after them, by itself.
"""

import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

CASES = []


class Skip(Exception):
    """The case cannot run here; its text says why, in words that stay the same."""


def case(name, alone=False):
    def register(function):
        CASES.append((name, alone, function))
        return function

    return register


def check(condition, message):
    """Unlike assert it is there under -O too."""
    if not condition:
        raise AssertionError(message)


def equal(got, expected, what):
    check(got == expected, f"{what}: got {got!r}, expected {expected!r}")


def comment(text):
    return "".join(f"# {line}\n" for line in str(text).splitlines())


def run_one(entry, context):
    """Returns TAP lines; `context` is given to the case and may explain a failure."""
    name, _, function = entry
    begin = time.monotonic()
    own = context(name) if context else None
    try:
        if own is None:
            function()
        else:
            function(own)
        verdict = ("ok", "", "")
    except Skip as skip:
        verdict = ("ok", f" # SKIP {skip}", "")
    except BaseException:
        explained = own.explain() if own else ""
        verdict = ("not ok", "", comment(traceback.format_exc() + explained))
    finally:
        if own:
            own.close()
    return *verdict, time.monotonic() - begin


def main(context=None, workers=1, only=""):
    """Runs the registered cases whose name contains `only`; returns the exit status."""
    cases = [entry for entry in CASES if only in entry[0]]
    print(f"1..{len(cases)}", flush=True)
    failed = 0
    with ThreadPoolExecutor(workers) as pool:
        together = {entry[0]: pool.submit(run_one, entry, context)
                    for entry in cases if not entry[1]}
        ordered = [entry for entry in cases if not entry[1]] + [e for e in cases if e[1]]
        for number, entry in enumerate(ordered, 1):
            future = together.get(entry[0])
            word, skip, why, seconds = future.result() if future else run_one(entry, context)
            failed += word != "ok"
            print(f"{word} {number} - {entry[0]}{skip}\n# {seconds:.2f} s\n{why}", end="",
                  flush=True)
    return 1 if failed else 0


def bail_out_to_skip(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)
