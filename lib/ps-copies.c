/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A program may have the library twice: linked into it, and as a shared library for a plug-in; or
 * in two versions from two directories. Both would take the signals and exit() of the one process.
 * So one that watches leaves its card where the other finds it: in GLib, of which there is one for
 * both. (With dlmopen() there would be two; GLib 2.74 crashes then, with us or without.)
 *
 * Another version reads the card: its name and its layout stay, fields may be added at the end. The
 * copies are never unloaded (-z nodelete).
 */

#include "ps-copies.h"
#include "ps-exit.h"
#include "ps-version.h"

#include <dlfcn.h>

typedef struct
{
  gsize size;
  const char *version;
  const char *path;
  int (*is_watching) (void);
} Card;

/* A string of GLib's own, and so the same for all. */
static const char *
place (void)
{
  return g_intern_string ("libpostscriptum copy that watches");
}

static int
is_watching (void)
{
  return ps_exit_get_data () != NULL;
}

static const Card *
my_card (void)
{
  static Card card = { .size = sizeof (Card), .version = PS_VERSION, .is_watching = is_watching };
  Dl_info info;

  if (card.path == NULL)
    card.path = dladdr (&card, &info) != 0 && info.dli_fname != NULL ? info.dli_fname : "unknown";
  return &card;
}

/* This one watches from here on. */
void
ps_copies_announce (void)
{
  g_dataset_set_data (place (), place (), (gpointer) my_card ());
}

/* The version and the file of another copy that watches; NULL: none does. (transfer full) */
char *
ps_copies_describe_watching (void)
{
  const Card *card = g_dataset_get_data (place (), place ());

  if (card == NULL || card->is_watching == is_watching || !card->is_watching ())
    return NULL;
  return g_strdup_printf ("%s in %s", card->version, card->path);
}
