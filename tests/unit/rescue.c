/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The rescue by itself: for when its timers are set, what its last words are, and with which status
 * it ends a process, the last in forked children. How it plays with an exit is in tests/process.
 *
 * The calls that make and set timers go through this test (--wrap), so that no time has to pass.
 */

#include "ps-rescue.h"
#include "ps-current.h"
#include "ps-lastwords.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NEVER_US INT64_MAX
#define S(s) ((gint64) (s) *G_USEC_PER_SEC)
#define KILL_AFTER_US S (10)

/* --- The timers ------------------------------------------------------------------------------ */

enum
{
  TERM,
  KILL,
  N_TIMERS,
};

static struct
{
  gboolean made[N_TIMERS];
  timer_t timer[N_TIMERS];
  void *cookie;
  gint64 at_us[N_TIMERS]; /* 0: not set */
  guint n_set;
  int refused; /* signal for which none is made */
} kernel;

int __real_timer_create (clockid_t clock, struct sigevent *event, timer_t *timer);
int __wrap_timer_create (clockid_t clock, struct sigevent *event, timer_t *timer);
int __real_timer_settime (timer_t timer, int flags, const struct itimerspec *when,
                          struct itimerspec *old);
int __wrap_timer_settime (timer_t timer, int flags, const struct itimerspec *when,
                          struct itimerspec *old);

int
__wrap_timer_create (clockid_t clock, struct sigevent *event, timer_t *timer)
{
  int which = event->sigev_signo == SIGKILL ? KILL : TERM;
  int r;

  g_assert_cmpint (clock, ==, CLOCK_MONOTONIC);
  g_assert_cmpint (event->sigev_notify, ==, SIGEV_SIGNAL);
  if (event->sigev_signo == kernel.refused)
    {
      errno = EAGAIN;
      return -1;
    }
  r = __real_timer_create (clock, event, timer);
  g_assert_cmpint (r, ==, 0);
  kernel.made[which] = TRUE;
  kernel.timer[which] = *timer;
  kernel.at_us[which] = 0;
  kernel.cookie = event->sigev_value.sival_ptr;
  return r;
}

int
__wrap_timer_settime (timer_t timer, int flags, const struct itimerspec *when,
                      struct itimerspec *old)
{
  int which = kernel.made[KILL] && timer == kernel.timer[KILL] ? KILL : TERM;

  g_assert_true (timer == kernel.timer[which]);
  g_assert_cmpint (flags, ==, TIMER_ABSTIME);
  g_assert_cmpint (when->it_interval.tv_sec, ==, 0);
  g_assert_cmpint (when->it_interval.tv_nsec, ==, 0);
  kernel.at_us[which] = S (when->it_value.tv_sec) + when->it_value.tv_nsec / 1000;
  kernel.n_set++;
  return __real_timer_settime (timer, flags, when, old);
}

static void
open_rescue (void)
{
  memset (&kernel, 0, sizeof kernel);
  ps_rescue_carry (SIGTERM);
  g_assert_cmpint (ps_rescue_open (), ==, 0);
  g_assert_true (kernel.made[TERM] && kernel.made[KILL]);
}

static void
assert_set (gint64 end_us)
{
  g_assert_cmpint (kernel.at_us[TERM], ==, end_us);
  g_assert_cmpint (kernel.at_us[KILL], ==, end_us == 0 ? 0 : end_us + KILL_AFTER_US);
}

/* Far enough away for no timer to come while the test runs. */
static gint64
later (void)
{
  return g_get_monotonic_time () + S (3600);
}

/* The first signal arms it, those after it do not move it. */
static void
test_arm (void)
{
  gint64 now_us = later ();

  open_rescue ();
  ps_rescue_set_limit (S (5));
  assert_set (0);
  ps_rescue_arm (128 + SIGTERM, now_us);
  assert_set (now_us + S (5));
  ps_rescue_arm (128 + SIGINT, now_us + S (1));
  assert_set (now_us + S (5));
  ps_rescue_close ();
}

