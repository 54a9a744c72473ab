/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The words of a crash, each kind of them; and that nothing runs over a buffer that is too small.
 */

#include "ps-crash-text.h"

#include <glib.h>
#include <string.h>

static const PsFrame frames[] = {
  { 0x401234, "/usr/sbin/foo", 0x1234, "0123456789abcdef" },
  { 0x7f0000005678, "/usr/lib/libbar.so.1", 0x5677, NULL },
  { 0x10, NULL, 0, NULL },
};

static PsCrash
a_fault (void)
{
  return (PsCrash){
    .signum = SIGSEGV,
    .signal_name = "SIGSEGV",
    .code = SEGV_MAPERR,
    .reason = "a reason",
    .is_fault = TRUE,
    .address = 0x10,
    .sender_comm = "",
    .tid = 42,
    .thread_name = "worker",
  };
}

static PsCrash
sent_by (int code, pid_t pid, const char *comm)
{
  PsCrash crash = a_fault ();

  crash.code = code;
  crash.is_fault = FALSE;
  crash.sender_pid = pid;
  crash.sender_uid = 1000;
  crash.sender_comm = comm;
  return crash;
}

#define check_text(function, wanted, ...)                                                          \
  G_STMT_START                                                                                     \
  {                                                                                                \
    char text_[4096];                                                                              \
    PsWords words_;                                                                                \
    ps_words_init (&words_, text_, sizeof text_);                                                  \
    function (&words_, __VA_ARGS__);                                                               \
    g_assert_cmpstr (text_, ==, wanted);                                                           \
    g_assert_cmpuint (words_.length, ==, strlen (wanted));                                         \
  }                                                                                                \
  G_STMT_END

static void
test_reasons (void)
{
  const PsCrashNotes nothing = { .not_run = "" }, self = { .not_run = "", .is_self = TRUE };
  PsCrash crash = a_fault ();

  check_text (ps_crash_text_reason, "SEGV_MAPERR: address not mapped", &crash, &nothing);
  check_text (ps_crash_text_reason,
              "SEGV_MAPERR: address not mapped, at the end of the stack: stack overflow", &crash,
              &(PsCrashNotes){ .at_stack_end = TRUE });
  crash.code = 99;
  check_text (ps_crash_text_reason, "a code that is not known", &crash, &nothing);
  crash.signum = SIGSYS;
  crash.code = 1;
  check_text (ps_crash_text_reason, "SYS_SECCOMP: system call denied, number 59", &crash,
              &(PsCrashNotes){ .syscall = 59 });

  crash = sent_by (SI_USER, 7, "kill");
  check_text (ps_crash_text_reason, "SI_USER: sent by kill() by process 7 (kill) of user 1000",
              &crash, &nothing);
  check_text (ps_crash_text_reason, "raise() of the process itself", &crash, &self);
  crash.signum = SIGABRT;
  check_text (ps_crash_text_reason, "abort() or raise() of the process itself", &crash, &self);
  check_text (ps_crash_text_reason,
              "SI_USER: sent by kill() by process 7 (kill) of user 1000, which heard nothing of us "
              "for 3.2 s: the watchdog",
              &crash, &(PsCrashNotes){ .silent_us = 3210000 });
  crash = sent_by (SI_QUEUE, 0, "");
  check_text (ps_crash_text_reason, "SI_QUEUE: sent by sigqueue() from outside our PID namespace",
              &crash, &nothing);
  crash = sent_by (SI_TIMER, 0, "");
  check_text (ps_crash_text_reason, "SI_TIMER: a timer ran out", &crash, &nothing);
}

static void
test_headlines (void)
{
  PsCrash crash = a_fault ();

  check_text (ps_crash_text_headline, "Crashed: SIGSEGV (a reason) at 0x10 in thread 42 \"worker\"",
              &crash);
  crash.code = SI_KERNEL; /* it names no address */
  crash.event = "terminate";
  crash.step = "flush\nqueue";
  crash.step_us = 1500;
  check_text (ps_crash_text_headline,
              "Crashed: SIGSEGV (a reason) in thread 42 \"worker\", while the terminate callback "
              "flush queue was running in another for 1 ms",
              &crash);
  crash.step_is_here = TRUE;
  crash.abort_message = "x > 0\x1b[2J";
  check_text (ps_crash_text_headline,
              "Crashed: SIGSEGV (a reason) in thread 42 \"worker\", in the terminate callback "
              "flush queue after 1 ms: x > 0?[2J",
              &crash);
}

