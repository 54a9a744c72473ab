/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * "#2 0x000055d0c0ffee00 /usr/sbin/foo+0x1e00 [BUILD-ID]": the module's file is opened, its build
 * ID compared, its symbols asked.
 *
 * The path comes from a journal, that is from anybody, and libdw is a large parser: a file is
 * opened only where nobody but root or the reader could have put its content, and never when it is
 * anything but a regular file. Separate debug files are looked for by build ID on this machine
 * only.
 */

#include "ps-symbols.h"

#include <stdio.h>
#include <string.h>

#ifdef PS_HAVE_LIBDW

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUILD_ID_MAX 64

static int
open_trusted (const char *path)
{
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  struct stat st;

  if (fd < 0)
    return -1;
  if (fstat (fd, &st) == 0 && S_ISREG (st.st_mode) && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0
      && (st.st_uid == 0 || st.st_uid == geteuid ()))
    return fd;
  close (fd);
  return -1;
}

static gboolean
is_same_build (Dwfl_Module *module, const char *build_id)
{
  const unsigned char *bits;
  GElf_Addr address;
  g_autoptr (GString) text = NULL;
  int n = dwfl_module_build_id (module, &bits, &address);

  if (n <= 0 || n > BUILD_ID_MAX)
    return FALSE;
  text = g_string_new (NULL);
  for (int i = 0; i < n; i++)
    g_string_append_printf (text, "%02x", bits[i]);
  return strcmp (text->str, build_id) == 0;
}

/* libdw looks into the table .debug_aranges, which clang does not write: then each unit is asked.
 */
static Dwarf_Line *
find_line (Dwfl_Module *module, Dwarf_Addr address)
{
  Dwarf_Addr bias = 0;
  Dwarf_Die *unit = dwfl_module_addrdie (module, address, &bias);

  if (unit == NULL)
    do
      unit = dwfl_module_nextcu (module, unit, &bias);
    while (unit != NULL && dwarf_haspc (unit, address - bias) <= 0);
  return unit != NULL ? dwarf_getsrc_die (unit, address - bias) : NULL;
}

static char *
describe (Dwfl_Module *module, guint64 offset)
{
  Dwarf_Addr bias;
  Dwarf_Line *line;
  const char *name, *file;
  g_autofree char *base_name = NULL;
  int number;

  /* What the record has is the address within the file, as addr2line takes it. */
  if (dwfl_module_getelf (module, &bias) == NULL)
    return NULL;
  name = dwfl_module_addrname (module, offset + bias);
  if (name == NULL)
    return NULL;
  line = find_line (module, offset + bias);
  file = line != NULL ? dwarf_linesrc (line, NULL, NULL) : NULL;
  if (file == NULL || dwarf_lineno (line, &number) < 0)
    return g_strdup (name);
  base_name = g_path_get_basename (file);
  return g_strdup_printf ("%s at %s:%d", name, base_name, number);
}

static char *
find_in (const char *path, guint64 offset, const char *build_id)
{
  static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_build_id_find_debuginfo,
    .section_address = dwfl_offline_section_address,
  };
  int fd = open_trusted (path);
  Dwfl *dwfl = fd >= 0 ? dwfl_begin (&callbacks) : NULL;
  Dwfl_Module *module;
  char *found = NULL;

  if (dwfl == NULL)
    {
      if (fd >= 0)
        close (fd);
      return NULL;
    }
  /* Takes the descriptor over when it succeeds. */
  module = dwfl_report_offline (dwfl, "module", path, fd);
  if (module == NULL)
    close (fd);
  dwfl_report_end (dwfl, NULL, NULL);
  if (module != NULL && is_same_build (module, build_id))
    found = describe (module, offset);
  dwfl_end (dwfl);
  return found;
}

char *
ps_symbols_find (const char *line)
{
  g_autofree char *path = NULL;
  const char *start = strchr (line, '/'), *bracket = strrchr (line, '['), *plus;
  char build_id[2 * BUILD_ID_MAX + 1];
  guint64 offset;

  if (start == NULL || bracket == NULL || bracket < start
      || sscanf (bracket, "[%128[0-9a-f]]", build_id) != 1)
    return NULL;
  plus = g_strrstr_len (start, bracket - start, "+0x");
  if (plus == NULL)
    return NULL;
  path = g_strndup (start, (gsize) (plus - start));
  offset = g_ascii_strtoull (plus + 1, NULL, 16);
  return find_in (path, offset, build_id);
}

#else

char *
ps_symbols_find (const char *line)
{
  return NULL;
}

#endif