static void
test_no_limit (void)
{
  open_rescue ();
  ps_rescue_arm (128 + SIGTERM, later ()); /* none was set */
  ps_rescue_set_limit (NEVER_US);
  ps_rescue_arm (128 + SIGTERM, later ());
  ps_rescue_set_limit (NEVER_US - later () + S (1)); /* it would be after the end of time */
  ps_rescue_arm (128 + SIGTERM, later () + S (10));
  g_assert_cmpuint (kernel.n_set, ==, 0);
  ps_rescue_close ();
}

/* The conductor knows better, and has the last word. */
static void
test_set_end (void)
{
  gint64 now_us = later ();

  open_rescue ();
  ps_rescue_set_limit (S (5));
  ps_rescue_arm (128 + SIGTERM, now_us);
  ps_rescue_set_end (now_us + S (60), 7);
  assert_set (now_us + S (60));
  ps_rescue_arm (128 + SIGTERM, now_us);
  assert_set (now_us + S (60));

  /* Life goes on: the next signal is a first one again. */
  ps_rescue_set_end (NEVER_US, 0);
  assert_set (0);
  ps_rescue_arm (128 + SIGTERM, now_us + S (100));
  assert_set (now_us + S (105));
  ps_rescue_close ();
}

/* Two calls are saved where the end moves by less than a millisecond: never beyond what was asked
 * for, and never by more, however often. */
static void
test_near (void)
{
  gint64 now_us = later ();

  open_rescue ();
  ps_rescue_set_limit (S (5));
  ps_rescue_arm (128 + SIGTERM, now_us);
  kernel.n_set = 0;
  ps_rescue_set_end (now_us + S (5), 7);
  ps_rescue_set_end (now_us + S (5) + 600, 7);
  g_assert_cmpuint (kernel.n_set, ==, 0);
  ps_rescue_set_end (now_us + S (5) + 1200, 7);
  assert_set (now_us + S (5) + 1200);
  ps_rescue_set_end (now_us + S (5) + 1199, 7);
  assert_set (now_us + S (5) + 1199);
  ps_rescue_set_end (NEVER_US, 0);
  assert_set (0);
  ps_rescue_set_end (now_us + S (5) + 1199, 7);
  assert_set (now_us + S (5) + 1199);
  ps_rescue_close ();
}

static void
test_end_of_time (void)
{
  open_rescue ();
  ps_rescue_set_end (NEVER_US - KILL_AFTER_US + 1, 1);
  g_assert_cmpint (kernel.at_us[TERM], >, 0);
  g_assert_cmpint (kernel.at_us[KILL], ==, 0);
  ps_rescue_close ();
}

/* RLIMIT_SIGPENDING: without the first there is no rescue, without the second it is weaker. */
static void
test_refused (void)
{
  memset (&kernel, 0, sizeof kernel);
  kernel.refused = SIGTERM;
  g_assert_cmpint (ps_rescue_open (), ==, -1);
  g_assert_cmpint (errno, ==, EAGAIN);
  ps_rescue_set_limit (S (1));
  ps_rescue_arm (128 + SIGTERM, later ());
  ps_rescue_set_end (later (), 1);
  g_assert_cmpuint (kernel.n_set, ==, 0);
  ps_rescue_close ();

  kernel.refused = SIGKILL;
  g_assert_cmpint (ps_rescue_open (), ==, 0);
  ps_rescue_set_end (later (), 1);
  g_assert_cmpuint (kernel.n_set, ==, 1);
  g_assert_cmpint (kernel.at_us[TERM], >, 0);
  ps_rescue_close ();
}

static guint
n_timers (void)
{
  g_autofree char *text = NULL;
  guint n = 0;

  g_assert_true (g_file_get_contents ("/proc/self/timers", &text, NULL, NULL));
  for (const char *p = text; (p = strstr (p, "ClockID: ")) != NULL; p++)
    n++;
  return n;
}

