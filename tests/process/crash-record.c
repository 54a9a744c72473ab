/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group C: what the record of a crash tells, and what it does not. */
#include "crash-common.h"

/* Whatever the build: assert() is what is tested. */
#undef NDEBUG
#include <assert.h>
#include <ps-ids.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  Inbox *journal;
  Inbox *manager;
  void (*crash) (PsWatcher *watcher);
} Setup;

static int
recording_child (gconstpointer data)
{
  const Setup *setup = data;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = NULL;

  if (!child_own_run (inbox_path (setup->journal)))
    {
      child_say (NO_NAMESPACE);
      return 0;
    }
  child_say ("namespace");
  g_setenv ("NOTIFY_SOCKET", inbox_path (setup->manager), TRUE);
  g_setenv ("INVOCATION_ID", "0123456789abcdef0123456789abcdef", TRUE);
  g_setenv ("SECRET", "xyzzy-secret", TRUE);
  child_start_thread ();
  watcher = ps_glib_attach (loop);
  ps_watcher_report_crashes (watcher);
  setup->crash (watcher);
  return ps_watcher_run (watcher);
}

/* Has the child crash, and takes the record of it; NULL where that cannot be had. */
static Inbox *
take_record (void (*crash) (PsWatcher *watcher), int signum)
{
  Setup setup = { inbox_new (), inbox_new (), crash };
  Proc *child = proc_start (recording_child, &setup);

  if (!got_namespace (child))
    return NULL;
  proc_expect_signal (child, signum);
  inbox_expect_line (setup.journal, "MESSAGE_ID=" PS_MESSAGE_RUN_BEGUN);
  inbox_expect_line (setup.journal, "MESSAGE_ID=" PS_MESSAGE_CRASHED);
  return setup.journal;
}

static void
expect_field (Inbox *journal, const char *name, const char *wanted)
{
  g_autofree char *value = inbox_field (journal, name);

  if (!tap_failed () && g_strcmp0 (value, wanted) != 0)
    tap_fail (G_STRLOC, "%s is \"%s\", not \"%s\"", name, value, wanted);
}

/* --- C14 ------------------------------------------------------------------------------------- */

static void
crash_poorly (PsWatcher *watcher)
{
  static const struct rlimit none = { 0, 0 }, few = { 3, 3 };

  wait_until_others_sleep ();
  child_need (setrlimit (RLIMIT_NOFILE, &few) == 0 && setrlimit (RLIMIT_FSIZE, &none) == 0);
#if !defined(__SANITIZE_ADDRESS__)
  /* The sanitizer takes memory all the time. */
  child_need (setrlimit (RLIMIT_AS, &none) == 0);
#endif
  crash_by_fault (SIGSEGV);
}

static void
check_texts (Inbox *journal)
{
  g_autofree char *message = record_text (journal, "MESSAGE");
  g_autofree char *backtrace = record_text (journal, "PS_BACKTRACE");
  g_autoptr (GRegex) frame = g_regex_new (
      "^#\\d+ 0x[0-9a-f]{16}( /\\S+\\+0x[0-9a-f]+( \\[[0-9a-f]{40}\\])?)?$", 0, 0, NULL);
  g_auto (GStrv) lines = NULL;
  guint n;

  tap_check (message != NULL && backtrace != NULL);
  if (tap_failed ())
    return;
  tap_check (g_str_has_prefix (message, "Crashed: SIGSEGV (SEGV_MAPERR: address not mapped) at"));
  lines = g_strsplit (backtrace, "\n", -1);
  n = g_strv_length (lines);
  tap_check_int (n, >=, 6);
  for (guint i = 0; i + 1 < n && !tap_failed (); i++)
    if (!g_regex_match (frame, lines[i], 0, NULL) || strstr (message, lines[i]) == NULL)
      tap_fail (G_STRLOC, "a line of the backtrace is \"%s\"", lines[i]);
  tap_check (strstr (lines[0], "/process-crash-record+0x") != NULL);
}

