/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inbox.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "connection.h"
#include "line.h"
#include "listener.h"

/*
 * Between the listeners, the connections and the writer: accepts clients, hands each batch's
 * answers to whom they belong, lets everybody read again when the queue has room, and counts.
 */

#define ACCEPT_AGAIN_S 1

struct _Inbox
{
  GPtrArray *listeners;
  GPtrArray *accepting; /* GSource, one a listener; empty while nobody is accepted */
  guint accept_again;
  gboolean stopping;
  guint connection_limit;
  guint line_limit;
  GHashTable *connections;
  Writer *writer;
  PsHold *draining;
  InboxFunc changed;
  gpointer user_data;

  guint64 stored;
  guint64 refused;
  char *failure; /* of the last batch; NULL when it was stored */
};

static void start_accepting (Inbox *self);

/* --- Clients come and go --------------------------------------------------------------------- */

static void
pause_accepting (Inbox *self)
{
  g_ptr_array_set_size (self->accepting, 0);
}

static gboolean
on_accept_again (gpointer data)
{
  Inbox *self = data;

  self->accept_again = 0;
  start_accepting (self);
  return G_SOURCE_REMOVE;
}

static void
on_closed (Connection *connection, gpointer data)
{
  Inbox *self = data;

  g_hash_table_remove (self->connections, connection);
  start_accepting (self);
  if (g_hash_table_size (self->connections) == 0)
    g_clear_pointer (&self->draining, ps_hold_release);
  self->changed (self->user_data);
}

static void
add_connection (Inbox *self, GSocket *socket)
{
  /* Answers are small, and wait for nothing once they are there; Unix sockets do not mind. */
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  g_hash_table_add (self->connections,
                    connection_new (socket, self->writer, &self->line_limit, on_closed, self));
  if (g_hash_table_size (self->connections) >= self->connection_limit)
    pause_accepting (self); /* the others wait in the kernel's queue */
  self->changed (self->user_data);
}

static gboolean
on_client (GSocket *listener, GIOCondition condition, gpointer data)
{
  Inbox *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_accept (listener, NULL, &error);

  if (socket != NULL)
    add_connection (self, socket);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)
           && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
    {
      /* Out of descriptors or memory: the client is still waiting there, and would wake us up
       * without end. */
      g_warning ("No client can be accepted for %u s: %s", ACCEPT_AGAIN_S, error->message);
      pause_accepting (self);
      self->accept_again = g_timeout_add_seconds (ACCEPT_AGAIN_S, on_accept_again, self);
    }
  return G_SOURCE_CONTINUE;
}

static void
unaccept (GSource *source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

static void
start_accepting (Inbox *self)
{
  if (self->stopping || self->accepting->len > 0 || self->accept_again != 0
      || g_hash_table_size (self->connections) >= self->connection_limit)
    return;
  for (guint i = 0; i < self->listeners->len; i++)
    {
      Listener *listener = g_ptr_array_index (self->listeners, i);
      GSource *source = g_socket_create_source (listener->socket, G_IO_IN, NULL);

      g_source_set_callback (source, G_SOURCE_FUNC (on_client), self, NULL);
      g_source_attach (source, NULL);
      g_ptr_array_add (self->accepting, source);
    }
}

/* The connections, each with a reference: what is done to one may close it or another. */
static GPtrArray *
list_connections (Inbox *self)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) connection_unref);
  GHashTableIter iter;
  gpointer connection;

  g_hash_table_iter_init (&iter, self->connections);
  while (g_hash_table_iter_next (&iter, &connection, NULL))
    g_ptr_array_add (list, connection_ref (connection));
  return list;
}

static void
for_each_connection (Inbox *self, void (*func) (Connection *))
{
  g_autoptr (GPtrArray) list = list_connections (self);

  for (guint i = 0; i < list->len; i++)
    func (g_ptr_array_index (list, i));
}

/* --- Answers --------------------------------------------------------------------------------- */

static void
free_line (gpointer data)
{
  Line *line = data;

  connection_unref (line->owner);
  g_free (line);
}

static void
note_failure (Inbox *self, const GError *error)
{
  if (error != NULL && self->failure == NULL)
    g_warning ("Lines cannot be stored: %s", error->message);
  else if (error == NULL && self->failure != NULL)
    g_message ("Lines are stored again");
  g_free (self->failure);
  self->failure = error != NULL ? g_strdup (error->message) : NULL;
}

