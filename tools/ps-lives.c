/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which life a record belongs to.
 *
 * A record of ours is of the process that logged it: boot and process ID, which journald vouches
 * for. A process ID is used again, so a life ends where the next "run begun" of that number comes.
 * The exceptions are told by others: the next start tells of the previous life, whom it names by
 * invocation and process ID; systemd tells of a unit's invocation; systemd-coredump of a process;
 * `psctl settle` of the invocation that it runs for.
 *
 * Anybody may log anything, so what journald knows better is compared: a record that claims a unit
 * and comes from another is left out, and counted. Texts are kept once, and cut where somebody
 * wrote a book.
 */

#include "ps-lives-private.h"

#include <string.h>

#include "ps-entry-whose.h"

/* Of a text of a plain life. */
#define PLAIN_MAX 256

/* How far back a unit's previous life is looked for. */
#define LOOK_BACK 512

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
      g_autofree char *cut = g_strdup_printf ("%.*s…", (int) max, text);

      return g_string_chunk_insert_const (self->texts, cut);
    }
  return g_string_chunk_insert_const (self->texts, text);
}

/* "" when it is not there. */
const char *
ps_lives_keep (PsLives *self, const PsEntry *entry, PsKey key)
{
  return keep_text (self, entry->values[key],
                    self->detail == PS_LIVES_PLAIN ? PLAIN_MAX : PS_VALUE_MAX);
}

/* What is too long for a list: "" in a plain life. */
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

static PsLife *
find (GHashTable *table, const char *name, gint64 pid)
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

static PsLife *
make_life (PsLives *self, const PsEntry *entry)
{
  PsLife *life = ps_life_new ();

  set_whose (self, life, entry);
  life->begun_us = entry->realtime_us;
  life->begun_monotonic_us = ps_entry_get_sent_us (entry);
  life->order_us = get_boot_us (self, life->boot_id, entry) + life->begun_monotonic_us;
  return add_life (self, life);
}

/* A life that only its successor tells of. */
static PsLife *
make_previous (PsLives *self, const PsEntry *entry)
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

/* --- Taking records in --------------------------------------------------------------------- */

static gboolean
is_same (const PsLife *life, const PsEntry *entry)
{
  const char *invocation = ps_entry_get_invocation (entry);

  return invocation == NULL || *life->invocation_id == '\0'
         || strcmp (invocation, life->invocation_id) == 0;
}

static PsLife *
find_own (PsLives *self, const PsEntry *entry, PsKind kind)
{
  gint64 pid = ps_entry_get_int (entry, PS_KEY_PID, PS_UNKNOWN);
  PsLife *life = NULL;

  if (kind != PS_KIND_RUN_BEGUN && pid >= 0)
    life = find (self->by_process, entry->values[PS_KEY_BOOT_ID], pid);
  if (life == NULL || !is_same (life, entry)
      || (kind == PS_KIND_EXIT_BEGUN && life->fate != PS_FATE_RUNNING))
    return NULL;
  return life;
}

/* The newest of the unit before that of the process which tells. */
static PsLife *
find_before (PsLives *self, const PsEntry *entry)
{
  const char *unit = ps_entry_get_unit (entry), *invocation = ps_entry_get_invocation (entry);
  guint n = 0;

  for (guint i = self->lives->len; i-- > 0 && n++ < LOOK_BACK;)
    {
      PsLife *life = g_ptr_array_index (self->lives, i);

      if (g_strcmp0 (life->unit, unit) == 0 && g_strcmp0 (life->invocation_id, invocation) != 0)
        return life;
    }
  return NULL;
}

/* A last will is carried out by the process, by a helper of its unit, or by the next one. */
static PsLife *
find_settled (PsLives *self, const PsEntry *entry)
{
  const char *by = entry->values[PS_KEY_SETTLED_BY];
  PsLife *life;

  if (g_strcmp0 (by, "start") == 0 || g_strcmp0 (by, "boot") == 0)
    return find_before (self, entry);
  life = find_own (self, entry, PS_KIND_WILL_DONE);
  return life != NULL ? life : find (self->by_invocation, ps_entry_get_invocation (entry), -1);
}

static void
add_previous (PsLives *self, const PsEntry *entry, PsFate fate)
{
  const char *invocation = entry->values[PS_KEY_PREVIOUS_INVOCATION_ID];
  gint64 pid = ps_entry_get_int (entry, PS_KEY_PREVIOUS_PID, PS_UNKNOWN);
  const char *unit = ps_entry_get_unit (entry);
  PsLife *life;

  if (invocation == NULL && pid >= 0)
    invocation = unit != NULL ? unit : entry->values[PS_KEY_PROGRAM];
  life = find (self->by_invocation, invocation, pid);
  if (life == NULL)
    life = make_previous (self, entry);
  ps_lives_tell_previous (self, life, entry, fate);
}

/* Only of lives that are known: systemd tells of other programs, too. */
static void
add_manager (PsLives *self, const PsEntry *entry, const char *what)
{
  gboolean of_user = entry->values[PS_KEY_MANAGER_USER_UNIT] != NULL;
  PsLife *life = find (
      self->by_invocation,
      entry->values[of_user ? PS_KEY_MANAGER_USER_INVOCATION_ID : PS_KEY_MANAGER_INVOCATION_ID],
      -1);

  if (life == NULL)
    return;
  if (of_user ? ps_entry_get_int (entry, PS_KEY_UID, PS_UNKNOWN) != life->uid
              : ps_entry_get_int (entry, PS_KEY_PID, PS_UNKNOWN) != 1)
    self->n_foreign++;
  else
    ps_lives_tell_manager (self, life, entry, what);
}

static void
add_coredump (PsLives *self, const PsEntry *entry)
{
  PsLife *life = find (self->by_process, entry->values[PS_KEY_BOOT_ID],
                       ps_entry_get_int (entry, PS_KEY_COREDUMP_PID, PS_UNKNOWN));

  if (life != NULL && ps_entry_get_int (entry, PS_KEY_UID, PS_UNKNOWN) == 0)
    ps_lives_tell_coredump (self, life, entry);
}

static void
add_own (PsLives *self, const PsEntry *entry, const PsKindEntry *kind)
{
  PsLife *life;

  if (kind->kind == PS_KIND_WILL_DONE || kind->kind == PS_KIND_NOTE)
    life = find_settled (self, entry);
  else
    {
      life = find_own (self, entry, kind->kind);
      if (life == NULL)
        life = make_life (self, entry);
    }
  if (life != NULL)
    ps_lives_tell (self, life, entry, kind);
}

void
ps_lives_add (PsLives *self, const PsEntry *entry)
{
  const PsKindEntry *kind = ps_kinds_find (entry->values[PS_KEY_MESSAGE_ID]);

  if (kind == NULL)
    return;
  if (kind->kind == PS_KIND_MANAGER)
    add_manager (self, entry, kind->word);
  else if (kind->kind == PS_KIND_COREDUMP)
    add_coredump (self, entry);
  else if (ps_entry_is_foreign (entry))
    self->n_foreign++;
  else if (kind->kind == PS_KIND_PREVIOUS)
    add_previous (self, entry, kind->fate);
  else
    add_own (self, entry, kind);
}

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
