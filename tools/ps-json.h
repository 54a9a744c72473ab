/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Writes JSON, one document a line. Pure. Always valid, and always ASCII where it matters: control
 * characters, and those that turn the reading direction, are \u escapes; an invalid byte becomes
 * the four characters \xNN. */

#include <glib.h>

typedef struct
{
  GString *text;
  gboolean needs_comma;
} PsJson;

void ps_json_init (PsJson *json);
void ps_json_clear (PsJson *json);

/* key: NULL within an array, and for the document itself. */
void ps_json_begin (PsJson *json, const char *key, char bracket);       /* '{' or '[' */
void ps_json_end (PsJson *json, char bracket);                          /* '}' or ']' */
void ps_json_string (PsJson *json, const char *key, const char *value); /* NULL, "": null */
void ps_json_int (PsJson *json, const char *key, gint64 value);
void ps_json_known (PsJson *json, const char *key, gint64 value); /* -1: null */
void ps_json_bool (PsJson *json, const char *key, gboolean value);
void ps_json_null (PsJson *json, const char *key);

/* Prints the document and a line break, and is ready for the next. */
void ps_json_print (PsJson *json);
