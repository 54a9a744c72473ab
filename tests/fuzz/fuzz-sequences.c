/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Replays the sequences of a directory, then makes new ones from a seed. One that fails is
 * shortened for as long as it still fails, and printed so that it can be put into that directory.
 *
 *   fuzz-sequences [--corpus=DIRECTORY] [--seed=N] [--count=N] [--verbose] [FILE...]
 *
 * Without a seed it takes a new one, and says which.
 */

#include "sequence.h"

#include <stdio.h>
#include <string.h>

#define FAILURES_MAX 5
#define LONG_COUNT 20000

static char *corpus;
static gint64 seed = -1;
static int count;
static gboolean verbose;
static char **files;
static guint n_tests, n_failed;

static void
report (gboolean ok, const char *title)
{
  n_failed += !ok;
  printf ("%sok %u - %s\n", ok ? "" : "not ", ++n_tests, title);
  fflush (stdout);
}

static void
comment (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != '\0' || lines[i + 1] != NULL)
      printf ("# %s\n", lines[i]);
  fflush (stdout);
}

/* --- Shortening ------------------------------------------------------------------------------ */

static gboolean
fails (const Sequence *sequence)
{
  g_autoptr (GString) trace = g_string_new (NULL);
  g_autofree char *complaint = sequence_run (sequence, trace);

  return complaint != NULL;
}

static Sequence
without (const Sequence *sequence, guint at, guint n)
{
  Sequence shorter = *sequence;

  memmove (&shorter.ops[at], &shorter.ops[at + n], (shorter.n_ops - at - n) * sizeof (Op));
  shorter.n_ops -= n;
  return shorter;
}

static gboolean
drop_ops (Sequence *sequence)
{
  for (guint n = MAX (sequence->n_ops / 2, 1); n > 0; n /= 2)
    for (guint at = 0; at + n <= sequence->n_ops; at++)
      {
        Sequence shorter = without (sequence, at, n);

        if (fails (&shorter))
          {
            *sequence = shorter;
            return TRUE;
          }
      }
  return FALSE;
}

static gboolean
clear_byte (Sequence *sequence, guint8 *byte)
{
  guint8 before = *byte;

  if (before == 0)
    return FALSE;
  *byte = 0;
  if (fails (sequence))
    return TRUE;
  *byte = before;
  return FALSE;
}

static gboolean
clear_bytes (Sequence *sequence)
{
  gboolean any = clear_byte (sequence, &sequence->start);

  any = clear_byte (sequence, &sequence->returns) || any;
  for (guint i = 0; i < sequence->n_ops; i++)
    {
      any = clear_byte (sequence, &sequence->ops[i].a) || any;
      any = clear_byte (sequence, &sequence->ops[i].b) || any;
      any = clear_byte (sequence, &sequence->ops[i].c) || any;
    }
  return any;
}

static void
shorten (Sequence *sequence)
{
  while (drop_ops (sequence) || clear_bytes (sequence))
    ;
}

/* --- Running --------------------------------------------------------------------------------- */

static gboolean
passes (const Sequence *sequence, gboolean may_shorten)
{
  g_autoptr (GString) trace = g_string_new (NULL);
  g_autofree char *complaint = sequence_run (sequence, trace);
  g_autofree char *text = NULL;
  Sequence shortest = *sequence;

  if (complaint != NULL && may_shorten)
    {
      g_autofree char *whole = sequence_to_text (sequence);

      comment (whole);
      comment (trace->str);
      comment (complaint);
      comment ("shortened:");
      shorten (&shortest);
      g_string_truncate (trace, 0);
      g_free (complaint);
      complaint = sequence_run (&shortest, trace);
    }
  if (complaint == NULL && !verbose)
    return TRUE;
  text = sequence_to_text (&shortest);
  comment (text);
  comment (trace->str);
  comment (complaint != NULL ? complaint : "as it should be");
  return complaint == NULL;
}

static void
replay (const char *path)
{
  g_autofree char *text = NULL;
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (GError) error = NULL;
  Sequence sequence;

  if (!g_file_get_contents (path, &text, NULL, &error))
    comment (error->message);
  else if (!sequence_from_text (&sequence, text))
    comment ("not the text of a sequence: pairs of hexadecimal digits, # before comments");
  else
    {
      report (passes (&sequence, FALSE), name);
      return;
    }
  report (FALSE, name);
}

