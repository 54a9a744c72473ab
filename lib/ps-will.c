/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What may be in a will, and until when: a clause is looked at before it is written down, and who
 * wrote it is told in words why it cannot be.
 *
 * Any thread may come. The lock is held while the disk is waited for, in synced mode; threads that
 * could be cancelled there cannot.
 */

#include "ps-will.h"
#include "ps-error.h"
#include "ps-lock.h"
#include "ps-will-file.h"
#include "ps-will-places.h"

#include <errno.h>

struct _PsWill
{
  GMutex lock;
  gboolean is_over;
  PsWillPlaces places;
  PsWillFile file;
};

/* directory: the path of dir, which stays the caller's. NULL: errno. */
PsWill *
ps_will_new (int dir, const char *directory, const char *name, const PsOwner *owner,
             gboolean is_synced)
{
  PsWill *will = g_new0 (PsWill, 1);
  g_autofree char *own = ps_will_places_trim (directory);

  g_mutex_init (&will->lock);
  ps_will_places_init (&will->places);
  if (!ps_will_file_init (&will->file, dir, name, owner, &will->places, is_synced))
    {
      ps_will_free (will);
      return NULL;
    }
  if (ps_will_places_get_fault (&will->places, own) == NULL)
    (void) ps_will_places_open (&will->places, own);
  ps_will_places_open_granted (&will->places);
  return will;
}

/* What is in the file stays there, to be carried out when the process has ended. */
void
ps_will_free (PsWill *will)
{
  if (will == NULL)
    return;
  ps_will_places_clear (&will->places);
  ps_will_file_clear (&will->file);
  g_mutex_clear (&will->lock);
  g_free (will);
}

gboolean
ps_will_is_at_rest (PsWill *will)
{
  return ps_lock_is_free (&will->lock);
}

/* --- Errors ---------------------------------------------------------------------------------- */

static PsError
code_of (int error)
{
  switch (error)
    {
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EFBIG:
      return PS_ERROR_EXHAUSTED;
    default:
      return PS_ERROR_INVALID;
    }
}

static void
set_failed (PsWill *will, GError **error, int number, const char *why)
{
  g_set_error (error, PS_ERROR, code_of (number), "%s: the will cannot be written: %s",
               will->file.name, why != NULL ? why : g_strerror (number));
}

static gboolean
check_open (PsWill *will, GError **error)
{
  if (!will->is_over)
    return TRUE;
  g_set_error_literal (error, PS_ERROR, PS_ERROR_OVER, "the will has been carried out already");
  return FALSE;
}

/* --- Directories ----------------------------------------------------------------------------- */

static gboolean
allow (PsWill *will, const char *path, GError **error)
{
  PsWillPlaces *places = &will->places;
  const char *fault, *why;

  if (!check_open (will, error))
    return FALSE;
  if (ps_will_places_get_number (places, path) != 0)
    return TRUE;
  fault = ps_will_places_get_fault (places, path);
  if (fault == NULL && !ps_will_places_open (places, path))
    fault = g_strerror (errno);
  if (fault != NULL)
    {
      g_set_error (error, PS_ERROR, PS_ERROR_INVALID, "\"%s\" cannot be a directory of a will: %s",
                   path, fault);
      return FALSE;
    }
  if (ps_will_file_add_place (&will->file, places->n, &why))
    return TRUE;
  set_failed (will, error, errno, why);
  ps_will_places_close_last (places);
  return FALSE;
}

gboolean
ps_will_allow (PsWill *will, const char *path, GError **error)
{
  g_autofree char *trimmed = ps_will_places_trim (path);
  int cancel_state = ps_cancel_forbid ();
  gboolean allowed;

  g_mutex_lock (&will->lock);
  allowed = allow (will, trimmed, error);
  g_mutex_unlock (&will->lock);
  ps_cancel_restore (cancel_state);
  return allowed;
}

/* --- Clauses --------------------------------------------------------------------------------- */

static void
set_fault (GError **error, PsError code, const char *path, const char *fault)
{
  g_set_error (error, PS_ERROR, code, "\"%s\" cannot be in a will: %s", path, fault);
}

