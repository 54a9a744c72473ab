/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A journal record and a line for people, composed where nothing may be allocated: in a signal
 * handler. Pure, libc's memcpy() and strlen() at most; all of it is async-signal-safe. */

#include <stddef.h>
#include <stdint.h>

/* Text in a buffer of the caller's, always terminated, cut where it is full. */
typedef struct
{
  char *text;
  size_t size;
  size_t length;
} PsWords;

void ps_words_init (PsWords *words, char *buffer, size_t size);
void ps_words_add (PsWords *words, const char *text);
void ps_words_add_bytes (PsWords *words, const char *bytes, size_t n);
void ps_words_add_int (PsWords *words, int64_t value);
void ps_words_add_hex (PsWords *words, uint64_t value, unsigned digits);
void ps_words_add_clean (PsWords *words, const char *text);
void ps_words_add_duration (PsWords *words, int64_t duration_us);

/* FIELD=value lines of journald's native protocol; values must not have line breaks. */
void ps_words_field (PsWords *words, const char *field, const char *value);
void ps_words_field_int (PsWords *words, const char *field, int64_t value);

/* The same for a value with line breaks. One that does not fit is cut. */
void ps_words_field_text (PsWords *words, const char *field, const char *value);
