/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What must follow from what, as docs/states.md and the headers say it: written from these, with
 * arrays that are searched from one end to the other, and no clock, no thread, no source.
 */

#include "sequence-model.h"

#include <signal.h>
#include <string.h>

/* SIGTERM, SIGINT, SIGHUP. */
#define DEFAULT 7u

#define MS ((gint64) 1000)
#define SEC (1000 * MS)

/* --- Registrations ---------------------------------------------------------------------------- */

Pair *
model_pair (Model *m, guint function, guint number)
{
  Pair *pair;

  for (guint i = 0; i < m->pairs->len; i++)
    {
      pair = g_ptr_array_index (m->pairs, i);
      if (pair->function == function && pair->number == number)
        return pair;
    }
  pair = g_new0 (Pair, 1);
  pair->function = function;
  pair->number = number;
  g_ptr_array_add (m->pairs, pair);
  return pair;
}

static guint
count (Model *m, PsEvent event)
{
  guint n = 0;

  for (guint i = 0; i < m->items->len; i++)
    {
      const Item *item = g_ptr_array_index (m->items, i);

      n += item->live && (item->events & event) != 0;
    }
  return n;
}

static gboolean
is_due (Model *m, const Item *item)
{
  return item->live && (item->events & m->event) && item->taken_in != m->pass;
}

/* All of the phase that this pass has not met yet, newest first. */
static gboolean
take_batch (Model *m)
{
  gboolean any = FALSE;

  for (guint i = m->items->len; i > 0; i--)
    {
      Item *item = g_ptr_array_index (m->items, i - 1);

      if (!is_due (m, item) || item->priority != m->priority)
        continue;
      item->taken_in = m->pass;
      g_queue_push_tail (&m->batch, item);
      any = TRUE;
    }
  return any;
}

static gboolean
next_phase (Model *m)
{
  m->in_phase = FALSE;
  for (guint i = 0; i < m->items->len; i++)
    {
      const Item *item = g_ptr_array_index (m->items, i);

      if (is_due (m, item) && (!m->in_phase || item->priority < m->priority))
        {
          m->in_phase = TRUE;
          m->priority = item->priority;
        }
    }
  return m->in_phase;
}

static void
begin_pass (Model *m, PsEvent event)
{
  m->pass++;
  m->event = event;
  m->in_phase = FALSE;
  g_queue_clear (&m->batch);
}

static void
begin_exit (Model *m)
{
  for (guint i = 0; i < m->pairs->len; i++)
    ((Pair *) g_ptr_array_index (m->pairs, i))->called = FALSE;
  m->vetoed = m->hastened = m->code_given = FALSE;
}

/* --- Holds ------------------------------------------------------------------------------------ */

static gboolean
counts (Model *m, const Hold *hold)
{
  return hold->active && hold->generation == m->generation && !hold->of_round;
}

static gboolean
anybody_holds (Model *m)
{
  for (guint i = 0; i < m->holds->len; i++)
    if (counts (m, g_ptr_array_index (m->holds, i)))
      return TRUE;
  return FALSE;
}

static void
drop_holds (Model *m, gint64 until_us)
{
  for (guint i = 0; i < m->holds->len; i++)
    {
      Hold *hold = g_ptr_array_index (m->holds, i);

      if (!counts (m, hold) || hold->deadline_us > until_us)
        continue;
      hold->active = FALSE;
      hold->overdue = m->running != NULL;
    }
}

/* --- The table -------------------------------------------------------------------------------- */

int
model_status (Model *m)
{
  if (m->code_given)
    return m->code;
  if (m->cause.kind != WHY_SIGNAL)
    return m->cause.code;
  return m->policy == PS_EXIT_POLICY_SUCCESS ? 0 : 128 + m->cause.signum;
}

static PsEvent
main_event (Model *m)
{
  return m->cause.kind == WHY_SIGNAL ? PS_EVENT_TERMINATE : PS_EVENT_QUIT;
}

static void
begin_time (Model *m)
{
  gboolean for_ever = m->limit_us == NEVER_US;

  m->end_us = for_ever ? NEVER_US : m->now_us + m->limit_us;
  m->reserve_us = for_ever ? 0 : MIN (m->limit_us / 10, 5 * SEC);
  m->grace_us = for_ever ? 0 : MIN (m->limit_us / 20, SEC / 40);
}

static void input (Model *m, Input input, Why why);

static void
query (Model *m, Why why)
{
  m->cause = why;
  begin_time (m);
  begin_exit (m);
  m->state = QUERYING;
  begin_pass (m, PS_EVENT_QUERY);
}

