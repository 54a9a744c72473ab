/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The lives that are known so far, and what they are found by.
 *
 * Texts are kept once, and cut where somebody wrote a book.
 */

#include "ps-lives-private.h"

#include <string.h>

#include "ps-clean.h"
#include "ps-entry-whose.h"

/* Of a text of a plain life. */
#define PLAIN_MAX 256

PsLives *
ps_lives_new (PsLivesDetail detail)
{
  PsLives *self = g_new0 (PsLives, 1);

  self->detail = detail;
  self->texts = g_string_chunk_new (4096);
  self->lives = g_ptr_array_new_with_free_func ((GDestroyNotify) ps_life_free);
  self->by_process = g_hash_table_new (g_str_hash, g_str_equal);
  self->by_invocation = g_hash_table_new (g_str_hash, g_str_equal);
  self->boots = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  return self;
}

void
ps_lives_free (PsLives *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_process);
  g_hash_table_unref (self->by_invocation);
  g_hash_table_unref (self->boots);
  g_ptr_array_unref (self->lives);
  g_string_chunk_free (self->texts);
  g_free (self);
}

static const char *
keep_text (PsLives *self, const char *text, gsize max)
{
  if (text == NULL || *text == '\0')
    return "";
  if (strlen (text) > max)
    {
      g_autofree char *cut =
          g_strdup_printf ("%.*s…", (int) ps_clean_fit (text, strlen (text), max), text);

      return g_string_chunk_insert_const (self->texts, cut);
    }
  return g_string_chunk_insert_const (self->texts, text);
}

const char *
ps_lives_keep (PsLives *self, const PsEntry *entry, PsKey key)
{
  return keep_text (self, entry->values[key],
                    self->detail == PS_LIVES_PLAIN ? PLAIN_MAX : PS_VALUE_MAX);
}

const char *
ps_lives_keep_account (PsLives *self, const PsEntry *entry, PsKey key)
{
  return self->detail == PS_LIVES_PLAIN ? "" : keep_text (self, entry->values[key], PS_ACCOUNT_MAX);
}

/* --- Finding ------------------------------------------------------------------------------- */

static const char *
put_key (char *buffer, gsize size, const char *name, gint64 pid)
{
  g_snprintf (buffer, size, "%s:%" G_GINT64_FORMAT, name, pid);
  return buffer;
}

PsLife *
ps_lives_find (GHashTable *table, const char *name, gint64 pid)
{
  char key[2 * PLAIN_MAX];

  if (name == NULL || *name == '\0')
    return NULL;
  return g_hash_table_lookup (table, pid < 0 ? name : put_key (key, sizeof key, name, pid));
}

static void
remember (PsLives *self, GHashTable *table, const char *name, gint64 pid, PsLife *life)
{
  char key[2 * PLAIN_MAX];

  if (*name == '\0')
    return;
  put_key (key, sizeof key, name, pid);
  g_hash_table_insert (
      table, (gpointer) (pid < 0 ? name : g_string_chunk_insert_const (self->texts, key)), life);
}

/* --- Making -------------------------------------------------------------------------------- */

/* When the boot began, as the first record of it has the clocks: that orders lives even where
 * somebody sets the clock. */
static gint64
get_boot_us (PsLives *self, const char *boot_id, const PsEntry *entry)
{
  gint64 *boot_us = g_hash_table_lookup (self->boots, boot_id);

  if (boot_us == NULL)
    {
      boot_us = g_new (gint64, 1);
      *boot_us = entry->realtime_us - entry->monotonic_us;
      g_hash_table_insert (self->boots, (gpointer) boot_id, boot_us);
    }
  return *boot_us;
}

static void
set_whose (PsLives *self, PsLife *life, const PsEntry *entry)
{
  const char *unit = ps_entry_get_unit (entry), *invocation = ps_entry_get_invocation (entry);

  life->unit = unit != NULL ? g_string_chunk_insert_const (self->texts, unit) : "";
  life->program = ps_lives_keep (self, entry, PS_KEY_PROGRAM);
  life->version = ps_lives_keep (self, entry, PS_KEY_VERSION);
  life->host = ps_lives_keep (self, entry, PS_KEY_HOSTNAME);
  life->machine_id = ps_lives_keep (self, entry, PS_KEY_MACHINE_ID);
  life->boot_id = ps_lives_keep (self, entry, PS_KEY_BOOT_ID);
  life->invocation_id =
      invocation != NULL ? g_string_chunk_insert_const (self->texts, invocation) : "";
  life->pid = ps_entry_get_int (entry, PS_KEY_PID, PS_UNKNOWN);
  life->uid = ps_entry_get_int (entry, PS_KEY_UID, PS_UNKNOWN);
}

static PsLife *
add_life (PsLives *self, PsLife *life)
{
  g_ptr_array_add (self->lives, life);
  if (life->pid >= 0)
    {
      remember (self, self->by_process, life->boot_id, life->pid, life);
      remember (self, self->by_invocation, life->invocation_id, life->pid, life);
      if (*life->invocation_id == '\0')
        remember (self, self->by_invocation, *life->unit != '\0' ? life->unit : life->program,
                  life->pid, life);
    }
  remember (self, self->by_invocation, life->invocation_id, -1, life);
  return life;
}

PsLife *
ps_lives_make (PsLives *self, const PsEntry *entry)
{
  PsLife *life = ps_life_new ();

  set_whose (self, life, entry);
  life->begun_us = entry->realtime_us;
  life->begun_monotonic_us = ps_entry_get_sent_us (entry);
  life->order_us = get_boot_us (self, life->boot_id, entry) + life->begun_monotonic_us;
  return add_life (self, life);
}

PsLife *
ps_lives_make_previous (PsLives *self, const PsEntry *entry)
{
  PsLife *life = ps_life_new ();

  set_whose (self, life, entry);
  life->boot_id = "";
  life->invocation_id = ps_lives_keep (self, entry, PS_KEY_PREVIOUS_INVOCATION_ID);
  life->pid = ps_entry_get_int (entry, PS_KEY_PREVIOUS_PID, PS_UNKNOWN);
  life->begun_us = ps_entry_get_int (entry, PS_KEY_PREVIOUS_BEGUN, PS_UNKNOWN);
  life->has_begin = life->begun_us >= 0;
  life->order_us = life->has_begin ? life->begun_us : entry->realtime_us - 1;
  return add_life (self, life);
}

/* --- Asking ---------------------------------------------------------------------------------- */

guint
ps_lives_get_n (const PsLives *self)
{
  return self->lives->len;
}

PsLife *
ps_lives_get (const PsLives *self, guint index)
{
  return g_ptr_array_index (self->lives, index);
}

PsLife *
ps_lives_get_last_over (const PsLives *self)
{
  for (guint i = self->lives->len; i-- > 0;)
    if (ps_life_is_over (ps_lives_get (self, i)))
      return ps_lives_get (self, i);
  return NULL;
}

guint
ps_lives_get_n_foreign (const PsLives *self)
{
  return self->n_foreign;
}
