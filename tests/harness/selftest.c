/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The harness under test: what it must find, it does find, and says so in words that help.
 *
 * Each bad case runs under a runner of its own, in a child of this one, whose report is then
 * read. A harness that let one of them pass would let a broken library pass as well.
 */
#include "ps-child.h"
#include "ps-inbox.h"
#include "ps-places.h"
#include "ps-proc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- What the children do --------------------------------------------------------------------- */

static int
say_one_two (gconstpointer data)
{
  child_say ("one");
  child_say ("two");
  return 3;
}

static int
say_nothing (gconstpointer data)
{
  return 0;
}

static int
write_and_hang (gconstpointer data)
{
  if (write (STDERR_FILENO, "last words\n", 11) != 11)
    return 1;
  signal (SIGTERM, SIG_IGN);
  child_start_thread ();
  child_say ("one");
  for (;;)
    pause ();
}

static int
die_of_segv (gconstpointer data)
{
  signal (SIGSEGV, SIG_DFL);
  raise (SIGSEGV);
  return 0;
}

static int
leak_an_fd (gconstpointer data)
{
  ChildFdSet *before = child_fds_note ();

  child_need (open ("/dev/null", O_RDONLY) >= 0);
  child_fds_check (before);
  return 0;
}

static int
lose_an_fd (gconstpointer data)
{
  ChildFdSet *before = child_fds_note ();

  close (STDIN_FILENO);
  child_fds_check (before);
  return 0;
}

static int
leave_a_child (gconstpointer data)
{
  if (fork () == 0)
    {
      setsid ();
      for (;;)
        pause ();
    }
  return 0;
}

static int
change_an_action (gconstpointer data)
{
  struct sigaction before;

  sigaction (SIGUSR1, NULL, &before);
  signal (SIGUSR1, SIG_IGN);
  child_check_action (SIGUSR1, &before);
  return 0;
}

static int
need_the_impossible (gconstpointer data)
{
  child_need (1 + 1 == 3);
  return 0;
}

static int
die_in_a_line (gconstpointer data)
{
  return write (3, "half", 4) == 4 ? 0 : 1;
}

/* --- Cases that have to fail ------------------------------------------------------------------ */

static void
wrong_line (void)
{
  Proc *child = proc_start (say_one_two, NULL);

  proc_expect (child, "two");
  proc_expect_exit (child, 3);
}

static void
too_many_lines (void)
{
  Proc *child = proc_start (say_one_two, NULL);

  proc_expect (child, "one");
  proc_expect_exit (child, 3);
}

static void
too_few_lines (void)
{
  Proc *child = proc_start (say_nothing, NULL);

  proc_expect (child, "one");
  proc_expect_exit (child, 0);
}

static void
wrong_status (void)
{
  Proc *child = proc_start (say_one_two, NULL);

  proc_expect_lines (child, "one", "two");
  proc_expect_exit (child, 0);
}

static void
status_for_signal (void)
{
  Proc *child = proc_start (say_nothing, NULL);

  proc_expect_signal (child, SIGTERM);
}

static void
wrong_signal (void)
{
  Proc *child = proc_start (die_of_segv, NULL);

  proc_expect_signal (child, SIGTERM);
}

static void
signal_for_status (void)
{
  Proc *child = proc_start (die_of_segv, NULL);

  proc_expect_exit (child, 128 + SIGSEGV);
}

static void
hang_before_a_line (void)
{
  Proc *child = proc_start (write_and_hang, NULL);

  proc_expect (child, "one");
  proc_set_patience (child, 100);
  proc_kill (child, SIGTERM);
  proc_expect (child, "two");
  proc_expect_exit (child, 0);
}

static void
hang_at_the_end (void)
{
  Proc *child = proc_start (write_and_hang, NULL);

  proc_expect (child, "one");
  proc_set_patience (child, 100);
  proc_expect_exit (child, 0);
}

static void
leaked_fd (void)
{
  Proc *child = proc_start (leak_an_fd, NULL);

  proc_expect_exit (child, 0);
}

static void
lost_fd (void)
{
  Proc *child = proc_start (lose_an_fd, NULL);

  proc_expect_exit (child, 0);
}

static void
left_child (void)
{
  Proc *child = proc_start (leave_a_child, NULL);

  proc_set_patience (child, 200);
  proc_expect_exit (child, 0);
}

static void
forgotten_child (void)
{
  proc_start (say_nothing, NULL);
}

static void
changed_action (void)
{
  Proc *child = proc_start (change_an_action, NULL);

  proc_expect_exit (child, 0);
}

static void
unmet_need (void)
{
  Proc *child = proc_start (need_the_impossible, NULL);

  proc_expect_exit (child, 0);
}

static void
half_a_line (void)
{
  Proc *child = proc_start (die_in_a_line, NULL);

  proc_expect_exit (child, 0);
}

static void
wrong_output (void)
{
  Proc *child = proc_start (say_nothing, NULL);

  proc_expect_exit (child, 0);
  proc_expect_output (child, "words");
}

