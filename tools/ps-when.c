/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * "2026-11-28 12:00:00", without seconds, without a time, without a date; "UTC" or "Z" behind it,
 * otherwise in the local time zone; "now", "today", "yesterday", "tomorrow"; "@SECONDS"; "-2h",
 * "+30min", "1d 2h ago".
 */

#include "ps-when.h"

#include <string.h>

#define US ((gint64) G_USEC_PER_SEC)

static const struct
{
  const char *name;
  gint64 us;
} units[] = {
  { "us", 1 },
  { "usec", 1 },
  { "ms", 1000 },
  { "msec", 1000 },
  { "s", US },
  { "sec", US },
  { "second", US },
  { "seconds", US },
  { "m", 60 * US },
  { "min", 60 * US },
  { "minute", 60 * US },
  { "minutes", 60 * US },
  { "h", 3600 * US },
  { "hr", 3600 * US },
  { "hour", 3600 * US },
  { "hours", 3600 * US },
  { "d", 86400 * US },
  { "day", 86400 * US },
  { "days", 86400 * US },
  { "w", 604800 * US },
  { "week", 604800 * US },
  { "weeks", 604800 * US },
  { "month", 2629800 * US },
  { "months", 2629800 * US },
  { "y", 31557600 * US },
  { "year", 31557600 * US },
  { "years", 31557600 * US },
};

static gint64
find_unit (const char *name, gsize length)
{
  if (length == 0)
    return US;
  for (gsize i = 0; i < G_N_ELEMENTS (units); i++)
    if (strlen (units[i].name) == length && strncmp (units[i].name, name, length) == 0)
      return units[i].us;
  return 0;
}

/* "1d 2h 3": the sum. */
static gboolean
parse_span (const char *text, gint64 *span_us)
{
  gint64 sum = 0;
  gboolean any = FALSE;

  while (*(text += strspn (text, " ")) != '\0')
    {
      char *after;
      guint64 number;
      gsize length;
      gint64 unit, part;

      if (!g_ascii_isdigit (*text))
        return FALSE;
      number = g_ascii_strtoull (text, &after, 10);
      after += strspn (after, " ");
      length = strspn (after, "abcdefghijklmnopqrstuvwxyz");
      unit = find_unit (after, length);
      if (unit == 0 || number > G_MAXINT64 || __builtin_mul_overflow ((gint64) number, unit, &part)
          || __builtin_add_overflow (sum, part, &sum))
        return FALSE;
      text = after + length;
      any = TRUE;
    }
  *span_us = sum;
  return any;
}

static gboolean
parse_relative (const char *text, gint64 now_us, gint64 *when_us)
{
  g_autofree char *span = NULL;
  gint64 span_us;
  gboolean is_ago = g_str_has_suffix (text, " ago");

  if (*text != '-' && *text != '+' && !is_ago)
    return FALSE;
  span = g_strdup (text + (*text == '-' || *text == '+'));
  if (is_ago)
    span[strlen (span) - strlen (" ago")] = '\0';
  if (!parse_span (span, &span_us))
    return FALSE;
  return !(*text == '+' ? __builtin_add_overflow (now_us, span_us, when_us)
                        : __builtin_sub_overflow (now_us, span_us, when_us));
}

static GDateTime *
start_of_day (gint64 now_us, int days)
{
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_local (now_us / US);
  g_autoptr (GDateTime) day = NULL;

  if (now == NULL)
    return NULL;
  day = g_date_time_new_local (g_date_time_get_year (now), g_date_time_get_month (now),
                               g_date_time_get_day_of_month (now), 0, 0, 0);
  return day != NULL ? g_date_time_add_days (day, days) : NULL;
}

static gboolean
parse_word (const char *text, gint64 now_us, gint64 *when_us)
{
  static const char *const days[] = { "yesterday", "today", "tomorrow" };

  if (strcmp (text, "now") == 0)
    {
      *when_us = now_us;
      return TRUE;
    }
  for (int i = 0; i < (int) G_N_ELEMENTS (days); i++)
    if (strcmp (text, days[i]) == 0)
      {
        g_autoptr (GDateTime) day = start_of_day (now_us, i - 1);

        if (day != NULL)
          *when_us = g_date_time_to_unix (day) * US;
        return day != NULL;
      }
  return FALSE;
}

