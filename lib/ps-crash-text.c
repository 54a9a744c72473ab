/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a record tells is what helps to find the cause, and nothing that may be secret: no
 * environment, no arguments, nothing of what memory or registers hold but the addresses.
 */

#include "ps-crash-text.h"

#include "ps-ids.h"

/* The kernel's; not every libc's headers have it. */
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

#define N_ELEMENTS(array) (sizeof (array) / sizeof (array)[0])

static const struct
{
  int signum;
  const char *name;
} signals[] = {
  { SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" },   { SIGFPE, "SIGFPE" }, { SIGILL, "SIGILL" },
  { SIGABRT, "SIGABRT" }, { SIGTRAP, "SIGTRAP" }, { SIGSYS, "SIGSYS" },
};

/* signum 0: whatever the signal. */
static const struct
{
  int signum;
  int code;
  const char *words;
} codes[] = {
  { SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR: address not mapped" },
  { SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR: no permission for the mapped memory" },
  { SIGSEGV, SEGV_BNDERR, "SEGV_BNDERR: failed address bound checks" },
  { SIGSEGV, SEGV_PKUERR, "SEGV_PKUERR: access denied by memory protection keys" },
  { SIGSEGV, SI_KERNEL, "SI_KERNEL: general protection, an address that no memory can have" },
  { SIGBUS, BUS_ADRALN, "BUS_ADRALN: address not aligned" },
  { SIGBUS, BUS_ADRERR, "BUS_ADRERR: no memory there, as beyond the end of a mapped file" },
  { SIGBUS, BUS_OBJERR, "BUS_OBJERR: hardware error of the object" },
  { SIGBUS, BUS_MCEERR_AR, "BUS_MCEERR_AR: memory error of the machine" },
  { SIGBUS, BUS_MCEERR_AO, "BUS_MCEERR_AO: memory error of the machine, not used yet" },
  { SIGFPE, FPE_INTDIV, "FPE_INTDIV: integer division by zero" },
  { SIGFPE, FPE_INTOVF, "FPE_INTOVF: integer overflow" },
  { SIGFPE, FPE_FLTDIV, "FPE_FLTDIV: floating-point division by zero" },
  { SIGFPE, FPE_FLTOVF, "FPE_FLTOVF: floating-point overflow" },
  { SIGFPE, FPE_FLTUND, "FPE_FLTUND: floating-point underflow" },
  { SIGFPE, FPE_FLTRES, "FPE_FLTRES: floating-point inexact result" },
  { SIGFPE, FPE_FLTINV, "FPE_FLTINV: invalid floating-point operation" },
  { SIGFPE, FPE_FLTSUB, "FPE_FLTSUB: subscript out of range" },
  { SIGILL, ILL_ILLOPC, "ILL_ILLOPC: illegal instruction" },
  { SIGILL, ILL_ILLOPN, "ILL_ILLOPN: illegal operand" },
  { SIGILL, ILL_ILLADR, "ILL_ILLADR: illegal addressing mode" },
  { SIGILL, ILL_ILLTRP, "ILL_ILLTRP: illegal trap" },
  { SIGILL, ILL_PRVOPC, "ILL_PRVOPC: privileged instruction" },
  { SIGILL, ILL_PRVREG, "ILL_PRVREG: privileged register" },
  { SIGILL, ILL_COPROC, "ILL_COPROC: coprocessor error" },
  { SIGILL, ILL_BADSTK, "ILL_BADSTK: internal stack error" },
  { SIGTRAP, TRAP_BRKPT, "TRAP_BRKPT: breakpoint" },
  { SIGTRAP, TRAP_TRACE, "TRAP_TRACE: single step" },
  { SIGTRAP, TRAP_BRANCH, "TRAP_BRANCH: branch taken" },
  { SIGTRAP, TRAP_HWBKPT, "TRAP_HWBKPT: hardware breakpoint" },
  { SIGTRAP, SI_KERNEL, "SI_KERNEL: breakpoint instruction, as g_error() has it" },
  { SIGSYS, SYS_SECCOMP, "SYS_SECCOMP: system call denied" },
  { 0, SI_KERNEL, "SI_KERNEL: a fault that the kernel does not describe" },
  { 0, SI_USER, "SI_USER: sent by kill()" },
  { 0, SI_QUEUE, "SI_QUEUE: sent by sigqueue()" },
  { 0, SI_TKILL, "SI_TKILL: sent by tgkill()" },
  { 0, SI_TIMER, "SI_TIMER: a timer ran out" },
  { 0, SI_MESGQ, "SI_MESGQ: a message queue" },
  { 0, SI_ASYNCIO, "SI_ASYNCIO: asynchronous input or output" },
};

const char *
ps_crash_text_signal (int signum)
{
  for (size_t i = 0; i < N_ELEMENTS (signals); i++)
    if (signals[i].signum == signum)
      return signals[i].name;
  return "an unknown signal";
}

const char *
ps_crash_text_code (int signum, int code)
{
  for (size_t i = 0; i < N_ELEMENTS (codes); i++)
    if ((codes[i].signum == signum || codes[i].signum == 0) && codes[i].code == code)
      return codes[i].words;
  return "a code that is not known";
}

static void
add_sender (PsWords *words, const PsCrash *crash)
{
  ps_words_add (words, " by process ");
  ps_words_add_int (words, crash->sender_pid);
  if (crash->sender_comm[0] != '\0')
    {
      ps_words_add (words, " (");
      ps_words_add_clean (words, crash->sender_comm);
      ps_words_add (words, ")");
    }
  ps_words_add (words, " of user ");
  ps_words_add_int (words, crash->sender_uid);
}

static int
is_sent (const PsCrash *crash)
{
  return crash->code == SI_USER || crash->code == SI_QUEUE || crash->code == SI_TKILL;
}

/* "SEGV_MAPERR: address not mapped", and what is known beyond. */
void
ps_crash_text_reason (PsWords *words, const PsCrash *crash, const PsCrashNotes *notes)
{
  if (is_sent (crash) && notes->is_self)
    {
      ps_words_add (words, crash->signum == SIGABRT ? "abort() or raise()" : "raise()");
      ps_words_add (words, " of the process itself");
      return;
    }
  ps_words_add (words, ps_crash_text_code (crash->signum, crash->code));
  if (is_sent (crash) && crash->sender_pid == 0)
    ps_words_add (words, " from outside our PID namespace");
  else if (is_sent (crash))
    add_sender (words, crash);
  if (crash->signum == SIGSYS && crash->is_fault)
    {
      ps_words_add (words, ", number ");
      ps_words_add_int (words, notes->syscall);
    }
  if (notes->at_stack_end)
    ps_words_add (words, ", at the end of the stack: stack overflow");
  if (notes->silent_us > 0)
    {
      ps_words_add (words, ", which heard nothing of us for ");
      ps_words_add_duration (words, notes->silent_us);
      ps_words_add (words, ": the watchdog");
    }
}

static int
has_address (const PsCrash *crash)
{
  return crash->is_fault && crash->code != SI_KERNEL;
}

static void
add_step (PsWords *words, const PsCrash *crash)
{
  if (crash->step == NULL)
    return;
  ps_words_add (words, crash->step_is_here ? ", in the " : ", while the ");
  ps_words_add (words, crash->event);
  ps_words_add (words, " callback ");
  ps_words_add_clean (words, crash->step);
  ps_words_add (words, crash->step_is_here ? " after " : " was running in another for ");
  ps_words_add_duration (words, crash->step_us);
}

void
ps_crash_text_headline (PsWords *words, const PsCrash *crash)
{
  ps_words_add (words, "Crashed: ");
  ps_words_add (words, crash->signal_name);
  ps_words_add (words, " (");
  ps_words_add (words, crash->reason);
  ps_words_add (words, ")");
  if (has_address (crash))
    {
      ps_words_add (words, " at 0x");
      ps_words_add_hex (words, crash->address, 1);
    }
  ps_words_add (words, " in thread ");
  ps_words_add_int (words, crash->tid);
  ps_words_add (words, " \"");
  ps_words_add_clean (words, crash->thread_name);
  ps_words_add (words, "\"");
  add_step (words, crash);
  if (crash->abort_message != NULL)
    {
      ps_words_add (words, ": ");
      ps_words_add_clean (words, crash->abort_message);
    }
}

/* "#0 0x000055d0c0ffee00 /usr/sbin/foo+0x1e00 [0123…]" a line. */
void
ps_crash_text_backtrace (PsWords *words, const PsCrash *crash, const char *indent)
{
  for (size_t i = 0; i < crash->n_frames; i++)
    {
      const PsFrame *frame = &crash->frames[i];

      ps_words_add (words, indent);
      ps_words_add (words, "#");
      ps_words_add_int (words, (int64_t) i);
      ps_words_add (words, " 0x");
      ps_words_add_hex (words, frame->address, 16);
      if (frame->module != NULL)
        {
          ps_words_add (words, " ");
          ps_words_add_clean (words, frame->module);
          ps_words_add (words, "+0x");
          ps_words_add_hex (words, frame->offset, 1);
        }
      if (frame->build_id != NULL)
        {
          ps_words_add (words, " [");
          ps_words_add (words, frame->build_id);
          ps_words_add (words, "]");
        }
      ps_words_add (words, "\n");
    }
}

static void
add_not_run (PsWords *words, const PsCrashNotes *notes)
{
  const char *name = notes->not_run;
  unsigned n_named = 0;

  ps_words_add (words, "  finish callbacks that were not run:");
  while (*name != '\0')
    {
      size_t length = 0;

      while (name[length] != '\n' && name[length] != '\0')
        length++;
      ps_words_add (words, n_named++ > 0 ? ", " : " ");
      ps_words_add_bytes (words, name, length);
      name += length + (name[length] != '\0');
    }
  if (notes->n_not_run > n_named)
    {
      ps_words_add (words, n_named > 0 ? " and " : " ");
      ps_words_add_int (words, notes->n_not_run - n_named);
      ps_words_add (words, " more");
    }
  ps_words_add (words, "\n");
}

/* Lines for people. */
void
ps_crash_text_account (PsWords *words, const PsCrash *crash, const PsCrashNotes *notes)
{
  ps_crash_text_headline (words, crash);
  ps_words_add (words, "\n");
  if (notes->cut_short != NULL)
    {
      ps_words_add (words, "  this account is not whole: ");
      ps_words_add (words, notes->cut_short);
      ps_words_add (words, "\n");
    }
  if (notes->n_not_run > 0)
    add_not_run (words, notes);
  ps_crash_text_backtrace (words, crash, "  ");
}

static void
add_facts (PsWords *record, const PsCrash *crash, const PsCrashNotes *notes)
{
  const char *raised = notes->is_self ? "raised" : "sent";

  ps_words_field (record, PS_FIELD_CAUSE, "crash");
  ps_words_field (record, PS_FIELD_SIGNAL, crash->signal_name);
  ps_words_field (record, PS_FIELD_REASON, crash->reason);
  ps_words_field (record, PS_FIELD_ORIGIN, crash->is_fault ? "fault" : raised);
  if (has_address (crash))
    {
      ps_words_add (record, PS_FIELD_ADDRESS "=0x");
      ps_words_add_hex (record, crash->address, 1);
      ps_words_add (record, "\n");
    }
  if (is_sent (crash))
    {
      ps_words_field_int (record, PS_FIELD_SENDER_PID, crash->sender_pid);
      ps_words_field_int (record, PS_FIELD_SENDER_UID, crash->sender_uid);
      if (crash->sender_comm[0] != '\0')
        ps_words_field (record, PS_FIELD_SENDER_COMM, crash->sender_comm);
    }
  ps_words_field_int (record, PS_FIELD_THREAD_ID, crash->tid);
  ps_words_field (record, PS_FIELD_THREAD_NAME, crash->thread_name);
}

/* What follows the fields that every record has. message: the account; backtrace: as above, without
 * indentation. */
void
ps_crash_text_record (PsWords *record, const PsCrash *crash, const PsCrashNotes *notes,
                      const char *message, const char *backtrace)
{
  add_facts (record, crash, notes);
  if (crash->step != NULL)
    {
      ps_words_field (record, PS_FIELD_EVENT, crash->event);
      ps_words_field (record, PS_FIELD_STEP, crash->step);
      ps_words_field_int (record, PS_FIELD_DURATION_USEC, crash->step_us);
    }
  if (crash->abort_message != NULL)
    ps_words_field (record, PS_FIELD_ABORT_MESSAGE, crash->abort_message);
  ps_words_field_int (record, PS_FIELD_STEPS_SKIPPED, notes->n_not_run);
  if (notes->cut_short != NULL)
    ps_words_field_int (record, PS_FIELD_NESTED_CRASH, 1);
  ps_words_field_text (record, PS_FIELD_MESSAGE, message);
  if (notes->not_run[0] != '\0')
    ps_words_field_text (record, PS_FIELD_NOT_RUN, notes->not_run);
  ps_words_field_text (record, PS_FIELD_BACKTRACE, backtrace);
}

/* Likewise, for a crash callback that was cut short. */
void
ps_crash_text_cut (PsWords *record, const char *name, const char *why, const char *message)
{
  ps_words_field (record, PS_FIELD_EVENT, "crash");
  ps_words_field (record, PS_FIELD_STEP, name);
  ps_words_field (record, PS_FIELD_REASON, why);
  ps_words_field (record, PS_FIELD_MESSAGE, message);
}
