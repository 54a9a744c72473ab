#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds tests/harness/systemd-sandbox to what its head promises.

Everything else here trusts the sandbox: that the status it gives is the command's own, that a
hang ends, that nothing stays behind and the machine around it is not touched.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from tap import bail_out_to_skip, case, check, equal, main

HERE = pathlib.Path(__file__).resolve().parent
SANDBOX = HERE.parent / "harness" / "systemd-sandbox"

# Of one that starts in the background, or by nohup, some are ignored; a script cannot trap those.
for ignored in (signal.SIGINT, signal.SIGHUP):
    signal.signal(ignored, signal.SIG_DFL)


def start(*arguments, project=None, **keywords):
    """The sandbox as a child that must be waited for; kill it only by SIGKILL from outside."""
    return subprocess.Popen([SANDBOX, f"--project={project or HERE}", *arguments], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            **{"stdin": subprocess.DEVNULL, **keywords})


def sandbox(*arguments, **keywords):
    text = keywords.pop("input", None)
    if text is not None:
        keywords["stdin"] = subprocess.PIPE
    child = start(*arguments, **keywords)
    try:
        child.stdout_text, child.stderr_text = child.communicate(text, timeout=60)
    except subprocess.TimeoutExpired:
        child.kill()
        raise
    return child


def status_is(child, status):
    check(child.returncode == status,
          f"status {child.returncode}, expected {status}: {child.stderr_text}")


def hierarchies(kind=""):
    """The paths where cgroups are mounted, those of version 2 alone with "2"."""
    with open("/proc/self/mountinfo", encoding="utf-8") as lines:
        return [pathlib.Path(line.split()[4]) for line in lines if f" - cgroup{kind}" in line]


def cgroups_of(pid):
    return [path for point in hierarchies() for path in point.glob(f"systemd-sandbox@*-{pid}")]