static void
stop (Model *m, Why why)
{
  drop_holds (m, NEVER_US);
  if (m->cause.kind == WHY_NOTHING || m->state == RESUMING)
    {
      m->cause = why;
      begin_exit (m);
    }
  begin_time (m);
  g_queue_clear_full (&m->kept, g_free);
  m->state = TERMINATING;
  begin_pass (m, PS_EVENT_CHECKPOINT);
}

static void
finish (Model *m)
{
  drop_holds (m, NEVER_US);
  m->state = FINISHING;
  begin_pass (m, PS_EVENT_FINISH);
}

static void
reload (Model *m, Why why)
{
  m->reload_asked = FALSE;
  m->reload_why = why;
  begin_time (m);
  begin_exit (m);
  m->state = RELOADING;
  begin_pass (m, PS_EVENT_RELOAD);
}

static void
resume (Model *m)
{
  m->state = RESUMING;
  begin_pass (m, PS_EVENT_RESUME);
}

static void
wait_in (GQueue *wishes, Input input, Why why)
{
  Wish *wish = g_new (Wish, 1);

  *wish = (Wish){ input, why };
  g_queue_push_tail (wishes, wish);
}

/* The next signal is a first one again, unless another wish has to be decided on first. */
static void
run (Model *m)
{
  g_autofree Wish *kept = g_queue_pop_head (&m->kept);

  drop_holds (m, NEVER_US);
  m->cause = (Why){ .kind = WHY_NOTHING };
  m->state = RUNNING;
  if (kept != NULL)
    input (m, kept->input, kept->why);
  else
    m->pressed = 0;
}

static void
exited (Model *m)
{
  m->state = EXITED;
  m->loop_quit = m->loop_quit || m->loop_runs;
}

static void
reload_later (Model *m, Why why)
{
  m->reload_asked = TRUE;
  m->reload_why = why;
}

static gboolean
is_the_same (Why one, Why other)
{
  return one.kind == other.kind && one.signum == other.signum && one.signum < SIGRTMIN;
}

/* Whether it is a wish of its own: not the one that is being decided on, and none that waits. */
static gboolean
is_another (Model *m, Why why)
{
  if (m->cause.kind == WHY_NOTHING || is_the_same (m->cause, why))
    return FALSE;
  for (const GList *l = m->kept.head; l != NULL; l = l->next)
    if (is_the_same (((const Wish *) l->data)->why, why))
      return FALSE;
  return TRUE;
}

/* TRUE: it was done, or there was nothing to do. FALSE: it begins or ends a state. */
static gboolean
is_small (Model *m, Input input)
{
  switch (m->state)
    {
    case RUNNING:
      return input == IN_VETO || input == IN_DONE || input == IN_DEADLINE;
    case RELOADING:
      return input == IN_RELOAD;
    case QUERYING:
      return input == IN_RELOAD || input == IN_REQUEST || input == IN_QUEUED;
    case RESUMING:
      return input == IN_RELOAD || input == IN_QUEUED;
    case TERMINATING:
    case FINISHING:
      return input == IN_RELOAD || input == IN_REQUEST || input == IN_QUEUED || input == IN_EXIT;
    case EXITED:
      break;
    }
  return TRUE;
}

static void
input_before_stop (Model *m, Input input, Why why)
{
  gboolean asking = m->state == QUERYING;

  switch (input)
    {
    case IN_RELOAD:
      reload (m, why); /* running: otherwise it is small */
      break;
    case IN_REQUEST:
    case IN_QUEUED:
      query (m, why);
      break;
    case IN_EXIT:
      stop (m, why);
      break;
    case IN_HURRY:
      if (asking)
        stop (m, why);
      else
        query (m, why);
      break;
    case IN_VETO:
    case IN_DONE:
    case IN_DEADLINE:
      if (asking && input == IN_VETO)
        resume (m);
      else if (asking)
        stop (m, why);
      else if (m->state == RESUMING)
        run (m);
      else
        m->state = RUNNING;
      break;
    }
}

static void
input (Model *m, Input input, Why why)
{
  State before = m->state;

  if (input == IN_REQUEST && is_another (m, why))
    input = IN_QUEUED;
  if (is_small (m, input))
    {
      if (input == IN_RELOAD && before >= RELOADING && before <= RESUMING)
        reload_later (m, why);
      else if (input == IN_QUEUED && before < TERMINATING)
        wait_in (&m->kept, input, why);
      return;
    }
  if (m->running != NULL)
    {
      wait_in (&m->deferred, input, why);
      return;
    }
  /* Nobody waits for what a reload has held, once it is over. */
  if (before == RELOADING)
    drop_holds (m, NEVER_US);
  if (before < TERMINATING)
    input_before_stop (m, input, why);
  else if (before == TERMINATING)
    finish (m);
  else if (input == IN_DONE || input == IN_VETO)
    exited (m);
  else
    {
      m->hastened = TRUE;
      drop_holds (m, NEVER_US);
    }
}

