/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Writing to someone who is gone is an error of that call, not the end of the daemon. So SIGPIPE
 * gets a handler that does nothing, where it had its default; and not SIG_IGN, since programs that
 * are executed would inherit that. Where SIGPIPE is taken ps-signal's handler stands on it already,
 * and this is what that one leaves behind.
 */

#include "ps-pipe.h"
#include "ps-action.h"

#include <stddef.h>

static int quiet;

static void
do_nothing (int signum)
{
}

void
ps_pipe_quiet (void)
{
  struct sigaction found, action = { .sa_handler = do_nothing, .sa_flags = SA_RESTART };

  quiet = 1;
  if (sigaction (SIGPIPE, NULL, &found) == 0 && ps_action_is (&found, SIG_DFL))
    sigaction (SIGPIPE, &action, NULL);
}

void
ps_pipe_loud (void)
{
  struct sigaction found, action = { .sa_handler = SIG_DFL };

  quiet = 0;
  if (sigaction (SIGPIPE, NULL, &found) == 0 && ps_pipe_is_quiet (&found))
    sigaction (SIGPIPE, &action, NULL);
}

/* Whether it is our handler that does nothing. */
int
ps_pipe_is_quiet (const struct sigaction *action)
{
  return ps_action_is (action, do_nothing);
}

/* action: what is to stand there for the signal without us. */
void
ps_pipe_leave_behind (int signum, struct sigaction *action)
{
  if (signum == SIGPIPE && quiet && ps_action_is (action, SIG_DFL))
    *action = (struct sigaction){ .sa_handler = do_nothing, .sa_flags = SA_RESTART };
}
