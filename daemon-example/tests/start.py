#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How the daemon starts, and how it says that it cannot."""

import contextlib
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys

from inboxd import INBOXD, PATIENCE, PSCTL, Bench, Daemon, case, check, equal, main

USAGE, DATA, UNAVAILABLE, CANTCREAT, NOPERM, CONFIG = 64, 65, 69, 73, 77, 78

# Root may write anywhere unless this is taken away.
NOT_ALMIGHTY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner") \
    if os.geteuid() == 0 else ()


def ask(*arguments):
    done = subprocess.run([INBOXD, *arguments], capture_output=True, text=True, timeout=PATIENCE)
    return done.returncode, done.stdout, done.stderr


def fails(bench, status, words, *arguments, **keywords):
    """Ends with that status, in one line that has those words."""
    got, text = bench.fails(*arguments, **keywords)
    line = [line for line in text.splitlines() if line.startswith("ps-inboxd: ")]
    equal((got, len(line)), (status, 1), f"status and lines of {arguments}: {text}")
    check(words in line[0], f"no {words!r} in {line[0]!r}")


def listening(path):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    server.listen()
    return server


@case("--help, --version")
def about(_bench):
    status, out, err = ask("--help")
    equal((status, err), (0, ""), "--help")
    for option in ("--config", "--database", "--listen-unix", "--listen-tcp", "--allow-remote",
                   "--exit-idle", "--check-config", "--version"):
        check(option in out, f"{option} is not in --help")
    status, out, err = ask("--version")
    equal((status, err), (0, ""), "--version")
    check(out.startswith("ps-inboxd 0."), out)


@case("a wrong command line is told with status 64")
def usage(bench):
    config, database = f"--config={bench.config}", f"--database={bench.database}"
    bench.write_config("")
    fails(bench, USAGE, "--nonsense", "--nonsense")
    fails(bench, USAGE, "“surplus” is not an option", "surplus")
    fails(bench, USAGE, "--exit-idle", "--exit-idle=soon")
    fails(bench, USAGE, "negative", "--exit-idle=-1")
    fails(bench, USAGE, "--database=PATH", config, f"--listen-unix={bench.unix}")
    fails(bench, USAGE, "needs the path", "--database=")
    fails(bench, USAGE, "needs the path", "--config=")
    fails(bench, USAGE, "--listen-unix=PATH", config, database)
    for address in ("", "7070", "localhost", "example.org:80", "127.0.0.1:65536", "127.0.0.1:x",
                    "::1:70", "[127.0.0.1:7", "127.0.0.1:-1", "[]:1"):
        fails(bench, USAGE, "must be HOST:PORT", config, database, f"--listen-tcp={address}")
    check(not bench.unix.exists(), "a socket is left behind")


@case("TCP is loopback unless allowed")
def loopback(bench):
    bench.write_config("")
    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
        fails(bench, USAGE, "is not loopback", f"--config={bench.config}",
              f"--database={bench.database}", f"--listen-tcp={address}")
    daemon = Daemon(bench, f"--config={bench.config}", f"--database={bench.database}",
                    "--listen-tcp=0.0.0.0:0", "--allow-remote").ready()
    port = int(daemon.wait_for(r"Serving on 0\.0\.0\.0:(\d+)")[1])
    check(bench.client(("127.0.0.1", port)).ask("x").startswith("ok "), "answer")


@case("the directories of the unit are the defaults")
def unit_directories(bench):
    bench.write_config("")
    for name in ("state", "runtime"):
        (bench.path / name).mkdir()
    daemon = Daemon(bench, f"--config={bench.config}",
                    env={"STATE_DIRECTORY": f"{bench.path}/state:/nowhere",
                         "RUNTIME_DIRECTORY": f"{bench.path}/runtime"}).ready()
    check(bench.client(f"{bench.path}/runtime/inbox.sock").ask("x").startswith("ok "), "answer")
    equal(daemon.stop(), 128 + signal.SIGTERM, "status")
    check((bench.path / "state/inbox.db").exists(), "no database")
    check(not (bench.path / "runtime/inbox.sock").exists(), "the socket is left behind")


