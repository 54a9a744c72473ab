/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One exit is drawn on a linear scale, where lengths can be compared; many of them on a logarithmic
 * one, where a step of microseconds can be seen beside one of seconds.
 */

#include "ps-svg-scale.h"

#include <math.h>

#define TICKS_WANTED 7
#define MINUTE_US (60 * (gint64) G_USEC_PER_SEC)

double
ps_svg_scale_x (const PsSvgScale *scale, gint64 at_us)
{
  double from = (double) scale->from_us, to = (double) scale->to_us, at = (double) at_us, part;

  if (scale->is_logarithmic)
    {
      from = log10 (MAX (from, 1));
      to = log10 (MAX (to, 1));
      at = log10 (MAX (at, 1));
    }
  part = to > from ? (at - from) / (to - from) : 0;
  return scale->left + CLAMP (part, 0, 1) * (scale->right - scale->left);
}

/* Round steps of time from a minute on; below, and beyond, decimal ones are round. */
static gint64
round_step_of_clock (gint64 range_us)
{
  static const int seconds[] = { 15,   30,   60,    120,   300,   600,   900,    1800,
                                 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800 };

  for (gsize i = 0; i < G_N_ELEMENTS (seconds); i++)
    if (range_us / (seconds[i] * (gint64) G_USEC_PER_SEC) <= TICKS_WANTED)
      return seconds[i] * (gint64) G_USEC_PER_SEC;
  return 0;
}

/* 1, 2 or 5 times a power of ten: the first that makes no more ticks than wanted. */
static gint64
round_step (gint64 range_us)
{
  static const int factors[] = { 1, 2, 5 };
  gint64 step_us = range_us > MINUTE_US * 5 / 4 ? round_step_of_clock (range_us) : 0;

  for (gint64 power = 1; step_us == 0 && power <= G_MAXINT64 / 100; power *= 10)
    for (gsize i = 0; step_us == 0 && i < G_N_ELEMENTS (factors); i++)
      if (range_us / (power * factors[i]) <= TICKS_WANTED)
        step_us = power * factors[i];
  return MAX (step_us, 1);
}

static guint
linear_ticks (const PsSvgScale *scale, gint64 *ticks)
{
  gint64 step_us = round_step (scale->to_us - scale->from_us);
  gint64 first_us = scale->from_us / step_us * step_us;
  guint n = 0;

  for (gint64 at_us = first_us; at_us <= scale->to_us && n < PS_SVG_TICKS_MAX; at_us += step_us)
    if (at_us >= scale->from_us)
      ticks[n++] = at_us;
  return n;
}

static guint
logarithmic_ticks (const PsSvgScale *scale, gint64 *ticks)
{
  guint n = 0;

  for (gint64 at_us = 1; at_us <= scale->to_us && n < PS_SVG_TICKS_MAX; at_us *= 10)
    {
      if (at_us >= scale->from_us)
        ticks[n++] = at_us;
      if (at_us > G_MAXINT64 / 10)
        break;
    }
  return n;
}

guint
ps_svg_scale_ticks (const PsSvgScale *scale, gint64 ticks[PS_SVG_TICKS_MAX])
{
  return scale->is_logarithmic ? logarithmic_ticks (scale, ticks) : linear_ticks (scale, ticks);
}

/* 2 h 3 min, 2 h: no part that is zero, and no more than two. */
static void
put_clock (char *buffer, gsize size, const char *sign, gint64 seconds)
{
  static const struct
  {
    gint64 large, small;
    const char *large_word, *small_word;
  } units[] = { { 86400, 3600, "d", "h" }, { 3600, 60, "h", "min" }, { 60, 1, "min", "s" } };
  gsize i = 0;
  gint64 rest;

  while (i + 1 < G_N_ELEMENTS (units) && seconds < units[i].large)
    i++;
  rest = seconds % units[i].large / units[i].small;
  if (rest != 0)
    g_snprintf (buffer, size, "%s%" G_GINT64_FORMAT " %s %" G_GINT64_FORMAT " %s", sign,
                seconds / units[i].large, units[i].large_word, rest, units[i].small_word);
  else
    g_snprintf (buffer, size, "%s%" G_GINT64_FORMAT " %s", sign, seconds / units[i].large,
                units[i].large_word);
}

/* Three digits that count, without zeros at the end. */
static void
put_decimal (char *buffer, gsize size, const char *sign, gint64 size_us)
{
  gint64 unit_us = size_us >= G_USEC_PER_SEC ? G_USEC_PER_SEC : size_us >= 1000 ? 1000 : 1;
  const char *unit = size_us >= G_USEC_PER_SEC ? "s" : size_us >= 1000 ? "ms" : "µs";
  gint64 whole = size_us / unit_us, part = size_us % unit_us * 1000 / unit_us;
  char digits[8];
  int n = 3;

  part = whole >= 100 ? 0 : whole >= 10 ? part / 100 * 100 : part / 10 * 10;
  g_snprintf (digits, sizeof digits, "%03d", (int) part);
  while (n > 0 && digits[n - 1] == '0')
    digits[--n] = '\0';
  g_snprintf (buffer, size, "%s%" G_GINT64_FORMAT "%s%s %s", sign, whole, n > 0 ? "." : "", digits,
              unit);
}

char *
ps_svg_scale_words (char *buffer, gsize size, gint64 time_us)
{
  gint64 size_us = time_us < 0 ? MAX (time_us, -G_MAXINT64) * -1 : time_us;
  const char *sign = time_us < 0 ? "−" : "";

  if (time_us == 0)
    g_strlcpy (buffer, "0", size);
  else if (size_us > 90 * G_USEC_PER_SEC)
    put_clock (buffer, size, sign, size_us / G_USEC_PER_SEC);
  else
    put_decimal (buffer, size, sign, size_us);
  return buffer;
}
