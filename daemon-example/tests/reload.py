#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""SIGHUP: what changes, what cannot, and that a mistake changes nothing."""

import sys

from inboxd import Bench, case, check, equal, main


def limited_to(bench, size):
    """Whether lines of that many bytes, and not one more, are taken."""
    client = bench.client()
    check(client.ask("x" * size).startswith("ok "), f"a line of {size} bytes is refused")
    check(client.ask("x" * (size + 1)).startswith("error too-long"), f"{size + 1} bytes are taken")


@case("a reload changes the limits, also for clients that are connected")
def limits(bench):
    daemon = bench.daemon(config="[limits]\nline-bytes=20\n")
    client = bench.client()
    check(client.ask("x" * 21).startswith("error too-long"), "before")
    limited_to(bench, 20)
    bench.write_config("[limits]\nline-bytes=30\n")
    told = daemon.reload()
    check("configuration" not in told, told)
    check(client.ask("x" * 21).startswith("ok "), "after")
    limited_to(bench, 30)


@case("a reload changes size and delay of the batches")
def batches(bench):
    daemon = bench.daemon(config="[batch]\ndelay-ms=10000\nsize=3\n")
    client = bench.client()
    client.send(b"1\n2\n3\n")  # would wait for ten seconds, were they not a batch
    equal(len(client.answers(3)), 3, "answers")
    bench.write_config("[batch]\ndelay-ms=0\nsize=100000\n")
    daemon.reload()
    check(client.ask("4").startswith("ok "), "answer")


@case("a broken file leaves the old one in force and says so until it is mended")
def broken(bench):
    daemon = bench.daemon(config="[limits]\nline-bytes=20\n")
    for text, words in (("[limits]\nline-bytes=30\nrubbish\n", r"inboxd\.conf:3: "),
                        ("[limits]\nline-bytes=0\n", r"\[limits\] line-bytes=0: must be"),
                        ("[limits]\nlinebytes=30\n", "key “linebytes” is not known")):
        bench.write_config(text)
        daemon.reload()
        daemon.wait_for(f"^STATUS=.*{words}")
        daemon.forget()
        bench.client().ask("something changes")
        daemon.wait_for(f"^STATUS=Serving on .* The old configuration stays in force: .*{words}")
        limited_to(bench, 20)
    bench.config.unlink()
    daemon.reload()
    daemon.wait_for("^STATUS=.*The old configuration stays in force: .*No such file")
    bench.write_config("[limits]\nline-bytes=30\n")
    daemon.reload()
    daemon.forget()
    limited_to(bench, 30)
    check("configuration" not in daemon.wait_for("^STATUS=Serving on .*")[0], "still complains")
    equal(daemon.stop(), 143, "status")


@case("what needs a restart is said, the rest is taken")
def fixed(bench):
    base = "[limits]\nline-bytes=%d\n"
    daemon = bench.daemon(config=base % 20)
    for size, text, words in ((30, f"[listen]\nunix={bench.path}/other\n", "[listen] unix"),
                              (40, "[listen]\ntcp=127.0.0.1:1\n", "[listen] tcp"),
                              (50, "[listen]\nallow-remote=true\n", "[listen] allow-remote"),
                              (60, f"[database]\npath={bench.path}/x\n", "[database] path")):
        bench.write_config(base % size + text)
        daemon.reload()
        daemon.forget()
        limited_to(bench, size)
        told = daemon.wait_for("^STATUS=Serving on .*")[0]
        check(f"in force except {words}, which needs a restart" in told, told)
    check(not (bench.path / "other").exists(), "it listens there")


@case("a fewer connections limit lets those who are there stay")
def fewer_connections(bench):
    daemon = bench.daemon()
    clients = [bench.client() for _ in range(3)]
    for client in clients:
        client.ask("x")
    bench.write_config("[limits]\nconnections=2\n")
    daemon.reload()
    for client in clients:
        check(client.ask("y").startswith("ok "), "answer")
    waiting = bench.client()
    waiting.send(b"z\n")
    clients.pop().close()
    clients.pop().close()
    check(waiting.answer().startswith("ok "), "never accepted")


@case("a storm of reloads loses no line")
def storm(bench):
    daemon = bench.daemon()
    client = bench.client()
    for i in range(20):
        bench.write_config(f"[batch]\nsize={i % 7 + 1}\n[limits]\nqueue-bytes={1024 << i % 3}\n")
        daemon.reload()
        client.send(b"line\n" * 100)
    equal(len([1 for answer in client.answers(2000) if answer.startswith("ok ")]), 2000, "answers")
    equal(daemon.stop(), 143, "status")
    equal(len(bench.lines()), 2000, "stored")


if __name__ == "__main__":
    sys.exit(main(Bench, workers=2, only="".join(sys.argv[1:2])))