/* digits: exactly so many, or 0: any number of them. */
static gboolean
take_number (const char **at, guint digits, gint64 *number)
{
  guint n = 0;

  *number = 0;
  while (g_ascii_isdigit (**at) && n < (digits > 0 ? digits : 15))
    {
      *number = *number * 10 + (**at - '0');
      (*at)++;
      n++;
    }
  return digits > 0 ? n == digits : n > 0;
}

static gboolean
take_char (const char **at, char c)
{
  if (**at != c)
    return FALSE;
  (*at)++;
  return TRUE;
}

static gboolean
parse_seconds (const char *text, gint64 *when_us)
{
  gint64 seconds;

  if (!take_char (&text, '@') || !take_number (&text, 0, &seconds) || *text != '\0')
    return FALSE;
  return !__builtin_mul_overflow (seconds, US, when_us);
}

/* ".25" are 250000 microseconds. */
static gint64
take_fraction (const char **at)
{
  gint64 us = 0, unit = US;

  if (**at != '.')
    return 0;
  for ((*at)++; g_ascii_isdigit (**at); (*at)++)
    {
      unit /= 10;
      us += unit * (**at - '0');
    }
  return us;
}

/* HH:MM, HH:MM:SS, HH:MM:SS.ssssss */
static gboolean
take_time (const char **at, gint64 time[3], gint64 *fraction_us)
{
  if (!take_number (at, 2, &time[0]) || !take_char (at, ':') || !take_number (at, 2, &time[1]))
    return FALSE;
  if (!take_char (at, ':'))
    return TRUE;
  if (!take_number (at, 2, &time[2]))
    return FALSE;
  *fraction_us = take_fraction (at);
  return TRUE;
}

static gboolean
take_date (const char **at, gint64 date[3])
{
  return take_number (at, 4, &date[0]) && take_char (at, '-') && take_number (at, 2, &date[1])
         && take_char (at, '-') && take_number (at, 2, &date[2]);
}

static gboolean
parse_date (const char *text, gint64 now_us, gint64 *when_us)
{
  g_autoptr (GDateTime) today = start_of_day (now_us, 0);
  g_autoptr (GDateTime) when = NULL;
  g_autoptr (GTimeZone) zone = NULL;
  gint64 date[3], time[3] = { 0 }, fraction_us = 0;
  const char *at = text;
  gboolean has_time = FALSE;

  if (today == NULL)
    return FALSE;
  if (!take_date (&at, date))
    {
      at = text;
      date[0] = g_date_time_get_year (today);
      date[1] = g_date_time_get_month (today);
      date[2] = g_date_time_get_day_of_month (today);
      has_time = TRUE;
    }
  else if ((*at == ' ' || *at == 'T') && g_ascii_isdigit (at[1]))
    {
      at++;
      has_time = TRUE;
    }
  if (has_time && !take_time (&at, time, &fraction_us))
    return FALSE;
  zone = strcmp (at, " UTC") == 0 || strcmp (at, "Z") == 0 ? g_time_zone_new_utc ()
         : *at == '\0'                                     ? g_time_zone_new_local ()
                                                           : NULL;
  if (zone == NULL)
    return FALSE;
  when = g_date_time_new (zone, (int) date[0], (int) date[1], (int) date[2], (int) time[0],
                          (int) time[1], (double) time[2]);
  if (when == NULL)
    return FALSE;
  *when_us = g_date_time_to_unix (when) * US + fraction_us;
  return TRUE;
}

gboolean
ps_when_parse (const char *text, gint64 now_us, gint64 *when_us)
{
  gint64 found_us;

  if (!parse_word (text, now_us, &found_us) && !parse_relative (text, now_us, &found_us)
      && !parse_seconds (text, &found_us) && !parse_date (text, now_us, &found_us))
    return FALSE;
  *when_us = MAX (found_us, 0);
  return TRUE;
}
