/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-clock.h"

gint64 fake_now_us = 1000000;

gint64 __wrap_ps_clock_now_us (void);

gint64
__wrap_ps_clock_now_us (void)
{
  return fake_now_us;
}
