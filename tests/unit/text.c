/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* S04: nothing that comes from outside ends a line, moves a cursor or turns a reading direction. */

#include "ps-text.h"
#include "ps-clock.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

#define FFFD "\357\277\275"

/* In a buffer that ends where it is to be cut: what is written beyond is seen by the sanitizers. */
static char *
one_line (const char *text, gsize max_bytes)
{
  char *buffer = g_malloc (max_bytes + 1);

  g_assert_true (ps_text_put_line (buffer, max_bytes + 1, text) == buffer);
  return buffer;
}

static void
assert_line (const char *text, gsize max_bytes, const char *line)
{
  g_autofree char *made = one_line (text, max_bytes);

  g_assert_cmpstr (made, ==, line);
}

static void
test_plain (void)
{
  assert_line ("", 10, "");
  assert_line ("Serving on port 80", 100, "Serving on port 80");
  assert_line ("Grüße, мир, 世界, 🚀, e\314\201", 100, "Grüße, мир, 世界, 🚀, e\314\201");
  assert_line ("100%s %n %d", 100, "100%s %n %d");
  assert_line ("\302\240\302\255", 100, "\302\240\302\255"); /* no-break space, soft hyphen */
}

static void
test_line_breaks (void)
{
  assert_line ("a\nb\rc\td\r\ne", 100, "a b c d  e");
  assert_line ("a\342\200\250b\342\200\251c", 100, "a b c"); /* U+2028, U+2029 */
  assert_line ("x\nMESSAGE=forged\n\nREADY=1", 100, "x MESSAGE=forged  READY=1");
  assert_line ("a\vb\fc", 100, "a" FFFD "b" FFFD "c");
}

static void
test_control_characters (void)
{
  assert_line ("\033[2J\033]52;c;eA==\a", 100, FFFD "[2J" FFFD "]52;c;eA==" FFFD);
  assert_line ("a\bb\177c", 100, "a" FFFD "b" FFFD "c");
  for (guchar c = 1; c < 0x20; c++)
    {
      const char text[] = { 'a', (char) c, 'b', '\0' };

      assert_line (text, 100, c == '\n' || c == '\r' || c == '\t' ? "a b" : "a" FFFD "b");
    }
  /* C1, as UTF-8: U+009B is a CSI to some terminals, U+0085 a line break. */
  for (gunichar c = 0x80; c < 0xa0; c++)
    {
      const char text[] = { 'a', '\302', (char) c, 'b', '\0' };

      assert_line (text, 100, "a" FFFD "b");
    }
  assert_line ("\2332J", 100, FFFD "2J"); /* C1 as a byte is no UTF-8 at all */
}

static void
test_directions (void)
{
  static const gunichar turning[] = { 0x061c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c,
                                      0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069 };

  for (guint i = 0; i < G_N_ELEMENTS (turning); i++)
    {
      char text[] = "a\0......";

      text[1 + g_unichar_to_utf8 (turning[i], text + 1)] = '\0';
      assert_line (text, 100, "a" FFFD);
    }
  /* Letters that are written from right to left are none of those. */
  assert_line ("שלום مرحبا", 100, "שלום مرحبا");
}

static void
test_invalid (void)
{
  assert_line ("a\377b", 100, "a" FFFD "b");
  assert_line ("a\300\257b", 100, "a" FFFD FFFD "b");         /* overlong "/" */
  assert_line ("\355\240\200", 100, FFFD FFFD FFFD);          /* a surrogate */
  assert_line ("\364\220\200\200", 100, FFFD FFFD FFFD FFFD); /* beyond U+10FFFF */
  assert_line ("Gr\374\337e", 100, "Gr" FFFD FFFD "e");       /* Latin-1 */
  assert_line ("a\342\202", 100, "a" FFFD FFFD);              /* ends in the middle */
  assert_line ("\200", 3, FFFD);
  assert_line ("\200", 2, "");
}

static void
test_cut (void)
{
  assert_line ("abc", 3, "abc");
  assert_line ("abc", 2, "ab");
  assert_line ("abc", 0, "");
  assert_line ("äöü", 6, "äöü");
  assert_line ("äöü", 5, "äö");
  assert_line ("äöü", 4, "äö");
  assert_line ("äöü", 1, "");
  assert_line ("世界", 5, "世");
  assert_line ("a🚀b", 4, "a");
  assert_line ("a🚀b", 5, "a🚀");
  assert_line ("\001\001\001", 8, FFFD FFFD);
}

/* What is made harmless gets shorter: there is room for more of the text, and no half character
 * is taken for an invalid one. */
static void
test_cut_after_something_shrunk (void)
{
  assert_line ("\342\200\250\342\200\250äb", 5, "  äb");
  assert_line ("\342\200\250\342\200\250ä", 7, "  ä");
  assert_line ("\342\200\251\342\200\251世", 8, "  世");
}

