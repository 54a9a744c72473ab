/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group J: where records go, and what happens when nobody takes them. */
#include "common.h"

#include <fcntl.h>
#include <poll.h>
#include <ps-ids.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct
{
  Inbox *journal; /* NULL: there is none */
  Inbox *manager; /* NULL: we are no service */
  gboolean no_timers;
  const char *jail; /* NULL: none; a root directory with nothing in it, after attaching */
} Setup;

static void
fail_oddly (PsContext *context, gpointer word)
{
  say (context, word);
  ps_context_fail (context, g_error_new (PS_ERROR, PS_ERROR_INVALID,
                                         "no space\nMESSAGE_ID=0123456789abcdef0123456789abcdef\n"
                                         "MESSAGE=all is well"));
}

static void
enter_jail (const char *root)
{
  child_forgive_leaks (); /* to look for them takes /proc */
  child_need (chroot (root) == 0 && chdir ("/") == 0);
  child_need (setresuid (65534, 65534, 65534) == 0);
  child_need (access ("/run", F_OK) < 0);
}

/* Without watch(), which silences what is looked at here. */
static int
recording_child (gconstpointer data)
{
  const Setup *setup = data;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = NULL;

  if (!child_own_run (setup->journal != NULL ? inbox_path (setup->journal) : NULL))
    {
      child_say (NO_NAMESPACE);
      return 0;
    }
  child_say ("namespace");
  if (setup->manager != NULL)
    g_setenv ("NOTIFY_SOCKET", inbox_path (setup->manager), TRUE);
  child_start_thread ();
  if (setup->no_timers)
    child_need (setrlimit (RLIMIT_SIGPENDING, &(struct rlimit){ 0, 0 }) == 0);
  watcher = ps_glib_attach (loop);
  if (setup->jail != NULL)
    enter_jail (setup->jail);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, "odd\nPS_CAUSE=quit", 0, 0, fail_oddly,
                  (gpointer) "t", NULL);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  say_ready_soon ();
  return ps_watcher_run (watcher);
}

/* --- J01 -------------------------------------------------------------------------------------- */

static void
expect_on_stderr (const Setup *setup)
{
  Proc *child = proc_start (recording_child, setup);

  if (!got_namespace (child))
    return;
  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
  proc_expect_output (child, "SIGTERM");
  proc_expect_output (child, "no space");
  proc_expect_output (child, "143");
}

static void
j01 (void)
{
  Setup service = { .manager = inbox_new () }, plain = { .journal = NULL };

  expect_on_stderr (&plain);
  expect_on_stderr (&service);
}

/* --- J02 -------------------------------------------------------------------------------------- */

static void
expect_to_go_on (Setup setup)
{
  Proc *child;
  gint64 start_us;

  inbox_fill (setup.journal);
  child = proc_start (recording_child, &setup);
  if (!got_namespace (child))
    return;
  proc_expect (child, "ready");
  start_us = g_get_monotonic_time ();
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
  tap_check_int (ms_since (start_us), <, PROMPT_MS * tap_slowness ());
}

static void
j02 (void)
{
  expect_to_go_on ((Setup){ .journal = inbox_new (), .manager = inbox_new () });
}

static void
j02_no_timers (void)
{
  expect_to_go_on ((Setup){ .journal = inbox_new (), .manager = inbox_new (), .no_timers = TRUE });
}

/* The journal is behind, and goes on reading just when a crash has begun to wait for it: poll() is
 * in place of libc's, for this program and the libraries in it. */
static atomic_int reads;
static guint *n_waits;

int
poll (struct pollfd *fds, nfds_t n, int timeout_ms)
{
  if (atomic_load (&reads) && timeout_ms > 0)
    {
      char byte;

      recv (STDIN_FILENO, &byte, 1, MSG_DONTWAIT);
      (*n_waits)++;
    }
  return (int) syscall (SYS_poll, fds, n, timeout_ms);
}