static void
c14 (void)
{
  Inbox *journal = take_record (crash_poorly, SIGSEGV);
  const guint8 *bytes;
  gsize length;

  if (journal == NULL)
    return;
  expect_field (journal, "PRIORITY", "2");
  expect_field (journal, "PS_CAUSE", "crash");
  expect_field (journal, "PS_SIGNAL", "SIGSEGV");
  expect_field (journal, "PS_REASON", "SEGV_MAPERR: address not mapped");
  expect_field (journal, "PS_ORIGIN", "fault");
  expect_field (journal, "PS_ADDRESS", "0x1230");
  expect_field (journal, "PS_THREAD_NAME", "process-crash-r");
  expect_field (journal, "PS_PROGRAM", "process-crash-record");
  expect_field (journal, "SYSLOG_IDENTIFIER", "process-crash-record");
  expect_field (journal, "PS_INVOCATION_ID", "0123456789abcdef0123456789abcdef");
  expect_field (journal, "PS_STEPS_SKIPPED", "0");
  expect_field (journal, "PS_SENDER_PID", NULL);
  expect_field (journal, "PS_STEP", NULL);
  expect_field (journal, "PS_ABORT_MESSAGE", NULL);
  expect_field (journal, "PS_NESTED_CRASH", NULL);
  check_texts (journal);
  bytes = inbox_bytes (journal, &length);
  tap_check (memmem (bytes, length, "xyzzy", 5) == NULL);
  inbox_expect_empty (journal);
}

static void
crash_again (const PsCrash *crash, void *unused)
{
  crash_by_fault (SIGFPE);
}

static void
crash_in_callback (PsWatcher *watcher)
{
  ps_watcher_on_crash (watcher, crash_again, NULL);
  crash_by_raise (SIGABRT);
}

static void
c14_nested (void)
{
  Inbox *journal;

  if (left_out_for_handlers ())
    return;
  journal = take_record (crash_in_callback, SIGABRT);
  if (journal == NULL)
    return;
  expect_field (journal, "PS_ORIGIN", "raised");
  expect_field (journal, "PS_NESTED_CRASH", NULL);
  inbox_expect_line (journal, "MESSAGE_ID=" PS_MESSAGE_CRASH_CUT);
  expect_field (journal, "PS_STEP", "crash_again");
  expect_field (journal, "PS_REASON", "it crashed, too");
  inbox_expect_empty (journal);
}

/* --- Assertions ------------------------------------------------------------------------------ */

static void
fail_assertion (PsWatcher *watcher)
{
  __assert_fail ("x > 0", "file.c", 12, "function");
}

static void
fail_g_assertion (PsWatcher *watcher)
{
  g_assertion_message_expr ("domain", "file.c", 12, "function", "x > 0");
}

static void
smash_stack (PsWatcher *watcher)
{
  extern void __stack_chk_fail (void) G_GNUC_NORETURN;

  __stack_chk_fail ();
}

static void
call_g_error (PsWatcher *watcher)
{
  g_log_set_writer_func (ps_log_writer, NULL, NULL);
  g_warning ("a warning before");
  g_error ("no %s", "way");
}

static void
call_structured_error (PsWatcher *watcher)
{
  g_log_set_writer_func (ps_log_writer, NULL, NULL);
  g_log_structured ("domain", G_LOG_LEVEL_ERROR, "MESSAGE", "no %s", "way");
}

static void
call_fatal_warning (PsWatcher *watcher)
{
  g_log_set_writer_func (ps_log_writer, NULL, NULL);
  g_log_set_always_fatal (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_ERROR);
  g_warning ("no %s", "way");
}

static gpointer
warn (gpointer unused)
{
  g_warning ("of another thread");
  return NULL;
}

static void
warn_elsewhere (PsWatcher *watcher)
{
  g_log_set_writer_func (ps_log_writer, NULL, NULL);
  in_culprit (warn, NULL);
  crash_by_fault (SIGTRAP);
}

/* How g_error() ends depends on GLib's version. */
static int
signal_of_g_error (void)
{
  int status = 0;
  pid_t pid = fork ();

  if (pid == 0)
    {
      const struct rlimit none = { 0, 0 };

      setrlimit (RLIMIT_CORE, &none);
      close (STDERR_FILENO);
      g_error ("which signal is it?");
    }
  waitpid (pid, &status, 0);
  return WTERMSIG (status);
}

