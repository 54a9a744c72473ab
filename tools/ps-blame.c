/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A step is a callback's name within an event of a unit. Every duration is kept, eight bytes each,
 * so that median and 95th percentile are what they are and not an estimate.
 *
 * Only exits count, not reloads. Steps of one phase run at the same time, so the shares of an exit
 * may come to more than the whole. An exit that was forced does not say how long it took: that is
 * counted from its begin. The step that hung took what it had taken by then.
 */

#include "ps-blame.h"

#include <string.h>

#include "ps-entry-whose.h"
#include "ps-kinds.h"

struct _PsBlame
{
  GStringChunk *texts;
  GHashTable *steps; /* "unit\nevent\nstep": PsBlamed */
  GHashTable *exits; /* unit: gint64, what its exits took */
  GHashTable *begun; /* "boot:pid": gint64, when the exit of that process began */
  GPtrArray *sorted;
  guint n_exits;
  guint n_foreign;
};

static void
free_blamed (gpointer data)
{
  PsBlamed *blamed = data;

  g_array_unref (blamed->durations);
  g_free (blamed);
}

PsBlame *
ps_blame_new (void)
{
  PsBlame *self = g_new0 (PsBlame, 1);

  self->texts = g_string_chunk_new (4096);
  self->steps = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, free_blamed);
  self->exits = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  self->begun = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->sorted = g_ptr_array_new ();
  return self;
}

void
ps_blame_free (PsBlame *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->sorted);
  g_hash_table_unref (self->steps);
  g_hash_table_unref (self->exits);
  g_hash_table_unref (self->begun);
  g_string_chunk_free (self->texts);
  g_free (self);
}

static const char *
get_name (const PsEntry *entry)
{
  const char *name = ps_entry_get_unit (entry);

  if (name == NULL)
    name = entry->values[PS_KEY_PROGRAM];
  return name != NULL ? name : "";
}

static PsBlamed *
get_blamed (PsBlame *self, const PsEntry *entry)
{
  const char *event = entry->values[PS_KEY_EVENT], *step = entry->values[PS_KEY_STEP];
  char key[3 * 256];
  PsBlamed *blamed;

  if (event == NULL || step == NULL || strcmp (event, "reload") == 0
      || strcmp (event, "resume") == 0)
    return NULL;
  g_snprintf (key, sizeof key, "%.250s\n%.250s\n%.250s", get_name (entry), event, step);
  blamed = g_hash_table_lookup (self->steps, key);
  if (blamed == NULL)
    {
      blamed = g_new0 (PsBlamed, 1);
      blamed->unit = g_string_chunk_insert_const (self->texts, get_name (entry));
      blamed->event = g_string_chunk_insert_const (self->texts, event);
      blamed->step = g_string_chunk_insert_const (self->texts, step);
      blamed->durations = g_array_new (FALSE, FALSE, sizeof (gint64));
      g_hash_table_insert (self->steps, g_string_chunk_insert (self->texts, key), blamed);
    }
  return blamed;
}

static char *
get_process (const PsEntry *entry)
{
  const char *boot = entry->values[PS_KEY_BOOT_ID];

  return g_strdup_printf ("%s:%" G_GINT64_FORMAT, boot != NULL ? boot : "",
                          ps_entry_get_int (entry, PS_KEY_PID, PS_UNKNOWN));
}

static void
begin_exit (PsBlame *self, const PsEntry *entry)
{
  g_hash_table_replace (self->begun, get_process (entry),
                        g_memdup2 (&entry->monotonic_us, sizeof entry->monotonic_us));
}

/* How long since it began. */
static gint64
end_exit (PsBlame *self, const PsEntry *entry)
{
  g_autofree char *process = get_process (entry);
  const gint64 *begun_us = g_hash_table_lookup (self->begun, process);
  gint64 took_us = begun_us != NULL ? entry->monotonic_us - *begun_us : 0;

  g_hash_table_remove (self->begun, process);
  return took_us;
}

static void
add_exit (PsBlame *self, const PsEntry *entry, gint64 duration_us)
{
  const char *name = get_name (entry);
  gint64 *took = g_hash_table_lookup (self->exits, name);

  self->n_exits++;
  if (took == NULL)
    {
      took = g_new0 (gint64, 1);
      g_hash_table_insert (self->exits, g_string_chunk_insert_const (self->texts, name), took);
    }
  if (duration_us > 0 && *took < G_MAXINT64 - duration_us)
    *took += duration_us;
}

