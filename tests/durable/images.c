/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Power cuts on a real file system: ext4 on a loop device. Before and after each call that changes
 * something, while the process stands still, what the disk has by then is copied, without any sync.
 * A copy is a disk after a power cut: mounted, its journal is replayed, and then the will must be
 * whole, and what had been confirmed must be in it.
 */

#include "aftermath.h"
#include "ps-tap.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DISK "/run/disk"
#define COPY "/run/copy"
#define PLACE "/run/place"
#define DISK_BYTES (8 * 1024 * 1024)

typedef struct
{
  GBytes *disk;
  guint done, begun;
} Image;

typedef struct
{
  GPtrArray *images; /* each that differs from the one before */
  guint done, begun, points;
} Camera;

static void
free_image (gpointer data)
{
  Image *image = data;

  g_bytes_unref (image->disk);
  g_free (image);
}

static gboolean
run (const char *const *arguments)
{
  int status;

  return g_spawn_sync (NULL, (char **) arguments, NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL
                           | G_SPAWN_STDERR_TO_DEV_NULL,
                       NULL, NULL, NULL, NULL, &status, NULL)
         && status == 0;
}

static gboolean
mount_disk (const char *path)
{
  const char *arguments[] = { "mount", "-t", "ext4", "-o", "loop", path, PLACE, NULL };

  return run (arguments);
}

static gboolean
unmount_disk (void)
{
  const char *arguments[] = { "umount", PLACE, NULL };

  return run (arguments);
}

/* The reason, where it cannot be had. */
static const char *
make_disk (void)
{
  const char *make[] = { "mkfs.ext4", "-q", "-F", DISK, NULL };
  int fd = open (DISK, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_mkdir (PLACE, 0700);
  if (fd < 0 || ftruncate (fd, DISK_BYTES) < 0 || close (fd) < 0)
    return "no room for a disk";
  if (!run (make))
    return "mkfs.ext4 is not installed";
  return mount_disk (DISK) ? NULL : "loop devices are not to be had here";
}

static void
shoot (Camera *camera)
{
  char *contents;
  gsize length;
  g_autoptr (GBytes) disk = NULL;
  Image *last = camera->images->len > 0 ? camera->images->pdata[camera->images->len - 1] : NULL;

  camera->points++;
  if (!g_file_get_contents (DISK, &contents, &length, NULL))
    g_error ("The disk cannot be copied.");
  disk = g_bytes_new_take (contents, length);
  if (last != NULL && last->done == camera->done && last->begun == camera->begun
      && g_bytes_equal (last->disk, disk))
    return;
  last = g_new (Image, 1);
  *last = (Image){ g_steal_pointer (&disk), camera->done, camera->begun };
  g_ptr_array_add (camera->images, last);
}

static gboolean
changes_something (long call)
{
  switch (call)
    {
    case SYS_write:
    case SYS_pwrite64:
    case SYS_ftruncate:
    case SYS_fallocate:
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_rename:
    case SYS_renameat:
    case SYS_renameat2:
    case SYS_unlink:
    case SYS_unlinkat:
    case SYS_openat:
    case SYS_close:
      return TRUE;
    default:
      return FALSE;
    }
}

static SweepFate
take_call (const SweepCall *call, gpointer data, guint *fired)
{
  if (changes_something (call->call))
    shoot (data);
  return (SweepFate){ 0, FALSE };
}

static void
take_return (const SweepCall *call, gint64 result, gpointer data)
{
  if (changes_something (call->call))
    shoot (data);
}

static void
take_mark (int said, Tracer *tracer, gpointer data)
{
  Camera *camera = data;

  tracer->armed = said >= SCRIPT_BEGIN && said < SCRIPT_DONE;
  if (tracer->armed)
    camera->begun = (guint) (said - SCRIPT_BEGIN) + 1;
  else
    camera->done++;
  shoot (camera);
}

static char *
judge_image (const Stage *stage, const Script *script, const Image *image)
{
  gboolean ends = image->begun > 0 && script->steps[image->begun - 1].kind == STEP_END;
  const Aftermath expected = { .before = script_will_after (script, image->done),
                               .after = script_will_after (script, image->done + 1),
                               .most = 2,
                               .rebooted = TRUE,
                               .may_be_clean = ends };
  gsize length;
  const char *disk = g_bytes_get_data (image->disk, &length);
  char *why;

  if (!g_file_set_contents_full (COPY, disk, (gssize) length, G_FILE_SET_CONTENTS_NONE, 0600, NULL)
      || !mount_disk (COPY))
    return g_strdup ("the copy cannot be mounted");
  why = aftermath_judge (stage, script, &expected);
  if (!unmount_disk () && why == NULL)
    why = g_strdup ("the copy cannot be unmounted");
  return why;
}

static void
judge_images (const char *name, const Stage *stage, const Script *script, const Camera *camera)
{
  guint n = 0, n_wrong = 0;

  for (guint i = 0; i < camera->images->len; i += tap_number (4, 1))
    {
      g_autofree char *why = judge_image (stage, script, camera->images->pdata[i]);

      n++;
      if (why != NULL && n_wrong++ < 3)
        tap_fail (G_STRLOC, "%s, image %u: %s", name, i, why);
    }
  printf (
      "# power cuts on ext4, %s: %u points, %u different disks, %u of them tried, %u violations\n",
      name, camera->points, camera->images->len, n, n_wrong);
  fflush (stdout);
  tap_check_int (camera->images->len, >, script->n_steps);
}

static void
cut (const char *name)
{
  const Script *script = script_find (name);
  Camera camera = { g_ptr_array_new_with_free_func (free_image), 0, 0, 0 };
  const PlayPlan plan = {
    .at_call = take_call, .at_return = take_return, .at_mark = take_mark, .data = &camera
  };
  g_auto (Play) result = { 0 };
  const char *why = getuid () != 0         ? "only root can mount a disk"
                    : stage_own_machine () ? make_disk ()
                                           : "namespaces are not to be had here";

  if (why != NULL)
    tap_skip (why);
  else
    {
      Stage *stage = stage_new (PLACE);

      stage_reset (stage, script);
      sync ();
      life_play (stage, script, &plan, &result);
      tap_check (unmount_disk ());
      stage_reboot ();
      judge_images (name, stage, script, &camera);
      stage_free (stage);
    }
  g_ptr_array_unref (camera.images);
}

static void
arming (void)
{
  cut ("arm");
}

static void
changing (void)
{
  cut ("change");
}

static void
ending (void)
{
  cut ("disarm");
}

static const TapCase cases[] = {
  { "W02c", "ext4 loses its power while a will is written", arming },
  { "W02d", "likewise while it changes", changing },
  { "W02e", "likewise in a clean end, which carries it out", ending },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
