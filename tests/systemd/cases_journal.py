# SPDX-License-Identifier: LGPL-2.1-or-later
"""The records of a life: which come, in which order, with which fields; and their explanations."""

import pathlib
import re

import ids
from manager import journal, quiet_manager, run
from tap import case, check, equal

CATALOG = pathlib.Path(__file__).resolve().parents[2] / "units" / "libpostscriptum.catalog"
NAMES = {value: name for name, value in ids.MESSAGES.items()}

COMMON = {"PS_UNIT", "PS_INVOCATION_ID", "PS_PROGRAM", "PS_VERSION", "MESSAGE", "MESSAGE_ID",
          "PRIORITY"}
STEP = {"PS_EVENT", "PS_STEP", "PS_STEP_NUMBER"}
# What a record of each kind has beside that; more is allowed.
FIELDS = {
    "RUN_BEGUN": set(),
    "EXIT_BEGUN": {"PS_CAUSE", "PS_STEPS", "PS_DEADLINE_USEC"},
    "SIGNAL_AGAIN": {"PS_CAUSE", "PS_SIGNAL"},
    "SIGNALS_LOST": {"PS_SIGNAL", "PS_SIGNALS_LOST"},
    "STEP_BEGUN": STEP | {"PS_STEP_PRIORITY"},
    "STEP_DONE": STEP | {"PS_DURATION_USEC"},
    "STEP_SKIPPED": STEP | {"PS_REASON"},
    "HOLD_DROPPED": STEP | {"PS_HOLD_WHY", "PS_REASON", "PS_DURATION_USEC"},
    "CALLBACK_FAILED": {"PS_EVENT", "PS_STEP", "PS_ERROR"},
    "EXIT_VETOED": {"PS_STEP", "PS_REASON"},
    "EXIT_FINISHED": {"PS_CAUSE", "PS_STATUS", "PS_DURATION_USEC", "PS_STEPS_RUN",
                      "PS_STEPS_SKIPPED", "PS_STEPS_FAILED", "PS_HOLDS_DROPPED",
                      "PS_SIGNALS_AGAIN", "PS_SIGNALS_LOST", "PS_RECORDS_LOST", "PS_NOTIFIES_LOST"},
    "EXIT_FORCED": {"PS_STATUS", "PS_REASON"},
    "RELOAD_BEGUN": {"PS_CAUSE", "PS_SIGNAL"},
    "RELOAD_DONE": {"PS_DURATION_USEC"},
    "BAD_SETTING": {"PS_ERROR"},
    "CRASHED": {"PS_CAUSE", "PS_SIGNAL", "PS_REASON", "PS_ORIGIN", "PS_THREAD_ID",
                "PS_THREAD_NAME", "PS_BACKTRACE", "PS_STEPS_SKIPPED"},
    "WILL_DONE": {"PS_SETTLED_BY", "PS_CLAUSES_DONE", "PS_CLAUSES_SKIPPED", "PS_CLAUSES_FAILED",
                  "PS_CLAUSES_LEFT"},
    "CLAUSE_FAILED": {"PS_CLAUSE", "PS_CLAUSE_VERB", "PS_CLAUSE_PATH", "PS_REASON"},
    "RECORD_DAMAGED": {"PS_PATH", "PS_REASON"},
    "CRASH_CUT": {"PS_EVENT", "PS_STEP", "PS_REASON"},
}
# Of the run before, by the next: cases_run.py.
FIELDS.update({name: {"PS_VERDICT", "PS_PREVIOUS_PID", "PS_PREVIOUS_BEGUN_USEC",
                      "PS_PREVIOUS_ENDED_USEC", "PS_LIVED_USEC"}
               for name in ids.MESSAGES if name.startswith("PREVIOUS_")})
# What a life without a record has nothing to tell of.
OF_RECORDS = {name for name in ids.MESSAGES if name.startswith("PREVIOUS_")} \
    | {"WILL_DONE", "CLAUSE_FAILED", "RECORD_DAMAGED"}


def read_catalog():
    """ID -> (header, body), as journalctl splits an entry."""
    text = "".join(line for line in CATALOG.read_text(encoding="utf-8").splitlines(True)
                   if not line.startswith("#"))
    entries = re.split(r"^-- ([0-9a-f]{32})\n", text, flags=re.MULTILINE)
    check(not entries[0].strip(), f"text before the first entry: {entries[0]!r}")
    check(len(set(entries[1::2])) == len(entries[1::2]), "an ID has two entries")
    return {key: entry.split("\n\n", 1) for key, entry in zip(entries[1::2], entries[2::2])}


