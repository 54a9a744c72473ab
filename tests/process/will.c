/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The last will: who carries it out, and what is left alone. */

#include "will-common.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- W17, and every other way out ------------------------------------------------------------ */

static int
two_files_child (gconstpointer place)
{
  PsWatcher *watcher = watch_with_record (place);
  guint kept;

  will_unlink (watcher, place, "a");
  kept = will_unlink (watcher, place, "kept");
  will_unlink (watcher, place, "later");
  child_need (ps_watcher_will_revoke (watcher, kept));
  child_need (!ps_watcher_will_revoke (watcher, kept));
  child_need (!ps_watcher_will_revoke (watcher, 77));
  make_file (place, "later");
  return run (watcher);
}

static void
expect_carried_out (const char *place)
{
  g_autofree char *will = find_will (place);

  tap_check (!is_there (place, "a"));
  tap_check (is_there (place, "kept"));
  tap_check (!is_there (place, "later"));
  tap_check (will == NULL);
}

static const char *
two_files_place (void)
{
  const char *place = new_directory ();

  make_file (place, "a");
  make_file (place, "kept");
  return place;
}

static void
w17 (void)
{
  const char *place = two_files_place ();
  Proc *child = proc_start (two_files_child, place);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
  expect_carried_out (place);
  settle (place, 0);
}

/* What a process that was killed has left is carried out by the helper, once. */
static void
w17_killed (void)
{
  static const int signums[] = { SIGKILL, SIGSEGV, SIGABRT };

  for (gsize i = 0; i < G_N_ELEMENTS (signums) && !tap_failed (); i++)
    {
      const char *place = two_files_place ();
      Proc *child = proc_start (two_files_child, place);

      proc_expect (child, "ready");
      proc_kill (child, signums[i]);
      proc_expect_signal (child, signums[i]);
      tap_check (is_there (place, "a") && is_there (place, "later"));
      settle (place, 0);
      tap_check (strstr (settle_said (), "2 done, 0 left alone, 0 failed, 0 still") != NULL);
      expect_carried_out (place);
      settle (place, 0);
      tap_check (settle_said ()[0] == '\0');
    }
}

static int
nothing_child (gconstpointer place)
{
  return run (watch_with_record (place));
}

/* ... or by the next start, before it is ready. */
static void
w17_next_start (void)
{
  const char *place = two_files_place ();
  Proc *child = proc_start (two_files_child, place);

  proc_expect (child, "ready");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  child = proc_start (nothing_child, place);
  proc_expect (child, "ready");
  expect_carried_out (place);
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
}

static int
just_gone_child (gconstpointer place)
{
  PsWatcher *watcher = watch_with_record (place);

  will_unlink (watcher, place, "a");
  child_say ("ready");
  child_await ("go");
  _exit (3);
}

static void
w17_just_gone (void)
{
  const char *place = two_files_place ();
  Proc *child = proc_start (just_gone_child, place);

  proc_expect (child, "ready");
  /* It lives: nothing is touched. */
  settle (place, 0);
  tap_check (is_there (place, "a"));
  proc_tell (child, "go");
  proc_expect_exit (child, 3);
  tap_check (is_there (place, "a"));
  settle (place, 0);
  tap_check (!is_there (place, "a"));
}

static gboolean is_finishing;

static void
finish_now (PsContext *context, gpointer unused)
{
  is_finishing = TRUE;
}

static void
ask_for_more (int priority, const char *message, const GLogField *fields, gsize n_fields,
              gpointer unused)
{
  PsWatcher *watcher = ps_watcher_get_default ();

  if (!is_finishing || !g_str_has_prefix (message, "Will"))
    return;
  is_finishing = FALSE;
  child_say (ps_watcher_will_revoke (watcher, 1) ? "revoked" : "too late");
}

static int
asking_child (gconstpointer place)
{
  PsWatcher *watcher = watch_with_record (place);

  will_unlink (watcher, place, "a");
  ps_watcher_on_finish (watcher, finish_now, NULL);
  ps_watcher_set_log_func (watcher, ask_for_more, NULL, NULL);
  return run (watcher);
}

/* Who is told what became of a clause may call the library. */
static void
w17_asked (void)
{
  const char *place = two_files_place ();
  Proc *child = proc_start (asking_child, place);

  expect_stop (child, SIGTERM, 143, "too late");
  tap_check (!is_there (place, "a"));
}

