/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Exits that take time, and ends by force. Each sample is a child of its own.
 *
 *     exits forced COUNT      a loop that hangs, a deadline of 100 ms: ns beyond it until its end
 *                             is known, and how many of them the processes waited for a processor
 *     exits forced-hand COUNT a GLib daemon that hangs, and has a timer of 100 ms for that:
 * likewise exits crash COUNT       a fault: ns until the record is received, ns until reaped exits
 * crash-bare COUNT  the same without any handler: ns until reaped exits crash-glib COUNT  without a
 * handler, in a process that has GLib's thread for signals exits holds N           N steps of 100
 * ms each that wait together: ns beyond 100 ms, and how many of them it waited for a processor
 *     exits holds-glib N      a GLib program that waits for N timeouts of 100 ms: likewise
 *     exits phases SEED       phases of steps of random durations: ns, ns of the critical path
 *
 * A /run of its own has a journal that is this program's.
 */
#include "bench.h"
#include "ps-places.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <postscriptum.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>

#define DEADLINE_MS 100
#define STEP_MS 100
#define PHASES 20
#define STEPS_PER_PHASE 10

/* What a child tells its parent: when it was about to do what is measured. */
static struct
{
  int64_t at_ns;
  int64_t critical_ns;
  int64_t waited_ns;
} * told;
static int journal = -1;
static int is_ready[2];

static void
listen_to_records (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/bench-journal" };

  if (!child_own_run (address.sun_path))
    {
      fprintf (stderr, "exits: namespaces are not permitted here\n");
      exit (77);
    }
  journal = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (journal < 0 || bind (journal, (struct sockaddr *) &address, sizeof address) < 0)
    exit (99);
  /* Under a service manager records go to the journal, and not to standard error. */
  setenv ("NOTIFY_SOCKET", address.sun_path, TRUE);
}

/* How long the main thread of a process has been ready to run, and others were running. It can be
 * asked of one that has ended and has not been reaped, too. 0: the kernel does not count it. */
static int64_t
waited_ns (pid_t pid)
{
  char path[32];
  long running = 0, waited = 0;
  FILE *file;

  snprintf (path, sizeof path, "/proc/%d/schedstat", (int) pid);
  file = fopen (path, "r");
  if (file == NULL || fscanf (file, "%ld %ld", &running, &waited) != 2)
    waited = 0;
  if (file != NULL)
    fclose (file);
  return waited;
}

/* --- The children ---------------------------------------------------------------------------- */

static gboolean
say_ready (gpointer data)
{
  if (write (is_ready[1], "", 1) != 1)
    _exit (99);
  return G_SOURCE_REMOVE;
}

static void
hang (PsContext *context, gpointer data)
{
  for (;;)
    pause ();
}

static void
child_forced (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = ps_glib_attach (loop);

  ps_watcher_set_deadline (watcher, DEADLINE_MS);
  ps_watcher_on_terminate (watcher, hang, NULL);
  g_idle_add (say_ready, NULL);
  exit (ps_watcher_run (watcher));
}

/* The least that a hang can be bounded with: a timer that the handler sets, and that ends it. */
static timer_t hand_timer;

static void
handle_by_hand (int signum, siginfo_t *info, void *context)
{
  struct itimerspec when = { .it_value = { .tv_nsec = DEADLINE_MS * 1000000L } };

  if (info->si_code == SI_TIMER)
    _exit (128 + SIGTERM);
  timer_settime (hand_timer, 0, &when, NULL);
}

static void
child_forced_by_hand (void)
{
  struct sigaction action = { .sa_sigaction = handle_by_hand, .sa_flags = SA_SIGINFO };
  struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM };
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  g_unix_signal_add (SIGHUP, G_SOURCE_FUNC (g_main_loop_quit), loop); /* with GLib's thread */
  if (timer_create (CLOCK_MONOTONIC, &event, &hand_timer) < 0
      || sigaction (SIGTERM, &action, NULL) < 0)
    _exit (99);
  g_idle_add (say_ready, NULL);
  g_main_loop_run (loop);
}

