#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each installed header compiles by itself, in C and C++, without a warning.

usage: headers.py SOURCE-ROOT BUILD-ROOT COMPILER...
"""

import os
import pathlib
import shutil
import sys
import tempfile

from checks import Tap, public_headers, run

STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only"]


def flags_of(package, option, build):
    environment = dict(os.environ, PKG_CONFIG_PATH=str(build / "meson-private"))
    status, output = run("pkg-config", option, package, env=environment)
    if status != 0:
        sys.exit(output)
    return output


def user_flags(build):
    """GLib's own headers as the system's, whose warnings are not ours; and what our file adds."""
    return (flags_of("glib-2.0", "--cflags", build).replace("-I", "-isystem")
            + flags_of("libpostscriptum", "--cflags-only-other", build)).split()


def main():
    source, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    compiler = sys.argv[3:]
    tap = Tap()
    flags = [f"-I{source / 'lib'}", f"-I{build / 'lib'}", *user_flags(build), *STRICT]
    cxx = shutil.which("g++") or shutil.which("clang++")
    languages = [("C11", [*compiler, "-std=c11"], ".c"), ("C17", [*compiler, "-std=c17"], ".c"),
                 ("C++17", cxx and [cxx, "-std=c++17"], ".cc")]
    with tempfile.TemporaryDirectory() as directory:
        for header in [*public_headers(source), "ps-version.h"]:
            for language, command, suffix in languages:
                title = f"{header} in {language}"
                if not command:
                    tap.skip(title, "no C++ compiler")
                    continue
                user = pathlib.Path(directory, "user" + suffix)
                # Twice: it guards itself.
                user.write_text(f"#include <{header}>\n" * 2 + "int user (void);\n",
                                encoding="utf-8")
                status, output = run(*command, *flags, user)
                tap.case(title, [output or "the compiler failed"] if status else [])
    tap.done()


main()
