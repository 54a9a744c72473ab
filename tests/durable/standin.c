/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A will in a hundred lines, that takes the place of the library where the tests themselves are
 * tested: without a flaw nothing may be found, and each flaw must be.
 *
 *   standin play SCRIPT RECORD TARGETS MARK | standin settle RECORD | standin next RECORD
 *
 * `standin script SCRIPT` says what the will is after each step, for those who have no C.
 *
 * A line is a hash, a sign and a path: "+" adds a clause, "-" takes it back, "!" says that it was
 * carried out.
 */

#include "../sweep/sweep.h"
#include "script.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <unistd.h>

static const char *record, *mark;

static gboolean
has_flaw (const char *flaw)
{
  return g_strcmp0 (g_getenv ("STANDIN_FLAW"), flaw) == 0;
}

static char *
will_path (void)
{
  return g_build_filename (record, "standin.will", NULL);
}

static gboolean
sync_directory (const char *path)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean synced = fd >= 0 && (has_flaw ("no-directory-sync") || fsync (fd) == 0);

  return fd >= 0 && close (fd) == 0 && synced;
}

static gboolean
add_line (char sign, const char *path)
{
  g_autofree char *body = g_strdup_printf ("%c%s", sign, path);
  g_autofree char *line = g_strdup_printf ("%08x%s\n", g_str_hash (body), body);
  g_autofree char *will = will_path ();
  int fd = open (will, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  g_autofree char *all = NULL;
  gboolean written;

  if (has_flaw ("truncate") && g_file_get_contents (will, &all, NULL, NULL))
    written = ftruncate (fd, 0) == 0 && write (fd, all, strlen (all)) == (gssize) strlen (all);
  written = fd >= 0 && write (fd, line, strlen (line)) == (gssize) strlen (line)
            && (has_flaw ("no-sync") || fdatasync (fd) == 0);
  if (fd >= 0)
    close (fd);
  return (has_flaw ("silent") || written) && sync_directory (record);
}

static gboolean
is_whole (const char *line, const char *body)
{
  g_autofree char *hash = g_strdup_printf ("%08x", g_str_hash (body));

  return g_str_has_prefix (line, hash);
}

/* Whole lines only, the last first. */
static GPtrArray *
read_clauses (void)
{
  GPtrArray *clauses = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *will = will_path (), *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (will, &text, NULL, NULL))
    return clauses;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL && lines[i + 1] != NULL; i++)
    {
      const char *body = strlen (lines[i]) > 9 ? lines[i] + 8 : "?";
      guint at;

      if (!has_flaw ("no-hash") && !is_whole (lines[i], body))
        continue;
      if (body[0] == '+')
        g_ptr_array_insert (clauses, 0, g_strdup (body + 1));
      else if (g_ptr_array_find_with_equal_func (clauses, body + 1, g_str_equal, &at))
        g_ptr_array_remove_index (clauses, at);
    }
  return clauses;
}

static gboolean
carry_out (const char *path)
{
  g_autofree char *name = g_path_get_basename (path), *directory = g_path_get_dirname (path);
  const char *arguments[] = { mark, path, NULL };

  if (name[0] == 'r')
    return g_spawn_sync (NULL, (char **) arguments, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL);
  return (g_remove (path) == 0 || errno == ENOENT) && sync_directory (directory);
}

static int
settle (void)
{
  g_autoptr (GPtrArray) clauses = read_clauses ();
  g_autofree char *will = will_path ();

  for (guint i = 0; i < clauses->len; i++)
    {
      const char *path = clauses->pdata[i];

      if (has_flaw ("mark-first") && !add_line ('!', path))
        return 1;
      if (!carry_out (path) || (!has_flaw ("mark-first") && !add_line ('!', path)))
        return 1;
    }
  return (g_unlink (will) < 0 && errno != ENOENT) || !sync_directory (record);
}

static gboolean
take (const Step *step, const char *targets, const Script *script)
{
  StepKind kind = script_kind_of (script, step->target);
  g_autofree char *name = script_target_name (kind, step->target);
  g_autofree char *path = g_build_filename (targets, name, NULL);

  if (step->kind == STEP_OPEN)
    return TRUE;
  if (step->kind == STEP_END)
    return settle () == 0;
  return add_line (step->kind == STEP_REVOKE ? '-' : '+', path);
}

static int
play_script (const Script *script, const char *targets)
{
  for (guint i = 0; i < script->n_steps; i++)
    {
      gboolean done;

      prctl (SWEEP_PRCTL, SCRIPT_BEGIN + i);
      done = take (&script->steps[i], targets, script);
      prctl (SWEEP_PRCTL, (done ? SCRIPT_DONE : SCRIPT_FAILED) + i);
      printf ("step %u %s\n", i, done ? "done" : "failed");
      fflush (stdout);
    }
  return 0;
}

static int
print_script (const Script *script)
{
  for (guint i = 0; i <= script->n_steps; i++)
    printf ("%" G_GINT64_MODIFIER "x\n", script_will_after (script, i));
  return 0;
}

int
main (int argc, char **argv)
{
  if (g_str_equal (argv[1], "script"))
    return print_script (script_find (argv[2]));
  record = argv[argc > 4 ? 3 : 2];
  mark = argc > 4 ? argv[5] : g_getenv ("STANDIN_MARK");
  if (g_str_equal (argv[1], "play"))
    return play_script (script_find (argv[2]), argv[4]);
  if (g_str_equal (argv[1], "settle"))
    return settle ();
  puts ("verdict unknown");
  return 0;
}
