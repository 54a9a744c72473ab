/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A service's records go to the journal, by journald's native protocol and the socket that last
 * words take, too; those of a program that somebody runs in a terminal go to standard error, the
 * debugging ones left out. What cannot go to the journal goes to standard error. One that does not
 * read has had its time, and what it did not take is lost.
 *
 * sd_journal_sendv() waits for ever for a journal that does not read, and tells nobody when there
 * is none (docs/decisions/0002-bounded-sends.md).
 */

#include "ps-journal.h"
#include "ps-lastwords.h"
#include "ps-limit.h"
#include "ps-lock.h"
#include "ps-words.h"
#include "ps-write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

typedef enum
{
  TO_JOURNAL,
  TO_STDERR,
  TO_FUNC,
} Target;

struct _PsJournal
{
  GMutex lock;
  Target target;
  PsLogFunc func; /* NULL with TO_FUNC: silence */
  gpointer user_data;
  GDestroyNotify notify;
  PsPatience *patience;
  char tail_text[512]; /* what every record in the journal ends with */
  PsWords tail;
};

/* Of the process, since ps_prepare() comes before there is a watcher. */
static struct
{
  gsize once;
  gboolean is_service;
  gboolean has_stderr;
} environment;

/* Whether standard error is the journal's stream, as systemd tells by device and inode. */
static gboolean
stderr_is_journal (void)
{
  const char *stream = secure_getenv ("JOURNAL_STREAM");
  g_autofree char *ours = NULL;
  struct stat st;

  if (stream == NULL || fstat (STDERR_FILENO, &st) < 0)
    return FALSE;
  ours = g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) st.st_dev,
                          (guint64) st.st_ino);
  return strcmp (ours, stream) == 0;
}

/* INVOCATION_ID alone does not tell: a shell in a terminal has it from the terminal's unit. */
static gboolean
is_service (void)
{
  const char *pid = secure_getenv ("SYSTEMD_EXEC_PID");

  return environment.has_stderr || secure_getenv ("NOTIFY_SOCKET") != NULL
         || (pid != NULL && g_ascii_strtoll (pid, NULL, 10) == getpid ());
}

/* Finds out where records go, while the environment still tells. */
void
ps_journal_prepare (void)
{
  if (!g_once_init_enter (&environment.once))
    return;
  environment.has_stderr = stderr_is_journal ();
  environment.is_service = is_service ();
  g_once_init_leave (&environment.once, 1);
}

/* Whether what is written to standard error goes there, too. */
gboolean
ps_journal_has_stderr (void)
{
  ps_journal_prepare ();
  return environment.has_stderr;
}

PsJournal *
ps_journal_new (void)
{
  PsJournal *journal = g_new0 (PsJournal, 1);

  ps_journal_prepare ();
  g_mutex_init (&journal->lock);
  journal->target = environment.is_service ? TO_JOURNAL : TO_STDERR;
  journal->patience = ps_patience_new ();
  ps_words_init (&journal->tail, journal->tail_text, sizeof journal->tail_text);
  ps_words_add (&journal->tail, "\n");
  ps_words_field (&journal->tail, "SYSLOG_IDENTIFIER", program_invocation_short_name);
  return journal;
}

void
ps_journal_free (PsJournal *journal)
{
  if (journal == NULL)
    return;
  if (journal->notify != NULL)
    journal->notify (journal->user_data);
  ps_patience_free (journal->patience);
  g_mutex_clear (&journal->lock);
  g_free (journal);
}

void
ps_journal_set_func (PsJournal *journal, PsLogFunc func, gpointer user_data, GDestroyNotify notify)
{
  GDestroyNotify old_notify;
  gpointer old_data;

  g_mutex_lock (&journal->lock);
  old_notify = journal->notify;
  old_data = journal->user_data;
  journal->target = TO_FUNC;
  journal->func = func;
  journal->user_data = user_data;
  journal->notify = notify;
  g_mutex_unlock (&journal->lock);
  if (old_notify != NULL)
    old_notify (old_data);
}

/* In a forked child: whether no thread of the parent was at work here. */
gboolean
ps_journal_is_at_rest (PsJournal *journal)
{
  return ps_lock_is_free (&journal->lock) && ps_patience_is_at_rest (journal->patience);
}

/* Whether records go to the journal itself. */
gboolean
ps_journal_is_journal (PsJournal *journal)
{
  gboolean is;

  g_mutex_lock (&journal->lock);
  is = journal->target == TO_JOURNAL;
  g_mutex_unlock (&journal->lock);
  return is;
}