/* --- Order, and commands --------------------------------------------------------------------- */

static guint
will_run (PsWatcher *watcher, const char *const *argv)
{
  g_autoptr (GError) error = NULL;
  guint clause = ps_watcher_will_run (watcher, argv, &error);

  if (clause == 0)
    child_give_up (G_STRLOC, error->message);
  return clause;
}

static void
will_sh (PsWatcher *watcher, const char *script)
{
  will_run (watcher, (const char *const[]){ "/bin/sh", "-c", script, NULL });
}

static int
order_child (gconstpointer place)
{
  PsWatcher *watcher = watch_with_record (place);
  g_autofree char *log = in_place (place, "log");
  g_autofree char *directory = in_place (place, "dir"), *inner = in_place (place, "dir/file");
  g_autofree char *first = g_strdup_printf ("echo first >>%s", log);
  g_autofree char *second =
      g_strdup_printf ("echo second >>%s; read x; echo \"read $? $(env | grep -vc -e ^PATH -e ^PWD "
                       "-e ^_ -e ^SHLVL -e ^OLDPWD) $(ls /proc/self/fd | wc -l) $PWD\" >>%s; "
                       "read -r pid comm state parent group session rest </proc/$$/stat; "
                       "[ $session = $$ ] && echo own session >>%s",
                       log, log, log);

  child_need (g_mkdir (directory, 0700) == 0);
  child_need (ps_watcher_will_rmdir (watcher, directory, NULL) != 0);
  will_sh (watcher, first);
  will_sh (watcher, second);
  child_need (ps_watcher_will_unlink (watcher, inner, NULL) != 0);
  make_file (place, "dir/file");
  g_setenv ("SECRET", "in the environment", TRUE);
  return run (watcher);
}

/* Last registered first; a command has nothing of ours. `ls` has a descriptor of its own. */
static void
expect_order (const char *place)
{
  g_autofree char *log = in_place (place, "log"), *text = NULL;

  tap_check (!is_there (place, "dir"));
  tap_check (g_file_get_contents (log, &text, NULL, NULL));
  tap_note ("the log", text);
  tap_check (g_strcmp0 (text, "second\nread 1 0 4 /\nown session\nfirst\n") == 0);
}

static void
order (void)
{
  const char *place = new_directory ();
  Proc *child = proc_start (order_child, place);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
  expect_order (place);

  place = new_directory ();
  child = proc_start (order_child, place);
  proc_expect (child, "ready");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  settle (place, 0);
  expect_order (place);
}

static int
hanging_command_child (gconstpointer place)
{
  PsWatcher *watcher = watch_with_record (place);

  ps_watcher_set_deadline (watcher, 6000);
  will_unlink (watcher, place, "a");
  will_sh (watcher, "trap '' TERM; sleep 1000");
  return run (watcher);
}

/* FALSE: the machine stood still for the second that is kept for what comes after a command, and so
 * the exit was forced, as it has to be. */
static gboolean
is_killed_in_time (const char *place)
{
  Proc *child = proc_start (hanging_command_child, place);
  g_autofree char *record = NULL, *text = NULL;

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
  record = find_file (place, ".run");
  tap_check (record != NULL && g_file_get_contents (record, &text, NULL, NULL));
  return tap_failed () || strstr (text, " forced life=") == NULL;
}

/* The group of a command that hangs is killed in time; what is left then is the helper's. */
static void
hanging_command (void)
{
  const char *place = two_files_place ();

  for (guint tries = 1; !is_killed_in_time (place); tries++)
    {
      tap_check_int (tries, <, 3);
      place = two_files_place ();
    }
  tap_check (is_there (place, "a"));
  settle (place, 0);
  tap_check (!is_there (place, "a"));
}

static int
failing_commands_child (gconstpointer place)
{
  PsWatcher *watcher = watch_with_record (place);

  will_unlink (watcher, place, "a");
  will_run (watcher, (const char *const[]){ "/bin/false", NULL });
  will_run (watcher, (const char *const[]){ "/no/such/program", NULL });
  will_sh (watcher, "kill -9 $$");
  return run (watcher);
}

