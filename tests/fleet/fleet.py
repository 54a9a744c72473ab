#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The two hosts of run-fleet; each runs this inside of its sandbox.

usage: fleet.py collector|inbox1 BUILD SHARED-DIRECTORY

inbox1 runs the example daemon, which is stopped, killed, stopped again, and sends its journal to the
collector. What psctl says on either is compared. The drop-ins are those of docs/fleet.md.
"""

import json
import pathlib
import re
import subprocess
import sys
import time

UNIT = "ps-inboxd"
PATIENCE = 90
REMOTE = "/var/log/journal/remote"
DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "fleet.md"


def run(*command, check=True):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, timeout=PATIENCE)
    if check and done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def wait_until(probe, what):
    end = time.monotonic() + PATIENCE
    while not probe():
        if time.monotonic() > end:
            return [f"not within {PATIENCE} s: {what}"]
        time.sleep(0.1)
    return []


def install(build):
    run("meson", "install", "--no-rebuild", "--quiet", "-C", build)
    library = next(path for path in json.loads(run("meson", "introspect", "--installed",
                                                   build)).values() if "libpostscriptum.so" in path)
    pathlib.Path("/etc/ld.so.conf.d/ps-test.conf").write_text(
        f"{pathlib.Path(library).parent}\n", encoding="utf-8")
    run("ldconfig")


def take_files(host):
    """The files that docs/fleet.md has for a host: a line "# PATH" begins each."""
    for block in re.findall(r"```ini\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL):
        path, text = re.fullmatch(r"# (\S+)\n(.*)", block, re.DOTALL).groups()
        if ("upload" in path) == (host == "inbox1"):
            pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
            pathlib.Path(path).write_text(text.replace("collector.example.org", "10.77.0.1"),
                                          encoding="utf-8")
    run("systemctl", "daemon-reload")


def psctl(verb, *arguments, check=False):
    return run("psctl", verb, "--no-pager", *arguments, UNIT, check=check)


def documents(verb, *arguments):
    return [json.loads(line) for line in psctl(verb, "--json", *arguments).splitlines()]


def show(name):
    return run("systemctl", "show", "--value", f"--property={name}", f"{UNIT}.service").strip()


def live_and_die(shared):
    run("systemctl", "start", f"{UNIT}.socket", f"{UNIT}.service")
    run("systemctl", "stop", f"{UNIT}.service")
    run("systemctl", "start", f"{UNIT}.service")
    restarts = int(show("NRestarts"))
    run("systemctl", "kill", "--signal=KILL", f"{UNIT}.service")
    problems = wait_until(lambda: int(show("NRestarts")) > restarts
                          and show("ActiveState") == "active", "a restart")
    run("systemctl", "stop", f"{UNIT}.socket", f"{UNIT}.service")
    run("journalctl", "--sync")
    answers = {verb: documents(verb) for verb in ("history", "blame")}
    answers["problems"] = problems
    # It is there whole, or not at all.
    (shared / "answers.new").write_text(json.dumps(answers), encoding="utf-8")
    (shared / "answers.new").rename(shared / "answers")


def inbox(build, shared):
    run("hostname", "inbox1")
    install(build)
    take_files("inbox1")
    # Only with it does the next boot's collector know where to go on.
    live_and_die(shared)
    wait_until((shared / "listening").exists, "the collector")
    run("systemctl", "start", "systemd-journal-upload.service")
    problems = wait_until((shared / "done").exists, "the collector's answer")
    if problems:
        print(run("journalctl", "-q", "-u", "systemd-journal-upload", check=False), file=sys.stderr)


def case(number, title, problems):
    print(f"{'not ' if problems else ''}ok {number} - {title}")
    for problem in problems:
        print("".join(f"# {line}\n" for line in str(problem).splitlines()), end="")
    sys.stdout.flush()
    return bool(problems)


def same(here, there):
    return [] if here == there and here else ["here:", *map(json.dumps, here), "there:",
                                              *map(json.dumps, there)]


def collector(build, shared):
    run("hostname", "collector")
    install(build)
    take_files("collector")
    run("systemctl", "start", "systemd-journal-remote.socket")
    (shared / "listening").touch()
    problems = wait_until((shared / "answers").exists, "the daemon's lives")
    there = json.loads((shared / "answers").read_text(encoding="utf-8")) if not problems else {
        "history": [], "blame": [], "problems": problems}
    everywhere = [f"--directory={REMOTE}", "--merge"]
    last = [life["ended_us"] for life in there["history"]][-1:]
    problems = there["problems"] + wait_until(
        lambda: [life["ended_us"] for life in documents("history", *everywhere)][-1:] == last,
        "the last life in the collected journals")

    print("1..6")
    failed = case(1, "the journal of one host arrives on the other", problems)
    failed |= case(2, "psctl history says the same on both",
                   same(documents("history", *everywhere), there["history"]))
    failed |= case(3, "psctl blame says the same on both",
                   same(documents("blame", *everywhere), there["blame"]))
    verdicts = [life["verdict"] for life in there["history"]]
    failed |= case(4, "a stop, a kill, a stop", [] if verdicts == [
        "terminated", "killed", "terminated"] else [verdicts])
    text = psctl("history", *everywhere)
    lines = text.splitlines()
    failed |= case(5, "there is a column with the host", [] if lines and "HOST" in lines[0] and all(
        " inbox1 " in f" {line} " for line in lines[1:]) else [text])
    failed |= case(6, "--host= takes those of one host", [] if len(documents(
        "history", *everywhere, "--host=inbox1")) == 3 and not documents(
        "history", *everywhere, "--host=collector") else [text])
    (shared / "done").touch()
    return failed


def main():
    role, build, shared = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    sys.exit((inbox if role == "inbox1" else collector)(build, shared))


main()
