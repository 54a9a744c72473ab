/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connection.h"

#include "splitter.h"

/*
 * A client sends lines without waiting; each gets one answer, in the order of the lines. What a
 * client can make us keep is bounded: one line that is not complete, and answers of about
 * ANSWER_LIMIT bytes. A client that does not read its answers is not read from, and the same goes
 * for everybody while the writer's queue is full; the kernel's buffers fill, and the client waits.
 *
 * The end of a connection, when the daemon stops: what had arrived by then (the kernel knows how
 * many bytes) is still read, stored and acknowledged. Then we say that no more answers come (the
 * client reads its end of file) and throw away what it sends until it closes, too. Closing at once
 * would make TCP send a reset, which may destroy answers that are on their way.
 */

#define READ_SIZE (16 * 1024)
#define ANSWER_LIMIT (256 * 1024)
#define ANSWER_ROOM 32 /* what the answer to a line on its way is counted as */

struct _Connection
{
  grefcount refs;
  GSocket *socket;
  Writer *writer;
  const guint *line_limit;
  ConnectionFunc closed_func;
  gpointer user_data;

  Splitter splitter;
  GPtrArray *lines; /* of one read */
  GString *answers; /* not sent yet */
  guint pending;    /* lines without an answer */
  GSource *reading;
  GSource *writing;

  gboolean peer_done; /* it will send nothing more */
  gboolean draining;
  gsize arrived;      /* draining: what is still to be read */
  gboolean lingering; /* everything is said */
  gboolean closed;
};

static gboolean on_readable (GSocket *socket, GIOCondition condition, gpointer data);
static gboolean on_writable (GSocket *socket, GIOCondition condition, gpointer data);

Connection *
connection_new (GSocket *socket, Writer *writer, const guint *line_limit, ConnectionFunc closed,
                gpointer user_data)
{
  Connection *self = g_new0 (Connection, 1);

  g_ref_count_init (&self->refs);
  self->socket = g_object_ref (socket);
  self->writer = writer;
  self->line_limit = line_limit;
  self->closed_func = closed;
  self->user_data = user_data;
  self->lines = g_ptr_array_new ();
  self->answers = g_string_new (NULL);
  splitter_init (&self->splitter);
  g_socket_set_blocking (socket, FALSE);
  connection_go_on (self);
  return self;
}

Connection *
connection_ref (Connection *self)
{
  g_ref_count_inc (&self->refs);
  return self;
}

void
connection_unref (Connection *self)
{
  if (!g_ref_count_dec (&self->refs))
    return;
  splitter_clear (&self->splitter);
  g_ptr_array_unref (self->lines);
  g_string_free (self->answers, TRUE);
  g_object_unref (self->socket);
  g_free (self);
}

