/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group G: the signals by which a program chooses to be asked to end. */
#include "common.h"

#include <glib-unix.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static gboolean
can_choose (PsWatcher *watcher, int signum)
{
  g_autoptr (GError) error = NULL;
  gboolean can = ps_watcher_set_signals (watcher, &signum, 1, &error);

  child_need (can == (error == NULL));
  return can;
}

static void
say_signal (PsContext *context, gpointer unused)
{
  child_sayf ("%s: signal %d, recommended %d", event_name (context),
              ps_context_get_signal (context), ps_context_get_recommended_exit_status (context));
}

/* --- G02: each signal there is ---------------------------------------------------------------- */

typedef struct
{
  int signum;
  gboolean by_itself;
  PsExitPolicy policy;
} One;

static gboolean
raise_and_quit (gpointer signum)
{
  raise (GPOINTER_TO_INT (signum));
  ps_watcher_quit (ps_watcher_get_default (), 0);
  return G_SOURCE_REMOVE;
}

static int
one_child (gconstpointer data)
{
  const One *one = data;
  PsWatcher *watcher = watch ();

  child_say (can_choose (watcher, one->signum) ? "chosen" : "refused");
  ps_watcher_set_exit_policy (watcher, one->policy);
  ps_watcher_on_terminate (watcher, say_signal, NULL);
  say_ready_soon ();
  if (one->by_itself)
    g_idle_add (raise_and_quit, GINT_TO_POINTER (one->signum));
  return run_quietly (watcher);
}

static int
raise_child (gconstpointer data)
{
  child_start_thread ();
  child_say ("ready");
  raise (((const One *) data)->signum);
  return 0;
}

static gboolean
stops (int signum)
{
  return signum == SIGSTOP || signum == SIGTSTP || signum == SIGTTIN || signum == SIGTTOU;
}

static int
end_of (Proc *child, const One *one, gboolean is_sent)
{
  proc_expect (child, "ready");
  if (is_sent)
    proc_kill (child, one->signum);
  if (stops (one->signum))
    {
      proc_expect_stopped (child);
      proc_kill (child, SIGCONT);
    }
  return proc_wait (child);
}

/* What the kernel does by itself is measured, not written down here. */
static void
expect_one (const One *one, gboolean chosen)
{
  g_autofree char *line =
      g_strdup_printf ("terminate: signal %d, recommended %d", one->signum, 128 + one->signum);
  int kernels = end_of (proc_start (raise_child, one), one, FALSE);
  Proc *child = proc_start (one_child, one);

  proc_expect (child, chosen ? "chosen" : "refused");
  if (!chosen)
    tap_check_int (end_of (child, one, !one->by_itself), ==, kernels);
  else
    {
      proc_expect (child, "ready");
      if (!one->by_itself)
        proc_kill (child, one->signum);
      proc_expect (child, line);
      if (one->policy == PS_EXIT_POLICY_RERAISE && WIFSIGNALED (kernels))
        tap_check_int (proc_wait (child), ==, kernels);
      else
        proc_expect_exit (child, 128 + one->signum);
    }
  if (tap_failed ())
    tap_note ("the signal was", g_strdup_printf ("%d", one->signum));
}

static gboolean
is_fault (int signum)
{
  return signum == SIGSEGV || signum == SIGBUS || signum == SIGFPE || signum == SIGILL
         || signum == SIGABRT || signum == SIGTRAP || signum == SIGSYS;
}

/* Those of a well-known list; the faults among them stay the kernel's. */
static void
g02 (void)
{
  static const int seventeen[] = { SIGHUP,  SIGINT,  SIGTERM, SIGALRM, SIGABRT,  SIGVTALRM,
                                   SIGXCPU, SIGXFSZ, SIGUSR2, SIGTRAP, SIGSYS,   SIGQUIT,
                                   SIGIOT,  SIGIO,   SIGPOLL, SIGPWR,  SIGSTKFLT };

  for (guint i = 0; i < G_N_ELEMENTS (seventeen) && !tap_failed (); i++)
    for (gboolean by_itself = FALSE; by_itself <= TRUE; by_itself++)
      expect_one (&(One){ seventeen[i], by_itself, PS_EXIT_POLICY_STATUS },
                  !is_fault (seventeen[i]));
}

