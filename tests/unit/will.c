/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The will of a run by itself, in one process: what may be named and what not, that its file stays
 * small, and that nothing is added once it has been carried out. What becomes of it when the
 * process dies is in tests/process and tests/durable.
 */

#include "ps-will.h"
#include "ps-error.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than COMPACT_FROM of ps-will-file.c, in lines. */
#define MANY 2000

typedef struct
{
  char *path;
  int dir;
  PsWill *will;
  char *file;
} Place;

static void
set_up (Place *place, gconstpointer unused)
{
  PsOwner owner;
  const char *why;

  g_unsetenv ("RUNTIME_DIRECTORY");
  g_unsetenv ("STATE_DIRECTORY");
  g_unsetenv ("CACHE_DIRECTORY");
  g_unsetenv ("LOGS_DIRECTORY");
  place->path = g_dir_make_tmp ("ps-will-XXXXXX", NULL);
  place->dir = ps_store_open_directory (place->path, &why);
  g_assert_cmpint (place->dir, >=, 0);
  g_assert_cmpint (ps_owner_init_self (&owner, NULL, NULL), ==, 0);
  place->will = ps_will_new (place->dir, place->path, "food", &owner, FALSE);
  g_assert_nonnull (place->will);
  place->file = g_strdup_printf ("%s/food.%s.will", place->path, owner.run);
}

static void
tear_down (Place *place, gconstpointer unused)
{
  ps_will_free (place->will);
  g_unlink (place->file);
  close (place->dir);
  g_assert_cmpint (g_rmdir (place->path), ==, 0);
  g_free (place->file);
  g_free (place->path);
}

static guint
add (Place *place, PsWillVerb verb, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (place->path, name, NULL);

  return ps_will_add_file (place->will, verb, path, error);
}

static void
assert_refused (guint clause, GError **error, int code, const char *words)
{
  g_assert_cmpuint (clause, ==, 0);
  g_assert_error (*error, PS_ERROR, code);
  g_assert_nonnull (strstr ((*error)->message, words));
  g_clear_error (error);
}

static void
carry_out (Place *place, PsSettleEnd wanted)
{
  const PsSettleHow how = { .by = PS_SETTLE_BY_PROCESS, .end_us = G_MAXINT64 };

  g_assert_cmpint (ps_will_carry_out (place->will, &how), ==, wanted);
}

/* Nothing is made before there is something to be written. */
static void
test_lazy (Place *place, gconstpointer unused)
{
  g_assert_false (g_file_test (place->file, G_FILE_TEST_EXISTS));
  carry_out (place, PS_SETTLE_NOTHING);
  g_assert_false (g_file_test (place->file, G_FILE_TEST_EXISTS));
}

static void
test_refused (Place *place, gconstpointer unused)
{
  static const char *const relative[] = { "true", NULL };
  g_autofree char *outside = g_build_filename (g_get_tmp_dir (), "elsewhere", NULL);
  g_autoptr (GError) error = NULL;

  assert_refused (ps_will_add_file (place->will, PS_WILL_UNLINK, "x", &error), &error,
                  PS_ERROR_INVALID, "not absolute");
  assert_refused (ps_will_add_file (place->will, PS_WILL_UNLINK, outside, &error), &error,
                  PS_ERROR_INVALID, "ps_watcher_will_allow()");
  assert_refused (add (place, PS_WILL_UNLINK, "a/../b", &error), &error, PS_ERROR_INVALID, "..");
  assert_refused (ps_will_add_command (place->will, relative, &error), &error, PS_ERROR_INVALID,
                  "absolute path");
  g_assert_false (ps_will_revoke (place->will, 1));
  g_assert_false (g_file_test (place->file, G_FILE_TEST_EXISTS));
}

