#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A power cut under a real systemd: two boots over one state directory, the first cut off without a
shutdown. The second start carries out the will, once, and says power-loss.

usage: reboot.py BUILD-DIRECTORY

Both boots are sandboxes on this machine's kernel, whose boot ID stays: the second one gets another.
"""

import pathlib
import subprocess
import sys
import tempfile

from tap import bail_out_to_skip, case, check, equal, main

HERE = pathlib.Path(__file__).resolve().parent
SANDBOX = HERE.parent / "harness" / "systemd-sandbox"
BOOT_ID = "/proc/sys/kernel/random/boot_id"

UNIT = """[Service]
Type=notify
Environment=STATE_DIRECTORY={directory}
ExecStart={probed} --record --trace={trace}
ExecStopPost={psctl} settle
SuccessExitStatus=143
"""


def boot(build, directory, number, *options):
    """What the boot says; it ends as it is told to."""
    return subprocess.run(
        [SANDBOX, f"--project={HERE.parents[1]}", f"--bind={build}", f"--bind={directory}",
         f"--journal-dir={directory}/journal", "--timeout=120", *options, "--",
         "/usr/bin/python3", "-B", __file__, "--inside", build, directory, str(number)],
        check=False, capture_output=True, text=True)


def start_unit(build, directory, number):
    # Only there, where it is a systemd's.
    from manager import PROBED, run
    from suite import install

    psctl = install(pathlib.Path(build))["psctl"]
    trace = directory / f"trace-{number}"
    trace.write_text("", encoding="utf-8")
    pathlib.Path("/run/systemd/system/ps-reboot.service").write_text(
        UNIT.format(directory=directory / "state", probed=PROBED, trace=trace, psctl=psctl),
        encoding="utf-8")
    run("systemctl", "daemon-reload")
    run("systemctl", "start", "ps-reboot.service")
    return run


def inside(build, directory, number):
    if number == 2:
        other = directory / "boot_id"
        other.write_text("6d0a2d7e-6ae8-4c6e-8a51-7f2b19b3c5d4\n", encoding="utf-8")
        subprocess.run(["mount", "--bind", other, BOOT_ID], check=True)
    run = start_unit(build, directory, number)
    done = directory / "state" / "done"
    (directory / f"done-{number}").write_text(
        done.read_text(encoding="utf-8") if done.exists() else "", encoding="utf-8")
    if number == 2:
        run("systemctl", "stop", "ps-reboot.service")
        run("journalctl", "--sync")
        print(run("journalctl", "-q", "-o", "cat", "PS_VERDICT=power-loss").stdout)


def read(directory, name):
    return (directory / name).read_text(encoding="utf-8")


@case("V05 a power cut: the next boot carries out the will, once, and says power-loss")
def _():
    with tempfile.TemporaryDirectory(prefix="ps-reboot-") as name:
        directory = pathlib.Path(name)
        (directory / "state").mkdir()
        (directory / "journal").mkdir()
        first = boot(sys.argv[1], name, 1, "--stop-timeout=0")
        equal(first.returncode, 0, f"first boot, {first.stderr}")
        check("previous none" in read(directory, "trace-1"), read(directory, "trace-1"))
        check((directory / "state" / "leftover").exists(), "what was left")
        equal(read(directory, "done-1"), "", "commands run before the cut")

        second = boot(sys.argv[1], name, 2)
        equal(second.returncode, 0, f"second boot, {second.stderr}")
        check("previous power-loss" in read(directory, "trace-2"), read(directory, "trace-2"))
        equal(read(directory, "done-2"), "done\n", "commands run by the next start")
        check("machine went down" in second.stdout, f"journal: {second.stdout}")
        # Its own end, too.
        equal(read(directory, "state/done"), "done\ndone\n", "commands run in all")
        check(not (directory / "state" / "leftover").exists(), "what was left")
        check(not list((directory / "state").glob("*.will*")), "wills")


if __name__ == "__main__":
    if sys.argv[1] == "--inside":
        inside(sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4]))
        sys.exit()
    state = subprocess.run([SANDBOX, "--check"], check=False, capture_output=True, text=True)
    if state.returncode != 0:
        bail_out_to_skip(state.stderr.strip().removeprefix("systemd-sandbox: "))
    sys.exit(main())