static void
unwatch (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
watch (Connection *self, GSource **source, GIOCondition condition, GSocketSourceFunc func)
{
  if (*source != NULL)
    return;
  *source = g_socket_create_source (self->socket, condition, NULL);
  g_source_set_callback (*source, G_SOURCE_FUNC (func), connection_ref (self),
                         (GDestroyNotify) connection_unref);
  g_source_attach (*source, NULL);
}

/* What is still on its way through the queue is stored all the same; only its answers are lost. */
void
connection_close (Connection *self)
{
  if (self->closed)
    return;
  self->closed = TRUE;
  connection_ref (self);
  unwatch (&self->reading);
  unwatch (&self->writing);
  g_socket_close (self->socket, NULL);
  self->closed_func (self, self->user_data);
  connection_unref (self);
}

/* --- Lines in -------------------------------------------------------------------------------- */

static gboolean
has_input_to_come (Connection *self)
{
  return !self->peer_done && (!self->draining || self->arrived > 0);
}

static gboolean
wants_to_read (Connection *self)
{
  if (self->lingering)
    return TRUE;
  return has_input_to_come (self)
         && self->answers->len + (gsize) self->pending * ANSWER_ROOM < ANSWER_LIMIT
         && !writer_is_full (self->writer);
}

static void
refuse (Connection *self, const char *problem)
{
  g_ptr_array_add (self->lines, line_new_refused (connection_ref (self), problem));
}

static void
on_line (SplitResult result, const char *text, gsize length, gpointer data)
{
  Connection *self = data;
  g_autofree char *words = NULL;

  switch (result)
    {
    case SPLIT_LINE:
      g_ptr_array_add (self->lines, line_new (connection_ref (self), text, length));
      break;
    case SPLIT_TOO_LONG:
      words = g_strdup_printf ("too-long: a line may have %u bytes", *self->line_limit);
      refuse (self, words);
      break;
    case SPLIT_NUL:
      refuse (self, "nul: a line must not contain a NUL byte");
      break;
    case SPLIT_NOT_UTF8:
      refuse (self, "not-utf8: a line must be valid UTF-8");
      break;
    }
}

static void
take_input (Connection *self, const char *data, gsize length)
{
  if (self->lingering)
    return;
  if (self->draining)
    self->arrived -= length;
  if (length > 0)
    splitter_feed (&self->splitter, data, length, *self->line_limit, on_line, self);
  else
    self->peer_done = TRUE;
  if (self->peer_done && splitter_is_inside_line (&self->splitter))
    refuse (self, "incomplete: the line feed is missing");
  self->pending += self->lines->len;
  writer_push (self->writer, self->lines);
}

static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer data)
{
  static char buffer[READ_SIZE]; /* one for all: only the main thread reads */
  Connection *self = data;
  gsize size = self->draining && !self->lingering ? MIN (self->arrived, READ_SIZE) : READ_SIZE;
  g_autoptr (GError) error = NULL;
  gssize length;

  if (!wants_to_read (self))
    {
      unwatch (&self->reading);
      return G_SOURCE_REMOVE;
    }
  length = g_socket_receive_with_blocking (socket, buffer, size, FALSE, NULL, &error);
  if (length < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (length < 0 || (length == 0 && self->lingering))
    {
      connection_close (self);
      return G_SOURCE_REMOVE;
    }
  take_input (self, buffer, length);
  connection_go_on (self);
  return G_SOURCE_CONTINUE; /* or destroyed by now, which is the same */
}

/* --- Answers out ----------------------------------------------------------------------------- */

/* Notes the answer; connection_go_on() sends what has been noted. */
void
connection_answer (Connection *self, const Line *line)
{
  self->pending--;
  if (!self->closed)
    line_print_answer (line, self->answers);
}

static void
send_answers (Connection *self)
{
  g_autoptr (GError) error = NULL;
  gssize sent;

  while (self->answers->len > 0)
    {
      sent = g_socket_send_with_blocking (self->socket, self->answers->str, self->answers->len,
                                          FALSE, NULL, &error);
      if (sent < 0)
        break;
      g_string_erase (self->answers, 0, sent);
    }
  if (error == NULL)
    unwatch (&self->writing);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    watch (self, &self->writing, G_IO_OUT, on_writable);
  else
    connection_close (self);
}

static gboolean
on_writable (GSocket *socket, GIOCondition condition, gpointer data)
{
  Connection *self = data;

  unwatch (&self->writing);
  connection_go_on (self);
  return G_SOURCE_REMOVE;
}

/* --- From one state to the next -------------------------------------------------------------- */

static void
say_goodbye (Connection *self)
{
  if (self->peer_done || !g_socket_shutdown (self->socket, FALSE, TRUE, NULL))
    connection_close (self);
  else
    self->lingering = TRUE;
}

/* To be called whenever something has changed. */
void
connection_go_on (Connection *self)
{
  if (self->closed)
    return;
  if (self->writing == NULL)
    send_answers (self);
  if (!self->closed && !self->lingering && !has_input_to_come (self) && self->pending == 0
      && self->answers->len == 0)
    say_goodbye (self);
  if (self->closed)
    return;
  if (wants_to_read (self))
    watch (self, &self->reading, G_IO_IN, on_readable);
  else
    unwatch (&self->reading);
}

/* The daemon stops: what has arrived is the last that is taken. A client that is owed nothing
 * need not be waited for. */
void
connection_drain (Connection *self)
{
  gssize arrived = g_socket_get_available_bytes (self->socket);

  self->draining = TRUE;
  self->arrived = MAX (arrived, 0);
  if (self->arrived == 0 && self->pending == 0 && self->answers->len == 0
      && !splitter_is_inside_line (&self->splitter))
    connection_close (self);
  else
    connection_go_on (self);
}