@case("the configuration says where, the command line goes before it")
def places(bench):
    bench.write_config(f"[listen]\nunix={bench.path}/a;{bench.path}/b\ntcp=127.0.0.1:0\n"
                       f"[database]\npath={bench.database}\n")
    daemon = Daemon(bench, f"--config={bench.config}").ready()
    daemon.wait_for(rf"^STATUS=Serving on {bench.path}/a, {bench.path}/b, 127\.0\.0\.1:\d+: ")
    equal(daemon.stop(), 143, "status")
    daemon = Daemon(bench, f"--config={bench.config}", f"--listen-unix={bench.unix}",
                    f"--database={bench.path}/other.db").ready()
    daemon.wait_for(rf"^STATUS=Serving on {bench.unix}: ")
    check((bench.path / "other.db").exists(), "the other database is not used")


@case("a wrong configuration is told with status 78, by --check-config too")
def wrong_config(bench):
    for text, words in (
            ("[batch]\nsize=12\nnonsense\n", ":3: "),
            ("size=12\n", ":1: "),
            ("# fine\n\n[batch\n", ":3: "),
            ("[batch]\nsize=many\n", "[batch] size=many: must be a whole number from 1 to 100000"),
            ("[batch]\nsize=0\n", "[batch] size=0: must be"),
            ("[batch]\nsize=99999999999999999999\n", "must be a whole number"),
            ("[batch]\nsize=-1\n", "must be a whole number"),
            ("[limits]\nline-bytes=\n", "[limits] line-bytes=: must be"),
            ("[batch]\nseize=12\n",
             "key “seize” is not known in group [batch]; there are size, delay-ms"),
            ("[bach]\nsize=12\n",
             "group [bach] is not known; there are listen, database, batch, limits, stop"),
            ("[listen]\nallow-remote=perhaps\n", "allow-remote=perhaps: must be true or false")):
        bench.write_config(text)
        fails(bench, CONFIG, words, f"--config={bench.config}", "--check-config")
        fails(bench, CONFIG, str(bench.config), f"--config={bench.config}",
              f"--database={bench.database}", f"--listen-unix={bench.unix}")
    fails(bench, CONFIG, "No such file", f"--config={bench.path}/none", "--check-config")
    fails(bench, CONFIG, "cannot be read", f"--config={bench.path}", "--check-config")
    check(not bench.database.exists(), "a database was made")


@case("a right configuration, an empty one and the sample pass --check-config")
def right_config(bench):
    sample = os.path.join(os.path.dirname(__file__), "..", "inboxd.conf")
    with open(sample, encoding="utf-8") as file:
        text = file.read()
    # Everything in the sample, with its comment signs taken away.
    lines = [line[1:] if line.startswith("#") and "=" in line.split(" ")[0] else line
             for line in text.splitlines()]
    for content in ("", "\n# nothing\n", "[batch]\n", " [batch]\n size = 12 \n", text,
                    "\n".join(lines) + "\n"):
        bench.write_config(content)
        equal(ask(f"--config={bench.config}", "--check-config"),
              (0, "The configuration is right\n", ""), f"--check-config of {content!r}")
    check(sum("=" in line and not line.startswith("#") for line in lines) == 10,
          "the sample does not name all keys")


@case("the socket of a daemon that was killed is taken over")
def stale_socket(bench):
    first = bench.daemon()
    inode = bench.unix.stat().st_ino
    equal(first.stop(signal.SIGKILL), -signal.SIGKILL, "wait status")
    equal(bench.unix.stat().st_ino, inode, "left behind")
    second = bench.daemon()
    check(bench.client().ask("x").startswith("ok "), "answer")
    equal(second.stop(), 143, "status")
    check(not bench.unix.exists(), "the socket is left behind")


@case("it says what became of the run before: to standard error, and in its status if that was no good end")
def previous(bench):
    state = bench.path / "state"
    state.mkdir(mode=0o700)
    environment = {"STATE_DIRECTORY": str(state)}
    first = bench.daemon(env=environment)
    check("The previous run" not in first.error_text(), first.error_text())
    equal(first.stop(signal.SIGKILL), -signal.SIGKILL, "wait status")
    second = bench.daemon(env=environment)
    check("The previous run was killed without a word" in second.error_text(), second.error_text())
    second.wait_for(r"^STATUS=Serving on .*\. The previous run was killed without a word$")
    equal(second.stop(), 143, "status")
    third = bench.daemon(env=environment)
    comm = pathlib.Path("/proc/self/comm").read_text(encoding="utf-8").strip()
    check(f"The previous run was terminated by SIGTERM from {comm} (pid {os.getpid()}"
          in third.error_text(), third.error_text())
    check(not any("previous run" in said for said in third.said), f"status {third.said}")
    equal(third.stop(), 143, "status")


