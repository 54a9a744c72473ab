#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Message IDs and fields: those of lib/ps-ids.h, of the catalog, of docs/journal.md, and those of
the records that are really made.

usage: ids.py SOURCE-ROOT PRINT-RECORDS
"""

import collections
import os
import pathlib
import re
import sys

from checks import Tap, compare_sets, duplicates, read, run

# What every record has; the second two where there is a systemd unit.
ALWAYS = {"MESSAGE", "MESSAGE_ID", "PRIORITY", "PS_PROGRAM", "PS_VERSION"}
COMMON = ALWAYS | {"PS_UNIT", "PS_INVOCATION_ID"}


def constants(header, prefix):
    """Name without prefix, and value."""
    return re.findall(rf'^#define {prefix}(\w+) "([^"]*)"', header, re.MULTILINE)


def catalog_entries(text):
    """ID, and the text of the entry."""
    parts = re.split(r"^-- ([0-9a-f]{32})$", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2]))


def tables(text):
    """The tables of a document: for each heading of a first column its rows, as lists of cells."""
    found, head = {}, None
    for line in text.splitlines():
        if not line.startswith("|"):
            head = None
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if head is None:
            head = cells[0]
            found.setdefault(head, [])
        elif not set(line) <= set("|-: "):
            found[head].append(cells)
    return found


def names_in(cell):
    return set(re.findall(r"`([A-Z][A-Z0-9_]*)`", cell))


class Kind:
    """The records of one message ID."""

    def __init__(self):
        self.priorities = set()
        self.always = None
        self.ever = set()

    def add(self, priority, fields):
        self.priorities.add(int(priority))
        self.always = set(fields) if self.always is None else self.always & set(fields)
        self.ever |= set(fields)


def records_made(program):
    environment = dict(os.environ, INVOCATION_ID="0123456789abcdef0123456789abcdef")
    status, output = run(program, env=environment)
    if status != 0:
        sys.exit(output)
    kinds = collections.defaultdict(Kind)
    for line in output.splitlines():
        identifier, priority, *fields = line.split()
        kinds[identifier].add(priority, fields)
    return kinds


def check_names(tap, messages, fields):
    problems = [f"{name}: {value} is no message ID" for name, value in messages
                if not re.fullmatch(r"[0-9a-f]{32}", value)]
    problems += [f"{name}: {value} is no name that journald takes" for name, value in fields
                 if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", value)]
    problems += [f"{value} is there twice" for value in duplicates(
        value for _, value in [*messages, *fields])]
    tap.case(f"{len(messages)} message IDs and {len(fields)} fields have proper names",
             problems if messages and fields else ["there are none"])


def check_records_table(tap, messages, rows, made):
    problems = compare_sets(messages, [(row[0].strip("`"), row[1].strip("`")) for row in rows],
                            "lib/ps-ids.h", "docs/journal.md")
    for name, identifier, priority, *_ in rows:
        told = {int(number) for number in re.findall(r"\((\d)\)", priority)}
        kind = made[identifier.strip("`")]
        if told != kind.priorities:
            problems.append(f"{name} has the priorities {sorted(kind.priorities)}, "
                            f"docs/journal.md says {sorted(told)}")
    tap.case("docs/journal.md has every record and its priority", problems)


def check_fields_of_records(tap, rows, made, identifiers):
    problems = compare_sets(identifiers, {row[0].strip("`") for row in rows},
                            "lib/ps-ids.h", "the table of fields in docs/journal.md")
    for name, always, sometimes in rows:
        kind = made[identifiers.get(name.strip("`"), "")]
        problems += [f"{name}: {problem}" for told, real, what in (
            (always, kind.always or set(), "always"),
            (sometimes, kind.ever - (kind.always or set()), "sometimes"))
            for problem in compare_sets(real - COMMON, names_in(told), f"it {what}",
                                        f"docs/journal.md's “{what}”")]
    tap.case("docs/journal.md has the fields that each record has", problems)


def main():
    source, program = pathlib.Path(sys.argv[1]), sys.argv[2]
    header = read(source / "lib" / "ps-ids.h")
    catalog = catalog_entries(read(source / "units" / "libpostscriptum.catalog"))
    document = tables(read(source / "docs" / "journal.md"))
    messages, fields = constants(header, "PS_MESSAGE_"), constants(header, "PS_FIELD_")
    identifiers = dict(messages)
    made = records_made(program)
    tap = Tap()

    check_names(tap, messages, fields)
    tap.case("the catalog explains every record", compare_sets(
        identifiers.values(), [identifier for identifier, _ in catalog], "lib/ps-ids.h",
        "the catalog") + duplicates(identifier for identifier, _ in catalog))
    tap.case("every kind of record was made", compare_sets(
        identifiers.values(), made, "lib/ps-ids.h", "the records made"))
    tap.case("every record says whose it is", [
        f"{identifier} has not always {field}" for identifier, kind in made.items()
        for field in sorted((ALWAYS | {"PS_INVOCATION_ID"}) - kind.always)])
    tap.case("every field has a name of lib/ps-ids.h, and its use", compare_sets(
        [value for _, value in fields],
        COMMON | {field for kind in made.values() for field in kind.ever},
        "lib/ps-ids.h", "the records made"))
    tap.case("the catalog names fields that the record always has", [
        f"{identifier}: @{field}@" for identifier, text in catalog
        for field in re.findall(r"@(\w+)@", text)
        if field not in (made[identifier].always or set())])
    check_records_table(tap, messages, document.get("record", []), made)
    check_fields_of_records(tap, document.get("fields of", []), made, identifiers)
    tap.case("docs/journal.md explains every field", compare_sets(
        [value for _, value in fields],
        [name for row in document.get("field", []) for name in names_in(row[0])],
        "lib/ps-ids.h", "docs/journal.md"))
    tap.done()


main()
