#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the documents say can be followed: links, names of functions, and the guide's programs.

usage: documents.py SOURCE-ROOT BUILD-ROOT SANITIZER COMPILER...
"""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile

from checks import Tap, mapped_symbols, read, run, tracked_files

LINK = re.compile(r"\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]+))?\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CALLED = re.compile(r"\b(ps_\w+) ?\(")
C_BLOCK = re.compile(r"^```c\n(.*?)^```", re.MULTILINE | re.DOTALL)
OURS = "libpostscriptum-uninstalled"  # for pkg-config


def anchors(path):
    """The names that a page's headings have as targets of links."""
    headings = re.findall(r"^#+ (.*)", FENCED.sub("", read(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")
            for heading in headings}


def check_links(tap, source, pages):
    problems = []
    for page in pages:
        for name, anchor in LINK.findall(FENCED.sub("", read(page))):
            target = (page.parent / name) if name else page
            if not target.exists():
                problems.append(f"{page.relative_to(source)}: there is no {name}")
            elif anchor and anchor not in anchors(target):
                problems.append(f"{page.relative_to(source)}: {name} has no heading “{anchor}”")
    tap.case(f"links of {len(pages)} pages lead somewhere", problems)


def check_names(tap, source, pages):
    """Users are told of public functions; what describes the inside may name what is there."""
    inside = {name for path in (source / "lib").glob("*.[ch]")
              for name in re.findall(r"\bps_\w+", read(path))}
    public = set(mapped_symbols(source))
    of_the_inside = {source / "docs" / "architecture.md", *(source / "docs" / "decisions").iterdir()}
    problems = [f"{page.relative_to(source)}: {name}()" for page in pages
                for name in sorted(set(CALLED.findall(read(page))))
                if name not in (inside if page in of_the_inside else public)]
    tap.case("functions that are named are there", problems)


def compile_c(build, sanitizer, compiler, packages, text, output, *options):
    """Compiles a text as a user of the library would, who wants no warnings."""
    environment = dict(os.environ, PKG_CONFIG_PATH=str(build / "meson-uninstalled"))
    status, flags = run("pkg-config", "--cflags", "--libs", *packages, env=environment)
    if status != 0:
        return [flags]
    program = output.with_suffix(".c")
    program.write_text(text, encoding="utf-8")
    if sanitizer != "none":
        options = (*options, f"-fsanitize={sanitizer}")
    status, said = run(*compiler, "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", *options,
                       program, "-o", output, *flags.split())
    return [said or "the compiler failed"] if status else []


def without_particulars(lines):
    """Lines of the journal without what differs from run to run."""
    lines = re.sub(r"\[\d+\]", "[pid]", lines)
    lines = re.sub(r" from .*?(?= \(steps|$)", " from somebody", lines, flags=re.MULTILINE)
    return re.sub(r"after [\d.]+ \w+", "after a while", lines)


def end_first_program(build, program, directory):
    """Starts it, sends SIGINT when it says that it is ready; what it wrote, its status, its file."""
    address = str(directory / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(60)
        environment = dict(os.environ, NOTIFY_SOCKET=address, LD_LIBRARY_PATH=str(build / "lib"))
        for name in ("JOURNAL_STREAM", "INVOCATION_ID", "PS_TERMINATION_LOG", "PS_DEADLINE_SEC"):
            environment.pop(name, None)
        child = subprocess.Popen(
            [program], cwd=directory, env=environment, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        try:
            while b"READY=1" not in manager.recv(4096):
                pass
            child.send_signal(signal.SIGINT)
            _, said = child.communicate(timeout=60)
        finally:
            child.kill()
    return said, child.wait(), read(directory / "count.txt")


def check_guide(tap, source, build, sanitizer, compiler):
    """All its C is one program after the other; the first is a whole one."""
    text = read(source / "docs" / "guide.md")
    blocks = C_BLOCK.findall(text)
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        tap.case(f"{len(blocks)} pieces of the guide are compiled without a warning",
                 compile_c(build, sanitizer, compiler, [OURS, "gio-2.0"], "\n".join(blocks),
                           directory / "all", "-Wno-unused-function")
                 if blocks else ["there are none"])
        problems = compile_c(build, sanitizer, compiler, [OURS], blocks[0], directory / "counter")
        if not problems:
            wanted = re.search(r"^```\n(counter\[.*?)^```", text, re.MULTILINE | re.DOTALL)[1]
            said, status, counted = end_first_program(build, directory / "counter", directory)
            if without_particulars(said) != without_particulars(wanted):
                problems += ["the guide says:", wanted, "it said:", said]
            if status != 130 or not re.fullmatch(r"\d+\n", counted):
                problems.append(f"it ended with {status}, and wrote {counted!r}")
        tap.case("its first program ends as it says", problems)


def main():
    source, build, sanitizer = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    tap = Tap()
    pages = [path for path in tracked_files(source) if path.suffix == ".md"]
    check_links(tap, source, pages)
    check_names(tap, source, pages)
    check_guide(tap, source, build, sanitizer, sys.argv[4:])
    tap.done()


main()
