/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * POSIX promises little: data are on the disk when fsync() or fdatasync() of the file has returned,
 * a name when fsync() of its directory has. Until then each write, and each change of a name, may
 * be there or not, whatever came before or after it; of a write also its first half alone, or its
 * length with nothing but zeros, or with zeros in its first half. So between two events of the log
 * there are as many worlds as there are combinations.
 *
 * Files of the record are made anew for each world; those that the will is about have to be the
 * very same files, and get their names back from a second one that each has.
 */

#include "writelog.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

typedef enum
{
  EVENT_CREATE,
  EVENT_WRITE,
  EVENT_TRUNCATE,
  EVENT_SYNC,
  EVENT_SYNC_DIRECTORY,
  EVENT_RENAME,
  EVENT_UNLINK,
  EVENT_BEGIN,
  EVENT_DONE,
} EventKind;

typedef struct
{
  EventKind kind;
  char *path, *to;
  guint file;
  gint64 offset; /* of a write; the length; the number of a step */
  GBytes *data;
} Event;

struct _WriteLog
{
  const Stage *stage;
  const Script *script;
  GArray *events;
  GHashTable *files;  /* inode number -> index + 1 */
  GPtrArray *shadows; /* index -> GByteArray: what the file has now */
};

/* What became of a write that was not synced. */
enum
{
  WAY_LOST,
  WAY_WHOLE,
  WAY_HALF,
  WAY_ZEROS,
  WAY_LATE,
  WAYS_OF_DATA,
  WAYS_OF_NAMES = 2,
};

#define EXTERNAL 0 /* instead of an index + 1: a target */

static void
clear_event (gpointer data)
{
  Event *event = data;

  g_free (event->path);
  g_free (event->to);
  g_clear_pointer (&event->data, g_bytes_unref);
}

WriteLog *
write_log_new (const Stage *stage, const Script *script)
{
  WriteLog *self = g_new0 (WriteLog, 1);

  self->stage = stage;
  self->script = script;
  self->events = g_array_new (FALSE, TRUE, sizeof (Event));
  g_array_set_clear_func (self->events, clear_event);
  self->files = g_hash_table_new (NULL, NULL);
  self->shadows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_byte_array_unref);
  return self;
}

void
write_log_free (WriteLog *self)
{
  g_array_unref (self->events);
  g_hash_table_unref (self->files);
  g_ptr_array_unref (self->shadows);
  g_free (self);
}

/* --- Taking down ------------------------------------------------------------------------------ */

static char *
link_of (pid_t pid, int fd)
{
  g_autofree char *link = fd == AT_FDCWD ? g_strdup_printf ("/proc/%d/cwd", (int) pid)
                                         : g_strdup_printf ("/proc/%d/fd/%d", (int) pid, fd);

  return g_file_read_link (link, NULL);
}

/* Up to the end of its page, beyond which there may be nothing. */
static char *
string_at (pid_t pid, guint64 address)
{
  char text[4096] = "";
  const struct iovec here = { text, sizeof text - (address & (sizeof text - 1)) };
  const struct iovec there = { GSIZE_TO_POINTER (address), here.iov_len };

  return process_vm_readv (pid, &here, 1, &there, 1, 0) > 0 ? g_strndup (text, here.iov_len)
                                                            : g_strdup ("");
}

static char *
path_at (const SweepCall *call, guint fd, guint name)
{
  g_autofree char *text = string_at (call->pid, call->arguments[name]);
  g_autofree char *directory =
      text[0] == '/' ? NULL : link_of (call->pid, (int) call->arguments[fd]);

  return directory == NULL ? g_steal_pointer (&text) : g_build_filename (directory, text, NULL);
}

static gboolean
is_ours (const WriteLog *self, const char *path)
{
  return path != NULL && g_str_has_prefix (path, self->stage->base);
}

static void
add (WriteLog *self, Event event)
{
  g_array_append_val (self->events, event);
}

/* The index + 1 of a regular file of the record; 0: it is not one. */
static guint
file_of (WriteLog *self, const SweepCall *call, int fd, gboolean *is_new)
{
  g_autofree char *link = g_strdup_printf ("/proc/%d/fd/%d", (int) call->pid, fd);
  g_autofree char *path = link_of (call->pid, fd);
  struct stat st;
  guint file;

  *is_new = FALSE;
  if (!is_ours (self, path) || stat (link, &st) < 0 || !S_ISREG (st.st_mode)
      || !g_str_has_prefix (path, self->stage->record))
    return 0;
  file = GPOINTER_TO_UINT (g_hash_table_lookup (self->files, GSIZE_TO_POINTER (st.st_ino)));
  if (file != 0)
    return file;
  *is_new = TRUE;
  g_ptr_array_add (self->shadows, g_byte_array_new ());
  g_hash_table_insert (self->files, GSIZE_TO_POINTER (st.st_ino),
                       GUINT_TO_POINTER (self->shadows->len));
  return self->shadows->len;
}

