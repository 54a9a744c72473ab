/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a record says was written with the rights of a daemon, and is carried out with no more: root
 * becomes the owner of the directory, for good, before a line is read. The group is that user's
 * own: a user may have a directory whose group is another's. It does so in a child, since there may
 * be other directories, of other owners. The directory is opened before, as the way to it
 * (/var/lib/private) may be open to root alone.
 */

#include "ps-settle-directory.h"
#include "ps-verb.h"

#include "ps-clock.h"
#include "ps-error.h"
#include "ps-run-file.h"
#include "ps-settle-files.h"
#include "ps-version.h"
#include "ps-will-report.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  const PsSettleTask *task;
  const char *path;
  int dir;
  const char *owner; /* whose wills are being settled */
  char last_run[PS_OWNER_ID];
  gboolean is_unreadable; /* that record, by now */
  PsReport *report;
  gboolean has_failed; /* a clause has */
} Directory;

/* --- Telling --------------------------------------------------------------------------------- */

static void
print_news (const Directory *self, const PsSettleNews *news)
{
  const PsSettleTally *tally = news->tally;

  if (!self->task->is_told || news->clause != NULL)
    return;
  if (news->end == PS_SETTLE_DONE || news->end == PS_SETTLE_LEFT)
    printf ("%s/%s: %u done, %u left alone, %u failed, %u still to be done\n", self->path,
            news->file, tally->done, tally->skipped, tally->failed, tally->left);
}

static void
tell (const PsSettleNews *news, void *data)
{
  Directory *self = data;

  self->has_failed |= news->clause != NULL && !news->is_skipped;
  print_news (self, news);
  ps_will_report (news, self->report);
}

static PsSettled
rank (PsSettleEnd end)
{
  switch (end)
    {
    case PS_SETTLE_DONE:
    case PS_SETTLE_NOTHING:
    case PS_SETTLE_ALIVE:
      break;
    case PS_SETTLE_DAMAGED:
    case PS_SETTLE_FOREIGN:
      return PS_SETTLED_PARTLY;
    case PS_SETTLE_REFUSED:
      return PS_SETTLED_REFUSED;
    case PS_SETTLE_LEFT:
    case PS_SETTLE_FAILED:
      return PS_SETTLED_BADLY;
    }
  return PS_SETTLED_WELL;
}

/* --- Names ----------------------------------------------------------------------------------- */

/* GDir does not tell an error from the end, but leaves errno. */
static const char *
next_name (GDir *entries)
{
  errno = 0;
  return entries != NULL ? g_dir_read_name (entries) : NULL;
}

/* Whose files there are: NAME of NAME.run and of NAME.RUNID.will. NULL and errno: it cannot be
 * read. */
static GHashTable *
list_owners (int dir)
{
  g_autoptr (GHashTable) owners = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", dir);
  g_autoptr (GDir) entries = g_dir_open (path, 0, NULL);
  const char *name, *run;

  if (entries == NULL)
    return NULL;
  while ((name = next_name (entries)) != NULL)
    if (ps_settle_is_will (name, NULL, &run))
      g_hash_table_add (owners, g_strndup (name, (gsize) (run - name) - 1));
    else if (g_str_has_suffix (name, ".run"))
      g_hash_table_add (owners, g_strndup (name, strlen (name) - strlen (".run")));
  return errno == 0 ? g_steal_pointer (&owners) : NULL;
}

/* The name as a user gives it: "food" is "food.service", too. */
static gboolean
is_wanted (const char *owner, const char *unit)
{
  g_autofree char *service = unit != NULL ? g_strconcat (unit, ".service", NULL) : NULL;

  return unit == NULL || strcmp (owner, unit) == 0 || strcmp (owner, service) == 0;
}

static PsSettled
rank_unread (int error, const char *why)
{
  if (error == EPROTONOSUPPORT)
    return PS_SETTLED_PARTLY;
  return why != NULL || error == EACCES || error == EPERM ? PS_SETTLED_REFUSED : PS_SETTLED_BADLY;
}

/* "": there is no record. One that cannot be read may tell of a later run: then nothing is done. */
static PsSettled
find_last_run (Directory *self)
{
  g_autofree char *name = g_strconcat (self->owner, ".run", NULL);
  char *run = self->last_run;
  const char *why = NULL;
  PsStore store;
  int r = ps_store_open (&store, self->dir, name, 0, &why), error = errno;

  run[0] = '\0';
  if (r < 0 && error == ENOENT)
    return PS_SETTLED_WELL;
  if (r >= 0)
    {
      r = ps_settle_last_run (&store, run);
      error = errno;
      ps_store_close (&store);
    }
  if (r >= 0)
    return PS_SETTLED_WELL;
  if (error == EPROTONOSUPPORT)
    why = "it is no run record that this version (" PS_VERSION ") can read";
  ps_verb_complain ("%s/%s: %s; the wills beside it are not acted upon, since it may tell of a "
                    "later run",
                    self->path, name, why != NULL ? why : g_strerror (error));
  return rank_unread (error, why);
}

/* --- Settling -------------------------------------------------------------------------------- */

/* A life that goes on has no end yet. */
static PsSettled
note_end (const Directory *self, const char *owner)
{
  const PsSettleTask *task = self->task;
  g_autoptr (GError) error = NULL;

  if (ps_run_file_settle (self->dir, owner, ps_settle_by (task->by), task->invocation, task->result,
                          task->code, task->status, &error)
      || g_error_matches (error, PS_ERROR, PS_ERROR_BUSY))
    return PS_SETTLED_WELL;
  ps_verb_complain ("%s/%s.run: %s", self->path, owner, error->message);
  return PS_SETTLED_PARTLY;
}

