/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One record of a text file that may be cut off, or damaged, at any byte: a line with a checksum.
 *
 *     CRC32C VERB WORD...\n       1c3f90aa unlink id=3 path=/run/food/socket
 *
 * Pure, libc's memcpy() and the like at most. Printing is async-signal-safe.
 */

#include <stddef.h>
#include <stdint.h>

/* Of a whole line: the longest path that the kernel takes, with each byte escaped, and more. */
#define PS_LINE_MAX (20 * 1024)

/* A line in the making. What does not fit is not cut: there is no line then. */
typedef struct
{
  char *text;
  size_t size;
  size_t length;
  int is_full;
} PsLine;

/* key NULL: a bare word. */
void ps_line_begin (PsLine *line, char *buffer, size_t size, const char *verb);
void ps_line_add (PsLine *line, const char *key, const char *value);
void ps_line_add_int (PsLine *line, const char *key, int64_t value);
void ps_line_add_hex (PsLine *line, const char *key, uint64_t value);
size_t ps_line_end (PsLine *line);
size_t ps_line_put_header (char *buffer, size_t size, const char *what, const char *version);

typedef enum
{
  PS_LINE_GOOD,
  PS_LINE_BAD,  /* not as it was written; others follow */
  PS_LINE_TORN, /* the same of the last one: whoever wrote it did not come to its end */
  PS_LINE_NONE, /* the end of the file */
} PsLineKind;

/* A line that was read; it points into what it was read from. */
typedef struct
{
  const char *verb;
  size_t verb_length;
  const char *words; /* of a bad line nothing is set but text and length */
  size_t words_length;
  const char *text; /* the whole, without the line break */
  size_t length;
} PsLineRead;

typedef struct
{
  const char *key; /* "" of a bare word */
  size_t key_length;
  const char *value; /* as it stands there, escaped */
  size_t value_length;
} PsLineWord;

uint32_t ps_line_checksum (const char *bytes, size_t n);
PsLineKind ps_line_next (const char **at, const char *end, PsLineRead *line);
int ps_line_is (const PsLineRead *line, const char *verb);
int ps_line_next_word (const PsLineRead *line, const char **at, PsLineWord *word);
int ps_line_word_is (const PsLineWord *word, const char *key);
int ps_line_value (const PsLineWord *word, char *buffer, size_t size);
int ps_line_get (const PsLineRead *line, const char *key, char *buffer, size_t size);
int ps_line_get_int (const PsLineRead *line, const char *key, int64_t *value);
int ps_line_get_hex (const PsLineRead *line, const char *key, uint64_t *value);
int ps_line_is_header (const PsLineRead *line, const char *what, const char *version);
