/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What psctl asks for, in matches of sd-journal: a disjunction of conjunctions, in which values of
 * the same field are alternatives. sd-journal looks them up in the hash tables of the files.
 *
 * Names of units are values of matches, nothing else: no glob, no path, no shell sees them.
 */

#include "ps-journal-matches.h"

#include "ps-kinds.h"

/* The first failure is kept; the others follow from it. */
typedef struct
{
  sd_journal *journal;
  int r;
} Matches;

typedef gboolean (*IsMeant) (PsKind kind);

static Matches
begin (sd_journal *journal)
{
  sd_journal_flush_matches (journal);
  return (Matches){ journal, 0 };
}

static void
match (Matches *self, const char *field, const char *value)
{
  g_autofree char *text = g_strdup_printf ("%s=%s", field, value);

  if (self->r >= 0)
    self->r = sd_journal_add_match (self->journal, text, 0);
}

static void
match_or (Matches *self)
{
  if (self->r >= 0)
    self->r = sd_journal_add_disjunction (self->journal);
}

static void
match_host (Matches *self, const char *host)
{
  if (host == NULL)
    return;
  match (self, "_HOSTNAME", host);
  if (self->r >= 0)
    self->r = sd_journal_add_conjunction (self->journal);
}

static void
match_kinds (Matches *self, IsMeant is_meant)
{
  gsize n;
  const PsKindEntry *kinds = ps_kinds_get (&n);

  for (gsize i = 0; i < n; i++)
    if (is_meant (kinds[i].kind))
      match (self, "MESSAGE_ID", kinds[i].id);
}

static void
match_units (Matches *self, IsMeant is_meant, const char *field, char **units)
{
  match_kinds (self, is_meant);
  for (gsize i = 0; units != NULL && units[i] != NULL; i++)
    match (self, field, units[i]);
}

static void
match_process (Matches *self, IsMeant is_meant, const char *field, const PsLife *life)
{
  g_autofree char *pid = g_strdup_printf ("%" G_GINT64_FORMAT, life->pid);

  match_or (self);
  match_kinds (self, is_meant);
  match (self, "_BOOT_ID", life->boot_id);
  match (self, field, pid);
}

static gboolean
is_of_steps (PsKind kind)
{
  return kind == PS_KIND_STEP_DONE || kind == PS_KIND_HOLD_DROPPED || kind == PS_KIND_STEP_SKIPPED
         || kind == PS_KIND_CALLBACK_FAILED || kind == PS_KIND_EXIT_BEGUN
         || kind == PS_KIND_EXIT_FINISHED || kind == PS_KIND_EXIT_FORCED;
}

static gboolean
is_manager (PsKind kind)
{
  return kind == PS_KIND_MANAGER;
}

static gboolean
is_coredump (PsKind kind)
{
  return kind == PS_KIND_COREDUMP;
}

static gboolean
is_ours (PsKind kind)
{
  return kind != PS_KIND_NONE && !ps_kind_is_of_systemd (kind);
}

int
ps_journal_matches_lives (sd_journal *journal, const char *host, char **units)
{
  /* Where no unit is named, the first of a kind is for all. */
  static const struct
  {
    IsMeant is_meant;
    const char *field;
    gboolean needs_units;
  } of_systemd[] = { { is_manager, "UNIT", FALSE },
                     { is_manager, "USER_UNIT", TRUE },
                     { is_coredump, "COREDUMP_UNIT", FALSE },
                     { is_coredump, "COREDUMP_USER_UNIT", TRUE } };
  Matches self = begin (journal);

  match_host (&self, host);
  match_units (&self, ps_kind_is_of_life, "PS_UNIT", units);
  for (gsize i = 0; i < G_N_ELEMENTS (of_systemd); i++)
    {
      if (of_systemd[i].needs_units && units == NULL)
        continue;
      match_or (&self);
      match_units (&self, of_systemd[i].is_meant, of_systemd[i].field, units);
    }
  return self.r;
}

int
ps_journal_matches_steps (sd_journal *journal, const char *host, char **units)
{
  Matches self = begin (journal);

  match_host (&self, host);
  match_units (&self, is_of_steps, "PS_UNIT", units);
  return self.r;
}

int
ps_journal_matches_life (sd_journal *journal, const char *host, const PsLife *life)
{
  static const char *const fields[] = { "PS_INVOCATION_ID", "PS_PREVIOUS_INVOCATION_ID",
                                        "INVOCATION_ID", "USER_INVOCATION_ID" };
  Matches self = begin (journal);

  match_host (&self, host);
  for (gsize i = 0; *life->invocation_id != '\0' && i < G_N_ELEMENTS (fields); i++)
    {
      match_or (&self);
      match (&self, fields[i], life->invocation_id);
    }
  if (life->pid >= 0 && *life->boot_id != '\0')
    {
      match_process (&self, is_ours, "_PID", life);
      match_process (&self, is_coredump, "COREDUMP_PID", life);
    }
  return self.r;
}

int
ps_journal_matches_machine (sd_journal *journal, const char *machine_id)
{
  Matches self = begin (journal);

  match (&self, "_MACHINE_ID", machine_id);
  return self.r;
}