/* --- Which signals ---------------------------------------------------------------------------- */

static guint
bit_of (int signum)
{
  for (guint i = 0; i < SEQUENCE_CHOOSABLE; i++)
    if (sequence_choosable (i) == signum)
      return 1u << i;
  return 0;
}

/* Of the first that is sent, where it has its default. */
static void
die_of (Model *m, int signum)
{
  if (m->end == END_SIGNAL || (signum == SIGHUP && m->hangup_ignored))
    return;
  m->end = END_SIGNAL;
  m->end_code = signum;
}

static void
give_back_wishes (Model *m, GQueue *wishes, guint signals)
{
  GList *next;

  for (GList *l = wishes->head; l != NULL; l = next)
    {
      Wish *wish = l->data;

      next = l->next;
      if (wish->why.kind != WHY_SIGNAL || !(bit_of (wish->why.signum) & signals))
        continue;
      die_of (m, wish->why.signum);
      g_free (wish);
      g_queue_delete_link (wishes, l);
    }
}

/* What has come, and had no effect, is sent again, in the order it came. */
void
model_give_back (Model *m, guint signals)
{
  if (m->reload_asked && (bit_of (m->reload_why.signum) & signals))
    {
      die_of (m, m->reload_why.signum);
      m->reload_asked = FALSE;
    }
  give_back_wishes (m, &m->kept, signals);
  give_back_wishes (m, &m->deferred, signals);
  give_back_wishes (m, &m->signals, signals);
  m->taken &= ~signals;
}

/* What nohup has set to be ignored is taken only where it was asked for. */
void
model_settle_signals (Model *m)
{
  const guint hangup = bit_of (SIGHUP);
  gboolean asked = m->hangup == PS_HANGUP_RELOAD || m->hangup == PS_HANGUP_TERMINATE;
  guint wanted = m->chosen | (m->hangup != PS_HANGUP_AUTO ? hangup : 0);

  if (m->hangup_ignored && !asked && !(m->named && (m->chosen & hangup)) && !(m->taken & hangup))
    wanted &= ~hangup;
  model_give_back (m, m->taken & ~wanted);
  m->taken = wanted;
}

/* --- Taking in ------------------------------------------------------------------------------- */

PsHangup
model_hangup_meaning (Model *m)
{
  if (m->hangup != PS_HANGUP_AUTO)
    return m->hangup;
  return count (m, PS_EVENT_RELOAD) > 0 ? PS_HANGUP_RELOAD : PS_HANGUP_TERMINATE;
}

static gboolean
presses (Model *m, int signum)
{
  if (m->pressed == 0)
    return TRUE;
  if (m->now_us - m->pressed_us < 200 * MS)
    return FALSE;
  return m->escalation == PS_ESCALATION_ANY
         || (m->escalation == PS_ESCALATION_INTERACTIVE && (signum == SIGINT || signum == SIGQUIT));
}

/* A signal comes. */
void
model_press (Model *m, int signum, int value)
{
  Wish *wish;

  if (!(m->taken & bit_of (signum)))
    {
      die_of (m, signum);
      return;
    }
  wish = g_new0 (Wish, 1);
  wish->input = IN_REQUEST;
  wish->why = (Why){ .kind = WHY_SIGNAL, .signum = signum, .value = value };
  g_queue_push_tail (&m->signals, wish);
  /* Not a wish to end: before a watcher is there nobody has said what it is to mean. */
  if (signum == SIGHUP && (m->generation == 0 || model_hangup_meaning (m) != PS_HANGUP_TERMINATE))
    return;
  if (!presses (m, signum))
    return;
  m->pressed++;
  m->pressed_us = m->now_us;
  if (m->pressed == 2)
    wish->input = IN_HURRY;
  if (m->pressed > 2)
    {
      m->forced = TRUE;
      m->end_code = 128 + signum;
    }
}

static void
take_signal (Model *m, const Wish *wish)
{
  PsHangup meaning = wish->why.signum == SIGHUP ? model_hangup_meaning (m) : PS_HANGUP_TERMINATE;

  if (meaning == PS_HANGUP_RELOAD)
    input (m, IN_RELOAD, wish->why);
  else if (meaning == PS_HANGUP_TERMINATE)
    input (m, wish->input, wish->why);
}

