#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the library exports, what the map names, what the headers declare, what is documented.

usage: symbols.py SOURCE-ROOT LIBRARY
"""

import pathlib
import re
import sys

from checks import Tap, compare_sets, duplicates, mapped_symbols, public_headers, read, run

DOC_OR_DECLARATION = re.compile(
    r"/\*\*\n(?P<doc>.*?)\*/|^PS_PUBLIC\s+(?P<declaration>[^;]*?);", re.DOTALL | re.MULTILINE)
# They are documented by the type that they are of.
TYPE_FUNCTION = re.compile(r"_(get_type|quark)$")


def exported(library):
    status, output = run("nm", "-D", "--defined-only", library)
    if status != 0:
        sys.exit(output)
    symbols = [line.split() for line in output.splitlines()]
    # "A" is the map's version itself.
    return [fields[-1].partition("@")[0] for fields in symbols if fields[-2] != "A"]


class Function:
    def __init__(self, text):
        text = " ".join(re.sub(r"G_GNUC_\w+( \([^)]*\))?", "", text).split())
        self.returns, self.name, parameters = re.match(
            r"(.*?)(\w+) \((.*)\)", text).groups()
        self.returns = self.returns.strip()
        self.parameters = [] if parameters == "void" else [
            part.strip() if part.strip() == "..." else re.search(r"(\w+)$", part)[1]
            for part in parameters.split(",")]
        self.shape = (self.returns, parameters)


def check_doc(function, doc, documented_types):
    """What is missing in the doc comment that stands before a declaration."""
    name = function.name
    if TYPE_FUNCTION.search(name):
        words = "".join(part.capitalize() for part in TYPE_FUNCTION.sub("", name).split("_"))
        macro = TYPE_FUNCTION.sub("", name).upper()
        known = {words, macro} & documented_types
        return [] if known else [f"{words}, of {name}, is not documented"]
    if doc is None:
        return [f"{name} has no doc comment"]
    problems = []
    if not re.match(rf" \* {name}:", doc):
        problems.append(f"{name}: the doc comment before it is that of another")
    if not re.search(r"\bSince 0\.\d+\.", " ".join(doc.replace("*", " ").split())):
        problems.append(f"{name} is not said to exist since some version")
    if function.returns != "void" and not re.search(r"^ \* Returns:", doc, re.MULTILINE):
        problems.append(f"{name}: what it returns is not documented")
    problems += [f"{name}: {problem}" for problem in compare_sets(
        function.parameters, re.findall(r"^ \* @([\w.]+):", doc, re.MULTILINE),
        "the declaration", "the comment")]
    return problems


def read_header(path):
    """The names with a doc comment, and each declaration with the comment it has; one may serve
    a row of declarations of the same shape."""
    named, declared = set(), []
    doc, owner = None, None
    for match in DOC_OR_DECLARATION.finditer(read(path)):
        if match["doc"] is not None:
            doc, owner = match["doc"], None
            name = re.match(r" \* (\w+):", doc)
            if name:
                named.add(name[1])
            continue
        function = Function(match["declaration"])
        if owner is not None and function.shape == owner.shape:
            declared.append((function, doc, owner))
        else:
            declared.append((function, doc if owner is None else None, None))
            owner = function
    return named, declared


def main():
    source, library = pathlib.Path(sys.argv[1]), sys.argv[2]
    tap = Tap()
    named, declared = set(), []
    for header in public_headers(source):
        more_named, more_declared = read_header(source / "lib" / header)
        named |= more_named
        declared += more_declared
    names = [function.name for function, _, _ in declared]
    mapped, found = mapped_symbols(source), exported(library)

    tap.case(f"{len(found)} symbols are exported: those of the map",
             compare_sets(mapped, found, "the map", "the library") + duplicates(mapped))
    tap.case(f"{len(names)} functions are declared PS_PUBLIC: those of the map",
             compare_sets(mapped, names, "the map", "the headers") + duplicates(names))
    tap.case("the map is sorted", [] if mapped == sorted(mapped) else ["it is not"])
    problems = []
    for function, doc, owner in declared:
        if owner is None:
            problems += check_doc(function, doc, named)
    tap.case("each is documented", problems)
    others = [header.name for header in (source / "lib").glob("*.h")
              if header.name not in public_headers(source)
              and re.search(r"^PS_PUBLIC", read(header), re.MULTILINE)]
    tap.case("no header that is not installed declares any", others)
    tap.done()


main()
