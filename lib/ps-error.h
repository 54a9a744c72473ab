/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ps-types.h>

G_BEGIN_DECLS

/**
 * PS_ERROR:
 *
 * The error domain of the library; codes are #PsError. Since 0.1.
 */
#define PS_ERROR (ps_error_quark ())

/**
 * PsError:
 * @PS_ERROR_INVALID: a value (from the environment, a configuration, a caller) makes no sense, or
 *   the system refuses it
 * @PS_ERROR_EXHAUSTED: there is no file descriptor, or no thread, to be had
 * @PS_ERROR_BUSY: the watch is in other hands: of a thread, a process or a library
 * @PS_ERROR_OVER: the watch has ended, or its end has begun, or it is another process's
 *
 * What can go wrong at run time. Since 0.1.
 */
typedef enum
{
  PS_ERROR_INVALID,
  PS_ERROR_EXHAUSTED,
  PS_ERROR_BUSY,
  PS_ERROR_OVER,
} PsError;

PS_PUBLIC GQuark ps_error_quark (void);

G_END_DECLS