/* FALSE: error is set. */
static gboolean
locate (PsWill *will, const char *path, PsWillTarget *target, GError **error)
{
  const char *fault = path[0] != '/' ? "it is not absolute" : ps_beneath_fault (path + 1);

  if (fault != NULL)
    set_fault (error, PS_ERROR_INVALID, path, fault);
  else if (ps_will_places_find (&will->places, path, target))
    return TRUE;
  else
    g_set_error (error, PS_ERROR, PS_ERROR_INVALID,
                 "\"%s\" is in no directory that the will may name: declare its directory by "
                 "ps_watcher_will_allow(), or by RuntimeDirectory=, StateDirectory=, "
                 "CacheDirectory= or LogsDirectory= in the unit",
                 path);
  return FALSE;
}

static guint
add_file (PsWill *will, PsWillVerb verb, const char *path, GError **error)
{
  const char *fault, *why;
  PsWillTarget target;
  guint clause;
  int number;

  if (!check_open (will, error) || !locate (will, path, &target, error))
    return 0;
  fault = ps_will_places_look (&will->places, verb, &target, &number);
  if (fault != NULL)
    {
      set_fault (error, code_of (number), path, fault);
      return 0;
    }
  clause = ps_will_file_add_target (&will->file, verb, &target, &why);
  if (clause == 0)
    set_failed (will, error, errno, why);
  return clause;
}

guint
ps_will_add_file (PsWill *will, PsWillVerb verb, const char *path, GError **error)
{
  int cancel_state = ps_cancel_forbid ();
  guint clause;

  g_mutex_lock (&will->lock);
  clause = add_file (will, verb, path, error);
  g_mutex_unlock (&will->lock);
  ps_cancel_restore (cancel_state);
  return clause;
}

static guint
add_command (PsWill *will, const char *const *argv, GError **error)
{
  const char *why;
  guint clause;

  if (!check_open (will, error))
    return 0;
  clause = ps_will_file_add_command (&will->file, argv, &why);
  if (clause == 0)
    set_failed (will, error, errno, why);
  return clause;
}

guint
ps_will_add_command (PsWill *will, const char *const *argv, GError **error)
{
  const char *fault = argv[0] == NULL || argv[0][0] != '/' ? "a command is an absolute path" : NULL;
  int cancel_state;
  guint clause;

  if (fault == NULL && g_strv_length ((char **) argv) > PS_WILL_ARGUMENTS)
    fault = "a command has no more than 64 words";
  if (fault != NULL)
    {
      set_fault (error, PS_ERROR_INVALID, argv[0] != NULL ? argv[0] : "", fault);
      return 0;
    }
  cancel_state = ps_cancel_forbid ();
  g_mutex_lock (&will->lock);
  clause = add_command (will, argv, error);
  g_mutex_unlock (&will->lock);
  ps_cancel_restore (cancel_state);
  return clause;
}

/* FALSE: there is no such clause (any more), or it could not be written down. */
gboolean
ps_will_revoke (PsWill *will, guint clause)
{
  int cancel_state = ps_cancel_forbid ();
  gboolean revoked;

  g_mutex_lock (&will->lock);
  revoked = !will->is_over && ps_will_file_revoke (&will->file, clause);
  g_mutex_unlock (&will->lock);
  ps_cancel_restore (cancel_state);
  return revoked;
}

/* --- Other hands ----------------------------------------------------------------------------- */

/* In a child that has taken the watch over. FALSE: it could not be written down. */
gboolean
ps_will_inherit (PsWill *will)
{
  const PsOwner *was = &will->file.owner;
  PsOwner owner;

  return ps_owner_init_self (&owner, was->run, was->invocation) == 0
         && ps_will_file_hand_on (&will->file, &owner);
}

/* Takes no memory. Nothing can be added afterwards. */
PsSettleEnd
ps_will_carry_out (PsWill *will, const PsSettleHow *how)
{
  PsSettleHow ours = *how;
  PsSettleEnd end = PS_SETTLE_NOTHING;
  int cancel_state = ps_cancel_forbid ();

  g_mutex_lock (&will->lock);
  will->is_over = TRUE;
  g_mutex_unlock (&will->lock);
  /* From here on it is ours alone; who is told of it may ask for more. */
  ours.places = will->places.fds;
  if (ps_will_file_is_made (&will->file) && ps_store_is_ours (&will->file.store))
    end = ps_settle_store (&will->file.store, will->file.work, &ours);
  ps_cancel_restore (cancel_state);
  return end;
}
