# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the checks in this directory share: TAP, and reading the sources."""

import ast
import pathlib
import re
import subprocess
import sys


class Tap:
    """Reports cases as they come; the plan is the last line."""

    def __init__(self):
        self.number = 0
        self.failed = 0

    def case(self, title, problems, notes=()):
        """One case: it went well when there are no problems. Notes are shown in any case."""
        self.number += 1
        print(f"{'not ' if problems else ''}ok {self.number} - {title}")
        for line in [*notes, *problems]:
            for part in str(line).splitlines():
                print(f"# {part}")
        self.failed += bool(problems)

    def skip(self, title, reason):
        self.number += 1
        print(f"ok {self.number} - {title} # SKIP {reason}")

    def done(self):
        print(f"1..{self.number}", flush=True)
        sys.exit(1 if self.failed or self.number == 0 else 0)


def skip_all(reason):
    """The whole test cannot be done here."""
    print(reason)
    sys.exit(77)


def compare_sets(wanted, found, wanted_name, found_name):
    """What is in one of two sets only, in words."""
    return ([f"{item} is in {wanted_name}, and not in {found_name}"
             for item in sorted(set(wanted) - set(found))]
            + [f"{item} is in {found_name}, and not in {wanted_name}"
               for item in sorted(set(found) - set(wanted))])


def duplicates(items):
    seen = list(items)
    return sorted({item for item in seen if seen.count(item) > 1})


def read(path):
    return pathlib.Path(path).read_text(encoding="utf-8")


def run(*command, **options):
    """Runs a command; what it wrote, both streams together, and its status."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **options)
    return done.returncode, done.stdout


def meson_list(text, name):
    """The value of "name = [...]" in a meson.build; its lists of strings are Python's, too."""
    match = re.search(rf"^{name} = (\[.*?^\])", text, re.MULTILINE | re.DOTALL)
    if match is None:
        sys.exit(f"lib/meson.build has no list “{name}”")
    return ast.literal_eval(re.sub(r"#.*", "", match[1]))


def public_headers(source):
    """The names of the headers that are installed as they are."""
    match = re.search(r"^public_headers = files\((.*?)\)", read(source / "lib" / "meson.build"),
                      re.MULTILINE | re.DOTALL)
    if match is None:
        sys.exit("lib/meson.build names no public_headers")
    return re.findall(r"'([^']+)'", match[1])


def mapped_symbols(source):
    """The global symbols of the linker's map."""
    text = read(source / "lib" / "libpostscriptum.map")
    return re.findall(r"\b(\w+);", text[text.index("global:"):text.index("local:")])


def tracked_files(source):
    """What git has or would have, if this is a git work tree."""
    status, output = run("git", "-c", "safe.directory=*", "-C", source, "ls-files", "-z",
                         "--cached", "--others", "--exclude-standard")
    if status != 0:
        skip_all("not a git work tree: nobody can tell which files belong to the project")
    paths = {source / name for name in output.split("\0") if name}
    return sorted(path for path in paths if path.is_file() and not path.is_symlink())
