/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The facts of a life, a line each: its name, then what it says. What is not known is left out.
 */

#include "ps-show.h"

#include <stdio.h>
#include <string.h>

#include "ps-clean.h"
#include "ps-life-text.h"
#include "ps-read.h"
#include "ps-symbols.h"

static void
print_fact (const PsOutput *output, const char *name, const char *text)
{
  if (*text == '\0')
    printf ("  %s%s%s\n", ps_output_tint (output, PS_TINT_DIM), name, ps_output_plain (output));
  else
    printf ("  %s%-10s%s %s\n", ps_output_tint (output, PS_TINT_DIM), name,
            ps_output_plain (output), text);
}

/* text: as it comes from the journal. */
static void
print_raw_fact (const PsOutput *output, const char *name, const char *text)
{
  g_autofree char *clean = NULL;

  if (*text == '\0')
    return;
  clean = ps_clean (text);
  print_fact (output, name, clean);
}

/* --- The life -------------------------------------------------------------------------------- */

static void
print_title (const PsOutput *output, const PsLife *life)
{
  g_autofree char *name = ps_clean (*life->unit != '\0' ? life->unit : life->program);
  g_autofree char *ending = ps_life_text_ending (life, ps_read_name_user);
  g_autofree char *status = ps_life_text_status (life);

  printf ("%s%s, run %u: %s%s", ps_output_tint (output, PS_TINT_BOLD), name, life->run, ending,
          ps_output_plain (output));
  if (strcmp (status, "-") != 0)
    printf (", status %s", status);
  putchar ('\n');
}

static void
print_process (const PsOutput *output, const PsLife *life)
{
  g_autofree char *program = ps_clean (life->program), *host = ps_clean (life->host);
  g_autofree char *text = g_strdup_printf ("%s (%" G_GINT64_FORMAT ")%s%s", program, life->pid,
                                           *host != '\0' ? " on " : "", host);

  print_fact (output, "process", text);
  print_raw_fact (output, "invocation", life->invocation_id);
}

static void
print_times (const PsOutput *output, const PsLife *life)
{
  g_autofree char *begun = ps_clean_time (life->has_begin ? life->begun_us : PS_UNKNOWN);
  g_autofree char *lived = ps_clean_duration (life->lived_us);
  g_autofree char *exit = ps_clean_time (life->exit_begun_us);
  g_autofree char *took = ps_clean_duration (life->exit_duration_us);
  g_autofree char *ended = ps_clean_time (life->ended_us);
  g_autofree char *deadline = ps_clean_duration (life->deadline_us);
  g_autofree char *first = g_strdup_printf ("%s, lived %s", begun, lived);
  g_autofree char *second = life->exit_duration_us >= 0
                                ? g_strdup_printf ("begun %s, took %s", exit, took)
                                : g_strdup_printf ("begun %s", exit);
  g_autofree char *last =
      g_strdup_printf ("%s%s", ended, life->ends_exactly ? "" : " at the earliest");

  print_fact (output, "begun", first);
  if (life->exit_begun_us >= 0)
    print_fact (output, "exit", second);
  if (life->deadline_us > 0)
    print_fact (output, "deadline", deadline);
  if (life->ended_us >= 0)
    print_fact (output, "ended", last);
}

static void
print_cause (const PsOutput *output, const PsLife *life)
{
  g_autofree char *sender = ps_life_text_sender (&life->why, ps_read_name_user);

  if (sender != NULL)
    print_fact (output, "sender", sender);
  print_raw_fact (output, "of unit", life->why.sender_unit);
  print_raw_fact (output, "user unit", life->why.sender_user_unit);
  print_raw_fact (output, "reason", life->reason);
  if (*life->last_step != '\0')
    {
      g_autofree char *step = ps_clean (life->last_step);
      g_autofree char *took = ps_clean_duration (life->last_step_us);
      g_autofree char *text =
          life->last_step_us >= 0 ? g_strdup_printf ("%s, for %s", step, took) : g_strdup (step);

      print_fact (output, "running", text);
    }
  print_raw_fact (output, "systemd", life->service_result);
  if (life->teller != PS_TOLD_BY_PROCESS && ps_life_is_over (life))
    print_fact (output, "told by", ps_teller_word (life->teller));
}

static void
print_count (const PsOutput *output, const char *name, gint64 n)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, n);

  if (n > 0)
    print_fact (output, name, text);
}

static void
print_losses (const PsOutput *output, const PsLife *life)
{
  print_count (output, "skipped", life->steps_skipped);
  print_count (output, "failed", life->steps_failed);
  print_count (output, "given up", life->holds_dropped);
  print_count (output, "no records", life->records_lost);
  print_count (output, "no signals", life->signals_lost);
  if (life->is_settled)
    {
      g_autofree char *by = ps_clean (life->settled_by);
      g_autofree char *text =
          g_strdup_printf ("%" G_GINT64_FORMAT " done, %" G_GINT64_FORMAT
                           " skipped, %" G_GINT64_FORMAT " failed, by %s",
                           MAX (life->clauses_done, 0), MAX (life->clauses_skipped, 0),
                           MAX (life->clauses_failed, 0), by);

      print_fact (output, "will", text);
    }
}

/* --- The crash ------------------------------------------------------------------------------- */

static void
print_lines (const char *text, gboolean are_frames)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *clean = ps_clean (lines[i]);
      g_autofree char *symbol = are_frames ? ps_symbols_find (lines[i]) : NULL;
      g_autofree char *named = symbol != NULL ? ps_clean (symbol) : NULL;

      if (*lines[i] == '\0')
        continue;
      printf ("    %s\n", clean);
      if (named != NULL)
        printf ("       %s\n", named);
    }
}

static void
print_crash (const PsOutput *output, const PsCrashRecord *crash)
{
  g_autofree char *signal = ps_clean (crash->signal), *reason = ps_clean (crash->reason);
  g_autofree char *thread = ps_clean (crash->thread_name);
  g_autofree char *what = g_strdup_printf ("%s: %s", signal, reason);
  g_autofree char *where = g_strdup_printf ("%s (%" G_GINT64_FORMAT ")", thread, crash->thread_id);

  print_fact (output, "crash", what);
  print_raw_fact (output, "words", crash->abort_message);
  print_raw_fact (output, "address", crash->address);
  print_fact (output, "thread", where);
  print_raw_fact (output, "callback", crash->step);
  if (*crash->not_run != '\0')
    {
      print_fact (output, "not run", "");
      print_lines (crash->not_run, FALSE);
    }
  if (*crash->backtrace != '\0')
    {
      print_fact (output, "backtrace",
                  crash->is_nested ? "not whole: telling of it crashed, too" : "");
      print_lines (crash->backtrace, TRUE);
    }
}

void
ps_show_facts (const PsOutput *output, const PsLife *life)
{
  print_title (output, life);
  print_process (output, life);
  print_times (output, life);
  print_cause (output, life);
  print_losses (output, life);
  if (life->crash != NULL)
    print_crash (output, life->crash);
}
