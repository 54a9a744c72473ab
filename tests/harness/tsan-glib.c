/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Makes GLib's synchronisation visible to ThreadSanitizer.
 *
 * GLib's mutexes and conditions are futexes and its reference counts atomics in a library that was
 * not built with the sanitizer: it sees the data that they protect and not the protection, and
 * calls correct code a race. Building GLib anew for one suite is the other way out.
 *
 * So a test's executable brings definitions of its own, which the linker prefers to GLib's also
 * for what the library under test calls. Each tells the sanitizer what GLib promises: what was
 * done before a release is seen after the acquire of the same address that follows it. Then GLib's
 * own function does the work. Nothing is promised that GLib does not: signalling a condition, say,
 * orders nothing by itself, the mutex does.
 *
 * What needs nothing here: GRecMutex, GRWLock and threads, which are pthreads underneath, and
 * reads and writes of descriptors: the sanitizer sees those wherever they are called from. So does
 * it see GLib allocate and free memory of its own, which its own invisible locks protect: that it
 * is told to overlook. Memory that is freed by g_free() here is not overlooked.
 *
 * To be linked whole, into sanitized executables only, and run with G_SLICE=always-malloc. Not
 * covered: what a finalizer of a GObject does with data of another thread.
 */

#include <glib.h>

#include <dlfcn.h>
#include <stdlib.h>

void __tsan_acquire (void *address);
void __tsan_release (void *address);
const char *__tsan_default_suppressions (void);

const char *
__tsan_default_suppressions (void)
{
  return "called_from_lib:libglib-2.0.so.0\n"
         "called_from_lib:libgobject-2.0.so.0\n"
         "called_from_lib:libgio-2.0.so.0\n";
}

/* GLib's own function of this name. Resolved at the first call, since constructors of libraries
 * lock mutexes before any constructor of this executable runs. */
static gpointer
find (gpointer *place, const char *name)
{
  gpointer found = __atomic_load_n (place, __ATOMIC_RELAXED);

  if (found == NULL)
    {
      found = dlsym (RTLD_NEXT, name);
      if (found == NULL)
        g_error ("tsan-glib: there is no %s in GLib", name);
      __atomic_store_n (place, found, __ATOMIC_RELAXED);
    }
  return found;
}

#define REAL(name)                                                                                 \
  ({                                                                                               \
    static gpointer place_;                                                                        \
    (__typeof__ (&(name))) find (&place_, #name);                                                  \
  })

/* --- Memory ----------------------------------------------------------------------------------- */

/* As in GLib, where the two have been the same since 2.46; but called from here, so that a free
 * that races is found. */
void
g_free (gpointer memory)
{
  free (memory);
}

/* --- Mutexes and conditions ------------------------------------------------------------------- */

void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock) (mutex);
  __tsan_acquire (mutex);
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  gboolean locked = REAL (g_mutex_trylock) (mutex);

  if (locked)
    __tsan_acquire (mutex);
  return locked;
}

void
g_mutex_unlock (GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_mutex_unlock) (mutex);
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_cond_wait) (cond, mutex);
  __tsan_acquire (mutex);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean woken;

  __tsan_release (mutex);
  woken = REAL (g_cond_wait_until) (cond, mutex, end_time);
  __tsan_acquire (mutex);
  return woken;
}

/* --- Once ------------------------------------------------------------------------------------- */

/* Its macro looks first, with an atomic load that the sanitizer sees; the store is GLib's. */
gboolean (g_once_init_enter) (volatile void *location)
{
  gboolean first = REAL (g_once_init_enter) (location);

  __tsan_acquire ((void *) location);
  return first;
}

void (g_once_init_leave) (volatile void *location, gsize result)
{
  __tsan_release ((void *) location);
  REAL (g_once_init_leave) (location, result);
}

/* --- Reference counts ------------------------------------------------------------------------- */

gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  gboolean last;

  __tsan_release (count);
  last = REAL (g_atomic_ref_count_dec) (count);
  if (last)
    __tsan_acquire (count);
  return last;
}

/* Who finds itself the only owner has all that the others did before they let go. */
gboolean (g_atomic_ref_count_compare) (gatomicrefcount *count, gint value)
{
  gboolean equal = REAL (g_atomic_ref_count_compare) (count, value);

  if (equal)
    __tsan_acquire (count);
  return equal;
}

