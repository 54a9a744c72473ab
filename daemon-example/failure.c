/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "failure.h"

#include <errno.h>
#include <gio/gio.h>

G_DEFINE_QUARK (inboxd_failure, failure)

int
failure_from_errno (int errsv)
{
  switch (errsv)
    {
    case EACCES:
    case EPERM:
    case EROFS:
      return EX_NOPERM;
    case EADDRINUSE:
    case EADDRNOTAVAIL:
      return EX_UNAVAILABLE;
    default:
      return EX_CANTCREAT;
    }
}

static int
failure_from_gio (const GError *cause)
{
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_READ_ONLY))
    return EX_NOPERM;
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    return EX_UNAVAILABLE;
  return EX_CANTCREAT;
}

/* Makes an error of GIO one of ours; takes it. Returns FALSE, for the caller to return. */
gboolean
failure_take (GError **error, const char *what, GError *cause)
{
  g_set_error (error, FAILURE, failure_from_gio (cause), "%s: %s", what, cause->message);
  g_error_free (cause);
  return FALSE;
}
