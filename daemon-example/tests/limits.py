#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the daemon does when there is too much of something, or too little."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time

from inboxd import OVERHEAD, PATIENCE, WRAPPER, Bench, Skip, case, check, count_ok, equal, main

MIB = 1 << 20


def lock(bench):
    """Somebody else's write transaction; rollback() ends it."""
    other = sqlite3.connect(bench.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


@case("a full queue stops the clients, and goes on when there is room")
def full_queue(bench):
    daemon = bench.daemon(config="[limits]\nqueue-bytes=65536\n")
    clients = [bench.client() for _ in range(4)]
    for client in clients:
        client.ask("warm")
    before = daemon.resident()
    other = lock(bench)
    # A client that is not read from blocks when the kernel's buffers are full.
    sent = [client.send_until_stalled(b"x" * 999 + b"\n", MIB, seconds=0.1) for client in clients]
    check(daemon.resident() - before < 4 * MIB * OVERHEAD, "memory grows")
    other.rollback()
    ok = 0
    for client, size in zip(clients, sent):
        client.send(b"x" * (999 - size % 1000) + b"\n")
        answers = client.answers(size // 1000 + 1)
        ok += count_ok(answers)
        check(client.ask("and on").startswith("ok "), "the answer that follows is another line's")
    # Where the wait was longer than the daemon's patience, lines were refused, and said to be.
    equal(len(bench.lines()), ok + 2 * len(clients), "stored")


@case("a queue smaller than a batch does not wait for the batch to fill")
def small_queue(bench):
    bench.daemon(config="[limits]\nqueue-bytes=1024\n[batch]\nsize=100000\ndelay-ms=10000\n")
    client = bench.client()
    client.send((b"x" * 1000 + b"\n") * 300)
    begin = time.monotonic()
    for _ in range(300):  # in twenty reads or so, at ten seconds each, were each to wait
        check(client.answer().startswith("ok "), "answer")
        check(time.monotonic() - begin < PATIENCE, "it waits with a full queue")


@case("who does not read answers is not read from, and harms nobody else")
def deaf_client(bench):
    daemon = bench.daemon()
    good = bench.client()
    good.ask("warm")
    before = daemon.resident()
    deaf = [bench.client() for _ in range(4)]
    sent = [client.send_until_stalled(b"\n", 4 * MIB, seconds=0.3) for client in deaf]
    check(daemon.resident() - before < 32 * MIB * OVERHEAD, "memory grows")
    check(good.ask("still here").startswith("ok "), "answer to the other")
    for client, size in zip(deaf, sent):
        client.no_more()
        answers = client.answers()
        equal((len(answers), count_ok(answers)), (size, size), "answers, taken late")


def wakeups(process):
    tasks = f"/proc/{process.pid}/task"
    total = 0
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/status", encoding="utf-8") as file:
            total += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
    return total


@case("an idle daemon with clients does not wake up")
def no_wakeups(bench):
    if WRAPPER:
        raise Skip("the wakeups would be those of the wrapper")
    daemon = bench.daemon()
    clients = [bench.client() for _ in range(3)]
    for client in clients:
        client.ask("x")
    daemon.wait_for("^STATUS=.*3 connections, 3 lines stored")
    # The status was the last thing it had to do; it may still be on its way back to sleep.
    for _ in range(20):
        before = wakeups(daemon.process)
        time.sleep(3)  # the time that is looked at
        if wakeups(daemon.process) == before:
            return
    raise AssertionError("it wakes up all the time")


@case("more clients than allowed wait until one has gone")
def connections(bench):
    daemon = bench.daemon(config="[limits]\nconnections=2\n")
    first, second = bench.client(), bench.client()
    first.ask("x")
    second.ask("x")
    third = bench.client()
    third.send(b"third\n")
    daemon.wait_for("^STATUS=.*2 connections, 2 lines")
    check(second.ask("y").startswith("ok "), "answer")
    equal(sorted(bench.lines()), ["x", "x", "y"], "stored before one has gone")
    first.close()
    check(third.answer().startswith("ok "), "never accepted")


@case("out of descriptors, it goes on when there are some again")
def descriptors(bench):
    if WRAPPER:
        raise Skip("the limit would be that of the wrapper")
    daemon = bench.daemon()
    first = bench.client()
    first.ask("x")
    used = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (used, 4096))
    second = bench.client()
    second.send(b"y\n")
    check(first.ask("z").startswith("ok "), "answer to who is in")
    end = time.monotonic() + PATIENCE
    while "No client can be accepted" not in daemon.error_text():
        first.ask("until it has tried")
        check(time.monotonic() < end, "it does not say that it has no descriptors")
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (4096, 4096))
    check(daemon.error_text().count("No client can be accepted") < 100, "it tries without a pause")
    check(second.answer().startswith("ok "), "never accepted")


