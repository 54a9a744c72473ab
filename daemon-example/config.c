/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "failure.h"

/*
 * A file is taken as a whole or not at all, so that a reload never leaves the daemon half old and
 * half new. A key or group that is not known is an error: it is most often a misspelt one, and an
 * administrator must not believe in a setting that is not in force. Every message names the file
 * and the line or key, and says what is allowed.
 */

typedef struct
{
  const char *group;
  const char *key;
  gsize offset;
  guint min, max, initial;
} Number;

#define NUMBER(field) G_STRUCT_OFFSET (Config, field)

/* drain-ms stays well below the 60 s that libpostscriptum gives a whole exit. */
static const Number numbers[] = {
  { "batch", "size", NUMBER (batch_size), 1, 100000, 1000 },
  { "batch", "delay-ms", NUMBER (batch_delay_ms), 0, 10000, 5 },
  { "limits", "line-bytes", NUMBER (line_limit), 1, 16 * 1024 * 1024, 64 * 1024 },
  { "limits", "queue-bytes", NUMBER (queue_limit), 1024, 1024 * 1024 * 1024, 4 * 1024 * 1024 },
  { "limits", "connections", NUMBER (connection_limit), 1, 100000, 512 },
  { "stop", "drain-ms", NUMBER (drain_ms), 1, 30000, 5000 },
};

static const struct
{
  const char *group;
  const char *key;
} others[] = {
  { "listen", "unix" },
  { "listen", "tcp" },
  { "listen", "allow-remote" },
  { "database", "path" },
};

Config *
config_new (void)
{
  Config *self = g_new0 (Config, 1);

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    G_STRUCT_MEMBER (guint, self, numbers[i].offset) = numbers[i].initial;
  return self;
}

void
config_free (Config *self)
{
  if (self == NULL)
    return;
  g_strfreev (self->listen_unix);
  g_strfreev (self->listen_tcp);
  g_free (self->database);
  g_free (self);
}

/* GKeyFile does not say which line it stumbled over: it is the last one of the shortest beginning
 * of the file that it does not take. */
static guint
find_bad_line (const char *text, gsize length)
{
  const char *end = text;

  for (guint number = 1;; number++)
    {
      g_autoptr (GKeyFile) file = g_key_file_new ();

      end = memchr (end, '\n', text + length - end);
      end = end != NULL ? end + 1 : text + length;
      if (end == text + length
          || !g_key_file_load_from_data (file, text, end - text, G_KEY_FILE_NONE, NULL))
        return number;
    }
}

static GKeyFile *
parse (const char *path, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) local = NULL;
  g_autofree char *text = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, &local))
    {
      g_set_error (error, FAILURE, EX_CONFIG, "Configuration cannot be read: %s", local->message);
      return NULL;
    }
  if (!g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, &local)
      && !g_error_matches (local, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_NOT_FOUND))
    {
      g_set_error (error, FAILURE, EX_CONFIG, "%s:%u: %s", path, find_bad_line (text, length),
                   local->message);
      return NULL;
    }
  return g_steal_pointer (&file);
}

static void
add_known (GString *known, const char *wanted_group, const char *group, const char *key)
{
  const char *word = wanted_group != NULL ? key : group;

  if (wanted_group != NULL && !g_str_equal (group, wanted_group))
    return;
  if (known->len > 0 && g_str_has_suffix (known->str, word))
    return;
  g_string_append_printf (known, "%s%s", known->len > 0 ? ", " : "", word);
}

/* The keys of a group; with NULL, the groups. */
static char *
list_known (const char *group)
{
  GString *known = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    add_known (known, group, others[i].group, others[i].key);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    add_known (known, group, numbers[i].group, numbers[i].key);
  return g_string_free (known, FALSE);
}

static gboolean
is_known (const char *group, const char *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (g_str_equal (numbers[i].group, group) && g_str_equal (numbers[i].key, key))
      return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (g_str_equal (others[i].group, group) && g_str_equal (others[i].key, key))
      return TRUE;
  return FALSE;
}

