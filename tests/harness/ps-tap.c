/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The runner: one line of TAP for each case, and for one that fails everything it knows.
 *
 * A case that fails does not jump out of its function. It is marked, its waits return at once,
 * and what it deferred is cleaned up as usual; so a case needs no error paths, and a failure
 * cannot leave a process behind that confuses the next case.
 *
 * The whole case has a time limit of its own beside the limits of its steps: many steps that each
 * take almost too long are a hang as well.
 */
#include "ps-tap.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define CASE_LIMIT_MS 120000

typedef struct
{
  GDestroyNotify func;
  gpointer data;
} Deferred;

static struct
{
  gboolean failed;
  const char *skipped;
  GString *report;
  GSList *deferred;
  gint64 ends_us;
} tap;

/* Each line as a comment, so that a child's output cannot pass for a result. */
static void
print_comment (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != '\0' || lines[i + 1] != NULL)
      printf ("# %s\n", lines[i]);
}

void
tap_fail (const char *where, const char *format, ...)
{
  va_list args;

  tap.failed = TRUE;
  g_string_append_printf (tap.report, "%s: ", where);
  va_start (args, format);
  g_string_append_vprintf (tap.report, format, args);
  va_end (args);
  g_string_append_c (tap.report, '\n');
}

gboolean
tap_failed (void)
{
  return tap.failed || tap.skipped != NULL;
}

void
tap_skip (const char *why)
{
  tap.skipped = why;
}

void
tap_note (const char *heading, const char *text)
{
  g_auto (GStrv) lines = NULL;

  if (text == NULL || *text == '\0')
    return;
  lines = g_strsplit (text, "\n", -1);
  g_string_append_printf (tap.report, "%s:\n", heading);
  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != '\0')
      g_string_append_printf (tap.report, "  %s\n", lines[i]);
}

void
tap_defer (GDestroyNotify func, gpointer data)
{
  Deferred *deferred = g_new (Deferred, 1);

  deferred->func = func;
  deferred->data = data;
  tap.deferred = g_slist_prepend (tap.deferred, deferred);
}

#if defined(__has_feature)
#define UNDER(sanitizer) __has_feature (sanitizer)
#else
#define UNDER(sanitizer) 0
#endif

#if defined(__SANITIZE_THREAD__) || UNDER(thread_sanitizer)
#define UNDER_TSAN 1
#else
#define UNDER_TSAN 0
#endif

#if defined(__SANITIZE_ADDRESS__) || UNDER(address_sanitizer)
#define UNDER_ASAN 1
#else
#define UNDER_ASAN 0
#endif

int
tap_slowness (void)
{
  const char *set = g_getenv ("PS_TEST_SLOWNESS");

  if (set != NULL && atoi (set) > 0)
    return atoi (set);
  return UNDER_TSAN || UNDER_ASAN ? 4 : 1;
}

guint
tap_number (guint usual, guint with_long)
{
  return g_strcmp0 (g_getenv ("TESTS"), "long") == 0 ? with_long : usual;
}

gboolean
tap_loses_signals (void)
{
  return UNDER_TSAN;
}

int
tap_time_left_ms (int step_ms)
{
  gint64 left_ms = (tap.ends_us - g_get_monotonic_time ()) / 1000;

  return CLAMP (left_ms, 0, step_ms);
}

static void
run_once (const TapCase *which)
{
  tap.ends_us = g_get_monotonic_time () + (gint64) CASE_LIMIT_MS * 1000 * tap_slowness ();
  which->run ();
  while (tap.deferred != NULL)
    {
      g_autofree Deferred *deferred = tap.deferred->data;

      tap.deferred = g_slist_delete_link (tap.deferred, tap.deferred);
      deferred->func (deferred->data);
    }
}

static gboolean
run_case (const TapCase *which, guint number, guint repeat)
{
  tap.failed = FALSE;
  tap.skipped = NULL;
  tap.report = g_string_new (NULL);

  for (guint i = 1; i <= repeat && !tap_failed (); i++)
    {
      run_once (which);
      if (tap.failed && repeat > 1)
        g_string_append_printf (tap.report, "in round %u of %u\n", i, repeat);
    }

  printf ("%s %u - %s %s", tap.failed ? "not ok" : "ok", number, which->id, which->title);
  if (tap.skipped != NULL && !tap.failed)
    printf (" # SKIP %s", tap.skipped);
  putchar ('\n');
  if (tap.failed)
    print_comment (tap.report->str);
  fflush (stdout);

  g_string_free (tap.report, TRUE);
  return !tap.failed;
}

static int
run_cases (const TapCase *cases, gsize n_cases, const char *id, guint repeat)
{
  guint n_wanted = 0, number = 0, n_failed = 0;

  for (gsize i = 0; i < n_cases; i++)
    n_wanted += id == NULL || g_str_equal (cases[i].id, id);
  if (n_wanted == 0)
    {
      fprintf (stderr, "No case is called \"%s\"; --list shows them all.\n", id);
      return 2;
    }

  printf ("TAP version 13\n1..%u\n", n_wanted);
  fflush (stdout);
  for (gsize i = 0; i < n_cases; i++)
    if (id == NULL || g_str_equal (cases[i].id, id))
      n_failed += !run_case (&cases[i], ++number, repeat);
  return n_failed > 0 ? 1 : 0;
}

static int
usage (const char *program, int status)
{
  fprintf (status == 0 ? stdout : stderr, "Usage: %s [--list] [--case=ID] [--repeat=N]\n", program);
  return status;
}

int
tap_main (int argc, char **argv, const TapCase *cases, gsize n_cases)
{
  static const struct option options[] = { { "list", no_argument, NULL, 'l' },
                                           { "case", required_argument, NULL, 'c' },
                                           { "repeat", required_argument, NULL, 'r' },
                                           { "help", no_argument, NULL, 'h' },
                                           { NULL, 0, NULL, 0 } };
  const char *id = NULL;
  int repeat = 1, option;

  /* Orphans of a case become ours, so that none can hide. */
  prctl (PR_SET_CHILD_SUBREAPER, 1);
  memset (&tap, 0, sizeof tap);
  optind = 0;
  while ((option = getopt_long (argc, argv, "", options, NULL)) != -1)
    switch (option)
      {
      case 'l':
        for (gsize i = 0; i < n_cases; i++)
          printf ("%s %s\n", cases[i].id, cases[i].title);
        return 0;
      case 'c':
        id = optarg;
        break;
      case 'r':
        repeat = atoi (optarg);
        break;
      default:
        return usage (argv[0], option == 'h' ? 0 : 2);
      }
  if (repeat < 1 || optind < argc)
    return usage (argv[0], 2);
  return run_cases (cases, n_cases, id, (guint) repeat);
}
