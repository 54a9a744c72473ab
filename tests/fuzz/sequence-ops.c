/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Each operation is told before it is done where it may call something or end the process, and
 * after it where its result is of interest. What makes no sense where it stands (a veto outside a
 * query, a release without a hold) is left out, and not told.
 */

#include "sequence-child.h"
#include "fuzz-clock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define STORM_SIGNALS 20

static const int codes[] = { 0, 1, 3, 7, 255, 256, -1, 300 };

static int
code_of (guint8 a)
{
  return codes[a % G_N_ELEMENTS (codes)];
}

/* --- Callbacks ------------------------------------------------------------------------------- */

/* Carries a body out with this context; that of the callback around it comes back afterwards,
 * unless the watch has been ended meanwhile. */
static void
run_body (PsContext *context, guint body, guint body_end)
{
  PsContext *outer = child.context;
  guint generation = child.generation;

  child.context = context;
  child.depth++;
  child_perform_all (body, body_end);
  child.depth--;
  child.context = generation == child.generation ? outer : NULL;
  child_tell ("return");
}

/* By the timer of a checkpoint, and not by an exit. */
static gboolean
is_round (void)
{
  GSource *source = g_main_current_source ();

  return !child.exiting && source != NULL
         && g_strcmp0 (g_source_get_name (source), "[libpostscriptum] checkpoint") == 0;
}

static void
tell_value (PsContext *context)
{
  int value = 0;

  ps_context_get_signal_value (context, &value);
  child_tell ("value %d", value);
}

static void
called (PsContext *context, guint function, const Data *data)
{
  child_tell ("%s %d %u %u %d %d", is_round () ? "round" : "call",
              (int) ps_context_get_event (context), function, data->number,
              ps_context_get_signal (context), ps_context_get_exit_code (context));
  if (ps_context_get_signal (context) >= SIGRTMIN)
    tell_value (context);
  run_body (context, data->body, data->body_end);
}

static void
callback_a (PsContext *context, gpointer data)
{
  called (context, 0, data);
}

static void
callback_b (PsContext *context, gpointer data)
{
  called (context, 1, data);
}

static void
callback_of_scope (PsContext *context, gpointer data)
{
  const Scope *scope = data;

  if (scope->ending)
    child_tell ("scope-call %u", scope->number);
  else
    child_tell ("call %d 2 %u %d %d", (int) ps_context_get_event (context), scope->number,
                ps_context_get_signal (context), ps_context_get_exit_code (context));
  run_body (scope->ending ? NULL : context, scope->body, scope->body_end);
}

static void
note_freed (gpointer user_data)
{
  Data *data = user_data;

  if (++data->freed > data->registered)
    child_tell ("freed-too-often %u", data->number);
}

/* --- Registering ----------------------------------------------------------------------------- */

static void
note_id (guint id)
{
  if (id != 0 && child.n_ids < G_N_ELEMENTS (child.ids))
    child.ids[child.n_ids++] = id;
}

/* One event mostly, two now and then. */
static PsEvents
events_of (guint8 a)
{
  static const PsEvents events[] = { PS_EVENT_TERMINATE, PS_EVENT_QUIT,      PS_EVENT_FINISH,
                                     PS_EVENT_RELOAD,    PS_EVENT_QUERY,     PS_EVENT_RESUME,
                                     PS_EVENT_TERMINATE, PS_EVENT_CHECKPOINT };
  PsEvents chosen = events[a % 8];

  if (a & 0x40)
    chosen |= events[(a >> 3) % 8];
  return a & 0x80 ? chosen | PS_EVENT_TERMINATE | PS_EVENT_QUIT : chosen;
}

static void
add (Data *data, guint function, PsEvents events, guint8 how)
{
  static const int priorities[] = { 0, 0, -1, 1, 100, G_MININT, G_MAXINT, 0 };
  int priority = priorities[how % 8];
  guint deadline_ms = how & 0x80 ? sequence_ms (how >> 3) : 0;
  guint id;

  data->registered++;
  id = ps_watcher_add (child.watcher, events, "callback", priority, deadline_ms,
                       function == 0 ? callback_a : callback_b, data, note_freed);
  note_id (id);
  child_tell ("add %u %d %d %u %u %u", id, (int) events, priority, deadline_ms, function,
              data->number);
}