static void
take_open (WriteLog *self, const SweepCall *call, int fd)
{
  gboolean is_new;
  guint file = file_of (self, call, fd, &is_new);

  if (is_new)
    add (self, (Event){ .kind = EVENT_CREATE, .file = file, .path = link_of (call->pid, fd) });
}

/* What has changed in the file is what was written. */
static void
take_write (WriteLog *self, const SweepCall *call)
{
  int fd = (int) call->arguments[0];
  g_autofree char *link = g_strdup_printf ("/proc/%d/fd/%d", (int) call->pid, fd);
  g_autofree char *now = NULL;
  gboolean is_new;
  guint file = file_of (self, call, fd, &is_new);
  GByteArray *shadow = file != 0 ? self->shadows->pdata[file - 1] : NULL;
  gsize length, from = 0;

  if (file == 0 || !g_file_get_contents (link, &now, &length, NULL))
    return;
  while (from < MIN (length, shadow->len) && (guint8) now[from] == shadow->data[from])
    from++;
  if (length < shadow->len)
    add (self, (Event){ .kind = EVENT_TRUNCATE, .file = file, .offset = (gint64) length });
  if (from < length)
    add (self, (Event){ .kind = EVENT_WRITE,
                        .file = file,
                        .offset = (gint64) from,
                        .data = g_bytes_new (now + from, length - from) });
  g_byte_array_set_size (shadow, 0);
  g_byte_array_append (shadow, (const guint8 *) now, (guint) length);
}

static void
take_sync (WriteLog *self, const SweepCall *call)
{
  int fd = (int) call->arguments[0];
  g_autofree char *path = link_of (call->pid, fd);
  gboolean is_new;
  guint file = file_of (self, call, fd, &is_new);

  if (file != 0)
    add (self, (Event){ .kind = EVENT_SYNC, .file = file });
  else if (is_ours (self, path))
    add (self, (Event){ .kind = EVENT_SYNC_DIRECTORY, .path = g_steal_pointer (&path) });
}

static void
take_rename (WriteLog *self, char *from, char *to)
{
  if (is_ours (self, from))
    add (self, (Event){ .kind = EVENT_RENAME, .path = from, .to = to });
}

static void
take_unlink (WriteLog *self, char *path)
{
  if (is_ours (self, path))
    add (self, (Event){ .kind = EVENT_UNLINK, .path = path });
}

void
write_log_take_call (const SweepCall *call, gint64 result, gpointer data)
{
  WriteLog *self = data;

  if (result < 0)
    return;
  if (call->call == SYS_openat || call->call == SYS_openat2 || call->call == SYS_open)
    take_open (self, call, (int) result);
  else if (call->call == SYS_write || call->call == SYS_pwrite64 || call->call == SYS_writev
           || call->call == SYS_ftruncate)
    take_write (self, call);
  else if (call->call == SYS_fsync || call->call == SYS_fdatasync)
    take_sync (self, call);
  else if (call->call == SYS_renameat || call->call == SYS_renameat2)
    take_rename (self, path_at (call, 0, 1), path_at (call, 2, 3));
  else if (call->call == SYS_rename)
    take_rename (self, string_at (call->pid, call->arguments[0]),
                 string_at (call->pid, call->arguments[1]));
  else if (call->call == SYS_unlinkat)
    take_unlink (self, path_at (call, 0, 1));
  else if (call->call == SYS_unlink || call->call == SYS_rmdir)
    take_unlink (self, string_at (call->pid, call->arguments[0]));
}

void
write_log_take_mark (int said, Tracer *tracer, gpointer data)
{
  tracer->armed = said >= SCRIPT_BEGIN && said < SCRIPT_DONE;
  add (data, (Event){ .kind = tracer->armed ? EVENT_BEGIN : EVENT_DONE,
                      .offset = said % (SCRIPT_DONE - SCRIPT_BEGIN) });
}

/* --- Worlds ----------------------------------------------------------------------------------- */

guint
write_log_length (const WriteLog *self)
{
  return self->events->len;
}

static guint
last_step (const WriteLog *self, guint n_events, EventKind kind)
{
  guint n = 0;

  for (guint i = 0; i < n_events; i++)
    {
      const Event *event = &g_array_index (self->events, Event, i);

      if (event->kind == kind)
        n = (guint) event->offset + 1;
    }
  return n;
}

guint
write_log_steps_done (const WriteLog *self, guint n_events)
{
  return last_step (self, n_events, EVENT_DONE);
}

guint
write_log_steps_begun (const WriteLog *self, guint n_events)
{
  return last_step (self, n_events, EVENT_BEGIN);
}

static gboolean
is_in (const char *path, const char *directory)
{
  g_autofree char *parent = g_path_get_dirname (path);

  return g_str_equal (parent, directory);
}

static gboolean
is_synced (const WriteLog *self, guint number, guint n_events)
{
  const Event *event = &g_array_index (self->events, Event, number);

  for (guint i = number + 1; i < n_events; i++)
    {
      const Event *later = &g_array_index (self->events, Event, i);

      if (later->kind == EVENT_SYNC && event->path == NULL && later->file == event->file)
        return TRUE;
      if (later->kind == EVENT_SYNC_DIRECTORY && event->path != NULL
          && is_in (event->path, later->path))
        return TRUE;
    }
  return FALSE;
}

