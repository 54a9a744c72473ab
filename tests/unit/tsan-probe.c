/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Small programs for ThreadSanitizer: correct ones, each with another of GLib's ways to
 * synchronise, and wrong ones. Built twice, with tests/harness/tsan-glib.c and without it;
 * tsan-glib.py knows what has to be found in which.
 */

#include <glib.h>

#include <string.h>

#define N_TIMES 500

static struct
{
  GMutex lock, other_lock;
  GCond cond;
  gboolean told; /* under the lock */
  int number;    /* what it is all about */
  int *shared;
  gatomicrefcount refs;
  int turn; /* atomic */
} probe;

typedef struct
{
  const char *name;
  GThreadFunc first, second;
} Program;

/* --- Correct ---------------------------------------------------------------------------------- */

static gpointer
count_locked (gpointer unused)
{
  for (guint i = 0; i < N_TIMES; i++)
    {
      g_mutex_lock (&probe.lock);
      probe.number++;
      g_mutex_unlock (&probe.lock);
    }
  return NULL;
}

static gpointer
count_when_free (gpointer unused)
{
  for (guint i = 0; i < N_TIMES;)
    {
      if (!g_mutex_trylock (&probe.lock))
        continue;
      probe.number++;
      i++;
      g_mutex_unlock (&probe.lock);
    }
  return NULL;
}

static gpointer
tell (gpointer unused)
{
  probe.number = 1;
  g_mutex_lock (&probe.lock);
  probe.told = TRUE;
  g_cond_broadcast (&probe.cond);
  g_mutex_unlock (&probe.lock);
  return NULL;
}

static gpointer
wait_to_be_told (gpointer unused)
{
  g_mutex_lock (&probe.lock);
  while (!probe.told)
    g_cond_wait (&probe.cond, &probe.lock);
  g_mutex_unlock (&probe.lock);
  probe.number++;
  return NULL;
}

static gpointer
wait_to_be_told_until (gpointer unused)
{
  g_mutex_lock (&probe.lock);
  while (!probe.told)
    g_cond_wait_until (&probe.cond, &probe.lock, G_MAXINT64);
  g_mutex_unlock (&probe.lock);
  probe.number++;
  return NULL;
}

static gpointer
init_once (gpointer unused)
{
  static gsize once;

  if (g_once_init_enter (&once))
    {
      probe.shared = g_new0 (int, 1);
      *probe.shared = 1;
      g_once_init_leave (&once, 1);
    }
  g_assert_cmpint (*probe.shared, ==, 1);
  return NULL;
}

/* Each uses it, the last one frees it. */
static gpointer
let_go (gpointer unused)
{
  int seen = g_atomic_int_add (&probe.turn, 1);

  probe.shared[seen] = 1;
  if (g_atomic_ref_count_dec (&probe.refs))
    {
      g_assert_cmpint (probe.shared[0] + probe.shared[1], ==, 2);
      g_clear_pointer (&probe.shared, g_free);
    }
  return NULL;
}

static gboolean
note_in_loop (gpointer loop)
{
  probe.number++;
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static gboolean
source_dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  return func (data);
}

static GSourceFuncs source_funcs = { .dispatch = source_dispatch };

/* The loop is there before the thread: attaching finds it asleep, in its poll, or in between. */
static void
hand_to_loop (GSource *source, GMainLoop *loop)
{
  probe.number++;
  g_source_set_callback (source, note_in_loop, loop, NULL);
  g_source_attach (source, g_main_loop_get_context (loop));
}

static gpointer
attach_own (gpointer loop)
{
  g_autoptr (GSource) source = g_source_new (&source_funcs, sizeof (GSource));

  g_source_set_ready_time (source, 0);
  hand_to_loop (source, loop);
  return NULL;
}

static gpointer
attach_idle (gpointer loop)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  hand_to_loop (source, loop);
  return NULL;
}

static gpointer
add_idle (gpointer loop)
{
  probe.number++;
  g_idle_add (note_in_loop, loop);
  return NULL;
}

static gpointer
add_timeout (gpointer loop)
{
  probe.number++;
  g_timeout_add (0, note_in_loop, loop);
  return NULL;
}

/* --- Wrong ------------------------------------------------------------------------------------ */

static gpointer
count_unlocked (gpointer unused)
{
  for (guint i = 0; i < N_TIMES; i++)
    probe.number++;
  return NULL;
}

static gpointer
count_with_other_lock (gpointer unused)
{
  for (guint i = 0; i < N_TIMES; i++)
    {
      g_mutex_lock (&probe.other_lock);
      probe.number++;
      g_mutex_unlock (&probe.other_lock);
    }
  return NULL;
}

/* A signal orders nothing: who comes after it without the lock may see anything. */
static gpointer
signal_only (gpointer unused)
{
  probe.number++;
  g_cond_broadcast (&probe.cond);
  return NULL;
}

static gpointer
attach_and_go_on (gpointer loop)
{
  attach_own (loop);
  probe.number++;
  return NULL;
}

static gpointer
use_after_letting_go (gpointer unused)
{
  gboolean last;

  last = g_atomic_ref_count_dec (&probe.refs);
  probe.number++;
  return GINT_TO_POINTER (last);
}

static gpointer
write_shared (gpointer unused)
{
  probe.shared[1] = 1;
  return NULL;
}

static gpointer
free_shared (gpointer unused)
{
  g_free (probe.shared);
  return NULL;
}

/* --- Main ------------------------------------------------------------------------------------- */

static const Program programs[] = {
  { "mutex", count_locked, count_locked },
  { "trylock", count_locked, count_when_free },
  { "cond", wait_to_be_told, tell },
  { "cond-until", wait_to_be_told_until, tell },
  { "once", init_once, init_once },
  { "refcount", let_go, let_go },
  { "own-source", attach_own, NULL },
  { "idle-source", attach_idle, NULL },
  { "idle", add_idle, NULL },
  { "timeout", add_timeout, NULL },
  { "wrong-no-lock", count_unlocked, count_unlocked },
  { "wrong-one-lock", count_locked, count_unlocked },
  { "wrong-two-locks", count_locked, count_with_other_lock },
  { "wrong-signal", signal_only, signal_only },
  { "wrong-refcount", use_after_letting_go, use_after_letting_go },
  { "wrong-free", write_shared, free_shared },
  { "wrong-source", attach_and_go_on, NULL },
};

static void
run_threads (const Program *program)
{
  GThread *first, *second;

  probe.shared = g_new0 (int, 2);
  g_atomic_ref_count_init (&probe.refs);
  g_atomic_ref_count_inc (&probe.refs);
  first = g_thread_new ("first", program->first, NULL);
  second = g_thread_new ("second", program->second, NULL);
  g_thread_join (first);
  g_thread_join (second);
}

static void
run_loop (const Program *program)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  GThread *thread = g_thread_new ("first", program->first, loop);

  g_main_loop_run (loop);
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  for (gsize i = 0; argc == 2 && i < G_N_ELEMENTS (programs); i++)
    if (strcmp (argv[1], programs[i].name) == 0)
      {
        if (programs[i].second != NULL)
          run_threads (&programs[i]);
        else
          run_loop (&programs[i]);
        return 0;
      }
  for (gsize i = 0; i < G_N_ELEMENTS (programs); i++)
    g_print ("%s\n", programs[i].name);
  return argc == 1 ? 0 : 2;
}
