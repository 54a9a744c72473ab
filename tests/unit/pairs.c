/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pairs of function and data, as programs have them: counted, allocated in a row, pages apart, at
 * random. In each case all are told apart, and found again; and looking for one is no walk. */

#include "ps-pairs.h"

enum
{
  N = 5000
};

static void
one_func (PsContext *context, gpointer data)
{
}

static void
other_func (PsContext *context, gpointer data)
{
}

static const PsRegistration one = { .callback = one_func }, other = { .callback = other_func };

typedef guint64 (*DataFunc) (guint i);

static guint64
counted (guint i)
{
  return i;
}

static guint64
in_a_row (guint i)
{
  return G_GUINT64_CONSTANT (0x55aa00001230) + 48 * (guint64) i;
}

static guint64
pages_apart (guint i)
{
  return G_GUINT64_CONSTANT (0x7f0000000000) + 4096 * (guint64) i;
}

static guint64
far_apart (guint i)
{
  return (guint64) i << 40;
}

static guint64
scattered (guint i)
{
  return (i + 1) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
}

static guint n_let_go;

static void
let_go (PsPair *pair)
{
  g_assert_false (pair->is_first);
  n_let_go++;
}

static PsPair *
make (DataFunc data_of)
{
  PsPair *pairs = g_new (PsPair, 2 * N);

  for (guint i = 0; i < 2 * N; i++)
    {
      pairs[i].is = i % 2 ? &one : &other;
      pairs[i].user_data = (gpointer) (gsize) data_of (i / 2);
    }
  return pairs;
}

static void
test_told_apart (gconstpointer data)
{
  g_autofree PsPair *pairs = make ((DataFunc) data), *twins = make ((DataFunc) data);
  PsPairs self;

  ps_pairs_init (&self);
  for (guint i = 0; i < 2 * N; i++)
    ps_pairs_add (&self, &pairs[i]);
  g_assert_cmpuint (self.length, ==, 2 * N);
  for (guint i = 0; i < 2 * N; i++)
    {
      g_assert_true (pairs[i].first == &pairs[i]);
      ps_pairs_add (&self, &twins[i]);
      g_assert_true (twins[i].first == &pairs[i]);
    }
  g_assert_cmpuint (self.length, ==, 2 * N);
  for (guint i = 0; i < 2 * N; i++)
    {
      g_assert_true (ps_pairs_claim (&self, &twins[i]));
      g_assert_false (ps_pairs_claim (&self, &pairs[i]));
    }
  ps_pairs_begin_exit (&self, let_go);
  for (guint i = 0; i < 2 * N; i++)
    {
      g_assert_null (ps_pairs_remove (&self, &pairs[i]));
      g_assert_true (ps_pairs_remove (&self, &twins[i]) == &pairs[i]);
    }
  g_assert_cmpuint (self.length, ==, 0);
  ps_pairs_clear (&self);
}

/* Adding and removing for ever: what was left behind in the table does not fill it. */
static void
test_stays_small (void)
{
  PsPairs self;
  PsPair stays = { .is = &one, .user_data = &self }, goes = { .is = &one };

  ps_pairs_init (&self);
  ps_pairs_add (&self, &stays);
  for (guint i = 0; i < 100000; i++)
    {
      goes.user_data = (gpointer) (gsize) scattered (i);
      ps_pairs_add (&self, &goes);
      g_assert_true (ps_pairs_remove (&self, &goes) == &goes);
    }
  g_assert_cmpuint (self.bits, <=, 6);
  g_assert_cmpuint (self.length, ==, 1);
  ps_pairs_clear (&self);
}

static void
test_gets_smaller (void)
{
  g_autofree PsPair *pairs = make (scattered);
  PsPairs self;

  ps_pairs_init (&self);
  for (guint i = 0; i < 2 * N; i++)
    ps_pairs_add (&self, &pairs[i]);
  g_assert_cmpuint (self.bits, >, 12);
  for (guint i = 0; i < 2 * N; i++)
    g_assert_true (ps_pairs_remove (&self, &pairs[i]) == &pairs[i]);
  ps_pairs_add (&self, &pairs[0]);
  g_assert_cmpuint (self.bits, <=, 12);
  g_assert_true (ps_pairs_remove (&self, &pairs[0]) == &pairs[0]);
  ps_pairs_clear (&self);
}

/* Called, gone, and made anew within one exit: it is called, though somebody else stands for it. */
static void
test_spent (void)
{
  PsPairs self;
  PsPair old = { .is = &one }, anew = { .is = &one }, third = { .is = &other };

  ps_pairs_init (&self);
  n_let_go = 0;
  ps_pairs_add (&self, &old);
  ps_pairs_add (&self, &third);
  g_assert_true (ps_pairs_claim (&self, &old));
  g_assert_true (ps_pairs_claim (&self, &third));
  g_assert_null (ps_pairs_remove (&self, &old));
  g_assert_null (ps_pairs_remove (&self, &third));
  ps_pairs_add (&self, &anew);
  g_assert_false (ps_pairs_claim (&self, &anew));
  ps_pairs_begin_exit (&self, let_go);
  g_assert_cmpuint (n_let_go, ==, 1); /* the third */
  g_assert_true (ps_pairs_claim (&self, &anew));
  ps_pairs_begin_exit (&self, let_go);
  g_assert_true (ps_pairs_remove (&self, &anew) == &old);
  g_assert_cmpuint (self.length, ==, 0);
  ps_pairs_clear (&self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/pairs/counted", (gconstpointer) counted, test_told_apart);
  g_test_add_data_func ("/pairs/in-a-row", (gconstpointer) in_a_row, test_told_apart);
  g_test_add_data_func ("/pairs/pages-apart", (gconstpointer) pages_apart, test_told_apart);
  g_test_add_data_func ("/pairs/far-apart", (gconstpointer) far_apart, test_told_apart);
  g_test_add_data_func ("/pairs/scattered", (gconstpointer) scattered, test_told_apart);
  g_test_add_func ("/pairs/stays-small", test_stays_small);
  g_test_add_func ("/pairs/gets-smaller", test_gets_smaller);
  g_test_add_func ("/pairs/spent", test_spent);
  return g_test_run ();
}
