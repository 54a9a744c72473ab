#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes a C program that links every symbol of the library's map, and looks each up when it runs.

usage: link-all.py SOURCE-ROOT OUTPUT
"""

import pathlib
import sys

from checks import mapped_symbols

PROGRAM = """\
#include <postscriptum.h>

#include <dlfcn.h>

static const struct
{{
  const char *name;
  GCallback function;
}} symbols[] = {{
{symbols}
}};

int
main (void)
{{
  int n_wrong = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (symbols); i++)
    if (dlsym (RTLD_DEFAULT, symbols[i].name) != (gpointer) symbols[i].function)
      {{
        g_printerr ("%s is another one when it is looked up\\n", symbols[i].name);
        n_wrong++;
      }}
  g_print ("%d symbols\\n", (int) G_N_ELEMENTS (symbols));
  return n_wrong > 0;
}}
"""


def main():
    names = mapped_symbols(pathlib.Path(sys.argv[1]))
    if not names:
        sys.exit("the map names no symbols")
    lines = "\n".join(f'  {{ "{name}", G_CALLBACK ({name}) }},' for name in names)
    pathlib.Path(sys.argv[2]).write_text(PROGRAM.format(symbols=lines), encoding="utf-8")


main()
