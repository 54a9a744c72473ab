/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static pid_t the_child;

/* A child that is a copy of us and leaves by exit(), as a careless fork() does. */
void
act_child_exit (Act *act, PsContext *context)
{
  int status;
  pid_t child = fork ();

  if (child == 0)
    exit (9);
  waitpid (child, &status, 0);
  trace ("child status %d", status);
}

/* One that stays, and can be killed. */
void
act_child_stay (Act *act, PsContext *context)
{
  the_child = fork ();
  if (the_child == 0)
    for (;;)
      pause ();
  trace ("child %d", (int) the_child);
}

/* One that neither goes when asked to nor keeps to itself. */
void
act_child_chat (Act *act, PsContext *context)
{
  the_child = fork ();
  if (the_child == 0)
    {
      signal (SIGTERM, SIG_IGN);
      for (;;)
        {
          sd_notify (FALSE, "STATUS=the child talks\nREADY=1");
          g_usleep (20 * 1000);
        }
    }
  trace ("child %d", (int) the_child);
}

void
act_reap (Act *act, PsContext *context)
{
  int status;

  if (waitpid (the_child, &status, 0) != the_child)
    trace ("no child");
  else if (WIFSIGNALED (status))
    trace ("child killed %d", WTERMSIG (status));
  else
    trace ("child exited %d", WEXITSTATUS (status));
}

/* Goes on in a child of a child, as daemons of old do. The first process waits until that one has
 * taken the watch over, and ends: by exit(), or by _exit() when the argument says so. */
void
act_daemonize (Act *act, PsContext *context)
{
  g_autoptr (GError) error = NULL;
  int ends[2], status;
  char byte;
  pid_t child;

  if (pipe2 (ends, O_CLOEXEC) < 0)
    g_error ("no pipe");
  child = fork ();
  if (child > 0)
    {
      waitpid (child, &status, 0);
      if (read (ends[0], &byte, 1) != 1)
        g_error ("the daemon has not started");
      if (g_str_equal (act->argument, "_exit"))
        _exit (0);
      exit (0);
    }
  setsid ();
  if (fork () > 0)
    _exit (0);
  if (ps_watcher_reattach (the_watcher, &error))
    trace ("daemon %d, WATCHDOG_PID=%s", (int) getpid (), g_getenv ("WATCHDOG_PID") ?: "-");
  else
    trace ("refused: %s", error->message);
  if (write (ends[1], "x", 1) != 1)
    g_error ("the parent does not wait");
  close (ends[0]);
  close (ends[1]);
}
