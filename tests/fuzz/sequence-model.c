/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads the trace line by line. A line at which the library has had its turn (a callback is called,
 * the next operation begins, time has passed, the process has ended) must find everything done that
 * was to be done before: each callback once, in its order, none forgotten, finish last.
 *
 * Two things have more than one right outcome: a hold that another thread is releasing may be gone
 * already, or not yet; and so may one whose deadline passes while a callback runs, which the
 * library then tells by ps_hold_is_active().
 */

#include "sequence-model.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

void
model_complain (Model *m, const char *format, ...)
{
  va_list args;

  if (m->complaint != NULL)
    return;
  va_start (args, format);
  m->complaint = g_strdup_vprintf (format, args);
  va_end (args);
}

#define must(m, expression, ...)                                                                   \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (!(expression))                                                                             \
      model_complain (m, __VA_ARGS__);                                                             \
  }                                                                                                \
  G_STMT_END

static Frame *
top (Model *m)
{
  return g_queue_peek_head (&m->frames);
}

static void
push (Model *m, FrameKind kind, Scope *scope)
{
  Frame *frame = g_new0 (Frame, 1);

  frame->kind = kind;
  frame->generation = m->generation;
  frame->scope = scope;
  g_queue_push_head (&m->frames, frame);
}

/* What must be called next. When nothing is on the stack, and the turn that was under way is over,
 * a loop that was quit has ended; and when it ran for a watcher that is no more, nobody works for
 * the new one before main() does; nor where main() runs the loop by hand. */
static Item *
settle (Model *m)
{
  gboolean ended = g_queue_is_empty (&m->frames) && (m->loop_quit || !m->loop_runs);
  gboolean for_another = m->run_generation != 0 && m->run_generation != m->generation;
  Item *item;

  if (ended && (for_another || m->by_hand) && !m->in_turn)
    return NULL;
  if (ended && m->loop_runs && !m->in_turn && m->state != EXITED)
    {
      m->loop_quit = m->loop_runs = FALSE;
      model_conclude (m, (Why){ .kind = WHY_LOOP });
    }
  item = model_turn (m);
  if (item != NULL || !ended || !m->in_turn)
    return item;
  m->in_turn = FALSE;
  return settle (m);
}

static gboolean
somebody_releases (Model *m)
{
  gboolean any = FALSE;

  for (guint i = 0; i < m->holds->len; i++)
    {
      Hold *hold = g_ptr_array_index (m->holds, i);

      any = any || (hold->leaving && hold->active);
      if (hold->leaving)
        hold->active = FALSE;
    }
  return any;
}

/* What happened shows that more was done than while something was held. */
static Item *
settle_further (Model *m)
{
  return somebody_releases (m) ? settle (m) : NULL;
}

static void
must_not_call (Model *m, const Item *item)
{
  if (item != NULL)
    model_complain (m, "event %d of %u/%u, registration %u, should have been called",
                    (int) m->event, item->pair->function, item->pair->number, item->id);
}

static void
must_be_settled (Model *m)
{
  must_not_call (m, settle (m));
}

static void
must_be_over (Model *m)
{
  must_be_settled (m);
  if (m->state != EXITED)
    must_not_call (m, settle_further (m));
  must (m, m->state == EXITED, "the exit is not over");
}

/* --- Calls ----------------------------------------------------------------------------------- */

static Scope *
scope_of (Model *m, int number)
{
  if (number >= 0 && (guint) number < m->scopes->len)
    return g_ptr_array_index (m->scopes, number);
  model_complain (m, "there is no such scope");
  return NULL;
}

static gboolean
may_go_round (Model *m, const int *n)
{
  const Pair *pair = model_pair (m, (guint) n[1], (guint) n[2]);

  if (n[0] != PS_EVENT_CHECKPOINT || (m->state != RUNNING && m->state != RELOADING))
    return FALSE;
  for (guint i = 0; i < m->items->len; i++)
    {
      const Item *item = g_ptr_array_index (m->items, i);

      if (item->live && item->pair == pair && (item->events & PS_EVENT_CHECKPOINT))
        return n[3] == 0 && n[4] == 0;
    }
  return FALSE;
}