static Data *
new_data (guint body, guint body_end)
{
  Data *data;

  if (child.n_data == G_N_ELEMENTS (child.data))
    return NULL;
  data = &child.data[child.n_data];
  *data = (Data){ .number = child.n_data++, .body = body, .body_end = body_end };
  return data;
}

static void
do_add (const Op *op, guint body, guint body_end)
{
  Data *data = new_data (body, body_end);

  if (data != NULL)
    add (data, op->c >> 7, events_of (op->a), op->b);
}

static void
do_add_again (const Op *op)
{
  if (child.n_data > 0)
    add (&child.data[op->a % child.n_data], op->c >> 7, events_of (op->b), op->c);
}

static void
do_checkpoint (const Op *op, guint body, guint body_end)
{
  guint interval_ms = MAX (sequence_ms (op->a), 1000), id;
  Data *data = new_data (body, body_end);

  if (data == NULL)
    return;
  id = ps_watcher_add_checkpoint (child.watcher, interval_ms, callback_a, data);
  note_id (id);
  child_tell ("add %u %d 0 0 0 %u", id, (int) PS_EVENT_CHECKPOINT, data->number);
}

static void
do_remove (const Op *op)
{
  guint id = child.n_ids > 0 ? child.ids[op->a % child.n_ids] : 0;

  if (id != 0)
    child_tell ("remove %u %d", id, ps_watcher_remove (child.watcher, id));
}

static void
do_scope (guint body, guint body_end)
{
  Scope *scope = &child.scopes[child.n_scopes];

  if (child.n_scopes == G_N_ELEMENTS (child.scopes))
    return;
  *scope = (Scope){ .number = child.n_scopes++, .body = body, .body_end = body_end };
  child_tell ("scope %u", scope->number);
  scope->scope = ps_scope_new (child.watcher, callback_of_scope, scope);
}

static void
do_scope_end (const Op *op)
{
  Scope *scope = child.n_scopes > 0 ? &child.scopes[op->a % child.n_scopes] : NULL;

  if (scope == NULL || scope->scope == NULL)
    return;
  child_tell ("scope-end %u", scope->number);
  scope->ending = TRUE;
  ps_scope_end (g_steal_pointer (&scope->scope));
}

/* --- Signals and processes ------------------------------------------------------------------- */

/* Waits for the process, which says nothing. */
static int
wait_for (pid_t pid)
{
  int status = 0;

  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;
  return status;
}

static void
send_from_outside (int signum)
{
  pid_t pid = fork ();

  if (pid == 0)
    {
      kill (getppid (), signum);
      _exit (0);
    }
  wait_for (pid);
}

static void
do_signal (const Op *op)
{
  int signum = sequence_signal (op->a);

  child_tell ("signal %d", signum);
  switch (op->b % 4)
    {
    case 0:
      raise (signum);
      break;
    case 1:
      kill (getpid (), signum);
      break;
    case 2:
      sigqueue (getpid (), signum, (union sigval){ .sival_int = 0 });
      break;
    default:
      send_from_outside (signum);
      break;
    }
}

/* chosen: a bit each. */
void
child_choose_signals (guint chosen)
{
  int signums[SEQUENCE_CHOOSABLE];
  gsize n = 0;
  gboolean done;

  for (guint i = 0; i < SEQUENCE_CHOOSABLE; i++)
    if (chosen & (1u << i))
      signums[n++] = sequence_choosable (i);
  child_tell ("signals %u", chosen);
  done = ps_watcher_set_signals (child.watcher, signums, n, NULL);
  if (done)
    child.chosen = chosen;
  child_tell ("signals-chosen %d", done);
}

