#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is installed can be used: a program is built against it by pkg-config alone, and runs.

usage: install.py SOURCE-ROOT BUILD-ROOT SANITIZER COMPILER...
"""

import json
import os
import pathlib
import re
import struct
import sys
import tempfile

from checks import Tap, compare_sets, public_headers, run

SONAME = "libpostscriptum.so.0"
# What a daemon pays for at its start, and what is opened when it is asked for.
LINKED = re.compile(r"lib(glib-2\.0|systemd|c|gcc_s|asan|ubsan|tsan|gcov)\.so\.\d+|ld-linux.*|linux-vdso.*")
LATE = {"libgio-2.0.so.0", "libgobject-2.0.so.0"}

USER = r"""
#include <postscriptum.h>

static void
say (PsContext *context, gpointer text)
{
  g_print ("%s %d\n", (char *) text, ps_context_get_exit_code (context));
}

int
main (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = ps_glib_attach (loop);

  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  ps_watcher_on_finish (watcher, say, "finish");
  ps_watcher_on_quit (watcher, say, "quit");
  ps_watcher_quit (watcher, 7);
  return ps_watcher_run (watcher);
}
"""


def find_one(root, name):
    found = sorted(root.rglob(name))
    if len(found) != 1:
        sys.exit(f"{name} was installed {len(found)} times, not once")
    return found[0]


class Installed:
    """The tree, and what pkg-config says of it."""

    def __init__(self, root):
        self.root = root
        self.pkgconfig = find_one(root, "libpostscriptum.pc").parent
        self.library = find_one(root, SONAME)

    def flags(self, *what):
        environment = dict(os.environ, PKG_CONFIG_PATH=str(self.pkgconfig),
                           PKG_CONFIG_SYSROOT_DIR=str(self.root))
        status, output = run("pkg-config", *what, "libpostscriptum", env=environment)
        if status != 0:
            sys.exit(output)
        return [self.without_root(flag) for flag in output.split()]

    def without_root(self, flag):
        """The root holds our files only; GLib's are still where they were."""
        option, path = flag[:2], pathlib.Path(flag[2:])
        if option in ("-I", "-L") and self.root in path.parents and not path.is_dir():
            return option + "/" + str(path.relative_to(self.root))
        return flag


def check_files(tap, source, installed):
    headers = {path.name for path in installed.root.rglob("*.h")}
    tap.case("the headers", compare_sets([*public_headers(source), "ps-version.h"], headers,
                                         "lib/meson.build", "the tree"))
    library = installed.library
    plain = library.with_name("libpostscriptum.so")
    problems = [] if plain.resolve() == library.resolve() else [f"{plain} does not lead to it"]
    if not re.fullmatch(r"libpostscriptum\.so\.0\.\d+\.\d+", library.resolve().name):
        problems.append(f"{library.resolve().name} is the file behind {library.name}")
    tap.case("the library and its links", problems)


def check_elf(tap, library):
    status, dynamic = run("readelf", "-dW", library)
    headers_status, headers = run("readelf", "-lW", library)
    if status or headers_status:
        sys.exit(dynamic + headers)
    flags = " ".join(re.findall(r"\(FLAGS(?:_1)?\).*", dynamic))
    stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+)+(\S+)", headers)

    def case(title, good):
        tap.case(title, [] if good else [dynamic, headers])

    case(f"its soname is {SONAME}", f"soname: [{SONAME}]" in dynamic)
    case("it is never unloaded", re.search(r"\bNODELETE\b", flags))
    case("everything is bound at the start", re.search(r"\bNOW\b", flags))
    case("relocations are read-only after that", "GNU_RELRO" in headers)
    case("its stack is not executable", stack and "E" not in stack[1])
    case("no segment is writable and executable", not re.search(r"LOAD.*\bRWE\b", headers))
    case("its text needs no relocations", "TEXTREL" not in dynamic)
    case("it looks for no library in places of its own", not re.search(r"R(UN)?PATH", dynamic))


