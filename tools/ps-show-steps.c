/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The steps of an exit as a tree: events, the steps of each, and below a step what went wrong in
 * it.
 */

#include "ps-show.h"

#include <stdio.h>
#include <string.h>

#include "ps-clean.h"

static char *
offset_text (gint64 at_us)
{
  g_autofree char *text = ps_clean_duration (ABS (at_us));

  return g_strdup_printf ("%c%s", at_us < 0 ? '-' : '+', text);
}

static void
print_under (const PsOutput *output, const char *stem, PsTint tint, const char *text)
{
  printf ("%s%s%s%s\n", stem, ps_output_tint (output, tint), text,
          tint != PS_TINT_NONE ? ps_output_plain (output) : "");
}

static void
print_holds (const PsOutput *output, const PsStep *step, const char *stem)
{
  for (guint i = 0; step->holds != NULL && i < step->holds->len; i++)
    {
      const PsHoldDropped *hold = &g_array_index (step->holds, PsHoldDropped, i);
      g_autofree char *why = ps_clean (hold->why), *reason = ps_clean (hold->reason);
      g_autofree char *took = ps_clean_duration (hold->duration_us);
      g_autofree char *text = g_strdup_printf ("gave up after %s on: %s (%s)", took, why, reason);

      print_under (output, stem, PS_TINT_BAD, text);
    }
}

static void
print_step (const PsOutput *output, const PsStep *step, gboolean is_last_event, gboolean is_last)
{
  g_autofree char *name = ps_clean (step->name);
  g_autofree char *at = step->is_begun ? offset_text (step->begun_us) : g_strdup ("");
  g_autofree char *took = step->is_done           ? ps_clean_duration (step->duration_us)
                          : step->skipped != NULL ? g_strdup ("skipped")
                                                  : g_strdup ("no end");
  g_autofree char *stem = g_strdup_printf ("%s  %s                        ",
                                           is_last_event ? " " : "│", is_last ? " " : "│");

  printf ("%s  %s─ %9s %10s  %s%s%s\n", is_last_event ? " " : "│", is_last ? "└" : "├", at, took,
          step->is_done ? "" : ps_output_tint (output, PS_TINT_BAD), name,
          step->is_done ? "" : ps_output_plain (output));
  if (step->skipped != NULL)
    {
      g_autofree char *why = ps_clean (step->skipped);

      print_under (output, stem, PS_TINT_WARN, why);
    }
  if (step->error != NULL)
    {
      g_autofree char *error = ps_clean (step->error);
      g_autofree char *text = g_strdup_printf ("failed: %s", error);

      print_under (output, stem, PS_TINT_BAD, text);
    }
  print_holds (output, step, stem);
}

static const PsStep *
step_at (const PsLife *life, guint i)
{
  return i < life->steps->len ? g_ptr_array_index (life->steps, i) : NULL;
}

/* Whether another event begins behind it. */
static gboolean
is_last_event (const PsLife *life, guint from)
{
  for (guint i = from + 1; i < life->steps->len; i++)
    if (strcmp (step_at (life, i)->event, step_at (life, from)->event) != 0)
      return FALSE;
  return TRUE;
}

static void
print_steps (const PsOutput *output, const PsLife *life)
{
  const char *event = "";

  for (guint i = 0; life->steps != NULL && i < life->steps->len; i++)
    {
      const PsStep *step = step_at (life, i), *next = step_at (life, i + 1);
      gboolean is_last = is_last_event (life, i);

      if (strcmp (step->event, event) != 0)
        {
          g_autofree char *name = ps_clean (step->event);

          printf ("%s─ %s\n", is_last ? "└" : "├", name);
        }
      event = step->event;
      print_step (output, step, is_last, next == NULL || strcmp (next->event, event) != 0);
    }
}

static void
print_notes (const PsOutput *output, const PsLife *life)
{
  for (guint i = 0; life->notes != NULL && i < life->notes->len; i++)
    {
      const PsNote *note = g_ptr_array_index (life->notes, i);
      g_autofree char *at = offset_text (note->at_us), *text = ps_clean (note->text);

      printf ("   %s%11s%s  %s\n", ps_output_tint (output, PS_TINT_DIM), at,
              ps_output_plain (output), text);
    }
}

void
ps_show_steps (const PsOutput *output, const PsLife *life)
{
  print_steps (output, life);
  print_notes (output, life);
}
