/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One clause, and every reason not to carry it out. What is not there any more is done. What has
 * the name now, but is not the file that was meant, is left alone: it is a later run's, an
 * administrator's, or a trap. A file that did not exist when the clause was written has no mark by
 * which to know it, so it is removed only while nobody else can have made it: before a later run.
 */

#include "ps-settle-clause.h"
#include "ps-command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static PsClauseEnd
end (PsClauseEnd how, char *reason, const char *why)
{
  snprintf (reason, PS_WILL_REASON, "%s", why);
  return how;
}

static PsClauseEnd
fail (char *reason, const char *what, int error)
{
  snprintf (reason, PS_WILL_REASON, "%s: %s", what, ps_will_text_error (error));
  return PS_CLAUSE_FAILED;
}

/* Of what another process may have. */
static int
is_want (int error)
{
  return error == ENOMEM || error == EAGAIN || error == EMFILE || error == ENFILE;
}

/* --- A command ------------------------------------------------------------------------------- */

/* A manager that stops a unit signals all its processes, and goes on while it finds new ones: it
 * means the daemon, and strikes what the daemon has just begun. */
static int
is_wish_to_end (int signum)
{
  return signum == SIGTERM || signum == SIGINT || signum == SIGHUP;
}

static PsClauseEnd
run (const PsWillClause *clause, const PsClauseHow *how, char *reason)
{
  const char *fault = ps_command_fault (clause->argv[0]);
  int status = 0;

  if (fault != NULL)
    return end (PS_CLAUSE_FAILED, reason, fault);
  switch (ps_command_run (clause->argv, how->limit_us, &status))
    {
    case PS_COMMAND_FAILED:
      fail (reason, "it cannot be executed", errno);
      return is_want (errno) ? PS_CLAUSE_LEFT : PS_CLAUSE_FAILED;
    case PS_COMMAND_KILLED:
      return end (PS_CLAUSE_FAILED, reason, "its time was over, and it was killed");
    case PS_COMMAND_UNKNOWN:
      return PS_CLAUSE_DONE;
    case PS_COMMAND_ENDED:
      break;
    }
  if (WIFSIGNALED (status))
    snprintf (reason, PS_WILL_REASON, "it died of signal %d", WTERMSIG (status));
  else if (WEXITSTATUS (status) != 0)
    snprintf (reason, PS_WILL_REASON, "it ended with status %d", WEXITSTATUS (status));
  else
    return PS_CLAUSE_DONE;
  return WIFSIGNALED (status) && is_wish_to_end (WTERMSIG (status)) ? PS_CLAUSE_CUT
                                                                    : PS_CLAUSE_FAILED;
}

/* --- A file ---------------------------------------------------------------------------------- */

/* Whether the directory is the one that the run had. Directories of a boot before this one, on a
 * file system that did not outlive it, are others even if everything about them is the same. */
static PsClauseEnd
check_place (const PsClauseHow *how, int dir, char *reason)
{
  PsBeneathId id;

  if (ps_beneath_identify (dir, "", &id) < 0)
    return fail (reason, "the directory cannot be looked at", errno);
  if (!how->is_same_boot && ps_beneath_is_volatile (dir))
    return end (PS_CLAUSE_SKIPPED, reason, "it went with an earlier boot of the machine");
  if (!ps_beneath_is_same (&how->place->id, &id, how->is_same_boot))
    return end (PS_CLAUSE_SKIPPED, reason, "the directory is not the one it was");
  return PS_CLAUSE_DONE;
}

/* Whether it is what was meant. */
static PsClauseEnd
check_file (const PsWillClause *clause, const PsClauseHow *how, const PsBeneathId *id,
            const PsBeneathId *parent, char *reason)
{
  if (ps_beneath_is_mounted (id, parent))
    return end (PS_CLAUSE_SKIPPED, reason, "something is mounted there");
  if (clause->verb == PS_WILL_RMDIR && id->type != S_IFDIR)
    return end (PS_CLAUSE_SKIPPED, reason, "it is not a directory");
  if (clause->verb == PS_WILL_UNLINK && id->type == S_IFDIR)
    return end (PS_CLAUSE_SKIPPED, reason, "it is a directory");
  if (id->type == S_IFBLK || id->type == S_IFCHR)
    return end (PS_CLAUSE_SKIPPED, reason, "it is a device");
  if (clause->has_id && !ps_beneath_is_same (&clause->id, id, how->is_same_boot))
    return end (PS_CLAUSE_SKIPPED, reason, "another file has its name now");
  if (!clause->has_id && how->has_later_run)
    return end (PS_CLAUSE_SKIPPED, reason, "a later run has begun, and it may be that one's");
  return PS_CLAUSE_DONE;
}