/* Timers of one moment go off one after the other, and what one has asked for comes after them. */
static void
take_round (Model *m, const int *n)
{
  if (!m->after_round)
    must_be_settled (m);
  must (m, may_go_round (m, n), "this is no time for a checkpoint");
  push (m, FRAME_ROUND, NULL);
}

/* n: event, function, data, signal, exit code */
static void
take_call (Model *m, const int *n)
{
  Item *item = settle (m);
  int signum;

  if (item == NULL)
    item = settle_further (m);
  if (item == NULL)
    {
      model_complain (m, "nothing should have been called");
      return;
    }
  signum = m->state == RELOADING ? m->reload_why.signum : m->cause.signum;
  must (m,
        item->pair->function == (guint) n[1] && item->pair->number == (guint) n[2]
            && m->event == (PsEvent) n[0],
        "event %d of %u/%u, registration %u, should have been called here", (int) m->event,
        item->pair->function, item->pair->number, item->id);
  must (m, n[3] == signum, "the callback should be told signal %d", signum);
  must (m, n[4] == model_status (m), "the callback should be told code %d", model_status (m));
  push (m, FRAME_CALL, NULL);
  m->running = item;
  m->entered_us = m->now_us;
  if (item->pair->function == 2)
    {
      Scope *scope = scope_of (m, n[2]);

      if (scope != NULL)
        scope->done = TRUE;
    }
}

static void
take_return (Model *m, const int *n)
{
  g_autofree Frame *frame = g_queue_pop_head (&m->frames);

  m->ended_round = frame != NULL && frame->kind == FRAME_ROUND;
  m->in_turn = frame != NULL && frame->kind == FRAME_CALL && frame->generation == m->generation;

  must (m, frame != NULL && frame->kind != FRAME_OP, "nothing could return");
  if (frame == NULL)
    return;
  if (frame->kind == FRAME_SCOPE && frame->scope->item != NULL)
    frame->scope->item->live = FALSE;
  if (frame->kind != FRAME_CALL || frame->generation != m->generation)
    return;
  m->running = NULL;
  if (frame->code_given)
    {
      m->code_given = TRUE;
      m->code = frame->code;
    }
  m->vetoed = m->vetoed || frame->veto;
}

static void
take_scope_end (Model *m, const int *n)
{
  Scope *scope = scope_of (m, n[0]);

  if (scope == NULL)
    return;
  if (scope->done && scope->item != NULL)
    scope->item->live = FALSE;
}

static void
take_scope_call (Model *m, const int *n)
{
  Scope *scope = scope_of (m, n[0]);

  if (scope == NULL)
    return;
  must (m, !scope->done, "the scope has run");
  scope->done = TRUE;
  push (m, FRAME_SCOPE, scope);
}

/* --- Registrations --------------------------------------------------------------------------- */

static Item *
new_item (Model *m, PsEvents events, int priority, guint function, guint number)
{
  Item *item = g_new0 (Item, 1);

  item->events = events;
  item->priority = priority;
  item->pair = model_pair (m, function, number);
  item->live = TRUE;
  g_ptr_array_add (m->items, item);
  return item;
}

/* n: ID, events, priority, deadline in ms, function, data */
static void
take_add (Model *m, const int *n)
{
  gboolean too_late = m->state == FINISHING || m->state == EXITED;
  Item *item;

  must (m, (n[0] == 0) == too_late, too_late ? "it is too late to register" : "it is not too late");
  if (n[0] == 0)
    return;
  item = new_item (m, (PsEvents) n[1], n[2], (guint) n[4], (guint) n[5]);
  item->id = (guint) n[0];
  item->deadline_us = 1000 * (gint64) n[3];
}