/* Nothing is set after close, and no timer is left behind. */
static void
test_close (void)
{
  guint before = n_timers ();

  for (guint i = 0; i < 100; i++)
    {
      open_rescue ();
      ps_rescue_set_end (later (), 1);
      g_assert_cmpuint (n_timers (), ==, before + 2);
      ps_rescue_close ();
      ps_rescue_close ();
      g_assert_cmpuint (n_timers (), ==, before);
    }
  kernel.n_set = 0;
  ps_rescue_set_limit (S (1));
  ps_rescue_arm (128 + SIGTERM, later ());
  ps_rescue_set_end (later (), 1);
  g_assert_cmpuint (kernel.n_set, ==, 0);
  ps_rescue_set_end (NEVER_US, 0);
}

/* --- Last words ------------------------------------------------------------------------------ */

static void
compose (int status, const char *reason, char *record_text, gsize record_size, char *message_text,
         gsize message_size)
{
  PsWords record, message;

  ps_words_init (&record, record_text, record_size);
  ps_words_init (&message, message_text, message_size);
  ps_rescue_compose (&record, &message, status, reason);
}

static void
test_compose_idle (void)
{
  char record[512], message[256];

  ps_current_clear ();
  compose (143, "a reason", record, sizeof record, message, sizeof message);
  g_assert_cmpstr (record, ==, "PS_STATUS=143\nPS_REASON=a reason\n");
  g_assert_cmpstr (message, ==,
                   "Exit forced with status 143, a reason: no callback was running, the main loop "
                   "does not turn");
}

static void
test_compose_culprit (void)
{
  static const char fields[] =
      "PS_STATUS=1\nPS_REASON=r\nPS_EVENT=terminate\nPS_STEP=flush_queue\nPS_DURATION_USEC=";
  char record[512], message[256];
  gint64 running_us;

  ps_current_set ("terminate", "flush_queue", g_get_monotonic_time () - S (90));
  compose (1, "r", record, sizeof record, message, sizeof message);
  ps_current_clear ();
  g_assert_true (g_str_has_prefix (record, fields));
  running_us = g_ascii_strtoll (record + strlen (fields), NULL, 10);
  g_assert_cmpint (running_us, >=, S (90));
  g_assert_true (g_str_has_suffix (record, "\n"));
  g_assert_true (g_str_has_prefix (message, "Exit forced with status 1, r: terminate callback "
                                            "flush_queue has been running for "));
  g_assert_true (g_str_has_suffix (message, " s"));
}

/* A reason, or a name, that has no room is cut. */
static void
test_compose_little_room (void)
{
  char record[16], message[24];

  ps_current_set ("terminate", "flush_queue", 1);
  compose (143, "a reason", record, sizeof record, message, sizeof message);
  ps_current_clear ();
  g_assert_cmpstr (record, ==, "PS_STATUS=143\nP");
  g_assert_cmpstr (message, ==, "Exit forced with status");
}

/* Neither another timer's signal is the rescue's, nor one that somebody sends with its cookie. */
static void
test_owns (void)
{
  siginfo_t info = { .si_signo = SIGTERM, .si_code = SI_USER };

  open_rescue ();
  g_assert_false (ps_rescue_owns (&info));
  info.si_code = SI_TIMER;
  g_assert_false (ps_rescue_owns (&info));
  info.si_value.sival_ptr = &info;
  g_assert_false (ps_rescue_owns (&info));
  info.si_value.sival_ptr = kernel.cookie;
  g_assert_true (ps_rescue_owns (&info));
  info.si_code = SI_QUEUE;
  g_assert_false (ps_rescue_owns (&info));
  ps_rescue_close ();
}

/* --- The end --------------------------------------------------------------------------------- */

