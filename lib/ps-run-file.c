/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The record is opened in two steps, so that what became of the last life can be told before it is
 * said to be told: a start that is killed in between tells it again, and none is left out.
 *
 * While it is locked nobody lives in it. A lock can be lost (its holder closed another descriptor
 * of the file), so a process that is there and began when the life began counts, too.
 *
 * A record that has grown is replaced by one with its last lives, when they are all told. A life is
 * judged by the file that it began in, too: to replace that while there is one to be judged would
 * make it a stranger's. The life that begins then writes down which file it is in.
 *
 * The room for the last lines of a life is asked for at its beginning: a disk that is full later
 * must not make an orderly end look like a kill.
 */

#include "ps-run-file.h"
#include "ps-error.h"
#include "ps-identity.h"
#include "ps-run-lives.h"
#include "ps-run-log.h"
#include "ps-run-text.h"
#include "ps-version.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_MAX_BYTES (64 * 1024)
#define KEPT_BYTES (32 * 1024)
#define KEPT_LIVES 32

/* One that is longer than this was not written by us. */
#define READ_MAX (16 * 1024 * 1024)

#define ROOM 4096

#define LOCK_TRIES 20
#define LOCK_PAUSE_US (10 * 1000)

#define SUFFIX ".run"

/* The unit's, where it is a service; otherwise, as in a session, the program's. (transfer full) */
char *
ps_run_file_choose_name (void)
{
  g_autofree char *unit = ps_identity_get_unit ();

  if (unit != NULL && g_str_has_suffix (unit, ".service"))
    return g_steal_pointer (&unit);
  return g_strdup (program_invocation_short_name);
}

/* --- Errors ---------------------------------------------------------------------------------- */

static gboolean
set_errno (GError **error, const char *what, const char *file, const char *why)
{
  int saved_errno = errno;
  PsError code = saved_errno == EMFILE || saved_errno == ENFILE || saved_errno == ENOSPC
                         || saved_errno == EDQUOT || saved_errno == ENOMEM
                     ? PS_ERROR_EXHAUSTED
                     : PS_ERROR_INVALID;

  g_set_error (error, PS_ERROR, code, "The run record %s cannot be %s: %s", file, what,
               why != NULL ? why : g_strerror (saved_errno));
  return FALSE;
}

/* pid 0: not known, or not to be seen from here. */
static gboolean
set_busy (GError **error, const char *name, gint64 pid)
{
  g_autofree char *who = pid > 0 ? g_strdup_printf ("process %" G_GINT64_FORMAT, pid)
                                 : g_strdup ("a process that cannot be seen from here");

  g_set_error (
      error, PS_ERROR, PS_ERROR_BUSY,
      "The run record %s%s belongs to %s, which lives: end that one, or give this instance "
      "a directory of its own (StateDirectory=, or in a template %%i)",
      name, SUFFIX, who);
  return FALSE;
}

/* --- Opening --------------------------------------------------------------------------------- */

/* A helper has the lock for a moment, a life for as long as it lasts. */
static gboolean
is_left_to_others (guint *times)
{
  if (++*times > LOCK_TRIES)
    return TRUE;
  g_usleep (LOCK_PAUSE_US);
  return FALSE;
}

/* FALSE with error: it cannot be had. A file that is replaced meanwhile is opened again. */
static gboolean
open_locked (PsStore *store, int dir, const char *name, PsStoreFlags flags, GError **error)
{
  g_autofree char *file = g_strconcat (name, SUFFIX, NULL);
  const char *why = NULL;
  pid_t holder = 0;
  guint times = 0;
  int saved_errno;

  for (;;)
    {
      if (ps_store_open (store, dir, file, flags, &why) < 0)
        return set_errno (error, "opened", file, why);
      if (ps_store_lock (store, &holder) == 0)
        return TRUE;
      saved_errno = errno;
      ps_store_close (store);
      errno = saved_errno;
      if (errno != EAGAIN && errno != ESTALE)
        return set_errno (error, "locked", file, NULL);
      if (is_left_to_others (&times))
        return set_busy (error, name, holder);
    }
}

static gboolean
read_all (PsStore *store, GString *text, GError **error)
{
  ssize_t n;

  if (store->length > READ_MAX)
    {
      errno = EFBIG;
      return set_errno (error, "read", store->name, NULL);
    }
  g_string_set_size (text, (gsize) store->length);
  n = ps_store_read (store, text->str, text->len);
  if (n < 0)
    return set_errno (error, "read", store->name, NULL);
  g_string_set_size (text, (gsize) n);
  return TRUE;
}