static gboolean
means_something_else (int signum)
{
  return stops (signum) || signum == SIGKILL || signum == SIGCHLD || signum == SIGCONT
         || signum == SIGURG;
}

static void
expect_all (PsExitPolicy policy)
{
  for (int signum = 1; signum <= SIGRTMAX && !tap_failed (); signum++)
    if (signum <= SIGSYS || signum >= SIGRTMIN)
      expect_one (&(One){ signum, TRUE, policy },
                  !is_fault (signum) && !means_something_else (signum));
}

static void
g02_all (void)
{
  expect_all (PS_EXIT_POLICY_STATUS);
}

static void
g02_reraise (void)
{
  expect_all (PS_EXIT_POLICY_RERAISE);
}

/* --- G03: what is refused changes nothing ----------------------------------------------------- */

static void
note_actions (struct sigaction *actions)
{
  for (int signum = 1; signum <= SIGRTMAX; signum++)
    sigaction (signum, NULL, &actions[signum]);
}

static void
check_actions (const struct sigaction *actions)
{
  for (int signum = 1; signum <= SIGRTMAX; signum++)
    if (signum < 32 || signum >= SIGRTMIN)
      child_check_action (signum, &actions[signum]);
}

static void
say_refused (PsWatcher *watcher, int signum)
{
  g_autoptr (GError) error = NULL;
  const int list[] = { PLAIN_SIGNAL, GLIBS_SIGNAL, SIGPIPE, SIGRTMIN, signum };

  if (ps_watcher_set_signals (watcher, list, G_N_ELEMENTS (list), &error))
    child_sayf ("%d was taken", signum);
  else if (!g_error_matches (error, PS_ERROR, PS_ERROR_INVALID))
    child_sayf ("%d has another error", signum);
  else
    child_say (error->message);
  child_need (!ps_watcher_set_signals (watcher, list, G_N_ELEMENTS (list), NULL));
}

static const struct
{
  int signum;
  const char *because;
} refused[] = {
  { SIGKILL, "no process can catch it" },
  { SIGSTOP, "no process can catch it" },
  { SIGSEGV, "crash callbacks are for these" },
  { SIGBUS, "crash callbacks are for these" },
  { SIGFPE, "crash callbacks are for these" },
  { SIGILL, "crash callbacks are for these" },
  { SIGABRT, "crash callbacks are for these" },
  { SIGTRAP, "crash callbacks are for these" },
  { SIGSYS, "crash callbacks are for these" },
  { SIGCHLD, "g_child_watch_add()" },
  { SIGCONT, "leave it alone" },
  { SIGTSTP, "leave it to the terminal" },
  { SIGTTIN, "leave it to the terminal" },
  { SIGTTOU, "leave it to the terminal" },
  { SIGURG, "leave it alone" },
  { 32, "the C library keeps it" },
  { 33, "the C library keeps it" },
  { 0, "no such signal" },
  { 65, "no such signal" },
  { -1, "no such signal" },
  { G_MAXINT, "no such signal" },
};

static int
refused_child (gconstpointer data)
{
  struct sigaction actions[NSIG];
  PsWatcher *watcher = watch ();

  note_actions (actions);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    say_refused (watcher, refused[i].signum);
  check_actions (actions);
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  return run (watcher);
}

static void
g03 (void)
{
  Proc *child = proc_start (refused_child, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      const char *name = sigabbrev_np (refused[i].signum), *said = proc_next (child);
      g_autofree char *start = name != NULL
                                   ? g_strdup_printf ("SIG%s cannot be a ", name)
                                   : g_strdup_printf ("signal %d cannot be a ", refused[i].signum);

      if (!tap_failed ()
          && (!g_str_has_prefix (said, start) || strstr (said, refused[i].because) == NULL))
        tap_fail (G_STRLOC, "\"%s\" does not begin with \"%s\", or is without \"%s\"", said, start,
                  refused[i].because);
    }
  expect_stop (child, SIGTERM, 143, "terminate: t");
}