/* Before there is a file, and after. */
static void
test_allow (Place *place, gconstpointer unused)
{
  g_autofree char *below = g_build_filename (place->path, "below/", NULL);
  g_autofree char *file = g_build_filename (place->path, "below", "file", NULL);
  g_autoptr (GError) error = NULL;

  assert_refused (ps_will_allow (place->will, "/no/such/directory", &error), &error,
                  PS_ERROR_INVALID, "No such file");
  assert_refused (ps_will_allow (place->will, "relative", &error), &error, PS_ERROR_INVALID, "");
  g_assert_cmpint (g_mkdir (below, 0700), ==, 0);
  g_assert_true (ps_will_allow (place->will, below, &error));
  g_assert_true (ps_will_allow (place->will, below, &error));
  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  g_assert_cmpuint (add (place, PS_WILL_RMDIR, "below", &error), ==, 1);
  g_assert_cmpuint (ps_will_add_file (place->will, PS_WILL_UNLINK, file, &error), ==, 2);
  assert_refused (add (place, PS_WILL_UNLINK, "below", &error), &error, PS_ERROR_INVALID,
                  "it is a directory");
  assert_refused (ps_will_add_file (place->will, PS_WILL_RMDIR, file, &error), &error,
                  PS_ERROR_INVALID, "it is not a directory");
  g_assert_true (ps_will_allow (place->will, "/usr", &error));
  carry_out (place, PS_SETTLE_DONE);
  g_assert_false (g_file_test (below, G_FILE_TEST_EXISTS));
}

/* What was revoked is forgotten, and what counts is still there. */
static void
test_compact (Place *place, gconstpointer unused)
{
  g_autofree char *kept = g_build_filename (place->path, "kept", NULL);
  g_autofree char *gone = g_build_filename (place->path, "gone", NULL);
  g_autoptr (GError) error = NULL;
  struct stat st;
  guint first;

  g_assert_true (g_file_set_contents (kept, "", 0, NULL));
  g_assert_true (g_file_set_contents (gone, "", 0, NULL));
  first = add (place, PS_WILL_UNLINK, "kept", &error);
  g_assert_cmpuint (add (place, PS_WILL_UNLINK, "gone", &error), ==, first + 1);
  g_assert_true (ps_will_revoke (place->will, first));
  for (guint i = 0; i < MANY; i++)
    g_assert_true (ps_will_revoke (place->will, add (place, PS_WILL_UNLINK, "kept", &error)));
  g_assert_false (ps_will_revoke (place->will, first));
  g_assert_cmpint (g_stat (place->file, &st), ==, 0);
  g_assert_cmpint (st.st_size, <, 128 * 1024);
  carry_out (place, PS_SETTLE_DONE);
  g_assert_true (g_file_test (kept, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (gone, G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_unlink (kept), ==, 0);
}

static void
test_over (Place *place, gconstpointer unused)
{
  static const char *const argv[] = { "/bin/true", NULL };
  g_autoptr (GError) error = NULL;
  guint clause = ps_will_add_command (place->will, argv, &error);

  g_assert_cmpuint (clause, ==, 1);
  carry_out (place, PS_SETTLE_DONE);
  assert_refused (add (place, PS_WILL_UNLINK, "x", &error), &error, PS_ERROR_OVER, "carried out");
  assert_refused (ps_will_add_command (place->will, argv, &error), &error, PS_ERROR_OVER, "");
  assert_refused (ps_will_allow (place->will, "/", &error), &error, PS_ERROR_OVER, "");
  g_assert_false (ps_will_revoke (place->will, clause));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/will/lazy", Place, NULL, set_up, test_lazy, tear_down);
  g_test_add ("/will/refused", Place, NULL, set_up, test_refused, tear_down);
  g_test_add ("/will/allow", Place, NULL, set_up, test_allow, tear_down);
  g_test_add ("/will/compact", Place, NULL, set_up, test_compact, tear_down);
  g_test_add ("/will/over", Place, NULL, set_up, test_over, tear_down);
  return g_test_run ();
}
