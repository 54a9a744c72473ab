/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "splitter.h"

#include <string.h>

/*
 * A line ends with a line feed and may be up to `limit` bytes long without it. However long a
 * line is and in whatever pieces it comes, at most `limit` bytes of it are kept, and it gives one
 * result. The limit may change between two calls (a reload); it holds from the next call on.
 */

void
splitter_init (Splitter *self)
{
  self->partial = g_string_new (NULL);
  self->discarding = FALSE;
}

void
splitter_clear (Splitter *self)
{
  g_string_free (self->partial, TRUE);
  self->partial = NULL;
}

static void
report (const char *text, gsize length, SplitFunc func, gpointer user_data)
{
  if (memchr (text, '\0', length) != NULL)
    func (SPLIT_NUL, NULL, 0, user_data);
  else if (!g_utf8_validate_len (text, length, NULL))
    func (SPLIT_NOT_UTF8, NULL, 0, user_data);
  else
    func (SPLIT_LINE, text, length, user_data);
}

static void
keep (Splitter *self, const char *data, gsize length, gsize limit)
{
  if (!self->discarding && length <= limit && self->partial->len <= limit - length)
    {
      g_string_append_len (self->partial, data, length);
      return;
    }

  self->discarding = TRUE;
  g_string_truncate (self->partial, 0);
}

static void
end_line (Splitter *self, const char *data, gsize length, gsize limit, SplitFunc func,
          gpointer user_data)
{
  /* The common case, a line that came in one piece, is not copied here. */
  if (!splitter_is_inside_line (self) && length <= limit)
    {
      report (data, length, func, user_data);
      return;
    }

  keep (self, data, length, limit);
  if (self->discarding)
    func (SPLIT_TOO_LONG, NULL, 0, user_data);
  else
    report (self->partial->str, self->partial->len, func, user_data);
  g_string_truncate (self->partial, 0);
  self->discarding = FALSE;
}

void
splitter_feed (Splitter *self, const char *data, gsize length, gsize limit, SplitFunc func,
               gpointer user_data)
{
  const char *end = data + length;

  while (data < end)
    {
      const char *line_feed = memchr (data, '\n', end - data);

      if (line_feed == NULL)
        {
          keep (self, data, end - data, limit);
          return;
        }
      end_line (self, data, line_feed - data, limit, func, user_data);
      data = line_feed + 1;
    }
}

gboolean
splitter_is_inside_line (const Splitter *self)
{
  return self->discarding || self->partial->len > 0;
}
