/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Nothing of libsystemd may be called in a signal handler. journald's native protocol is simple
 * enough: a datagram of FIELD=value lines. The way there is opened when the watcher is attached,
 * and every other record takes it, too.
 *
 * A journal that is behind is given a moment, since these words are worth it and there is no other
 * time for them; one that does not read, or a terminal, loses them.
 */

#include "ps-lastwords.h"
#include "ps-clock.h"
#include "ps-write.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define MOMENT_US (20 * PS_US_PER_MS)

static const struct sockaddr_un journal_address = { .sun_family = AF_UNIX,
                                                    .sun_path = "/run/systemd/journal/socket" };

static char common_text[1024]; /* FIELD=value lines that each record has */

static struct
{
  PsLastwordsTarget target;
  PsOutlet journal;
} well = { .journal = { .socket = { .fd = -1 } } };

static int
is_for_journal (PsLastwordsTarget target)
{
  return target == PS_LASTWORDS_TO_JOURNAL || target == PS_LASTWORDS_TO_BOTH;
}

/* common_fields: FIELD=value lines, each with its line break. */
void
ps_lastwords_open (PsLastwordsTarget target, const char *common_fields)
{
  PsWords common;

  ps_words_init (&common, common_text, sizeof common_text);
  ps_words_add (&common, common_fields);
  well.target = target;
  if (is_for_journal (target))
    ps_outlet_open (&well.journal, &journal_address, sizeof journal_address);
}

void
ps_lastwords_set_target (PsLastwordsTarget target)
{
  well.target = target;
}

void
ps_lastwords_close (void)
{
  ps_outlet_close (&well.journal);
}

/* The way to the journal, where records go there. */
const PsOutlet *
ps_lastwords_get_journal (void)
{
  return &well.journal;
}

void
ps_lastwords_begin (PsWords *record, char *buffer, size_t size, const char *message_id,
                    int priority)
{
  ps_words_init (record, buffer, size);
  ps_words_field (record, "MESSAGE_ID", message_id);
  ps_words_field_int (record, "PRIORITY", priority);
  ps_words_add (record, common_text);
}

/* FALSE: journald does not have it. */
static int
send_to_journal (const PsWords *record)
{
  struct iovec whole = { .iov_base = record->text, .iov_len = record->length };

  return ps_outlet_send (&well.journal, &whole, 1, MOMENT_US) == 0;
}

/* A pipe or terminal that is full is not waited for: where there is room at all, there is room for
 * this much. */
static void
write_to_stderr (const char *text)
{
  struct pollfd pollfd = { .fd = STDERR_FILENO, .events = POLLOUT };
  size_t left = strlen (text);

  while (left > 0 && poll (&pollfd, 1, 0) == 1 && (pollfd.revents & POLLOUT))
    {
      ssize_t n = ps_write (STDERR_FILENO, text, left < PIPE_BUF ? left : PIPE_BUF);

      if (n <= 0)
        return;
      text += n;
      left -= (size_t) n;
    }
}

static void
send_to_stderr (const char *message)
{
  char text[1024];
  PsWords line;

  ps_words_init (&line, text, sizeof text);
  ps_words_add (&line, program_invocation_short_name);
  ps_words_add (&line, "[");
  ps_words_add_int (&line, getpid ());
  ps_words_add (&line, "]: ");
  ps_words_add_clean (&line, message);
  ps_words_add (&line, "\n");
  write_to_stderr (text);
}

/* Completes the record with its line for people and sends it. In a terminal, and where there is no
 * journal, the line goes to standard error. */
void
ps_lastwords_send (PsWords *record, const char *message)
{
  ps_words_field (record, "MESSAGE", message);
  if (well.target == PS_LASTWORDS_TO_NOBODY)
    return;
  if (!is_for_journal (well.target) || !send_to_journal (record))
    send_to_stderr (message);
}

/* Sends a record that is complete. account: the same for people, in several lines; it goes to
 * standard error too, unless that is the journal. */
void
ps_lastwords_send_account (PsWords *record, const char *account)
{
  int sent;

  if (well.target == PS_LASTWORDS_TO_NOBODY)
    return;
  sent = is_for_journal (well.target) && send_to_journal (record);
  if (!sent || well.target == PS_LASTWORDS_TO_BOTH)
    write_to_stderr (account);
}
