/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record of each run, and what the next one finds there: every verdict by a real life and a
 * real death, in a directory that the lives of a case share. */
#include "common.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* The one record in it. To be freed. */
static char *
find_record (const char *directory)
{
  char *path = find_file (directory, ".run");

  if (path == NULL)
    tap_fail (G_STRLOC, "no record in %s", directory);
  return path != NULL ? path : g_strdup ("");
}

static char *
read_record (const char *directory)
{
  g_autofree char *path = find_record (directory);
  char *text = NULL;

  tap_check (g_file_get_contents (path, &text, NULL, NULL));
  return text != NULL ? text : g_strdup ("");
}

/* In place: the file stays the one that it is. */
static void
write_record (const char *directory, const char *text)
{
  g_autofree char *path = find_record (directory);
  int fd = open (path, O_WRONLY | O_TRUNC | O_CLOEXEC);

  tap_check (fd >= 0 && write (fd, text, strlen (text)) == (ssize_t) strlen (text));
  close (fd);
}

/* Replaces the value of a key in the lines with this verb, whose checksums are made right again. */
static void
forge (const char *directory, const char *verb, const char *key, const char *value)
{
  g_autofree char *text = read_record (directory);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autofree char *from = g_strdup_printf (" %s=[^ ]*", key);
  g_autofree char *to = g_strdup_printf (" %s=%s", key, value);
  g_autoptr (GRegex) regex = g_regex_new (from, 0, 0, NULL);
  g_autofree char *forged = NULL;

  for (char **line = lines; *line != NULL; line++)
    if (strlen (*line) > 9 && g_str_has_prefix (*line + 9, verb))
      {
        g_autofree char *body = g_regex_replace_literal (regex, *line + 9, -1, 0, to, 0, NULL);

        g_free (*line);
        *line = g_strdup_printf ("%08x %s", line_checksum (body), body);
      }
  forged = g_strjoinv ("\n", lines);
  write_record (directory, forged);
}

/* --- Lives ----------------------------------------------------------------------------------- */

static void
say_verdict_record (int priority, const char *message, const GLogField *fields, gsize n_fields,
                    gpointer unused)
{
  const char *verdict = record_field (fields, n_fields, "PS_VERDICT");

  if (verdict != NULL)
    child_sayf ("logged %s, priority %d", verdict, priority);
}

static void
say_sender (const PsRun *run)
{
  const PsSender *sender = ps_run_get_sender (run);

  if (sender != NULL && sender->pid == getppid ())
    child_say ("sent by the parent");
}

static void
say_previous (const PsRun *run)
{
  const char *step;

  if (run == NULL)
    {
      child_say ("previous: none");
      return;
    }
  step = ps_run_get_step (run);
  child_sayf ("previous: %s signal %d code %d status %d step %s",
              ps_verdict_to_string (ps_run_get_verdict (run)), ps_run_get_signal (run),
              ps_run_get_exit_code (run), ps_run_get_status (run), step != NULL ? step : "none");
  child_need (ps_run_get_lived_us (run) >= 0);
  child_need (ps_run_get_lived_us (run) < (gint64) 3600 * G_USEC_PER_SEC);
}

static void
open_record (PsWatcher *watcher, const char *directory)
{
  g_autoptr (GError) error = NULL;

  ps_watcher_set_log_func (watcher, say_verdict_record, NULL, NULL);
  if (ps_watcher_open_record (watcher, directory, PS_RECORD_DEFAULT, &error))
    say_previous (ps_watcher_get_previous_run (watcher));
  else
    child_sayf ("refused %d: %s", error->code, error->message);
}

static PsWatcher *
watch_recorded (gconstpointer directory)
{
  PsWatcher *watcher = watch_all ();

  open_record (watcher, directory);
  return watcher;
}

static int
plain_child (gconstpointer directory)
{
  return run (watch_recorded (directory));
}

/* Only looks. */
static int
looking_child (gconstpointer directory)
{
  PsWatcher *watcher = watch_recorded (directory);

  say_sender (ps_watcher_get_previous_run (watcher));
  quit_soon (watcher, 0);
  return run_quietly (watcher);
}

