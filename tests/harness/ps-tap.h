/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Runs cases and reports them as TAP. A case belongs to the parent: it starts children
 * (ps-proc.h), which do what is tested. The parent has one thread, and no main loop. */

#include <glib.h>

typedef struct
{
  const char *id;    /* of the case, as in docs/cases.md: "O01" */
  const char *title; /* what is expected, in a few words */
  void (*run) (void);
} TapCase;

/* The whole of a test's main(): takes --list, --case=ID, --repeat=N. */
int tap_main (int argc, char **argv, const TapCase *cases, gsize n_cases);

/* A case that failed goes on to its end, but everything that waits returns at once: so no case
 * has to ask after each step, and each failure is reported with what led to it. */
void tap_fail (const char *where, const char *format, ...) G_GNUC_PRINTF (2, 3);
gboolean tap_failed (void);

/* Leaves the case out, with the reason in the report. */
void tap_skip (const char *why);

/* Adds lines to the report of a case that fails; text NULL: none. */
void tap_note (const char *heading, const char *text);

/* Called after the case, in reverse order: the ends of what a case has started. */
void tap_defer (GDestroyNotify func, gpointer data);

/* Time that is left for a step of the case, in milliseconds, at most step_ms. */
int tap_time_left_ms (int step_ms);

/* How much longer things may take here: 1, or more under valgrind and sanitizers. */
int tap_slowness (void);

/* A number that is another one with TESTS=long: how often something is done, or in which steps. */
guint tap_number (guint usual, guint with_long);

/* Under ThreadSanitizer, which holds signals back and loses one in some thousands. */
gboolean tap_loses_signals (void);

#define tap_check(expression)                                                                      \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (!tap_failed () && !(expression))                                                           \
      tap_fail (G_STRLOC, "not true: %s", #expression);                                            \
  }                                                                                                \
  G_STMT_END

#define tap_check_int(value, comparison, wanted)                                                   \
  G_STMT_START                                                                                     \
  {                                                                                                \
    gint64 tap_value_ = (value), tap_wanted_ = (wanted);                                           \
    if (!tap_failed () && !(tap_value_ comparison tap_wanted_))                                    \
      tap_fail (G_STRLOC, "%s is %" G_GINT64_FORMAT ", not " #comparison " %" G_GINT64_FORMAT,     \
                #value, tap_value_, tap_wanted_);                                                  \
  }                                                                                                \
  G_STMT_END