static void
test_huge (void)
{
  gsize size = 10 * 1000 * 1000;
  g_autofree char *text = g_malloc (size + 1);
  g_autofree char *line = NULL;

  memset (text, 'x', size);
  text[size] = '\0';
  line = one_line (text, 1000);
  g_assert_cmpuint (strlen (line), ==, 1000);
}

/* Into a buffer of any size, and not a byte beyond it. */
static void
test_put_line (void)
{
  static const char text[] = "a\033ä\n世🚀\377";
  static const char *const lines[] = {
    "",
    "a",
    "a",
    "a",
    "a" FFFD,
    "a" FFFD,
    "a" FFFD "ä",
    "a" FFFD "ä ",
    "a" FFFD "ä ",
    "a" FFFD "ä ",
    "a" FFFD "ä 世",
    "a" FFFD "ä 世",
    "a" FFFD "ä 世",
    "a" FFFD "ä 世",
    "a" FFFD "ä 世🚀",
    "a" FFFD "ä 世🚀",
    "a" FFFD "ä 世🚀",
    "a" FFFD "ä 世🚀" FFFD,
    "a" FFFD "ä 世🚀" FFFD,
  };

  for (gsize size = 1; size <= G_N_ELEMENTS (lines); size++)
    {
      char line[32];

      memset (line, '#', sizeof line);
      ps_text_put_line (line, size, text);
      g_assert_cmpstr (line, ==, lines[size - 1]);
      for (gsize i = strlen (line) + 1; i < sizeof line; i++)
        g_assert_cmpint (line[i], ==, '#');
    }
}

static void
test_valid (void)
{
  char buffer[100];

  g_assert_cmpstr (ps_text_put_valid (buffer, 100, "Grüße\n\033"), ==, "Grüße\n\033");
  g_assert_cmpstr (ps_text_put_valid (buffer, 4, "Grüße"), ==, "Gr");
  g_assert_cmpstr (ps_text_put_valid (buffer, 5, "Grüße"), ==, "Grü");
  g_assert_cmpstr (ps_text_put_valid (buffer, 1, "Grüße"), ==, "");
  g_assert_cmpstr (ps_text_put_valid (buffer, 100, "Gr\374\337e"), ==, "Gr" FFFD FFFD "e");
  g_assert_cmpstr (ps_text_put_valid (buffer, 100, "world \344\270"), ==, "world " FFFD FFFD);
}

static gboolean
is_harmless (gunichar c)
{
  return c != 0x2028 && c != 0x2029 && !g_unichar_iscntrl (c) && c != 0x061c
         && !(c >= 0x200e && c <= 0x200f) && !(c >= 0x202a && c <= 0x202e)
         && !(c >= 0x2066 && c <= 0x2069);
}

/* Random bytes, with a liking for those that begin the interesting characters. */
static void
fill (char *text, gsize length)
{
  static const guchar liked[] = { '\n', '\r', 033, 0302, 0342, 0200, 0250, 0251, 0256, 0355, 0377 };

  for (gsize i = 0; i < length; i++)
    text[i] = (char) (g_test_rand_bit () ? liked[g_test_rand_int_range (0, G_N_ELEMENTS (liked))]
                                         : g_test_rand_int_range (1, 256));
  text[length] = '\0';
}

static void
test_random (void)
{
  for (guint i = 0; i < 20000; i++)
    {
      char text[64];
      gsize max_bytes = (gsize) g_test_rand_int_range (0, 80);
      g_autofree char *line = NULL, *twice = NULL;

      fill (text, (gsize) g_test_rand_int_range (0, sizeof text));
      line = one_line (text, max_bytes);
      g_assert_true (g_utf8_validate (line, -1, NULL));
      g_assert_cmpuint (strlen (line), <=, max_bytes);
      for (const char *p = line; *p != '\0'; p = g_utf8_next_char (p))
        g_assert_true (is_harmless (g_utf8_get_char (p)));
      twice = one_line (line, max_bytes);
      g_assert_cmpstr (twice, ==, line);
    }
}

