# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example daemon under its own units, locked in as they lock it."""

import pathlib
import re
import socket
import sqlite3

import ids
from manager import run
from tap import Skip, case, check, equal

TCP = ("127.0.0.1", 7070)
UNIX = "/run/ps-inboxd/inbox.sock"
DATABASE = "/var/lib/private/ps-inboxd/inbox.db"
LINES = 300


def installed():
    """Where the example's unit is; it is built by choice."""
    found = run("systemctl", "show", "-P", "FragmentPath", "ps-inboxd.service").stdout.strip()
    if not found:
        raise Skip("the example is not built")
    return found


def send(address, family, lines):
    """Each line acknowledged; the answers."""
    with socket.socket(family) as client:
        client.settimeout(40)
        client.connect(address)
        stream = client.makefile("rw", encoding="utf-8")
        stream.write("".join(f"{line}\n" for line in lines))
        stream.flush()
        client.shutdown(socket.SHUT_WR)
        return [stream.readline().strip() for _ in lines]


@case("units: ps-inboxd.service and .socket verify as installed")
def _(bench):
    service = installed()
    done = run("systemd-analyze", "verify", service, service.replace(".service", ".socket"))
    equal(done.stdout + done.stderr, "", "systemd-analyze verify")


@case("units: ps-inboxd.service: `systemd-analyze security` gives 1.5 or less")
def _(bench):
    shown = run("systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=15",
                installed()).stdout
    level = re.search(r"Overall exposure level for ps-inboxd.service: ([0-9.]+)", shown)
    check(level and float(level[1]) <= 1.5, f"exposure: {shown[-200:]}")


@case("units: ps-inboxd works, locked in: Unix, TCP, reload, who stopped it, none lost", alone=True)
def _(bench):
    installed()
    listener = bench.unit("ps-inboxd.socket")
    service = bench.unit("ps-inboxd.service")
    listener.start()
    equal(service.get("ActiveState"), "inactive", "before the first client")

    sent = {f"{kind} {number}" for kind in ("unix", "tcp") for number in range(LINES)}
    for address, family, kind in ((UNIX, socket.AF_UNIX, "unix"), (TCP, socket.AF_INET, "tcp")):
        answers = send(address, family, [f"{kind} {number}" for number in range(LINES)])
        check(all(re.fullmatch(r"ok \d+", answer) for answer in answers), f"answers: {answers[:5]}")
    state = service.show()
    equal((state["ActiveState"], state["NRestarts"]), ("active", "0"), "state")
    check(state["StatusText"], "no status")
    service.call("reload")
    service.await_state("active")

    # Stopped by a stranger, whom the journal names though the daemon is locked in.
    gate = bench.fifo()
    identity = service.get("InvocationID")
    killer = bench.shell(f"kill -TERM {service.get('MainPID')}\nread -r line <{gate.path}\n")
    # Not started again by its socket: nobody connects.
    killer.start()
    state = service.await_state("inactive", "failed")
    equal((state["Result"], state["ExecMainStatus"], state["NRestarts"]), ("success", "143", "0"),
          "end")
    run("journalctl", "--sync")
    begun = run("journalctl", "-q", "-o", "cat", f"MESSAGE_ID={ids.MESSAGES['EXIT_BEGUN']}",
                f"PS_INVOCATION_ID={identity}").stdout
    check("from sh (pid" in begun and killer.name in begun, f"who stopped it: {begun!r}")

    with sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True) as database:
        stored = {row[0] for row in database.execute("SELECT line FROM inbox")}
    equal(sent - stored, set(), "acknowledged lines that are not stored")

    # The sockets outlive it: the next client starts the next life.
    answers = send(UNIX, socket.AF_UNIX, ["once more"])
    check(answers[0].startswith("ok "), f"answers: {answers}")
    service.stop()
    equal(service.await_state("inactive", "failed")["Result"], "success", "end of the second life")
    check(pathlib.Path(UNIX).exists(), "the daemon took the socket unit's socket away")
    listener.stop()
    check(not pathlib.Path(UNIX).exists(), "the socket's file is left")
