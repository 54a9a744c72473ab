/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz-child.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* What such a process does not free is not looked for, most of them end in the middle; and what
 * they die of is to be seen. */
const char *__asan_default_options (void);

const char *
__asan_default_options (void)
{
  return "detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:"
         "handle_abort=0:handle_sigtrap=0:use_sigaltstack=0";
}

void
fuzz_child_become_fresh (void)
{
  static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC",   "WATCHDOG_PID",
                                       "INVOCATION_ID", "JOURNAL_STREAM",  "PS_DEADLINE_SEC",
                                       "G_DEBUG",       "G_MESSAGES_DEBUG" };
  const struct sigaction fresh = { .sa_handler = SIG_DFL };
  const struct rlimit no_core = { 0, 0 };
  int null = open ("/dev/null", O_RDWR);
  sigset_t none;

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  setrlimit (RLIMIT_CORE, &no_core);
  for (int signum = 1; signum < NSIG; signum++)
    sigaction (signum, &fresh, NULL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    unsetenv (names[i]);
  for (int fd = 0; fd <= 1; fd++)
    dup2 (null, fd);
  if (g_getenv ("FUZZ_STDERR") == NULL)
    dup2 (null, STDERR_FILENO);
}