@case("one daemon for one database: a second one says who has it; a lock that was left is none")
def lock(bench):
    file = pathlib.Path(f"{bench.database}.lock")
    first = bench.daemon()
    equal(file.read_text(), f"{first.process.pid}\n", "the lock file")
    fails(bench, UNAVAILABLE, f"process {first.process.pid} has this database", f"--config={bench.config}",
          f"--database={bench.database}", f"--listen-unix={bench.path}/other")
    check(bench.client().ask("x").startswith("ok "), "the first daemon is not reached any more")
    equal(first.stop(signal.SIGKILL), -signal.SIGKILL, "wait status")
    check(file.exists(), "nobody has removed it yet")
    second = bench.daemon()
    equal(file.read_text(), f"{second.process.pid}\n", "the lock file, taken over")
    equal(second.stop(), 143, "status")
    check(not file.exists(), "the lock file is left behind")


@case("a killed daemon's will: the helper removes its socket and its lock, or the next start does")
def will(bench):
    lock = pathlib.Path(f"{bench.database}.lock")
    state = bench.path / "state"
    state.mkdir(mode=0o700)
    environment = {"STATE_DIRECTORY": str(state)}
    for helper in (True, False) if PSCTL.exists() else (False,):
        first = bench.daemon(env=environment)
        equal(len(list(state.glob("*.will"))), 1, "wills of a daemon that lives")
        equal(first.stop(signal.SIGKILL), -signal.SIGKILL, "wait status")
        check(bench.unix.exists() and lock.exists(), "nobody has removed them yet")
        if helper:
            done = subprocess.run([PSCTL, "settle"], env={**os.environ, **environment},
                                  capture_output=True, text=True, check=False)
            equal(done.returncode, 0, done.stdout + done.stderr)
            check("2 done, 0 left alone, 0 failed" in done.stdout, done.stdout)
            check(not bench.unix.exists(), "the socket is left behind")
            check(not lock.exists(), "the lock is left behind")
            equal(list(state.glob("*.will")), [], "wills")
    second = bench.daemon(env=environment)
    check("Removed " not in second.error_text(), "the stale socket was met")
    equal(lock.read_text(), f"{second.process.pid}\n", "the lock file")
    check(bench.client().ask("x").startswith("ok "), "answer")
    equal(second.stop(), 143, "status")
    equal(list(state.glob("*.will")), [], "wills after an orderly exit")
    check(not bench.unix.exists() and not lock.exists(), "something is left behind")


@case("the socket of a daemon that lives is left alone")
def live_socket(bench):
    bench.daemon()
    bench.client().ask("x")
    arguments = (f"--config={bench.config}", f"--database={bench.path}/other.db",
                 f"--listen-unix={bench.unix}")
    fails(bench, UNAVAILABLE, "another daemon answers", *arguments)
    check(bench.client().ask("y").startswith("ok "), "the first daemon is not reached any more")
    full = listening(bench.path / "full")
    full.listen(0)
    waiting = []
    for _ in range(8):  # one who does not accept lives, too
        waiting.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        waiting[-1].setblocking(False)
        waiting[-1].connect_ex(f"{bench.path}/full")
    fails(bench, UNAVAILABLE, "another daemon answers", *arguments[:2],
          f"--listen-unix={bench.path}/full")


@case("what is not a socket is not removed")
def not_a_socket(bench):
    bench.unix.write_text("precious")
    bench.write_config("")
    arguments = (f"--config={bench.config}", f"--database={bench.database}")
    fails(bench, CANTCREAT, "something else than a socket", *arguments,
          f"--listen-unix={bench.unix}")
    equal(bench.unix.read_text(), "precious", "the file")
    bench.unix.unlink()
    bench.unix.symlink_to("/dev/null")
    fails(bench, CANTCREAT, "something else than a socket", *arguments,
          f"--listen-unix={bench.unix}")
    check(bench.unix.is_symlink(), "the link is gone")


