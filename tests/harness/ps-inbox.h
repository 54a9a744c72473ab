/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A datagram socket that the parent reads, or does not read: the service manager's end of
 * NOTIFY_SOCKET, or journald's. Made before the child, freed with its case. */

#include "ps-tap.h"

typedef struct _Inbox Inbox;

Inbox *inbox_new (void);

/* Its path; good for NOTIFY_SOCKET as it is. */
const char *inbox_path (Inbox *self);

/* Its socket, for a child that is to read by itself. */
int inbox_socket (Inbox *self);

/* The next message, within a minute; "" when the case has failed. Owned by the inbox. */
const char *inbox_next_at (const char *where, Inbox *self);

/* Whether a message is there. Its "no" is the last word only when nobody is left who could send. */
gboolean inbox_has_more (Inbox *self);

/* The next message has this line ("READY=1"), or is exactly this text. */
void inbox_expect_line_at (const char *where, Inbox *self, const char *line);
void inbox_expect_at (const char *where, Inbox *self, const char *text);

/* Takes messages until one has the line. */
void inbox_find_line_at (const char *where, Inbox *self, const char *line);

/* No message is there. Means something only when no process that could send is left. */
void inbox_expect_empty_at (const char *where, Inbox *self);

/* The value of a field in the message taken last; NULL when it has none. To be freed. */
char *inbox_field (Inbox *self, const char *name);

/* The message taken last as bytes, for those that are not text. */
const guint8 *inbox_bytes (Inbox *self, gsize *length);

/* How many of the messages taken so far came as a file. */
guint inbox_count_files (Inbox *self);

/* How many messages are there; they are dropped. */
guint inbox_drain (Inbox *self);

/* Fills the queue, so that the next send to it would block; returns how many that took. */
guint inbox_fill (Inbox *self);

#define inbox_next(self) inbox_next_at (G_STRLOC, self)
#define inbox_expect_line(self, line) inbox_expect_line_at (G_STRLOC, self, line)
#define inbox_expect(self, text) inbox_expect_at (G_STRLOC, self, text)
#define inbox_find_line(self, line) inbox_find_line_at (G_STRLOC, self, line)
#define inbox_expect_empty(self) inbox_expect_empty_at (G_STRLOC, self)