def of(records, name):
    return [record for record in records if record.get("MESSAGE_ID") == ids.MESSAGES[name]]


def only(records, name):
    found = of(records, name)
    equal(len(found), 1, f"records {name}")
    return found[0]


def eventful(bench):
    """Four lives in which every kind of record is written."""
    hung = bench.probe("--deadline=1000", "--on=terminate:block").serve()
    hung.stop()
    equal(hung.finish()["post"], "success exited 143", "end")
    crashed = bench.probe("--report-crashes", "--crash-twice", "--on=ready:segv")
    crashed.start(check=False)
    equal(crashed.finish()["post"], "signal killed SEGV", "end")
    flooded = bench.probe("--realtime", "--on=terminate:flood=100").serve()
    flooded.stop()
    equal(flooded.finish()["post"], "success exited 143", "end")
    return [eventful_life(bench), hung, crashed, flooded]


def eventful_life(bench):
    """Everything but the end that is forced."""
    gate, never, ever = bench.fifo(), bench.fifo(), bench.fifo()
    probe = bench.probe("--on=query:veto=burning a disc",
                        "--on=reload:fail=line 7: no such colour",
                        f"--on=terminate/-2:gate={gate.path}",
                        f"--on=terminate/-1/100:gate={never.path}",
                        "--on=terminate/0:fail=disk full",
                        f"--on=terminate/1:gate={ever.path}",
                        "--on=terminate/2:note", "--on=finish:note",
                        "--deadline=5000",
                        service={"ExecReload": "/bin/kill -HUP $MAINPID",
                                 "Environment": "PS_DEADLINE_SEC=soon"}).serve()
    probe.call("reload")
    probe.await_status("no such colour")
    probe.kill("TERM")
    probe.expect("query:veto")
    probe.await_state("active")
    # The veto has been dealt with when the next question is answered.
    probe.kill("TERM")
    probe.expect("terminate/-2:gate")
    probe.kill("TERM")
    gate.open()
    equal(probe.finish()["post"], "success exited 143", "end")
    return probe


@case("journal: every kind of record, each with its fields and its message")
def _(bench):
    lives = [probe.records() for probe in eventful(bench)]
    records = [record for life in lives for record in life if "MESSAGE_ID" in record]
    equal({NAMES[record["MESSAGE_ID"]] for record in records},
          set(ids.MESSAGES) - OF_RECORDS, "kinds")
    for record in records:
        kind = NAMES[record["MESSAGE_ID"]]
        missing = (COMMON | FIELDS[kind]) - set(record)
        check(not missing, f"{kind} lacks {missing}: {record}")
        unknown = {name for name in record if name.startswith("PS_")} - ids.FIELDS
        check(not unknown, f"{kind} has fields that are not in ps-ids.h: {unknown}")
        check(0 <= int(record["PRIORITY"]) <= 7, f"{record}")
        check(kind == "CRASHED" or "\n" not in record["MESSAGE"], f"{record}")
    records = lives[0]
    finished = only(records, "EXIT_FINISHED")
    equal({name: finished[f"PS_{name}"] for name in ("CAUSE", "SIGNAL", "STATUS", "STEPS_FAILED",
                                                     "RECORDS_LOST", "NOTIFIES_LOST")},
          {"CAUSE": "signal", "SIGNAL": "SIGTERM", "STATUS": "143", "STEPS_FAILED": "1",
           "RECORDS_LOST": "0", "NOTIFIES_LOST": "0"}, "the last record")
    check(int(finished["PS_HOLDS_DROPPED"]) >= 1, "holds given up on")
    check(int(finished["PS_STEPS_SKIPPED"]) >= 1, "steps skipped")
    check(int(finished["PS_SIGNALS_AGAIN"]) >= 1, "signals noted")
    check("burning a disc" in only(records, "EXIT_VETOED")["PS_REASON"], "why it was vetoed")
    failed = {record["PS_EVENT"]: record for record in of(records, "CALLBACK_FAILED")}
    check("disk full" in failed["terminate"]["PS_ERROR"], "the error")
    check("no such colour" in failed["reload"]["PS_ERROR"], "the reload's error")
    check("soon" in only(records, "BAD_SETTING")["PS_ERROR"], "what makes no sense")