#define expect_next_life(directory, ...)                                                           \
  G_STMT_START                                                                                     \
  {                                                                                                \
    Proc *next_ = proc_start (looking_child, (directory));                                         \
                                                                                                   \
    proc_expect_lines (next_, __VA_ARGS__);                                                        \
    proc_expect_lines (next_, "quit: q", "finish: f");                                             \
    proc_expect_exit (next_, 0);                                                                   \
  }                                                                                                \
  G_STMT_END

static Proc *
start_first (ProcMain child_main, const char *directory)
{
  Proc *child = proc_start (child_main, directory);

  proc_expect (child, "previous: none");
  return child;
}

/* --- V01: ends of its own -------------------------------------------------------------------- */

static void
v01 (void)
{
  const char *directory = new_directory ();
  g_autofree char *path = NULL;
  struct stat st;

  expect_next_life (directory, "previous: none");
  expect_next_life (directory, "previous: clean signal 0 code 0 status 0 step none");
  path = find_record (directory);
  tap_check (stat (path, &st) == 0);
  tap_check_int (st.st_mode & 07777, ==, 0600);
}

static int
quit_child (gconstpointer directory)
{
  PsWatcher *watcher = watch_recorded (directory);

  quit_soon (watcher, 3);
  return run_quietly (watcher);
}

static int
exit_child (gconstpointer directory)
{
  watch_recorded (directory);
  exit (4);
}

/* main() returns something else than it was told to. */
static int
stubborn_child (gconstpointer directory)
{
  PsWatcher *watcher = watch_recorded (directory);

  quit_soon (watcher, 0);
  child_forgive_leaks ();
  ps_watcher_run (watcher);
  return 5;
}

static void
v01_quit (void)
{
  const char *directory = new_directory ();
  Proc *child = start_first (quit_child, directory);

  proc_expect_lines (child, "quit: q", "finish: f");
  proc_expect_exit (child, 3);
  child = proc_start (exit_child, directory);
  proc_expect_lines (child, "logged quit, priority 4",
                     "previous: quit signal 0 code 3 status 3 step none", "quit: q", "finish: f");
  proc_expect_exit (child, 4);
  child = proc_start (stubborn_child, directory);
  proc_expect_lines (child, "logged quit, priority 4",
                     "previous: quit signal 0 code 4 status 4 step none", "quit: q", "finish: f");
  proc_expect_exit (child, 5);
  expect_next_life (directory, "logged quit, priority 4",
                    "previous: quit signal 0 code 5 status 5 step none");
}

static void
v01_terminated (void)
{
  const char *directory = new_directory ();
  Proc *child = start_first (plain_child, directory);

  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
  expect_next_life (directory, "logged terminated, priority 6",
                    "previous: terminated signal 15 code -1 status 143 step none",
                    "sent by the parent");
}

/* --- V02: a crash ---------------------------------------------------------------------------- */

static int
crashing_child (gconstpointer directory)
{
  PsWatcher *watcher = watch_recorded (directory);

  ps_watcher_report_crashes (watcher);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, "culprit", -10, 0, raise_it,
                  GINT_TO_POINTER (SIGSEGV), NULL);
  return run (watcher);
}

static void
v02 (void)
{
  const char *directory = new_directory ();
  Proc *child = start_first (crashing_child, directory);

  proc_expect (child, "ready");
  proc_kill (child, SIGBUS);
  proc_expect_signal (child, SIGBUS);
  child = proc_start (crashing_child, directory);
  proc_expect_lines (child, "logged crashed, priority 4",
                     "previous: crashed signal 7 code -1 status -1 step none", "ready");
  proc_kill (child, SIGTERM);
  proc_expect_signal (child, SIGSEGV);
  expect_next_life (directory, "logged crashed, priority 4",
                    "previous: crashed signal 11 code -1 status -1 step culprit",
                    "sent by the parent");
}

/* --- V03: SIGKILL ---------------------------------------------------------------------------- */

static void
wait_here (PsContext *context, gpointer unused)
{
  child_say ("here");
  for (;;)
    sleep (1000);
}

static int
hanging_child (gconstpointer directory)
{
  PsWatcher *watcher = watch_recorded (directory);

  ps_watcher_set_deadline (watcher, 0);
  ps_watcher_on_terminate (watcher, wait_here, NULL);
  return run (watcher);
}