static void
on_written (GPtrArray *lines, const GError *error, gpointer data)
{
  Inbox *self = data;

  for (guint i = 0; i < lines->len; i++)
    {
      const Line *line = g_ptr_array_index (lines, i);

      if (line->problem == NULL)
        self->stored++;
      else
        self->refused++;
      connection_answer (line->owner, line);
    }
  note_failure (self, error);
  for_each_connection (self, connection_go_on); /* answers to send, or room to read */
  self->changed (self->user_data);
}

/* --- Life ------------------------------------------------------------------------------------ */

Inbox *
inbox_new (GPtrArray *listeners, Store *store, const Config *config, InboxFunc changed,
           gpointer user_data)
{
  Inbox *self = g_new0 (Inbox, 1);

  self->listeners = g_ptr_array_ref (listeners);
  self->accepting = g_ptr_array_new_with_free_func ((GDestroyNotify) unaccept);
  self->connections = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) connection_unref, NULL);
  self->changed = changed;
  self->user_data = user_data;
  self->writer = writer_new (store, config, on_written, self, free_line);
  inbox_configure (self, config);
  return self;
}

void
inbox_configure (Inbox *self, const Config *config)
{
  self->connection_limit = config->connection_limit;
  self->line_limit = config->line_limit;
  writer_configure (self->writer, config);
  if (g_hash_table_size (self->connections) >= self->connection_limit)
    pause_accepting (self);
  start_accepting (self);
  for_each_connection (self, connection_go_on); /* the queue may have room now */
}

gboolean
inbox_is_idle (Inbox *self)
{
  return g_hash_table_size (self->connections) == 0 && writer_is_idle (self->writer);
}

void
inbox_describe (Inbox *self, GString *text)
{
  guint count = g_hash_table_size (self->connections);

  g_string_append_printf (text, "%u connection%s, %" G_GUINT64_FORMAT " line%s stored", count,
                          count != 1 ? "s" : "", self->stored, self->stored != 1 ? "s" : "");
  if (self->refused > 0)
    g_string_append_printf (text, ", %" G_GUINT64_FORMAT " refused", self->refused);
  if (self->failure != NULL)
    g_string_append_printf (text, "; lines cannot be stored: %s", self->failure);
}

/* --- The end --------------------------------------------------------------------------------- */

/* Clients that have connected but were not accepted yet would be reset with our socket, and the
 * lines they have sent with it. At a socket of the service manager's they wait for the next start.
 */
static void
accept_waiting (Inbox *self, const Listener *listener)
{
  GSocket *socket;

  while (g_hash_table_size (self->connections) < self->connection_limit
         && (socket = g_socket_accept (listener->socket, NULL, NULL)) != NULL)
    {
      add_connection (self, socket);
      g_object_unref (socket);
    }
}

void
inbox_stop_accepting (Inbox *self)
{
  for (guint i = 0; !self->stopping && i < self->listeners->len; i++)
    {
      const Listener *listener = g_ptr_array_index (self->listeners, i);

      if (listener->ours)
        accept_waiting (self, listener);
    }
  self->stopping = TRUE;
  pause_accepting (self);
  g_clear_handle_id (&self->accept_again, g_source_remove);
  listeners_close (self->listeners);
}

void
inbox_drain (Inbox *self, PsContext *context, guint within_ms)
{
  guint count = g_hash_table_size (self->connections);
  g_autofree char *why = g_strdup_printf ("draining %u connection%s", count, count != 1 ? "s" : "");

  if (count == 0)
    return;
  self->draining = ps_context_hold (context, why);
  ps_hold_set_deadline (self->draining, within_ms);
  writer_hurry (self->writer);
  for_each_connection (self, connection_drain);
}

/* Whoever has not been drained by now has had their time. */
void
inbox_write_last (Inbox *self, PsContext *context)
{
  for_each_connection (self, connection_close);
  writer_finish (self->writer, ps_context_hold (context, "writing the last batch"));
}

/* Whether the store may be touched again. */
gboolean
inbox_is_finished (Inbox *self)
{
  return writer_is_finished (self->writer);
}

void
inbox_free (Inbox *self)
{
  if (self == NULL)
    return;
  inbox_stop_accepting (self);
  for_each_connection (self, connection_close);
  g_clear_pointer (&self->draining, ps_hold_release);
  writer_free (self->writer);
  g_hash_table_unref (self->connections);
  g_ptr_array_unref (self->accepting);
  g_ptr_array_unref (self->listeners);
  g_free (self->failure);
  g_free (self);
}