def read_note(library):
    """The sonames of the note of what is opened late, and what is wrong with the note."""
    with tempfile.NamedTemporaryFile() as section:
        status, output = run("objcopy", "-O", "binary", "--only-section=.note.dlopen", library, section.name)
        note = pathlib.Path(section.name).read_bytes()
    if status or len(note) < 16:
        return set(), [output, "there is no note"]
    *sizes, kind, owner = struct.unpack_from("=3I4s", note)
    text = note[16:16 + sizes[1]].rstrip(b"\0").decode()
    if (sizes[0], kind, owner) != (4, 0x407C0C0A, b"FDO\0"):
        return set(), [f"it is of the kind {owner} {kind:#x}"]
    entries = json.loads(text)
    return ({soname for entry in entries for soname in entry["soname"]},
            [f"{key} is missing" for entry in entries for key in ("feature", "description", "priority")
             if key not in entry])


def check_linking(tap, library):
    _, dynamic = run("readelf", "-dW", library)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    tap.case("it is linked to GLib and libsystemd, and no more",
             [name for name in needed if not LINKED.fullmatch(name)] if needed else [dynamic])
    sonames, problems = read_note(library)
    tap.case("a note says what it opens when it is asked for",
             problems + compare_sets(LATE, sonames, "the test", "the note"))


def build_user(directory, compiler, sanitizer, library_flags):
    source, program = directory / "user.c", directory / "user"
    source.write_text(USER, encoding="utf-8")
    flags = [] if sanitizer == "none" else [f"-fsanitize={sanitizer}"]
    command = [*compiler, *flags, "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", source,
               "-o", program, *library_flags]
    return program, *run(*command)


def run_user(tap, title, program, environment=None):
    environment = dict(os.environ, **(environment or {}))
    environment.pop("NOTIFY_SOCKET", None)
    status, output = run(program, env=environment, timeout=60)
    tap.case(title, [] if (status, output) == (7, "quit 7\nfinish 7\n") else [
        f"it ended with {status}, not 7, and wrote:", output])


def check_user(tap, directory, installed, compiler, sanitizer):
    program, status, output = build_user(directory, compiler, sanitizer,
                                         installed.flags("--cflags", "--libs"))
    tap.case("a program is built against it", [output or "the compiler failed"] if status else [])
    if status:
        return
    run_user(tap, "it runs", program, {"LD_LIBRARY_PATH": str(installed.library.parent)})
    _, needed = run("readelf", "-dW", program)
    tap.case("it asks for the soname",
             [] if f"Shared library: [{SONAME}]" in needed else [needed])
    tap.case("it is not linked to GIO", [needed] if "libgio" in needed else [])


def check_static_user(tap, directory, installed, compiler, sanitizer):
    """With -Ddefault_library=both or static: the same program with the library inside."""
    archive = installed.library.with_name("libpostscriptum.a")
    if not archive.exists():
        return
    flags = [archive if flag == "-lpostscriptum" else flag
             for flag in installed.flags("--cflags", "--libs", "--static")]
    program, status, output = build_user(directory, compiler, sanitizer, flags)
    tap.case("a program is built with the archive",
             [output or "the compiler failed"] if status else [])
    if status:
        return
    run_user(tap, "it runs, too", program)
    _, needed = run("readelf", "-dW", program)
    tap.case("it asks for no library of ours", [needed] if SONAME in needed else [])


def main():
    source, build, sanitizer = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    compiler = sys.argv[4:]
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name).resolve()
        root = directory / "root"
        status, output = run("meson", "install", "-C", build, "--no-rebuild", "--destdir", root)
        if status != 0:
            sys.exit(output)
        installed = Installed(root)
        check_files(tap, source, installed)
        check_elf(tap, installed.library)
        check_linking(tap, installed.library)
        check_user(tap, directory, installed, compiler, sanitizer)
        check_static_user(tap, directory, installed, compiler, sanitizer)
    tap.done()


main()
