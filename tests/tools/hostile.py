#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Journals written by somebody who means no good, and surroundings in which little works.

usage: hostile.py PSCTL [WORDS-IN-THE-NAME-OF-A-CASE]
"""

import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import unicodedata

import journals
import psctl
from journals import Boot, Journal, Life, MS, SECOND
from psctl import Skip, case, check, equal

UNIT = "maild.service"
VERBS = (["history"], ["history", UNIT], ["show", UNIT], ["blame"], ["history", "--json"],
         ["show", "--json", UNIT], ["blame", "--json"])

ESCAPES = {
    "clear": b"\x1b[2J\x1b[H", "clipboard": b"\x1b]52;c;cm0gLXJm\x07",
    "link": b"\x1b]8;;http://example.org\x07x\x1b]8;;\x07", "c1": "\x9b2J".encode(),
    "raw c1": b"\x9b2J", "return": b"status 0\rno crash", "bidi": "\u202egnp.exe\u2066".encode(),
    "zero width": "a\u200b\u2060b".encode(), "lines": b"one\ntwo\n", "delete": b"ab\x08\x7f",
    "separators": "\u2028\u2029".encode(), "tags": "\U000e0041".encode(),
}
INVALID = {"latin-1": b"gr\xfc\xdfe", "nul": b"a\0b", "surrogate": b"\xed\xa0\x80",
           "overlong": b"\xc0\xaf", "cut": b"\xe2\x82", "beyond": b"\xf4\x90\x80\x80"}


def told(text, boot=None, journal=None):
    """A life in which everything that is text is that text."""
    journal = journal or Journal()
    boot = boot or Boot(1)
    life = Life(journal, boot, UNIT, 100, 0xa1)
    life.own |= {"PS_PROGRAM": text}
    life.end(sender=(4711, 0, text, text))
    life.step("terminate", "named", 5 * MS, STEP_SKIPPED={"PS_REASON": text, "MESSAGE": text})
    for kind, fields in (
            ("STEP_BEGUN", {"PS_EVENT": "terminate", "PS_STEP": text}),
            ("HOLD_DROPPED", {"PS_EVENT": "terminate", "PS_STEP": text, "PS_HOLD_WHY": text,
                              "PS_REASON": text, "PS_DURATION_USEC": 5}),
            ("CALLBACK_FAILED", {"PS_EVENT": "terminate", "PS_STEP": text, "PS_ERROR": text}),
            ("STEP_DONE", {"PS_EVENT": text, "PS_STEP": text, "PS_DURATION_USEC": text}),
            ("SIGNAL_AGAIN", {"PS_SIGNAL": text, "MESSAGE": text}),
            ("EXIT_FORCED", {"PS_STATUS": text, "PS_REASON": text, "PS_STEP": text}),
            ("CRASHED", {"PS_SIGNAL": text, "PS_REASON": text, "PS_BACKTRACE": text,
                         "PS_THREAD_NAME": text, "PS_ABORT_MESSAGE": text, "PS_NOT_RUN": text})):
        life.record(kind, **fields)
    return journal


def harmless(output):
    """Whether a terminal shows it, and does nothing else."""
    text = output.decode()
    return all(letter == "\n" or unicodedata.category(letter)[0] not in "C"
               and unicodedata.category(letter) not in ("Zl", "Zp") for letter in text)


def valid(output):
    for line in output.decode().splitlines():
        json.loads(line)
    return True


def holds(text):
    """Nothing of such a text gets through, whatever is printed of it."""
    def function(bench):
        path = bench.journal(told(text))
        for verb in VERBS:
            done = bench.run("--file", path, *verb)
            equal(done.returncode, 0, f"status of {verb}: {done.stderr}")
            check(harmless(done.stdout) and harmless(done.stderr), f"{verb}: {done.stdout}")
            check("--json" not in verb or valid(done.stdout), "JSON")

    return function


for _name, _text in INVALID.items():
    case(f"K03 {_name}: what is printed is valid UTF-8, JSON stays JSON")(holds(_text))
for _name, _text in ESCAPES.items():
    case(f"K04 {_name}: a terminal does nothing of it, JSON stays JSON")(holds(_text))


@case("K03 an invalid byte is written out, and can be told from a valid one")
def _(bench):
    path = bench.journal(told(b"gr\xfc\xdfe"))
    check("gr\\xfc\\xdfe" in bench.text("--file", path, "show", UNIT), "text")
    shown = json.loads(bench.text("--file", path, "show", "--json", UNIT))
    equal(shown["sender_comm"], "gr\\xfc\\xdfe", "JSON")


def peak_kib(bench, *arguments):
    """The memory that it takes, in KiB."""
    done = subprocess.run(["/usr/bin/python3", "-c", """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
