/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * GLib starts a thread of its own with its first signal source, and ends the process where it gets
 * none (RLIMIT_NPROC, TasksMax=). So one is started for a trial. It counts until the kernel has
 * done with it, which is later than pthread_join() returns: where only one was to be had, GLib
 * would not get it otherwise.
 *
 * A thread-specific value has a destructor, which is called when its thread ends, but not at
 * exit(). Destructors come in rounds: one that sets its value anew is called again in the next.
 * Ours does its work in the last but one of those that POSIX promises, when those of others have
 * been.
 */

#include "ps-threads.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Far more than it takes; a number that another thread has by now is not waited for. */
#define YIELDS_MAX 100000

#define LAST_ROUND 3

/* Threads that GLib starts for itself and never ends. */
static const char *const workers[] = { "gmain", "gdbus", "pool-spawner" };

static atomic_int enough;
static pthread_key_t key;
static void (*end) (void);

static void *
tell_number (void *number)
{
  atomic_store ((atomic_int *) number, gettid ());
  return NULL;
}

static void
await_end_of (pid_t tid)
{
  for (guint i = 0; i < YIELDS_MAX && tgkill (getpid (), tid, 0) == 0; i++)
    sched_yield ();
}

/* Returns 0 or an error number. */
static int
start_one (void)
{
  atomic_int number = 0;
  sigset_t all, before;
  pthread_t thread;
  int r;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  r = pthread_create (&thread, NULL, tell_number, &number);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  if (r != 0)
    return r;
  pthread_join (thread, NULL);
  await_end_of (atomic_load (&number));
  return 0;
}

/* Whether GLib gets the thread it needs, or has it; otherwise FALSE with errno. */
gboolean
ps_threads_can_start (void)
{
  if (atomic_load (&enough))
    return TRUE;
  errno = start_one ();
  if (errno != 0)
    return FALSE;
  /* It will be there, and stays. */
  atomic_store (&enough, 1);
  return TRUE;
}

/* --- When one ends --------------------------------------------------------------------------- */

static void
ends (void *round)
{
  if (GPOINTER_TO_INT (round) < LAST_ROUND)
    pthread_setspecific (key, GINT_TO_POINTER (GPOINTER_TO_INT (round) + 1));
  else
    end ();
}

/* func: to be called in each thread that is minded, as the last thing it does. */
void
ps_threads_open (void (*func) (void))
{
  static gsize once;

  if (!g_once_init_enter (&once))
    return;
  if (pthread_key_create (&key, ends) == 0)
    end = func;
  g_once_init_leave (&once, 1);
}

void
ps_threads_mind (void)
{
  if (end != NULL)
    pthread_setspecific (key, GINT_TO_POINTER (1));
}

/* --- Which there are ------------------------------------------------------------------------- */

typedef struct
{
  char name[20];
  char state; /* as in proc(5) */
} Look;

/* FALSE: it is not there. */
static gboolean
look_at (const char *tid, Look *look)
{
  char path[64], text[128] = "";
  const char *begin, *behind;
  FILE *file;

  g_snprintf (path, sizeof path, "/proc/self/task/%s/stat", tid);
  file = fopen (path, "re");
  if (file == NULL)
    return FALSE;
  (void) !fread (text, 1, sizeof text - 1, file);
  fclose (file);
  begin = strchr (text, '(');
  behind = strrchr (text, ')');
  if (begin == NULL || behind == NULL || strlen (behind) < 3)
    return FALSE;
  g_strlcpy (look->name, begin + 1, MIN (sizeof look->name, (gsize) (behind - begin)));
  look->state = behind[2];
  return look->state != 'Z' && look->state != 'X';
}

static gboolean
is_worker (const Look *look)
{
  for (guint i = 0; i < G_N_ELEMENTS (workers); i++)
    if (strcmp (look->name, workers[i]) == 0)
      return TRUE;
  return FALSE;
}

/* How many threads there are beside this one, that one and GLib's own; where it is not known, one.
 */
guint
ps_threads_count_others (pid_t but)
{
  DIR *dir = opendir ("/proc/self/task");
  const struct dirent *entry;
  guint n = 0;

  if (dir == NULL)
    return 1;
  while ((entry = readdir (dir)) != NULL)
    {
      pid_t tid = atoi (entry->d_name);
      Look look;

      if (tid > 0 && tid != gettid () && tid != but && look_at (entry->d_name, &look)
          && !is_worker (&look))
        n++;
    }
  closedir (dir);
  return n;
}

/* Whether that is another thread than this, and there. */
gboolean
ps_threads_has_other (pid_t tid)
{
  char text[16];
  Look look;

  g_snprintf (text, sizeof text, "%d", (int) tid);
  return tid > 0 && tid != gettid () && look_at (text, &look);
}

/* Whether the thread that main() began in is another than this, and there. */
gboolean
ps_threads_has_first (void)
{
  return ps_threads_has_other (getpid ());
}