/* Once it cannot be read, nothing more is done. */
static int
look (void *data)
{
  Directory *self = data;

  self->is_unreadable = self->is_unreadable || find_last_run (self) != PS_SETTLED_WELL;
  return !self->is_unreadable;
}

static PsSettled
settle_owner (Directory *self, const char *owner, PsSettleWork *work)
{
  PsSettleHow how = { .by = self->task->by,
                      .last_run = self->last_run,
                      .end_us = self->task->end_us,
                      .look = look,
                      .tell = tell,
                      .data = self };
  PsSettled noted, found;

  self->owner = owner;
  self->is_unreadable = FALSE;
  noted = note_end (self, owner);
  found = find_last_run (self);
  if (found == PS_SETTLED_WELL)
    found = rank (ps_settle_all (self->dir, owner, work, &how));
  return MAX (noted, found);
}

static PsSettled
settle_owners (Directory *self, GHashTable *owners)
{
  PsSettleWork *work = ps_settle_work_new ();
  PsSettled worst = work != NULL ? PS_SETTLED_WELL : PS_SETTLED_BADLY;
  GHashTableIter iter;
  gpointer owner;

  if (work == NULL)
    {
      ps_verb_complain ("%s: %s", self->path, g_strerror (errno));
      return worst;
    }
  self->report = ps_report_new ();
  g_hash_table_iter_init (&iter, owners);
  while (g_hash_table_iter_next (&iter, &owner, NULL))
    if (is_wanted (owner, self->task->unit))
      {
        PsSettled settled = settle_owner (self, owner, work);

        worst = MAX (worst, settled);
      }
  ps_settle_work_free (work);
  ps_report_free (self->report);
  return self->has_failed ? MAX (worst, PS_SETTLED_PARTLY) : worst;
}

/* As whoever we are now. What is no record directory is nobody's business. */
static PsSettled
settle_as_we_are (Directory *self)
{
  g_autoptr (GHashTable) owners = list_owners (self->dir);
  const char *why;

  if (owners == NULL)
    {
      ps_verb_complain ("%s: %s", self->path, g_strerror (errno));
      return PS_SETTLED_BADLY;
    }
  if (g_hash_table_size (owners) == 0)
    return PS_SETTLED_WELL;
  if (ps_store_check_directory (self->dir, &why) == 0)
    return settle_owners (self, owners);
  ps_verb_complain ("%s: %s", self->path, why != NULL ? why : g_strerror (errno));
  return PS_SETTLED_REFUSED;
}

/* Of a user that is in no list, as those of DynamicUser=, the group has the same number. */
static gboolean
find_group (const struct stat *st, gid_t *gid)
{
  const struct passwd *user = getpwuid (st->st_uid);

  *gid = user != NULL ? user->pw_gid : st->st_gid;
  return user != NULL || st->st_gid == st->st_uid;
}

static gboolean
become (uid_t uid, gid_t gid)
{
  return setgroups (1, &gid) == 0 && setresgid (gid, gid, gid) == 0
         && setresuid (uid, uid, uid) == 0 && getuid () == uid && geteuid () == uid
         && setuid (0) < 0;
}

/* Root, for a directory of somebody else's. */
static PsSettled
settle_as (Directory *self, const struct stat *st)
{
  pid_t pid;
  gid_t gid;
  int status;

  if (!find_group (st, &gid))
    {
      ps_verb_complain ("%s: its owner, user %u, is not known, and so is not the group that such a "
                        "user has: give the user a name, or remove the directory",
                        self->path, (unsigned) st->st_uid);
      return PS_SETTLED_REFUSED;
    }
  fflush (NULL);
  pid = fork ();
  if (pid == 0)
    {
      PsSettled settled = PS_SETTLED_REFUSED;

      if (become (st->st_uid, gid))
        settled = settle_as_we_are (self);
      else
        ps_verb_complain ("%s: cannot become its owner, user %u: %s", self->path,
                          (unsigned) st->st_uid, g_strerror (errno));
      fflush (NULL);
      _exit ((int) settled);
    }
  while (pid > 0 && waitpid (pid, &status, 0) < 0)
    if (errno != EINTR)
      return PS_SETTLED_BADLY;
  return pid > 0 && WIFEXITED (status) ? (PsSettled) WEXITSTATUS (status) : PS_SETTLED_BADLY;
}

/* A directory that is not there is one in which nothing is left to be done: RuntimeDirectory= goes
 * with the unit. */
PsSettled
ps_settle_directory (const char *path, const PsSettleTask *task)
{
  Directory self = { .task = task, .path = path };
  PsSettled settled = PS_SETTLED_BADLY;
  struct stat st;

  self.dir = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self.dir < 0 && errno == ENOENT)
    return PS_SETTLED_WELL;
  if (self.dir < 0 || fstat (self.dir, &st) < 0)
    ps_verb_complain ("%s: %s", path, g_strerror (errno));
  else if (geteuid () == 0 && st.st_uid != 0)
    settled = settle_as (&self, &st);
  else
    settled = settle_as_we_are (&self);
  if (self.dir >= 0)
    close (self.dir);
  return settled;
}
