#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""GObject-Introspection understands the public headers, without a warning.

usage: gir.py SOURCE-ROOT BUILD-ROOT SANITIZER
"""

import os
import pathlib
import re
import shutil
import sys
import tempfile

from checks import Tap, mapped_symbols, public_headers, read, run, skip_all

# What the annotations keep from other languages: they have their own ways.
SKIPPED = re.compile(r"^ \* (\w+): \(skip\)", re.MULTILINE)


def main():
    source, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    if sys.argv[3] != "none":
        skip_all("g-ir-scanner's own program cannot load a library with a sanitizer")
    if shutil.which("g-ir-scanner") is None:
        skip_all("g-ir-scanner is not installed (package gobject-introspection)")
    headers = [source / "lib" / name for name in public_headers(source)]
    library = build / "lib"
    environment = dict(os.environ, LD_LIBRARY_PATH=str(library))
    with tempfile.TemporaryDirectory() as directory:
        output = pathlib.Path(directory, "Ps-0.gir")
        status, said = run(
            "g-ir-scanner", "--warn-all", "--quiet", "--no-libtool",
            "--namespace=Ps", "--nsversion=0", "--identifier-prefix=Ps", "--symbol-prefix=ps",
            "--include=Gio-2.0", "--pkg=gio-2.0", "--library=postscriptum", f"-L{library}",
            f"-I{source / 'lib'}", f"-I{library}", f"--output={output}", *headers,
            cwd=directory, env=environment)
        gir = read(output) if output.exists() else ""
        found = set(re.findall(r'c:identifier="(ps_\w+)"', gir))

    tap = Tap()
    tap.case("the headers are scanned without a warning",
             [said or "g-ir-scanner failed"] if status or said.strip() else [])
    skipped = {name for header in headers for name in SKIPPED.findall(read(header))}
    missing = [name for name in mapped_symbols(source)
               if name not in found | skipped and not name.endswith("_get_type")]
    tap.case(f"{len(found)} functions are there for other languages",
             [f"{name} was not found" for name in missing] if found else ["there are none"])
    tap.done()


main()
