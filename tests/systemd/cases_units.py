# SPDX-License-Identifier: LGPL-2.1-or-later
"""The unit templates, as meson's configure_file() makes them, and the drop-in: verified, started
with ps-probed, stopped."""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

import ids
from manager import PROBED, UNITS, Unit, quote, run, wait_until
from tap import Skip, case, check, equal

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "units"
SYSTEMD = int(re.match(r"systemd (\d+)", run("systemctl", "--version").stdout)[1])
UNKNOWN_TYPE = "Failed to parse service type, ignoring: notify-reload"


def verify(*paths, command=("systemd-analyze",), complaint=None):
    """No word of complaint; with `complaint`, only lines that contain it, and at least one."""
    done = run(*command, "verify", *paths, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    if complaint is None:
        equal((lines, done.returncode), ([], 0), f"verify {paths}")
    else:
        check(lines and all(complaint in line for line in lines), f"verify {paths}: {lines}")


def configured(bench, file):
    """The text of a template's unit, complete."""
    text = (bench.build / "tests/systemd" / file).read_text(encoding="utf-8")
    equal(re.findall(r"@\w+@", text), [], f"placeholders left in {file}")
    return text


class Template(Unit):
    """A unit made of a template, which runs its own name for ps-probed; as it is, but for a drop-in
    that passes the options of ps-probed in the environment."""

    def __init__(self, bench, file, unit_name=None, directory=UNITS):
        self.bench = bench
        text = configured(bench, file)
        self.path = directory / file
        self.path.write_text(text, encoding="utf-8")
        for program in re.findall(r"^ExecStart=(\S+)", text, re.MULTILINE):
            os.makedirs(os.path.dirname(program), exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.symlink(PROBED, program)
        self.trace = bench.fifo("trace")
        super().__init__(unit_name or file)
        self.directory = directory
        bench.adopt(self)

    def options(self, *arguments):
        options = " ".join([f"--trace={self.trace.path}", *arguments])
        self.drop_in(f"[Service]\nEnvironment={quote('PS_PROBED=' + options)}\n")
        return self

    def read(self, beginning):
        """The rest of the first line that begins so."""
        end = time.monotonic() + 40
        while (line := self.trace.read_line(end)) is not None:
            if line.startswith(beginning):
                return line[len(beginning):].strip()
        raise AssertionError(f"no line {beginning!r}")

    def live_and_die(self):
        """It has what the directives promise, and ends with 143 and success."""
        state = self.show()
        equal((state["ActiveState"], state["StatusText"]), ("active", "under test"), "state")
        equal((state["KillMode"], state["Restart"]), ("mixed", "on-failure"), "directives")
        self.stop_cleanly()

    def stop_cleanly(self):
        self.stop()
        state = self.await_state("inactive", "failed")
        equal((state["Result"], state["ExecMainStatus"]), ("success", "143"), "end")
        self.read("returned 143")
        equal(self.count_messages("STOPPING=1"), 1, "STOPPING=1")


@case("units: the installed templates are the source's, every one")
def _(bench):
    installed = bench.installed["notify.service.in"].parent
    check(installed.match("*/share/libpostscriptum/units"), f"in {installed}")
    names = {path.name for path in SOURCE.iterdir()
             if path.suffix in (".in", ".conf", ".md") and not path.name.startswith(("ps-inboxd", "postscriptum-settle"))}
    equal({path.name for path in installed.iterdir()}, names, "files")
    check(len(names) >= 9, f"hardly any templates: {names}")
    for name in names:
        equal((installed / name).read_bytes(), (SOURCE / name).read_bytes(), name)


@case("units: every template has the directives that all of them need")
def _(bench):
    for path in SOURCE.iterdir():
        if not path.name.endswith((".service.in", ".conf")) or path.name.startswith("postscriptum"):
            continue
        settings = dict(re.findall(r"^(\w+)=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE))
        equal((settings.get("SuccessExitStatus"), settings.get("KillMode")),
              ("129 130 143", "mixed"), path.name)
        check(int(settings["TimeoutStopSec"]) > 60, f"TimeoutStopSec= in {path.name}")
        check("WatchdogSec" in settings, f"no WatchdogSec= in {path.name}")
        check(settings.get("ExecStopPost", "").endswith("/psctl settle --quiet"),
              f"no helper in {path.name}")
        if path.name.endswith(".in"):
            equal(settings.get("Restart"), "on-failure", f"Restart= in {path.name}")
            check("StateDirectory" in settings, f"no StateDirectory= in {path.name}")


@case("units: postscriptum-settle.service verifies, and carries out what is below /var/lib, each as "
      "its owner")
def _(bench):
    unit = bench.installed["postscriptum-settle.service"]
    verify(unit)
    psctl = str(bench.installed["psctl"])
    check(f"ExecStart={psctl} settle --boot" in unit.read_text(encoding="utf-8"), "no --boot")
    state = pathlib.Path("/var/lib/ps-t-cut-off")
    state.mkdir(mode=0o700)
    os.chown(state, 65534, 65534)
    # As nobody, and gone without a word.
    with subprocess.Popen(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env",
                           f"STATE_DIRECTORY={state}", PROBED, "--record"]) as cut_off:
        wait_until(lambda: any("run clause=2" in will.read_text(encoding="utf-8")
                               for will in state.glob("*.will")), "its will")
        cut_off.kill()
    run("systemctl", "start", "postscriptum-settle.service")
    equal(list(state.glob("*.will")), [], "wills")
    equal((state / "done").stat().st_uid, 65534, "who ran the command")
    run("systemctl", "stop", "postscriptum-settle.service")


@case("units: notify.service verifies, starts, reloads, stops")
def _(bench):
    unit = Template(bench, "ps-t-notify.service").options("--status='under test'",
                                                          "--on=reload:note")
    verify(unit.path)
    unit.start()
    unit.call("reload")
    unit.read("reload:note")
    wait_until(lambda: unit.count_messages("READY=1") == 2, "the end of the reload")
    unit.await_state("active")
    state = unit.show()
    equal(state["WatchdogUSec"], "30s", "WatchdogSec=")
    check(os.path.isdir("/run/ps-t-notify"), "no runtime directory")
    check(os.path.isdir("/var/lib/ps-t-notify"), "no state directory")
    unit.live_and_die()
    check(not os.path.exists("/run/ps-t-notify"), "the runtime directory is left")
    check(os.path.isdir("/var/lib/ps-t-notify"), "the state directory is gone")


@case("units: notify-reload.service verifies; before systemd 253 but for its Type= alone")
def _(bench):
    text = configured(bench, "ps-t-notify-reload.service")
    check("\nType=notify-reload\n" in text, "no such Type=")
    # Not started here: any program will do.
    text = re.sub(r"(?m)^ExecStart=.*$", f"ExecStart={PROBED}", text)
    path = bench.directory / "ps-t-verified.service"
    path.write_text(text, encoding="utf-8")
    verify(path, complaint=None if SYSTEMD >= 253 else UNKNOWN_TYPE)
    # The rest of it is sound on any systemd.
    path.write_text(text.replace("Type=notify-reload", "Type=notify"), encoding="utf-8")
    verify(path)


@case("N14 units: notify-reload.service starts, `systemctl reload` returns when it is done, stops")
def _(bench):
    if SYSTEMD < 253:
        raise Skip("Type=notify-reload needs systemd 253")
    unit = Template(bench, "ps-t-notify-reload.service").options(
        "--status='under test'", "--on=reload:hold=500")
    unit.start()
    begin = time.monotonic()
    unit.call("reload")
    check(time.monotonic() - begin >= 0.5, "it returned before the reload was done")
    unit.read("released")
    equal(unit.count_messages("READY=1"), 2, "READY=1")
    unit.live_and_die()


BUS_POLICY = """<busconfig>
<policy user="daemon"><allow own="org.example.PsTest"/></policy>
</busconfig>
"""


@case("units: dbus.service verifies, owns its name, is told about by STATUS=, stops")
def _(bench):
    unit = Template(bench, "ps-t-dbus.service").options("--bus-name=org.example.PsTest",
                                                        "--status='under test'")
    verify(unit.path)
    pathlib.Path("/etc/dbus-1/system.d/ps-test.conf").write_text(BUS_POLICY, encoding="utf-8")
    run("busctl", "call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "ReloadConfig")
    unit.start()
    equal(unit.read("notify socket:"), "yes", "NOTIFY_SOCKET")
    unit.await_status("under test")
    unit.stop_cleanly()


@case("units: a control for dbus.service: without NotifyAccess= there is no NOTIFY_SOCKET")
def _(bench):
    unit = bench.probe(service={"Type": "exec"})
    unit.start()
    unit.expect("notify socket: no")
    other = bench.probe(service={"Type": "exec", "NotifyAccess": "main"}, post=False)
    other.start()
    other.expect("notify socket: yes")


@case("units: socket-activated.service and .socket verify; the first client starts it, others wait")
def _(bench):
    listener = Template(bench, "ps-t-socket.socket")
    service = Template(bench, "ps-t-socket.service").options("--status='under test'")
    verify(service.path, listener.path)
    listener.start()
    equal(service.get("ActiveState"), "inactive", "before the first client")

    def greeting():
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(40)
            client.connect("/run/ps-t-socket.sock")
            return client.makefile().readline()

    equal(greeting(), f"ps-probed {service.get('MainPID')}\n", "greeting")
    equal(service.read("socket"), "ps-t-socket", "the name of the descriptor")
    first = service.get("MainPID")
    service.live_and_die()
    # The socket is still there, and so is its file; the next client starts the next life.
    check(greeting() != f"ps-probed {first}\n", "the same process again")
    service.stop()
    listener.stop()
    check(not os.path.exists("/run/ps-t-socket.sock"), "the socket's file is left")


@case("units: instanced@.service verifies; two instances have their own directories")
def _(bench):
    units = [Template(bench, "ps-t-instanced@.service", f"ps-t-instanced@{name}.service").options(
        "--status='under test'") for name in ("one", "two")]
    verify(units[0].path)
    for unit in units:
        unit.start()
    for name in ("one", "two"):
        for directory in ("/run/ps-t-instanced", "/var/lib/ps-t-instanced"):
            check(os.path.isdir(f"{directory}/{name}"), f"no {directory}/{name}")
    units[0].live_and_die()
    check(not os.path.exists("/run/ps-t-instanced/one"), "the runtime directory is left")
    check(os.path.isdir("/run/ps-t-instanced/two"), "the other's runtime directory is gone")
    equal(units[1].get("ActiveState"), "active", "the other instance")
    units[1].live_and_die()


class UserManager:
    """systemd --user of an ordinary user, without a login."""

    def __init__(self, bench):
        uid = run("id", "-u", "daemon").stdout.strip()
        self.runtime = bench.directory / "user"
        self.home = bench.directory / "home"
        for directory in (self.runtime, self.home):
            directory.mkdir(mode=0o700)
            shutil.chown(directory, "daemon")
        self.units = self.home / ".config/systemd/user"
        self.environment = [f"XDG_RUNTIME_DIR={self.runtime}", f"HOME={self.home}"]
        self.command = ["setpriv", f"--reuid={uid}", "--clear-groups", "env", *self.environment]
        environment = "\n".join(f"Environment={word}" for word in self.environment)
        # Where a login would have it: that is how one knows a user's units.
        self.unit = bench.unit(f"user@{uid}.service", f"""[Service]
Slice=user-{uid}.slice
Type=notify
User=daemon
Delegate=yes
{environment}
ExecStart=/lib/systemd/systemd --user --unit=basic.target
""")
        run(*self.command, "mkdir", "-p", self.units)

    def start(self):
        self.unit.start()
        # Its own socket instead of a bus, which a user without a login has none of.
        wait_until(lambda: (self.runtime / "systemd/private").exists(), "the user's manager")


@case("units: user.service verifies, runs in a user's manager, stops; PS_UNIT is the user's unit")
def _(bench):
    manager = UserManager(bench)
    unit = Template(bench, "ps-t-user.service", directory=manager.units)
    verify(unit.path, command=[*manager.command, "systemd-analyze", "--user"])
    unit.systemctl = [*manager.command, "systemctl", "--user"]
    unit.options("--status='under test'", "--on=terminate:note")
    manager.start()
    unit.start()
    identity = unit.get("InvocationID")
    equal((unit.get("ActiveState"), unit.get("StatusText")), ("active", "under test"), "state")
    check((manager.runtime / "ps-t-user").is_dir(), "no runtime directory")
    unit.stop()
    unit.read("terminate:note")
    equal(unit.read("sender").split()[2], "systemd", "sender")
    unit.read("returned 143")
    state = unit.await_state("inactive", "failed")
    equal((state["Result"], state["ExecMainStatus"]), ("success", "143"), "end")
    run("journalctl", "--sync")
    shown = run("journalctl", "-q", "-o", "cat", f"MESSAGE_ID={ids.MESSAGES['EXIT_FINISHED']}",
                f"PS_UNIT={unit.name}", f"PS_INVOCATION_ID={identity}").stdout
    check("Exit finished" in shown, "no last record of the user's unit")


@case("units: the drop-in makes an ordinary unit notify, end cleanly, and verify")
def _(bench):
    name = bench.name("plain") + ".service"
    trace = bench.fifo("trace")
    unit = bench.unit(name, f"[Service]\nType=exec\nExecStart={PROBED} --trace={trace.path} "
                      "--status=here\n")
    directory = UNITS / f"{name}.d"
    directory.mkdir()
    shutil.copy(bench.installed["10-postscriptum.conf"], directory)
    verify(UNITS / name)
    unit.start()
    unit.await_status("here")
    state = unit.show()
    names = ("NotifyAccess", "KillMode", "WatchdogUSec", "TimeoutStopUSec")
    equal([state[name] for name in names], ["main", "mixed", "30s", "1min 15s"], "directives")
    unit.stop()
    state = unit.await_state("inactive", "failed")
    equal((state["Result"], state["ExecMainStatus"]), ("success", "143"), "end")
