/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Feeds a target the files that the arguments name, or that are in the directories they name. */

#include "target.h"

#include <stdio.h>
#include <stdlib.h>

static guint n_files;

static void
replay (const char *path)
{
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;
  gsize length = 0;
  guint8 *exact;

  if (!g_file_get_contents (path, &content, &length, &error))
    g_error ("%s", error->message);
  /* Of its own size, so that a sanitizer sees who reads beyond. */
  exact = malloc (MAX (length, 1));
  memcpy (exact, content, length);
  (void) LLVMFuzzerTestOneInput (exact, length);
  free (exact);
  printf ("ok %u - %s\n", ++n_files, path);
  fflush (stdout);
}

static void
replay_all (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  if (dir == NULL)
    replay (path);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *inside = g_build_filename (path, name, NULL);

      replay (inside);
    }
}

int
main (int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    replay_all (argv[i]);
  printf ("1..%u\n", n_files);
  return n_files > 0 ? 0 : 1;
}