/* The kernel, asked for the action of one signal, says no. */
static void
forbid_action (int signum)
{
  struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigaction, 0, 3),
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, args[0])),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, (guint) signum, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { .len = G_N_ELEMENTS (filter), .filter = filter };

  child_need (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  child_need (prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static int
forbidden_child (gconstpointer data)
{
  const int list[] = { SIGQUIT, PLAIN_SIGNAL, SIGRTMIN + 3 };
  g_autoptr (GError) error = NULL;
  struct sigaction actions[NSIG];
  PsWatcher *watcher = watch ();

  forbid_action (SIGRTMIN + 3);
  note_actions (actions);
  child_need (!ps_watcher_set_signals (watcher, list, G_N_ELEMENTS (list), &error));
  child_say (error->message);
  for (int signum = 1; signum <= SIGTERM; signum++)
    child_check_action (signum, &actions[signum]);
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  return run (watcher);
}

static void
g03_forbidden (void)
{
  Proc *child = proc_start (forbidden_child, NULL);

  proc_expect (child, "SIGRTMIN+3 cannot be taken here: Operation not permitted");
  expect_stop (child, SIGTERM, 143, "terminate: t");
}

static void
choose_late (PsContext *context, gpointer where)
{
  g_autoptr (GError) error = NULL;
  const int list[] = { SIGQUIT };
  gboolean can = ps_watcher_set_signals (ps_watcher_get_default (), list, 1, &error);

  child_sayf ("%s: %s", event_name (context),
              can                                                ? "can"
              : g_error_matches (error, PS_ERROR, PS_ERROR_OVER) ? "too late"
                                                                 : error->message);
}

static int
late_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();
  pid_t pid = fork ();
  g_autofree char *end = NULL;

  if (pid == 0)
    _exit (ps_watcher_set_signals (watcher, NULL, 0, NULL));
  end = child_wait_for (pid);
  child_sayf ("a child ended with %s", end);
  ps_watcher_on_query (watcher, choose_late, (gpointer) "q");
  ps_watcher_on_terminate (watcher, choose_late, (gpointer) "t");
  ps_watcher_on_finish (watcher, choose_late, (gpointer) "f");
  say_ready_soon ();
  child_sayf ("status %d", ps_watcher_run (watcher));
  ps_watcher_ref (watcher);
  ps_watcher_detach (watcher);
  child_sayf ("detached: %d", ps_watcher_set_signals (watcher, NULL, 0, NULL));
  ps_watcher_unref (watcher);
  unwatch (watcher);
  return 0;
}

static void
g03_late (void)
{
  Proc *child = proc_start (late_child, NULL);

  proc_expect (child, "a child ended with exit status 0");
  expect_stop (child, SIGTERM, 0, "query: can", "terminate: too late", "finish: too late",
               "status 143", "detached: 0");
}

/* --- What falls out of the list --------------------------------------------------------------- */

static void
own_handler (int signum)
{
  child_sayf ("own handler: %d", signum);
}

/* Whatever stood there stands there again, for each kind of signal. */
static int
given_back_child (gconstpointer data)
{
  const int kinds[] = { SIGTERM, SIGINT, GLIBS_SIGNAL, PLAIN_SIGNAL, SIGPIPE, SIGRTMIN, SIGRTMAX };
  struct sigaction actions[NSIG], now;
  PsWatcher *watcher;

  signal (PLAIN_SIGNAL, own_handler);
  signal (SIGTERM, own_handler);
  signal (SIGRTMAX, SIG_IGN);
  note_actions (actions);
  watcher = watch ();
  sigaction (SIGPIPE, NULL, &actions[SIGPIPE]);
  for (guint i = 0; i < 100; i++)
    {
      choose_signals (watcher, kinds, G_N_ELEMENTS (kinds));
      for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
        {
          sigaction (kinds[k], NULL, &now);
          child_need (now.sa_sigaction != actions[kinds[k]].sa_sigaction);
        }
      choose_these (watcher, SIGHUP);
      for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
        child_check_action (kinds[k], &actions[kinds[k]]);
    }
  choose_signals (watcher, kinds, G_N_ELEMENTS (kinds));
  unwatch (watcher);
  actions[SIGPIPE].sa_handler = SIG_DFL;
  actions[SIGPIPE].sa_flags = 0;
  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    if (kinds[k] != SIGPIPE)
      child_check_action (kinds[k], &actions[kinds[k]]);
  sigaction (SIGPIPE, NULL, &now);
  child_need (now.sa_handler == SIG_DFL);
  return 0;
}

static void
chosen_01 (void)
{
  proc_expect_exit (proc_start (given_back_child, NULL), 0);
}

/* What came before it fell out of the list goes to what was there; not to us, and not nowhere. */
static int
unheard_child (gconstpointer signum_)
{
  int signum = GPOINTER_TO_INT (signum_);
  PsWatcher *watcher;

  signal (signum, own_handler);
  watcher = watch ();
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  choose_these (watcher, SIGTERM, signum);
  raise (signum);
  raise (signum);
  child_say ("raised");
  choose_these (watcher, SIGTERM);
  child_say ("chosen anew");
  return run (watcher);
}

static void
expect_heard (int signum, guint times)
{
  g_autofree char *line = g_strdup_printf ("own handler: %d", signum);
  Proc *child = proc_start (unheard_child, GINT_TO_POINTER (signum));

  proc_expect (child, "raised");
  while (times-- > 0)
    proc_expect (child, line);
  proc_expect (child, "chosen anew");
  expect_stop (child, SIGTERM, 143, "terminate: t");
}

static void
chosen_02 (void)
{
  expect_heard (PLAIN_SIGNAL, 1);
  expect_heard (GLIBS_SIGNAL, 1);
  expect_heard (SIGINT, 1);
  expect_heard (SIGRTMIN + 1, 2);
}

static void
choose_in_callback (PsContext *context, gpointer unused)
{
  static gboolean once;
  struct sigaction now;

  if (once)
    return;
  once = TRUE;
  raise (GLIBS_SIGNAL);
  raise (GLIBS_SIGNAL);
  choose_these (ps_watcher_get_default (), SIGTERM);
  sigaction (GLIBS_SIGNAL, NULL, &now);
  child_sayf ("own handler is %s", now.sa_handler == own_handler ? "there" : "gone");
  ps_context_veto (context, "not yet");
}

static gboolean
say_handler (gpointer unused)
{
  struct sigaction now;

  sigaction (GLIBS_SIGNAL, NULL, &now);
  child_sayf ("and is %s", now.sa_handler == own_handler ? "there" : "gone");
  return G_SOURCE_REMOVE;
}

static gboolean
note_seen (gpointer seen)
{
  *(gboolean *) seen = TRUE;
  return G_SOURCE_REMOVE;
}

/* Comes back when GLib's worker thread has handed the signal to every source it has for it. */
static void
raise_for_glib (int signum)
{
  GMainContext *context = g_main_context_new ();
  GSource *source = g_unix_signal_source_new (signum);
  gboolean seen = FALSE;

  g_source_set_callback (source, note_seen, &seen, NULL);
  g_source_attach (source, context);
  raise (signum);
  raise (signum); /* the first that GLib is told of */
  while (!seen)
    g_main_context_iteration (context, TRUE);
  g_source_unref (source);
  g_main_context_unref (context);
}

static int
in_callback_child (gconstpointer data)
{
  PsWatcher *watcher;

  signal (GLIBS_SIGNAL, own_handler);
  watcher = watch ();
  choose_these (watcher, SIGTERM, GLIBS_SIGNAL);
  ps_watcher_on_query (watcher, choose_in_callback, NULL);
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_resume (watcher, say, (gpointer) "r");
  raise_for_glib (GLIBS_SIGNAL);
  turn ();
  g_idle_add (say_handler, NULL);
  return run (watcher);
}

/* Also from a callback, with GLib's own handling of the signal under way. */
static void
chosen_03 (void)
{
  g_autofree char *line = g_strdup_printf ("own handler: %d", GLIBS_SIGNAL);
  Proc *child = proc_start (in_callback_child, NULL);

  proc_expect_lines (child, line, "own handler is there", "resume: r", "and is there");
  expect_stop (child, SIGTERM, 143, "terminate: t");
}

/* --- Beside others ---------------------------------------------------------------------------- */

static gboolean
say_source (gpointer word)
{
  child_say (word);
  return G_SOURCE_CONTINUE;
}

static int
beside_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  g_unix_signal_add_full (G_PRIORITY_HIGH - 1, GLIBS_SIGNAL, say_source, (gpointer) "their source",
                          NULL);
  choose_these (watcher, SIGTERM, GLIBS_SIGNAL);
  choose_these (watcher, SIGTERM);
  raise (GLIBS_SIGNAL);
  return run (watcher);
}