static void
test_durations (void)
{
  static const struct
  {
    gint64 duration_us;
    const char *text;
  } cases[] = {
    { 0, "0 us" },
    { 999, "999 us" },
    { 1000, "1 ms" },
    { 1999, "1 ms" },
    { 999999, "999 ms" },
    { 1000000, "1.0 s" },
    { 2149999, "2.1 s" },
    { 59999999, "59.9 s" }, /* never rounded up to a minute */
    { 60000000, "1 min 0 s" },
    { 61999999, "1 min 1 s" },
    { 3600 * PS_US_PER_SEC, "60 min 0 s" },
    { PS_NEVER_US, "153722867280 min 54 s" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char text[PS_TEXT_SHORT];

      g_assert_cmpstr (ps_text_put_duration (text, sizeof text, cases[i].duration_us), ==,
                       cases[i].text);
    }
}

/* Makes a locale that has a comma where C has a point. */
static void
make_locale (const char *directory, const char *name)
{
  static const char source[] = "comment_char %\nescape_char /\nLC_NUMERIC\ndecimal_point \",\"\n"
                               "thousands_sep \".\"\ngrouping 3;3\nEND LC_NUMERIC\n";
  g_autofree char *source_path = g_build_filename (directory, "source", NULL);
  g_autofree char *path = g_build_filename (directory, name, NULL);
  const char *const argv[] = { "localedef", "-c", "--no-archive",   "-i",
                               source_path, "-f", "ANSI_X3.4-1968", path,
                               NULL };
  g_autoptr (GError) error = NULL;

  g_file_set_contents (source_path, source, -1, &error);
  g_assert_no_error (error);
  /* Its status tells of all the categories that are left as they are in C, too. */
  g_spawn_sync (NULL, (char **) argv, NULL,
                G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_assert_cmpint (g_remove (path), ==, 0);
}

/* Neither words nor fields change with the language of the machine. */
static void
test_locale (void)
{
  g_autofree char *directory = g_dir_make_tmp ("ps-locale-XXXXXX", NULL);
  g_autofree char *changed = NULL;
  char text[PS_TEXT_SHORT];

  g_assert_nonnull (directory);
  make_locale (directory, "comma");
  g_setenv ("LOCPATH", directory, TRUE);
  if (setlocale (LC_NUMERIC, "comma") == NULL)
    {
      g_test_skip ("no locale with a decimal comma can be made here");
      g_unsetenv ("LOCPATH");
      remove_tree (directory);
      return;
    }

  changed = g_strdup_printf ("%.1f", 1234.5);
  ps_text_put_duration (text, sizeof text, 2149999);
  setlocale (LC_NUMERIC, "C");
  g_unsetenv ("LOCPATH");
  remove_tree (directory);
  g_assert_cmpstr (changed, ==, "1234,5"); /* the locale is in force */
  g_assert_cmpstr (text, ==, "2.1 s");
}

static void
test_signals (void)
{
  g_autofree char *last = g_strdup_printf ("SIGRTMIN+%d", SIGRTMAX - SIGRTMIN);
  const struct
  {
    int signum;
    const char *text;
  } cases[] = {
    { SIGTERM, "SIGTERM" }, { SIGINT, "SIGINT" },       { SIGHUP, "SIGHUP" },
    { SIGQUIT, "SIGQUIT" }, { SIGKILL, "SIGKILL" },     { SIGUSR1, "SIGUSR1" },
    { SIGSYS, "SIGSYS" },   { SIGRTMIN, "SIGRTMIN+0" }, { SIGRTMIN + 3, "SIGRTMIN+3" },
    { SIGRTMAX, last },     { 0, "signal 0" },          { -1, "signal -1" },
    { 32, "signal 32" },    { 65, "signal 65" },        { 9999, "signal 9999" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char text[PS_TEXT_SHORT];

      g_assert_cmpstr (ps_text_put_signal (text, sizeof text, cases[i].signum), ==, cases[i].text);
    }
}

static void
test_events (void)
{
  g_assert_cmpstr (ps_text_event (PS_EVENT_QUERY), ==, "query");
  g_assert_cmpstr (ps_text_event (PS_EVENT_CHECKPOINT), ==, "checkpoint");
  g_assert_cmpstr (ps_text_event (PS_EVENT_TERMINATE), ==, "terminate");
  g_assert_cmpstr (ps_text_event (PS_EVENT_QUIT), ==, "quit");
  g_assert_cmpstr (ps_text_event (PS_EVENT_RELOAD), ==, "reload");
  g_assert_cmpstr (ps_text_event (PS_EVENT_RESUME), ==, "resume");
  g_assert_cmpstr (ps_text_event (PS_EVENT_FINISH), ==, "finish");
  g_assert_cmpstr (ps_text_event (0), ==, "unknown");
  g_assert_cmpstr (ps_text_event (PS_EVENT_QUIT | PS_EVENT_FINISH), ==, "unknown");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/plain", test_plain);
  g_test_add_func ("/text/line-breaks", test_line_breaks);
  g_test_add_func ("/text/control-characters", test_control_characters);
  g_test_add_func ("/text/directions", test_directions);
  g_test_add_func ("/text/invalid", test_invalid);
  g_test_add_func ("/text/cut", test_cut);
  g_test_add_func ("/text/cut-after-something-shrunk", test_cut_after_something_shrunk);
  g_test_add_func ("/text/put-line", test_put_line);
  g_test_add_func ("/text/valid", test_valid);
  g_test_add_func ("/text/huge", test_huge);
  g_test_add_func ("/text/random", test_random);
  g_test_add_func ("/text/durations", test_durations);
  g_test_add_func ("/text/locale", test_locale);
  g_test_add_func ("/text/signals", test_signals);
  g_test_add_func ("/text/events", test_events);
  return g_test_run ();
}
