/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A context knows nothing of the conductor but what it was handed, so that a scope or a checkpoint
 * can make one as well as an exit. When the callback has returned it expires: one that was kept
 * answers with nothing, and taking a hold from it is the programmer's error that it looks like.
 */

#include "ps-context-private.h"
#include "ps-clock.h"
#include "ps-late.h"
#include "ps-text.h"

PS_DEFINE_BOXED_TYPE (PsContext, ps_context, ps_context_ref, ps_context_unref)

static PsContext *
set_up (PsContext *context)
{
  g_atomic_ref_count_init (&context->refs);
  context->end_us = PS_NEVER_US;
  return context;
}

PsContext *
ps_context_new (void)
{
  return set_up (g_new0 (PsContext, 1));
}

/* NULL: no memory. */
PsContext *
ps_context_try_new (void)
{
  PsContext *context = g_try_new0 (PsContext, 1);

  return context != NULL ? set_up (context) : NULL;
}

static void
clear_answers (PsContext *context)
{
  context->exit_code_set = FALSE;
  context->is_vetoed = FALSE;
  g_clear_error (&context->error);
}

/* Over, once the callback has returned. What is left can be used for the next callback; NULL when
 * somebody kept it. Takes the reference. */
PsContext *
ps_context_recycle (PsContext *context)
{
  context->cause = NULL;
  context->previous_action = NULL;
  context->hold = NULL;
  context->hold_data = NULL;
  if (!g_atomic_ref_count_compare (&context->refs, 1))
    {
      ps_context_unref (context);
      return NULL;
    }
  clear_answers (context);
  return context;
}

PsContext *
ps_context_ref (PsContext *context)
{
  g_return_val_if_fail (context != NULL, NULL);

  g_atomic_ref_count_inc (&context->refs);
  return context;
}

void
ps_context_unref (PsContext *context)
{
  g_return_if_fail (context != NULL);

  if (!g_atomic_ref_count_dec (&context->refs))
    return;
  clear_answers (context);
  g_free (context);
}

PsEvent
ps_context_get_event (PsContext *context)
{
  g_return_val_if_fail (context != NULL, 0);

  return context->event;
}

int
ps_context_get_signal (PsContext *context)
{
  g_return_val_if_fail (context != NULL, 0);

  return context->cause != NULL ? context->cause->signum : 0;
}

gboolean
ps_context_get_signal_value (PsContext *context, int *value)
{
  g_return_val_if_fail (context != NULL, FALSE);

  if (context->cause == NULL || !context->cause->has_value)
    return FALSE;
  if (value != NULL)
    *value = context->cause->value;
  return TRUE;
}

const PsSender *
ps_context_get_sender (PsContext *context)
{
  g_return_val_if_fail (context != NULL, NULL);

  return context->cause != NULL ? ps_cause_get_sender (context->cause) : NULL;
}

int
ps_context_get_exit_code (PsContext *context)
{
  g_return_val_if_fail (context != NULL, 0);

  return context->exit_code;
}

void
ps_context_set_exit_code (PsContext *context, int exit_code)
{
  g_return_if_fail (context != NULL);

  context->exit_code = ps_cause_clamp_code (exit_code);
  context->exit_code_set = TRUE;
}

int
ps_context_get_recommended_exit_status (PsContext *context)
{
  g_return_val_if_fail (context != NULL, 0);

  if (context->cause != NULL && context->cause->kind == PS_CAUSE_SIGNAL)
    return ps_cause_status (context->cause, PS_EXIT_POLICY_STATUS);
  return context->exit_code;
}

const struct sigaction *
ps_context_get_previous_action (PsContext *context)
{
  g_return_val_if_fail (context != NULL, NULL);

  return context->previous_action;
}

gint64
ps_context_get_time_left_us (PsContext *context)
{
  g_return_val_if_fail (context != NULL, 0);

  if (context->end_us == PS_NEVER_US)
    return PS_NEVER_US;
  return MAX (context->end_us - ps_clock_now_us (), 0);
}

PsHold *
ps_context_hold (PsContext *context, const char *why)
{
  g_return_val_if_fail (context != NULL, NULL);
  g_return_val_if_fail (why != NULL, NULL);
  g_return_val_if_fail (context->hold != NULL, NULL);

  return g_atomic_int_get (&context->is_forsaken)
             ? NULL
             : context->hold (context, why, context->hold_data);
}

void
ps_context_veto (PsContext *context, const char *why)
{
  g_return_if_fail (context != NULL);
  g_return_if_fail (why != NULL);
  g_return_if_fail (context->event == PS_EVENT_QUERY);

  context->is_vetoed = TRUE;
  ps_text_put_valid (context->veto, sizeof context->veto, why);
}

void
ps_context_fail (PsContext *context, GError *error)
{
  g_return_if_fail (context != NULL);
  g_return_if_fail (error != NULL);

  g_clear_error (&context->error);
  context->error = error;
}