/* Somebody else's source for the signal works after it has fallen out of the list. */
static void
chosen_04 (void)
{
  Proc *child = proc_start (beside_child, NULL);
  gboolean first = g_str_equal (proc_next (child), "their source");

  tap_check (first != g_str_equal (proc_next (child), "their source"));
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
}

/* --- G04, G05: what was inherited ------------------------------------------------------------- */

static int
ignored_child (gconstpointer data)
{
  static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, PLAIN_SIGNAL, GLIBS_SIGNAL, SIGPIPE };
  struct sigaction actions[NSIG];
  PsWatcher *watcher;

  for (guint i = 0; i < G_N_ELEMENTS (ignored); i++)
    signal (ignored[i], SIG_IGN);
  note_actions (actions);
  watcher = watch ();
  choose_signals (watcher, ignored, G_N_ELEMENTS (ignored));
  ps_watcher_on_terminate (watcher, say_signal, NULL);
  say_ready_soon ();
  child_sayf ("status %d", ps_watcher_run (watcher));
  unwatch (watcher);
  check_actions (actions);
  return 0;
}

static void
g04 (void)
{
  static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, PLAIN_SIGNAL, GLIBS_SIGNAL, SIGPIPE };

  for (guint i = 0; i < G_N_ELEMENTS (ignored); i++)
    {
      Proc *child = proc_start (ignored_child, NULL);
      int status = 128 + ignored[i];
      g_autofree char *lines[] = { g_strdup_printf ("terminate: signal %d, recommended %d",
                                                    ignored[i], status),
                                   g_strdup_printf ("status %d", status) };

      expect_stop (child, ignored[i], 0, lines[0], lines[1]);
      g_free (lines[1]);
      lines[1] = NULL;
    }
}

