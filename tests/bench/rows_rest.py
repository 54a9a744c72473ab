# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon at rest: what it costs an hour to have a watcher.

Nobody waits for an hour here. A thread that sleeps in poll() without a time limit, in a process
without a timer that is set, sleeps until something from outside wakes it, however long that is. So
that is what is looked at; and some seconds of watching, for what cannot be foreseen.
"""

import pathlib
import re
import shutil
import subprocess
import time

from rows import OURS, Goal, Row, at_rest

# x86_64: number of the system call, and which argument is its limit and the value for "never".
SLEEPS = {7: (2, 0xffffffff), 271: (2, 0), 232: (3, 0xffffffff), 281: (3, 0xffffffff), 130: None,
          202: (3, 0), 34: None, 0: None}


def sleeps_for_good(task):
    words = (task / "syscall").read_text(encoding="ascii").split()
    number = words[0]
    if not number.isdigit() or int(number) not in SLEEPS:
        return False
    limit = SLEEPS[int(number)]
    return limit is None or int(words[1 + limit[0]], 16) & 0xffffffffffffffff in (
        limit[1], limit[1] | 0xffffffff00000000)


def switches(tasks):
    """How often they have gone to sleep: as often as they were woken."""
    return sum(int(value) for task in tasks for value in
               re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(encoding="ascii"), re.MULTILINE))


def watch(pid, seconds):
    """Threads, those of them that may wake by themselves, system calls and wakeups in that time."""
    tasks = list(pathlib.Path(f"/proc/{pid}/task").iterdir())
    restless = sum(not sleeps_for_good(task) for task in tasks)
    before = switches(tasks)
    time.sleep(seconds)
    wakeups = switches(tasks) - before
    calls = -1
    if shutil.which("strace"):
        done = subprocess.run(["timeout", "-s", "INT", str(seconds), "strace", "-f", "-qq", "-p",
                               str(pid)], stderr=subprocess.PIPE, text=True, check=False)
        # What it is in when strace comes is shown, too: that was not made in this time.
        calls = sum(not re.search(r"<unfinished|detached|resuming|restart_syscall", line)
                    and ") = " in line for line in done.stderr.splitlines())
    return len(tasks), restless, calls, wakeups


def rest(places, quick):
    seconds = 1 if quick else 10
    words = ("threads", "threads that may wake by themselves", f"system calls in {seconds} s",
             f"wakeups in {seconds} s")
    results = {}
    for name, *command in ((OURS, "life-ps"), ("GLib", "life-glib")):
        process = at_rest([places.program(command[0])])
        time.sleep(0.2)  # the loop has turned once, and done what the start had left for it
        results[name] = watch(process.pid, seconds)
        process.kill()
        process.communicate()
    rows = []
    for at, what in enumerate(words):
        row = Row(f"rest-{at}", f"at rest: {what}", "", note="" if results[OURS][at] >= 0 else
                  "strace is not installed")
        row.add({name: [[[result[at]]]] for name, result in results.items() if result[at] >= 0})
        row.ratios.clear()
        more = results[OURS][at] - results["GLib"][at]
        row.goals.append(Goal("none more than GLib", more, 0))
        rows.append(row)
    return rows
