/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One life for people to read, in the parts that `psctl show` prints it in. life: whole. */

#include "ps-life.h"
#include "ps-output.h"

/* What ended, when and why, and of what it crashed: a line for each. */
void ps_show_facts (const PsOutput *output, const PsLife *life);

/* The steps of the exit as a tree, and what happened beside them. */
void ps_show_steps (const PsOutput *output, const PsLife *life);
