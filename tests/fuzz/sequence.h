/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A sequence is a byte string that is read as operations on the library. The child carries them
 * out (sequence-child.c) and writes down what it does and what is called, a line each; the model
 * (sequence-model.c) reads these lines and says where the library did something else than it had
 * to. sequence-run.c brings the two together.
 */

#include <glib.h>

/* --- Bytes ----------------------------------------------------------------------------------- */

typedef enum
{
  OP_ADD,           /* events, priority and deadline, length of the body */
  OP_ADD_AGAIN,     /* which data, events, priority and function */
  OP_REMOVE,        /* which registration */
  OP_SIGNAL,        /* which signal, how it is sent */
  OP_STORM,         /* many SIGTERM at once */
  OP_FORK,          /* what the child does */
  OP_QUIT,          /* code */
  OP_EXIT,          /* code */
  OP_QUICK_EXIT,    /* code */
  OP_LOOP_QUIT,     /* */
  OP_HOLD,          /* */
  OP_RELEASE,       /* which hold, how */
  OP_EXTEND,        /* which hold, by how much */
  OP_HOLD_DEADLINE, /* which hold, how long */
  OP_VETO,          /* */
  OP_CODE,          /* code */
  OP_FAIL,          /* */
  OP_DEADLINE,      /* how long */
  OP_POLICY,        /* which */
  OP_HANGUP,        /* which */
  OP_ESCALATION,    /* which */
  OP_CHECKPOINT,    /* interval, -, length of the body */
  OP_SCOPE,         /* -, -, length of the body */
  OP_SCOPE_END,     /* which */
  OP_NESTED,        /* how long */
  OP_SPEND,         /* how long */
  OP_STATUS,        /* */
  OP_REATTACH,      /* */
  OP_SIGNALS,       /* which are chosen */
  OP_SIGNAL_CHOSEN, /* which of these */
  OP_GO_ON,         /* in a forked child, of which the parent ends */
  N_OPS,
} OpCode;

typedef struct
{
  guint8 code; /* modulo N_OPS */
  guint8 a, b, c;
} Op;

/* What the first byte of a sequence chooses. */
enum
{
  START_PRELUDE = 3 << 0, /* so many operations come before the loop runs */
  START_BY_HAND = 1 << 2, /* main() calls g_main_loop_run() itself */
  START_NOHUP = 1 << 3,
  START_PREPARE = 1 << 4, /* ps_prepare() comes first, and */
  START_EARLY = 1 << 5,   /* a SIGTERM before attaching */
  START_SIGNALS = 1 << 6, /* all that may be are chosen */
};

/* And the second: main() returns this, and not what it was told to. */
#define START_RETURNS 0x80

typedef struct
{
  guint8 start;
  guint8 returns;
  Op ops[64];
  guint n_ops;
} Sequence;

/* As many bytes as a sequence can have. */
#define SEQUENCE_BYTES_MAX (2 + 64 * 4)

void sequence_from_bytes (Sequence *sequence, const guint8 *bytes, gsize n);

/* Text: two hexadecimal digits a byte, the operation's name beside it as a comment. */
char *sequence_to_text (const Sequence *sequence);
gboolean sequence_from_text (Sequence *sequence, const char *text);

/* The end of what belongs to the operation at i: its body, which is at most until end. */
guint sequence_body_end (const Sequence *sequence, guint i, guint end);

/* What the bytes of an operation mean, for child and generator alike. */
int sequence_signal (guint8 a);
int sequence_choosable (guint i);
guint sequence_ms (guint8 a);

/* --- Running and judging --------------------------------------------------------------------- */

/* Carries the operations out, in a process of its own; writes to the descriptor. */
int sequence_child_main (const Sequence *sequence, int trace_fd);

/* How many signals may be chosen; a choice of them is a bit each. */
#define SEQUENCE_CHOOSABLE 7

typedef struct _Model Model;

Model *model_new (const Sequence *sequence);
void model_free (Model *model);

/* FALSE: this line should not have come; model_get_complaint() says why. */
gboolean model_take (Model *model, const char *line);
gboolean model_end (Model *model, int wait_status);
const char *model_get_complaint (Model *model);

/* NULL: all went as it had to. Else what did not, to be freed; the trace is appended. */
char *sequence_run (const Sequence *sequence, GString *trace);
