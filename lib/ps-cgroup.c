/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * systemd gives each unit a cgroup below those of its slices. What is further below is the unit's
 * own affair: a service with Delegate=, and every user in the subtree of user@UID.service, names
 * cgroups there as they like, units that are none of theirs among them. So the first unit below the
 * slices is the one that counts, as it does for journald, and not the innermost. Below a user's
 * manager the same is told once more, apart: that is what the user says.
 *
 * Where the first thing below the slices is no unit, as in the cgroups of some container runtimes,
 * nothing is known, and nothing is guessed.
 *
 * A container without a cgroup namespace sees the paths of its host. There the tree of its own
 * systemd begins where its first process is, and what is above is none of its units.
 */

#include "ps-cgroup.h"

#include <string.h>

/* A part of the text: it is neither changed nor copied. */
typedef struct
{
  const char *begin;
  const char *end;
} Span;

static const char nothing[] = "";
#define NOTHING ((Span){ nothing, nothing })

static gboolean
is_empty (Span span)
{
  return span.begin == span.end;
}

static gboolean
has_suffix (Span span, const char *suffix)
{
  gsize n = strlen (suffix);

  return (gsize) (span.end - span.begin) >= n && memcmp (span.end - n, suffix, n) == 0;
}

static gboolean
has_prefix (Span span, const char *prefix)
{
  gsize n = strlen (prefix);

  return (gsize) (span.end - span.begin) >= n && memcmp (span.begin, prefix, n) == 0;
}

static gboolean
is (Span span, const char *text)
{
  return (gsize) (span.end - span.begin) == strlen (text) && has_prefix (span, text);
}

/* Takes off what is before the first separator, and the separator itself. */
static Span
split_off (Span *rest, char separator)
{
  const char *at = memchr (rest->begin, separator, (gsize) (rest->end - rest->begin));
  Span first = { rest->begin, at != NULL ? at : rest->end };

  rest->begin = at != NULL ? at + 1 : rest->end;
  return first;
}

/* Of the kinds that have processes. A longer name is none of systemd's, and cut off it would be
 * another one. */
static gboolean
is_unit (Span name)
{
  static const char *const kinds[] = { ".service", ".scope", ".socket", ".mount", ".swap" };

  if (name.end - name.begin > PS_CGROUP_UNIT_MAX)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (!has_prefix (name, ".") && has_suffix (name, kinds[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_slice (Span name)
{
  return !has_prefix (name, ".") && has_suffix (name, ".slice");
}

/* "user@1000.service" */
static gboolean
is_user_manager (Span name)
{
  if (!has_prefix (name, "user@") || !has_suffix (name, ".service"))
    return FALSE;
  name.begin += strlen ("user@");
  name.end -= strlen (".service");
  for (const char *digit = name.begin; digit < name.end; digit++)
    if (!g_ascii_isdigit (*digit))
      return FALSE;
  return !is_empty (name);
}

/* systemd escapes a name that the kernel would take for one of its own files by "_". */
static Span
unescape (Span component)
{
  if (has_prefix (component, "_"))
    component.begin++;
  return component;
}

/* The unit below the slices, or nothing; *path then begins behind it. */
static Span
next_unit (Span *path)
{
  while (!is_empty (*path))
    {
      Span name = unescape (split_off (path, '/'));

      /* Up and out of our cgroup namespace is "..". */
      if (!is_empty (name) && !is (name, "..") && !is_slice (name))
        return is_unit (name) ? name : NOTHING;
    }
  return NOTHING;
}

/* The path of a line that tells of units, or nothing. */
static Span
path_of (Span line)
{
  static const char unified[] = "0::", named[] = ":name=systemd:";
  const char *at;

  if (has_prefix (line, unified))
    return (Span){ line.begin + strlen (unified), line.end };
  at = memmem (line.begin, (gsize) (line.end - line.begin), named, strlen (named));
  return at != NULL ? (Span){ at + strlen (named), line.end } : NOTHING;
}

static gsize
length_of (Span span)
{
  return (gsize) (span.end - span.begin);
}

static gboolean
begins_with (Span span, Span with)
{
  return length_of (span) >= length_of (with)
         && memcmp (span.begin, with.begin, length_of (with)) == 0;
}

/* Where the tree begins in the hierarchy that a line with this head tells of. systemd itself is in
 * a scope below it. */
static Span
find_root (const char *of_first, Span head)
{
  static const char own_scope[] = "/init.scope";
  Span rest = { of_first, of_first + strlen (of_first) };

  while (!is_empty (rest))
    {
      Span line = split_off (&rest, '\n');

      if (!begins_with (line, head))
        continue;
      line.begin += length_of (head);
      if (has_suffix (line, own_scope))
        line.end -= strlen (own_scope);
      return line;
    }
  return NOTHING;
}

/* The same path from there. */
static Span
path_below (Span path, Span root)
{
  Span below = { path.begin + length_of (root), path.end };

  if (!begins_with (path, root) || (!is_empty (below) && *below.begin != '/'))
    return path;
  return below;
}

/* What does not fit is cut off. */
static void
put (char *buffer, gsize size, Span span)
{
  gsize n = MIN ((gsize) (span.end - span.begin), size - 1);

  memcpy (buffer, span.begin, n);
  buffer[n] = '\0';
}

/* The units in the text of /proc/PID/cgroup: that of the system's manager and, where that one is a
 * user's manager, the one that this has. of_first: the same text of the first process, or NULL.
 * Each goes into its buffer of size bytes, for which PS_CGROUP_UNIT_MAX + 1 is enough, and is empty
 * when there is none. */
void
ps_cgroup_get_units (const char *proc_cgroup, const char *of_first, char *unit, char *user_unit,
                     gsize size)
{
  Span rest = { proc_cgroup, proc_cgroup + strlen (proc_cgroup) };
  Span found = NOTHING, found_of_user = NOTHING;

  while (is_empty (found) && !is_empty (rest))
    {
      Span line = split_off (&rest, '\n'), path = path_of (line);

      if (of_first != NULL && !is_empty (path))
        path = path_below (path, find_root (of_first, (Span){ line.begin, path.begin }));
      found = next_unit (&path);
      if (is_user_manager (found))
        found_of_user = next_unit (&path);
    }
  put (unit, size, found);
  put (user_unit, size, found_of_user);
}
