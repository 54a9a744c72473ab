/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A daemon pays at each start for every library it is linked to, used or not: for GIO and GObject
 * a third of its start and of its private memory (docs/performance.md). What they are needed for is
 * one function, which a program has a use for only with GIO, and the types, which other languages
 * ask for by GObject. So both are looked up by the loader when they are asked for: in a program
 * that is linked to them that finds what is there.
 *
 * Packagers read from the note below what is opened so.
 */
#include "ps-late.h"

#include <dlfcn.h>

/* What readelf --notes shows as FDO's:
 * https://systemd.io/ELF_DLOPEN_METADATA/ */
#define NOTE_TYPE 0x407c0c0a
#define NOTE_OWNER "FDO"
#define NOTE_TEXT                                                                                  \
  "[{\"feature\":\"cancellable\",\"description\":\"ps_watcher_get_cancellable()\","                \
  "\"priority\":\"suggested\",\"soname\":[\"libgio-2.0.so.0\"]},"                                  \
  "{\"feature\":\"types\",\"description\":\"GObject types, for language bindings\","               \
  "\"priority\":\"suggested\",\"soname\":[\"libgobject-2.0.so.0\"]}]"

__attribute__ ((used, section (".note.dlopen"), aligned (4))) static const struct
{
  guint32 owner_size;
  guint32 text_size;
  guint32 type;
  char owner[sizeof NOTE_OWNER];
  char text[(sizeof NOTE_TEXT + 3) / 4 * 4];
} note = { sizeof NOTE_OWNER, sizeof note.text, NOTE_TYPE, NOTE_OWNER, NOTE_TEXT };

/* Returns what dlsym() takes; NULL when there is no such library, which a warning says. It stays
 * open: its types and threads cannot be unloaded. */
gpointer
ps_late_open (const char *soname, PsLate how, const char *who)
{
  gpointer library = dlopen (soname, RTLD_NOW | (how == PS_LATE_LOAD ? 0 : RTLD_NOLOAD));
  const char *why;

  if (library != NULL)
    return library;
  why = dlerror ();
  g_warning ("%s: there is no %s: %s", who, soname,
             why != NULL ? why : "it is not loaded, and an exit loads nothing");
  return NULL;
}

/* G_TYPE_NONE when GObject cannot be had. */
gsize
ps_late_boxed_type (gsize *type, const char *name, GBoxedCopyFunc copy, GBoxedFreeFunc free)
{
  if (g_once_init_enter (type))
    {
      gpointer gobject = ps_late_open ("libgobject-2.0.so.0", PS_LATE_LOAD, name);
      typeof (&g_boxed_type_register_static) make =
          gobject != NULL ? dlsym (gobject, "g_boxed_type_register_static") : NULL;

      g_once_init_leave (type, make != NULL ? make (name, copy, free) : G_TYPE_NONE);
    }
  return *type;
}