""", bench.psctl, *map(str, arguments)], capture_output=True, text=True, check=False,
                          timeout=psctl.PATIENCE, env={"PATH": "/usr/bin:/bin"})
    equal(done.returncode, 0, f"status: {done.stderr}")
    return int(done.stdout.split()[-1])


@case("K02 values of 48 MiB, and as many fields as an entry takes: cut, in bounded memory")
def _(bench):
    journal, boot = Journal(), Boot(1)
    life = Life(journal, boot, UNIT, 100, 0xa1)
    life.end(sender=(1, 0, b"x" * (48 << 20), "init.scope"))
    # Neither journald nor systemd-journal-remote takes more than 1,024 of one entry.
    journal.add(boot, life.own | {"MESSAGE_ID": journals.IDS["STEP_DONE"], "PS_STEP": "s",
                                  "PS_EVENT": "finish", "PS_DURATION_USEC": 1}
                | {f"F{number}": number for number in range(900)})
    life.record("HOLD_DROPPED", PS_EVENT="finish", PS_STEP="y" * 300_000, PS_HOLD_WHY="z" * 100_000)
    life.finish()
    path = bench.journal(journal)
    printed = bench.text("--file", path, "history", UNIT)
    check("xxx…" in printed and len(printed) < 2000, f"{len(printed)} characters")
    for verb in VERBS:
        check(len(bench.text("--file", path, *verb)) < 200_000, f"output of {verb}")
        if b"__asan_init" in pathlib.Path(bench.psctl).read_bytes():
            continue
        used = peak_kib(bench, "--file", path, *verb)
        check(used < 64 << 10, f"{verb} took {used} KiB")


@case("K05 names of units are data: no path, no glob, no shell")
def _(bench):
    names = ["../../etc/passwd", "a;b", "*", "$(reboot)", "a b", "-x.service", "%n", "ünit"]
    journal, boot = Journal(), Boot(1)
    for number, name in enumerate(names):
        Life(journal, boot, f"{name}.service", 100 + number, 0xa0 + number).end().finish()
        boot.wait(SECOND)
    path = bench.journal(journal)
    for name in names:
        if name.startswith("-"):
            lines = bench.text("--file", path, "history", "--json", "--", f"{name}.service")
        else:
            lines = bench.text("--file", path, "history", "--json", name)
        equal([json.loads(line)["unit"] for line in lines.splitlines()], [f"{name}.service"], name)
    equal(bench.run("--file", path, "history", "m*").returncode, 3, "status of a glob")
    equal(bench.run("--file", path, "show", "none").returncode, 3, "status of nothing")


@case("K05 a record that claims another's unit is left out, and it is said")
def _(bench):
    journal, boot = Journal(), Boot(1)
    Life(journal, boot, UNIT, 100, 0xa1).end().finish()
    life = Life(Journal(), boot, UNIT, 666, 0xa1)
    life.journal, life.own["_SYSTEMD_UNIT"] = journal, "evil.service"
    life.record("CRASHED", PS_SIGNAL="SIGSEGV")
    path = bench.journal(journal)
    done = bench.run("--file", path, "history", "--json")
    equal([json.loads(line)["verdict"] for line in done.stdout.splitlines()], ["terminated"], "lives")
    check(b"left out 1 records" in done.stderr, done.stderr)


@case("K05 blame leaves it out as well")
def _(bench):
    journal, boot = Journal(), Boot(1)
    Life(journal, boot, UNIT, 100, 0xa1).end(steps=[("finish", "ours", SECOND)]).finish()
    life = Life(Journal(), boot, UNIT, 666, 0xbad)
    life.journal, life.own["_SYSTEMD_UNIT"] = journal, "evil.service"
    life.end(steps=[("finish", "forged", 9 * SECOND)]).finish()
    done = bench.run("--file", bench.journal(journal), "blame", "--json")
    blamed = [json.loads(line) for line in done.stdout.splitlines()]
    equal([step["step"] for step in blamed], ["ours"], "steps")
    equal(blamed[0]["exits_us"], SECOND + 100, "what the exits took")
    check(b"left out 3 records" in done.stderr, done.stderr)


@case("K05 a core is believed to systemd-coredump alone, whatever user it runs as")
def _(bench):
    journal, boot = Journal(), Boot(1)
    core = {"MESSAGE_ID": journals.IDS["COREDUMP"], "COREDUMP_UNIT": UNIT,
            "COREDUMP_SIGNAL_NAME": "SIGSEGV", "MESSAGE": "core"}
    for pid in (100, 101):
        Life(journal, boot, UNIT, pid, 0xa0 + pid)
    journal.add(boot, core | {"_PID": 900, "_UID": 0, "COREDUMP_PID": 100,
                              "_SYSTEMD_UNIT": "evil.service"})
    journal.add(boot, core | {"_PID": 901, "_UID": 1000, "COREDUMP_PID": 101,
                              "_SYSTEMD_UNIT": "systemd-coredump@1-901-0.service"})
    lines = bench.run("--file", bench.journal(journal), "history", "--json").stdout.splitlines()
    cores = {life["pid"]: life["core"] for life in map(json.loads, lines)}
    equal(cores, {100: False, 101: True}, "cores")


@case("K05 who carried out a will is a later life of the same machine")
def _(bench):
    journal, alpha = Journal(), Boot(1)
    Life(journal, alpha, UNIT, 100, 0xa1).end().finish()
    beta = Boot(7, machine=2, host="beta", at=alpha.realtime + SECOND)
    Life(journal, beta, UNIT, 50, 0xd1).end().finish()
    alpha.wait(3 * SECOND)
    Life(journal, alpha, UNIT, 101, 0xa2).record(
        "WILL_DONE", PS_CLAUSES_DONE=2, PS_CLAUSES_SKIPPED=0, PS_CLAUSES_FAILED=0,
        PS_SETTLED_BY="start", MESSAGE="A will was carried out")
    lines = bench.run("--file", bench.journal(journal), "history", "--json").stdout.splitlines()
    settled = {life["pid"]: life["settled_by"] for life in map(json.loads, lines)}
    equal(settled, {100: "start", 50: None, 101: None}, "settled by")


@case("K05 of a life nobody tells but its user, its unit and root, whatever unit is claimed")
def _(bench):
    journal, boot = Journal(), Boot(1)
    for pid in (100, 101, 102, 103):
        life = Life(journal, boot, UNIT, pid, 0xa00 + pid)
        life.record("CRASHED", PS_SIGNAL="SIGSEGV", MESSAGE="Crashed")
    # In the cgroup that a user's manager has, anybody can have processes.
    forger = {"_PID": 900, "_UID": 1000, "_SYSTEMD_UNIT": "user@1000.service",
              "_SYSTEMD_USER_UNIT": "init.scope", "PS_UNIT": UNIT}
    word = {"MESSAGE_ID": journals.IDS["PREVIOUS_TERMINATED"], "PS_VERDICT": "terminated",
            "PS_PREVIOUS_INVOCATION_ID": f"{0xa00 + 100:032x}", "PS_PREVIOUS_PID": 100}
    will = {"MESSAGE_ID": journals.IDS["WILL_DONE"], "PS_SETTLED_BY": "stop-post",
            "PS_INVOCATION_ID": f"{0xa00 + 101:032x}", "PS_CLAUSES_DONE": 1}
    journal.add(boot, forger | word)
    journal.add(boot, forger | will)
    journal.add(boot, {"_UID": 0, "_SYSTEMD_UNIT": UNIT, "PS_UNIT": UNIT, "_PID": 901} | word |
                {"PS_PREVIOUS_INVOCATION_ID": f"{0xa00 + 102:032x}", "PS_PREVIOUS_PID": 102})
    # A daemon that is root when it is attached, and opens its record as somebody else.
    journal.add(boot, {"_UID": 33, "_SYSTEMD_UNIT": UNIT, "PS_UNIT": UNIT, "_PID": 902} | word |
                {"PS_PREVIOUS_INVOCATION_ID": f"{0xa00 + 103:032x}", "PS_PREVIOUS_PID": 103})
    done = bench.run("--file", bench.journal(journal), "history", "--json")
    lives = {life["pid"]: life for life in map(json.loads, done.stdout.splitlines())}
    equal({pid: life["verdict"] for pid, life in lives.items()},
          {100: "crashed", 101: "crashed", 102: "terminated", 103: "terminated"}, "verdicts")
    equal(lives[101]["settled_by"], None, "settled by")
    check(b"left out 2 records" in done.stderr, done.stderr)


@case("K05 with --quiet nothing is said of what is not there")
def _(bench):
    journal, boot = Journal(), Boot(1)
    Life(journal, boot, UNIT, 100, 0xa1).end().finish()
    path = bench.journal(journal)
    for verb in ("history", "show", "blame", "plot"):
        done = bench.run("--file", path, "--quiet", verb, "nosuch")
        equal((done.returncode, done.stdout, done.stderr), (3, b"", b""), verb)


def on_terminal(bench, *arguments, env=(), keys=b"q", size=(24, 80)):
    """Runs it on a terminal of its own; returns what it wrote there, and its status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm", "TZ": "UTC", "LC_ALL": "C.UTF-8"} | dict(env))
        os.execv(bench.psctl, [str(bench.psctl), *map(str, arguments)])
    import fcntl
    import struct
    import termios
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    written = b""
    while select.select([terminal], [], [], 20)[0]:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        written += chunk
        if keys and b"(END)" in written:
            os.write(terminal, keys)
            keys = b""
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return written, os.waitstatus_to_exitcode(status)