static void
take_remove (Model *m, const int *n)
{
  gboolean found = FALSE;

  for (guint i = 0; i < m->items->len; i++)
    {
      Item *item = g_ptr_array_index (m->items, i);

      if (item->id == (guint) n[0] && item->live)
        {
          found = TRUE;
          item->live = FALSE;
        }
    }
  must (m, found == (n[1] != 0), "it was %sthere", found ? "" : "not ");
}

static void
take_scope (Model *m, const int *n)
{
  Scope *scope = g_new0 (Scope, 1);

  scope->generation = m->generation;
  if (m->state < FINISHING)
    scope->item = new_item (m, PS_EVENT_FINISH, 0, 2, (guint) n[0]);
  g_ptr_array_add (m->scopes, scope);
}

/* --- Holds ----------------------------------------------------------------------------------- */

static Hold *
hold_of (Model *m, int number)
{
  if (number >= 0 && (guint) number < m->holds->len)
    return g_ptr_array_index (m->holds, number);
  model_complain (m, "there is no such hold");
  return NULL;
}

static void
take_hold (Model *m, const int *n)
{
  const Frame *frame = top (m);
  Hold *hold = g_new0 (Hold, 1);

  g_ptr_array_add (m->holds, hold);
  *hold = (Hold){
    .number = (guint) n[0], .generation = m->generation, .active = TRUE, .deadline_us = NEVER_US
  };
  hold->of_round = frame == NULL || frame->kind != FRAME_CALL;
  if (!hold->of_round && m->running != NULL && m->running->deadline_us > 0)
    hold->deadline_us = m->entered_us + m->running->deadline_us;
}

static void
take_release (Model *m, const int *n)
{
  Hold *hold = hold_of (m, n[0]);

  if (hold != NULL)
    hold->active = FALSE;
}

static void
take_release_soon (Model *m, const int *n)
{
  Hold *hold = hold_of (m, n[0]);

  if (hold != NULL)
    hold->leaving = TRUE;
}

/* Whether it is still waited for, which the library has told. */
static gboolean
is_active (Model *m, Hold *hold, gboolean told)
{
  if (hold->overdue)
    hold->active = told;
  hold->overdue = FALSE;
  if (!hold->of_round)
    must (m, told == (hold->active && hold->generation == m->generation),
          told ? "the hold should be over" : "the hold should still be waited for");
  return told;
}

static void
take_extend (Model *m, const int *n)
{
  Hold *hold = hold_of (m, n[0]);
  gint64 until_us = m->now_us + 1000 * (gint64) n[1];

  if (hold == NULL || !is_active (m, hold, n[2]) || hold->generation != m->generation)
    return;
  hold->deadline_us = MAX (hold->deadline_us, until_us);
  if (!hold->of_round)
    m->extended_us = MAX (m->extended_us, until_us);
}

static void
take_hold_deadline (Model *m, const int *n)
{
  Hold *hold = hold_of (m, n[0]);

  if (hold != NULL && is_active (m, hold, n[2]))
    hold->deadline_us = n[1] == 0 ? NEVER_US : m->now_us + 1000 * (gint64) n[1];
}

/* --- Ends ------------------------------------------------------------------------------------ */

/* The kernel keeps the low byte; what is no success must not become one. */
static int
honest (int code)
{
  return code != 0 && (code & 0xff) == 0 ? 255 : code & 0xff;
}

static gboolean
dies_of_signal (Model *m)
{
  return m->policy == PS_EXIT_POLICY_RERAISE && m->cause.kind == WHY_SIGNAL && !m->code_given;
}

static void
leave_everything (Model *m)
{
  g_queue_clear_full (&m->frames, g_free);
  m->loop_runs = m->loop_quit = m->by_hand = FALSE;
  m->run_generation = 0;
}