static void
failing_commands (void)
{
  const char *place = two_files_place ();
  Proc *child = proc_start (failing_commands_child, place);

  proc_expect (child, "ready");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  settle_as_unit (place, 5);
  tap_check (strstr (settle_said (), "1 done, 0 left alone, 3 failed, 0 still") != NULL);
  tap_check (!is_there (place, "a"));
}

/* The first time it is struck by what a manager sends to all processes of a unit. */
static int
struck_commands_child (gconstpointer place)
{
  PsWatcher *watcher = watch_with_record (place);
  g_autofree char *once = g_strdup_printf (
      "cd %s; echo x >>once; [ $(wc -l <once) -gt 1 ] || kill -TERM $$", (const char *) place);
  g_autofree char *always =
      g_strdup_printf ("cd %s; echo x >>always; kill -HUP $$", (const char *) place);

  will_sh (watcher, once);
  will_sh (watcher, always);
  return run (watcher);
}

static void
check_length (const char *place, const char *name, gsize wanted)
{
  g_autofree char *path = in_place (place, name), *text = NULL;

  tap_check (g_file_get_contents (path, &text, NULL, NULL));
  tap_check_int (text != NULL ? strlen (text) : 0, ==, wanted);
}

static void
struck_commands (void)
{
  const char *place = new_directory ();
  Proc *child = proc_start (struck_commands_child, place);

  proc_expect (child, "ready");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  settle (place, 5);
  tap_check (strstr (settle_said (), "1 done, 0 left alone, 1 failed, 0 still") != NULL);
  check_length (place, "once", strlen ("x\n") * 2);
  check_length (place, "always", strlen ("x\n") * 3);
  tap_check (find_will (place) == NULL);
}

/* --- W03 ------------------------------------------------------------------------------------- */

static const char *
place_with_will (void)
{
  const char *place = two_files_place ();
  Proc *child = proc_start (two_files_child, place);

  proc_expect (child, "ready");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  return place;
}

/* Each cut leaves what was written before it: the revoked file survives it only where the revoking
 * was written; nothing else is ever touched. */
static void
w03 (void)
{
  const char *place = place_with_will ();
  gsize length = 0, step = tap_number (23, 1);
  g_autofree char *bytes = read_will (place, &length), *path = find_will (place);
  guint tried = 0;

  make_file (place, "stranger");
  for (gsize cut = 0; cut < length && !tap_failed (); cut += step, tried++)
    {
      if (!is_there (place, "kept"))
        make_file (place, "kept");
      tap_check (g_file_set_contents_full (path, bytes, (gssize) cut, G_FILE_SET_CONTENTS_NONE,
                                           0600, NULL));
      settle (place, 0);
      tap_check (is_there (place, "stranger"));
      tap_check (!g_file_test (path, G_FILE_TEST_EXISTS));
    }
  tap_check_int (tried, >, 20);
}

static gsize
begin_of_last_line (const char *bytes, gsize length)
{
  const char *line_break = length > 0 ? memrchr (bytes, '\n', length - 1) : NULL;

  return line_break != NULL ? (gsize) (line_break - bytes) + 1 : 0;
}

/* A flipped bit or a zero anywhere: nothing at all is carried out, the file is set aside, and the
 * exit status says so. But a last line without its line break, or with a zero at its beginning, is
 * a torn one. */
static void
w03_damaged (void)
{
  const char *place = place_with_will ();
  gsize length = 0, step = tap_number (29, 1);
  g_autofree char *bytes = read_will (place, &length), *path = find_will (place);
  g_autofree char *aside = g_strconcat (path, ".damaged", NULL);
  gsize last_line = begin_of_last_line (bytes, length);
  guint tried = 0;

  for (gsize at = 0; at < length - 1 && !tap_failed (); at += step, tried++)
    {
      char was = bytes[at];

      bytes[at] = tried % 2 == 0 || at == last_line ? (char) (was ^ 4) : '\0';
      tap_check (g_file_set_contents_full (path, bytes, (gssize) length, G_FILE_SET_CONTENTS_NONE,
                                           0600, NULL));
      bytes[at] = was;
      settle (place, 5);
      tap_check (is_there (place, "a") && is_there (place, "kept") && is_there (place, "later"));
      tap_check (g_unlink (aside) == 0);
    }
  tap_check_int (tried, >, 15);
}

/* --- W06 ------------------------------------------------------------------------------------- */

