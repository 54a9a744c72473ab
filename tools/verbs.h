/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Each verb's function; each in verb-NAME.c. */

#include "ps-verb.h"

PsExit ps_verb_history (const PsOptions *options, char **arguments);
PsExit ps_verb_show (const PsOptions *options, char **arguments);
PsExit ps_verb_blame (const PsOptions *options, char **arguments);
PsExit ps_verb_status (const PsOptions *options, char **arguments);
PsExit ps_verb_new_unit (const PsOptions *options, char **arguments);
PsExit ps_verb_settle (const PsOptions *options, char **arguments);
PsExit ps_verb_plot (const PsOptions *options, char **arguments);

/* Their own options, and what --help says of them. */
extern const GOptionEntry ps_verb_new_unit_options[];
extern const char ps_verb_new_unit_details[];
extern const GOptionEntry ps_verb_plot_options[];
extern const char ps_verb_plot_details[];
extern const GOptionEntry ps_verb_settle_options[];
extern const char ps_verb_settle_details[];
