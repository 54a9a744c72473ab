/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * psctl settle: carries out what a daemon left to be done when it was killed, and writes into its
 * record what the service manager said of its end. systemd runs it from ExecStopPost=, and at boot
 * postscriptum-settle.service does, for what a loss of power has cut off.
 *
 * It starts fast and needs no journal: nothing here reads one.
 */

#include "verbs.h"

#include "ps-settle-directory.h"

#include "ps-clock.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gboolean at_boot;
static char *directory;

const GOptionEntry ps_verb_settle_options[] = {
  { "boot", 0, 0, G_OPTION_ARG_NONE, &at_boot,
    "All records right below /var/lib, or DIR: what was cut off by a loss of power", NULL },
  { "directory", 'D', 0, G_OPTION_ARG_FILENAME, &directory, NULL, NULL },
  { NULL }
};

const char ps_verb_settle_details[] =
    "Carries out the wills of runs that are over: after SIGKILL, a crash or a loss of power. A "
    "run\n"
    "that lives is left alone. Only wills of UNIT where it is named, else all in the directory.\n"
    "\n"
    "  -D, --directory=DIR       The record directory; else the first of $STATE_DIRECTORY and of\n"
    "                            $RUNTIME_DIRECTORY, as in ExecStopPost=\n"
    "  --boot                    All record directories right below /var/lib, or DIR\n"
    "\n"
    "As root it becomes the owner of the directory before it reads anything there. Status here: 0\n"
    "done, or nothing to be done; 1 something could not be read or is still to be done; 2 wrong\n"
    "usage; 4 refused, since others have a hand in the files; 5 a clause failed, or a file is\n"
    "damaged or of a later version and was not acted upon.\n";

/* Far more than clauses take, and less than a unit's TimeoutStopSec=. */
#define LIMIT_US (60 * PS_US_PER_SEC)

/* Once, which it would not be as an argument of MAX(). */
static void
settle_one (const char *path, const PsSettleTask *task, PsSettled *worst)
{
  PsSettled settled = ps_settle_directory (path, task);

  *worst = MAX (*worst, settled);
}

static PsSettled
settle_below (const char *base, const PsSettleTask *task)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) names = g_dir_open (base, 0, &error);
  PsSettled worst = PS_SETTLED_WELL;
  const char *name;

  if (names == NULL)
    {
      ps_verb_complain ("%s", error->message);
      return PS_SETTLED_BADLY;
    }
  while ((name = g_dir_read_name (names)) != NULL)
    {
      g_autofree char *path = g_build_filename (base, name, NULL);

      /* Of a dynamic user: the link to what is below private/. */
      if (strcmp (name, "private") != 0 && !g_file_test (path, G_FILE_TEST_IS_SYMLINK)
          && g_file_test (path, G_FILE_TEST_IS_DIR))
        settle_one (path, task, &worst);
    }
  return worst;
}

/* Before the verb it is the common option. */
static const char *
directory_of (const PsOptions *options)
{
  return directory != NULL ? directory : options->directory;
}

static PsSettled
settle_boot (const PsOptions *options, const PsSettleTask *task)
{
  const char *given = directory_of (options);
  const char *base = given != NULL ? given : "/var/lib";
  g_autofree char *private = g_build_filename (base, "private", NULL);
  PsSettled settled = settle_below (base, task), settled_private = PS_SETTLED_WELL;

  if (g_file_test (private, G_FILE_TEST_EXISTS))
    settled_private = settle_below (private, task);
  return MAX (settled, settled_private);
}

static char *
first_of (const char *variable)
{
  const char *list = secure_getenv (variable);

  return list != NULL && list[0] == '/' ? g_strndup (list, strcspn (list, ":")) : NULL;
}

/* FALSE: there is no directory. */
static gboolean
settle_here (const PsOptions *options, const PsSettleTask *task, PsSettled *settled)
{
  g_autofree char *state = first_of ("STATE_DIRECTORY");
  g_autofree char *runtime = first_of ("RUNTIME_DIRECTORY");
  const char *const paths[] = { state, runtime };
  const char *given = directory_of (options);

  *settled = PS_SETTLED_WELL;
  if (given != NULL)
    {
      *settled = ps_settle_directory (given, task);
      return TRUE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    if (paths[i] != NULL)
      settle_one (paths[i], task, settled);
  return state != NULL || runtime != NULL;
}

static PsExit
exit_of (PsSettled settled)
{
  switch (settled)
    {
    case PS_SETTLED_WELL:
      return PS_EXIT_DONE;
    case PS_SETTLED_PARTLY:
      return PS_EXIT_PARTLY;
    case PS_SETTLED_REFUSED:
      return PS_EXIT_DENIED;
    case PS_SETTLED_BADLY:
      break;
    }
  return PS_EXIT_FAILED;
}

PsExit
ps_verb_settle (const PsOptions *options, char **arguments)
{
  PsSettleTask task = { .by = at_boot ? PS_SETTLE_BY_BOOT : PS_SETTLE_BY_STOP_POST,
                        .unit = arguments[0],
                        .end_us = ps_clock_now_us () + LIMIT_US,
                        .is_told = !options->quiet };
  PsSettled settled;

  if (arguments[0] != NULL && arguments[1] != NULL)
    {
      ps_verb_complain ("settle takes one UNIT; see psctl settle --help");
      return PS_EXIT_USAGE;
    }
  if (at_boot)
    return exit_of (settle_boot (options, &task));
  task.invocation = secure_getenv ("INVOCATION_ID");
  task.result = secure_getenv ("SERVICE_RESULT");
  task.code = secure_getenv ("EXIT_CODE");
  task.status = secure_getenv ("EXIT_STATUS");
  if (settle_here (options, &task, &settled))
    return exit_of (settled);
  ps_verb_complain ("which directory? Neither $STATE_DIRECTORY nor $RUNTIME_DIRECTORY is set: use "
                    "--directory=DIR");
  return PS_EXIT_USAGE;
}
