/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A clock that stands still until a test moves it. The executable is linked with
 * --wrap=ps_clock_now_us, so that the parts read this one. */

#include <glib.h>

extern gint64 fake_now_us;
