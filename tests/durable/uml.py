#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Power cuts that are real: a daemon that changes its will without pause, under a kernel of its own
with a disk of its own, which is killed at a random moment and started again on what the disk holds.

usage: uml.py BUILD-DIRECTORY [SEED]

What the daemon had confirmed must be in the will that is carried out at the second boot, whole.
With TESTS=long only: a boot takes seconds.
"""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SANDBOX = HERE.parent / "harness" / "systemd-sandbox-uml"
CUTS = 10
SCRIPT = "many"
TARGETS = 48
DISK_BYTES = 64 << 20
AHEAD = 90  # steps whose confirmation may not have come out of the machine when it was cut off


def skip(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


class Machine:
    def __init__(self, build, directory):
        self.build = build
        self.disk = directory / "disk"
        with open(self.disk, "wb") as image:
            image.truncate(DISK_BYTES)
        subprocess.run(["mkfs.ext4", "-q", self.disk], check=True)

    def boot(self, command):
        preload = self.build / "tests/harness/uml-ptrace.so"
        return subprocess.Popen(
            [SANDBOX, f"--disk={self.disk}", f"--preload={preload}", f"--project={HERE.parents[1]}",
             "--timeout=120", "--", "/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def live_and_be_cut_off(self, seconds):
        """The number of steps that were confirmed."""
        machine = self.boot(
            "umask 077; rm -rf /disk/base; mkdir -p /disk/base/record /disk/base/targets && "
            f"for i in $(seq -w 0 {TARGETS - 1}); do : >/disk/base/targets/f$i; done; sync; "
            f"{self.build}/tests/durable/durable-subject play {SCRIPT} /disk/base/record "
            "/disk/base/targets /bin/true; sleep 100")
        done, until, seen = 0, None, []
        os.set_blocking(machine.stdout.fileno(), False)
        while until is None or time.monotonic() < until:
            for line in machine.stdout.readlines():
                seen.append(line)
                if line.startswith("step ") and " done" in line:
                    done = int(line.split()[1]) + 1
                    until = until or time.monotonic() + seconds
            if machine.poll() is not None:
                raise RuntimeError("the machine ended by itself: " + "".join(seen))
            time.sleep(0.01)
        machine.send_signal(signal.SIGTERM)
        machine.wait()
        return done

    def settle(self):
        """What was carried out, as bits, the verdict, and what was said."""
        machine = self.boot(
            f"{self.build}/tools/psctl settle --boot --directory=/disk/base; echo status $?; "
            "echo left $(ls /disk/base/targets) end; ls /disk/base/record; "
            f"{self.build}/tests/durable/durable-subject next /disk/base/record")
        said, _ = machine.communicate()
        if "left " not in said:
            raise RuntimeError("the second boot failed: " + said)
        left = said.split("left ", 1)[1].split(" end")[0].split()
        carried = sum(1 << i for i in range(TARGETS) if f"f{i:02}" not in left)
        verdict = [line.split()[1] for line in said.splitlines() if line.startswith("verdict ")]
        return carried, verdict, said


def run_out_of_memory(machine):
    """A unit with a limit: what it was called, what was carried out, what the next start says."""
    durable = machine.build / "tests/durable"
    unit = "systemd-run --quiet --collect --wait --unit=ps-hungry"
    process = machine.boot(
        "umask 077; mkdir -p /var/tmp/base/record /var/tmp/base/targets/d01; cd /var/tmp/base/targets; "
        f"touch f00 r02 f03; {unit} -p MemoryMax=64M -p MemorySwapMax=0 "
        f"-p 'ExecStopPost=/bin/sh -c \"echo $SERVICE_RESULT >/var/tmp/base/result\"' "
        f"-p 'ExecStopPost={machine.build}/tools/psctl settle --directory=/var/tmp/base/record' "
        f"{durable}/durable-subject hungry arm /var/tmp/base/record /var/tmp/base/targets "
        f"{durable}/durable-mark; {unit} -p StandardOutput=file:/var/tmp/base/next "
        f"{durable}/durable-subject next /var/tmp/base/record; "
        "echo result $(cat ../result); echo there $(ls) $(cat r02); cat ../next")
    said, _ = process.communicate()
    lines = [line.strip() for line in said.splitlines()]
    right = all(word in lines for word in ("result oom-kill", "there r02 x", "verdict out-of-memory"))
    if not right:
        print("# " + said.replace("\n", "\n# "))
    return right


def cut_once(machine, wills, seconds):
    done = machine.live_and_be_cut_off(seconds)
    carried, verdict, said = machine.settle()
    right = carried in wills[done:done + AHEAD] and verdict == ["power-loss"] and ".will" not in \
        said.split(" end", 1)[1]
    if not right:
        print(f"# after {done} steps: carried out {carried:x}, confirmed {wills[done]:x}, {verdict}")
        print("# " + said.replace("\n", "\n# "))
    return done, right


def main():
    build = pathlib.Path(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    if os.environ.get("TESTS") != "long":
        skip("with TESTS=long only")
    if not (shutil.which("linux.uml") and shutil.which("mkfs.ext4")):
        skip("no User Mode Linux, or no mkfs.ext4, here")
    wills = [int(line, 16) for line in subprocess.run(
        [build / "tests/durable/durable-standin", "script", SCRIPT],
        check=True, capture_output=True, text=True).stdout.split()]
    choose = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="ps-uml-") as directory:
        machine = Machine(build, pathlib.Path(directory))
        ends = [cut_once(machine, wills, choose.uniform(0, 0.8)) for _ in range(CUTS)]
        fed = run_out_of_memory(machine)
    wrong = sum(not right for _, right in ends)
    print(f"# real power cuts: {CUTS} (seed {seed}), after {', '.join(str(n) for n, _ in ends)} "
          f"steps, {wrong} violations")
    print("1..2")
    print(f"{'not ok' if wrong else 'ok'} 1 - W02u a machine loses its power under load")
    print(f"{'ok' if fed else 'not ok'} 2 - out of memory: the will, once, and the verdict")


if __name__ == "__main__":
    main()
