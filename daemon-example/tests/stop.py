#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""However the daemon ends: what was acknowledged is stored, and nothing is left lying about."""

import os
import signal
import socket
import sqlite3
import sys
import threading

from inboxd import Bench, Daemon, case, check, count_ok, equal, main

# A slow machine is no reason to lose an answer.
PATIENT = "[stop]\ndrain-ms=30000\n"


def check_tidy(bench):
    check(not bench.unix.exists(), "the socket is left behind")
    for suffix in ("-wal", "-shm"):
        check(not os.path.exists(f"{bench.database}{suffix}"), f"inbox.db{suffix} is left behind")


def check_stored(bench, sent, answers):
    """Every answer an ok, for the first so many lines, each of which is stored once."""
    equal(count_ok(answers), len(answers), "answers that are ok")
    equal(bench.lines(), sent[:len(answers)], "stored")


@case("SIGTERM: status 143, the log is in the database, the socket gone")
def terminated(bench):
    daemon = bench.daemon()
    client = bench.client()
    client.ask("x")
    equal(daemon.stop(), 143, "status")
    check_tidy(bench)
    equal(client.answer(), None, "the end for the client")
    equal(bench.lines(), ["x"], "stored")
    daemon.wait_for("^STOPPING=1")


@case("SIGINT: the same with status 130")
def interrupted(bench):
    daemon = bench.daemon()
    bench.client().ask("x")
    equal(daemon.stop(signal.SIGINT), 130, "status")
    check_tidy(bench)


@case("an idle daemon ends with status 0 when asked to, and not before")
def idle(bench):
    daemon = bench.daemon("--exit-idle=1")
    client = bench.client()
    client.ask("x")
    daemon.wait_for("^STATUS=.*1 line stored")
    check(client.ask("y").startswith("ok "), "it has ended under a client")
    client.close()
    equal(daemon.wait(), 0, "status")
    check_tidy(bench)


@case("nobody ever comes: it ends, too")
def lonely(bench):
    equal(bench.daemon("--exit-idle=1").wait(), 0, "status")
    check_tidy(bench)


@case("a SIGTERM that comes at once is not lost")
def early(bench):
    bench.write_config("")
    for _ in range(20):
        daemon = Daemon(bench, f"--config={bench.config}", f"--database={bench.database}",
                        f"--listen-unix={bench.unix}")
        while not bench.database.exists() and daemon.process.poll() is None:
            pass
        equal(daemon.stop(), 143, "status")
        check_tidy(bench)
        bench.database.unlink()


@case("what had arrived when the stop began is stored and acknowledged")
def arrived(bench):
    # The batch must not wait for company: the time to drain is over before.
    daemon = bench.daemon(config="[batch]\ndelay-ms=10000\n[stop]\ndrain-ms=9000\n")
    client = bench.client()
    sent = [f"line {i}" for i in range(500)]
    client.send("".join(line + "\n" for line in sent).encode() + b"half a li")
    daemon.send_signal(signal.SIGTERM)
    answers = client.answers()  # until the end, which comes before we close
    client.close()
    equal(daemon.wait(), 143, "status")
    equal(len(answers), 500, "answers")
    check_tidy(bench)
    check_stored(bench, sent, answers)


@case("who has connected but was not accepted yet is served before the end")
def not_accepted_yet(bench):
    daemon = bench.daemon(config=PATIENT)
    daemon.send_signal(signal.SIGSTOP)
    clients = [bench.client() for _ in range(20)]
    for i, client in enumerate(clients):
        client.send(f"line {i}\n".encode())
    daemon.send_signal(signal.SIGTERM)
    daemon.send_signal(signal.SIGCONT)
    for client in clients:
        check(client.answer().startswith("ok "), "answer")
        equal(client.answer(), None, "the end")
        client.close()
    equal(daemon.wait(), 143, "status")
    equal(sorted(bench.lines()), sorted(f"line {i}" for i in range(20)), "stored")