static gboolean
fault (gpointer data)
{
  told->at_ns = bench_now_ns ();
  *(volatile int *) data = 1;
  return G_SOURCE_REMOVE;
}

static void
child_crash (gboolean watched, gboolean has_thread)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = watched ? ps_glib_attach (loop) : NULL;

  if (freopen ("/dev/null", "w", stderr) == NULL)
    _exit (99);
  setrlimit (RLIMIT_CORE, &(struct rlimit){ 0, 0 });
  if (watched)
    ps_watcher_report_crashes (watcher);
  if (has_thread)
    g_unix_signal_add (SIGTERM, G_SOURCE_FUNC (g_main_loop_quit), loop);
  g_timeout_add (2, fault, NULL);
  g_main_loop_run (loop);
}

static gboolean
release (gpointer hold)
{
  ps_hold_release (hold);
  return G_SOURCE_REMOVE;
}

static void
step (PsContext *context, gpointer data)
{
  g_timeout_add (STEP_MS, release, ps_context_hold (context, "a step that takes time"));
}

static gboolean
release_fd (int fd, GIOCondition condition, gpointer hold)
{
  close (fd);
  ps_hold_release (hold);
  return G_SOURCE_REMOVE;
}

/* By a timerfd: the loop's own timeouts are rounded up to milliseconds, which is not our affair. */
static void
exact_step (PsContext *context, gpointer data)
{
  int us = GPOINTER_TO_INT (data) % 1000000;
  int fd = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  struct itimerspec end = { .it_value = { .tv_nsec = us * 1000L } };

  if (fd < 0 || timerfd_settime (fd, 0, &end, NULL) < 0)
    _exit (99);
  g_unix_fd_add (fd, G_IO_IN, release_fd, ps_context_hold (context, "a step that takes time"));
}

static void
run_now (PsWatcher *watcher)
{
  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  told->at_ns = bench_now_ns ();
  told->waited_ns = waited_ns (getpid ());
  ps_watcher_quit (watcher, 0);
  ps_watcher_run (watcher);
  told->at_ns = bench_now_ns () - told->at_ns;
  told->waited_ns = waited_ns (getpid ()) - told->waited_ns;
  _exit (0);
}

static void
child_holds (int count)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  PsWatcher *watcher = ps_glib_attach (loop);

  for (int i = 0; i < count; i++)
    ps_watcher_on_quit (watcher, step, GINT_TO_POINTER (i));
  run_now (watcher);
}

static gboolean
count_down (gpointer left)
{
  (*(int *) left)--;
  return G_SOURCE_REMOVE;
}

static void
child_holds_of_glib (int count)
{
  told->at_ns = bench_now_ns ();
  told->waited_ns = waited_ns (getpid ());
  for (int i = 0; i < count; i++)
    g_timeout_add (STEP_MS, count_down, &count);
  while (count > 0)
    g_main_context_iteration (NULL, TRUE);
  told->at_ns = bench_now_ns () - told->at_ns;
  told->waited_ns = waited_ns (getpid ()) - told->waited_ns;
  _exit (0);
}

/* Each step takes 1 to 30 ms, and knows them by its data, which differ from each other in what the
 * remainder cuts off; a phase takes as long as its longest one. */
static void
child_phases (int seed)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  PsWatcher *watcher = ps_glib_attach (loop);
  g_autoptr (GRand) source = g_rand_new_with_seed ((guint32) seed);

  for (int phase = 0; phase < PHASES; phase++)
    {
      int longest = 0;

      for (int i = 0; i < STEPS_PER_PHASE; i++)
        {
          int us = g_rand_int_range (source, 1000, 30000);

          longest = MAX (longest, us);
          ps_watcher_add (watcher, PS_EVENT_QUIT, NULL, phase, 0, exact_step,
                          GINT_TO_POINTER ((phase * STEPS_PER_PHASE + i) * 1000000 + us), NULL);
        }
      told->critical_ns += (int64_t) longest * 1000;
    }
  run_now (watcher);
}