static void
v03 (void)
{
  const char *directory = new_directory ();
  Proc *child = start_first (plain_child, directory);

  proc_expect (child, "ready");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  child = proc_start (hanging_child, directory);
  proc_expect_lines (child, "logged killed, priority 4",
                     "previous: killed signal 0 code -1 status -1 step none", "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "here");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  expect_next_life (directory, "logged killed, priority 4",
                    "previous: killed signal 0 code -1 status -1 step none", "sent by the parent");
}

/* --- V04: a forced end ----------------------------------------------------------------------- */

static int
stuck_child (gconstpointer directory)
{
  PsWatcher *watcher = watch_recorded (directory);

  ps_watcher_set_deadline (watcher, FORCED_MS);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, "flush queue", 0, 0, wait_here, NULL, NULL);
  return run (watcher);
}

static void
v04 (void)
{
  const char *directory = new_directory ();

  expect_stop (start_first (stuck_child, directory), SIGTERM, 143, "here");
  expect_next_life (directory, "logged forced, priority 4",
                    "previous: forced signal 15 code -1 status 143 step flush queue",
                    "sent by the parent");
}

/* --- V05: another boot ----------------------------------------------------------------------- */

typedef struct
{
  const char *directory;
  const char *boot_id; /* a file */
} Boot;

static int
rebooted_child (gconstpointer data)
{
  const Boot *boot = data;

  if (!child_own_run (NULL) || mount (boot->boot_id, BOOT_ID, NULL, MS_BIND, NULL) < 0)
    {
      child_say (NO_NAMESPACE);
      return 0;
    }
  child_say ("namespace");
  return looking_child (boot->directory);
}

static void
expect_after_reboot (const char *directory, const char *const *lines)
{
  g_autofree char *boot_id = g_build_filename (directory, "boot_id", NULL);
  Proc *child;

  tap_check (g_file_set_contents (boot_id, "6d0a2d7e-6ae8-4c6e-8a51-7f2b19b3c5d4\n", -1, NULL));
  child = proc_start (rebooted_child, &(Boot){ directory, boot_id });
  if (!got_namespace (child))
    return;
  for (; *lines != NULL; lines++)
    proc_expect (child, *lines);
  proc_expect_lines (child, "quit: q", "finish: f");
  proc_expect_exit (child, 0);
}

static void
v05 (void)
{
  const char *directory = new_directory ();
  Proc *child = start_first (plain_child, directory);

  proc_expect (child, "ready");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  expect_after_reboot (
      directory,
      (const char *const[]){ "logged power-loss, priority 4",
                             "previous: power-loss signal 0 code -1 status -1 step none", NULL });
}

static void
v05_orderly (void)
{
  const char *directory = new_directory ();

  expect_next_life (directory, "previous: none");
  expect_after_reboot (directory, (const char *const[]){
                                      "previous: clean signal 0 code 0 status 0 step none", NULL });
}

/* --- What must not deceive ------------------------------------------------------------------- */

static void
kill_first (const char *directory)
{
  Proc *child = start_first (plain_child, directory);

  proc_expect (child, "ready");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
}

/* When this process began. */
static char *
own_start (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) fields = NULL;

  tap_check (g_file_get_contents ("/proc/self/stat", &text, NULL, NULL));
  fields = g_strsplit (strrchr (text, ')'), " ", -1);
  return g_strdup (fields[20]);
}

/* Its number is another process's now: that of this one. */
static void
w15 (void)
{
  const char *directory = new_directory ();
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ()), *start = own_start ();
  g_autofree char *refused = NULL;
  Proc *child;

  kill_first (directory);
  forge (directory, "begin", "pid", pid);
  expect_next_life (directory, "logged killed, priority 4",
                    "previous: killed signal 0 code -1 status -1 step none");

  /* The same with a process that is it, whose lock is lost. */
  directory = new_directory ();
  kill_first (directory);
  forge (directory, "begin", "pid", pid);
  forge (directory, "begin", "start", start);
  child = proc_start (looking_child, directory);
  refused = g_strdup_printf ("belongs to process %s, which lives", pid);
  tap_check (strstr (proc_next (child), refused) != NULL);
  proc_expect_lines (child, "quit: q", "finish: f");
  proc_expect_exit (child, 0);
}