PAGER = """#!/bin/sh
echo "LESSSECURE=$LESSSECURE LESS=$LESS"
cat
"""


@case("K06 a pager on a terminal, in its secure mode where somebody else sits there")
def _(bench):
    path = bench.journal(journals.golden())
    pager = bench.directory / "pager"
    pager.write_text(PAGER)
    pager.chmod(0o755)
    less = bench.directory / "less"
    less.write_text(PAGER)
    less.chmod(0o755)
    place = {"PATH": f"{bench.directory}:/usr/bin:/bin", "SYSTEMD_PAGER": str(pager)}
    free, _ = on_terminal(bench, "--file", path, "history",
                          env=place | {"SYSTEMD_PAGERSECURE": "0"})
    check(b"LESSSECURE= " in free, free)
    for secure in ({"SYSTEMD_PAGERSECURE": "1"}, {"SUDO_UID": "1000"}):
        written, status = on_terminal(bench, "--file", path, "history", env=place | secure |
                                      {"SYSTEMD_LESS": "oops"})
        check(b"LESSSECURE=1 LESS=FRSXMK" in written, written)
        equal(status, 0, "status")
    plain, _ = on_terminal(bench, "--file", path, "--no-pager", "history", env=place)
    check(b"LESS" not in plain, plain)


@case("columns fit the terminal's width; colour is there, and not where nobody wants it")
def _(bench):
    path = bench.journal(journals.golden())
    coloured, _ = on_terminal(bench, "--file", path, "--no-pager", "history", "maild",
                              env={"COLUMNS": "80"})
    lines = re.sub(rb"\x1b\[[0-9;]*m", b"", coloured).decode().splitlines()
    check(b"\x1b[1;31m" in coloured and max(map(len, lines)) == 80, lines)
    for env in ({"NO_COLOR": "1"}, {"SYSTEMD_COLORS": "0"}, {"TERM": "dumb"}):
        written, _ = on_terminal(bench, "--file", path, "--no-pager", "history", env=env)
        check(b"\x1b" not in written, f"{env}: {written}")
    check("\x1b[" in bench.text("--file", path, "--colour=always", "history"), "always")
    check("\x1b[" not in bench.text("--file", path, "history"), "not in a pipe")