@case("a stop under fire loses nothing, and every stored line was acknowledged")
def under_fire(bench):
    daemon = bench.daemon(config=PATIENT)
    client = bench.client()
    sent = [f"line {i}" for i in range(200000)]
    data = "".join(line + "\n" for line in sent).encode()

    def fire():
        try:
            client.send(data)
        except OSError:
            pass  # the daemon has closed, which is the point

    thread = threading.Thread(target=fire)
    thread.start()
    answers = client.answers(100)
    daemon.send_signal(signal.SIGTERM)
    answers += client.answers()
    client.socket.shutdown(socket.SHUT_RDWR)
    thread.join()
    client.close()
    equal(daemon.wait(), 143, "status")
    check_tidy(bench)
    check_stored(bench, sent, answers)


@case("kill -9 loses nothing that was acknowledged")
def killed(bench):
    for _ in range(5):
        daemon = bench.daemon()
        client = bench.client()
        before = len(bench.lines())
        sent = [f"line {i}" for i in range(20000)]
        client.send("".join(line + "\n" for line in sent).encode())
        answers = client.answers(1000)
        daemon.send_signal(signal.SIGKILL)
        try:
            answers += client.answers()
        except ConnectionResetError:
            answers += [line.decode() for line in client.buffer.split(b"\n")[:-1]]
        equal(daemon.wait(), -signal.SIGKILL, "wait status")
        client.close()
        stored = bench.lines()[before:]
        check(len(stored) >= len(answers), f"{len(answers)} acknowledged, {len(stored)} stored")
        equal(stored, sent[:len(stored)], "stored")


@case("clients that are owed nothing are not waited for")
def idle_clients(bench):
    daemon = bench.daemon(config=PATIENT)
    clients = [bench.client() for _ in range(20)]
    for client in clients:
        client.ask("x")
    # They do not close, and the exit does not take thirty seconds: wait() would give up.
    equal(daemon.stop(), 143, "status")
    for client in clients:
        equal(client.answer(), None, "the end")


@case("a client that does not take its answers holds up the stop for drain-ms only")
def deaf_client(bench):
    daemon = bench.daemon(config="[stop]\ndrain-ms=300\n")
    deaf = bench.client()
    deaf.send_until_stalled(b"a line whose answer nobody takes\n", 16 << 20)
    good = bench.client()
    good.ask("x")
    equal(daemon.stop(), 143, "status")
    check("draining 2 connections" in daemon.error_text() + "".join(daemon.said),
          f"it does not say whom it waited for: {daemon.error_text()}")
    check_tidy(bench)
    try:
        answers = deaf.answers()
    except ConnectionResetError:
        answers = []
    check(len(bench.lines()) > count_ok(answers), "less is stored than acknowledged")


@case("drain-ms of a reload holds for the stop")
def drain_reloaded(bench):
    daemon = bench.daemon(config=PATIENT)
    bench.client().send_until_stalled(b"a line whose answer nobody takes\n", 16 << 20)
    bench.write_config("[stop]\ndrain-ms=100\n")
    daemon.reload()
    equal(daemon.stop(), 143, "status")
    check_tidy(bench)


@case("a socket that is no longer ours is left alone")
def replaced_socket(bench):
    daemon = bench.daemon()
    bench.unix.unlink()
    other = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    other.bind(str(bench.unix))
    inode = bench.unix.stat().st_ino
    equal(daemon.stop(), 143, "status")
    equal(bench.unix.stat().st_ino, inode, "somebody else's socket")
    other.close()


@case("a socket that is gone already is no failure")
def missing_socket(bench):
    daemon = bench.daemon()
    bench.unix.unlink()
    equal(daemon.stop(), 143, "status")
    check("cannot be" not in daemon.error_text(), daemon.error_text())


@case("another program that reads the database keeps the log, and nothing is lost")
def reader(bench):
    daemon = bench.daemon()
    client = bench.client()
    client.ask("one")
    other = sqlite3.connect(bench.database, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM inbox").fetchall()
    client.ask("two")
    equal(daemon.stop(), 143, "status")
    check("The write-ahead log stays" in daemon.error_text(), daemon.error_text())
    other.close()
    equal(bench.lines(), ["one", "two"], "stored")


if __name__ == "__main__":
    sys.exit(main(Bench, workers=2, only="".join(sys.argv[1:2])))
