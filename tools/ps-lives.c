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
 * and comes from another is left out, and counted.
 */

#include "ps-lives-private.h"

#include <string.h>

#include "ps-entry-whose.h"

/* How far back a unit's previous life is looked for. */
#define LOOK_BACK 512

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
    life = ps_lives_find (self->by_process, entry->values[PS_KEY_BOOT_ID], pid);
  if (life == NULL || !is_same (life, entry)
      || (kind == PS_KIND_EXIT_BEGUN && life->fate != PS_FATE_RUNNING))
    return NULL;
  return life;
}

/* The same service, or program where there is none, on the same machine and of the same user: a
 * journal may hold those of many. */
static gboolean
is_of_same (const PsLife *life, const PsEntry *entry)
{
  const char *unit = ps_entry_get_unit (entry);

  if (g_strcmp0 (life->unit, unit != NULL ? unit : "") != 0
      || life->uid != ps_entry_get_int (entry, PS_KEY_UID, PS_UNKNOWN)
      || g_strcmp0 (life->machine_id, entry->values[PS_KEY_MACHINE_ID]) != 0)
    return FALSE;
  return unit != NULL || g_strcmp0 (life->program, entry->values[PS_KEY_PROGRAM]) == 0;
}

/* The newest before that of the process which tells. */
static PsLife *
find_before (PsLives *self, const PsEntry *entry)
{
  const char *invocation = ps_entry_get_invocation (entry);
  gint64 pid = ps_entry_get_int (entry, PS_KEY_PID, PS_UNKNOWN);
  guint n = 0;

  for (guint i = self->lives->len; i-- > 0 && n++ < LOOK_BACK;)
    {
      PsLife *life = g_ptr_array_index (self->lives, i);

      if (is_of_same (life, entry)
          && (invocation != NULL ? strcmp (life->invocation_id, invocation) != 0
                                 : life->pid != pid))
        return life;
    }
  return NULL;
}

/* Who tells of a life of another process has to be of the same machine and service, as journald has
 * it, or of that life's user or root: whom a record names, anybody can write into it. */
static gboolean
may_tell_of (const PsLife *life, const PsEntry *entry)
{
  gint64 uid = ps_entry_get_int (entry, PS_KEY_UID, PS_UNKNOWN);

  return g_strcmp0 (life->machine_id, entry->values[PS_KEY_MACHINE_ID]) == 0
         && (uid == life->uid || uid == 0
             || g_strcmp0 (life->unit, entry->values[PS_KEY_SYSTEMD_UNIT]) == 0)
         && (!g_str_has_suffix (life->unit, ".service")
             || g_strcmp0 (life->unit, ps_entry_get_unit (entry)) == 0);
}

/* FALSE: it is none of theirs. *life NULL: there is none. */
static gboolean
find_named (PsLives *self, const PsEntry *entry, const char *invocation, gint64 pid, PsLife **life)
{
  *life = ps_lives_find (self->by_invocation, invocation, pid);
  if (*life == NULL || may_tell_of (*life, entry))
    return TRUE;
  *life = NULL;
  self->n_foreign++;
  return FALSE;
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
  if (life == NULL)
    find_named (self, entry, ps_entry_get_invocation (entry), -1, &life);
  return life;
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
  if (!find_named (self, entry, invocation, pid, &life))
    return;
  if (life == NULL)
    life = ps_lives_make_previous (self, entry);
  ps_lives_tell_previous (self, life, entry, fate);
}

/* Only of lives that are known: systemd tells of other programs, too. */
static void
add_manager (PsLives *self, const PsEntry *entry, const char *what)
{
  gboolean of_user = entry->values[PS_KEY_MANAGER_USER_UNIT] != NULL;
  PsLife *life = ps_lives_find (
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

/* By the unit that it runs as: it has the user of the process that crashed, or one of its own. */
static gboolean
is_from_coredump (const PsEntry *entry)
{
  const char *unit = entry->values[PS_KEY_SYSTEMD_UNIT];

  return unit != NULL && g_str_has_prefix (unit, "systemd-coredump@");
}

static void
add_coredump (PsLives *self, const PsEntry *entry)
{
  PsLife *life = ps_lives_find (self->by_process, entry->values[PS_KEY_BOOT_ID],
                                ps_entry_get_int (entry, PS_KEY_COREDUMP_PID, PS_UNKNOWN));

  if (life == NULL)
    return;
  if (is_from_coredump (entry))
    ps_lives_tell_coredump (self, life, entry);
  else
    self->n_foreign++;
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
        life = ps_lives_make (self, entry);
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