static int
crashing_child (gconstpointer data)
{
  const Setup *setup = data;
  PsWatcher *watcher;

  if (!child_own_run (inbox_path (setup->journal)))
    {
      child_say (NO_NAMESPACE);
      return 0;
    }
  child_say ("namespace");
  g_setenv ("NOTIFY_SOCKET", inbox_path (setup->manager), TRUE);
  watcher = ps_glib_attach (g_main_loop_new (NULL, FALSE));
  ps_watcher_report_crashes (watcher);
  atomic_store (&reads, 1);
  raise (SIGSEGV);
  return 0;
}

/* It waits for 20 ms: a machine that is busy may let them pass before it comes to the waiting. */
static void
j02_crash (void)
{
  Setup setup = { .manager = inbox_new () };
  Proc *child;

  n_waits = mmap (NULL, sizeof *n_waits, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (guint i = 0; i < 20 && *n_waits == 0 && !tap_failed (); i++)
    {
      setup.journal = inbox_new ();
      inbox_fill (setup.journal);
      child = proc_start_with (crashing_child, &setup, inbox_socket (setup.journal));
      if (!got_namespace (child))
        return;
      proc_expect_signal (child, SIGSEGV);
    }
  tap_check (*n_waits > 0);
  inbox_find_line (setup.journal, "MESSAGE_ID=" PS_MESSAGE_CRASHED);
}

/* A pipe that nobody reads, with no room in it. */
static int
full_stderr_child (gconstpointer data)
{
  g_autofree char *filler = g_strnfill (4096, 'x');
  int ends[2];

  child_need (pipe2 (ends, O_NONBLOCK) == 0);
  while (write (ends[1], filler, 4096) > 0)
    ;
  child_need (fcntl (ends[1], F_SETFL, 0) == 0);
  child_need (dup2 (ends[1], STDERR_FILENO) >= 0);
  return recording_child (data);
}

static void
j02_stderr (void)
{
  Setup setup = { .journal = NULL };
  Proc *child = proc_start (full_stderr_child, &setup);
  gint64 start_us;

  if (!got_namespace (child))
    return;
  proc_expect (child, "ready");
  start_us = g_get_monotonic_time ();
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
  tap_check_int (ms_since (start_us), <, PROMPT_MS * tap_slowness ());
}

/* Neither reads, and the loop hangs in the end: last words meet the same two. */
static void
get_stuck (PsContext *context, gpointer word)
{
  say (context, word);
  for (;;)
    sleep (1000);
}

static int
all_deaf_child (gconstpointer data)
{
  const Setup *setup = data;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  PsWatcher *watcher;

  if (!child_own_run (inbox_path (setup->journal)))
    {
      child_say (NO_NAMESPACE);
      return 0;
    }
  child_say ("namespace");
  g_setenv ("NOTIFY_SOCKET", inbox_path (setup->manager), TRUE);
  child_start_thread ();
  watcher = ps_glib_attach (loop);
  ps_watcher_set_deadline (watcher, 5000);
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_finish (watcher, get_stuck, (gpointer) "stuck");
  say_ready_soon ();
  return ps_watcher_run (watcher);
}

static void
j02_all (void)
{
  Setup setup = { .journal = inbox_new (), .manager = inbox_new () };
  Proc *child;

  inbox_fill (setup.journal);
  inbox_fill (setup.manager);
  child = proc_start (all_deaf_child, &setup);
  if (!got_namespace (child))
    return;
  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: stuck");
  proc_expect_output (child, "finish callback get_stuck has been running for");
}

/* --- E07: another root ------------------------------------------------------------------------ */

static void
e07 (void)
{
  g_autofree char *root = NULL;
  Setup setup = { .journal = inbox_new (), .manager = inbox_new () };
  Proc *child;

  if (getuid () != 0)
    {
      tap_skip ("only root can change its root");
      return;
    }
  setup.jail = root = g_dir_make_tmp ("ps-jail-XXXXXX", NULL);
  child = proc_start (recording_child, &setup);
  if (got_namespace (child))
    {
      expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
      inbox_find_line (setup.journal, "MESSAGE_ID=" PS_MESSAGE_EXIT_FINISHED);
      inbox_find_line (setup.manager, "STATUS=Stopping: 2/2, \"say\"");
    }
  rmdir (root);
}

/* --- J03, J05: much to say -------------------------------------------------------------------- */

static void
fail_at_length (PsContext *context, gpointer text)
{
  ps_context_fail (context, g_error_new (PS_ERROR, PS_ERROR_INVALID, "%s", (const char *) text));
}

static int
talkative_child (gconstpointer data)
{
  const Setup *setup = data;
  g_autofree char *text = g_strnfill (1024 * 1024, 'x');
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = NULL;

  if (!child_own_run (inbox_path (setup->journal)))
    {
      child_say (NO_NAMESPACE);
      return 0;
    }
  child_say ("namespace");
  g_setenv ("NOTIFY_SOCKET", inbox_path (setup->manager), TRUE);
  child_start_thread ();
  watcher = ps_glib_attach (loop);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, text, 0, 0, fail_at_length, text, NULL);
  ps_watcher_status (watcher, "%s", text);
  say_ready_soon ();
  return ps_watcher_run (watcher);
}