static void
take_exit (Model *m, const int *n)
{
  gboolean in_callback = m->running != NULL;

  leave_everything (m);
  if (m->state == EXITED)
    {
      m->end = dies_of_signal (m) && n[0] == model_status (m) ? END_STATUS : END_CODE;
      m->end_code = honest (n[0]);
      return;
    }
  model_conclude (m, (Why){ .kind = WHY_EXIT, .code = honest (n[0]) });
  m->end = END_STATUS;
  if (in_callback || n[0] != 0)
    {
      m->code_given = TRUE;
      m->code = honest (n[0]);
    }
}

/* Nobody is told its status. */
static void
take_quick_exit (Model *m, const int *n)
{
  gboolean was_over = m->state == EXITED;

  leave_everything (m);
  m->end = was_over ? END_CODE : END_QUICK;
  m->end_code = n[0];
  if (!was_over)
    model_conclude (m, (Why){ .kind = WHY_EXIT });
}

static void
take_main_returns (Model *m, const int *n)
{
  must_be_settled (m);
  take_exit (m, n);
}

static void
take_run (Model *m, const int *n)
{
  m->loop_runs = TRUE;
  m->loop_quit = FALSE;
  m->run_generation = m->generation;
}

static void
take_run_by_hand (Model *m, const int *n)
{
  m->loop_runs = m->by_hand = TRUE;
}

static void
take_run_returned (Model *m, const int *n)
{
  if (m->generation == m->run_generation)
    must_be_over (m);
  else
    must_be_settled (m);
  m->loop_runs = FALSE;
  if (m->generation != m->run_generation)
    return;
  must (m, n[0] == model_status (m), "it should return %d", model_status (m));
}

static void
take_idle (Model *m, const int *n)
{
  must_be_settled (m);
}

static void
take_loop_quit (Model *m, const int *n)
{
  m->loop_quit = m->loop_quit || m->loop_runs;
}

static void
take_fork (Model *m, const int *n)
{
  static const int statuses[] = { 5 << 8, SIGTERM, SIGINT, 6 << 8, 7 << 8 };

  must (m, n[1] == statuses[n[0]], "the child should have ended with wait status %d",
        statuses[n[0]]);
}

/* --- Watchers -------------------------------------------------------------------------------- */

static void
take_detach (Model *m, const int *n)
{
  model_give_back (m, m->taken);
  g_queue_clear_full (&m->signals, g_free);
  m->pressed = 0;
  for (guint i = 0; i < m->scopes->len; i++)
    ((Scope *) g_ptr_array_index (m->scopes, i))->item = NULL;
}

static void
take_attach (Model *m, const int *n)
{
  model_begin_watcher (m);
  m->escalation = PS_ESCALATION_INTERACTIVE;
}

/* --- The rest -------------------------------------------------------------------------------- */

static void
take_answer (Model *m, const char *word, int code)
{
  Frame *frame = top (m);

  if (frame == NULL || frame->kind == FRAME_OP)
    {
      model_complain (m, "nobody could answer");
      return;
    }
  if (*word == 'v')
    frame->veto = TRUE;
  else if (*word == 'c')
    {
      frame->code_given = TRUE;
      frame->code = code < 0 || code > 255 ? 255 : code;
    }
}

static void
take_code (Model *m, const int *n)
{
  take_answer (m, "code", n[0]);
}

static void
take_veto (Model *m, const int *n)
{
  take_answer (m, "veto", 0);
}

static void
take_fail (Model *m, const int *n)
{
  take_answer (m, "fail", 0);
}

static void
take_op (Model *m, const int *n)
{
  must_be_settled (m);
  push (m, FRAME_OP, NULL);
}

static void
take_done (Model *m, const int *n)
{
  m->in_turn = FALSE;
  g_free (g_queue_pop_head (&m->frames));
}

static void
take_nested_end (Model *m, const int *n)
{
  if (!m->after_round)
    must_be_settled (m);
}

static void
take_nothing (Model *m, const int *n)
{
}