static void
expect_refusal (PsWatcher *watcher, const char *path, const char *words)
{
  g_autoptr (GError) error = NULL;

  if (ps_watcher_will_unlink (watcher, path, &error) != 0)
    child_sayf ("taken: %s", path);
  else if (!g_error_matches (error, PS_ERROR, PS_ERROR_INVALID)
           || strstr (error->message, words) == NULL)
    child_sayf ("wrong error: %s", error->message);
}

static int
bad_paths_child (gconstpointer data)
{
  const char *place = data;
  PsWatcher *watcher = watch_with_record (place);
  g_autofree char *up = in_place (place, "../x"), *dot = in_place (place, "./x");
  g_autofree char *twice = g_strconcat (place, "//x", NULL),
                  *end = g_strconcat (place, "/x/", NULL);
  g_autofree char *name = g_strnfill (256, 'x'), *name_255 = g_strnfill (255, 'x');
  g_autofree char *too_long = in_place (place, name), *just = in_place (place, name_255);
  g_autofree char *newline = in_place (place, "a\nunlink clause=9 in=1 path=kept");
  g_autofree char *option = in_place (place, "-rf");
  g_autofree char *huge = g_strnfill (5000, 'y'), *huge_path = g_strconcat ("/", huge, NULL);
  g_autoptr (GError) error = NULL;

  expect_refusal (watcher, "", "not absolute");
  expect_refusal (watcher, "x", "not absolute");
  expect_refusal (watcher, ".", "not absolute");
  expect_refusal (watcher, "/", "empty");
  expect_refusal (watcher, up, "\"..\"");
  expect_refusal (watcher, dot, "\".\"");
  expect_refusal (watcher, twice, "empty component");
  expect_refusal (watcher, end, "slash");
  expect_refusal (watcher, too_long, "255");
  expect_refusal (watcher, huge_path, "4095");
  expect_refusal (watcher, "/etc/passwd", "ps_watcher_will_allow()");
  expect_refusal (watcher, place, "ps_watcher_will_allow()");
  child_need (ps_watcher_will_run (watcher, (const char *const[]){ "sh", NULL }, &error) == 0);
  child_need (strstr (error->message, "absolute") != NULL);
  child_need (!ps_watcher_will_allow (watcher, "/", NULL));
  child_need (!ps_watcher_will_allow (watcher, "tmp", NULL));
  child_need (!ps_watcher_will_allow (watcher, "/dev/null", NULL));
  child_need (ps_watcher_will_unlink (watcher, just, NULL) != 0);
  child_need (ps_watcher_will_unlink (watcher, newline, NULL) != 0);
  child_need (ps_watcher_will_unlink (watcher, option, NULL) != 0);
  return run (watcher);
}

static void
w06 (void)
{
  const char *place = two_files_place ();
  Proc *child;

  make_file (place, "-rf");
  make_file (place, "a\nunlink clause=9 in=1 path=kept");
  child = proc_start (bad_paths_child, place);
  proc_expect (child, "ready");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  settle (place, 0);
  tap_check (is_there (place, "a") && is_there (place, "kept"));
  tap_check (!is_there (place, "-rf") && !is_there (place, "a\nunlink clause=9 in=1 path=kept"));
}

/* --- W09, W10: what is there is not what was meant ------------------------------------------- */

static int
shapes_child (gconstpointer data)
{
  const char *place = data;
  PsWatcher *watcher = watch_with_record (place);

  will_unlink (watcher, place, "replaced");
  will_unlink (watcher, place, "fifo");
  will_unlink (watcher, place, "socket");
  will_unlink (watcher, place, "link");
  will_unlink (watcher, place, "becomes-directory");
  will_unlink (watcher, place, "hard");
  return run (watcher);
}

static void
replace_file (const char *place, const char *name)
{
  g_autofree char *path = in_place (place, name), *aside = in_place (place, "aside");

  tap_check (rename (path, aside) == 0);
  make_file (place, name);
}

static void
make_shapes (const char *place)
{
  g_autofree char *fifo = in_place (place, "fifo"), *socket_path = in_place (place, "socket");
  g_autofree char *link_path = in_place (place, "link"), *target = in_place (place, "target");
  g_autofree char *hard = in_place (place, "hard");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  make_file (place, "replaced");
  make_file (place, "target");
  tap_check (mkfifo (fifo, 0600) == 0);
  tap_check (symlink (target, link_path) == 0);
  tap_check (link (target, hard) == 0);
  g_strlcpy (address.sun_path, socket_path, sizeof address.sun_path);
  tap_check (bind (fd, (struct sockaddr *) &address, sizeof address) == 0);
  close (fd);
}

