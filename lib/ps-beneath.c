/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A will is carried out when its writer is gone, perhaps by a process with more rights, in
 * directories where others may have rights, too. So a name is looked up beneath a directory that is
 * held by a descriptor: no "..", no symbolic link anywhere on the way, no other file system. Linux
 * 5.6 and newer do that by openat2(); where it is missing, or a filter denies it, the way is gone
 * step by step, with O_NOFOLLOW and a look at the device, which comes to the same, since each step
 * begins at the descriptor that the one before has got.
 *
 * What the last component is is looked at, and then removed by name: between the two somebody who
 * may write to that directory can put another file there. They could have removed it themselves;
 * nothing outside of that directory can be reached that way.
 */

#include "ps-beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* What is wrong with a path beneath a directory; NULL: nothing. */
const char *
ps_beneath_fault (const char *path)
{
  size_t length = strlen (path);

  if (length == 0)
    return "it is empty";
  if (length >= PATH_MAX)
    return "it is longer than 4095 bytes";
  if (path[0] == '/')
    return "it is absolute";
  while (*path != '\0')
    {
      size_t n = strcspn (path, "/");

      if (n == 0)
        return "it has an empty component";
      if (n > NAME_MAX)
        return "a component of it is longer than 255 bytes";
      if (path[0] == '.' && (n == 1 || (n == 2 && path[1] == '.')))
        return "it has \".\" or \"..\" as a component";
      path += n;
      if (path[0] == '/' && path[1] == '\0')
        return "it ends with a slash";
      path += path[0] == '/';
    }
  return NULL;
}

static int
open_by_steps (int root, const char *way)
{
  int fd = fcntl (root, F_DUPFD_CLOEXEC, 3);
  struct stat st, at;

  if (fd < 0 || fstat (root, &st) < 0)
    return -1;
  while (*way != '\0')
    {
      char name[NAME_MAX + 1];
      size_t n = strcspn (way, "/");
      int next, error;

      memcpy (name, way, n);
      name[n] = '\0';
      next = openat (fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      error = errno;
      close (fd);
      errno = error;
      if (next < 0)
        return -1;
      fd = next;
      if (fstat (fd, &at) < 0 || at.st_dev != st.st_dev)
        {
          close (fd);
          errno = EXDEV;
          return -1;
        }
      way += n + (way[n] == '/');
    }
  return fd;
}

/* path: without a fault. Returns a descriptor of the directory that its last component is in, good
 * for nothing but names; -1. *leaf points into path. */
int
ps_beneath_open_parent (int root, const char *path, const char **leaf)
{
  struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                          .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS
                                     | RESOLVE_NO_XDEV };
  const char *slash = strrchr (path, '/');
  char way[PATH_MAX];
  size_t n = slash != NULL ? (size_t) (slash - path) : 0;
  long fd;

  memcpy (way, path, n);
  way[n] = '\0';
  fd = syscall (SYS_openat2, root, n > 0 ? way : ".", &how, sizeof how);
  /* EAGAIN: something was renamed meanwhile, and the kernel cannot be sure. */
  for (int i = 0; fd < 0 && errno == EAGAIN && i < 64; i++)
    fd = syscall (SYS_openat2, root, n > 0 ? way : ".", &how, sizeof how);
  if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
    fd = open_by_steps (root, way);
  if (fd >= 0)
    *leaf = slash != NULL ? slash + 1 : path;
  return (int) fd;
}

/* leaf "": the directory itself. What is found is not opened, so that nothing can block or be
 * disturbed by it. */
int
ps_beneath_identify (int dir, const char *leaf, PsBeneathId *id)
{
  int flags = AT_SYMLINK_NOFOLLOW | (leaf[0] == '\0' ? AT_EMPTY_PATH : 0);
  struct statx stx;
  struct stat st;

  if (statx (dir, leaf, flags, STATX_TYPE | STATX_INO | STATX_BTIME | STATX_MNT_ID, &stx) == 0)
    {
      *id = (PsBeneathId){ .device = makedev (stx.stx_dev_major, stx.stx_dev_minor),
                           .inode = stx.stx_ino,
                           .type = stx.stx_mode & S_IFMT };
      if (stx.stx_mask & STATX_BTIME)
        id->born_ns = stx.stx_btime.tv_sec * 1000000000ll + stx.stx_btime.tv_nsec;
      if (stx.stx_mask & STATX_MNT_ID)
        id->mount = stx.stx_mnt_id;
      return 0;
    }
  if ((errno != ENOSYS && errno != EPERM) || fstatat (dir, leaf, &st, flags) < 0)
    return -1;
  *id = (PsBeneathId){ .device = st.st_dev, .inode = st.st_ino, .type = st.st_mode & S_IFMT };
  return 0;
}

int
ps_beneath_is_same (const PsBeneathId *was, const PsBeneathId *is, int is_same_boot)
{
  return was->inode == is->inode && was->type == is->type
         && (was->born_ns == 0 || is->born_ns == 0 || was->born_ns == is->born_ns)
         && (!is_same_boot || was->device == is->device);
}

/* Whether it is another file system's than the directory it was found in. The device tells only
 * where the mount is not known (before Linux 5.8): in an overlay, as containers have it, the files
 * of one directory have several. */
int
ps_beneath_is_mounted (const PsBeneathId *id, const PsBeneathId *parent)
{
  if (id->mount != 0 && parent->mount != 0)
    return id->mount != parent->mount;
  return id->device != parent->device;
}

/* Whether what is there is gone with the boot. */
int
ps_beneath_is_volatile (int dir)
{
  struct statfs fs;

  return fstatfs (dir, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}