static void
wrong_message (void)
{
  Inbox *inbox = inbox_new ();

  inbox_fill (inbox);
  inbox_expect_line (inbox, "READY=1");
}

static void
unexpected_message (void)
{
  Inbox *inbox = inbox_new ();

  inbox_fill (inbox);
  inbox_expect_empty (inbox);
}

static void
false_check (void)
{
  tap_check_int (2 + 2, ==, 5);
}

static const TapCase bad_cases[] = {
  { "wrong-line", "", wrong_line },
  { "too-many-lines", "", too_many_lines },
  { "too-few-lines", "", too_few_lines },
  { "wrong-status", "", wrong_status },
  { "status-for-signal", "", status_for_signal },
  { "wrong-signal", "", wrong_signal },
  { "signal-for-status", "", signal_for_status },
  { "hang-before-a-line", "", hang_before_a_line },
  { "hang-at-the-end", "", hang_at_the_end },
  { "leaked-fd", "", leaked_fd },
  { "lost-fd", "", lost_fd },
  { "left-child", "", left_child },
  { "forgotten-child", "", forgotten_child },
  { "changed-action", "", changed_action },
  { "unmet-need", "", unmet_need },
  { "half-a-line", "", half_a_line },
  { "wrong-output", "", wrong_output },
  { "wrong-message", "", wrong_message },
  { "unexpected-message", "", unexpected_message },
  { "false-check", "", false_check },
};

/* --- And do ----------------------------------------------------------------------------------- */

static int
run_bad_case (gconstpointer data)
{
  g_autofree char *option = g_strconcat ("--case=", (const char *) data, NULL);
  char program[] = "selftest";
  char *argv[] = { program, option, NULL };

  return tap_main (2, argv, bad_cases, G_N_ELEMENTS (bad_cases));
}

/* The case fails, and its report has these parts. */
static void
expect_failure (const char *id, const char *const *parts)
{
  g_autofree char *result = g_strdup_printf ("TAP version 13\n1..1\nnot ok 1 - %s", id);
  Proc *runner = proc_start (run_bad_case, id);

  proc_expect_exit (runner, 1);
  proc_expect_output (runner, result);
  for (guint i = 0; parts[i] != NULL; i++)
    proc_expect_output (runner, parts[i]);
}

#define FAILS(function, id, ...)                                                                   \
  static void function (void)                                                                      \
  {                                                                                                \
    expect_failure (id, (const char *const[]){ __VA_ARGS__, NULL });                               \
  }

FAILS (h01, "wrong-line", "selftest.c:", "the child said \"one\" instead of \"two\"",
       "it said:\n#   one")
FAILS (h02, "too-many-lines", "the child also said \"two\"")
FAILS (h03, "too-few-lines", "the child ended before it said \"one\"")
FAILS (h04, "wrong-status", "the child ended with exit status 3 instead of exit status 0")
FAILS (h05, "status-for-signal", "with exit status 0 instead of signal 15")
FAILS (h06, "wrong-signal", "with signal 11 (Segmentation fault) instead of signal 15")
FAILS (h07, "signal-for-status", "with signal 11 (Segmentation fault) instead of exit status 139")
FAILS (h08, "hang-before-a-line", "the child hung: within 100 ms it did not say \"two\"; killed",
       "the child's end:\n#   signal 9", "it said:\n#   one", "it wrote:\n#   last words")
FAILS (h09, "hang-at-the-end", "the child hung: it did not end within 100 ms; killed",
       "the child's end:\n#   signal 9", "it wrote:\n#   last words")
FAILS (h10, "leaked-fd", "the child also said \"fd left open: 5, /dev/null\"")
FAILS (h11, "lost-fd", "the child also said \"fd gone: 0, /dev/null\"")
FAILS (h12, "left-child", "the child left a process behind; killed")
FAILS (h13, "forgotten-child", "nobody waited for its child")
FAILS (h14, "changed-action", "the handler of signal 10 is another one")
FAILS (h15, "unmet-need", "with exit status 99", "the test needs 1 + 1 == 3")
FAILS (h16, "half-a-line", "the child died in the middle of a line: \"half\"")
FAILS (h17, "wrong-output", "the child's output has no \"words\"")
FAILS (h18, "wrong-message", "the message \"FILLER=1\" has no line \"READY=1\"")
FAILS (h19, "unexpected-message", "there is also a message \"FILLER=1\"")
FAILS (h20, "false-check", "2 + 2 is 4, not == 5")

static void
h21 (void)
{
  Proc *runner = proc_start (run_bad_case, "no-such-case");

  proc_expect_exit (runner, 2);
  proc_expect_output (runner, "No case is called \"no-such-case\"");
}

/* --- What has to work ------------------------------------------------------------------------- */

static void
h30 (void)
{
  Proc *child = proc_start (say_one_two, NULL);

  proc_expect_lines (child, "one", "two");
  proc_expect_exit (child, 3);
}

