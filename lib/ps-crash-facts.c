/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The facts are kept where they stay while the handler runs, and found in the order in which it
 * gets more dangerous: what the kernel says, what others wrote down in good times, and then the
 * stack, where a second crash is likely. Whatever there is by then can be told.
 */

#include "ps-crash-facts.h"

/* floor 0 */
#include "ps-clock.h"
#include "ps-current.h"
#include "ps-lastcalls.h"
/* floor 3 */
#include "ps-sender.h"
#include "ps-unwind.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How far from the stack pointer an access is still one to the stack's end. */
#define STACK_STEP ((uintptr_t) 64 * 1024)
#define RED_ZONE ((uintptr_t) 256)

/* As glibc has it, for debuggers. */
typedef struct
{
  unsigned size;
  char text[];
} LibcMessage;

static struct
{
  /* Where others leave the words of an assertion. */
  LibcMessage *const *libc_message;
  char *const *glib_message;

  /* Of this crash. */
  PsCrash crash;
  PsCrashNotes notes;
  PsCurrent current;
  siginfo_t info;
  char reason[256];
  char thread_name[17];
  char comm[20];
  char message[512];
  char not_run[PS_LASTCALLS_NAMED * sizeof ((PsLastCall *) NULL)->name + 1];
} facts;

/* The last words of a thread in the log, which may be why it aborts. */
static struct
{
  atomic_int busy;
  atomic_int is_fatal;
  atomic_int tid; /* whose they are */
  char text[512];
} last_log;

/* The addresses of the pointers __abort_msg and __glib_assert_msg; either may be NULL. */
void
ps_crash_facts_prepare (const void *libc_message, const void *glib_message)
{
  facts.libc_message = libc_message;
  facts.glib_message = glib_message;
}

/* is_fatal: it will end the process, and is not forgotten for another one. */
void
ps_crash_facts_remember (const char *message, size_t length, int is_fatal)
{
  if (atomic_exchange (&last_log.busy, 1))
    return;
  if (is_fatal || !atomic_load (&last_log.is_fatal))
    {
      if (length > sizeof last_log.text - 1)
        length = sizeof last_log.text - 1;
      atomic_store (&last_log.tid, 0);
      memcpy (last_log.text, message, length);
      last_log.text[length] = '\0';
      atomic_store (&last_log.is_fatal, is_fatal);
      atomic_store (&last_log.tid, gettid ());
    }
  atomic_store (&last_log.busy, 0);
}

/* --- In the handler: async-signal-safe ------------------------------------------------------- */

static void
find_sender (const siginfo_t *info)
{
  PsCrash *crash = &facts.crash;

  if (info->si_code != SI_USER && info->si_code != SI_QUEUE && info->si_code != SI_TKILL)
    return;
  crash->sender_pid = info->si_pid;
  crash->sender_uid = info->si_uid;
  facts.notes.is_self = info->si_pid == getpid ();
  if (info->si_pid == getppid ())
    facts.notes.silent_us = ps_current_silent_us (ps_clock_now_us ());
  ps_sender_read_comm (info->si_pid, facts.comm, sizeof facts.comm);
}

static void
find_step (void)
{
  PsCrash *crash = &facts.crash;

  if (!ps_current_get (&facts.current))
    return;
  crash->event = facts.current.event;
  crash->step = facts.current.name;
  crash->step_us = ps_clock_now_us () - facts.current.begun_us;
  crash->step_is_here = pthread_equal (facts.current.thread, pthread_self ()) != 0;
}

static const char *
find_message (void)
{
  const PsCrash *crash = &facts.crash;
  const LibcMessage *libc = facts.libc_message != NULL ? *facts.libc_message : NULL;
  const char *glib = facts.glib_message != NULL ? *facts.glib_message : NULL;

  if (crash->signum != SIGABRT && crash->signum != SIGTRAP)
    return NULL;
  if (glib != NULL)
    return glib;
  if (libc != NULL)
    return libc->text;
  return atomic_load (&last_log.tid) == crash->tid ? last_log.text : NULL;
}

static void
copy_message (const char *message)
{
  size_t length;

  if (message == NULL)
    return;
  length = strnlen (message, sizeof facts.message - 1);
  while (length > 0 && message[length - 1] == '\n')
    length--;
  memcpy (facts.message, message, length);
  facts.message[length] = '\0';
  facts.crash.abort_message = facts.message;
}

static void
find_not_run (void)
{
  PsWords words;
  const char *name;

  ps_words_init (&words, facts.not_run, sizeof facts.not_run);
  for (unsigned n = 0; (name = ps_lastcalls_left (n)) != NULL; n++)
    {
      ps_words_add_clean (&words, name);
      ps_words_add (&words, "\n");
    }
  facts.notes.not_run = facts.not_run;
  facts.notes.n_not_run = ps_lastcalls_count_left ();
}

/* The kernel reads the set before it looks at what is to be done with it, which is nothing. */
static int
is_readable (uintptr_t address)
{
  enum
  {
    NOTHING = -1,
    SET_SIZE = 8
  };

  return syscall (SYS_rt_sigprocmask, NOTHING, address, NULL, SET_SIZE) == 0 || errno != EFAULT;
}

/* Below the stack pointer, or in the room of a function that has just moved it beyond the end. */
static int
is_at_stack_end (const PsCrash *crash)
{
  uintptr_t sp = ps_unwind_get_sp (crash->ucontext);

  if (crash->signum != SIGSEGV || !crash->is_fault || crash->code == SI_KERNEL
      || crash->address + STACK_STEP < sp || crash->address >= sp + STACK_STEP)
    return 0;
  return crash->address < sp + RED_ZONE || !is_readable (sp);
}

/* All but the stack. */
void
ps_crash_facts_find (int signum, const siginfo_t *info, void *ucontext)
{
  PsCrash *crash = &facts.crash;
  PsWords words;

  ps_unwind_reset ();
  facts.info = *info;
  facts.notes = (PsCrashNotes){ .not_run = "" };
  facts.comm[0] = '\0';
  *crash = (PsCrash){
    .signum = signum,
    .signal_name = ps_crash_text_signal (signum),
    .code = info->si_code,
    .reason = facts.reason,
    .is_fault = info->si_code > 0,
    .address = info->si_code > 0 ? (uintptr_t) info->si_addr : 0,
    .sender_comm = facts.comm,
    .tid = gettid (),
    .thread_name = facts.thread_name,
    .info = &facts.info,
    .ucontext = ucontext,
  };
  prctl (PR_GET_NAME, facts.thread_name);
  find_sender (info);
  find_step ();
  find_not_run ();
  if (signum == SIGSYS)
    facts.notes.syscall = info->si_syscall;
  facts.notes.at_stack_end = is_at_stack_end (crash);
  ps_words_init (&words, facts.reason, sizeof facts.reason);
  ps_crash_text_reason (&words, crash, &facts.notes);
  copy_message (find_message ());
}

void
ps_crash_facts_unwind (void)
{
  ps_unwind (facts.crash.ucontext, facts.crash.address);
}

/* What there is by now. */
void
ps_crash_facts_get (const PsCrash **crash, PsCrashNotes *notes)
{
  facts.crash.frames = ps_unwind_get_frames (&facts.crash.n_frames);
  *crash = &facts.crash;
  *notes = facts.notes;
}
