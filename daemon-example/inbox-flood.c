/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/*
 * inbox-flood NAME CLIENTS SECONDS ADDRESS… >ACCOUNT
 *
 * The load of tests/systemd/load.py: CLIENTS connections in one process, spread over the
 * addresses (a path, or PORT of 127.0.0.1), each sending lines as fast as they are taken until
 * the daemon ends it, or until SECONDS have passed. Line number N of client C is "NAME C N" and
 * some padding: unique, so that each can be looked for in the database.
 *
 * The account has a line for each acknowledged line, "C N ID", then one for each client,
 * "client C sent acknowledged refused", where sent counts the lines that the kernel took wholly.
 * The answers of a client come in the order of its lines; that alone says which line is meant.
 * Status 0 when every client was ended by the daemon in good order; 1 when one was not.
 */

#define OUT_SIZE (32 * 1024)
#define LINE_ROOM 256

typedef struct
{
  int fd;
  unsigned number;
  char out[OUT_SIZE];
  size_t out_at, out_end;
  uint64_t made; /* lines put into out */
  bool sending;
  char answer[256]; /* the beginning of one */
  size_t answer_length;
  uint64_t sent, acknowledged, refused;
} Client;

static const char *name;
static bool broken; /* a client ended otherwise than by the daemon's end of file */

static _Noreturn void
die (const char *what)
{
  fprintf (stderr, "inbox-flood: %s: %s\n", what, strerror (errno));
  exit (2);
}

static int
reach (const char *address)
{
  struct sockaddr_un un = { .sun_family = AF_UNIX };
  struct sockaddr_in in = { .sin_family = AF_INET };
  int fd, result;

  if (strchr (address, '/') != NULL)
    {
      snprintf (un.sun_path, sizeof un.sun_path, "%s", address);
      fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      result = connect (fd, (struct sockaddr *) &un, sizeof un);
    }
  else
    {
      in.sin_port = htons ((uint16_t) atoi (address));
      in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
      fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      result = connect (fd, (struct sockaddr *) &in, sizeof in);
    }
  if (result < 0)
    die (address);
  return fd;
}

static void
fill (Client *client)
{
  static const char padding[] = "the quick brown fox jumps over the lazy dog, again and again";

  client->out_at = client->out_end = 0;
  while (client->out_end + LINE_ROOM < OUT_SIZE)
    {
      int length = snprintf (client->out + client->out_end, LINE_ROOM, "%s %u %" PRIu64 " %.*s\n",
                             name, client->number, client->made,
                             (int) (client->made * 7 % sizeof padding), padding);

      client->out_end += (size_t) length;
      client->made++;
    }
}

static void
count_sent (Client *client, size_t length)
{
  const char *at = client->out + client->out_at, *end = at + length;

  while ((at = memchr (at, '\n', (size_t) (end - at))) != NULL)
    {
      client->sent++;
      at++;
    }
}

static void
send_some (Client *client)
{
  ssize_t length;

  if (client->out_at == client->out_end)
    fill (client);
  length = send (client->fd, client->out + client->out_at, client->out_end - client->out_at,
                 MSG_NOSIGNAL | MSG_DONTWAIT);
  if (length > 0)
    {
      count_sent (client, (size_t) length);
      client->out_at += (size_t) length;
    }
  else if (errno != EAGAIN)
    client->sending = false; /* its answers are still to be read */
}

static void
take_answer (Client *client)
{
  uint64_t id;
  char end;

  client->answer[client->answer_length] = '\0';
  if (sscanf (client->answer, "ok %" SCNu64 "%c", &id, &end) == 1)
    printf ("%u %" PRIu64 " %" PRIu64 "\n", client->number,
            client->acknowledged++ + client->refused, id);
  else if (strncmp (client->answer, "error ", 6) == 0)
    client->refused++;
  else
    {
      fprintf (stderr, "inbox-flood: no answer: %s\n", client->answer);
      broken = true;
    }
  client->answer_length = 0;
}

/* false at the end. */
static bool
read_answers (Client *client)
{
  char buffer[16 * 1024];
  ssize_t length = recv (client->fd, buffer, sizeof buffer, MSG_DONTWAIT);

  if (length < 0 && errno == EAGAIN)
    return true;
  if (length <= 0)
    {
      broken = broken || length < 0 || client->answer_length > 0;
      return false;
    }
  for (ssize_t i = 0; i < length; i++)
    if (buffer[i] == '\n')
      take_answer (client);
    else if (client->answer_length < sizeof client->answer - 1)
      client->answer[client->answer_length++] = buffer[i];
  return true;
}

static void
watch (int epoll, int operation, Client *client)
{
  struct epoll_event event = { .events = EPOLLIN | (client->sending ? EPOLLOUT : 0u),
                               .data.ptr = client };

  if (epoll_ctl (epoll, operation, client->fd, &event) < 0)
    die ("epoll_ctl");
}

static void
serve (int epoll, Client *client, uint32_t events, unsigned *open)
{
  bool sending = client->sending;

  if ((events & ~(uint32_t) EPOLLOUT) != 0 && !read_answers (client))
    {
      close (client->fd);
      (*open)--;
      return;
    }
  if (client->sending && (events & EPOLLOUT) != 0)
    send_some (client);
  if (client->sending != sending)
    watch (epoll, EPOLL_CTL_MOD, client);
}

static void
run (Client *clients, unsigned count, time_t seconds)
{
  int epoll = epoll_create1 (EPOLL_CLOEXEC);
  time_t end = time (NULL) + seconds;
  unsigned open = count;

  for (unsigned i = 0; i < count; i++)
    watch (epoll, EPOLL_CTL_ADD, &clients[i]);
  while (open > 0 && time (NULL) < end)
    {
      struct epoll_event events[64];
      int ready = epoll_wait (epoll, events, 64, 1000);

      for (int i = 0; i < ready; i++)
        serve (epoll, events[i].data.ptr, events[i].events, &open);
    }
  broken = broken || open > 0;
}

int
main (int argc, char **argv)
{
  unsigned count = argc > 4 ? (unsigned) atoi (argv[2]) : 0;
  Client *clients = calloc (count + 1, sizeof *clients);

  if (count == 0 || clients == NULL)
    {
      fprintf (stderr, "Usage: inbox-flood NAME CLIENTS SECONDS ADDRESS…\n");
      return 2;
    }
  name = argv[1];
  for (unsigned i = 0; i < count; i++)
    {
      clients[i].number = i;
      clients[i].sending = true;
      clients[i].fd = reach (argv[4 + i % (unsigned) (argc - 4)]);
    }
  fprintf (stderr, "connected\n");
  run (clients, count, atoi (argv[3]));
  for (unsigned i = 0; i < count; i++)
    printf ("client %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", i, clients[i].sent,
            clients[i].acknowledged, clients[i].refused);
  free (clients);
  return broken ? 1 : 0;
}