static void
x12 (void)
{
  int g_error_signal = signal_of_g_error ();
  const struct
  {
    void (*crash) (PsWatcher *watcher);
    int signum;
    const char *message;
  } rows[] = {
    { fail_assertion, SIGABRT,
      "process-crash-record: file.c:12: function: Assertion `x > 0' failed." },
    { fail_g_assertion, SIGABRT, "domain:ERROR:file.c:12:function: assertion failed: (x > 0)" },
    { smash_stack, SIGABRT, "*** stack smashing detected ***: terminated" },
    { call_g_error, g_error_signal, "no way" },
    { call_structured_error, g_error_signal, "no way" },
    { call_fatal_warning, g_error_signal, "no way" },
    { warn_elsewhere, SIGTRAP, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows) && !tap_failed (); i++)
    {
      Inbox *journal = take_record (rows[i].crash, rows[i].signum);

      if (journal == NULL)
        return;
      expect_field (journal, "PS_ABORT_MESSAGE", rows[i].message);
    }
}

/* --- The backtrace --------------------------------------------------------------------------- */

static void __attribute__ ((noinline)) inner_function (void)
{
  crash_by_fault (SIGSEGV);
  child_say ("not reached");
}

/* The call is the last instruction: the address it would return to is that of another function. */
static void __attribute__ ((noinline, noreturn)) middle_function (void)
{
  inner_function ();
  __builtin_unreachable ();
}

static void __attribute__ ((noinline)) outer_function (PsWatcher *watcher)
{
  middle_function ();
}

/* "/path/of/module+0x123" in a line to the name of the function. */
static char *
function_at (const char *line)
{
  const char *path = strchr (line, '/'), *plus = path != NULL ? strrchr (line, '+') : NULL;
  g_autofree char *module = plus != NULL ? g_strndup (path, (gsize) (plus - path)) : NULL;
  g_autofree char *offset = plus != NULL ? g_strndup (plus + 1, strcspn (plus + 1, " ")) : NULL;
  char *argv[] = { (char *) "addr2line", (char *) "-fe", module, offset, NULL };
  char *output = NULL;

  if (plus == NULL
      || !g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL, NULL,
                        NULL))
    return g_strdup ("nothing");
  output[strcspn (output, "\n")] = '\0';
  return output;
}

static void
check_functions (const char *backtrace)
{
  static const char *const functions[] = { "crash_by_fault", "inner_function", "middle_function",
                                           "outer_function" };
  g_auto (GStrv) lines = g_strsplit (backtrace, "\n", -1);

  tap_check_int (g_strv_length (lines), >, G_N_ELEMENTS (functions));
  for (guint i = 0; i < G_N_ELEMENTS (functions) && !tap_failed (); i++)
    {
      g_autofree char *function = function_at (lines[i]);

      if (!g_str_equal (function, functions[i]))
        tap_fail (G_STRLOC, "\"%s\" is %s, not %s", lines[i], function, functions[i]);
    }
}

static void
c01_backtrace (void)
{
  g_autofree char *addr2line = g_find_program_in_path ("addr2line");
  g_autofree char *backtrace = NULL;
  Inbox *journal;

  if (addr2line == NULL)
    {
      tap_skip ("addr2line is not installed");
      return;
    }
  journal = take_record (outer_function, SIGSEGV);
  if (journal == NULL)
    return;
  backtrace = record_text (journal, "PS_BACKTRACE");
  if (backtrace == NULL)
    tap_fail (G_STRLOC, "there is no backtrace");
  else
    check_functions (backtrace);
}

static const TapCase cases[] = {
  { "C01f", "addr2line finds the functions of the backtrace", c01_backtrace },
  { "C14", "the fields of the record, with nothing left to open or to allocate", c14 },
  { "C14b", "a crash callback that crashes has a record of its own", c14_nested },
  { "X12", "the words of a failed assertion and of g_error()", x12 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