static int
look_around (gconstpointer data)
{
  child_sayf ("blocked %" G_GINT64_MODIFIER "x, ignored %" G_GINT64_MODIFIER "x",
              child_signal_set ("SigBlk"), child_signal_set ("SigIgn"));
  child_say (g_getenv ("NOTIFY_SOCKET") == NULL ? "alone" : "managed");
  for (int fd = 0; fd < 100; fd++)
    if (fcntl (fd, F_GETFD) >= 0)
      child_sayf ("fd %d", fd);
  return 0;
}

static void
h31 (void)
{
  Proc *child;
  sigset_t all;
  sigset_t none;

  /* What can be forked without care. */
  tap_check_int (child_count_threads (), ==, 1);
  sigfillset (&all);
  sigemptyset (&none);
  signal (SIGHUP, SIG_IGN);
  g_setenv ("NOTIFY_SOCKET", "/nowhere", TRUE);
  sigprocmask (SIG_SETMASK, &all, NULL);
  child = proc_start (look_around, NULL);
  sigprocmask (SIG_SETMASK, &none, NULL);
  signal (SIGHUP, SIG_DFL);
  g_unsetenv ("NOTIFY_SOCKET");

  proc_expect_lines (child, "blocked 0, ignored 0", "alone");
  proc_expect_lines (child, "fd 0", "fd 1", "fd 2", "fd 3", "fd 4");
  proc_expect_exit (child, 0);
}

static int
obey (gconstpointer data)
{
  child_await ("go on");
  child_say ("gone on");
  child_await ("end");
  return 7;
}

static void
h32 (void)
{
  Proc *child = proc_start (obey, NULL);

  proc_tell (child, "go on");
  proc_expect (child, "gone on");
  proc_tell (child, "end");
  proc_expect_exit (child, 7);
}

static int
stop_oneself (gconstpointer data)
{
  raise (SIGSTOP);
  child_say ("goes on");
  return 0;
}

static void
h33 (void)
{
  Proc *child = proc_start (stop_oneself, NULL);

  proc_expect_stopped (child);
  proc_kill (child, SIGCONT);
  proc_expect (child, "goes on");
  proc_expect_exit (child, 0);
}

/* The queue is full for every sender, and has room again after one message. */
static void
h34 (void)
{
  Inbox *inbox = inbox_new ();
  guint n = inbox_fill (inbox);

  tap_check_int (n, >, 1);
  tap_check_int (inbox_fill (inbox), ==, 0);
  inbox_expect (inbox, "FILLER=1");
  tap_check_int (inbox_fill (inbox), ==, 1);
  tap_check_int (inbox_drain (inbox), ==, n);
  inbox_expect_empty (inbox);
}

static int
see_the_journal (gconstpointer path)
{
  if (!child_own_run (path))
    {
      child_say ("no namespace");
      return 0;
    }
  child_sayf ("journal %s", access ("/run/systemd/journal/socket", W_OK) == 0 ? "here" : "absent");
  return 0;
}

static void
h35 (void)
{
  Inbox *journal = inbox_new ();
  Proc *without = proc_start (see_the_journal, NULL);
  Proc *with = proc_start (see_the_journal, inbox_path (journal));
  const char *first = proc_next (without);

  if (g_str_equal (first, "no namespace"))
    proc_expect (with, "no namespace");
  else
    {
      tap_check (g_str_equal (first, "journal absent"));
      proc_expect (with, "journal here");
    }
  proc_expect_exit (without, 0);
  proc_expect_exit (with, 0);
}

static const TapCase cases[] = {
  { "H01", "a wrong line is reported", h01 },
  { "H02", "a line too many is reported", h02 },
  { "H03", "a missing line is reported", h03 },
  { "H04", "a wrong exit status is reported", h04 },
  { "H05", "an exit instead of a signal is reported", h05 },
  { "H06", "a death of the wrong signal is reported", h06 },
  { "H07", "a signal does not pass for 128 + its number", h07 },
  { "H08", "a hang before a line is killed and reported", h08 },
  { "H09", "a hang at the end is killed and reported", h09 },
  { "H10", "a leaked fd is caught", h10 },
  { "H11", "a lost fd is caught", h11 },
  { "H12", "a process left behind is caught and killed", h12 },
  { "H13", "a child nobody waited for is caught", h13 },
  { "H14", "a changed disposition is caught", h14 },
  { "H15", "an unmet need of a child is reported", h15 },
  { "H16", "half a line is reported", h16 },
  { "H17", "missing output is reported", h17 },
  { "H18", "a wrong message is reported", h18 },
  { "H19", "an unexpected message is reported", h19 },
  { "H20", "a false check is reported with both values", h20 },
  { "H21", "an unknown case is an error", h21 },
  { "H30", "a good case passes", h30 },
  { "H31", "a child is like a fresh process", h31 },
  { "H32", "a child takes the parent's lines", h32 },
  { "H33", "a stopped child is seen and goes on", h33 },
  { "H34", "a queue can be filled and drained", h34 },
  { "H35", "the journal can be absent, or ours", h35 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