static void
on_term (int signum, siginfo_t *info, void *ucontext)
{
  if (!ps_rescue_owns (info))
    _exit (99);
  ps_rescue_end_for_time ();
}

/* Runs func in a child, whose standard error is *words; returns the wait status. */
static int
run_child (void (*func) (void), char **words)
{
  char text[2048];
  gsize length = 0;
  ssize_t got;
  int fds[2], status;
  pid_t pid;

  g_assert_cmpint (pipe (fds), ==, 0);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      struct sigaction action = { .sa_sigaction = on_term, .sa_flags = SA_SIGINFO };

      dup2 (fds[1], STDERR_FILENO);
      close (fds[0]);
      close (fds[1]);
      alarm (60); /* for a rescue that does not come */
      sigaction (SIGTERM, &action, NULL);
      ps_lastwords_open (PS_LASTWORDS_TO_STDERR, "");
      ps_rescue_open ();
      func ();
      for (;;)
        pause ();
    }
  close (fds[1]);
  while ((got = read (fds[0], text + length, sizeof text - 1 - length)) > 0)
    length += (gsize) got;
  close (fds[0]);
  text[length] = '\0';
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  *words = g_strdup (text);
  return status;
}

static void
assert_exits (void (*func) (void), int code, const char *words)
{
  g_autofree char *said = NULL;
  int status = run_child (func, &said);

  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, code);
  g_assert_true (g_str_has_suffix (said, "\n"));
  g_assert_nonnull (strstr (said, words));
  g_assert_true (strchr (said, '\n') == said + strlen (said) - 1); /* one line */
}

static void
arm_by_int (void)
{
  ps_rescue_set_limit (1000);
  ps_rescue_arm (128 + SIGINT, g_get_monotonic_time ());
}

static void
set_end (void)
{
  ps_rescue_set_limit (S (3600));
  ps_rescue_arm (128 + SIGINT, g_get_monotonic_time ());
  ps_current_set ("finish", "remove_socket", g_get_monotonic_time ());
  ps_rescue_set_end (g_get_monotonic_time (), 7);
}

static void
end_for_signal (void)
{
  ps_rescue_end_for_signal (SIGHUP);
}

static void
block_all (void)
{
  sigset_t all;

  sigfillset (&all);
  sigprocmask (SIG_BLOCK, &all, NULL);
  ps_rescue_set_end (g_get_monotonic_time () - KILL_AFTER_US, 1); /* both at once */
}

static void
test_ends (void)
{
  assert_exits (arm_by_int, 130,
                "Exit forced with status 130, the exit's time was over: no callback was running");
  assert_exits (set_end, 7,
                "status 7, the exit's time was over: finish callback remove_socket has");
  assert_exits (end_for_signal, 129, "status 129, a further signal asked for it: ");
}

static void
test_ends_what_is_deaf (void)
{
  g_autofree char *said = NULL;
  int status = run_child (block_all, &said);

  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpint (WTERMSIG (status), ==, SIGKILL);
  g_assert_cmpstr (said, ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rescue/arm", test_arm);
  g_test_add_func ("/rescue/no-limit", test_no_limit);
  g_test_add_func ("/rescue/set-end", test_set_end);
  g_test_add_func ("/rescue/near", test_near);
  g_test_add_func ("/rescue/end-of-time", test_end_of_time);
  g_test_add_func ("/rescue/refused", test_refused);
  g_test_add_func ("/rescue/close", test_close);
  g_test_add_func ("/rescue/compose-idle", test_compose_idle);
  g_test_add_func ("/rescue/compose-culprit", test_compose_culprit);
  g_test_add_func ("/rescue/compose-little-room", test_compose_little_room);
  g_test_add_func ("/rescue/owns", test_owns);
  g_test_add_func ("/rescue/ends", test_ends);
  g_test_add_func ("/rescue/ends-what-is-deaf", test_ends_what_is_deaf);
  return g_test_run ();
}