/* Mostly the three that it would be otherwise, and some more. */
static void
do_signals (const Op *op)
{
  child_choose_signals ((op->a & 0x80 ? 0 : 7) | (op->a & ((1u << SEQUENCE_CHOOSABLE) - 1)));
}

/* Each has a value of its own. */
static void
do_signal_chosen (const Op *op)
{
  int signum = sequence_choosable (op->a);

  if (!(child.chosen & (1u << op->a % SEQUENCE_CHOOSABLE)))
    return;
  child_tell ("signal-value %d %d", signum, ++child.last_value);
  sigqueue (getpid (), signum, (union sigval){ .sival_int = child.last_value });
}

static void
do_storm (void)
{
  for (int i = 0; i < STORM_SIGNALS; i++)
    {
      child_tell ("signal %d", SIGTERM);
      raise (SIGTERM);
    }
}

void
child_send_early_signal (void)
{
  child_tell ("signal %d", SIGTERM);
  raise (SIGTERM);
}

/* Nothing of the parent's may run here, and everything must return. */
static void
use_everything (void)
{
  if (ps_watcher_get_default () != NULL)
    child_tell ("a watcher in the child");
  if (ps_watcher_add (child.watcher, PS_EVENT_QUIT, NULL, 0, 0, callback_a, &child.data[0], NULL)
      != 0)
    child_tell ("a registration in the child");
  ps_watcher_status (child.watcher, "%s", "in the child");
  ps_watcher_quit (child.watcher, 3);
  ps_watcher_detach (child.watcher);
}

static G_GNUC_NORETURN void
be_child (guint8 how)
{
  switch (how % 5)
    {
    case 0:
      exit (5);
    case 1:
      raise (SIGTERM);
      break;
    case 2:
      raise (SIGINT);
      break;
    case 3:
      quick_exit (6);
    default:
      use_everything ();
      exit (7);
    }
  for (;;)
    pause ();
}

static void
do_fork (const Op *op)
{
  pid_t pid = fork ();

  if (pid == 0)
    be_child (op->a);
  child_tell ("fork %d %d", op->a % 5, wait_for (pid));
}

/* Nothing of the parent's runs here: the watch is the child's. */
static G_GNUC_NORETURN void
end_like (pid_t pid)
{
  const struct sigaction fresh = { .sa_handler = SIG_DFL };
  int status = wait_for (pid);

  if (WIFSIGNALED (status))
    {
      sigaction (WTERMSIG (status), &fresh, NULL);
      raise (WTERMSIG (status));
    }
  _exit (WEXITSTATUS (status));
}

/* Whoever has the watch goes on. */
static void
do_go_on (void)
{
  int fds[2];
  char byte = 0;
  pid_t pid;

  if (child.n_threads > 0 || pipe (fds) < 0)
    return;
  child_tell ("go-on");
  pid = fork ();
  if (pid == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      if (!ps_watcher_reattach (child.watcher, NULL) || write (fds[1], &byte, 1) != 1)
        _exit (0);
      child.pid = getpid ();
    }
  close (fds[1]);
  if (pid > 0 && read (fds[0], &byte, 1) == 1)
    end_like (pid);
  close (fds[0]);
  if (pid > 0)
    wait_for (pid);
  child_tell ("went-on %d", pid == 0);
}

/* --- Ends ------------------------------------------------------------------------------------ */

static void
do_exit (const Op *op)
{
  int code = code_of (op->a);

  child_tell ("exit %d", code);
  child.exiting = TRUE;
  exit (code);
}

static void
do_quick_exit (const Op *op)
{
  int code = code_of (op->a);

  child_tell ("quick-exit %d", code);
  child.exiting = TRUE;
  quick_exit (code);
}

static void
do_quit (const Op *op)
{
  int code = code_of (op->a);

  child_tell ("quit %d", code);
  ps_watcher_quit (child.watcher, code);
}

/* --- Holds ----------------------------------------------------------------------------------- */