static int
blocked_child (gconstpointer signum)
{
  PsWatcher *watcher;
  guint64 mask;
  sigset_t all;
  g_autofree char *end = NULL;
  pid_t pid;

  sigfillset (&all);
  sigprocmask (SIG_SETMASK, &all, NULL);
  mask = child_signal_set ("SigBlk");
  watcher = watch ();
  choose_these (watcher, SIGQUIT, PLAIN_SIGNAL, GLIBS_SIGNAL, SIGRTMIN);
  pid = fork ();
  if (pid == 0)
    _exit (child_signal_set ("SigBlk") != mask);
  end = child_wait_for (pid);
  child_say (end);
  ps_watcher_on_terminate (watcher, say_signal, NULL);
  raise (GPOINTER_TO_INT (signum));
  child_sayf ("status %d", ps_watcher_run (watcher));
  unwatch (watcher);
  child_need (child_signal_set ("SigBlk") == mask);
  return 0;
}

static void
g05 (void)
{
  static const int signums[] = { SIGQUIT, PLAIN_SIGNAL, GLIBS_SIGNAL };

  for (guint i = 0; i < G_N_ELEMENTS (signums); i++)
    {
      g_autofree char *line =
          g_strdup_printf ("terminate: signal %d, recommended %d", signums[i], 128 + signums[i]);
      g_autofree char *status = g_strdup_printf ("status %d", 128 + signums[i]);
      Proc *child = proc_start (blocked_child, GINT_TO_POINTER (signums[i]));

      proc_expect_lines (child, "exit status 0", line, status);
      proc_expect_exit (child, 0);
    }
}

