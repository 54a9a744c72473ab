/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A unit made of a template. Pure. */

#include <glib.h>

/* A placeholder, the option that gives what is to stand there, and that; NULL: it was not given. */
typedef struct
{
  const char *name;
  const char *option;
  const char *value;
} PsUnitWord;

#define PS_UNIT_TEXT_ERROR (ps_unit_text_error_quark ())
GQuark ps_unit_text_error_quark (void);

/* The template with each @placeholder@ replaced; words ends with a name of NULL. Values are one
 * line and are taken as they are, but for "%", which a unit would expand. */
char *ps_unit_text_fill (const char *text, const PsUnitWord *words, GError **error);
