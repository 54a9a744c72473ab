/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sequence.h"

#include <signal.h>
#include <string.h>

#define OP_BYTES 4

static const char *const names[N_OPS] = {
  [OP_ADD] = "add",
  [OP_ADD_AGAIN] = "add again",
  [OP_REMOVE] = "remove",
  [OP_SIGNAL] = "signal",
  [OP_STORM] = "storm",
  [OP_FORK] = "fork",
  [OP_QUIT] = "quit",
  [OP_EXIT] = "exit",
  [OP_QUICK_EXIT] = "quick exit",
  [OP_LOOP_QUIT] = "loop quit",
  [OP_HOLD] = "hold",
  [OP_RELEASE] = "release",
  [OP_EXTEND] = "extend",
  [OP_HOLD_DEADLINE] = "hold deadline",
  [OP_VETO] = "veto",
  [OP_CODE] = "code",
  [OP_FAIL] = "fail",
  [OP_DEADLINE] = "deadline",
  [OP_POLICY] = "policy",
  [OP_HANGUP] = "hangup",
  [OP_ESCALATION] = "escalation",
  [OP_CHECKPOINT] = "checkpoint",
  [OP_SCOPE] = "scope",
  [OP_SCOPE_END] = "scope end",
  [OP_NESTED] = "nested loop",
  [OP_SPEND] = "spend",
  [OP_STATUS] = "status",
  [OP_REATTACH] = "reattach",
  [OP_SIGNALS] = "signals",
  [OP_SIGNAL_CHOSEN] = "chosen signal",
  [OP_GO_ON] = "go on in a child",
};

void
sequence_from_bytes (Sequence *sequence, const guint8 *bytes, gsize n)
{
  memset (sequence, 0, sizeof *sequence);
  if (n < 2)
    return;
  sequence->start = bytes[0];
  sequence->returns = bytes[1];
  for (gsize at = 2; at + OP_BYTES <= n && sequence->n_ops < G_N_ELEMENTS (sequence->ops);
       at += OP_BYTES)
    sequence->ops[sequence->n_ops++] = (Op){
      .code = bytes[at] % N_OPS, .a = bytes[at + 1], .b = bytes[at + 2], .c = bytes[at + 3]
    };
}

char *
sequence_to_text (const Sequence *sequence)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "%02x %02x\n", sequence->start, sequence->returns);
  for (guint i = 0; i < sequence->n_ops; i++)
    {
      const Op *op = &sequence->ops[i];

      g_string_append_printf (text, "%02x %02x %02x %02x  # %s\n", op->code, op->a, op->b, op->c,
                              names[op->code]);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* FALSE: it is no such text. */
gboolean
sequence_from_text (Sequence *sequence, const char *text)
{
  guint8 bytes[SEQUENCE_BYTES_MAX] = { 0 };
  gsize n = 0;

  for (const char *at = text; *at != '\0';)
    {
      if (*at == '#')
        at += strcspn (at, "\n");
      else if (g_ascii_isspace (*at))
        at++;
      else if (g_ascii_isxdigit (at[0]) && g_ascii_isxdigit (at[1]) && n < sizeof bytes)
        {
          bytes[n++] = (guint8) (g_ascii_xdigit_value (at[0]) * 16 + g_ascii_xdigit_value (at[1]));
          at += 2;
        }
      else
        return FALSE;
    }
  sequence_from_bytes (sequence, bytes, n);
  return n >= 2 && (n - 2) % OP_BYTES == 0;
}

static gboolean
has_body (const Op *op)
{
  return op->code == OP_ADD || op->code == OP_CHECKPOINT || op->code == OP_SCOPE;
}

guint
sequence_body_end (const Sequence *sequence, guint i, guint end)
{
  guint length = has_body (&sequence->ops[i]) ? sequence->ops[i].c % 5 : 0;

  return MIN (i + 1 + length, end);
}

int
sequence_signal (guint8 a)
{
  static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGINT };

  return signals[a % G_N_ELEMENTS (signals)];
}

int
sequence_choosable (guint i)
{
  const int signals[SEQUENCE_CHOOSABLE] = { SIGTERM, SIGINT,       SIGHUP,  SIGQUIT,
                                            SIGUSR1, SIGRTMIN + 1, SIGRTMAX };

  return signals[i % SEQUENCE_CHOOSABLE];
}

/* Around what counts: a deadline's part for finish, the pause between two signals by hand. */
guint
sequence_ms (guint8 a)
{
  static const guint ms[] = { 0,   1,    10,   50,    100,   199,   200,
                              250, 1000, 5000, 54999, 55000, 60000, 70000 };

  return ms[a % G_N_ELEMENTS (ms)];
}