static void
do_hold (void)
{
  if (child.context == NULL || child.n_holds == G_N_ELEMENTS (child.holds))
    return;
  child_tell ("hold %u", child.n_holds);
  child.holds[child.n_holds++] = ps_context_hold (child.context, "work");
}

static gpointer
release_in_thread (gpointer hold)
{
  ps_hold_release (hold);
  return NULL;
}

/* Signals go to the one thread whose steps are told. */
static GThread *
start_release (PsHold *hold)
{
  sigset_t all, before;
  GThread *thread;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  thread = g_thread_new ("release", release_in_thread, hold);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  return thread;
}

/* Where it matters how far the exit has come when the loop ends, nobody could say it. */
static gboolean
must_wait_for_threads (void)
{
  return (child.sequence->start & START_BY_HAND) || child.loop_quit
         || child.n_threads == G_N_ELEMENTS (child.threads);
}

static void
release (guint number, guint8 how)
{
  PsHold *hold = g_steal_pointer (&child.holds[number]);

  if (how % 3 == 2 && !must_wait_for_threads ())
    {
      child_tell ("release-soon %u", number);
      child.released[child.n_threads] = number;
      child.threads[child.n_threads++] = start_release (hold);
      return;
    }
  child_tell ("release %u", number);
  if (how % 3 == 1)
    g_thread_join (start_release (hold));
  else
    ps_hold_release (hold);
}

gboolean
child_join_threads (void)
{
  gboolean any = child.n_threads > 0;

  while (child.n_threads > 0)
    {
      g_thread_join (child.threads[--child.n_threads]);
      child_tell ("released %u", child.released[child.n_threads]);
    }
  return any;
}

gboolean
child_release_all (void)
{
  gboolean any = FALSE;

  for (guint i = 0; i < child.n_holds; i++)
    if (child.holds[i] != NULL)
      {
        any = TRUE;
        release (i, 0);
      }
  return any;
}

static void
with_hold (const Op *op, void (*func) (guint number, guint8 b))
{
  guint number = child.n_holds > 0 ? op->a % child.n_holds : 0;

  if (child.holds[number] != NULL)
    func (number, op->b);
}

static void
extend (guint number, guint8 b)
{
  child_tell ("extend %u %u %d", number, sequence_ms (b), ps_hold_is_active (child.holds[number]));
  ps_hold_extend (child.holds[number], sequence_ms (b));
}

static void
set_hold_deadline (guint number, guint8 b)
{
  child_tell ("hold-deadline %u %u %d", number, sequence_ms (b),
              ps_hold_is_active (child.holds[number]));
  ps_hold_set_deadline (child.holds[number], sequence_ms (b));
}

void
child_quit_loop (void)
{
  child_join_threads ();
  child.loop_quit = TRUE;
  child_tell ("loop-quit");
  g_main_loop_quit (child.loop);
}

/* --- Answers, options, the rest -------------------------------------------------------------- */

static void
do_answer (const Op *op)
{
  PsContext *context = child.context;

  if (context == NULL || (op->code == OP_VETO && ps_context_get_event (context) != PS_EVENT_QUERY))
    return;
  if (op->code == OP_VETO)
    {
      child_tell ("veto");
      ps_context_veto (context, "not now");
    }
  else if (op->code == OP_CODE)
    {
      child_tell ("code %d", code_of (op->a));
      ps_context_set_exit_code (context, code_of (op->a));
    }
  else
    {
      child_tell ("fail");
      ps_context_fail (context, g_error_new_literal (PS_ERROR, PS_ERROR_INVALID, "failed"));
    }
}

static void
do_option (const Op *op)
{
  if (op->code == OP_DEADLINE)
    {
      child_tell ("deadline %u", sequence_ms (op->a));
      ps_watcher_set_deadline (child.watcher, sequence_ms (op->a));
    }
  else if (op->code == OP_POLICY)
    {
      child_tell ("policy %d", op->a % 3);
      ps_watcher_set_exit_policy (child.watcher, op->a % 3);
    }
  else if (op->code == OP_HANGUP)
    {
      child_tell ("hangup %d", op->a % 4);
      ps_watcher_set_hangup (child.watcher, op->a % 4);
    }
  else
    {
      child_tell ("escalation %d", op->a % 3);
      ps_watcher_set_escalation (child.watcher, op->a % 3);
    }
}

