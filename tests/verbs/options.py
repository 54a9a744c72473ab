#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Verbs and options: those of --help, of the manual page and of the completions are the same sets; and
each option that --help names is taken, by a verb that reads no journal no other.

usage: options.py PSCTL SOURCE-ROOT
"""

import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from checks import Tap, compare_sets, read, run  # pylint: disable=wrong-import-position

OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+|-[a-zA-Z])(?![\w-])")
COMMON = "common"
ALWAYS = {"-h", "--help", "--version"}  # and need not be said each time
PLAIN = ("settle", "new-unit", "help")  # read no journal, and say all that they take


def help_of(psctl, *arguments):
    status, text = run(psctl, *arguments, "--help")
    if status != 0:
        sys.exit(text)
    return text


def said_by_help(psctl):
    """Verb, or COMMON -> its options."""
    screen = help_of(psctl)
    verbs = re.findall(r"^  ([a-z-]+) ", screen, re.MULTILINE)
    common = screen[screen.index("Which journal"):]
    found = {COMMON: set(OPTION.findall(common)) | ALWAYS}
    for verb in verbs:
        text = help_of(psctl, verb)
        found[verb] = set(OPTION.findall(text.partition("Which journal")[0]))
    return found


def said_by_manual(source):
    text = read(source / "docs" / "man" / "psctl.1").replace("\\-", "-")
    verbs = re.split(r"^\.SS ([a-z-]+).*$", text[text.index(".SH VERBS"):text.index(".SH OPTIONS")],
                     flags=re.MULTILINE)
    options = text[text.index(".SH OPTIONS"):text.index(".SH EXIT")]

    def heads(part):
        return set(OPTION.findall(" ".join(re.findall(r"^\.TP\n(.*)$", part, re.MULTILINE))))

    return {COMMON: heads(options),
            **{verb: heads(part) for verb, part in zip(verbs[1::2], verbs[2::2])}}


def said_by_document(source, wanted):
    """docs/psctl.md has the common options in a table, and names the verbs in another."""
    text = read(source / "docs" / "psctl.md")
    rows = re.findall(r"^\| (`-.*?) \|", text, re.MULTILINE)
    verbs = re.findall(r"^\| `([a-z-]+)[ `]", text[:text.index("## Who knows")], re.MULTILINE)
    return {COMMON: set(OPTION.findall(" ".join(rows))),
            **{verb: wanted.get(verb, set()) for verb in verbs}}


def complete(source, *words):
    """What bash would offer for the last of these words."""
    script = f"""source {source}/tools/completion/psctl.bash
        systemctl() {{ echo 'foo.service loaded'; }}
        COMP_WORDS=("$@") COMP_CWORD=$(( $# - 1 )); _psctl; printf '%s\\n' "${{COMPREPLY[@]}}" """
    status, text = run("bash", "-c", script, "bash", *words)
    if status != 0:
        sys.exit(text)
    return set(text.split())


def said_by_bash(source):
    verbs = complete(source, "psctl", "")
    return {COMMON: complete(source, "psctl", "-"),
            **{verb: complete(source, "psctl", verb, "-") for verb in verbs}}


def said_by_zsh(source):
    text = read(source / "tools" / "completion" / "_psctl")

    def options(name):
        match = re.search(rf"local -a {name}=\((.*?)\)$", text, re.DOTALL | re.MULTILINE)
        if match is None:
            return set()
        # {-a,--all=}'[…' and '--all=[…'
        words = re.findall(r"\{(-\w),(--[a-z-]+)=?\}|'\*?(--[a-z-]+)=?\[", match[1])
        return {word for found in words for word in found if word}

    verbs = re.findall(r"^\t\t'([a-z-]+):", text, re.MULTILINE)
    return {COMMON: options(COMMON),
            **{verb: options(verb.replace("-", "_")) | (options("always") if verb in PLAIN else set())
               for verb in verbs}}


def compare(tap, wanted, found, name):
    problems = compare_sets(wanted, found, "--help", name)
    for verb in set(wanted) & set(found):
        # A verb may say anew what a common option means to it.
        common = ALWAYS if verb in PLAIN else set() if verb == COMMON else wanted[COMMON]
        problems += [f"{verb}: {problem}" for problem in compare_sets(
            wanted[verb] - common, found[verb] - common, "--help", name)]
    count = sum(map(len, wanted.values()))
    tap.case(f"{name} has the {len(wanted) - 1} verbs and {count} options of --help", problems)


def check_taken(tap, psctl, wanted):
    """An option that is not known says so; what else goes wrong does not matter here."""
    problems = []
    for verb, options in wanted.items():
        for option in options | wanted[COMMON]:
            _, text = run(psctl, *([] if verb == COMMON else [verb]), option, "--help")
            is_said = option in options | ALWAYS or verb not in PLAIN
            if is_said == ("Unknown option" in text):
                problems.append(f"{verb} {option}: {text}")
    tap.case("each option that --help names is taken, and no other", problems)


def check_manual(tap, page):
    if shutil.which("mandoc") is None:
        tap.skip(f"{page.name} has no fault", "mandoc is not installed")
        return
    status, text = run("mandoc", "-T", "lint", "-W", "warning", page)
    rendered = subprocess.run(["mandoc", "-T", "utf8", str(page)], capture_output=True, check=False)
    tap.case(f"{page.name} has no fault", [text] if status or text else [] if len(
        rendered.stdout) > 1000 else ["it comes out empty"])


def check_completions(tap, source):
    words = complete(source, "psctl", "show", "")
    words |= complete(source, "psctl", "new-unit", "--template", "=", "socket")
    tap.case("bash offers units and values", compare_sets(
        {"foo.service", "socket-activated"}, words, "what it should", "what it offers"))
    if shutil.which("zsh") is None:
        tap.skip("zsh takes its completion", "zsh is not installed")
        return
    status, text = run("zsh", "-n", source / "tools" / "completion" / "_psctl")
    tap.case("zsh takes its completion", [text or "it does not"] if status else [])


def main():
    psctl, source = sys.argv[1], pathlib.Path(sys.argv[2])
    wanted = said_by_help(psctl)
    tap = Tap()
    compare(tap, wanted, said_by_manual(source), "the manual page")
    compare(tap, wanted, said_by_bash(source), "bash's completion")
    compare(tap, wanted, said_by_zsh(source), "zsh's completion")
    compare(tap, wanted, said_by_document(source, wanted), "docs/psctl.md")
    check_taken(tap, psctl, wanted)
    for page in sorted((source / "docs" / "man").glob("*.[0-9]")):
        check_manual(tap, page)
    check_completions(tap, source)
    lines = help_of(psctl).splitlines()
    tap.case("the screen of --help fits a screen", [
        f"{len(lines)} lines"] * (len(lines) > 24) + [line for line in lines if len(line) > 80])
    tap.done()


if __name__ == "__main__":
    main()