/* A mark that is on the disk, of a file that comes back when the power is lost, would be a file
 * that nobody removes. A directory that may not be read is not to be synced. */
static PsClauseEnd
sync_removal (const PsClauseHow *how, int parent, char *reason)
{
  int fd = how->is_synced ? openat (parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  int error = fd < 0 ? errno : fsync (fd) < 0 ? errno : 0;

  if (fd >= 0)
    close (fd);
  if (!how->is_synced || error == 0 || error == EACCES || error == EINVAL)
    return PS_CLAUSE_DONE;
  return fail (reason, "it was removed, but that may not be on the disk", error);
}

static PsClauseEnd
remove_leaf (const PsWillClause *clause, const PsClauseHow *how, int parent, const char *leaf,
             char *reason)
{
  PsBeneathId id, above;
  PsClauseEnd checked;

  if (ps_beneath_identify (parent, leaf, &id) < 0)
    return errno == ENOENT ? sync_removal (how, parent, reason)
                           : fail (reason, "it cannot be looked at", errno);
  if (ps_beneath_identify (parent, "", &above) < 0)
    return fail (reason, "its directory cannot be looked at", errno);
  checked = check_file (clause, how, &id, &above, reason);
  if (checked != PS_CLAUSE_DONE)
    return checked;
  if (unlinkat (parent, leaf, clause->verb == PS_WILL_RMDIR ? AT_REMOVEDIR : 0) == 0
      || errno == ENOENT)
    return sync_removal (how, parent, reason);
  if (clause->verb == PS_WILL_RMDIR && (errno == ENOTEMPTY || errno == EEXIST))
    return end (PS_CLAUSE_SKIPPED, reason, "it is not empty");
  return fail (reason, "it cannot be removed", errno);
}

static PsClauseEnd
remove_in (const PsWillClause *clause, const PsClauseHow *how, int dir, char *reason)
{
  PsClauseEnd checked = check_place (how, dir, reason);
  const char *leaf;
  int parent;

  if (checked != PS_CLAUSE_DONE)
    return checked;
  parent = ps_beneath_open_parent (dir, clause->path, &leaf);
  if (parent < 0)
    return errno == ENOENT ? PS_CLAUSE_DONE
                           : fail (reason, "its directory cannot be reached", errno);
  checked = remove_leaf (clause, how, parent, leaf, reason);
  close (parent);
  return checked;
}

static PsClauseEnd
remove_file (const PsWillClause *clause, const PsClauseHow *how, char *reason)
{
  PsClauseEnd ended;
  int dir = how->dir;

  if (how->place == NULL)
    return end (PS_CLAUSE_FAILED, reason, "the will does not say in which directory");
  if (dir < 0)
    dir = open (how->place->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return errno == ENOENT ? PS_CLAUSE_DONE
                           : fail (reason, "the directory cannot be opened", errno);
  ended = remove_in (clause, how, dir, reason);
  if (dir != how->dir)
    close (dir);
  return ended;
}

PsClauseEnd
ps_settle_clause (const PsWillClause *clause, const PsClauseHow *how, char reason[PS_WILL_REASON])
{
  reason[0] = '\0';
  switch (clause->verb)
    {
    case PS_WILL_UNLINK:
    case PS_WILL_RMDIR:
      return remove_file (clause, how, reason);
    case PS_WILL_RUN:
      if (how->has_later_run)
        return end (PS_CLAUSE_SKIPPED, reason, "a later run has begun");
      return run (clause, how, reason);
    }
  return end (PS_CLAUSE_FAILED, reason, "the verb is not known");
}
