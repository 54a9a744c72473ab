/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-will-watcher.h"
#include "ps-error.h"
#include "ps-watcher-private.h"

/* NULL: error is set. */
static PsWill *
get_will (PsWatcher *self, GError **error)
{
  PsWill *will = g_atomic_pointer_get (&self->will);

  if (g_atomic_int_get (&self->detached) || ps_watcher_is_forked (self))
    {
      g_set_error_literal (error, PS_ERROR, PS_ERROR_OVER,
                           "There can be no will any more: the watch was ended, or it is another "
                           "process's");
      return NULL;
    }
  if (will == NULL)
    g_set_error_literal (error, PS_ERROR, PS_ERROR_INVALID,
                         "There is no record to write a will to: call ps_watcher_open_record() "
                         "first");
  return will;
}

gboolean
ps_watcher_will_allow (PsWatcher *self, const char *directory, GError **error)
{
  PsWill *will;

  g_return_val_if_fail (self != NULL && directory != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  will = get_will (self, error);
  return will != NULL && ps_will_allow (will, directory, error);
}

static guint
add_file (PsWatcher *self, PsWillVerb verb, const char *path, GError **error)
{
  PsWill *will = get_will (self, error);

  return will != NULL ? ps_will_add_file (will, verb, path, error) : 0;
}

guint
ps_watcher_will_unlink (PsWatcher *self, const char *path, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL, 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add_file (self, PS_WILL_UNLINK, path, error);
}

guint
ps_watcher_will_rmdir (PsWatcher *self, const char *path, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL, 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add_file (self, PS_WILL_RMDIR, path, error);
}

guint
ps_watcher_will_run (PsWatcher *self, const char *const *argv, GError **error)
{
  PsWill *will;

  g_return_val_if_fail (self != NULL && argv != NULL, 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  will = get_will (self, error);
  return will != NULL ? ps_will_add_command (will, argv, error) : 0;
}

gboolean
ps_watcher_will_revoke (PsWatcher *self, guint clause)
{
  PsWill *will;

  g_return_val_if_fail (self != NULL, FALSE);

  will = get_will (self, NULL);
  return will != NULL && ps_will_revoke (will, clause);
}
