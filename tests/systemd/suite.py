# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs every case in cases_*.py; to be started inside the sandbox by run-in-sandbox."""

import importlib
import json
import pathlib
import shutil
import subprocess
import sys

import tap
from manager import PROBED, Bench

# Most of the time a case waits for the manager or for a timer.
WORKERS = 16
HERE = pathlib.Path(__file__).resolve().parent


# For a build with sanitizers; others do not look at it. Leaks and races are looked for in other
# suites: LeakSanitizer traces the process, which units that are locked in forbid and signals to
# the whole unit disturb; ThreadSanitizer needs a GLib of its own. Signals are to do what they do.
SANITIZERS = [
    "ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_abort=0:disable_coredump=0",
    "UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS=report_bugs=0:handle_segv=0:handle_abort=0:disable_coredump=0",
]


def install(build):
    """The units, the catalog and the library are tested as installed, wherever the prefix is.
    Returns where each file went, by its name."""
    targets = map(pathlib.Path, json.loads(subprocess.check_output(
        ["meson", "introspect", "--installed", build])).values())
    # A completion is called like its program: the program it is.
    installed = {target.name: target for target in
                 sorted(targets, key=lambda target: target.parent.name == "bin")}
    library = next(path for name, path in installed.items()
                   if name.startswith("libpostscriptum.so"))
    pathlib.Path("/etc/ld.so.conf.d/ps-test.conf").write_text(f"{library.parent}\n",
                                                              encoding="utf-8")
    for command in (["meson", "install", "--no-rebuild", "--quiet", "-C", build],
                    ["ldconfig"],
                    ["journalctl", "--update-catalog"],
                    # PID 1 then logs each message that a service sends it.
                    ["systemctl", "log-level", "debug"],
                    ["systemctl", "set-environment", *SANITIZERS],
                    ["systemctl", "daemon-reload"]):
        subprocess.run(command, check=True, stdout=sys.stderr)
    shutil.copy(build / "tests/systemd/ps-probed", PROBED)
    return installed


def main():
    build = pathlib.Path(sys.argv[1])
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    Bench.build = build
    Bench.installed = install(build)
    for module in sorted(HERE.glob("cases_*.py")):
        importlib.import_module(module.stem)
    return tap.main(Bench, WORKERS, only)


if __name__ == "__main__":
    sys.exit(main())
