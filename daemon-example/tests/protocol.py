#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the daemon promises its clients: an answer for each line, in order, and what it means."""

import subprocess
import sys

from inboxd import OVERHEAD, PATIENCE, SEND, case, check, equal, main


@case("an ok carries the row of the line")
def row_of_the_line(bench):
    bench.daemon()
    client = bench.client()
    for text in ("first", "", "third, with trailing blanks  ", "Grüße, 世界", "with CR\r"):
        word, number = client.ask(text).split()
        equal(word, "ok", "answer")
        equal(bench.query("SELECT line FROM inbox WHERE id = ?", int(number)), [(text,)], "row")


@case("a line is in the database before its ok")
def committed_before(bench):
    bench.daemon()
    client = bench.client()
    for i in range(100):
        client.ask(f"line {i}")
        equal(len(bench.lines()), i + 1, "rows that another process sees")


@case("5000 lines in one go get 5000 answers in order")
def pipelining(bench):
    bench.daemon()
    client = bench.client()
    client.send(b"".join(b"line %d\n" % i for i in range(5000)))
    ids = [int(answer.split()[1]) for answer in client.answers(5000)]
    equal(ids, sorted(set(ids)), "ids")
    equal(bench.lines(), [f"line {i}" for i in range(5000)], "stored")


@case("a line may come byte by byte, and several at once")
def pieces(bench):
    bench.daemon()
    client = bench.client()
    for i in range(len("pieces\n")):
        client.send("pieces\n"[i:i + 1].encode())
    check(client.answer().startswith("ok "), "the line in pieces")
    client.send("one\ntwo\nthr".encode())
    client.answers(2)
    client.send("ee\n".encode())
    client.answers(1)
    equal(bench.lines(), ["pieces", "one", "two", "three"], "stored")


@case("bad lines are refused in their place, and not stored")
def bad_lines(bench):
    bench.daemon(config="[limits]\nline-bytes=10\n")
    client = bench.client()
    client.send(b"good\n\xff\xfe\nnu\0l\n" + b"x" * 10 + b"\n" + b"x" * 11 + b"\n"
                + b"y" * 100000 + b"\n\xe2\x82\nlast\n")
    answers = client.answers(8)
    kinds = [answer.split()[0] + " " + answer.split()[1].rstrip(":") for answer in answers]
    equal([kind if kind.startswith("error") else "ok" for kind in kinds],
          ["ok", "error not-utf8", "error nul", "ok", "error too-long", "error too-long",
           "error not-utf8", "ok"], "answers")
    check("10 bytes" in answers[4], f"the limit is not named: {answers[4]}")
    equal(bench.lines(), ["good", "x" * 10, "last"], "stored")


@case("a line that is too long is not kept in memory while it comes")
def endless_line(bench):
    daemon = bench.daemon(config="[limits]\nline-bytes=1000\n")
    client = bench.client()
    client.ask("warm")
    before = daemon.resident()
    for _ in range(64):
        client.send(b"z" * (1 << 20))
    check(client.ask("").startswith("error too-long"), "answer")
    check(daemon.resident() - before < (32 << 20) * OVERHEAD, "memory grows with the line")
    check(client.ask("and on").startswith("ok "), "the next line")


@case("a client that says no more gets its answers and the end")
def half_close(bench):
    bench.daemon()
    client = bench.client()
    client.send(b"one\ntwo\nthe end is missing")
    client.no_more()
    answers = client.answers()
    equal([answer.split()[0] for answer in answers], ["ok", "ok", "error"], "answers")
    check("incomplete" in answers[2], answers[2])
    equal(bench.lines(), ["one", "two"], "stored")


@case("lines of a client that is gone are stored all the same")
def gone(bench):
    daemon = bench.daemon(config="[batch]\ndelay-ms=200\n")
    client = bench.client()
    client.send(b"farewell\n")
    client.close()
    daemon.wait_for("^STATUS=.*: 0 connections, 1 line stored")
    equal(bench.lines(), ["farewell"], "stored")


@case("Unix and TCP are served side by side, and both named in the status")
def two_listeners(bench):
    daemon = bench.daemon("--listen-tcp=127.0.0.1:0", "--listen-tcp=localhost:0")
    status = daemon.wait_for(r"^STATUS=Serving on (.*): 0 connections, 0 lines stored")[1]
    equal(len(status.split(", ")), 3, f"listeners in {status!r}")
    equal(status.split(", ")[0], str(bench.unix), "the first one")
    clients = [bench.client(), bench.client(daemon.tcp())]
    for client in clients:
        client.send(b"a\nb\n")
    for client in clients:
        equal(len(client.answers(2)), 2, "answers")
    daemon.wait_for("^STATUS=.*: 2 connections, 4 lines stored")


@case("ps-inbox-send counts what was acknowledged and refused")
def sender(bench):
    daemon = bench.daemon("--listen-tcp=127.0.0.1:0")

    def send(data, *arguments):
        done = subprocess.run([SEND, *arguments], input=data, capture_output=True, timeout=PATIENCE)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    lines = b"".join(b"%d\n" % i for i in range(20000))
    equal(send(lines, f"--unix={bench.unix}")[:2],
          (0, "20000 lines sent: 20000 acknowledged, 0 refused, 0 without an answer\n"), "Unix")
    status, out, err = send(b"good\n\xff\nno line feed", f"--tcp=127.0.0.1:{daemon.tcp()[1]}")
    equal((status, out), (65, "3 lines sent: 2 acknowledged, 1 refused, 0 without an answer\n"),
          "TCP")
    check("not-utf8" in err, err)
    equal(send(b"", f"--unix={bench.path}/none")[0], 69, "nobody there")
    equal(send(b"", "--tcp=x", "--unix=y")[0], 64, "two addresses")
    equal(len(bench.lines()), 20002, "stored")


if __name__ == "__main__":
    from inboxd import Bench
    sys.exit(main(Bench, workers=2, only="".join(sys.argv[1:2])))