static void
w10 (void)
{
  const char *place = new_directory ();
  g_autofree char *directory = in_place (place, "becomes-directory"), *content = NULL;
  g_autofree char *target = in_place (place, "target");
  Proc *child;

  make_shapes (place);
  child = proc_start (shapes_child, place);
  proc_expect (child, "ready");
  replace_file (place, "replaced");
  tap_check (g_mkdir (directory, 0700) == 0);
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  settle (place, 0);
  tap_check (strstr (settle_said (), "4 done, 2 left alone") != NULL);
  tap_check (is_there (place, "replaced") && is_there (place, "becomes-directory"));
  tap_check (!is_there (place, "fifo") && !is_there (place, "socket"));
  tap_check (!is_there (place, "link") && !is_there (place, "hard"));
  /* W08: the name goes, and nothing else happens to the file. */
  tap_check (g_file_get_contents (target, &content, NULL, NULL));
  tap_check (g_strcmp0 (content, "target") == 0);
}

/* --- W12, S08 -------------------------------------------------------------------------------- */

static void
w12 (void)
{
  const char *place = place_with_will ();
  g_autofree char *path = find_will (place), *second = in_place (place, "second");

  tap_check (chmod (path, 0660) == 0);
  settle (place, 4);
  tap_check (chmod (path, 04600) == 0);
  settle (place, 4);
  tap_check (chmod (path, 0600) == 0 && link (path, second) == 0);
  settle (place, 4);
  tap_check (unlink (second) == 0 && chmod (place, 0777) == 0);
  settle (place, 4);
  tap_check (is_there (place, "a"));
  tap_check (chmod (place, 0700) == 0);
  settle (place, 0);
  expect_carried_out (place);
}

static int
umask_child (gconstpointer place)
{
  umask (0);
  return two_files_child (place);
}

static void
s08 (void)
{
  const char *place = two_files_place ();
  Proc *child = proc_start (umask_child, place);
  g_autofree char *path = NULL;
  struct stat st;

  proc_expect (child, "ready");
  path = find_will (place);
  tap_check (path != NULL && stat (path, &st) == 0 && (st.st_mode & 07777) == 0600);
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
}

/* --- W13, W15, N20 --------------------------------------------------------------------------- */

/* The owner's line is changed as if the run had been another process's: checksums are right. */
static void
change_owner (const char *place, const char *key, const char *value)
{
  gsize length = 0;
  g_autofree char *bytes = read_will (place, &length);
  g_auto (GStrv) lines = NULL, words = NULL;
  g_autofree char *text = NULL, *line = NULL, *all = NULL;

  if (tap_failed ())
    return;
  text = g_strndup (bytes, length);
  lines = g_strsplit (text, "\n", -1);
  words = g_strsplit (lines[1] + 9, " ", -1);
  for (char **word = words; *word != NULL; word++)
    if (g_str_has_prefix (*word, key))
      {
        g_free (*word);
        *word = g_strconcat (key, value, NULL);
      }
  line = g_strjoinv (" ", words);
  g_free (lines[1]);
  lines[1] = g_strdup_printf ("%08x %s", line_checksum (line), line);
  all = g_strjoinv ("\n", lines);
  write_will (place, all, strlen (all));
}

/* The number of a process that lives, but began at another time; or in another boot. */
static void
w15 (void)
{
  const char *place = place_with_will ();
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());

  change_owner (place, "pid=", pid);
  settle (place, 0);
  expect_carried_out (place);
}

static gint64
start_of_self (void)
{
  g_autofree char *stat = NULL;
  g_auto (GStrv) fields = NULL;

  g_file_get_contents ("/proc/self/stat", &stat, NULL, NULL);
  fields = g_strsplit (strrchr (stat, ')') + 2, " ", -1);
  return g_ascii_strtoll (fields[19], NULL, 10);
}