/* Whether a record of this priority goes anywhere, so that it need not be made otherwise. */
gboolean
ps_journal_wants (PsJournal *journal, int priority)
{
  gboolean wants = TRUE;

  g_mutex_lock (&journal->lock);
  switch (journal->target)
    {
    case TO_JOURNAL:
      break;
    case TO_STDERR:
      wants = priority < LOG_DEBUG;
      break;
    case TO_FUNC:
      wants = journal->func != NULL;
      break;
    }
  g_mutex_unlock (&journal->lock);
  return wants;
}

typedef struct
{
  PsJournal *journal;
  PsRecord *record;
} Sending;

/* 0, or -errno. RLIMIT_FSIZE holds for a file in memory as well. */
static int
write_all (int fd, const struct iovec *parts, int n)
{
  for (int i = 0; i < n; i++)
    {
      ssize_t written = ps_write (fd, parts[i].iov_base, parts[i].iov_len);

      if (written != (ssize_t) parts[i].iov_len)
        return written < 0 ? -errno : -ENOSPC;
    }
  return 0;
}

/* What is too large for a datagram goes as a file in memory that nobody can change any more. */
static int
send_as_file (const struct iovec *parts, int n, gint64 limit_us)
{
  int fd = memfd_create ("journal-record", MFD_CLOEXEC | MFD_ALLOW_SEALING), r;

  if (fd < 0)
    return -errno;
  r = write_all (fd, parts, n);
  if (r == 0)
    r = fcntl (fd, F_ADD_SEALS, SEALS) < 0 ? -errno : 0;
  if (r == 0)
    r = ps_outlet_send_file (ps_lastwords_get_journal (), fd, limit_us);
  close (fd);
  return r;
}

static int
send_to_journal (gpointer data, gint64 limit_us)
{
  const Sending *sending = data;
  const PsWords *tail = &sending->journal->tail;
  struct iovec parts[2] = { [1] = { .iov_base = tail->text, .iov_len = tail->length } };
  int r;

  parts[0].iov_base = (char *) ps_record_get_text (sending->record, &parts[0].iov_len);
  r = ps_outlet_send (ps_lastwords_get_journal (), parts, G_N_ELEMENTS (parts), limit_us);
  return r == -EMSGSIZE || r == -ENOBUFS ? send_as_file (parts, G_N_ELEMENTS (parts), limit_us) : r;
}

static int
send_to_stderr (gpointer data, gint64 limit_us)
{
  char line[PS_RECORD_MESSAGE + 320];
  gsize length;
  ssize_t written;

  /* The program chooses its own name. */
  g_snprintf (line, sizeof line, "%.255s[%d]: %s\n", program_invocation_short_name, (int) getpid (),
              ps_record_get_message (((const Sending *) data)->record));
  length = strlen (line);
  /* An interruption is our own time limit, or as good as one. */
  ps_limit_begin (limit_us);
  written = ps_write (STDERR_FILENO, line, length);
  ps_limit_end ();
  return written == (ssize_t) length ? 0 : -EIO;
}

/* Where there is no journal, a line at least. The record is lost none the less, and once. */
static int
send_to_journal_or_stderr (gpointer data, gint64 limit_us)
{
  const Sending *sending = data;
  int r = send_to_journal (data, limit_us);

  if (r < 0 && r != -EAGAIN && ps_record_get_priority (sending->record) < LOG_DEBUG)
    (void) send_to_stderr (data, limit_us);
  return r;
}

void
ps_journal_write (PsJournal *journal, PsRecord *record)
{
  Sending sending = { journal, record };
  PsLogFunc func;
  gpointer user_data;
  Target target;

  g_mutex_lock (&journal->lock);
  target = journal->target;
  func = journal->func;
  user_data = journal->user_data;
  g_mutex_unlock (&journal->lock);

  switch (target)
    {
    case TO_JOURNAL:
      ps_patience_try (journal->patience, send_to_journal_or_stderr, &sending);
      break;
    case TO_STDERR:
      ps_patience_try (journal->patience, send_to_stderr, &sending);
      break;
    case TO_FUNC:
      if (func != NULL)
        {
          gsize n;
          const GLogField *fields = ps_record_take_fields (record, &n);

          func (ps_record_get_priority (record), ps_record_get_message (record), fields, n,
                user_data);
        }
      break;
    }
}

/* For a record that could not even be made. */
void
ps_journal_lose (PsJournal *journal)
{
  ps_patience_lose (journal->patience);
}

/* How many records could not be sent. */
guint
ps_journal_get_lost (PsJournal *journal)
{
  return ps_patience_get_lost (journal->patience);
}
