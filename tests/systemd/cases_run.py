# SPDX-License-Identifier: LGPL-2.1-or-later
"""The record of runs and the will under a real manager: whichever way a unit ends, its will is
carried out once, by the process or by psctl in ExecStopPost=, and the next start knows why."""

import pathlib

import ids
from tap import case, check, equal


class Lives:
    """A unit with a record, and what its will leaves to be seen."""

    def __init__(self, bench, *arguments, **service):
        psctl = bench.installed["psctl"]
        name = bench.name("run")
        self.directory = pathlib.Path("/var/lib") / name
        self.probe = bench.probe("--record", *arguments, name=f"{name}.service", post=False,
                                 service={"StateDirectory": name, **service})
        # The helper first, so that all is done when the test hears of the end.
        self.probe.drop_in(
            f"[Service]\nExecStopPost={psctl} settle\nExecStopPost=/bin/sh -c"
            f" 'echo post $$SERVICE_RESULT $$EXIT_CODE $$EXIT_STATUS >{self.probe.trace.path}'\n")
        self.lives = 0

    def begin(self, previous):
        self.probe.start()
        equal(self.probe.expect("previous "), previous, "the last run")
        self.probe.expect("ready")
        check((self.directory / "leftover").exists(), "what is to be removed")

    def check_will(self):
        self.lives += 1
        done = (self.directory / "done").read_text(encoding="utf-8")
        equal(done, "done\n" * self.lives, "how often the will was carried out")
        check(not (self.directory / "leftover").exists(), "what is to be removed")
        equal(sorted(path.name for path in self.directory.glob("*.will*")), [], "wills")

    def finish(self, post):
        equal(self.probe.finish()["post"], post, "end")
        self.check_will()

    def end(self):
        """A last life, which ends well."""
        self.probe.stop()
        self.finish("success exited 143")


def told(lives, kind):
    records = lives.probe.records(ids.MESSAGES[f"PREVIOUS_{kind}"])
    equal(len(records), 1, f"records PREVIOUS_{kind}")
    return records[0]


@case("V01 stopped, then stopped again: terminated by systemd")
def _(bench):
    lives = Lives(bench)
    lives.begin("none")
    lives.end()
    lives.begin("terminated signal 15 status 143 said success step (null)")
    record = told(lives, "TERMINATED")
    equal((record["PS_SENDER_PID"], record["PS_SERVICE_RESULT"], record["PS_EXIT_STATUS"]),
          ("1", "success", "143"), "record")
    lives.end()


@case("V03 SIGKILL: the helper carries out the will, the next start says killed")
def _(bench):
    lives = Lives(bench)
    lives.begin("none")
    lives.probe.kill("KILL")
    lives.finish("signal killed KILL")
    lives.begin("killed signal 9 status -1 said signal step (null)")
    told(lives, "KILLED")
    lives.end()


@case("V04 a callback that hangs: forced, with its name")
def _(bench):
    gate = bench.fifo()
    act = f"terminate:wait={gate.path}"
    lives = Lives(bench, "--deadline=1000", f"--on={act}")
    lives.begin("none")
    lives.probe.begin_stop()
    lives.finish("success exited 143")
    lives.begin(f"forced signal 15 status 143 said success step {act}")
    told(lives, "FORCED")
    lives.probe.begin_stop()
    lives.finish("success exited 143")


@case("V03 a stop timeout before our own deadline: killed, and it did not end in time")
def _(bench):
    gate = bench.fifo()
    lives = Lives(bench, "--deadline=0", f"--on=terminate:wait={gate.path}", TimeoutStopSec="1")
    lives.begin("none")
    lives.probe.begin_stop()
    lives.finish("timeout killed KILL")
    lives.begin("killed signal 9 status -1 said timeout step (null)")
    equal(told(lives, "KILLED")["PS_REASON"], "it did not end in time", "reason")
    lives.probe.begin_stop()
    lives.finish("timeout killed KILL")


@case("C10 the watchdog: verdict watchdog, with and without our account of the crash")
def _(bench):
    for report in ([], ["--report-crashes"]):
        gate = bench.fifo()
        lives = Lives(bench, *report, f"--on=reload:wait={gate.path}", WatchdogSec="1",
                      ExecReload="/bin/kill -HUP $MAINPID")
        lives.begin("none")
        lives.probe.begin_reload()
        lives.finish("watchdog killed ABRT")
        lives.probe.start()
        check(lives.probe.expect("previous ").startswith("watchdog signal 6 status -1 said watchdog"),
              "the last run")
        lives.probe.expect("ready")
        told(lives, "WATCHDOG")
        lives.end()


@case("V02 a crash, told and untold")
def _(bench):
    for report in ([], ["--report-crashes"]):
        lives = Lives(bench, *report)
        lives.begin("none")
        lives.probe.kill("SEGV")
        lives.finish("signal killed SEGV")
        lives.begin("crashed signal 11 status -1 said signal step (null)")
        told(lives, "CRASHED")
        lives.end()


@case("V01 exit codes, of an orderly end and of _exit()")
def _(bench):
    lives = Lives(bench, "--on=reload:quit=3", ExecReload="/bin/kill -HUP $MAINPID")
    lives.begin("none")
    lives.probe.kill("HUP")
    lives.finish("exit-code exited 3")
    lives.begin("quit signal 0 status 3 said exit-code step (null)")
    told(lives, "QUIT")
    lives.end()


@case("V02 a signal that nobody takes")
def _(bench):
    lives = Lives(bench)
    lives.begin("none")
    lives.probe.kill("USR1")
    lives.finish("signal killed USR1")
    lives.begin("killed signal 10 status -1 said signal step (null)")
    lives.end()


@case("V11 two units in one directory have records of their own")
def _(bench):
    lives = Lives(bench)
    lives.begin("none")
    state = lives.directory.name
    other = bench.probe("--record", "--on=ready:quit=0", name=f"{bench.name('run')}.service",
                        service={"Environment": f"STATE_DIRECTORY={lives.directory}"})
    other.start(check=False)
    other.finish()
    # Another unit, another record: both live in one directory.
    check("previous none" in other.lines, f"trace {other.lines}")
    equal(sorted(path.name for path in lives.directory.glob("*.run")),
          sorted([f"{state}.service.run", f"{other.name}.run"]), "records")
    lives.probe.stop()
    lives.probe.finish()