/* Its lock is gone, and it lives all the same (it closed all descriptors, say): untouched. */
static void
w15_alive (void)
{
  const char *place = place_with_will ();
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());
  g_autofree char *start = g_strdup_printf ("%" G_GINT64_FORMAT, start_of_self ());

  change_owner (place, "pid=", pid);
  change_owner (place, "start=", start);
  settle (place, 0);
  tap_check (is_there (place, "a"));
  /* W14: the same in an earlier boot is over. The directory is on a disk, or it went with it. */
  change_owner (place, "boot=", "0123456789abcdef0123456789abcdef");
  settle (place, 0);
  tap_check (find_will (place) == NULL);
  tap_check (is_there (place, "kept"));
}

/* The old will meets files that a new run has made: that which was known is another file now, and
 * that which was not known may be the new run's. spoil: what is done to the record that tells of
 * that run; status, words: of the helper. */
static void
expect_later_run_spared (void (*spoil) (const char *record), int status, const char *words)
{
  const char *place = place_with_will ();
  g_autofree char *path = find_will (place), *aside = in_place (place, "old"), *record = NULL;
  Proc *child;

  tap_check (rename (path, aside) == 0);
  child = proc_start (nothing_child, place);
  proc_expect (child, "ready");
  replace_file (place, "a");
  replace_file (place, "later");
  tap_check (rename (aside, path) == 0);
  record = find_file (place, ".run");
  spoil (record);
  settle (place, status);
  tap_check (strstr (settle_said (), words) != NULL);
  tap_check (is_there (place, "a") && is_there (place, "later"));
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
}

static void
leave (const char *record)
{
}

static void
n20 (void)
{
  expect_later_run_spared (leave, 0, "0 done, 2 left alone");
}

static void
open_to_all (const char *record)
{
  tap_check (chmod (record, 0666) == 0);
}

/* A record that is not to be trusted may tell of a later run, and does here. */
static void
n20_unread (void)
{
  expect_later_run_spared (open_to_all, 4, "the wills beside it are not acted upon");
}

