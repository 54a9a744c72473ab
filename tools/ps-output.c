/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * As journalctl does it, for the same reasons.
 *
 * The pager may be started by somebody with more rights than who sits at the terminal (sudo), and
 * less can run commands: then it is only ever less, in its secure mode, and what the environment
 * names is not used. $SYSTEMD_PAGERSECURE decides otherwise; the login user ID that the kernel
 * keeps tells who sits there.
 *
 * A broken pipe ends us quietly, by its signal; so does Ctrl-C, so that a shell sees what it was.
 * While there is a pager, Ctrl-C is the pager's.
 */

#include "ps-output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define WIDTH_DEFAULT 80
#define SHOWN_AFTER_US (G_USEC_PER_SEC / 2)
#define SHOWN_EVERY_US (G_USEC_PER_SEC / 10)
#define STEPS_PER_LOOK 512

/* --- Colour and width ------------------------------------------------------------------------ */

static gboolean
wants_colour (const PsOptions *options)
{
  const char *systemd = getenv ("SYSTEMD_COLORS"), *none = getenv ("NO_COLOR"),
             *term = getenv ("TERM");

  if (options->colour != PS_COLOUR_AUTO)
    return options->colour == PS_COLOUR_ALWAYS;
  if (systemd != NULL && *systemd != '\0')
    return strcmp (systemd, "0") != 0 && strcmp (systemd, "no") != 0
           && strcmp (systemd, "false") != 0 && strcmp (systemd, "off") != 0;
  if (none != NULL && *none != '\0')
    return FALSE;
  return isatty (STDOUT_FILENO) && term != NULL && strcmp (term, "dumb") != 0;
}

static gsize
find_width (const PsOptions *options)
{
  const char *columns = getenv ("COLUMNS");
  struct winsize size;
  gint64 n;

  if (options->full || !isatty (STDOUT_FILENO))
    return G_MAXSIZE;
  if (columns != NULL && g_ascii_string_to_signed (columns, 10, 20, 10000, &n, NULL))
    return (gsize) n;
  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
    return size.ws_col;
  return WIDTH_DEFAULT;
}

const char *
ps_output_tint (const PsOutput *output, PsTint tint)
{
  if (!output->has_colour)
    return "";
  switch (tint)
    {
    case PS_TINT_NONE:
      return "";
    case PS_TINT_GOOD:
      return "\033[32m";
    case PS_TINT_WARN:
      return "\033[33m";
    case PS_TINT_BAD:
      return "\033[1;31m";
    case PS_TINT_DIM:
      return "\033[2m";
    case PS_TINT_BOLD:
      return "\033[1m";
    }
  return "";
}

const char *
ps_output_plain (const PsOutput *output)
{
  return output->has_colour ? "\033[0m" : "";
}

/* --- Pager ----------------------------------------------------------------------------------- */

/* Who logged in, as the kernel has it; -1: nobody did. */
static gint64
get_login_uid (void)
{
  g_autofree char *text = NULL;
  gint64 uid;

  if (!g_file_get_contents ("/proc/self/loginuid", &text, NULL, NULL)
      || !g_ascii_string_to_signed (g_strstrip (text), 10, 0, G_MAXUINT32 - 1, &uid, NULL))
    return -1;
  return uid;
}

static gboolean
is_pager_confined (void)
{
  const char *secure = getenv ("SYSTEMD_PAGERSECURE");
  gint64 login = get_login_uid ();

  if (getauxval (AT_SECURE) || getuid () != geteuid ())
    return TRUE;
  if (secure != NULL && *secure != '\0')
    return strcmp (secure, "0") != 0 && strcmp (secure, "no") != 0 && strcmp (secure, "false") != 0;
  return getenv ("SUDO_UID") != NULL || getenv ("PKEXEC_UID") != NULL
         || (login >= 0 && login != (gint64) geteuid ());
}

