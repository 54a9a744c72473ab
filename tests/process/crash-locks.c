/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group C: crashes while a lock is held that a careless handler would wait for. */
#include "crash-common.h"

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A handler that hung would be interrupted, and say so. */
static void
expect_whole (Proc *child, int signum)
{
  expect_crash (child, signum, 1);
  proc_expect_no_output (child, "not whole");
}

/* --- C05 ------------------------------------------------------------------------------------- */

/* Not known to the compiler, which would see what is done to it. */
static void *volatile block;

static int
double_free_child (gconstpointer data)
{
  void *same;

  watch_crashes ();
  block = malloc (50);
  same = block;
  free (block);
  free (same);
  return 0;
}

static int
heap_overflow_child (gconstpointer data)
{
  watch_crashes ();
  block = malloc (5000);
  memset (block, 'x', malloc_usable_size (block) + 64);
  free (block);
  for (guint i = 0; i < 100; i++)
    block = malloc (i * 1000);
  return 0;
}

static void
c05 (void)
{
  Proc *child;

  if (left_out_for_malloc ())
    return;
  child = proc_start (double_free_child, NULL);
  expect_whole (child, SIGABRT);
  proc_expect_output (child, "free(): double free detected");
  expect_whole (proc_start (heap_overflow_child, NULL), SIGABRT);
}

static gpointer
allocate_for_ever (gpointer unused)
{
  child_say ("allocating");
  for (guint i = 1;; i++)
    {
      /* Large enough for the arena, and its lock. */
      block = malloc (2000 + i % 7 * 1000);
      free (block);
    }
  return NULL;
}

static int
allocating_child (gconstpointer data)
{
  watch_crashes ();
  in_culprit (allocate_for_ever, NULL);
  return 0;
}

/* Wherever in malloc() it is just then. */
static void
c05_malloc (void)
{
  for (guint i = 0; i < 30 && !tap_failed (); i++)
    {
      Proc *child = proc_start (allocating_child, NULL);

      proc_expect (child, "allocating");
      proc_kill (child, SIGSEGV);
      expect_whole (child, SIGSEGV);
    }
}

/* --- C06 ------------------------------------------------------------------------------------- */

typedef void (*Holder) (void);

static void
hold_stdio (void)
{
  flockfile (stderr);
  flockfile (stdout);
  crash_by_fault (SIGSEGV);
}

static void
on_log (const char *domain, GLogLevelFlags level, const char *message, gpointer unused)
{
  crash_by_fault (SIGSEGV);
}

static void
hold_log (void)
{
  g_log_set_default_handler (on_log, NULL);
  g_warning ("this does not come out");
}

static void
load_module (const char *what)
{
  g_setenv ("CRASH_MODULE", what, TRUE);
  child_need (dlopen (PS_TEST_CRASH_MODULE, RTLD_NOW) != NULL);
}

static void
hold_loader (void)
{
  load_module ("crash");
}

static int
on_object (struct dl_phdr_info *info, size_t size, void *unused)
{
  crash_by_fault (SIGSEGV);
  return 0;
}

static void
hold_object_list (void)
{
  dl_iterate_phdr (on_object, NULL);
}

static GMutex own_lock;

static void
hold_own (void)
{
  g_mutex_lock (&own_lock);
  crash_by_fault (SIGSEGV);
}

static int
holding_child (gconstpointer holder)
{
  watch_crashes ();
  (*(const Holder *) holder) ();
  return 0;
}

static void
c06 (void)
{
  static const Holder holders[] = { hold_stdio, hold_log, hold_loader, hold_object_list, hold_own };

  for (guint i = 0; i < G_N_ELEMENTS (holders) && !tap_failed (); i++)
    expect_whole (proc_start (holding_child, &holders[i]), SIGSEGV);
}

/* Another thread holds it. */
static gpointer
load_for_ever (gpointer unused)
{
  load_module ("wait");
  return NULL;
}

static int
other_loads_child (gconstpointer data)
{
  int ends[2];
  char line[8];

  watch_crashes ();
  child_need (pipe (ends) == 0 && dup2 (ends[1], STDOUT_FILENO) >= 0);
  in_thread (load_for_ever, NULL);
  child_need (read (ends[0], line, sizeof line) == sizeof line);
  crash_by_fault (SIGSEGV);
  return 0;
}

static void
c06_loader (void)
{
  expect_whole (proc_start (other_loads_child, NULL), SIGSEGV);
}

static void
do_nothing (PsContext *context, gpointer unused)
{
}

/* The library's own locks, taken all the time by two threads. */
static gpointer
register_for_ever (gpointer watcher)
{
  child_say ("registering");
  for (;;)
    {
      guint id = ps_watcher_add (watcher, PS_EVENT_FINISH, "busy", 0, 0, do_nothing, NULL, NULL);
      guint safe = ps_watcher_add (watcher, PS_EVENT_FINISH | PS_ASYNC_SIGNAL_SAFE, "safe", 0, 0,
                                   do_nothing, NULL, NULL);

      ps_watcher_remove (watcher, id);
      ps_watcher_remove (watcher, safe);
    }
  return NULL;
}

static int
registering_child (gconstpointer data)
{
  PsWatcher *watcher = watch_crashes ();

  in_thread (register_for_ever, watcher);
  in_culprit (register_for_ever, watcher);
  return 0;
}

static void
c06_own (void)
{
  for (guint i = 0; i < 30 && !tap_failed (); i++)
    {
      Proc *child = proc_start (registering_child, NULL);

      proc_expect_lines (child, "registering", "registering");
      proc_kill (child, SIGSEGV);
      expect_whole (child, SIGSEGV);
    }
}

static const TapCase cases[] = {
  { "C05", "a double free, a heap that was overwritten", c05 },
  { "C05b", "a crash in the middle of malloc()", c05_malloc },
  { "C06", "with the locks of stdio, of the log, of the loader, of one's own", c06 },
  { "C06b", "while another thread loads a library", c06_loader },
  { "C06c", "while other threads register callbacks", c06_own },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
