/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group C: the core is the one that there would have been without us. */
#include "crash-common.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  int signum;
  void (*crash) (int signum);
  gboolean in_thread;
  gboolean twice; /* the crash callback crashes, too */
} Way;

typedef struct
{
  Way way;
  const char *directory;
  gboolean reported;
} Setup;

static gpointer
crash_in_thread (gpointer way)
{
  ((const Way *) way)->crash (((const Way *) way)->signum);
  return NULL;
}

static void
crash_again (const PsCrash *crash, void *unused)
{
  crash_by_fault (SIGILL);
}

static int
core_child (gconstpointer data)
{
  struct rlimit limit;
  const Setup *setup = data;
  PsWatcher *watcher = watch_aloud ();

  child_need (getrlimit (RLIMIT_CORE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  child_need (setrlimit (RLIMIT_CORE, &limit) == 0);
  child_need (chdir (setup->directory) == 0);
  if (setup->reported)
    ps_watcher_report_crashes (watcher);
  if (setup->reported && setup->way.twice)
    ps_watcher_on_crash (watcher, crash_again, NULL);
  if (setup->way.in_thread)
    in_culprit (crash_in_thread, (gpointer) &setup->way);
  setup->way.crash (setup->way.signum);
  return 0;
}

static char *
find_core (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, "core"))
      return g_build_filename (directory, name, NULL);
  return NULL;
}

static void
keep_function (GString *account, const char *line)
{
  static GRegex *frame;
  g_autoptr (GMatchInfo) match = NULL;

  if (frame == NULL)
    frame = g_regex_new ("^#\\d+ +(?:0x[0-9a-f]+ in )?(\\S+)", 0, 0, NULL);
  if (g_regex_match (frame, line, 0, &match))
    {
      g_autofree char *function = g_match_info_fetch (match, 1);

      g_string_append_printf (account, "%s\n", function);
    }
  else if (g_str_has_prefix (line, "$"))
    g_string_append_printf (account, "%s\n", line);
}

static char *
account_of (const char *output)
{
  GString *account = g_string_new (NULL);
  g_auto (GStrv) lines = g_strsplit (output, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    keep_function (account, lines[i]);
  return g_string_free (account, FALSE);
}

static void
add_words (GPtrArray *argv, const char *word, ...)
{
  va_list words;

  va_start (words, word);
  for (; word != NULL; word = va_arg (words, const char *))
    g_ptr_array_add (argv, g_strdup (word));
  va_end (words);
}

#define NEXT "== the next =="

/* What the debugger says of each core: signal, code, functions of the thread that crashed. One
 * debugger for all of them, since its start takes longer than they do. */
static GPtrArray *
accounts_of (GPtrArray *cores)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *output = NULL;
  g_auto (GStrv) parts = NULL;
  GPtrArray *accounts = g_ptr_array_new_with_free_func (g_free);

  /* What others were built from takes most of the time, and tells nothing. */
  add_words (argv, "gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex",
             "set debug-file-directory /nowhere", "-iex", "set auto-load off", program, NULL);
  for (guint i = 0; i < cores->len; i++)
    {
      g_autofree char *core = g_strdup_printf ("core-file %s", (const char *) cores->pdata[i]);

      add_words (argv, "-ex", core, "-ex",
                 "printf \"$ %d %d\\n\", $_siginfo.si_signo, $_siginfo.si_code", "-ex", "bt", "-ex",
                 "echo " NEXT, NULL);
    }
  g_ptr_array_add (argv, NULL);
  if (!g_spawn_sync (NULL, (char **) argv->pdata, NULL,
                     G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output, NULL,
                     NULL, NULL))
    return accounts;
  parts = g_strsplit (output, NEXT, -1);
  for (guint i = 0; parts[i] != NULL; i++)
    g_ptr_array_add (accounts, account_of (parts[i]));
  return accounts;
}

/* Adds the path of the core. */
static void
crash (const Way *way, gboolean reported, GPtrArray *cores)
{
  const char *directory = new_directory ();
  char *core;
  const Setup setup = { *way, directory, reported };
  int status = proc_wait (proc_start (core_child, &setup));

  core = find_core (directory);
  tap_check (WIFSIGNALED (status) && WTERMSIG (status) == way->signum);
  tap_check (core != NULL && WCOREDUMP (status));
  if (core != NULL)
    g_ptr_array_add (cores, core);
}

static gboolean
can_have_cores (void)
{
  g_autofree char *pattern = NULL;
  g_autofree char *gdb = g_find_program_in_path ("gdb");
  struct rlimit limit;

  if (getrlimit (RLIMIT_CORE, &limit) < 0 || limit.rlim_max != RLIM_INFINITY)
    tap_skip ("cores are limited here");
  else if (gdb == NULL)
    tap_skip ("gdb is not installed");
  else if (!g_file_get_contents ("/proc/sys/kernel/core_pattern", &pattern, NULL, NULL)
           || !g_str_has_prefix (pattern, "core"))
    tap_skip ("the kernel writes no cores into the working directory here");
  else
    return TRUE;
  return FALSE;
}

static void
expect_same (const Way *way, const char *without, const char *with)
{
  const char *function = way->crash == crash_by_fault ? "crash_by_fault" : "crash_by_raise";

  if (strstr (without, function) == NULL)
    {
      tap_note ("the core", without);
      tap_fail (G_STRLOC, "the core of signal %d does not name %s, even without us", way->signum,
                function);
    }
  else if (!g_str_equal (with, without))
    {
      tap_note ("the core without us", without);
      tap_note ("the core with us", with);
      tap_fail (G_STRLOC, "the cores of signal %d are not the same", way->signum);
    }
}

static void
c01_core (void)
{
  static const Way ways[] = {
    { SIGSEGV, crash_by_fault, FALSE, FALSE }, { SIGSEGV, crash_by_fault, TRUE, FALSE },
    { SIGFPE, crash_by_fault, FALSE, TRUE },   { SIGABRT, crash_by_fault, FALSE, FALSE },
    { SIGTRAP, crash_by_fault, FALSE, FALSE }, { SIGSYS, crash_by_fault, FALSE, FALSE },
    { SIGBUS, crash_by_raise, FALSE, FALSE },
  };

  g_autoptr (GPtrArray) cores = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) accounts = NULL;

  if (left_out_for_cores () || !can_have_cores ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (ways) && !tap_failed (); i++)
    for (gboolean reported = FALSE; reported <= TRUE; reported++)
      crash (&ways[i], reported, cores);
  accounts = accounts_of (cores);
  /* What comes after the last is one more part. */
  tap_check_int (accounts->len, ==, 2 * G_N_ELEMENTS (ways) + 1);
  for (guint i = 0; i < G_N_ELEMENTS (ways) && !tap_failed (); i++)
    expect_same (&ways[i], accounts->pdata[2 * i], accounts->pdata[2 * i + 1]);
}

static const TapCase cases[] = {
  { "C01g", "the same core: signal, code, and the function at fault on top", c01_core },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