/* --- The parent ------------------------------------------------------------------------------ */

/* What was sent by the last child, so that the next one finds room. */
static void
drain (void)
{
  char byte;

  while (recv (journal, &byte, 1, MSG_DONTWAIT) >= 0)
    ;
}

static void
sample_forced (gboolean by_hand)
{
  pid_t child = fork ();
  int64_t waited, asked, ended;
  siginfo_t end;
  char byte;

  if (child == 0 && by_hand)
    child_forced_by_hand ();
  if (child == 0)
    child_forced ();
  if (read (is_ready[0], &byte, 1) != 1)
    exit (99);
  waited = waited_ns (child) + waited_ns (getpid ());
  asked = bench_now_ns ();
  kill (child, SIGTERM);
  waitid (P_PID, (id_t) child, &end, WEXITED | WNOWAIT);
  ended = bench_now_ns ();
  waited = waited_ns (child) + waited_ns (getpid ()) - waited;
  waitpid (child, NULL, 0);
  printf ("%ld %ld\n", (long) (ended - asked - DEADLINE_MS * 1000000L), (long) waited);
  drain ();
}

static void
await_crashed (void)
{
  static char bytes[262144];
  struct pollfd poll_fd = { .fd = journal, .events = POLLIN };

  for (;;)
    {
      ssize_t length;

      if (poll (&poll_fd, 1, 5000) != 1 || (length = recv (journal, bytes, sizeof bytes, 0)) < 0)
        exit (99);
      if (memmem (bytes, (size_t) length, "825d50ddccba46d194fa3833ecb6bdbc", 32) != NULL)
        return;
    }
}

static void
sample_crash (gboolean watched, gboolean has_thread)
{
  pid_t child = fork ();
  int64_t received = 0;

  if (child == 0)
    child_crash (watched, has_thread);
  if (watched)
    {
      await_crashed ();
      received = bench_now_ns ();
    }
  waitpid (child, NULL, 0);
  if (watched)
    printf ("%ld ", (long) (received - told->at_ns));
  printf ("%ld\n", (long) (bench_now_ns () - told->at_ns));
}

static void
sample_holds (void (*child_main) (int count), int count)
{
  pid_t child = fork ();

  if (child == 0)
    child_main (count);
  waitpid (child, NULL, 0);
  printf ("%ld %ld\n", (long) (told->at_ns - STEP_MS * 1000000L), (long) told->waited_ns);
}

static void
sample_phases (int seed)
{
  pid_t child = fork ();

  if (child == 0)
    child_phases (seed);
  waitpid (child, NULL, 0);
  printf ("%ld %ld\n", (long) told->at_ns, (long) told->critical_ns);
}

int
main (int argc, char **argv)
{
  const char *what = argc > 2 ? argv[1] : "";
  int number = bench_number (argc, argv, 2, 1);

  told = mmap (NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (told == MAP_FAILED || pipe (is_ready) < 0)
    return 99;
  setvbuf (stdout, NULL, _IOLBF, 0);
  if (strcmp (what, "holds") == 0)
    sample_holds (child_holds, number);
  else if (strcmp (what, "holds-glib") == 0)
    sample_holds (child_holds_of_glib, number);
  else if (strcmp (what, "phases") == 0)
    sample_phases (number);
  else
    {
      listen_to_records ();
      for (int i = 0; i < number; i++)
        if (g_str_has_prefix (what, "forced"))
          sample_forced (strcmp (what, "forced-hand") == 0);
        else if (g_str_has_prefix (what, "crash"))
          sample_crash (strcmp (what, "crash") == 0, strcmp (what, "crash-glib") == 0);
        else
          return 2;
    }
  return 0;
}
