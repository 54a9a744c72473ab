/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is learnt of a process from /proc: the right lines of its cgroup file, wherever they stand,
 * in a buffer that is never exceeded, and never a name that is cut.
 */

#include "ps-sender.h"

#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE 512

/* The text as a file, with what is picked from it into a buffer of that size. */
static char *
pick (const char *text, gsize size)
{
  int fd = memfd_create ("cgroup", MFD_CLOEXEC);
  char *picked = g_malloc (size + 8);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, strlen (text));
  g_assert_cmpint (lseek (fd, 0, SEEK_SET), ==, 0);
  memset (picked, '#', size + 8);
  ps_sender_pick_cgroup (fd, picked, size);
  g_assert_cmpuint (strlen (picked), <, size);
  for (gsize i = size; i < size + 8; i++)
    g_assert_cmpint (picked[i], ==, '#');
  close (fd);
  return picked;
}

static void
assert_picked (const char *text, gsize size, const char *picked)
{
  g_autofree char *found = pick (text, size);

  g_assert_cmpstr (found, ==, picked);
}

static void
test_lines (void)
{
  assert_picked ("", SIZE, "");
  assert_picked ("0::/\n", SIZE, "0::/\n");
  assert_picked ("0::/a.service\n", SIZE, "0::/a.service\n");
  assert_picked ("12:pids:/wrong\n2:cpu,cpuacct:/wrong\n1:name=systemd:/right\n0::/too\n", SIZE,
                 "1:name=systemd:/right\n0::/too\n");
  assert_picked ("9:name=systemd:/right\n8:memory:/wrong\n", SIZE, "9:name=systemd:/right\n");
  assert_picked ("0::/with:colons:in:it\n", SIZE, "0::/with:colons:in:it\n");
  assert_picked ("8:memory:/0::/x\n", SIZE, "");
}

static void
test_others (void)
{
  assert_picked ("3:name=elogind:/c2.scope\n", SIZE, "");
  assert_picked ("3:xname=systemd:/wrong\n", SIZE, "");
  assert_picked ("10::/wrong\n", SIZE, "");
  assert_picked (":name=systemd:/wrong\n", SIZE, "");
  assert_picked ("\n\n0::/a\n\n", SIZE, "0::/a\n");
  assert_picked ("nothing of the kind\n0:\n", SIZE, "");
  assert_picked ("0::/without-an-end", SIZE, "");
}

/* Wherever a piece that is read begins and ends, and however far down the line is. */
static void
test_far_down (void)
{
  for (gsize before = 0; before < 1100; before += 1 + before % 3)
    {
      g_autofree char *path = g_strnfill (before, 'x');
      g_autofree char *text = g_strdup_printf (
          "7:memory:/%s\n6:name=systemd:/a.slice/b.service\n5:pids:/%s\n0::/c\n", path, path);

      assert_picked (text, SIZE, "6:name=systemd:/a.slice/b.service\n0::/c\n");
    }
}

/* A dozen hierarchies of the longest paths. */
static void
test_longest (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *path = g_strnfill (4095, 'x');

  for (int i = 13; i > 0; i--)
    g_string_append_printf (text, "%d:controller%d:/%s\n", i, i, path);
  g_string_append (text, "0::/a.service\n");
  assert_picked (text->str, SIZE, "0::/a.service\n");
}

/* A line that is too long ends behind a slash, so that "foo.service-backup.scope" never becomes
 * "foo.service". */
static void
test_cut (void)
{
  assert_picked ("0::/a/bcd\n", 12, "0::/a/bcd\n");
  assert_picked ("0::/a/bcd\n", 11, "0::/a/bcd\n");
  assert_picked ("0::/a/bcd\n", 10, "0::/a/\n");
  assert_picked ("0::/a/bcd\n", 8, "0::/a/\n");
  assert_picked ("0::/a/bcd\n", 7, "0::/\n");
  assert_picked ("0::/a/bcd\n", 6, "0::/\n");
  assert_picked ("0::/a/bcd\n", 5, "");
  assert_picked ("0::/a/bcd\n", 1, "");
  assert_picked ("0::/system.slice/foo.service-backup.scope\n", 30, "0::/system.slice/\n");
  /* One that found no room at all leaves the room to others. */
  assert_picked ("123:controllers,and,more:/x\n0::/a\n", 10, "0::/a\n");
}

/* Whatever the size, what is there is the begin of what would be there. */
static void
test_sizes (void)
{
  static const char text[] = "9:pids:/x\n8:name=systemd:/user.slice/session-1.scope/y\n0::/z/z/z\n";
  g_autofree char *whole = pick (text, SIZE);

  g_assert_cmpstr (whole, ==, "8:name=systemd:/user.slice/session-1.scope/y\n0::/z/z/z\n");
  for (gsize size = 1; size < SIZE; size++)
    {
      g_autofree char *part = pick (text, size);
      g_auto (GStrv) lines = g_strsplit (part, "\n", -1);

      for (guint i = 0; lines[i] != NULL; i++)
        g_assert_nonnull (strstr (whole, lines[i]));
    }
}

/* --- The real /proc -------------------------------------------------------------------------- */

static void
test_comm (void)
{
  g_autofree char *text = NULL;
  char comm[20], little[4];

  g_assert_true (g_file_get_contents ("/proc/self/comm", &text, NULL, NULL));
  g_strchomp (text);
  ps_sender_read_comm (getpid (), comm, sizeof comm);
  g_assert_cmpstr (comm, ==, text);
  ps_sender_read_comm (getpid (), little, sizeof little);
  g_assert_cmpuint (strlen (little), ==, 3);
  g_assert_true (g_str_has_prefix (text, little));
}

static void
test_cgroup (void)
{
  g_autofree char *text = NULL, *expected = NULL;
  char cgroup[SIZE];

  g_assert_true (g_file_get_contents ("/proc/self/cgroup", &text, NULL, NULL));
  expected = pick (text, sizeof cgroup);
  ps_sender_read_cgroup (getpid (), cgroup, sizeof cgroup);
  g_assert_cmpstr (cgroup, ==, expected);
  g_assert_true (strstr (cgroup, "0::") != NULL || strstr (cgroup, ":name=systemd:") != NULL);
}

static void
test_nobody (void)
{
  char text[SIZE] = "before";

  ps_sender_read_comm (G_MAXINT, text, sizeof text);
  g_assert_cmpstr (text, ==, "");
  strcpy (text, "before");
  ps_sender_read_cgroup (G_MAXINT, text, sizeof text);
  g_assert_cmpstr (text, ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sender/lines", test_lines);
  g_test_add_func ("/sender/others", test_others);
  g_test_add_func ("/sender/far-down", test_far_down);
  g_test_add_func ("/sender/longest", test_longest);
  g_test_add_func ("/sender/cut", test_cut);
  g_test_add_func ("/sender/sizes", test_sizes);
  g_test_add_func ("/sender/comm", test_comm);
  g_test_add_func ("/sender/cgroup", test_cgroup);
  g_test_add_func ("/sender/nobody", test_nobody);
  return g_test_run ();
}