static void
take_signal (Model *m, const int *n)
{
  model_press (m, n[0], 0);
}

static void
take_signal_value (Model *m, const int *n)
{
  model_press (m, n[0], n[1]);
}

static void
take_value (Model *m, const int *n)
{
  must (m, n[0] == m->cause.value, "the signal's value should be %d", m->cause.value);
}

/* As long as the exit can be stopped. */
static void
take_signals (Model *m, const int *n)
{
  m->may_choose = m->state < TERMINATING;
  if (!m->may_choose)
    return;
  m->chosen = (guint) n[0];
  m->named = TRUE;
  model_settle_signals (m);
}

static void
take_signals_chosen (Model *m, const int *n)
{
  must (m, (n[0] != 0) == m->may_choose,
        m->may_choose ? "they could be chosen" : "it is too late to choose them");
}

/* A round, or a scope that ends, of this watcher. */
static gboolean
runs_aside (Model *m)
{
  for (const GList *l = m->frames.head; l != NULL; l = l->next)
    {
      const Frame *frame = l->data;

      if ((frame->kind == FRAME_ROUND && frame->generation == m->generation)
          || (frame->kind == FRAME_SCOPE && frame->scope->generation == m->generation))
        return TRUE;
    }
  return FALSE;
}

/* The child takes the watch over where nothing is under way; what came for its parent is not for
 * it. */
static void
take_went_on (Model *m, const int *n)
{
  gboolean may = m->state == RUNNING && m->running == NULL && !m->quit_asked && !m->reload_asked
                 && !runs_aside (m);

  must (m, (n[0] != 0) == may, may ? "the child could go on" : "the child could not go on");
  if (!may)
    return;
  g_queue_clear_full (&m->signals, g_free);
  m->pressed = 0;
  m->taken = 0;
  model_settle_signals (m);
}

static void
take_quit (Model *m, const int *n)
{
  if (!m->quit_asked)
    m->quit_code = n[0] < 0 || n[0] > 255 ? 255 : n[0];
  m->quit_asked = TRUE;
}

static void
take_status (Model *m, const int *n)
{
  int status = m->cause.kind == WHY_NOTHING ? 0 : model_status (m);

  must (m, n[0] == status, "it should be %d", status);
}

static void
take_deadline (Model *m, const int *n)
{
  m->limit_us = n[0] == 0 ? NEVER_US : 1000 * (gint64) n[0];
}

static void
take_policy (Model *m, const int *n)
{
  m->policy = n[0];
}

static void
take_hangup (Model *m, const int *n)
{
  m->hangup = n[0];
  model_settle_signals (m);
}

static void
take_escalation (Model *m, const int *n)
{
  m->escalation = n[0];
}

/* --- Lines ----------------------------------------------------------------------------------- */

static const struct
{
  const char *word;
  int n_values;
  void (*take) (Model *m, const int *n);
} lines[] = {
  { "op", 0, take_op },
  { "done", 0, take_done },
  { "call", 5, take_call },
  { "round", 5, take_round },
  { "return", 0, take_return },
  { "add", 6, take_add },
  { "remove", 2, take_remove },
  { "scope", 1, take_scope },
  { "scope-end", 1, take_scope_end },
  { "scope-call", 1, take_scope_call },
  { "signal", 1, take_signal },
  { "signal-value", 2, take_signal_value },
  { "value", 1, take_value },
  { "signals", 1, take_signals },
  { "signals-chosen", 1, take_signals_chosen },
  { "fork", 2, take_fork },
  { "go-on", 0, take_nothing },
  { "went-on", 1, take_went_on },
  { "quit", 1, take_quit },
  { "exit", 1, take_exit },
  { "quick-exit", 1, take_quick_exit },
  { "main-returns", 1, take_main_returns },
  { "run", 0, take_run },
  { "run-by-hand", 0, take_run_by_hand },
  { "run-returned", 1, take_run_returned },
  { "loop-quit", 0, take_loop_quit },
  { "hold", 1, take_hold },
  { "release", 1, take_release },
  { "release-soon", 1, take_release_soon },
  { "released", 1, take_release },
  { "extend", 3, take_extend },
  { "hold-deadline", 3, take_hold_deadline },
  { "veto", 0, take_veto },
  { "code", 1, take_code },
  { "fail", 0, take_fail },
  { "deadline", 1, take_deadline },
  { "policy", 1, take_policy },
  { "hangup", 1, take_hangup },
  { "escalation", 1, take_escalation },
  { "status", 1, take_status },
  { "nested", 0, take_nothing },
  { "nested-end", 0, take_nested_end },
  { "idle", 0, take_idle },
  { "tick", 0, take_nothing },
  { "prepare", 0, take_nothing },
  { "detach", 0, take_detach },
  { "attach", 0, take_attach },
};

