/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What became of a life, in words for people, clean; and as JSON. Pure. */

#include "ps-json.h"
#include "ps-life.h"

/* A user's name; NULL when there is none of that number. Its result is freed. */
typedef char *(*PsNameUser) (gint64 uid);

/* "SIGTERM from systemd (1)", "killed: out of memory", "power loss". name_user may be NULL. */
char *ps_life_text_ending (const PsLife *life, PsNameUser name_user);

/* "alice's bash (4711)"; NULL when the sender is not known. */
char *ps_life_text_sender (const PsWhy *why, PsNameUser name_user);

/* 0, 143, SIGKILL; "-" */
char *ps_life_text_status (const PsLife *life);

/* The keys of a life; with is_whole those of its steps and its crash, too. Within an object. */
void ps_life_json (PsJson *json, const PsLife *life, gboolean is_whole);
