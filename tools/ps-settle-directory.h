/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One record directory, and all that lives there have left to be done. */

#include <glib.h>

/* floor 5 of the library */
#include "ps-settle-tell.h"
/* floor 6 */
#include "ps-report.h"

typedef struct
{
  PsSettleBy by;
  const char *unit;       /* only wills and the record of that name; NULL: all */
  const char *invocation; /* what the service manager says of the run that has ended; all may be */
  const char *result;     /* NULL */
  const char *code;
  const char *status;
  gint64 end_us;    /* CLOCK_MONOTONIC: no clause is begun after it */
  gboolean is_told; /* on standard output, too */
} PsSettleTask;

/* How it went, from best to worst; the worst of several counts. */
typedef enum
{
  PS_SETTLED_WELL,    /* carried out, or left alone for a reason, or there was nothing */
  PS_SETTLED_PARTLY,  /* a clause failed, or a file is damaged or of a later version */
  PS_SETTLED_REFUSED, /* it is not for us */
  PS_SETTLED_BADLY,   /* something could not be read, or is still to be done */
} PsSettled;

PsSettled ps_settle_directory (const char *path, const PsSettleTask *task);