/* What is 0 is not known. */
static void
identify_file (int fd, uint64_t *inode, int64_t *born_ns)
{
  struct statx st;

  if (statx (fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &st) < 0)
    return;
  *inode = st.stx_mask & STATX_INO ? st.stx_ino : 0;
  if (st.stx_mask & STATX_BTIME)
    *born_ns = st.stx_btime.tv_sec * INT64_C (1000000000) + st.stx_btime.tv_nsec;
}

static void
look_around (PsPresent *present, int fd, gint64 pid)
{
  *present = (PsPresent){ .pid = getpid (), .start_there = -1 };
  ps_identity_get_boot (present->boot);
  ps_identity_get_machine (present->machine);
  identify_file (fd, &present->inode, &present->born_ns);
  present->pid_namespace = ps_identity_get_pid_namespace ();
  present->start = ps_identity_get_start (getpid ());
  if (pid > 0 && pid <= G_MAXINT)
    present->start_there = ps_identity_get_start ((pid_t) pid);
}

static gboolean
judge (PsRunFile *self, const PsRunLives *record, const char *name, GError **error)
{
  PsFinding finding;
  PsPresent present;

  if (record->n_lives == 0)
    return TRUE;
  look_around (&present, self->store.fd, record->last.who.pid);
  ps_verdict_find (&finding, &record->last, &present);
  if (finding.kind == PS_FINDING_LIVES)
    return set_busy (error, name, record->last.who.pid);
  self->previous = ps_run_new (&record->last, &finding);
  self->is_told = record->last.verdict[0] != '\0';
  g_strlcpy (self->last_id, record->last.who.id, sizeof self->last_id);
  return TRUE;
}

/* An empty file gets its header, a torn line its end. */
static gboolean
complete (PsStore *store, const GString *text, GError **error)
{
  char header[PS_RUN_TEXT_LINE] = "\n";
  gsize length = 1;

  if (text->len == 0)
    length = ps_run_text_put_header (header, sizeof header);
  else if (text->str[text->len - 1] == '\n')
    return TRUE;
  return ps_store_append (store, header, length) == 0
         || set_errno (error, "written", store->name, NULL);
}

static gboolean
take_up (PsRunFile *self, const char *name, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  PsRunLives record;

  if (!read_all (&self->store, text, error))
    return FALSE;
  ps_run_lives_read (&record, text->str, text->len);
  if (record.is_foreign)
    {
      g_set_error (error, PS_ERROR, PS_ERROR_INVALID,
                   "The file %s%s is no run record that this version (%s) can read, and is left as "
                   "it is: move it away, or use the version that wrote it",
                   name, SUFFIX, PS_VERSION);
      return FALSE;
    }
  self->is_damaged = record.n_bad > 0 || record.is_torn;
  return judge (self, &record, name, error) && complete (&self->store, text, error);
}

/* Opens the record in dir, which stays the caller's, and judges the last life. Nothing of another
 * process that lives there is touched. */
gboolean
ps_run_file_open (PsRunFile *self, int dir, const char *name, PsRecordFlags flags, GError **error)
{
  PsStoreFlags store_flags = PS_STORE_CREATE | (flags & PS_RECORD_SYNC ? PS_STORE_SYNC : 0);

  *self = (PsRunFile){ .store = PS_STORE_CLOSED };
  ps_identity_make_id (self->id);
  if (open_locked (&self->store, dir, name, store_flags, error))
    {
      if (take_up (self, name, error))
        return TRUE;
      ps_run_file_clear (self);
    }
  return FALSE;
}

/* --- Beginning ------------------------------------------------------------------------------- */

static gboolean
note_verdict (PsRunFile *self)
{
  char line[PS_RUN_TEXT_LINE];
  PsRunLifeTime now;

  if (self->previous == NULL || self->is_told)
    return TRUE;
  ps_run_log_now (&now);
  return ps_store_append (
             &self->store, line,
             ps_run_text_put_verdict (line, sizeof line, self->last_id, &now,
                                      ps_verdict_to_string (ps_run_get_verdict (self->previous))))
         == 0;
}

/* With fewer lives where they are long ones. */
static gsize
choose_kept (const GString *text)
{
  gsize from = 0;

  for (guint n = KEPT_LIVES; n > 0; n /= 2)
    {
      from = ps_run_lives_find_last (text->str, text->len, n);
      if (text->len - from <= KEPT_BYTES)
        break;
    }
  return from;
}

static gboolean
make_small (PsStore *store, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL), kept = g_string_new (NULL);
  char header[PS_RUN_TEXT_LINE];
  gsize from;

  if (store->length <= SIZE_MAX_BYTES)
    return TRUE;
  if (!read_all (store, text, error))
    return FALSE;
  from = choose_kept (text);
  g_string_append_len (kept, header, (gssize) ps_run_text_put_header (header, sizeof header));
  g_string_append_len (kept, text->str + from, (gssize) (text->len - from));
  if (kept->str[kept->len - 1] != '\n')
    g_string_append_c (kept, '\n');
  return ps_store_replace (store, kept->str, kept->len) == 0
         || set_errno (error, "replaced", store->name, NULL);
}