static void
add_duration (PsBlamed *blamed, const PsEntry *entry)
{
  gint64 duration_us = ps_entry_get_int (entry, PS_KEY_DURATION, PS_UNKNOWN);

  if (duration_us < 0 || blamed->total_us > G_MAXINT64 - duration_us)
    return;
  g_array_append_val (blamed->durations, duration_us);
  blamed->total_us += duration_us;
}

void
ps_blame_add (PsBlame *self, const PsEntry *entry)
{
  const PsKindEntry *kind = ps_kinds_find (entry->values[PS_KEY_MESSAGE_ID]);
  PsBlamed *blamed;

  if (kind == NULL)
    return;
  if (ps_entry_is_foreign (entry))
    {
      self->n_foreign++;
      return;
    }
  if (kind->kind == PS_KIND_EXIT_BEGUN)
    begin_exit (self, entry);
  else if (kind->kind == PS_KIND_EXIT_FINISHED)
    add_exit (self, entry, ps_entry_get_int (entry, PS_KEY_DURATION, end_exit (self, entry)));
  else if (kind->kind == PS_KIND_EXIT_FORCED)
    add_exit (self, entry, end_exit (self, entry));
  if (kind->kind != PS_KIND_STEP_DONE && kind->kind != PS_KIND_HOLD_DROPPED
      && kind->kind != PS_KIND_EXIT_FORCED && kind->kind != PS_KIND_STEP_SKIPPED
      && kind->kind != PS_KIND_CALLBACK_FAILED)
    return;
  blamed = get_blamed (self, entry);
  if (blamed == NULL)
    return;
  if (kind->kind == PS_KIND_STEP_DONE || kind->kind == PS_KIND_EXIT_FORCED)
    add_duration (blamed, entry);
  else if (kind->kind == PS_KIND_HOLD_DROPPED)
    blamed->n_dropped++;
  else if (kind->kind == PS_KIND_STEP_SKIPPED)
    blamed->n_skipped++;
  else
    blamed->n_failed++;
}

static int
compare_durations (gconstpointer a, gconstpointer b)
{
  gint64 first = *(const gint64 *) a, second = *(const gint64 *) b;

  return (first > second) - (first < second);
}

static int
compare_blamed (gconstpointer a, gconstpointer b)
{
  const PsBlamed *first = *(const PsBlamed *const *) a, *second = *(const PsBlamed *const *) b;
  int order = (first->total_us < second->total_us) - (first->total_us > second->total_us);

  if (order == 0)
    order = strcmp (first->unit, second->unit);
  if (order == 0)
    order = strcmp (first->step, second->step);
  return order != 0 ? order : strcmp (first->event, second->event);
}

/* The smallest that so many percent are not above. */
static gint64
percentile (const GArray *sorted, guint percent)
{
  guint64 rank = ((guint64) sorted->len * percent + 99) / 100;

  return g_array_index (sorted, gint64, rank > 0 ? rank - 1 : 0);
}

static void
finish_blamed (PsBlame *self, PsBlamed *blamed)
{
  const gint64 *exits_us = g_hash_table_lookup (self->exits, blamed->unit);

  blamed->exits_us = exits_us != NULL ? *exits_us : 0;
  blamed->median_us = blamed->p95_us = blamed->worst_us = PS_UNKNOWN;
  if (blamed->durations->len == 0)
    return;
  g_array_sort (blamed->durations, compare_durations);
  blamed->median_us = percentile (blamed->durations, 50);
  blamed->p95_us = percentile (blamed->durations, 95);
  blamed->worst_us = percentile (blamed->durations, 100);
}

void
ps_blame_finish (PsBlame *self)
{
  GHashTableIter iter;
  gpointer blamed;

  g_hash_table_iter_init (&iter, self->steps);
  while (g_hash_table_iter_next (&iter, NULL, &blamed))
    {
      finish_blamed (self, blamed);
      g_ptr_array_add (self->sorted, blamed);
    }
  g_ptr_array_sort (self->sorted, compare_blamed);
}

guint
ps_blame_get_n (const PsBlame *self)
{
  return self->sorted->len;
}

const PsBlamed *
ps_blame_get (const PsBlame *self, guint index)
{
  return g_ptr_array_index (self->sorted, index);
}

guint
ps_blame_get_n_exits (const PsBlame *self)
{
  return self->n_exits;
}

guint
ps_blame_get_n_foreign (const PsBlame *self)
{
  return self->n_foreign;
}