@case("journal: a step's record comes before the step, its duration after")
def _(bench):
    gate = bench.fifo()
    probe = bench.probe(f"--on=terminate:wait={gate.path}", "--on=finish:note").serve()
    probe.begin_stop()
    probe.expect("terminate:wait")
    # The loop is blocked in the callback: what is in the journal now was written before it.
    name = f"terminate:wait={gate.path}"
    equal([record["PS_STEP"] for record in of(probe.records(), "STEP_BEGUN")], [name], "begun")
    equal(of(probe.records(), "STEP_DONE"), [], "done")
    gate.open()
    probe.finish()
    done = of(probe.records(), "STEP_DONE")
    equal([(record["PS_EVENT"], record["PS_STEP"]) for record in done],
          [("terminate", name), ("finish", "finish:note")], "steps in their order")
    check(all(int(record["PS_DURATION_USEC"]) >= 0 for record in done), "durations")


@case("J04 an error's text with line breaks forges no field of the record")
def _(bench):
    text = r"first\nMESSAGE=forged\nPRIORITY=0\nPS_STATUS=7\nFORGED=1"
    probe = bench.probe(f"--on=terminate:fail={text}").serve()
    probe.stop()
    equal(probe.finish()["post"], "success exited 143", "end")
    failed = only(probe.records(), "CALLBACK_FAILED")
    check(failed["PRIORITY"] == "3" and "PS_STATUS" not in failed and "FORGED" not in failed,
          f"forged: {failed}")
    check("first" in failed["MESSAGE"] and "\n" not in failed["MESSAGE"], failed["MESSAGE"])
    check("first" in failed["PS_ERROR"] and "FORGED=1" in failed["PS_ERROR"], failed["PS_ERROR"])


@case("journal: durations are those of the work, holds included")
def _(bench):
    probe = bench.probe("--on=terminate:hold=700").serve()
    probe.stop()
    probe.finish()
    records = probe.records()
    step = int(only(records, "STEP_DONE")["PS_DURATION_USEC"])
    whole = int(only(records, "EXIT_FINISHED")["PS_DURATION_USEC"])
    check(700_000 <= step <= whole < 20_000_000, f"step {step} µs, exit {whole} µs")


@case("journal: causes: quit, exit, loop, each with its code")
def _(bench):
    for act, cause, code in (("quit=3", "quit", "3"), ("exit=4", "exit", "4"),
                             ("loop-quit", "loop", "0")):
        probe = bench.probe(f"--on=ready:{act}", "--on=quit:note", "--on=finish:note")
        probe.start(check=False)
        equal(probe.finish()["post"].split()[1:], ["exited", code], act)
        check({"quit:note", "finish:note"} <= set(probe.lines), f"{act}: trace {probe.lines}")
        records = probe.records()
        for kind in ("EXIT_BEGUN", "EXIT_FINISHED"):
            record = only(records, kind)
            equal((record["PS_CAUSE"], record["PS_CODE"]), (cause, code), f"{kind} after {act}")
        equal(only(records, "EXIT_FINISHED")["PS_STATUS"], code, "status")


def short_lives(bench, how_many, between):
    """Invocation IDs of so many lives of a unit; `between` is done when it is ready."""
    probe = bench.probe("--on=finish:note", post=False)
    probe.drop_in("[Unit]\nStartLimitIntervalSec=0\n")
    # At level debug PID 1's child talks to the journal before it is in the unit's cgroup, and the
    # journal remembers the process so.
    with quiet_manager():
        for _ in range(how_many):
            probe.serve()
            between()
            probe.stop()
            yield probe, probe.get("InvocationID")


@case("journal: PS_UNIT= and PS_INVOCATION_ID= find the last words of 20 short lives", alone=True)
def _(bench):
    for probe, identity in short_lives(bench, 20, lambda: None):
        last = only(journal(f"PS_INVOCATION_ID={identity}"), "EXIT_FINISHED")
        equal(last["PS_UNIT"], probe.name, "whose it is")


@case("journal: `journalctl -u` finds them too, once it knew the process by its first record",
      alone=True)