/* --- Main contexts ---------------------------------------------------------------------------- */

/*
 * Whoever attaches a source, sets its time or lets go of it hands over what he did before to the
 * thread in which the source's functions run. So sources get functions that acquire first.
 */

typedef struct
{
  GSourceFuncs ours; /* first: a source points here */
  GSourceFuncs *theirs;
} Funcs;

static GSourceFuncs *
theirs (GSource *source)
{
  __tsan_acquire (source);
  return ((Funcs *) source->source_funcs)->theirs;
}

static gboolean
prepare (GSource *source, gint *timeout)
{
  return theirs (source)->prepare (source, timeout);
}

static gboolean
check (GSource *source)
{
  return theirs (source)->check (source);
}

static gboolean
dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  return theirs (source)->dispatch (source, func, data);
}

static void
finalize (GSource *source)
{
  void (*real) (GSource *) = theirs (source)->finalize;

  if (real != NULL)
    real (source);
}

/* One for each kind of source, for ever. */
static GSourceFuncs *
wrap (GSourceFuncs *funcs)
{
  static GRecMutex lock;
  static GHashTable *wrapped;
  Funcs *found;

  g_rec_mutex_lock (&lock);
  if (wrapped == NULL)
    wrapped = g_hash_table_new (NULL, NULL);
  found = g_hash_table_lookup (wrapped, funcs);
  if (found == NULL)
    {
      found = g_new0 (Funcs, 1);
      found->ours = *funcs;
      found->ours.prepare = funcs->prepare != NULL ? prepare : NULL;
      found->ours.check = funcs->check != NULL ? check : NULL;
      found->ours.dispatch = funcs->dispatch != NULL ? dispatch : NULL;
      found->ours.finalize = finalize;
      found->theirs = funcs;
      g_hash_table_insert (wrapped, funcs, found);
    }
  g_rec_mutex_unlock (&lock);
  return &found->ours;
}

GSource *
g_source_new (GSourceFuncs *funcs, guint struct_size)
{
  return REAL (g_source_new) (wrap (funcs), struct_size);
}

guint
g_source_attach (GSource *source, GMainContext *context)
{
  __tsan_release (source);
  return REAL (g_source_attach) (source, context);
}

void
g_source_set_ready_time (GSource *source, gint64 ready_time)
{
  __tsan_release (source);
  REAL (g_source_set_ready_time) (source, ready_time);
}

void
g_source_destroy (GSource *source)
{
  __tsan_release (source);
  REAL (g_source_destroy) (source);
}

void
g_source_unref (GSource *source)
{
  __tsan_release (source);
  REAL (g_source_unref) (source);
}

/* GLib's own kinds of source are made within GLib; there the callback is what acquires. */

typedef struct
{
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} Callback;

static gboolean
call (gpointer data)
{
  Callback *callback = data;

  __tsan_acquire (callback);
  return callback->func (callback->data);
}

static void
forget (gpointer data)
{
  Callback *callback = data;

  __tsan_acquire (callback);
  if (callback->notify != NULL)
    callback->notify (callback->data);
  g_free (callback);
}

static Callback *
hand_over (GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  Callback *callback = g_new (Callback, 1);

  *callback = (Callback){ func, data, notify };
  __tsan_release (callback);
  return callback;
}

/* A source of an own kind may call its callback with other arguments: that is left alone. */
void
g_source_set_callback (GSource *source, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  __tsan_release (source);
  if (source->source_funcs->finalize == finalize || func == NULL)
    REAL (g_source_set_callback) (source, func, data, notify);
  else
    REAL (g_source_set_callback) (source, call, hand_over (func, data, notify), forget);
}

guint
g_idle_add_full (gint priority, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  return REAL (g_idle_add_full) (priority, call, hand_over (func, data, notify), forget);
}

guint
g_idle_add (GSourceFunc func, gpointer data)
{
  return g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, func, data, NULL);
}

guint
g_timeout_add_full (gint priority, guint interval, GSourceFunc func, gpointer data,
                    GDestroyNotify notify)
{
  return REAL (g_timeout_add_full) (priority, interval, call, hand_over (func, data, notify),
                                    forget);
}

guint
g_timeout_add (guint interval, GSourceFunc func, gpointer data)
{
  return g_timeout_add_full (G_PRIORITY_DEFAULT, interval, func, data, NULL);
}
