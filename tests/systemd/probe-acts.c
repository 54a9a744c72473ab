/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Each act is one thing that a daemon may do, well or badly, at one moment of its life. A test
 * composes a daemon of them on the command line, so that it can be read there, beside what is
 * expected of it.
 *
 * Moments are the library's events, and three of the daemon's own: "start", before it attaches,
 * "attached", after that, and "ready", once the loop turns and READY=1 is out. An act traces a line
 * when it begins. Those that wait do so for a byte in a fifo, so that a test decides when they end,
 * and needs no sleeping.
 */

#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

guint
act_get_number (Act *act)
{
  return (guint) g_ascii_strtoull (act->argument, NULL, 10);
}

static int
argument_fifo (Act *act)
{
  int fd = open (act->argument, O_RDWR | O_CLOEXEC);

  if (fd < 0)
    g_error ("cannot open %s: %s", act->argument, g_strerror (errno));
  return fd;
}

static void
release (gpointer hold)
{
  trace ("released %s", ps_hold_get_why (hold));
  ps_hold_release (hold);
}

static void
act_note (Act *act, PsContext *context)
{
  const PsSender *sender = context != NULL ? ps_context_get_sender (context) : NULL;

  if (sender != NULL)
    trace ("sender %d %u %s %s", (int) sender->pid, (unsigned) sender->uid,
           sender->comm != NULL ? sender->comm : "-", sender->unit != NULL ? sender->unit : "-");
}

static void
act_hold (Act *act, PsContext *context)
{
  g_timeout_add_once (act_get_number (act), release, ps_context_hold (context, act->spec));
}

static gboolean
on_gate (int fd, GIOCondition condition, gpointer hold)
{
  char byte;

  if (read (fd, &byte, 1) != 1)
    return G_SOURCE_CONTINUE;
  close (fd);
  release (hold);
  return G_SOURCE_REMOVE;
}

static void
act_gate (Act *act, PsContext *context)
{
  g_unix_fd_add (argument_fifo (act), G_IO_IN, on_gate, ps_context_hold (context, act->spec));
}

/* Blocks the loop, unlike a gate. */
static void
act_wait (Act *act, PsContext *context)
{
  int fd = argument_fifo (act);
  char byte;

  while (read (fd, &byte, 1) < 0 && errno == EINTR)
    ;
  close (fd);
}

static void
act_block (Act *act, PsContext *context)
{
  for (;;)
    pause ();
}

/* As above, and nothing but SIGKILL reaches the process: GLib's worker blocks every signal. */
static void
act_deaf (Act *act, PsContext *context)
{
  sigset_t all;

  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, NULL);
  act_block (act, context);
}

static void
act_fail (Act *act, PsContext *context)
{
  g_autofree char *text = g_strcompress (act->argument);

  ps_context_fail (context, g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_INVAL, text));
}

/* Once only: who asks again means it. */
static void
act_veto (Act *act, PsContext *context)
{
  if (!act->done)
    ps_context_veto (context, act->argument);
  act->done = TRUE;
}

static void
act_code (Act *act, PsContext *context)
{
  ps_context_set_exit_code (context, (int) act_get_number (act));
}

static void
act_quit (Act *act, PsContext *context)
{
  ps_watcher_quit (the_watcher, (int) act_get_number (act));
}

static void
act_exit (Act *act, PsContext *context)
{
  exit ((int) act_get_number (act));
}

static void
act_loop_quit (Act *act, PsContext *context)
{
  g_main_loop_quit (the_loop);
}

static void
act_raise (Act *act, PsContext *context)
{
  raise ((int) act_get_number (act));
}

/* More realtime signals at once than can be written down. */
static void
act_flood (Act *act, PsContext *context)
{
  for (int i = 0; i < (int) act_get_number (act); i++)
    sigqueue (getpid (), SIGRTMIN, (union sigval){ .sival_int = i });
}

static void
act_status (Act *act, PsContext *context)
{
  g_autofree char *text = g_strcompress (act->argument);

  ps_watcher_status (the_watcher, "%s", text);
}

static void
act_long_status (Act *act, PsContext *context)
{
  g_autofree char *text = g_strnfill (act_get_number (act), 'x');

  ps_watcher_status (the_watcher, "%s", text);
}

static const ActKind known_acts[] = {
  { "note", act_note, FALSE },
  { "hold", act_hold, TRUE },
  { "gate", act_gate, TRUE },
  { "wait", act_wait, FALSE },
  { "block", act_block, FALSE },
  { "deaf", act_deaf, FALSE },
  { "fail", act_fail, TRUE },
  { "veto", act_veto, TRUE },
  { "code", act_code, TRUE },
  { "quit", act_quit, FALSE },
  { "exit", act_exit, FALSE },
  { "loop-quit", act_loop_quit, FALSE },
  { "raise", act_raise, FALSE },
  { "flood", act_flood, FALSE },
  { "status", act_status, FALSE },
  { "long-status", act_long_status, FALSE },
  { "child-exit", act_child_exit, FALSE },
  { "child-stay", act_child_stay, FALSE },
  { "child-chat", act_child_chat, FALSE },
  { "reap", act_reap, FALSE },
  { "segv", act_segv, FALSE },
  { "thread-segv", act_thread_segv, FALSE },
  { "blocked-segv", act_blocked_segv, FALSE },
  { "assert", act_assert, FALSE },
  { "daemonize", act_daemonize, FALSE },
};

const ActKind *
act_find (const char *word)
{
  for (gsize i = 0; i < G_N_ELEMENTS (known_acts); i++)
    if (g_strcmp0 (known_acts[i].word, word) == 0)
      return &known_acts[i];
  return NULL;
}
