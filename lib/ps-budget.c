/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-budget.h"
#include "ps-clock.h"
#include "ps-error.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* The finish callbacks' share: short, since they are to be short, but never nothing. */
#define RESERVE_PART 10
#define RESERVE_MAX_US (5 * PS_US_PER_SEC)

/* What the loop has to come to its own end before the process is ended by force. It is taken from
 * the time there is, so that a loop that hangs does not go on beyond it. */
#define GRACE_PART 20
#define GRACE_MAX_US (25 * PS_US_PER_MS)

/* How long after our own end the service manager may wait: time for the last record to be sent and
 * the process to be gone, so that its SIGKILL never comes before a bounded end of our own, which at
 * worst is ps-rescue's SIGKILL. */
#define MANAGER_MARGIN_US (15 * PS_US_PER_SEC)

/* limit_us: PS_NEVER_US for none. */
void
ps_budget_begin (PsBudget *budget, gint64 now_us, gint64 limit_us)
{
  budget->end_us = ps_clock_add_us (now_us, limit_us);
  budget->reserve_us = limit_us == PS_NEVER_US ? 0 : MIN (limit_us / RESERVE_PART, RESERVE_MAX_US);
  budget->grace_us = limit_us == PS_NEVER_US ? 0 : MIN (limit_us / GRACE_PART, GRACE_MAX_US);
}

/* When the callbacks before finish must be through, or everything. That is for the loop to keep. */
gint64
ps_budget_get_end_us (const PsBudget *budget, gboolean finishing)
{
  if (budget->end_us == PS_NEVER_US)
    return PS_NEVER_US;
  return budget->end_us - (finishing ? budget->grace_us : budget->reserve_us);
}

/* When whatever is not through by itself is ended. */
gint64
ps_budget_get_last_us (const PsBudget *budget)
{
  return budget->end_us;
}

/* Somebody made progress and needs until then: moves the end, only ever to a later time. */
gboolean
ps_budget_extend (PsBudget *budget, gint64 until_us)
{
  gint64 end_us = ps_clock_add_us (until_us, budget->reserve_us);

  if (end_us <= budget->end_us)
    return FALSE;
  budget->end_us = end_us;
  return TRUE;
}

/* What to tell the service manager: how long from now it should wait for us. 0: for ever is not
 * ours to ask, nothing is to be said. */
gint64
ps_budget_get_timeout_us (const PsBudget *budget, gint64 now_us)
{
  if (budget->end_us == PS_NEVER_US)
    return 0;
  return ps_clock_add_us (MAX (budget->end_us - now_us, 0), MANAGER_MARGIN_US);
}

/* A number of seconds, fractions allowed; "infinity" and 0 mean none. */
gboolean
ps_budget_parse (const char *text, gint64 *limit_us, GError **error)
{
  g_autofree char *word = g_strstrip (g_strdup (text));
  char *end = NULL;
  double seconds;

  if (strcmp (word, "infinity") == 0)
    {
      *limit_us = PS_NEVER_US;
      return TRUE;
    }

  seconds = g_ascii_strtod (word, &end);
  if (end == word || *end != '\0' || !isfinite (seconds) || seconds < 0)
    {
      g_set_error (error, PS_ERROR, PS_ERROR_INVALID,
                   "“%s” is not a number of seconds, such as 60 or 2.5, or “infinity”", word);
      return FALSE;
    }

  if (seconds == 0 || seconds > (double) (PS_NEVER_US / PS_US_PER_SEC))
    *limit_us = PS_NEVER_US;
  else
    *limit_us = MAX ((gint64) (seconds * PS_US_PER_SEC), 1);
  return TRUE;
}