/* Each record is a datagram, which is all that an inbox takes, to the last. */
static void
j03 (void)
{
  Setup setup = { .journal = inbox_new (), .manager = inbox_new () };
  Proc *child = proc_start (talkative_child, &setup);
  gsize longest = 0;
  gboolean over = FALSE;

  if (!got_namespace (child))
    return;
  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  while (!over && !tap_failed ())
    {
      gsize length;

      over = strstr (inbox_next (setup.journal), PS_MESSAGE_EXIT_FINISHED) != NULL;
      inbox_bytes (setup.journal, &length);
      longest = MAX (longest, length);
    }
  proc_expect_exit (child, 143);
  tap_check_int (longest, >, 4096); /* the texts are in it, and cut */
  tap_check_int (longest, <, 32 * 1024);
}

/* Where a datagram takes less than a record. Every socket of this process is the library's. */
static gboolean
narrow_sockets (gpointer unused)
{
  const int size = 3072; /* twice that, as the kernel counts */

  for (int fd = 3; fd < 64; fd++)
    (void) setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  child_say ("narrow");
  return G_SOURCE_REMOVE;
}

static int
narrow_child (gconstpointer setup)
{
  g_idle_add_full (G_PRIORITY_HIGH, narrow_sockets, NULL, NULL);
  return talkative_child (setup);
}

static void
j03_file (void)
{
  Setup setup = { .journal = inbox_new (), .manager = inbox_new () };
  Proc *child = proc_start (narrow_child, &setup);

  if (!got_namespace (child))
    return;
  proc_expect_lines (child, "narrow", "ready");
  inbox_find_line (setup.journal, "MESSAGE_ID=" PS_MESSAGE_RUN_BEGUN);
  proc_kill (child, SIGTERM);
  inbox_find_line (setup.journal, "MESSAGE_ID=" PS_MESSAGE_EXIT_BEGUN);
  tap_check_int (inbox_count_files (setup.journal), ==, 0);
  inbox_find_line (setup.journal, "MESSAGE_ID=" PS_MESSAGE_STEP_BEGUN);
  inbox_find_line (setup.journal, "MESSAGE_ID=" PS_MESSAGE_CALLBACK_FAILED);
  inbox_find_line (setup.journal, "MESSAGE_ID=" PS_MESSAGE_STEP_DONE);
  tap_check_int (inbox_count_files (setup.journal), ==, 3);
  inbox_find_line (setup.journal, "MESSAGE_ID=" PS_MESSAGE_EXIT_FINISHED);
  tap_check_int (inbox_count_files (setup.journal), ==, 3);
  proc_expect_exit (child, 143);
}

/* What a file in memory may grow to is limited as that of every other. */
static int
narrow_and_short_child (gconstpointer setup)
{
  const struct rlimit none = { 0, 0 };

  child_need (setrlimit (RLIMIT_FSIZE, &none) == 0);
  return narrow_child (setup);
}

static void
j03_no_file (void)
{
  Setup setup = { .journal = inbox_new (), .manager = inbox_new () };
  Proc *child = proc_start (narrow_and_short_child, &setup);

  if (!got_namespace (child))
    return;
  proc_expect_lines (child, "narrow", "ready");
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
  inbox_find_line (setup.journal, "PS_RECORDS_LOST=3");
  tap_check_int (inbox_count_files (setup.journal), ==, 0);
}

