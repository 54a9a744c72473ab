# SPDX-License-Identifier: LGPL-2.1-or-later
"""How many instructions the main paths take, as callgrind counts them.

Of each path two figures: those of the library's own code ("own"), which are the compiler's affair
only, and all of them ("all"), with what GLib, libc and libsystemd do for it.
"""

import collections
import os
import pathlib
import re
import subprocess
import tempfile

PLAYS = ("callbacks", "exit", "told")
LIBRARY = "libpostscriptum.so"
# Nothing of the caller's: its length is walked through, and meson has malloc() fill what it gives.
ENVIRONMENT = {"PATH": os.environ.get("PATH", "/usr/bin"), "LC_ALL": "C.UTF-8"}


class Names:
    """callgrind writes a name once, as "(3) name", and "(3)" from then on."""

    def __init__(self):
        self.names = {}

    def expand(self, text):
        number, _, name = text.partition(" ")
        if name:
            self.names[number] = name
        return self.names.get(number, text)


def read_costs(path):
    """What the counts are for, and the cost of each (object, function) without what it calls."""
    costs, objects, functions = collections.Counter(), Names(), Names()
    trigger, where, function, is_call = "", "", "", False
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        key, equals, value = line.partition("=")
        if line.startswith("desc: Trigger: Client Request: "):
            trigger = line.rpartition(": ")[2]
        elif equals and key == "ob":
            where = objects.expand(value)
        elif equals and key == "fn":
            function = functions.expand(value)
        elif equals and key == "cob":
            objects.expand(value)
        elif equals and key == "cfn":
            functions.expand(value)
        elif equals and key == "calls":
            is_call = True
        elif re.match(r"[0-9+*-]", line):
            if not is_call:  # the line after a call is what the called one cost
                costs[(where, function)] += int(line.split()[1])
            is_call = False
    return trigger, costs


def play(program, name, directory):
    """Path: costs, for one run under callgrind."""
    out = pathlib.Path(directory) / f"callgrind.{name}"
    done = subprocess.run(["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}",
                           program, name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, timeout=120, env=ENVIRONMENT)
    if done.returncode != 0:
        raise RuntimeError(f"{program} {name}: status {done.returncode}\n{done.stdout}")
    costs = dict(read_costs(path) for path in sorted(out.parent.glob(f"{out.name}.*")))
    costs.pop("", None)
    return costs


def count(program):
    """Path: costs of each (object, function)."""
    paths = {}
    with tempfile.TemporaryDirectory(prefix="ps-bench-") as directory:
        for name in PLAYS:
            paths |= play(program, name, directory)
    return paths


def figures(costs):
    own = sum(cost for (where, _), cost in costs.items() if LIBRARY in where)
    return {"own": own, "all": sum(costs.values())}
