/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-termlog-notes.h"
#include "ps-termlog.h"
#include "ps-text.h"

#include <glib.h>

#define TROUBLE_MAX 256
#define CAUSE_MAX 500
#define OUTCOME_MAX 128

void
ps_termlog_notes_cause (const char *why)
{
  char line[CAUSE_MAX + 1];

  if (ps_termlog_is_wanted ())
    ps_termlog_begin (ps_text_put_line (line, sizeof line, why));
}

void
ps_termlog_notes_trouble (const char *name, const char *what, const char *why)
{
  char text[4 * TROUBLE_MAX], line[TROUBLE_MAX + 1];

  if (!ps_termlog_is_wanted ())
    return;
  g_snprintf (text, sizeof text, "%s (%s%s)", name, what, why);
  ps_termlog_add_trouble (ps_text_put_line (line, sizeof line, text));
}

/* duration: in words. Returns 0, also where nobody wants it, or -1 with errno. */
int
ps_termlog_notes_outcome (int status, const char *duration)
{
  char outcome[OUTCOME_MAX];

  g_snprintf (outcome, sizeof outcome, "Exit finished after %s with status %d", duration, status);
  return ps_termlog_write (outcome);
}
