# SPDX-License-Identifier: LGPL-2.1-or-later
"""psctl beside a real manager: what it says of a unit, the picture of its exit, and a unit that it
wrote and that starts."""

import json
import re

from cases_inboxd import installed
from cases_psctl import LISTENER, SERVICE, psctl
from manager import PROBED, UNITS, Bench, run
from tap import case, check, equal


@case("psctl: status of a unit that is up, and stopped; a picture of its exit", alone=True)
def _(bench):
    installed()
    bench.unit(LISTENER)
    service = bench.unit(SERVICE)
    service.call("start")
    service.await_state("active")
    up = json.loads(psctl("status", "--json", SERVICE))
    equal((up["active_state"], up["sub_state"], up["main_pid"]),
          ("active", "running", int(service.get("MainPID"))), "the unit")
    equal(up["status_text"], service.get("StatusText"), "its own words")

    service.stop()
    service.await_state("inactive", "failed")
    down = json.loads(psctl("status", "--json", "ps-inboxd"))
    equal((down["main_pid"], down["previous"]["verdict"], down["previous"]["pid"]),
          (None, "terminated", up["main_pid"]), "the unit when it is stopped")
    check("previous   SIGTERM from systemd (1), status 143" in psctl("status", SERVICE), "its text")
    psctl("status", "ps-no-such-unit", status=3)

    picture = psctl("plot", SERVICE, "1")
    for words in (f"<svg xmlns", f"{SERVICE}: SIGTERM from systemd (1)", ">stop_accepting<",
                  ">close_database<", "the exit took", " of 60 s"):
        check(words in picture, f"{words!r} is not in {picture}")
    check(">drain_connections<" in psctl("plot", "--blame", SERVICE), "the picture of many")


@case("psctl: status tells of a will in force, and of one that SIGKILL left to be carried out", alone=True)
def _(bench):
    psctl("help")
    name = bench.name("will")
    socket = f"/run/{name}/inbox.sock"
    unit = bench.unit(f"{name}.service", f"""[Service]
Type=notify
StateDirectory={name}
RuntimeDirectory={name}
RuntimeDirectoryPreserve=yes
ExecStart={Bench.installed["ps-inboxd"]} --config=/dev/null --database=/var/lib/{name}/inbox.db \
    --listen-unix={socket}
""")
    unit.start()
    up = json.loads(psctl("status", "--json", name))
    equal((up["wills_in_force"], up["wills_outstanding"]), (1, []), "the will of who lives")
    check("in force" in psctl("status", name), "the text says so")
    unit.kill("KILL")
    unit.await_state("failed")
    down = json.loads(psctl("status", "--json", name))
    equal((down["wills_in_force"], len(down["wills_outstanding"])), (0, 1), "the will that is left")
    check(down["wills_outstanding"][0].startswith(f"/var/lib/{name}/{name}.service."), str(down))
    equal(down["previous"]["verdict"], "killed", "how it ended")
    psctl("settle", f"--directory=/var/lib/{name}")
    settled = json.loads(psctl("status", "--json", name))
    equal(settled["wills_outstanding"], [], "wills when psctl settle has been there")


@case("psctl: new-unit writes a unit that the manager takes, and that starts and stops", alone=True)
def _(bench):
    name = bench.name("made")
    psctl("help")
    bindir = bench.directory / "bin"
    bindir.mkdir()
    (bindir / name).write_text(f"#!/bin/sh\nexec {PROBED}\n", encoding="utf-8")
    (bindir / name).chmod(0o755)
    bench.directory.chmod(0o755)
    done = run(Bench.installed["psctl"], "new-unit", f"--bindir={bindir}", f"--output={UNITS}",
               "--description=Made by psctl", name)
    equal(done.stdout.strip(), f"{UNITS}/{name}.service", "what it wrote")
    equal(done.stderr, "", "complaints")
    unit = bench.unit(f"{name}.service")
    run("systemctl", "daemon-reload")
    unit.start()
    equal(unit.show("ActiveState", "Description"),
          {"ActiveState": "active", "Description": "Made by psctl"}, "the unit")
    unit.stop()
    equal(unit.await_state("inactive", "failed")["Result"], "success", "how it ended")
    check(re.search(r"SIGTERM from systemd \(1\)", psctl("history", f"{name}.service")), "its life")
