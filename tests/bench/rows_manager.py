#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Very many instances under a real systemd, started at once and stopped at once.

    rows_manager.py BUILD-DIRECTORY ROUNDS COUNT...     inside the sandbox; prints JSON
"""

import json
import pathlib
import subprocess
import sys
import time

UNIT = """[Service]
Type=notify
ExecStart={command}
SuccessExitStatus=143
LogRateLimitIntervalSec=0
StandardOutput=null
"""
SMALL = 200
DAEMONS = {"libpostscriptum": "life-ps", "by hand": "life-hand", "READY=1 only": "life-hand bare"}


def systemctl(*arguments):
    subprocess.run(["systemctl", *arguments], check=True, timeout=300, stdout=subprocess.DEVNULL)


def timed(verb, names):
    begin = time.monotonic()
    systemctl(verb, *names)
    return time.monotonic() - begin


def inside(build, rounds, counts):
    for number, command in enumerate(DAEMONS.values()):
        pathlib.Path(f"/run/systemd/system/bench{number}@.service").write_text(
            UNIT.format(command=build / "tests/bench" / command), encoding="ascii")
    systemctl("daemon-reload")
    result = {}
    for count in counts:
        for _ in range(max(1, rounds * SMALL // count)):  # many instances average themselves
            for number, name in enumerate(DAEMONS):
                names = [f"bench{number}@{i}.service" for i in range(count)]
                took = timed("start", names), timed("stop", names)
                result.setdefault(str(count), {}).setdefault(name, []).append([took])
                subprocess.run(["journalctl", "--sync"], check=True)
    print(json.dumps(result))


def manager(places, quick):
    from measure import run_lines  # pylint: disable=import-outside-toplevel
    from rows import Row  # pylint: disable=import-outside-toplevel
    sandbox = pathlib.Path(__file__).resolve().parents[1] / "harness/systemd-sandbox"
    check = subprocess.run([sandbox, "--check"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, check=False)
    if check.returncode != 0:
        return [Row("manager", "under a real systemd", "s", missing=[check.stdout.strip()])]
    source = pathlib.Path(__file__).resolve().parents[2]
    counts = ("20",) if quick else ("200", "1000")
    build = places.build.resolve()
    samples = json.loads(run_lines(
        [sandbox, f"--project={source}", f"--bind={build}", "--timeout=900", "--", "/usr/bin/python3",
         "-B", pathlib.Path(__file__).resolve(), build, 1 if quick else 3, *counts])[-1])
    rows = []
    for count, taken in samples.items():
        for at, verb in enumerate(("start", "stop")):
            row = Row(f"manager-{verb}-{count}", f"real systemd: {verb} of {count} instances", "s")
            row.add(taken, at)
            row.goal_of_ratio("≤ 1.05 × READY=1 only", "READY=1 only", 1.05)
            rows.append(row)
    return rows


if __name__ == "__main__":
    inside(pathlib.Path(sys.argv[1]), int(sys.argv[2]), [int(count) for count in sys.argv[3:]])