static void
write_future (const char *record)
{
  g_autofree char *future =
      g_strdup_printf ("%08x postscriptum-run 2\n", line_checksum ("postscriptum-run 2"));

  tap_check (g_file_set_contents_full (record, future, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* So may one that a later version wrote. */
static void
n20_future (void)
{
  expect_later_run_spared (write_future, 5, "no run record that this version");
}

/* --- W16 ------------------------------------------------------------------------------------- */

static int
many_child (gconstpointer place)
{
  PsWatcher *watcher = watch_with_record (place);
  g_autofree char *log = in_place (place, "log"), *script = g_strdup_printf ("echo x >>%s", log);

  for (guint i = 0; i < 20; i++)
    will_sh (watcher, script);
  will_unlink (watcher, place, "a");
  return run (watcher);
}

/* Four helpers at once: one does it. */
static void
w16 (void)
{
  const char *place = two_files_place ();
  g_autofree char *log = in_place (place, "log"), *text = NULL;
  Proc *child = proc_start (many_child, place);
  g_autofree char *command = NULL;
  int status = -1;

  proc_expect (child, "ready");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  command = g_strdup_printf ("for i in 1 2 3 4; do %s settle --directory=%s & done; wait",
                             PS_TEST_PSCTL, place);
  {
    const char *argv[] = { "/bin/sh", "-c", command, NULL };

    tap_check (g_spawn_sync (NULL, (char **) argv, NULL,
                             G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                             NULL, NULL, &status, NULL));
  }
  tap_check_int (status, ==, 0);
  tap_check (g_file_get_contents (log, &text, NULL, NULL));
  tap_check_int (strlen (text), ==, 40);
  tap_check (!is_there (place, "a"));
}

/* N19, W16: a helper killed half-way; the next goes on where it was. */
static void
n19 (void)
{
  const char *place = two_files_place ();
  g_autofree char *log = in_place (place, "log"), *text = NULL;
  Proc *child = proc_start (many_child, place);
  gsize length = 0;
  g_autofree char *bytes = NULL, *marks = NULL, *all = NULL;

  proc_expect (child, "ready");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  bytes = read_will (place, &length);
  marks = g_strdup ("");
  for (guint i = 20; i > 5 && !tap_failed (); i--)
    {
      g_autofree char *done = g_strdup_printf ("done clause=%u", i);
      char *more = g_strdup_printf ("%s%08x %s\n", marks, line_checksum (done), done);

      g_free (marks);
      marks = more;
    }
  all = g_strdup_printf ("%.*s%s", (int) length, bytes, marks);
  write_will (place, all, strlen (all));
  settle (place, 0);
  tap_check (g_file_get_contents (log, &text, NULL, NULL));
  tap_check_int (strlen (text), ==, 10);
}

/* --- W19, W20 -------------------------------------------------------------------------------- */

static void
append_line (const char *place, const char *line)
{
  gsize length = 0;
  g_autofree char *bytes = read_will (place, &length);
  g_autofree char *all = NULL;

  if (tap_failed ())
    return;
  all = g_strdup_printf ("%.*s%08x %s\n", (int) length, bytes, line_checksum (line), line);
  write_will (place, all, strlen (all));
}

/* S06: none but the verbs that there are. */
static void
w19 (void)
{
  const char *place = place_with_will ();
  gsize length = 0, after = 0;
  g_autofree char *before = NULL, *left = NULL;

  append_line (place, "chmod clause=9 in=1 path=kept");
  before = read_will (place, &length);
  settle (place, 5);
  left = read_will (place, &after);
  tap_check (length == after && memcmp (before, left, length) == 0);
  tap_check (is_there (place, "a") && is_there (place, "later"));
}

/* The checksum is right, and the clause leads elsewhere. */
static void
w19_hostile (void)
{
  static const char *const lines[] = { "unlink clause=9 in=1 path=../x", "run clause=9 word=sh",
                                       "unlink clause=9 in=1 path=/etc/passwd" };

  for (gsize i = 0; i < G_N_ELEMENTS (lines) && !tap_failed (); i++)
    {
      const char *place = place_with_will ();

      append_line (place, lines[i]);
      settle (place, 5);
      tap_check (is_there (place, "a") && is_there (place, "later"));
    }
}

static void
w20 (void)
{
  settle ("/no/such/directory", 0);
}

/* --- W04 ------------------------------------------------------------------------------------- */

static int
full_child (gconstpointer data)
{
  const char *place = data;
  PsWatcher *watcher = watch_with_record (place);
  g_autofree char *path = in_place (place, "kept");
  g_autoptr (GError) error = NULL;
  struct rlimit old, limit;

  will_unlink (watcher, place, "a");
  child_need (getrlimit (RLIMIT_FSIZE, &old) == 0);
  limit = (struct rlimit){ .rlim_cur = 100, .rlim_max = old.rlim_max };
  child_need (setrlimit (RLIMIT_FSIZE, &limit) == 0);
  child_need (ps_watcher_will_unlink (watcher, path, &error) == 0);
  child_sayf ("%d", error->code == PS_ERROR_EXHAUSTED || error->code == PS_ERROR_INVALID);
  child_need (!ps_watcher_will_revoke (watcher, 1));
  child_need (setrlimit (RLIMIT_FSIZE, &old) == 0);
  child_need (ps_watcher_will_unlink (watcher, path, NULL) != 0);
  child_need (ps_watcher_will_revoke (watcher, 2));
  return run (watcher);
}

static void
w04 (void)
{
  const char *place = two_files_place ();
  Proc *child = proc_start (full_child, place);

  proc_expect_lines (child, "1", "ready");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  settle (place, 0);
  tap_check (!is_there (place, "a") && is_there (place, "kept"));
}

/* Until there is none left, of any size. GLib's thread must not be at its first turn meanwhile: it
 * takes memory there, and ends the process without. */
static void
eat_memory (PsContext *context, gpointer unused)
{
  struct rlimit limit = { 0, RLIM_INFINITY };

  wait_until_others_sleep ();
  child_need (setrlimit (RLIMIT_AS, &limit) == 0);
  for (gsize size = 1 << 20; size > 0; size /= 2)
    {
      void *volatile memory;

      do
        memory = malloc (size);
      while (memory != NULL);
    }
}

static int
no_memory_child (gconstpointer place)
{
  const struct rlimit enough = { RLIM_INFINITY, RLIM_INFINITY };
  PsWatcher *watcher = watch_with_record (place);
  int status;
  g_autofree char *kept = in_place (place, "kept");

  for (guint i = 0; i < 200; i++)
    will_unlink (watcher, place, "a");
  will_run (watcher, (const char *const[]){ "/bin/rm", kept, NULL });
  ps_watcher_on_finish (watcher, eat_memory, NULL);
  status = run (watcher);
  /* What counts the lines that ran needs some when the process ends, and crashes without. */
  child_need (setrlimit (RLIMIT_AS, &enough) == 0);
  return status;
}

/* E01, of a will: what was registered can be carried out without any; commands are the helper's. */
static void
no_memory (void)
{
  const char *place = two_files_place ();
  Proc *child;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  tap_skip ("a sanitizer takes memory whenever it likes");
  return;
#endif
  child = proc_start (no_memory_child, place);
  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
  tap_check (!is_there (place, "a"));
  tap_check (is_there (place, "kept"));
  settle (place, 0);
  tap_check (!is_there (place, "kept"));
}

/* --- Forks ----------------------------------------------------------------------------------- */

static int
forking_child (gconstpointer place)
{
  PsWatcher *watcher = watch_with_record (place);
  g_autofree char *end = NULL;
  pid_t pid;

  will_unlink (watcher, place, "a");
  pid = fork ();
  if (pid == 0)
    {
      g_autofree char *path = in_place (place, "kept");

      child_need (ps_watcher_will_unlink (watcher, path, NULL) == 0);
      child_need (!ps_watcher_will_revoke (watcher, 1));
      exit (0);
    }
  end = child_wait_for (pid);
  child_say (end);
  child_say (is_there (place, "a") ? "still there" : "gone");
  return run (watcher);
}

static void
forked (void)
{
  const char *place = two_files_place ();
  Proc *child = proc_start (forking_child, place);

  proc_expect_lines (child, "exit status 0", "still there", "ready");
  settle (place, 0);
  tap_check (is_there (place, "a"));
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
  tap_check (!is_there (place, "a"));
}

static int
no_record_child (gconstpointer place)
{
  PsWatcher *watcher = watch ();
  g_autoptr (GError) error = NULL;

  child_need (ps_watcher_will_unlink (watcher, "/tmp/x", &error) == 0);
  child_need (strstr (error->message, "ps_watcher_open_record()") != NULL);
  child_need (!ps_watcher_will_revoke (watcher, 1));
  return run (watcher);
}

static void
no_record (void)
{
  Proc *child = proc_start (no_record_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
}

static const TapCase cases[] = {
  { "W17", "an orderly exit carries the will out, and leaves nothing", w17 },
  { "W17", "after a death by a signal the helper does, once", w17_killed },
  { "W17", "... or the next start", w17_next_start },
  { "W17", "a run that lives is left alone; _exit() leaves the will to the helper", w17_just_gone },
  { "W17", "who is told of it may call the library", w17_asked },
  { "W17", "last registered first, and commands get nothing of ours", order },
  { "W17", "a command that hangs is killed in time", hanging_command },
  { "W17", "commands that fail do not stop the rest", failing_commands },
  { "W17", "a command that is asked to end, as the whole unit is, is begun anew", struck_commands },
  { "W03", "cut at each byte: what was written before it counts", w03 },
  { "W03", "damaged: nothing is carried out, and it is set aside", w03_damaged },
  { "W04", "no room: said aloud, and nothing in part", w04 },
  { "W06", "paths that lead elsewhere are refused", w06 },
  { "W10", "W08, W09: what is not the file that was meant is left alone", w10 },
  { "W12", "files that others have a hand in are refused", w12 },
  { "W15", "W14: a process ID alone proves nothing", w15 },
  { "W15", "who lives is left alone, with and without a lock", w15_alive },
  { "W16", "four helpers at once do it once", w16 },
  { "N19", "a helper that was killed half-way is gone on with", n19 },
  { "N20", "files of a new run are left alone", n20 },
  { "N20", "nor where the record that tells of that run cannot be read", n20_unread },
  { "N20", "nor where a later version wrote that record", n20_future },
  { "W19", "S06: a verb that is not known: nothing is done", w19 },
  { "W19", "W06: a clause that makes no sense: nothing is done", w19_hostile },
  { "W20", "the directory is gone: nothing to do", w20 },
  { "S08", "mode 0600 whatever the umask", s08 },
  { "W17", "without memory files are removed, and commands left to the helper", no_memory },
  { "W17", "a forked child has nothing to do with it", forked },
  { "W17", "without a record there is an error that names the cure", no_record },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