static int
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static void
replay_directory (const char *path)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_build_filename (path, name, NULL));
  g_ptr_array_sort (names, by_name);
  if (names->len == 0)
    report (FALSE, "a directory with sequences");
  for (guint i = 0; i < names->len; i++)
    replay (g_ptr_array_index (names, i));
}

/* --- New ones -------------------------------------------------------------------------------- */

/* How often each operation comes, of a hundred or so. */
static const guint weights[N_OPS] = {
  [OP_ADD] = 30,       [OP_ADD_AGAIN] = 5,     [OP_REMOVE] = 4,        [OP_SIGNAL] = 10,
  [OP_STORM] = 1,      [OP_FORK] = 1,          [OP_QUIT] = 3,          [OP_EXIT] = 2,
  [OP_QUICK_EXIT] = 1, [OP_LOOP_QUIT] = 2,     [OP_HOLD] = 8,          [OP_RELEASE] = 6,
  [OP_EXTEND] = 2,     [OP_VETO] = 3,          [OP_HOLD_DEADLINE] = 2, [OP_CODE] = 3,
  [OP_FAIL] = 1,       [OP_DEADLINE] = 2,      [OP_POLICY] = 2,        [OP_HANGUP] = 1,
  [OP_ESCALATION] = 1, [OP_SCOPE] = 3,         [OP_CHECKPOINT] = 2,    [OP_SCOPE_END] = 2,
  [OP_NESTED] = 4,     [OP_SPEND] = 5,         [OP_STATUS] = 2,        [OP_REATTACH] = 1,
  [OP_SIGNALS] = 2,    [OP_SIGNAL_CHOSEN] = 7, [OP_GO_ON] = 1,
};

static guint8
random_op (GRand *rng)
{
  guint total = 0, at;

  for (guint i = 0; i < N_OPS; i++)
    total += weights[i];
  at = (guint) g_rand_int_range (rng, 0, (gint32) total);
  for (guint8 i = 0;; i++)
    {
      if (at < weights[i])
        return i;
      at -= weights[i];
    }
}

static void
make (Sequence *sequence, guint32 number)
{
  GRand *rng = g_rand_new_with_seed_array ((guint32[]){ (guint32) seed, number }, 2);

  memset (sequence, 0, sizeof *sequence);
  /* Most begin in the plain way. */
  sequence->start = (guint8) (g_rand_int (rng) & (g_rand_boolean (rng) ? 3 : 0xff));
  sequence->returns = g_rand_int_range (rng, 0, 8) == 0 ? (guint8) g_rand_int (rng) : 0;
  sequence->n_ops = (guint) g_rand_int_range (rng, 1, 40);
  for (guint i = 0; i < sequence->n_ops; i++)
    {
      guint32 bytes = g_rand_int (rng);

      sequence->ops[i] = (Op){ .code = random_op (rng),
                               .a = (guint8) bytes,
                               .b = (guint8) (bytes >> 8),
                               .c = (guint8) (bytes >> 16) };
    }
  g_rand_free (rng);
}

static void
run_new (void)
{
  g_autofree char *title = NULL;
  guint n_bad = 0;
  int i;

  for (i = 0; i < count && n_bad < FAILURES_MAX; i++)
    {
      Sequence sequence;

      make (&sequence, (guint32) i);
      n_bad += !passes (&sequence, TRUE);
    }
  title = g_strdup_printf ("%d sequences of seed %u", i, (guint) seed);
  report (n_bad == 0, title);
}

int
main (int argc, char **argv)
{
  const GOptionEntry entries[] = {
    { "corpus", 0, 0, G_OPTION_ARG_FILENAME, &corpus, "Replay what is there", "DIRECTORY" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Where new ones come from", "N" },
    { "count", 0, 0, G_OPTION_ARG_INT, &count, "How many new ones", "N" },
    { "verbose", 0, 0, G_OPTION_ARG_NONE, &verbose, "Show those that pass, too", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, "FILE" },
    { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s: %s\n", argv[0], error->message);
      return 2;
    }
  if (corpus != NULL)
    replay_directory (corpus);
  for (guint i = 0; files != NULL && files[i] != NULL; i++)
    replay (files[i]);
  if (seed < 0)
    seed = g_random_int ();
  if (count > 0)
    run_new ();
  /* Those that nobody has seen before: a suite that is to pass or fail alike leaves them out. */
  if (g_strcmp0 (g_getenv ("TESTS"), "long") == 0 && count > 0)
    {
      seed = g_random_int ();
      count = LONG_COUNT;
      run_new ();
    }
  printf ("1..%u\n", n_tests);
  return n_failed > 0 || n_tests == 0;
}