def _(bench):
    for probe, identity in short_lives(bench, 20, lambda: run("journalctl", "--sync")):
        run("journalctl", "--sync")
        shown = run("journalctl", "-q", "-o", "cat", "-u", probe.name,
                    f"PS_INVOCATION_ID={identity}", f"MESSAGE_ID={ids.MESSAGES['EXIT_FINISHED']}",
                    "_COMM=ps-probed").stdout
        check(shown.startswith("Exit finished after "), f"last words: {shown!r}")


@case("journal: no notify socket, standard error elsewhere: a service's records still go there")
def _(bench):
    probe = bench.probe(service={"Type": "exec", "StandardError": "null", "StandardOutput": "null"})
    probe.serve()
    equal(probe.lines[0], "notify socket: no", "control")
    probe.stop()
    equal(probe.finish()["post"], "success exited 143", "end")
    only(probe.records(), "EXIT_FINISHED")


@case("J06 a unit with LogNamespace= has its records there")
def _(bench):
    namespace = f"ps{bench.number}"
    probe = bench.probe(service={"LogNamespace": namespace}).serve()
    probe.stop()
    probe.finish()
    run("journalctl", f"--namespace={namespace}", "--sync")
    records = run("journalctl", f"--namespace={namespace}", "-q", "-o", "cat",
                  f"MESSAGE_ID={ids.MESSAGES['EXIT_FINISHED']}", f"PS_UNIT={probe.name}").stdout
    run("systemctl", "stop", f"systemd-journald@{namespace}.socket",
        f"systemd-journald-varlink@{namespace}.socket", f"systemd-journald@{namespace}.service",
        check=False)
    check("Exit finished" in records, f"not in the namespace: {records!r}")


@case("journal: ps_watcher_set_log_func() takes the records, the journal has none")
def _(bench):
    probe = bench.probe("--log-func", "--on=terminate:note").serve()
    probe.stop()
    probe.finish()
    check(any(line.startswith("record ") and "Exit finished" in line for line in probe.lines),
          f"trace: {probe.lines}")
    equal([NAMES[record["MESSAGE_ID"]] for record in probe.records() if "MESSAGE_ID" in record
           and record["MESSAGE_ID"] != ids.MESSAGES["RUN_BEGUN"]], [], "records in the journal")


@case("catalog: as many entries as message IDs, and the same")
def _(bench):
    check(len(ids.MESSAGES) == len(set(ids.MESSAGES.values())) >= 13, f"{ids.MESSAGES}")
    equal(set(read_catalog()), set(ids.MESSAGES.values()), "IDs in the catalog")


@case("catalog: every entry is whole, and names fields that its kind of record always has")
def _(bench):
    for key, (header, body) in read_catalog().items():
        kind = NAMES[key]
        fields = dict(line.split(": ", 1) for line in header.splitlines())
        equal(set(fields), {"Subject", "Defined-By", "Support"}, f"header of {kind}")
        equal(fields["Defined-By"], "libpostscriptum", kind)
        check(len(body) > 100, f"{kind} explains nothing")
        named = set(re.findall(r"@(\w+)@", body + header))
        check(named <= ids.FIELDS, f"{kind} names {named - ids.FIELDS}, not in ps-ids.h")
        always = FIELDS[kind] | COMMON
        check(named <= always, f"{kind}: not in every record: {named - always}")


@case("catalog: `journalctl -x` explains each record, with the values in place")
def _(bench):
    identities = [f"PS_INVOCATION_ID={probe.get('InvocationID')}" for probe in eventful(bench)]
    catalog = read_catalog()
    for name, key in ids.MESSAGES.items():
        if name in OF_RECORDS:
            continue
        shown = run("journalctl", "-q", "-x", "--no-pager", f"MESSAGE_ID={key}", *identities).stdout
        subject = catalog[key][0].splitlines()[0]
        check(f"░░ {subject}" in shown, f"{name} is not explained: {shown}")
        check("Defined-By: libpostscriptum" in shown, name)
        # A field that the record lacks is shown by its name.
        left = set(re.findall(r"(?<!journalctl )\bPS_[A-Z_]+", shown)) - {"PS_DEADLINE_SEC"}
        check(not left, f"{name}: not replaced: {left}")
        check("@" not in shown, f"{name}: {shown}")