static void
introduce (PsRunLifeWho *who, const char *id, int fd)
{
  g_autofree char *unit = ps_identity_get_unit ();
  const char *invocation_id = ps_identity_get_invocation_id ();

  *who = (PsRunLifeWho){ .pid = getpid () };
  g_strlcpy (who->id, id, sizeof who->id);
  ps_identity_get_boot (who->boot);
  ps_identity_get_machine (who->machine);
  identify_file (fd, &who->inode, &who->born_ns);
  who->pid_namespace = ps_identity_get_pid_namespace ();
  who->start = ps_identity_get_start (getpid ());
  g_strlcpy (who->program, program_invocation_short_name, sizeof who->program);
  g_strlcpy (who->version, PS_VERSION, sizeof who->version);
  g_strlcpy (who->unit, unit != NULL ? unit : "", sizeof who->unit);
  g_strlcpy (who->invocation, invocation_id != NULL ? invocation_id : "", sizeof who->invocation);
}

/* What became of the last life has been told: this one begins. The record is ps-run-log's then. */
gboolean
ps_run_file_begin (PsRunFile *self, PsRecordFlags flags, GError **error)
{
  PsRunLifeWho who;

  if (!note_verdict (self))
    return set_errno (error, "written", self->store.name, NULL);
  if (!make_small (&self->store, error))
    return FALSE;
  (void) fallocate (self->store.fd, FALLOC_FL_KEEP_SIZE, self->store.length, ROOM);
  introduce (&who, self->id, self->store.fd);
  if (ps_run_log_open (self->store.fd, &who, (flags & PS_RECORD_SYNC) != 0) < 0)
    return set_errno (error, "written", self->store.name, NULL);
  self->store.fd = -1;
  return TRUE;
}

void
ps_run_file_clear (PsRunFile *self)
{
  g_clear_pointer (&self->previous, ps_run_unref);
  ps_store_close (&self->store);
}

/* --- What the service manager says afterwards ------------------------------------------------ */

static gboolean
add_settled (PsRunFile *self, const PsRunLifeSettled *settled, GError **error)
{
  char line[PS_RUN_TEXT_LINE];
  size_t length = ps_run_text_put_settled (line, sizeof line, self->last_id, settled);

  return (length > 0 && ps_store_append (&self->store, line, length) == 0)
         || set_errno (error, "written", self->store.name, NULL);
}

static void
fill_settled (PsRunLifeSettled *settled, const char *by, const char *result, const char *code,
              const char *status)
{
  *settled = (PsRunLifeSettled){ .is_set = 1 };
  g_strlcpy (settled->by, by, sizeof settled->by);
  g_strlcpy (settled->result, result != NULL ? result : "", sizeof settled->result);
  g_strlcpy (settled->code, code != NULL ? code : "", sizeof settled->code);
  g_strlcpy (settled->status, status != NULL ? status : "", sizeof settled->status);
  ps_run_log_now (&settled->time);
}

/* Whether the words are about this life: a start that failed before it opened its record has left
 * no life there, and the last one is another's. */
static gboolean
is_about (const PsRun *run, const char *invocation_id)
{
  const char *its = ps_run_get_invocation_id (run);

  return its == NULL || invocation_id == NULL || g_str_equal (its, invocation_id);
}

/* Writes $SERVICE_RESULT, $EXIT_CODE and $EXIT_STATUS down (each may be NULL) in the record of the
 * life that has ended; once. Where there is no record, or it has no such life, nothing is done.
 * FALSE: it could not be written, or the life goes on (PS_ERROR_BUSY). */
gboolean
ps_run_file_settle (int dir, const char *name, const char *by, const char *invocation_id,
                    const char *result, const char *code, const char *status, GError **error)
{
  g_autofree char *file = g_strconcat (name, SUFFIX, NULL);
  PsRunFile self = { .store = PS_STORE_CLOSED };
  PsRunLifeSettled settled;
  gboolean done = TRUE;

  if (result == NULL && code == NULL)
    return TRUE;
  if (faccessat (dir, file, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
    return TRUE;
  if (!open_locked (&self.store, dir, name, 0, error))
    return FALSE;
  fill_settled (&settled, by, result, code, status);
  if (!take_up (&self, name, error))
    done = FALSE;
  else if (self.previous != NULL && !self.is_told && is_about (self.previous, invocation_id)
           && ps_run_get_service_result (self.previous) == NULL)
    done = add_settled (&self, &settled, error);
  ps_run_file_clear (&self);
  return done;
}
