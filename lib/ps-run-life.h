/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is known of one life of a process: what its lines in a run record say, and nothing that was
 * concluded from them. Includes nothing but libc's headers: signal handlers write such lines. */

#include <stdint.h>

#define PS_RUN_LIFE_FILE "postscriptum-run" /* what a record begins with, */
#define PS_RUN_LIFE_VERSION "1"             /* and the version of its words */

#define PS_RUN_LIFE_ID 33      /* 128 bits in hexadecimal digits, and a NUL */
#define PS_RUN_LIFE_SHORT_ID 8 /* so many of them are in each line */
#define PS_RUN_LIFE_WORD 24
#define PS_RUN_LIFE_NAME 257

/* When a line was written. CLOCK_BOOTTIME counts, within one boot; the time of day is for people.
 */
typedef struct
{
  int64_t boot_us;
  int64_t real_us;
} PsRunLifeTime;

/* Who lived, and where. */
typedef struct
{
  char id[PS_RUN_LIFE_ID];
  char invocation[PS_RUN_LIFE_ID]; /* systemd's name for it; "": not under systemd */
  char boot[PS_RUN_LIFE_ID];       /* "": not known; so the others */
  char machine[PS_RUN_LIFE_ID];
  uint64_t inode; /* of the record that it began in; 0: not known */
  int64_t born_ns;
  uint64_t pid_namespace;
  int64_t pid;
  int64_t start; /* of the process, in ticks since the boot */
  char program[65];
  char version[PS_RUN_LIFE_WORD];
  char unit[PS_RUN_LIFE_NAME];
} PsRunLifeWho;

/* Why it began to end. */
typedef struct
{
  char kind[PS_RUN_LIFE_WORD]; /* "signal", "quit", "exit", "loop" */
  int64_t signum;
  int64_t code;
  int64_t sender_pid; /* -1: nobody is known to have sent it */
  int64_t sender_uid;
  char sender_comm[65];
  char sender_unit[PS_RUN_LIFE_NAME];
  char sender_user_unit[PS_RUN_LIFE_NAME];
} PsRunLifeCause;

/* An end that was not orderly: a crash, or one that was forced. */
typedef struct
{
  int is_set;
  int64_t signum;                /* of a crash */
  int64_t status;                /* of a forced end */
  int is_watchdog;               /* the service manager had waited too long for a word */
  char event[PS_RUN_LIFE_WORD];  /* of the callback that was running; "": none */
  char step[PS_RUN_LIFE_NAME];   /* its name */
  char reason[PS_RUN_LIFE_NAME]; /* why it was forced */
} PsRunLifeBreak;

/* What the service manager said of it afterwards. */
typedef struct
{
  int is_set;
  char result[PS_RUN_LIFE_WORD]; /* $SERVICE_RESULT, $EXIT_CODE, $EXIT_STATUS */
  char code[PS_RUN_LIFE_WORD];
  char status[PS_RUN_LIFE_WORD];
  char by[PS_RUN_LIFE_WORD]; /* who wrote it down */
  PsRunLifeTime time;
} PsRunLifeSettled;

typedef struct
{
  PsRunLifeWho who;
  PsRunLifeTime begun;
  PsRunLifeTime last; /* sign of life */
  char state[PS_RUN_LIFE_WORD];
  int has_cause;
  PsRunLifeCause cause;
  PsRunLifeBreak crash;
  PsRunLifeBreak forced;
  int has_end;
  int64_t end_status;
  int is_detached;
  PsRunLifeSettled settled;
  char verdict[PS_RUN_LIFE_WORD]; /* of an earlier start; "": none */
  int is_damaged; /* a line since its beginning, and before the last, cannot be read */
  int is_torn;    /* the last line is not whole */
} PsRunLife;
