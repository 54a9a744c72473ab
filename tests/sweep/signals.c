/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A signal comes at each system call: the first one while the process starts, a further one in an
 * exit. It is sent to the thread that is about to make the call; to the process when that one takes
 * none, as GLib's worker does. */

#include "ps-tap.h"
#include "sweep-run.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By then the handler of the one before has been left. */
#define AGAIN_AFTER 16

/* Above that at which two signals are taken for one; see docs/states.md. */
#define APART_US (250 * 1000)

typedef struct
{
  guint point;
  gboolean is_again; /* a second one comes after it */
} State;

static State state;

static gboolean
takes (pid_t thread, int signum)
{
  guint64 mask = 0;

  return ptrace (PTRACE_GETSIGMASK, thread, sizeof mask, &mask) == 0
         && (mask & (G_GUINT64_CONSTANT (1) << (signum - 1))) == 0;
}

static gboolean
send_to (const SweepCall *call, int signum)
{
  if (takes (call->thread, signum))
    return syscall (SYS_tgkill, call->pid, call->thread, signum) == 0;
  return kill (call->pid, signum) == 0;
}

static SweepFate
send_at_point (const SweepCall *call, int signum, gboolean apart, guint *fired)
{
  const SweepFate made = { 0, FALSE };

  if (call->number != state.point && !(state.is_again && call->number == state.point + AGAIN_AFTER))
    return made;
  if (apart)
    g_usleep (APART_US);
  *fired += send_to (call, signum);
  return made;
}

#define SEND(function, signum, apart)                                                              \
  static SweepFate function (const SweepCall *call, gpointer data, guint *fired)                   \
  {                                                                                                \
    return send_at_point (call, signum, apart, fired);                                             \
  }

SEND (send_term, SIGTERM, FALSE)
SEND (send_hup, SIGHUP, FALSE)
SEND (send_int, SIGINT, TRUE)

static void
set_point (TrialPlan *plan, guint point, const Sweep *sweep)
{
  state = (State){ .point = point };
}

static void
set_point_again (TrialPlan *plan, guint point, const Sweep *sweep)
{
  state = (State){ .point = point, .is_again = TRUE };
}

static const Sweep at_start = {
  .name = "signals, SIGTERM while it starts",
  .plan = { .ending = "term", .at_call = send_term, .from_attach = TRUE },
  .set_point = set_point,
  .allowed = { .by_signal = TRUE },
  .coarse = 4
};

static const Sweep second_term = { .name = "signals, second SIGTERM",
                                   .plan = { .ending = "term", .at_call = send_term },
                                   .set_point = set_point,
                                   .coarse = 24 };

static const Sweep second_int = {
  .name = "signals, SIGINT after SIGTERM",
  .plan = { .ending = "term", .or_else = "int", .at_call = send_int },
  .set_point = set_point,
  .allowed = { .partly = TRUE },
  .coarse = 40
};

static const Sweep third_int = {
  .name = "signals, SIGINT twice after SIGTERM",
  .plan = { .ending = "term", .or_else = "int", .at_call = send_int },
  .set_point = set_point_again,
  .allowed = { .partly = TRUE, .forced = TRUE },
  .coarse = 32
};

static const Sweep hangup = {
  .name = "signals, SIGHUP after SIGTERM",
  .plan = { .ending = "term", .or_else = "term-reload", .at_call = send_hup },
  .set_point = set_point,
  .coarse = 12
};

static const Sweep term_in_quit = {
  .name = "signals, SIGTERM in ps_watcher_quit()",
  .plan = { .ending = "quit", .or_else = "term", .at_call = send_term },
  .set_point = set_point,
  .coarse = 24
};

static const Sweep term_in_exit = {
  .name = "signals, SIGTERM in exit()",
  .plan = { .ending = "exit", .or_else = "exit-term", .at_call = send_term },
  .set_point = set_point,
  .coarse = 24
};

static const Sweep term_in_reload = {
  .name = "signals, SIGTERM in a reload",
  .plan = { .ending = "reload", .or_else = "term-reload", .at_call = send_term },
  .set_point = set_point,
  .coarse = 12
};

#define CASE(sweep)                                                                                \
  static void run_##sweep (void)                                                                   \
  {                                                                                                \
    sweep_run (&sweep);                                                                            \
  }

CASE (at_start)
CASE (second_term)
CASE (second_int)
CASE (third_int)
CASE (hangup)
CASE (term_in_quit)
CASE (term_in_exit)
CASE (term_in_reload)

static const TapCase cases[] = {
  { "signals-start", "SIGTERM at each call until it is ready", run_at_start },
  { "signals-term", "a second SIGTERM at each call of an exit", run_second_term },
  { "signals-int", "SIGINT at each call of an exit by SIGTERM", run_second_int },
  { "signals-int-int", "likewise, and another one soon after", run_third_int },
  { "signals-hup", "SIGHUP at each call of an exit by SIGTERM", run_hangup },
  { "signals-quit-term", "SIGTERM at each call of ps_watcher_quit()", run_term_in_quit },
  { "signals-exit-term", "SIGTERM at each call of exit()", run_term_in_exit },
  { "signals-reload-term", "SIGTERM at each call of a reload", run_term_in_reload },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