/* In the order in which it was asked for. */
static void
take_wishes (Model *m)
{
  Wish *wish;

  while (m->running == NULL && (wish = g_queue_pop_head (&m->deferred)) != NULL)
    {
      input (m, wish->input, wish->why);
      g_free (wish);
    }
  while ((wish = g_queue_pop_head (&m->signals)) != NULL)
    {
      take_signal (m, wish);
      g_free (wish);
    }
  if (m->quit_asked)
    {
      m->quit_asked = FALSE;
      input (m, IN_REQUEST, (Why){ .kind = WHY_QUIT, .code = m->quit_code });
    }
}

static void
take_time (Model *m)
{
  gint64 end_us;

  if (m->state == RUNNING || m->state == EXITED)
    return;
  if (m->extended_us > 0 && m->end_us != NEVER_US)
    m->end_us = MAX (m->end_us, m->extended_us + m->reserve_us);
  m->extended_us = 0;
  drop_holds (m, m->now_us);

  end_us = m->end_us;
  if (end_us != NEVER_US)
    end_us -= m->state == FINISHING ? m->grace_us : m->reserve_us;
  if (m->now_us >= end_us && m->running == NULL && !m->hastened)
    input (m, IN_DEADLINE, (Why){ .kind = WHY_NOTHING });
}

/* --- Working --------------------------------------------------------------------------------- */

static gboolean
is_silent (Model *m, const Item *item)
{
  for (guint i = 0; i < m->scopes->len; i++)
    {
      const Scope *scope = g_ptr_array_index (m->scopes, i);

      if (scope->item == item)
        return scope->done;
    }
  return FALSE;
}

static Item *
next_of_batch (Model *m)
{
  Item *item;

  while ((item = g_queue_pop_head (&m->batch)) != NULL)
    {
      if (!item->live || item->pair->called)
        continue;
      item->pair->called = TRUE;
      if (!is_silent (m, item))
        return item;
    }
  return NULL;
}

/* NULL: none is left, or (then *waits) it has to wait. */
static Item *
next_call (Model *m, gboolean *waits)
{
  Item *item;

  for (;;)
    {
      item = next_of_batch (m);
      if (item != NULL || m->event == 0)
        return item;
      if (m->in_phase && take_batch (m))
        continue;
      *waits = m->in_phase && !m->hastened && anybody_holds (m);
      if (*waits)
        return NULL;
      if (!next_phase (m))
        m->event = 0;
    }
}

static void
pass_is_over (Model *m, gboolean was_checkpoint)
{
  const Why nothing = { .kind = WHY_NOTHING };

  if (was_checkpoint)
    begin_pass (m, main_event (m));
  else
    input (m, m->state == QUERYING && m->vetoed ? IN_VETO : IN_DONE, nothing);
}

Item *
model_turn (Model *m)
{
  for (;;)
    {
      gboolean waits = FALSE, was_checkpoint;
      Item *item;

      take_wishes (m);
      take_time (m);
      if (m->running != NULL || m->state == EXITED)
        return NULL;
      if (m->state == RUNNING)
        {
          if (!m->reload_asked)
            return NULL;
          reload (m, m->reload_why);
          continue;
        }
      was_checkpoint = m->event == PS_EVENT_CHECKPOINT;
      item = next_call (m, &waits);
      if (item != NULL || waits)
        return item;
      pass_is_over (m, was_checkpoint);
    }
}

/* What was asked for before goes before. */
void
model_conclude (Model *m, Why why)
{
  m->running = NULL;
  take_wishes (m);
  input (m, IN_EXIT, why);
}

void
model_begin_watcher (Model *m)
{
  m->generation++;
  g_ptr_array_set_size (m->items, 0);
  g_ptr_array_set_size (m->pairs, 0);
  m->state = RUNNING;
  m->limit_us = 60 * SEC;
  m->policy = PS_EXIT_POLICY_STATUS;
  m->hangup = PS_HANGUP_AUTO;
  m->taken = 0;
  m->chosen = DEFAULT;
  m->named = FALSE;
  model_settle_signals (m);
  m->quit_asked = m->reload_asked = FALSE;
  m->cause = (Why){ .kind = WHY_NOTHING };
  m->code_given = m->vetoed = m->hastened = FALSE;
  m->extended_us = 0;
  m->event = 0;
  m->running = NULL;
  g_queue_clear (&m->batch);
  g_queue_clear_full (&m->deferred, g_free);
  g_queue_clear_full (&m->kept, g_free);
}