gboolean
model_take (Model *m, const char *line)
{
  char word[32] = "";
  int n[6] = { 0 }, used = 0, got;
  gint64 now_us = m->now_us;

  if (m->forced || m->end == END_SIGNAL)
    model_complain (m, "the process should have ended here");
  if (sscanf (line, "%" G_GINT64_FORMAT " %31s%n", &now_us, word, &used) != 2)
    model_complain (m, "that is no line");
  /* The clock is moved when nothing else is left to do. */
  if (g_str_equal (word, "tick"))
    must_be_settled (m);
  m->now_us = now_us;
  m->after_round = m->ended_round;
  m->ended_round = FALSE;
  got =
      MAX (sscanf (line + used, "%d %d %d %d %d %d", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]), 0);
  for (guint i = 0; i < G_N_ELEMENTS (lines) && m->complaint == NULL; i++)
    if (g_str_equal (word, lines[i].word) && got == lines[i].n_values)
      {
        lines[i].take (m, n);
        return m->complaint == NULL;
      }
  model_complain (m, "that should not happen");
  return FALSE;
}

/* The process has ended: everything had to be done before. */
gboolean
model_end (Model *m, int wait_status)
{
  int status = 0;

  if (m->end == END_SIGNAL)
    status = m->end_code;
  else if (m->forced)
    status = (m->end_code & 0xff) << 8;
  else
    {
      must (m, m->end != END_OPEN, "nobody asked for an end");
      must_be_over (m);
      if (m->end != END_CODE && dies_of_signal (m))
        status = m->cause.signum;
      else
        status = ((m->end == END_STATUS ? model_status (m) : m->end_code) & 0xff) << 8;
    }
  must (m, wait_status == status, "the wait status is %#x and should be %#x",
        (unsigned) wait_status, (unsigned) status);
  return m->complaint == NULL;
}

const char *
model_get_complaint (Model *m)
{
  return m->complaint;
}

Model *
model_new (const Sequence *sequence)
{
  Model *m = g_new0 (Model, 1);

  m->hangup_ignored = (sequence->start & START_NOHUP) != 0;
  m->taken = m->hangup_ignored ? 3 : 7;
  m->items = g_ptr_array_new_with_free_func (g_free);
  m->pairs = g_ptr_array_new_with_free_func (g_free);
  m->holds = g_ptr_array_new_with_free_func (g_free);
  m->scopes = g_ptr_array_new_with_free_func (g_free);
  return m;
}

void
model_free (Model *m)
{
  g_queue_clear_full (&m->frames, g_free);
  g_queue_clear_full (&m->signals, g_free);
  g_queue_clear_full (&m->deferred, g_free);
  g_queue_clear_full (&m->kept, g_free);
  g_queue_clear (&m->batch);
  g_ptr_array_unref (m->items);
  g_ptr_array_unref (m->pairs);
  g_ptr_array_unref (m->holds);
  g_ptr_array_unref (m->scopes);
  g_free (m->complaint);
  g_free (m);
}
