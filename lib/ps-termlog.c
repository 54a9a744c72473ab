/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Kubernetes shows what a container has left in its termination log (/dev/termination-log, unless
 * the pod says otherwise) as the reason of its end, where nobody has a journal to look into.
 *
 * The file is opened when the watcher is attached: later there may be no descriptor left, no right
 * to open it, or another root directory. It is emptied then, so that what is there after the end is
 * never what the life before has said; an empty file is a process that was killed without a word.
 * A program that closes descriptors it does not know makes us open it anew.
 *
 * O_NONBLOCK, since it may be a FIFO that nobody reads; O_NOCTTY, since it may be a terminal;
 * O_CREAT, since only Kubernetes makes the file beforehand; O_APPEND, since what is written after
 * the file was emptied belongs to its beginning. A symbolic link is followed (/dev/stderr is one):
 * the path is the administrator's word, and comes by secure_getenv().
 *
 * The conductor prepares the parts of the line while all is well; a forced exit puts them together
 * in a signal handler. What a part's length covers is not changed before the next exit begins.
 */

#include "ps-termlog.h"
#include "ps-fd.h"
#include "ps-words.h"
#include "ps-write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* Kubernetes reads 4096 bytes of one container, and 12 KiB of a pod. */
#define LINE_SIZE 3072
#define CAUSE_SIZE 512
#define TROUBLE_SIZE 1536
_Static_assert(LINE_SIZE >= CAUSE_SIZE + TROUBLE_SIZE + 512 + 64, "the outcome has its room");

/* Text that grows while a signal handler may read it. */
typedef struct
{
  PsWords words;
  atomic_size_t length;
} Part;

static char path[PATH_MAX]; /* empty: nobody wants it */
static char cause_text[CAUSE_SIZE], trouble_text[TROUBLE_SIZE];

static struct
{
  PsFd file;
  Part cause;
  Part trouble;
  atomic_uint untold; /* troubles for which there was no room */
} well = { .file = { .fd = -1 } };

/* -1 with errno: there is none. */
static int
open_file (void)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
                 0644);

  return ps_fd_keep (&well.file, fd);
}

static void
restart (Part *part, char *text, size_t size)
{
  atomic_store (&part->length, 0);
  ps_words_init (&part->words, text, size);
}

static void
add (Part *part, const char *text)
{
  ps_words_add_clean (&part->words, text);
  atomic_store (&part->length, part->words.length);
}

/* wanted: an absolute path. Returns 0, or -1 with errno; then it is tried again at the end. */
int
ps_termlog_open (const char *wanted)
{
  PsWords words;

  ps_termlog_close ();
  if (strlen (wanted) >= sizeof path)
    {
      errno = ENAMETOOLONG;
      return -1;
    }
  ps_words_init (&words, path, sizeof path);
  ps_words_add (&words, wanted);
  return open_file () >= 0 ? 0 : -1;
}

void
ps_termlog_close (void)
{
  ps_fd_close (&well.file);
  path[0] = '\0';
  restart (&well.cause, cause_text, sizeof cause_text);
  restart (&well.trouble, trouble_text, sizeof trouble_text);
  atomic_store (&well.untold, 0);
}

int
ps_termlog_is_wanted (void)
{
  return path[0] != '\0';
}

/* An exit has begun, for this reason. */
void
ps_termlog_begin (const char *cause)
{
  restart (&well.trouble, trouble_text, sizeof trouble_text);
  atomic_store (&well.untold, 0);
  restart (&well.cause, cause_text, sizeof cause_text);
  add (&well.cause, cause);
}

/* Something that was not done as it should be. What happened before the exit is of no interest. */
void
ps_termlog_add_trouble (const char *what)
{
  Part *trouble = &well.trouble;

  if (atomic_load (&well.cause.length) == 0)
    return;
  if (trouble->words.length + strlen (what) + strlen (", ") >= trouble->words.size)
    {
      atomic_fetch_add (&well.untold, 1);
      return;
    }
  if (trouble->words.length > 0)
    ps_words_add (&trouble->words, ", ");
  add (trouble, what);
}

static void
compose (PsWords *line, const char *outcome)
{
  size_t n_cause = atomic_load (&well.cause.length), n_trouble = atomic_load (&well.trouble.length);
  unsigned untold = atomic_load (&well.untold);

  ps_words_add_clean (line, outcome);
  if (n_cause > 0)
    {
      ps_words_add (line, ": ");
      ps_words_add_bytes (line, cause_text, n_cause);
    }
  if (n_trouble > 0)
    {
      ps_words_add (line, "; went wrong: ");
      ps_words_add_bytes (line, trouble_text, n_trouble);
    }
  if (untold > 0)
    {
      ps_words_add (line, " and ");
      ps_words_add_int (line, untold);
      ps_words_add (line, " more");
    }
  ps_words_add (line, "\n");
}

/* outcome: how the exit ended, 512 bytes at most. Returns 0, also where nobody wants it, or -1 with
 * errno. Whatever an earlier call has written is replaced. Async-signal-safe. */
int
ps_termlog_write (const char *outcome)
{
  char text[LINE_SIZE];
  PsWords line;
  ssize_t written;
  int fd = ps_fd_get (&well.file), emptied;

  if (path[0] == '\0')
    return 0;
  ps_words_init (&line, text, sizeof text);
  compose (&line, outcome);
  if (fd < 0)
    fd = open_file ();
  if (fd < 0)
    return -1;
  /* A FIFO or a terminal cannot be emptied, and need not be; and better two lines than none. */
  emptied = ftruncate (fd, 0);
  (void) emptied;
  written = ps_write (fd, line.text, line.length);
  if (written >= 0 && (size_t) written < line.length)
    errno = ENOSPC;
  return written == (ssize_t) line.length ? 0 : -1;
}