/* --- SIGHUP ----------------------------------------------------------------------------------- */

typedef struct
{
  PsHangup hangup;
  gboolean named, reloads, before;
  const char *line; /* NULL: it dies of it */
} Hangup;

static int
hangup_child (gconstpointer data)
{
  const Hangup *setup = data;
  const int both[] = { SIGTERM, SIGHUP };
  PsWatcher *watcher = watch ();

  if (setup->before)
    ps_watcher_set_hangup (watcher, setup->hangup);
  if (setup->reloads)
    ps_watcher_on_reload (watcher, say, (gpointer) "r");
  choose_signals (watcher, both, setup->named ? 2 : 1);
  ps_watcher_set_hangup (watcher, setup->hangup);
  ps_watcher_on_terminate (watcher, say_signal, NULL);
  return run (watcher);
}

static void
chosen_05 (void)
{
  static const char end[] = "terminate: signal 1, recommended 129";
  static const Hangup rows[] = {
    { PS_HANGUP_AUTO, TRUE, FALSE, FALSE, end },
    { PS_HANGUP_AUTO, TRUE, TRUE, FALSE, "reload: r" },
    { PS_HANGUP_AUTO, FALSE, TRUE, TRUE, NULL },
    { PS_HANGUP_RELOAD, FALSE, TRUE, TRUE, "reload: r" },
    { PS_HANGUP_RELOAD, FALSE, TRUE, FALSE, "reload: r" },
    { PS_HANGUP_TERMINATE, FALSE, TRUE, FALSE, end },
    { PS_HANGUP_IGNORE, FALSE, TRUE, TRUE, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Proc *child = proc_start (hangup_child, &rows[i]);

      proc_expect (child, "ready");
      proc_kill (child, SIGHUP);
      if (rows[i].line == NULL)
        proc_expect_signal (child, SIGHUP);
      else if (rows[i].line == end)
        {
          proc_expect (child, end);
          proc_expect_exit (child, 129);
        }
      else
        {
          if (rows[i].line[0] != '\0')
            proc_expect (child, rows[i].line);
          proc_kill (child, SIGTERM);
          proc_expect (child, "terminate: signal 15, recommended 143");
          proc_expect_exit (child, 143);
        }
    }
}

static const TapCase cases[] = {
  { "G02", "17 signals, by oneself and from outside: one callback each, the right status", g02 },
  { "G02b", "every signal that can be chosen, and the others as the kernel has them", g02_all },
  { "G02c", "the same with re-raise: the end is the kernel's", g02_reraise },
  { "G03", "what is refused says why, and changes nothing", g03 },
  { "G03b", "nor does a signal that the system refuses", g03_forbidden },
  { "G03c", "from the point of no return on it is too late, and in a child", g03_late },
  { "G04", "a signal that is named is taken even if it was ignored", g04 },
  { "G05", "blocked at the start: each ends, children and detach get the mask", g05 },
  { "chosen-01", "what falls out of the list gets back what was there", chosen_01 },
  { "chosen-02", "what had come by then goes there", chosen_02 },
  { "chosen-03", "likewise from within a callback", chosen_03 },
  { "chosen-04", "another user of the signal goes on", chosen_04 },
  { "chosen-05", "SIGHUP keeps the meaning it was given", chosen_05 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