/* NULL: none is wanted. */
static char **
find_pager (gboolean is_confined)
{
  const char *name = getenv ("SYSTEMD_PAGER");
  char **words;

  if (name == NULL)
    name = getenv ("PAGER");
  if (name != NULL && (*name == '\0' || strcmp (name, "cat") == 0))
    return NULL;
  if (name != NULL && !is_confined && g_shell_parse_argv (name, NULL, &words, NULL))
    return words;
  return g_strsplit ("less", " ", -1);
}

static void
run_pager (char **words, gboolean is_confined, int input)
{
  dup2 (input, STDIN_FILENO);
  close (input);
  setenv ("LESS", "FRSXMK", getenv ("SYSTEMD_LESS") != NULL && !is_confined);
  if (getenv ("SYSTEMD_LESS") != NULL && !is_confined)
    setenv ("LESS", getenv ("SYSTEMD_LESS"), 1);
  setenv ("LESSCHARSET", "utf-8", 1);
  if (is_confined)
    {
      setenv ("LESS", "FRSXMK", 1);
      setenv ("LESSSECURE", "1", 1);
      unsetenv ("LESSOPEN");
      unsetenv ("LESSCLOSE");
    }
  execvp (words[0], words);
  execlp ("cat", "cat", NULL);
  _exit (127);
}

static void
start_pager (PsOutput *output)
{
  gboolean is_confined = is_pager_confined ();
  g_auto (GStrv) words = find_pager (is_confined);
  int ends[2];

  if (words == NULL || pipe (ends) < 0)
    return;
  fflush (stdout);
  output->pager = fork ();
  if (output->pager == 0)
    {
      close (ends[1]);
      run_pager (words, is_confined, ends[0]);
    }
  close (ends[0]);
  if (output->pager > 0)
    {
      signal (SIGINT, SIG_IGN);
      output->saved = fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
      dup2 (ends[1], STDOUT_FILENO);
    }
  else
    output->pager = 0;
  close (ends[1]);
}

void
ps_output_open (PsOutput *output, const PsOptions *options)
{
  gboolean is_terminal = isatty (STDOUT_FILENO);

  signal (SIGPIPE, SIG_DFL);
  *output = (PsOutput){
    .has_colour = wants_colour (options) && !options->json,
    .width = find_width (options),
  };
  if (is_terminal && !options->no_pager && !options->json)
    start_pager (output);
}

void
ps_output_close (PsOutput *output)
{
  fflush (stdout);
  if (output->pager == 0)
    return;
  /* The pager sees the end. */
  if (output->saved < 0 || dup2 (output->saved, STDOUT_FILENO) < 0)
    close (STDOUT_FILENO);
  if (output->saved >= 0)
    close (output->saved);
  while (waitpid (output->pager, NULL, 0) < 0)
    if (errno != EINTR)
      break;
  output->pager = 0;
}

/* --- Progress -------------------------------------------------------------------------------- */

void
ps_progress_begin (PsProgress *progress, const PsOptions *options)
{
  *progress = (PsProgress){
    .begun_us = g_get_monotonic_time (),
    .is_terminal = isatty (STDERR_FILENO) && !options->quiet,
  };
}

void
ps_progress_step (PsProgress *progress)
{
  gint64 now_us;

  if (++progress->n % STEPS_PER_LOOK != 0 || !progress->is_terminal)
    return;
  now_us = g_get_monotonic_time ();
  if (now_us - progress->begun_us < SHOWN_AFTER_US || now_us - progress->shown_us < SHOWN_EVERY_US)
    return;
  progress->shown_us = now_us;
  progress->is_shown = TRUE;
  fprintf (stderr, "\rReading the journal: %" G_GUINT64_FORMAT " records …", progress->n);
}

void
ps_progress_end (PsProgress *progress)
{
  if (progress->is_shown)
    fputs ("\r\033[K", stderr);
  progress->is_shown = FALSE;
}
