/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The boot ID is a file of ours, mounted over the kernel's in a mount namespace of this process's
 * own. It is in memory, as are the directories unless a caller says otherwise: what is lost with
 * the power is decided here (replay.c), or by a real disk (images.c), not by the machine's.
 */

#include "stage.h"

#include "ps-places.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define OWN_BOOT_ID "/run/boot_id"

static guint n_boots;

void
stage_reboot (void)
{
  g_autofree char *id = g_strdup_printf ("%08x-0000-4000-8000-000000000000\n", ++n_boots);
  int fd = open (OWN_BOOT_ID, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);

  /* In place: a new file would not be the one that is mounted. */
  if (fd < 0 || pwrite (fd, id, strlen (id), 0) != (ssize_t) strlen (id) || close (fd) < 0)
    g_error ("No boot ID: %s", g_strerror (errno));
}

gboolean
stage_own_machine (void)
{
  static gboolean is_own;

  if (is_own)
    return TRUE;
  if (!child_own_run (NULL))
    return FALSE;
  stage_reboot ();
  is_own = mount (OWN_BOOT_ID, BOOT_ID, NULL, MS_BIND, NULL) == 0;
  return is_own;
}

static char *
make (const char *parent, const char *name)
{
  char *path = g_build_filename (parent, name, NULL);

  if (g_mkdir (path, 0700) < 0)
    g_error ("No directory %s: %s", path, g_strerror (errno));
  return path;
}

Stage *
stage_new (const char *parent)
{
  Stage *self = g_new0 (Stage, 1);
  g_autofree char *template =
      g_build_filename (parent != NULL ? parent : "/run", "stage-XXXXXX", NULL);

  self->base = g_steal_pointer (&template);
  if (g_mkdtemp (self->base) == NULL)
    g_error ("No directory %s: %s", self->base, g_strerror (errno));
  self->record = make (self->base, "record");
  self->targets = make (self->base, "targets");
  self->kept = make (self->base, "kept");
  return self;
}

static void
empty (const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *entry = g_build_filename (path, name, NULL);

      if (g_remove (entry) < 0)
        {
          empty (entry);
          g_rmdir (entry);
        }
    }
}

void
stage_free (Stage *self)
{
  if (self == NULL)
    return;
  empty (self->base);
  g_rmdir (self->base);
  g_free (self->base);
  g_free (self->record);
  g_free (self->targets);
  g_free (self->kept);
  g_free (self);
}

static void
need (gboolean done, const char *path)
{
  if (!done)
    g_error ("%s: %s", path, g_strerror (errno));
}

static void
put_target (Stage *self, StepKind kind, guint target)
{
  g_autofree char *name = script_target_name (kind, target);
  g_autofree char *path = g_build_filename (self->targets, name, NULL);
  g_autofree char *kept = g_build_filename (self->kept, name, NULL);

  if (kind == STEP_RMDIR)
    {
      need (g_mkdir (path, 0700) == 0, path);
      return;
    }
  need (g_file_set_contents (path, "", 0, NULL), path);
  need (link (path, kept) == 0, kept);
}

void
stage_reset (Stage *self, const Script *script)
{
  empty (self->record);
  empty (self->targets);
  empty (self->kept);
  for (guint i = 0; i < SCRIPT_TARGETS_MAX; i++)
    {
      StepKind kind = script_kind_of (script, i);

      if (kind != STEP_OPEN)
        put_target (self, kind, i);
    }
}

void
stage_empty_names (Stage *self, const Script *script)
{
  empty (self->record);
  empty (self->targets);
  for (guint i = 0; i < SCRIPT_TARGETS_MAX; i++)
    {
      g_autofree char *name = script_target_name (STEP_RUN, i);
      g_autofree char *kept = g_build_filename (self->kept, name, NULL);

      if (script_kind_of (script, i) == STEP_RUN)
        need (truncate (kept, 0) == 0, kept);
    }
}

guint64
stage_carried_out (const Stage *self, const Script *script, guint *most)
{
  guint64 carried = 0;

  *most = 0;
  for (guint i = 0; i < SCRIPT_TARGETS_MAX; i++)
    {
      StepKind kind = script_kind_of (script, i);
      g_autofree char *name = script_target_name (kind, i);
      g_autofree char *path = g_build_filename (self->targets, name, NULL);
      struct stat st = { 0 };
      gboolean is_there = lstat (path, &st) == 0;

      if (kind == STEP_OPEN)
        continue;
      if (kind == STEP_RUN)
        *most = MAX (*most, (guint) st.st_size);
      if (kind == STEP_RUN ? st.st_size > 0 : !is_there)
        carried |= G_GUINT64_CONSTANT (1) << i;
    }
  return carried;
}

char *
stage_describe (const Stage *self)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GDir) directory = g_dir_open (self->record, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->record, name, NULL);
      g_autofree char *contents = NULL;
      gsize length = 0;

      g_file_get_contents (path, &contents, &length, NULL);
      g_string_append_printf (text, "%s, %" G_GSIZE_FORMAT " bytes:\n%s\n", name, length,
                              contents != NULL ? contents : "");
    }
  return g_string_free (text, FALSE);
}

guint
stage_count_wills (const Stage *self)
{
  g_autoptr (GDir) directory = g_dir_open (self->record, 0, NULL);
  const char *name;
  guint n = 0;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    n += g_str_has_suffix (name, ".will");
  return n;
}