static void
count_record (int priority, const char *message, const GLogField *fields, gsize n_fields,
              gpointer unused)
{
  static guint n_records;
  const char *n_steps = record_field (fields, n_fields, PS_FIELD_STEPS_RUN);

  n_records++;
  if (n_steps != NULL)
    child_sayf ("%u records, %s steps", n_records, n_steps);
  else if (n_records > 129)
    child_sayf ("one more: %s", message);
}

static void
do_little (PsContext *context, gpointer unused)
{
}

static int
thousand_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_log_func (watcher, count_record, NULL, NULL);
  for (guint i = 0; i < 1000; i++)
    ps_watcher_on_finish (watcher, do_little, GUINT_TO_POINTER (i));
  return run (watcher);
}

/* The begin, the begin and the end of 64 steps, and the end. */
static void
j05 (void)
{
  expect_stop (proc_start (thousand_child, NULL), SIGTERM, 143, "130 records, 1000 steps");
}

/* --- J04: the fields of a record, as journald reads them -------------------------------------- */

static guint64
little_endian (const guint8 *bytes)
{
  guint64 value = 0;

  for (guint i = 0; i < 8; i++)
    value |= (guint64) bytes[i] << (8 * i);
  return value;
}

static void
add_field (GHashTable *fields, const char *name, gsize name_length, const guint8 *value,
           gsize length)
{
  char *key = g_strndup (name, name_length);

  for (const char *at = key; *at != '\0'; at++)
    tap_check (g_ascii_isupper (*at) || g_ascii_isdigit (*at) || (*at == '_' && at > key));
  tap_check (!g_hash_table_contains (fields, key));
  tap_check (memchr (value, '\0', length) == NULL);
  g_hash_table_insert (fields, key, g_strndup ((const char *) value, length));
}

/* NAME=value, or NAME, a length in eight bytes and the value; a line each. */
static GHashTable *
parse_record (const guint8 *bytes, gsize length)
{
  GHashTable *fields = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  const guint8 *end = bytes + length;

  while (bytes < end && !tap_failed ())
    {
      const guint8 *line_end = memchr (bytes, '\n', (gsize) (end - bytes));
      const guint8 *equals;

      tap_check (line_end != NULL);
      if (line_end == NULL)
        break;
      equals = memchr (bytes, '=', (gsize) (line_end - bytes));
      if (equals != NULL)
        {
          add_field (fields, (const char *) bytes, (gsize) (equals - bytes), equals + 1,
                     (gsize) (line_end - equals - 1));
          bytes = line_end + 1;
        }
      else
        {
          guint64 size = little_endian (line_end + 1);

          tap_check (line_end + 9 + size + 1 <= end);
          if (tap_failed ())
            break;
          add_field (fields, (const char *) bytes, (gsize) (line_end - bytes), line_end + 9, size);
          bytes = line_end + 9 + size + 1;
        }
    }
  return fields;
}

static GHashTable *
next_record (Inbox *journal)
{
  gsize length;
  const guint8 *bytes;

  inbox_next (journal);
  bytes = inbox_bytes (journal, &length);
  return parse_record (bytes, tap_failed () ? 0 : length);
}

static const char *const always[] = { "MESSAGE", "MESSAGE_ID", "PRIORITY", "PS_VERSION" };

static void
j04 (void)
{
  Setup setup = { .journal = inbox_new (), .manager = inbox_new () };
  Proc *child = proc_start (recording_child, &setup);
  guint n_failures = 0, n_causes = 0;
  gboolean over = FALSE;

  if (!got_namespace (child))
    return;
  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  while (!over && !tap_failed ())
    {
      g_autoptr (GHashTable) fields = next_record (setup.journal);
      const char *cause = g_hash_table_lookup (fields, "PS_CAUSE");
      const char *error = g_hash_table_lookup (fields, "PS_ERROR");
      const char *id = g_hash_table_lookup (fields, "MESSAGE_ID");

      for (guint i = 0; i < G_N_ELEMENTS (always); i++)
        tap_check (g_hash_table_contains (fields, always[i]));
      tap_check (g_strcmp0 (g_hash_table_lookup (fields, "MESSAGE"), "all is well") != 0);
      tap_check (g_strcmp0 (id, "0123456789abcdef0123456789abcdef") != 0);
      tap_check (cause == NULL || strcmp (cause, "signal") == 0);
      n_causes += cause != NULL;
      n_failures += error != NULL;
      over = g_hash_table_contains (fields, "PS_STATUS");
    }
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
  tap_check_int (n_failures, ==, 1);
  tap_check_int (n_causes, >=, 1);
}

