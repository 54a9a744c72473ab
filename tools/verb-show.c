/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * psctl show: one exit as a tree of phases and steps, and what went wrong in it.
 *
 *   ps-inboxd.service, run 1: SIGTERM from systemd (1), status 143
 *     begun     2026-11-28 12:00:00, lived 2 h 5 min
 *     exit      begun 2026-11-28 14:05:00, took 29 ms
 *   ├─ terminate
 *   │  ├─ +39 us     5 us   stop_accepting
 *   …
 */

#include "verbs.h"

#include "ps-life-text.h"
#include "ps-output.h"
#include "ps-read.h"
#include "ps-show.h"

static void
print_life (const PsOptions *options, const PsLife *life)
{
  PsOutput output;

  ps_output_open (&output, options);
  ps_show_facts (&output, life);
  ps_show_steps (&output, life);
  ps_output_close (&output);
}

static void
print_json (const PsOptions *options, const PsLife *life)
{
  PsOutput output;
  PsJson json;

  ps_output_open (&output, options);
  ps_json_init (&json);
  ps_json_begin (&json, NULL, '{');
  ps_life_json (&json, life, TRUE);
  ps_json_end (&json, '}');
  ps_json_print (&json);
  ps_json_clear (&json);
  ps_output_close (&output);
}

PsExit
ps_verb_show (const PsOptions *options, char **arguments)
{
  g_autofree char *unit = arguments[0] != NULL ? ps_read_unit_name (arguments[0]) : NULL;
  const char *run = unit != NULL ? arguments[1] : NULL;
  g_auto (PsReadOne) one = { 0 };
  PsLife *life;
  PsExit status = PS_EXIT_USAGE;

  if (run != NULL && arguments[2] != NULL)
    {
      ps_verb_complain ("“%s” is one too many; see psctl show --help", arguments[2]);
      return status;
    }
  life = ps_read_one (&one, options, unit, run, &status);
  if (life == NULL && status == PS_EXIT_NOTHING)
    ps_read_complain_of_nothing (one.reader, options, "no such life is in this journal");
  if (life != NULL && options->json)
    print_json (options, life);
  else if (life != NULL)
    print_life (options, life);
  return status;
}