/* In how many ways the event may have come to the disk. */
static guint
ways_of (const WriteLog *self, guint number, guint n_events)
{
  const Event *event = &g_array_index (self->events, Event, number);

  switch (event->kind)
    {
    case EVENT_WRITE:
      return is_synced (self, number, n_events) ? 1 : WAYS_OF_DATA;
    case EVENT_CREATE:
    case EVENT_TRUNCATE:
    case EVENT_RENAME:
    case EVENT_UNLINK:
      return is_synced (self, number, n_events) ? 1 : WAYS_OF_NAMES;
    case EVENT_SYNC:
    case EVENT_SYNC_DIRECTORY:
    case EVENT_BEGIN:
    case EVENT_DONE:
      break;
    }
  return 1;
}

guint64
write_log_count_ways (const WriteLog *self, guint n_events)
{
  guint64 n = 1;

  for (guint i = 0; i < n_events; i++)
    n = MIN (n * ways_of (self, i, n_events), G_GUINT64_CONSTANT (1) << 40);
  return n;
}

static void
write_into (GByteArray *file, const Event *event, guint way)
{
  gsize length, half;
  const guint8 *data = g_bytes_get_data (event->data, &length);
  gsize from = (gsize) event->offset, whole = from + (way == WAY_HALF ? length / 2 : length);
  guint before = file->len;

  half = length / 2;
  if (way == WAY_LOST)
    return;
  if (file->len < whole)
    {
      g_byte_array_set_size (file, (guint) whole);
      memset (file->data + before, 0, whole - before);
    }
  if (way == WAY_WHOLE || way == WAY_HALF)
    memcpy (file->data + from, data, whole - from);
  else if (way == WAY_LATE)
    memcpy (file->data + from + half, data + half, length - half);
}

static void
apply (const Event *event, guint way, GHashTable *names, GPtrArray *files)
{
  gpointer file;

  if (way == WAY_LOST)
    return;
  if (event->kind == EVENT_WRITE)
    write_into (files->pdata[event->file - 1], event, way);
  else if (event->kind == EVENT_TRUNCATE)
    g_byte_array_set_size (files->pdata[event->file - 1], (guint) event->offset);
  else if (event->kind == EVENT_CREATE)
    g_hash_table_insert (names, g_strdup (event->path), GUINT_TO_POINTER (event->file));
  else if (event->kind == EVENT_UNLINK)
    g_hash_table_remove (names, event->path);
  else if (event->kind == EVENT_RENAME
           && g_hash_table_lookup_extended (names, event->path, NULL, &file))
    {
      g_hash_table_insert (names, g_strdup (event->to), file);
      g_hash_table_remove (names, event->path);
    }
}

static void
put_name (const Stage *stage, const char *path, guint file, const GPtrArray *files, GString *text)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *kept = g_build_filename (stage->kept, name, NULL);

  g_string_append_printf (text, "%s:", name);
  if (file != EXTERNAL)
    {
      const GByteArray *bytes = files->pdata[file - 1];
      g_autoptr (GError) error = NULL;

      if (!g_file_set_contents_full (path, (const char *) bytes->data, bytes->len,
                                     G_FILE_SET_CONTENTS_NONE, 0600, &error))
        g_error ("%s", error->message);
      g_string_append_len (text, (const char *) bytes->data, bytes->len);
    }
  else if (link (kept, path) < 0)
    g_error ("%s: %s", path, g_strerror (errno));
}

static void
put (const WriteLog *self, Stage *stage, GHashTable *names, const GPtrArray *files, GString *text)
{
  g_autoptr (GList) paths = g_list_sort (g_hash_table_get_keys (names), (GCompareFunc) strcmp);

  stage_empty_names (stage, self->script);
  for (const GList *at = paths; at != NULL; at = at->next)
    put_name (stage, at->data, GPOINTER_TO_UINT (g_hash_table_lookup (names, at->data)), files,
              text);
}

static void
free_bytes (gpointer bytes)
{
  g_byte_array_unref (bytes);
}

char *
write_log_put (const WriteLog *self, guint n_events, guint64 way, Stage *stage)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (free_bytes);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < SCRIPT_TARGETS_MAX; i++)
    {
      StepKind kind = script_kind_of (self->script, i);
      g_autofree char *name = script_target_name (kind, i);

      if (kind != STEP_OPEN)
        g_hash_table_insert (names, g_build_filename (stage->targets, name, NULL),
                             GUINT_TO_POINTER (EXTERNAL));
    }
  for (guint i = 0; i < self->shadows->len; i++)
    g_ptr_array_add (files, g_byte_array_new ());
  for (guint i = 0; i < n_events; i++)
    {
      guint n = ways_of (self, i, n_events);

      apply (&g_array_index (self->events, Event, i), n == 1 ? WAY_WHOLE : (guint) (way % n), names,
             files);
      way /= n;
    }
  put (self, stage, names, files, text);
  return g_string_free (text, FALSE);
}