static void
test_accounts (void)
{
  PsCrash crash = a_fault ();

  check_text (ps_crash_text_account,
              "Crashed: SIGSEGV (a reason) at 0x10 in thread 42 \"worker\"\n"
              "  finish callbacks that were not run: 5 more\n",
              &crash, &(PsCrashNotes){ .not_run = "", .n_not_run = 5 });
  crash.frames = frames;
  crash.n_frames = G_N_ELEMENTS (frames);
  check_text (
      ps_crash_text_account,
      "Crashed: SIGSEGV (a reason) at 0x10 in thread 42 \"worker\"\n"
      "  this account is not whole: it took too long\n"
      "  finish callbacks that were not run: a, b and 1 more\n"
      "  #0 0x0000000000401234 /usr/sbin/foo+0x1234 [0123456789abcdef]\n"
      "  #1 0x00007f0000005678 /usr/lib/libbar.so.1+0x5677\n"
      "  #2 0x0000000000000010\n",
      &crash,
      &(PsCrashNotes){ .not_run = "a\nb\n", .n_not_run = 3, .cut_short = "it took too long" });
}

static void
test_record (void)
{
  PsCrash crash = a_fault ();
  const PsCrashNotes notes = { .not_run = "a\n", .n_not_run = 1 };
  char text[4096];
  PsWords record;

  ps_words_init (&record, text, sizeof text);
  ps_crash_text_record (&record, &crash, &notes, "a\nb", "#0\n");
  g_assert_true (g_str_has_prefix (text, "PS_CAUSE=crash\n"
                                         "PS_SIGNAL=SIGSEGV\n"
                                         "PS_REASON=a reason\n"
                                         "PS_ORIGIN=fault\n"
                                         "PS_ADDRESS=0x10\n"
                                         "PS_THREAD_ID=42\n"
                                         "PS_THREAD_NAME=worker\n"
                                         "PS_STEPS_SKIPPED=1\n"
                                         "MESSAGE\n"));
  g_assert_nonnull (memmem (text, record.length, "MESSAGE\n\3\0\0\0\0\0\0\0a\nb\n", 20));
  g_assert_nonnull (memmem (text, record.length, "PS_NOT_RUN\n\2\0\0\0\0\0\0\0a\n\n", 22));
}

/* A block that is cut has the length that it was cut to, and its end. */
static void
test_small_buffers (void)
{
  PsCrash crash = a_fault ();
  const PsCrashNotes notes = { .not_run = "name\n", .n_not_run = 1, .cut_short = "why" };

  crash.frames = frames;
  crash.n_frames = G_N_ELEMENTS (frames);
  crash.event = "finish";
  crash.step = "step";
  crash.abort_message = "words";
  for (gsize size = 1; size < 800; size++)
    {
      /* On the heap, where tools see the first byte too many. */
      g_autofree char *text = g_malloc (size);
      PsWords words;

      ps_words_init (&words, text, size);
      ps_crash_text_account (&words, &crash, &notes);
      g_assert_cmpuint (strlen (text), ==, words.length);
      ps_words_init (&words, text, size);
      ps_crash_text_record (&words, &crash, &notes, "one\ntwo\nthree\n", "#0\n#1\n");
      g_assert_cmpuint (words.length, <, size);
      g_assert_cmpint (text[words.length], ==, '\0');
    }
}

static void
test_cut_blocks (void)
{
  for (gsize size = 1; size < 40; size++)
    {
      g_autofree char *text = g_malloc (size);
      PsWords words;

      ps_words_init (&words, text, size);
      ps_words_field_text (&words, "NAME", "0123456789");
      if (size < strlen ("NAME\n") + 8 + 1 + 1)
        g_assert_cmpuint (words.length, ==, 0);
      else
        {
          gsize length = MIN (size - 1 - 14, 10);

          g_assert_cmpuint (words.length, ==, 14 + length);
          g_assert_cmpint (text[5], ==, (char) length);
          g_assert_cmpint (text[words.length - 1], ==, '\n');
        }
    }
}

static void
test_names (void)
{
  g_assert_cmpstr (ps_crash_text_signal (SIGTRAP), ==, "SIGTRAP");
  g_assert_cmpstr (ps_crash_text_signal (SIGTERM), ==, "an unknown signal");
  g_assert_cmpstr (ps_crash_text_code (SIGBUS, SI_KERNEL), ==,
                   "SI_KERNEL: a fault that the kernel does not describe");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/crash-text/reasons", test_reasons);
  g_test_add_func ("/crash-text/headlines", test_headlines);
  g_test_add_func ("/crash-text/accounts", test_accounts);
  g_test_add_func ("/crash-text/record", test_record);
  g_test_add_func ("/crash-text/small-buffers", test_small_buffers);
  g_test_add_func ("/crash-text/cut-blocks", test_cut_blocks);
  g_test_add_func ("/crash-text/names", test_names);
  return g_test_run ();
}
