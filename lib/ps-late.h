/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Libraries that this one is not linked to, and that few programs need: found when they are first
 * asked for. */

#include <glib-object.h>

typedef enum
{
  PS_LATE_LOAD,     /* where the process has it not yet, it is loaded */
  PS_LATE_FIND_ONLY /* for an exit, which loads nothing any more */
} PsLate;

gpointer ps_late_open (const char *soname, PsLate how, const char *who);
gsize ps_late_boxed_type (gsize *type, const char *name, GBoxedCopyFunc copy, GBoxedFreeFunc free);

/* As G_DEFINE_BOXED_TYPE(); one who asks for the type has GObject. */
#define PS_DEFINE_BOXED_TYPE(Type, prefix, copy, free)                                             \
  GType prefix##_get_type (void)                                                                   \
  {                                                                                                \
    static gsize type;                                                                             \
                                                                                                   \
    return ps_late_boxed_type (&type, #Type, (GBoxedCopyFunc) copy, (GBoxedFreeFunc) free);        \
  }
