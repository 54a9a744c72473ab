# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who did it: the sender of the signal, as the callback and the journal have it."""

import pathlib

import ids
from manager import run
from tap import case, check, equal


def sender_in_journal(probe):
    records = probe.records(ids.MESSAGES["EXIT_BEGUN"])
    equal(len(records), 1, "records of the begin of an exit")
    record = records[0]
    names = ("PID", "UID", "COMM", "UNIT")
    return record, {name: record.get(f"PS_SENDER_{name}") for name in names}


@case("sender: `systemctl stop` shows pid 1, systemd")
def _(bench):
    probe = bench.probe("--on=terminate:note").serve()
    probe.stop()
    probe.expect("terminate:note")
    equal(probe.expect("sender").split()[:3], ["1", "0", "systemd"], "what the callback sees")
    probe.finish()
    record, sender = sender_in_journal(probe)
    equal((sender["PID"], sender["UID"], sender["COMM"]), ("1", "0", "systemd"), "in the journal")
    equal((record["PS_CAUSE"], record["PS_SIGNAL"]), ("signal", "SIGTERM"), "cause")
    check("SIGTERM" in record["MESSAGE"] and "systemd" in record["MESSAGE"], record["MESSAGE"])


@case("sender: `systemctl kill` is carried out by pid 1, and shown so")
def _(bench):
    probe = bench.probe().serve()
    probe.kill("INT")
    probe.finish()
    record, sender = sender_in_journal(probe)
    equal((sender["PID"], sender["COMM"], record["PS_SIGNAL"]), ("1", "systemd", "SIGINT"),
          "sender")


@case("sender: a process of another unit shows with its command and its unit")
def _(bench):
    probe = bench.probe("--on=terminate:note").serve()
    gate = bench.fifo()
    # The shell itself sends it, and stays until it has been looked at.
    killer = bench.shell(f"kill -TERM {probe.pid()}\nread -r line <{gate.path}\n")
    killer.start()
    pid = killer.get("MainPID")
    probe.expect("terminate:note")
    equal(probe.expect("sender").split(), [pid, "0", "sh", killer.name], "what the callback sees")
    probe.finish()
    _, sender = sender_in_journal(probe)
    equal(sender, {"PID": pid, "UID": "0", "COMM": "sh", "UNIT": killer.name}, "in the journal")


@case("sender: one that is gone at once is shown rightly, or as unknown, never as another")
def _(bench):
    probe = bench.probe("--on=terminate:note").serve()
    killer = bench.shell(f"exec /bin/kill -TERM {probe.pid()}\n")
    killer.start()
    probe.finish()
    _, sender = sender_in_journal(probe)
    check(sender["COMM"] in ("kill", None), f"comm {sender}")
    check(sender["UNIT"] in (killer.name, None), f"unit {sender}")
    equal(sender["UID"], "0", "uid")


@case("sender: another user's process shows with its uid")
def _(bench):
    gate = bench.fifo()
    probe = bench.probe("--on=terminate:note", service={"User": "daemon"}).serve()
    killer = bench.shell(f"kill -TERM {probe.pid()}\nread -r line <{gate.path}\n", User="daemon")
    killer.start()
    probe.finish()
    _, sender = sender_in_journal(probe)
    uid = run("id", "-u", "daemon").stdout.strip()
    equal((sender["UID"], sender["COMM"], sender["UNIT"]), (uid, "sh", killer.name), "sender")


@case("sender: a delegated cgroup that is named like a unit makes no unit of its owner")
def _(bench):
    probe = bench.probe("--on=terminate:note").serve()
    gate = bench.fifo()
    killer = bench.shell(f"""set -e
        own=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
        mkdir "$own/dbus.service"
        echo $$ >"$own/dbus.service/cgroup.procs"
        kill -TERM {probe.pid()}
        read -r line <{gate.path}\n""", Delegate="yes")
    killer.start()
    probe.finish()
    inside = pathlib.Path(f"/proc/{killer.get('MainPID')}/cgroup").read_text(encoding="ascii")
    check(inside.rstrip().endswith("/dbus.service"), f"it is in {inside}: this test shows nothing")
    _, sender = sender_in_journal(probe)
    equal((sender["COMM"], sender["UNIT"]), ("sh", killer.name), "in the journal")


@case("sender: the daemon itself, and nobody at all when it quits")
def _(bench):
    probe = bench.probe("--on=ready:raise=15").serve()
    pid = probe.finish()["ExecMainPID"]
    record, sender = sender_in_journal(probe)
    equal((sender["PID"], record["PS_CAUSE"]), (pid, "signal"), "raised by itself")
    quitting = bench.probe("--on=ready:quit=3")
    quitting.start(check=False)
    quitting.finish()
    record, sender = sender_in_journal(quitting)
    equal(set(sender.values()), {None}, "sender of a quit")
    equal((record["PS_CAUSE"], record.get("PS_CODE"), record.get("PS_SIGNAL")), ("quit", "3", None),
          "cause")


@case("sender: the first cause is kept when another signal follows")
def _(bench):
    gate = bench.fifo()
    probe = bench.probe(f"--on=terminate:gate={gate.path}").serve()
    probe.kill("INT")
    probe.expect("terminate:gate")
    probe.kill("TERM")
    gate.open()
    equal(probe.finish()["post"], "success exited 130", "end")
    record, _ = sender_in_journal(probe)
    equal(record["PS_SIGNAL"], "SIGINT", "cause")
    again = probe.records(ids.MESSAGES["SIGNAL_AGAIN"])
    equal([record["PS_SIGNAL"] for record in again], ["SIGTERM"], "what was noted after it")