@case("a socket that cannot be made is told")
def impossible_socket(bench):
    bench.write_config("")
    arguments = (f"--config={bench.config}", f"--database={bench.database}")
    fails(bench, CANTCREAT, "No such file", *arguments, f"--listen-unix={bench.path}/none/s")
    locked = bench.path / "locked"
    locked.mkdir(mode=0o500)
    fails(bench, NOPERM, "Permission denied", *arguments, f"--listen-unix={locked}/s",
          prefix=NOT_ALMIGHTY)
    fails(bench, USAGE, "too long", *arguments, f"--listen-unix={bench.path}/{'x' * 108}")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        fails(bench, UNAVAILABLE, "in use", *arguments, f"--listen-unix={bench.unix}",
              f"--listen-tcp=127.0.0.1:{port}")
    check(not bench.unix.exists(), "the start that failed leaves its socket behind")


@case("a database that cannot be had is told")
def impossible_database(bench):
    bench.write_config("")
    arguments = (f"--config={bench.config}", f"--listen-unix={bench.unix}")
    fails(bench, CANTCREAT, "No such file", *arguments, f"--database={bench.path}/none/db")
    fails(bench, CANTCREAT, "unable to open", *arguments, f"--database={bench.path}")
    locked = bench.path / "locked"
    locked.mkdir(mode=0o500)
    fails(bench, NOPERM, "Permission denied", *arguments, f"--database={locked}/inbox.db",
          prefix=NOT_ALMIGHTY)
    text = bench.path / "text"
    text.write_text("not a database, but long enough to be looked at as one\n" * 100)
    fails(bench, DATA, "not a database", *arguments, f"--database={text}")
    other = bench.path / "other.db"
    with contextlib.closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE addresses (name)")
    before = other.read_bytes()
    fails(bench, DATA, "was not made by this version", *arguments, f"--database={other}")
    equal(other.read_bytes(), before, "somebody else's database")


@case("a database is used again, and its row ids go on")
def again(bench):
    daemon = bench.daemon()
    equal(bench.client().ask("one"), "ok 1", "answer")
    equal(daemon.stop(), 143, "status")
    with contextlib.closing(sqlite3.connect(bench.database)) as database, database:
        database.execute("DELETE FROM inbox")
    bench.daemon()
    equal(bench.client().ask("two"), "ok 2", "a number comes twice")


@case("sockets of a service manager are served, Unix and TCP told apart")
def activation(bench):
    bench.write_config("")
    unix, tcp = listening(bench.unix), socket.create_server(("127.0.0.1", 0))
    early = bench.client()  # before the daemon is there
    early.send(b"early\n")
    daemon = Daemon(bench, f"--config={bench.config}", f"--database={bench.database}",
                    sockets=(tcp, unix)).ready()
    daemon.wait_for(rf"Serving on 127\.0\.0\.1:{tcp.getsockname()[1]}, {bench.unix}: ")
    check(early.answer().startswith("ok "), "answer to who came before")
    check(bench.client(tcp.getsockname()).ask("tcp").startswith("ok "), "answer over TCP")
    equal(daemon.stop(), 143, "status")
    check(bench.unix.exists(), "the service manager's socket was removed")
    late = bench.client()  # waits for the next one
    late.send(b"late\n")
    Daemon(bench, f"--config={bench.config}", f"--database={bench.database}",
           sockets=(tcp, unix)).ready()
    check(late.answer().startswith("ok "), "answer to who came in between")
    equal(sorted(bench.lines()), ["early", "late", "tcp"], "stored")
    unix.close()
    tcp.close()


@case("a socket of the wrong kind from a service manager is told")
def wrong_activation(bench):
    bench.write_config("")
    arguments = (f"--config={bench.config}", f"--database={bench.database}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
        datagram.bind(str(bench.unix))
        fails(bench, CONFIG, "not a listening stream socket", *arguments, sockets=(datagram,))
    one, other = socket.socketpair()  # Accept=yes
    fails(bench, CONFIG, "not a listening stream socket", *arguments, sockets=(one,))
    one.close()
    other.close()


@case("after a start that failed nothing is left behind")
def nothing_left(bench):
    bench.write_config("")
    before = set(os.listdir(bench.path))
    fails(bench, USAGE, "is not loopback", f"--config={bench.config}",
          f"--database={bench.database}", f"--listen-unix={bench.unix}", "--listen-tcp=0.0.0.0:1")
    left = {name for name in set(os.listdir(bench.path)) - before
            if not name.startswith(("notify", "errors"))}
    equal(left, {"inbox.db"}, "new files")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        check(probe.connect_ex(str(bench.unix)) != 0, "somebody listens")


if __name__ == "__main__":
    sys.exit(main(Bench, workers=2, only="".join(sys.argv[1:2])))