@case("K07 nobody reads any more: it ends quietly; Ctrl-C ends it by its signal")
def _(bench):
    journal, boot = Journal(), Boot(1)
    for number in range(2000):
        Life(journal, boot, UNIT, 100 + number, 0xa0 + number).end().finish()
    path = bench.journal(journal)
    for verb in (["history"], ["history", "--json"]):
        child = subprocess.Popen([bench.psctl, "--file", path, *verb], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        child.stdout.readline()
        child.stdout.close()
        equal(child.stderr.read(), b"", "what it says")
        equal(child.wait(timeout=20), -signal.SIGPIPE, "end")
    # It reads for ever, from a fifo in the place of its output.
    fifo = bench.directory / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(fifo, os.O_WRONLY)
    child = subprocess.Popen([bench.psctl, "--file", path, "history", "--json"], stdout=writer)
    os.close(writer)
    select.select([reader], [], [], 20)
    child.send_signal(signal.SIGINT)
    equal(child.wait(timeout=20), -signal.SIGINT, "end")


@case("K07 a disk that is full: it says so, and ends with 1")
def _(bench):
    path = bench.journal(journals.golden())
    with open("/dev/full", "wb") as full:
        for verb in VERBS:
            done = subprocess.run([bench.psctl, "--file", path, *verb], stdout=full,
                                  stderr=subprocess.PIPE, check=False, timeout=psctl.PATIENCE)
            equal(done.returncode, 1, f"status of {verb}")
            check(b"not all could be written" in done.stderr, done.stderr)


@case("K08 a journal that one may not read: it says so, and ends with 4")
def _(bench):
    if os.geteuid() != 0:
        raise Skip("needs root, to be somebody else")
    path = bench.journal(journals.golden())
    os.chmod(bench.directory, 0o755)
    os.chmod(path, 0o600)
    tool = bench.directory / "psctl"
    tool.write_bytes(pathlib.Path(bench.psctl).read_bytes())
    tool.chmod(0o755)
    for where in (["--file", path], ["--directory", bench.directory]):
        done = subprocess.run([tool, *where, "history"], capture_output=True, check=False,
                              user=65534, group=65534, extra_groups=[], timeout=20)
        equal(done.returncode, 4, f"status: {done.stderr}")
        check(b"you may not read" in done.stderr, done.stderr)


@case("K08 nothing in the journal is 3, no journal is 1")
def _(bench):
    equal(bench.run("--file", bench.journal(journals.golden()), "history", "none").returncode, 3,
          "status")
    equal(bench.run("--directory", bench.directory / "none", "history").returncode, 1, "status")
    equal(bench.run("--file", bench.directory / "none", "history").returncode, 1, "status")


@case("K08 a clock set back within a boot turns no lives around; boots come in their order")
def _(bench):
    journal, boot = Journal(), Boot(1)
    for number in range(3):
        Life(journal, boot, UNIT, 100 + number, 0xa0 + number).end().finish()
        boot.wait(SECOND)
        boot.realtime -= 3600 * SECOND
    later = Boot(2, at=journals.BEGIN + 10 * SECOND)
    for number in range(3, 5):
        Life(journal, later, UNIT, 100 + number, 0xa0 + number).end().finish()
        later.wait(SECOND)
    path = bench.journal(journal)
    lines = bench.text("--file", path, "history", "--json").splitlines()
    equal([json.loads(line)["pid"] for line in lines], [100, 101, 102, 103, 104], "order")


if __name__ == "__main__":
    sys.exit(psctl.main())