/* --- The records themselves ------------------------------------------------------------------- */

static PsHold *hold;

static gboolean
let_go (gpointer unused)
{
  ps_hold_release (hold);
  return G_SOURCE_REMOVE;
}

static void
flush_queue (PsContext *context, gpointer unused)
{
  hold = ps_context_hold (context, "writing 812 lines");
  g_timeout_add (10, let_go, NULL);
}

static int
account_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_log_func (watcher, say_record, NULL, NULL);
  ps_watcher_on_terminate (watcher, flush_queue, NULL);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

/* The journal's account of an exit: each step by the function's own spelling, begin and end. */
static void
j10 (void)
{
  expect_stop (proc_start (account_child, NULL), SIGTERM, 143, "record exit-begun signal SIGTERM",
               "record step-begun terminate flush_queue", "record step-done terminate flush_queue",
               "record step-begun finish say", "finish: f", "record step-done finish say",
               "record exit-finished signal SIGTERM 143");
}

static void
say_sender_field (int priority, const char *message, const GLogField *fields, gsize n_fields,
                  gpointer unused)
{
  const char *id = record_field (fields, n_fields, "MESSAGE_ID");
  const char *comm = record_field (fields, n_fields, "PS_SENDER_COMM");
  const char *pid = record_field (fields, n_fields, "PS_SENDER_PID");

  if (comm != NULL && g_str_equal (id, PS_MESSAGE_EXIT_BEGUN))
    child_sayf ("record: %s, the harness: %d", comm, g_ascii_strtoll (pid, NULL, 10) == getppid ());
}

static void
say_sender (PsContext *context, gpointer unused)
{
  const PsSender *sender = ps_context_get_sender (context);

  if (sender == NULL)
    child_say ("nobody");
  else
    child_sayf ("signal %d from the harness: %d, as me: %d, %s", ps_context_get_signal (context),
                sender->pid == getppid (), sender->uid == getuid (), sender->comm);
}

static int
sender_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_log_func (watcher, say_sender_field, NULL, NULL);
  ps_watcher_on_terminate (watcher, say_sender, NULL);
  return run (watcher);
}

static void
j11 (void)
{
  Proc *child = proc_start (sender_child, NULL);
  g_autofree char *comm = NULL;
  g_autofree char *record = NULL;
  g_autofree char *line = NULL;

  tap_check (g_file_get_contents ("/proc/self/comm", &comm, NULL, NULL));
  g_strchomp (comm);
  record = g_strdup_printf ("record: %s, the harness: 1", comm);
  line = g_strdup_printf ("signal 15 from the harness: 1, as me: 1, %s", comm);
  expect_stop (child, SIGTERM, 143, record, line);
}

static const TapCase cases[] = {
  { "J01", "without a journal records go to standard error", j01 },
  { "J02", "a journal that does not read delays the exit by a moment", j02 },
  { "J02b", "so does a full pipe as standard error", j02_stderr },
  { "J02c", "nor does the manager, and the loop hangs", j02_all },
  { "J02e", "one that is behind has the record of a crash a moment later", j02_crash },
  { "J02d", "there are no timers: it goes on as well", j02_no_timers },
  { "E07d", "another root directory and no rights, after attaching: journal and manager are told",
    e07 },
  { "J03", "texts of a megabyte are cut: each record is a datagram", j03 },
  { "J03b", "what a datagram does not take goes as a sealed file", j03_file },
  { "J03c", "and where no file may grow is lost, and counted: no SIGXFSZ", j03_no_file },
  { "J05", "an exit of a thousand steps is told in 130 records, the account last", j05 },
  { "J04", "a text with line breaks forges no field", j04 },
  { "J10", "the account of an exit: cause, steps, status", j10 },
  { "J11", "who sent the signal", j11 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
