/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-signums.h"
#include "ps-error.h"
#include "ps-text.h"

#include <signal.h>

PsSignums
ps_signums_of (int signum)
{
  return (PsSignums) 1 << (signum - 1);
}

gboolean
ps_signums_have (PsSignums set, int signum)
{
  return (set & ps_signums_of (signum)) != 0;
}

/* The highest number; 0 when there is none. */
int
ps_signums_last (PsSignums set)
{
  return set != 0 ? 64 - __builtin_clzll (set) : 0;
}

/* Whether the kernel keeps each one that is sent, with its value, instead of one for all: it does
 * so with the realtime signals. */
gboolean
ps_signums_is_queued (int signum)
{
  return signum >= SIGRTMIN;
}

/* Why a signal cannot ask for an end, and what to do instead; NULL: it can. */
static const char *
refusal (int signum)
{
  switch (signum)
    {
    case SIGKILL:
    case SIGSTOP:
      return "no process can catch it; name one that can be caught, like SIGTERM";
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGABRT:
    case SIGTRAP:
    case SIGSYS:
      return "it means that the program has crashed, and what crashed cannot go on until the loop "
             "turns; crash callbacks are for these";
    case SIGCHLD:
      return "it comes whenever a child ends or stops; use g_child_watch_add()";
    case SIGCONT:
      return "it comes whenever a stopped process goes on, and service managers send it after "
             "SIGTERM; leave it alone";
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      return "it asks the process to stop until SIGCONT, not to end; leave it to the terminal";
    case SIGURG:
      return "it says that a socket has urgent data, and language runtimes send it to their own "
             "threads; leave it alone";
    default:
      break;
    }
  if (signum < 1 || signum > SIGRTMAX)
    return "there is no such signal; see signal(7)";
  if (signum > SIGSYS && signum < SIGRTMIN)
    return "the C library keeps it for its threads; name SIGRTMIN or a later one";
  return NULL;
}

/* The set of these signals, of which some may be there twice. FALSE: one cannot ask for an end. */
gboolean
ps_signums_choose (const int *signums, gsize n_signums, PsSignums *set, GError **error)
{
  PsSignums chosen = PS_SIGNUMS_NONE;

  for (gsize i = 0; i < n_signums; i++)
    {
      const char *why = refusal (signums[i]);

      if (why != NULL)
        {
          char name[PS_TEXT_SHORT];

          g_set_error (error, PS_ERROR, PS_ERROR_INVALID, "%s cannot be a termination signal: %s",
                       ps_text_put_signal (name, sizeof name, signums[i]), why);
          return FALSE;
        }
      chosen |= ps_signums_of (signums[i]);
    }
  *set = chosen;
  return TRUE;
}