@case("a database that another program keeps locked: lines are refused, then taken again")
def locked(bench):
    daemon = bench.daemon()
    client = bench.client()
    client.ask("before")
    other = lock(bench)
    answer = client.ask("meanwhile")
    check(answer.startswith("error database: "), answer)
    daemon.wait_for("^STATUS=.*1 line stored, 1 refused; lines cannot be stored: .* is locked")
    other.rollback()
    check(client.ask("after").startswith("ok "), "answer")
    daemon.forget()
    check("cannot" not in daemon.wait_for("^STATUS=.*2 lines stored, 1 refused.*")[0], "status")
    equal(bench.lines(), ["before", "after"], "stored")


@case("a file that may not grow: every line is refused, none lost silently")
def file_size(bench):
    daemon = bench.daemon(config="[batch]\nsize=10\n")
    client = bench.client()
    client.ask("before")
    size = bench.database.with_name("inbox.db-wal").stat().st_size
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    client.send(b"".join(b"during %d\n" % i for i in range(100)))
    answers = client.answers(100)
    check(all(answer.startswith("error database: ") for answer in answers), answers[0])
    daemon.wait_for("^STATUS=.*100 refused; lines cannot be stored: ")
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE,
                     (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    check(client.ask("after").startswith("ok "), "answer")
    equal(daemon.stop(), 143, "status")
    equal(bench.lines(), ["before", "after"], "stored")


@case("a full disk: lines are refused, and taken again when there is room")
def full_disk(bench):
    own_mounts = ("unshare", "--mount") + (() if os.geteuid() == 0 else ("--map-root-user",))
    if subprocess.run([*own_mounts, "true"], check=False, capture_output=True).returncode != 0:
        raise Skip("no mount namespace can be had here")
    disk = bench.path / "disk"
    disk.mkdir()
    bench.database = disk / "inbox.db"
    mount = f"mount -t tmpfs -o size=1m disk {disk} && head -c 400k /dev/zero >{disk}/ballast"
    daemon = bench.daemon(prefix=(*own_mounts, "sh", "-c", f'{mount} && exec "$@"', "sh"))
    seen = f"/proc/{daemon.process.pid}/root{disk}"
    client = bench.client()
    sent = [f"{i} {'x' * 1000}" for i in range(2000)]
    answers = [client.ask(line) for line in sent]
    ok = [line for line, answer in zip(sent, answers) if answer.startswith("ok ")]
    check(0 < len(ok) < 1000, f"{len(ok)} of 2000 lines were taken")
    check("error database: database or disk is full" in answers, answers[-1])
    daemon.wait_for("^STATUS=.*lines cannot be stored: database or disk is full")
    os.unlink(f"{seen}/ballast")
    check(client.ask("after").startswith("ok "), "answer")
    # The disk goes with the daemon's namespace: copied while the daemon holds still.
    daemon.send_signal(signal.SIGSTOP)
    copy = bench.path / "copy"
    copy.mkdir()
    for name in os.listdir(seen):
        with open(f"{seen}/{name}", "rb") as source:
            (copy / name).write_bytes(source.read())
    daemon.send_signal(signal.SIGCONT)
    equal(daemon.stop(), 143, "status")
    bench.database = copy / "inbox.db"
    equal(bench.lines(), ok + ["after"], "stored")


if __name__ == "__main__":
    sys.exit(main(Bench, workers=2, only="".join(sys.argv[1:2])))