static gboolean
quit_nested (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
do_nested (const Op *op)
{
  guint ms = sequence_ms (op->a);

  child_tell ("nested");
  if (ms == 0)
    while (g_main_context_iteration (NULL, FALSE))
      ;
  else
    {
      g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

      g_timeout_add (ms, quit_nested, loop);
      g_main_loop_run (loop);
    }
  child_tell ("nested-end");
}

/* What the watcher had been given is given back, but for what a callback on the stack uses. */
static void
check_freed (void)
{
  for (guint i = 0; i < child.n_data && child.depth == 0; i++)
    if (child.data[i].freed != child.data[i].registered)
      child_tell ("not-freed %u", i);
}

/* A context of before is of no use afterwards. */
static void
do_reattach (void)
{
  if (child.exiting)
    return;
  child_tell ("detach");
  ps_watcher_detach (child.watcher);
  ps_watcher_unref (child.watcher);
  child.context = NULL;
  check_freed ();
  child_attach ();
  child_tell ("attach");
}

/* The order is that of OpCode. */
static void
do_op (const Op *op, guint body, guint body_end)
{
  switch ((OpCode) op->code)
    {
    case OP_ADD:
      do_add (op, body, body_end);
      break;
    case OP_ADD_AGAIN:
      do_add_again (op);
      break;
    case OP_REMOVE:
      do_remove (op);
      break;
    case OP_SIGNAL:
      do_signal (op);
      break;
    case OP_STORM:
      do_storm ();
      break;
    case OP_FORK:
      do_fork (op);
      break;
    case OP_QUIT:
      do_quit (op);
      break;
    case OP_EXIT:
      do_exit (op);
      break;
    case OP_QUICK_EXIT:
      do_quick_exit (op);
      break;
    case OP_LOOP_QUIT:
      child_quit_loop ();
      break;
    case OP_HOLD:
      do_hold ();
      break;
    case OP_RELEASE:
      with_hold (op, release);
      break;
    case OP_EXTEND:
      with_hold (op, extend);
      break;
    case OP_HOLD_DEADLINE:
      with_hold (op, set_hold_deadline);
      break;
    case OP_VETO:
    case OP_CODE:
    case OP_FAIL:
      do_answer (op);
      break;
    case OP_DEADLINE:
    case OP_POLICY:
    case OP_HANGUP:
    case OP_ESCALATION:
      do_option (op);
      break;
    case OP_CHECKPOINT:
      do_checkpoint (op, body, body_end);
      break;
    case OP_SCOPE:
      do_scope (body, body_end);
      break;
    case OP_SCOPE_END:
      do_scope_end (op);
      break;
    case OP_NESTED:
      do_nested (op);
      break;
    case OP_SPEND:
      fuzz_clock_advance_us (1000 * (gint64) sequence_ms (op->a));
      break;
    case OP_STATUS:
      child_tell ("status %d", ps_watcher_get_exit_status (child.watcher));
      break;
    case OP_REATTACH:
      do_reattach ();
      break;
    case OP_SIGNALS:
      do_signals (op);
      break;
    case OP_SIGNAL_CHOSEN:
      do_signal_chosen (op);
      break;
    case OP_GO_ON:
      do_go_on ();
      break;
    case N_OPS:
      break;
    }
}

guint
child_perform (guint i, guint end)
{
  guint body_end = sequence_body_end (child.sequence, i, end);

  if (child.budget > 0)
    {
      child.budget--;
      do_op (&child.sequence->ops[i], i + 1, body_end);
    }
  return body_end;
}

void
child_perform_all (guint i, guint end)
{
  while (i < end)
    i = child_perform (i, end);
}