static int
killing_child (gconstpointer directory)
{
  PsWatcher *watcher = watch_all ();

  open_record (watcher, directory);
  raise (SIGKILL);
  return 0;
}

/* systemd asks before it reaps. */
static int
zombie_child (gconstpointer directory)
{
  siginfo_t info;
  pid_t pid = fork ();

  if (pid == 0)
    exit (killing_child (directory));
  child_need (waitid (P_PID, (id_t) pid, &info, WEXITED | WNOWAIT) == 0);
  child_say ("not reaped");
  child_await ("reap");
  child_need (waitpid (pid, NULL, 0) == pid);
  return 0;
}

static void
w15_zombie (void)
{
  const char *directory = new_directory ();
  Proc *child = start_first (zombie_child, directory);

  proc_expect (child, "not reaped");
  expect_next_life (directory, "logged killed, priority 4",
                    "previous: killed signal 0 code -1 status -1 step none");
  proc_tell (child, "reap");
  proc_expect_exit (child, 0);
}

static void
v06_copy (void)
{
  const char *directory = new_directory (), *other = new_directory ();
  g_autofree char *from = NULL, *name = NULL, *to = NULL, *text = NULL;

  kill_first (directory);
  from = find_record (directory);
  name = g_path_get_basename (from);
  to = g_build_filename (other, name, NULL);
  text = read_record (directory);
  tap_check (g_file_set_contents_full (to, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  expect_next_life (other, "logged unknown, priority 4",
                    "previous: unknown signal 0 code -1 status -1 step none");
  expect_next_life (directory, "logged killed, priority 4",
                    "previous: killed signal 0 code -1 status -1 step none");
}

static void
v06_machine (void)
{
  const char *directory = new_directory ();

  kill_first (directory);
  forge (directory, "begin", "machine", "00112233445566778899aabbccddeeff");
  expect_next_life (directory, "logged unknown, priority 4",
                    "previous: unknown signal 0 code -1 status -1 step none");
}

/* The clock was a year ahead when it began, and was set right. */
static void
w18 (void)
{
  const char *directory = new_directory ();
  g_autofree char *future = g_strdup_printf (
      "%" G_GINT64_FORMAT, g_get_real_time () + (gint64) 365 * 24 * 3600 * G_USEC_PER_SEC);

  kill_first (directory);
  forge (directory, "begin", "time", future);
  expect_next_life (directory, "logged killed, priority 4",
                    "previous: killed signal 0 code -1 status -1 step none");
}

/* A second instance is refused, and changes nothing of the first. */
static void
w13 (void)
{
  const char *directory = new_directory ();
  Proc *first = start_first (plain_child, directory), *second;
  g_autofree char *before = NULL, *after = NULL, *refused = NULL;

  proc_expect (first, "ready");
  before = read_record (directory);
  second = proc_start (looking_child, directory);
  refused = g_strdup_printf (" belongs to process %d, which lives: ", (int) proc_pid (first));
  tap_check (strstr (proc_next (second), refused) != NULL);
  proc_expect_lines (second, "quit: q", "finish: f");
  proc_expect_exit (second, 0);
  after = read_record (directory);
  tap_check (g_str_equal (before, after));
  proc_kill (first, SIGTERM);
  proc_expect_lines (first, "terminate: t", "finish: f");
  proc_expect_exit (first, 143);
  expect_next_life (directory, "logged terminated, priority 6",
                    "previous: terminated signal 15 code -1 status 143 step none",
                    "sent by the parent");
}

/* --- V07: forks ------------------------------------------------------------------------------ */

static void
fork_and_exit (PsContext *context, gpointer unused)
{
  child_fork_and_exit ();
}

static int
forking_child (gconstpointer directory)
{
  PsWatcher *watcher = watch_recorded (directory);

  child_forgive_leaks ();
  ps_watcher_on_reload (watcher, fork_and_exit, NULL);
  return run (watcher);
}

static guint
count (const char *text, const char *part)
{
  guint n = 0;

  while ((text = strstr (text, part)) != NULL)
    {
      text += strlen (part);
      n++;
    }
  return n;
}

static void
v07 (void)
{
  const char *directory = new_directory ();
  Proc *child = start_first (forking_child, directory);
  g_autofree char *text = NULL;

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect (child, "exit status 0");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
  text = read_record (directory);
  tap_note ("the record", text);
  tap_check_int (count (text, " end life="), ==, 1);
  tap_check_int (count (text, " cause life="), ==, 1);
  tap_check_int (count (text, " now=reloading "), ==, 1);
}

static int
daemonizing_child (gconstpointer directory)
{
  PsWatcher *watcher = watch_all ();
  pid_t pid;

  child_forgive_leaks ();
  open_record (watcher, directory);
  pid = fork ();
  if (pid == 0)
    {
      child_need (ps_watcher_reattach (watcher, NULL));
      child_sayf ("daemon %d", (int) getpid ());
      say_ready_soon ();
      return ps_watcher_run (watcher);
    }
  waitpid (pid, NULL, 0);
  child_say ("daemon has ended");
  _exit (0);
}

static void
v07_reattached (void)
{
  const char *directory = new_directory ();
  g_autofree char *refused = NULL, *text = NULL;
  Proc *child, *second;
  pid_t pid;

  if (tap_loses_signals ())
    {
      tap_skip ("ThreadSanitizer delivers no signals in a forked child");
      return;
    }
  child = start_first (daemonizing_child, directory);
  pid = (pid_t) g_ascii_strtoll (proc_next (child) + strlen ("daemon "), NULL, 10);
  proc_expect (child, "ready");
  second = proc_start (looking_child, directory);
  refused = g_strdup_printf (" belongs to process %d, which lives: ", (int) proc_pid (child));
  tap_check (strstr (proc_next (second), refused) != NULL);
  proc_expect_lines (second, "quit: q", "finish: f");
  proc_expect_exit (second, 0);
  if (!tap_failed ())
    kill (pid, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f", "daemon has ended");
  proc_expect_exit (child, 0);
  text = read_record (directory);
  tap_check_int (count (text, " carried life="), ==, 1);
  expect_next_life (directory, "logged terminated, priority 6",
                    "previous: terminated signal 15 code -1 status 143 step none",
                    "sent by the parent");
}

/* --- The file -------------------------------------------------------------------------------- */

static void
w19 (void)
{
  const char *directory = new_directory ();
  g_autofree char *future =
      g_strdup_printf ("%08x postscriptum-run 2\n", line_checksum ("postscriptum-run 2"));
  g_autofree char *text = NULL;
  Proc *child;

  expect_next_life (directory, "previous: none");
  write_record (directory, future);
  child = proc_start (looking_child, directory);
  tap_check (strstr (proc_next (child), "is no run record that this version") != NULL);
  proc_expect_lines (child, "quit: q", "finish: f");
  proc_expect_exit (child, 0);
  text = read_record (directory);
  tap_check (g_str_equal (text, future));
}

/* A line that a later version wrote is passed over; a torn one may have been the last word. */
static void
v08 (void)
{
  const char *directory = new_directory ();
  g_autofree char *text = NULL, *more = NULL, *torn = NULL;

  kill_first (directory);
  text = read_record (directory);
  more = g_strdup_printf ("%s%08x omen bad\n", text, line_checksum ("omen bad"));
  write_record (directory, more);
  expect_next_life (directory, "logged killed, priority 4",
                    "previous: killed signal 0 code -1 status -1 step none");
  torn = g_strconcat (text, "0123abcd end li", NULL);
  write_record (directory, torn);
  expect_next_life (directory, "logged unknown, priority 4",
                    "previous: unknown signal 0 code -1 status -1 step none");
  expect_next_life (directory, "previous: clean signal 0 code 0 status 0 step none");
}

/* Old lives are forgotten, the last ones are not. */
static void
v09 (void)
{
  const char *directory = new_directory ();
  g_autofree char *text = NULL, *after = NULL;
  g_autoptr (GString) large = NULL;
  const char *begin;

  kill_first (directory);
  text = read_record (directory);
  begin = strchr (text, '\n') + 1;
  large = g_string_new (NULL);
  g_string_append_len (large, text, begin - text);
  while (large->len < 100 * 1024)
    g_string_append (large, begin);
  write_record (directory, large->str);
  expect_next_life (directory, "logged killed, priority 4",
                    "previous: killed signal 0 code -1 status -1 step none");
  after = read_record (directory);
  tap_check_int (strlen (after), <, 40 * 1024);
  tap_check_int (count (after, " begin id="), >=, 32);
  tap_check (g_str_has_prefix (after + 9, "postscriptum-run 1\n"));
  expect_next_life (directory, "previous: clean signal 0 code 0 status 0 step none");
}

/* Nothing is written while nothing happens, and a daemon that reloads for ever fills no disk. */
static int
reloading_child (gconstpointer directory)
{
  PsWatcher *watcher = watch_recorded (directory);

  ps_watcher_on_reload (watcher, say, (gpointer) "r");
  return run (watcher);
}

static void
v10 (void)
{
  const char *directory = new_directory ();
  Proc *child = start_first (reloading_child, directory);
  g_autofree char *text = NULL;

  proc_expect (child, "ready");
  for (guint i = 0; i < 100 && !tap_failed (); i++)
    {
      proc_kill (child, SIGHUP);
      proc_expect (child, "reload: r");
    }
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
  text = read_record (directory);
  tap_check_int (count (text, " state life="), <=, 64 + 2);
  tap_check_int (count (text, " now=finishing "), ==, 1);
}

/* --- V11: where it is ------------------------------------------------------------------------ */

static int
by_environment_child (gconstpointer directories)
{
  g_setenv ("STATE_DIRECTORY", directories, TRUE);
  g_setenv ("RUNTIME_DIRECTORY", "/nowhere", TRUE);
  return looking_child (NULL);
}

static void
v11 (void)
{
  const char *directory = new_directory ();
  g_autofree char *several = g_strconcat (directory, ":/nowhere", NULL);
  g_autofree char *path = NULL;
  Proc *child = start_first (by_environment_child, several);

  proc_expect_lines (child, "quit: q", "finish: f");
  proc_expect_exit (child, 0);
  path = find_record (directory);
}

static int
nowhere_child (gconstpointer unused)
{
  g_unsetenv ("STATE_DIRECTORY");
  g_unsetenv ("RUNTIME_DIRECTORY");
  return looking_child (NULL);
}

static void
expect_refused (ProcMain child_main, const char *directory, const char *why)
{
  Proc *child = proc_start (child_main, directory);
  const char *line = proc_next (child);

  tap_note ("refused", line);
  tap_check (g_str_has_prefix (line, "refused 0: ") && strstr (line, why) != NULL);
  proc_expect_lines (child, "quit: q", "finish: f");
  proc_expect_exit (child, 0);
}

static void
v11_refused (void)
{
  const char *directory = new_directory ();
  g_autofree char *path = NULL;

  expect_refused (nowhere_child, NULL, "set StateDirectory= ");
  expect_refused (looking_child, "/nowhere", "No such file or directory");
  expect_next_life (directory, "previous: none");
  path = find_record (directory);
  tap_check (chmod (path, 0644) == 0);
  expect_refused (looking_child, directory, "its mode is not 0600");
  tap_check (unlink (path) == 0 && symlink ("elsewhere", path) == 0);
  expect_refused (looking_child, directory, "it is a symbolic link");
}

/* --- V12: the end of the watch --------------------------------------------------------------- */

static int
detaching_child (gconstpointer directory)
{
  PsWatcher *watcher = watch_recorded (directory);

  unwatch (watcher);
  return 0;
}

static int
twice_child (gconstpointer directory)
{
  PsWatcher *watcher = watch_recorded (directory);

  open_record (watcher, directory); /* once is enough */
  quit_soon (watcher, 0);
  return run_quietly (watcher);
}

static void
v12 (void)
{
  const char *directory = new_directory ();
  Proc *child = start_first (detaching_child, directory);

  proc_expect_exit (child, 0);
  child = proc_start (twice_child, directory);
  proc_expect_lines (
      child, "logged unknown, priority 4", "previous: unknown signal 0 code -1 status -1 step none",
      "previous: unknown signal 0 code -1 status -1 step none", "quit: q", "finish: f");
  proc_expect_exit (child, 0);
}

/* --- V13: a full disk ------------------------------------------------------------------------- */

static void
fill_up (const char *path)
{
  static const char bytes[1024];
  int fd = open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  gsize size = sizeof bytes;

  child_need (fd >= 0);
  while (size > 0)
    if (write (fd, bytes, size) <= 0)
      size /= 2;
  close (fd);
}

static int
filling_child (gconstpointer directory)
{
  g_autofree char *filler = g_build_filename (directory, "filler", NULL);
  PsWatcher *watcher = watch_recorded (directory);

  fill_up (filler);
  quit_soon (watcher, 3);
  return run_quietly (watcher);
}

static void
in_child (ProcMain child_main, const char *directory)
{
  pid_t pid = fork ();

  if (pid == 0)
    exit (child_main (directory));
  child_need (waitpid (pid, NULL, 0) == pid);
}

/* The next life begins in the last page that the file has, and ends in one that it has not yet. */
static void
pad_record (const char *directory)
{
  g_autofree char *text = read_record (directory);
  g_autofree char *xs = g_strnfill (4096 - 650 - strlen (text), 'x');
  g_autofree char *body = g_strconcat ("pad ", xs, NULL);
  g_autofree char *padded = g_strdup_printf ("%s%08x %s\n", text, line_checksum (body), body);

  write_record (directory, padded);
}

static int
full_disk_child (gconstpointer directory)
{
  g_autofree char *filler = g_build_filename (directory, "filler", NULL);

  if (!child_own_run (NULL) || mount ("tmpfs", directory, "tmpfs", 0, "mode=0700,size=256k") < 0)
    {
      child_say (NO_NAMESPACE);
      return 0;
    }
  child_say ("namespace");
  in_child (looking_child, directory);
  pad_record (directory);
  in_child (filling_child, directory);
  child_need (unlink (filler) == 0);
  return looking_child (directory);
}

static void
v13 (void)
{
  const char *directory = new_directory ();
  Proc *child = proc_start (full_disk_child, directory);

  if (!got_namespace (child))
    return;
  proc_expect_lines (child, "previous: none", "quit: q", "finish: f",
                     "previous: clean signal 0 code 0 status 0 step none", "quit: q", "finish: f",
                     "logged quit, priority 4", "previous: quit signal 0 code 3 status 3 step none",
                     "quit: q", "finish: f");
  proc_expect_exit (child, 0);
}

static const TapCase cases[] = {
  { "V01", "the first life has none before it, the second a clean one", v01 },
  { "V01b", "a code, of quit(), of exit(), of main(), is the one that the process ended with",
    v01_quit },
  { "V01c", "SIGTERM, and who sent it", v01_terminated },
  { "V02", "a crash, while life goes on and in a callback", v02 },
  { "V03", "SIGKILL, while life goes on and during an exit", v03 },
  { "V04", "a forced end names the callback that hung", v04 },
  { "V05", "the machine went down without having stopped it", v05 },
  { "V05b", "the machine went down after an orderly end", v05_orderly },
  { "V06", "a copied directory tells nothing false", v06_copy },
  { "V06b", "a directory from another machine neither", v06_machine },
  { "V07", "a forked child writes nothing", v07 },
  { "V07b", "a child that is the daemon goes on with the record", v07_reattached },
  { "V08", "lines of a later version, and torn ones", v08 },
  { "V09", "a record that has grown keeps its last lives", v09 },
  { "V10", "a hundred reloads leave it small", v10 },
  { "V11", "the first of $STATE_DIRECTORY", v11 },
  { "V11b", "what is not fit is refused, with the cure", v11_refused },
  { "V12", "a watch that was ended; a record that is opened twice", v12 },
  { "V13", "a disk that is full at the end has room for it", v13 },
  { "W13", "a second instance is refused, and touches nothing", w13 },
  { "W15", "a number that another process has now; a process that is it", w15 },
  { "W15b", "a process that is over and was not reaped yet", w15_zombie },
  { "W18", "a clock that was set back by a year", w18 },
  { "W19", "a record of a later version is left alone", w19 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