def processes_with(word):
    """PIDs whose command line has `word`."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            command = pathlib.Path(f"/proc/{int(entry)}/cmdline").read_bytes()
            if word.encode() in command:
                found.append(int(entry))
        except (OSError, ValueError):
            pass
    return found


def staging_of(pid):
    return list(pathlib.Path(tempfile.gettempdir()).glob(f"systemd-sandbox@*-{pid}.*"))


def mounts():
    with open("/proc/self/mountinfo", encoding="utf-8") as lines:
        return [line for line in lines if "systemd-sandbox" in line]


def gone_within(seconds, probe):
    """A killed process leaves the table a moment later; nothing else can announce it."""
    end = time.monotonic() + seconds
    while probe() and time.monotonic() < end:
        time.sleep(0.02)
    return not probe()


def nothing_left(pid, word):
    check(gone_within(5, lambda: processes_with(word)), f"processes left: {processes_with(word)}")
    equal(cgroups_of(pid), [], "cgroups left")
    equal(staging_of(pid), [], "staging directories left")
    equal(mounts(), [], "mounts left")


def marked_sleep(word):
    """A shell command that leaves a stray process of its own session, with `word` in its name."""
    return f"setsid sh -c 'sleep 3000; : {word}' >/dev/null 2>&1 & "


@case("sandbox: the command's exit status is passed through")
def _():
    for status in (0, 1, 42, 255):
        status_is(sandbox("sh", "-c", f"exit {status}"), status)


@case("sandbox: a command that dies of a signal gives 128 + its number, and says so")
def _():
    child = sandbox("sh", "-c", "kill -KILL $$")
    status_is(child, 137)
    check("SIGKILL" in child.stderr_text, child.stderr_text)


@case("sandbox: standard input, output and error are the caller's")
def _():
    child = sandbox("sh", "-c", "cat; echo error >&2", input="some\nlines\n")
    status_is(child, 0)
    equal(child.stdout_text, "some\nlines\n", "output")
    equal(child.stderr_text, "error\n", "error output")


@case("sandbox: it is a real systemd, up, with a journal and a bus")
def _():
    script = """set -e
        systemctl is-system-running
        read -r comm </proc/1/comm; echo "$comm"
        echo a-line-for-the-journal | systemd-cat -t sandbox-test
        journalctl --sync
        journalctl -q -t sandbox-test -o cat
        busctl --list >/dev/null"""
    child = sandbox("sh", "-c", script)
    status_is(child, 0)
    equal(child.stdout_text.split(), ["running", "systemd", "a-line-for-the-journal"], "output")


@case("sandbox: a time-out ends what ignores every polite signal, with 124")
def _():
    word = f"mark-timeout-{os.getpid()}"
    begin = time.monotonic()
    child = sandbox("--timeout=1", "--stop-timeout=1", "bash", "-c",
                    marked_sleep(word)
                    + "trap '' TERM INT HUP; while :; do read -r -t 60 <> <(:); done")
    status_is(child, 124)
    check("did not finish within 1 s" in child.stderr_text, child.stderr_text)
    check(1 <= time.monotonic() - begin < 20, "it took too long")
    nothing_left(child.pid, word)


@case("sandbox: a stray process, a service and a mount are gone with it")
def _():
    word = f"mark-normal-{os.getpid()}"
    child = sandbox("sh", "-c", marked_sleep(word)
                    + f"systemd-run -q sh -c 'sleep 3000; : {word}'"
                    " && mount -t tmpfs none /mnt && echo up")
    status_is(child, 0)
    equal(child.stdout_text, "up\n", "output")
    nothing_left(child.pid, word)


def signalled(number, status):
    word = f"mark-{number}-{os.getpid()}"
    child = start("sh", "-c", marked_sleep(word) + "echo up; sleep 3000")
    equal(child.stdout.readline(), "up\n", "output")
    check(processes_with(word), "the stray process never was: this test shows nothing")
    check(cgroups_of(child.pid), "no cgroup of that name: this test shows nothing")
    child.send_signal(number)
    child.communicate(timeout=60)
    equal(child.returncode, status, f"status after {number}")
    return child.pid, word


@case("sandbox: SIGINT, SIGTERM and SIGHUP end it with 128 + n, nothing stays behind")
def _():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        nothing_left(*signalled(number, 128 + number))


@case("sandbox: after SIGKILL its processes are gone, the next run clears the rest")
def _():
    pid, word = signalled(signal.SIGKILL, -signal.SIGKILL)
    check(gone_within(5, lambda: processes_with(word)), "processes outlive it")
    status_is(sandbox("true"), 0)
    nothing_left(pid, word)


WAITS = "echo up; read -r line; echo $line"


def elsewhere(script):
    """The shell's command line in a PID namespace of its own, with all the rest shared; the IDs
    of its processes are such as there are not many outside."""
    return ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c",
            f"echo 31000 2>/dev/null >/proc/sys/kernel/ns_last_pid; {script}; exit $?"]


@case("sandbox: one of another PID namespace is not taken for a dead one, either way")
def _():
    script = f"{SANDBOX} --project={HERE} "
    here = start("sh", "-c", WAITS, stdin=subprocess.PIPE)
    equal(here.stdout.readline(), "up\n", "output")
    there = subprocess.Popen(elsewhere(f"{script} sh -c '{WAITS}'"), text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    equal(there.stdout.readline(), "up\n", "output of the one in another namespace")
    check(cgroups_of(here.pid) and staging_of(here.pid), "gone by the other's cleaning")
    # One more run here, which cleans up as well.
    child = sandbox("true")
    status_is(child, 0)
    equal(child.stderr_text, "", "complaints")
    for child in (there, here):
        equal(child.communicate("go\n", timeout=60)[0], "go\n", "output")
        equal(child.returncode, 0, "status")


@case("sandbox: what is left over is known by more than an ID, what cannot be judged is left")
def _():
    namespace = os.stat("/proc/self/ns/pid").st_ino
    doomed = f"systemd-sandbox@{namespace}-1-{os.getpid()}"  # our ID, another start
    kept = [f"systemd-sandbox@{namespace + 1000000}-1-{os.getpid()}", "systemd-sandbox@-1-1",
            f"systemd-sandbox@{namespace}-1-{os.getpid()}-1", "systemd-sandbox@a..", ]
    places = [lambda name, point=point: point / name for point in hierarchies("2 ")[:1]]
    places.append(lambda name: pathlib.Path(tempfile.gettempdir()) / f"{name}.abcdef")
    paths = [place(name) for place in places for name in [doomed, *kept]]
    for path in paths:
        path.mkdir()
    try:
        status_is(sandbox("true"), 0)
        equal([path.name for path in paths if not path.exists()],
              [place(doomed).name for place in places], "what was removed")
    finally:
        for path in paths:
            if path.exists():
                path.rmdir()


@case("sandbox: the machine's own /tmp, /run and /dev are not touched")
def _():
    name = f"sandbox-test.{os.getpid()}"
    outside = pathlib.Path("/tmp") / name
    outside.write_text("mine", encoding="utf-8")
    # Old enough for any tmpfiles rule to take it.
    os.utime(outside, (0, 0))
    before = outside.stat()
    # A project below /tmp is in the way of those who empty it inside.
    project = pathlib.Path(tempfile.mkdtemp(prefix="sandbox-project-", dir="/tmp"))
    (project / "kept").write_text("mine", encoding="utf-8")
    os.utime(project / "kept", (0, 0))
    try:
        script = f"""set -e
            test ! -e /tmp/{name}
            for d in /tmp /var/tmp /run /dev /dev/shm /etc /var/lib; do echo x >$d/{name}.in; done
            systemd-tmpfiles --create --clean --remove --boot || test $? = 73
            test ! -e /tmp/{name}.in"""
        status_is(sandbox("sh", "-c", script, project=project), 0)
        equal((project / "kept").read_text(encoding="utf-8"), "mine", "the project's file")
        equal(outside.read_text(encoding="utf-8"), "mine", "the file outside")
        after = outside.stat()
        equal((after.st_ino, after.st_mtime_ns, after.st_mode),
              (before.st_ino, before.st_mtime_ns, before.st_mode), "the file outside")
        for directory in ("/tmp", "/var/tmp", "/run", "/dev", "/dev/shm", "/etc", "/var/lib"):
            check(not os.path.exists(f"{directory}/{name}.in"), f"it wrote into {directory}")
    finally:
        outside.unlink()
        shutil.rmtree(project)


@case("sandbox: kernel settings are read-only inside")
def _():
    before = pathlib.Path("/proc/sys/kernel/core_pattern").read_bytes()
    child = sandbox("sh", "-c", "echo broken >/proc/sys/kernel/core_pattern")
    check(child.returncode not in (0, 125), f"it could write: {child.returncode}")
    equal(pathlib.Path("/proc/sys/kernel/core_pattern").read_bytes(), before, "core_pattern")


@case("sandbox: project and --bind are the real directories, --bind-ro cannot be written")
def _():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="sandbox-bind-"))
    try:
        for name in ("project", "rw", "ro"):
            (directory / name).mkdir()
        child = sandbox(f"--bind={directory}/rw", f"--bind-ro={directory}/ro:/mnt", "sh", "-c",
                        f"pwd; cd {directory}; echo a >project/f; echo b >rw/f; echo c >/mnt/f",
                        project=directory / "project", cwd=directory / "project")
        check(child.returncode != 0, "the read-only bind was written")
        equal(child.stdout_text, f"{directory}/project\n", "working directory")
        equal((directory / "project/f").read_text(encoding="utf-8"), "a\n", "project")
        equal((directory / "rw/f").read_text(encoding="utf-8"), "b\n", "bind")
        check(not (directory / "ro/f").exists(), "the read-only bind was written")
    finally:
        shutil.rmtree(directory)


@case("sandbox: --user, a strict umask and the caller's service environment do no harm")
def _():
    environment = dict(os.environ, NOTIFY_SOCKET="/nowhere", INVOCATION_ID="0" * 32, KEPT="yes")
    child = sandbox("--user=nobody", "sh", "-c",
                    'id -un; echo "$KEPT${NOTIFY_SOCKET-}"; cat /etc/hostname;'
                    ' test -n "$(cat /etc/machine-id)" && echo id; echo "$INVOCATION_ID"',
                    env=environment, umask=0o077)
    status_is(child, 0)
    words = child.stdout_text.split()
    equal(words[:4], ["nobody", "yes", "sandbox", "id"], "output")
    check(len(words) == 5 and words[4] != "0" * 32, f"not the scope's own invocation: {words}")


@case("sandbox: --journal saves it; --journal-dir keeps it over two boots")
def _():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="sandbox-journal-"))
    try:
        keep = f"--journal-dir={directory}/kept"
        for word in ("first-life", "second-life"):
            status_is(sandbox(keep, f"--journal={directory}/{word}",
                              "systemd-cat", "echo", word), 0)
            check(word in (directory / word).read_text(encoding="utf-8", errors="replace"),
                  f"{word} is not in its export")
        child = sandbox(keep, "sh", "-c", "journalctl -q --list-boots | wc -l;"
                        " journalctl -q -o cat -b -2 | grep -x first-life")
        status_is(child, 0)
        equal(child.stdout_text.split(), ["3", "first-life"], "the journal of three boots")
    finally:
        shutil.rmtree(directory)


@case("sandbox: --show-journal=failure prints the journal of a failure only")
def _():
    for status in (0, 1):
        child = sandbox("--show-journal=failure", "sh", "-c",
                        f"echo for-the-journal | systemd-cat; exit {status}")
        status_is(child, status)
        equal("for-the-journal" in child.stderr_text, status == 1, f"journal shown after {status}")


@case("sandbox: what cannot be done is said, with 125")
def _():
    empty = tempfile.mkdtemp(prefix="sandbox-empty-")
    try:
        for arguments, words in (
                ([], "no command given"),
                (["--bogus", "true"], "unknown option: --bogus"),
                (["--net=moon", "true"], "--net: private or host"),
                (["--timeout=soon", "true"], "not a number of seconds: soon"),
                (["--root=/does-not-exist", "true"], "no such root"),
                ([f"--root={empty}", "true"], "no systemd in"),
                (["--bind=/does-not-exist", "true"], "cannot bind"),
                (["--timeout"], "needs a value")):
            child = sandbox(*arguments)
            status_is(child, 125)
            check(words in child.stderr_text, f"{arguments}: {child.stderr_text}")
    finally:
        os.rmdir(empty)


@case("sandbox: two at once do not see each other")
def _():
    script = "echo {0} >/run/name; echo up; read -r line; cat /run/name"
    children = [start("sh", "-c", script.format(name), stdin=subprocess.PIPE)
                for name in ("a", "b")]
    for child in children:
        equal(child.stdout.readline(), "up\n", "first line")
    for child, name in zip(children, ("a", "b")):
        equal(child.communicate("go\n", timeout=60)[0], f"{name}\n", "own /run")
        equal(child.returncode, 0, "status")


if __name__ == "__main__":
    impossible = subprocess.run([SANDBOX, "--check"], capture_output=True, text=True, check=False)
    if impossible.returncode:
        bail_out_to_skip(impossible.stderr.strip().removeprefix("systemd-sandbox: "))
    sys.exit(main(only=sys.argv[1] if len(sys.argv) > 1 else ""))