static gboolean
check_group (GKeyFile *file, const char *path, const char *group, GError **error)
{
  g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);
  g_autofree char *known = list_known (group);

  if (*known == '\0')
    {
      g_autofree char *groups = list_known (NULL);

      g_set_error (error, FAILURE, EX_CONFIG, "%s: group [%s] is not known; there are %s", path,
                   group, groups);
      return FALSE;
    }
  for (char **key = keys; key != NULL && *key != NULL; key++)
    if (!is_known (group, *key))
      {
        g_set_error (error, FAILURE, EX_CONFIG,
                     "%s: key “%s” is not known in group [%s]; there are %s", path, *key, group,
                     known);
        return FALSE;
      }
  return TRUE;
}

/* GKeyFile takes off the blanks before a value, not those after it. */
static char *
read_value (GKeyFile *file, const char *group, const char *key)
{
  char *text = g_key_file_get_value (file, group, key, NULL);

  return text != NULL ? g_strchomp (text) : NULL;
}

static gboolean
read_number (Config *self, const Number *number, GKeyFile *file, const char *path, GError **error)
{
  g_autofree char *text = read_value (file, number->group, number->key);
  guint64 value;

  if (text == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, number->min, number->max, &value, NULL))
    {
      g_set_error (error, FAILURE, EX_CONFIG,
                   "%s: [%s] %s=%s: must be a whole number from %u to %u", path, number->group,
                   number->key, text, number->min, number->max);
      return FALSE;
    }
  G_STRUCT_MEMBER (guint, self, number->offset) = (guint) value;
  return TRUE;
}

static gboolean
read_fixed (Config *self, GKeyFile *file, const char *path, GError **error)
{
  g_autofree char *remote = read_value (file, "listen", "allow-remote");

  if (remote != NULL && !g_str_equal (remote, "true") && !g_str_equal (remote, "false"))
    {
      g_set_error (error, FAILURE, EX_CONFIG, "%s: [listen] allow-remote=%s: must be true or false",
                   path, remote);
      return FALSE;
    }
  self->allow_remote = g_strcmp0 (remote, "true") == 0;
  self->listen_unix = g_key_file_get_string_list (file, "listen", "unix", NULL, NULL);
  self->listen_tcp = g_key_file_get_string_list (file, "listen", "tcp", NULL, NULL);
  self->database = g_key_file_get_string (file, "database", "path", NULL);
  return TRUE;
}

Config *
config_load (const char *path, GError **error)
{
  g_autoptr (Config) self = config_new ();
  g_autoptr (GKeyFile) file = parse (path, error);
  g_auto (GStrv) groups = NULL;

  if (file == NULL)
    return NULL;
  groups = g_key_file_get_groups (file, NULL);
  for (char **group = groups; *group != NULL; group++)
    if (!check_group (file, path, *group, error))
      return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (!read_number (self, &numbers[i], file, path, error))
      return NULL;
  if (!read_fixed (self, file, path, error))
    return NULL;
  return g_steal_pointer (&self);
}

static gboolean
same_list (char **a, char **b)
{
  static char *nothing[] = { NULL };

  return g_strv_equal ((const char *const *) (a != NULL ? a : nothing),
                       (const char *const *) (b != NULL ? b : nothing));
}

/* Takes from a newer one what can change while the daemon runs. Returns the first setting that
 * differs and waits for the next start; NULL if there is none. */
const char *
config_update (Config *self, const Config *now)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    G_STRUCT_MEMBER (guint, self, numbers[i].offset) =
        G_STRUCT_MEMBER (guint, now, numbers[i].offset);

  if (!same_list (self->listen_unix, now->listen_unix))
    return "[listen] unix";
  if (!same_list (self->listen_tcp, now->listen_tcp))
    return "[listen] tcp";
  if (self->allow_remote != now->allow_remote)
    return "[listen] allow-remote";
  if (g_strcmp0 (self->database, now->database) != 0)
    return "[database] path";
  return NULL;
}
