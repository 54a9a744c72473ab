/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The files of a record directory are read by programs after a crash, a power cut, a full disk, and
 * by people with a pager. So each record is a line of plain text, and each line proves by itself
 * that it is whole: it begins with the CRC-32C of all that follows up to the line break.
 *
 * Nothing in a line can end it, or forge another: in words, spaces, backslashes, control characters
 * and what is not UTF-8 are written as \xNN, and so are the characters that change how a terminal
 * shows the rest (C1 controls, line separators, the marks of writing direction). Everything else is
 * left as it is, for the eye.
 *
 * A line that is not as it was written is one of two things. At the end of the file it is torn: its
 * writer was killed, or the disk was full, and it never counted. Before the end it is damage, and
 * the lines after it still count; what to do about it is its reader's business. Empty lines are
 * nothing: who appends to a file with a torn end writes a line break first.
 */

#include "ps-line.h"

#include <string.h>

#define SUM_LENGTH 8 /* and a space */

/* --- The checksum ---------------------------------------------------------------------------- */

/* CRC-32C (Castagnoli), half a byte at a time: lines are short, and the table is, too. */
uint32_t
ps_line_checksum (const char *bytes, size_t n)
{
  static const uint32_t table[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
  };
  uint32_t sum = 0xffffffff;

  for (size_t i = 0; i < n; i++)
    {
      sum ^= (unsigned char) bytes[i];
      sum = (sum >> 4) ^ table[sum & 15];
      sum = (sum >> 4) ^ table[sum & 15];
    }
  return ~sum;
}

static void
put_checksum (char *text, uint32_t sum)
{
  for (int i = 0; i < SUM_LENGTH; i++)
    text[i] = "0123456789abcdef"[sum >> (4 * (SUM_LENGTH - 1 - i)) & 15];
}

/* -1: it is none. Upper case was never written. */
static int
hex_digit (char c)
{
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* --- Printing -------------------------------------------------------------------------------- */

static void
put (PsLine *line, const char *bytes, size_t n)
{
  /* One byte is kept for the line break. */
  if (line->is_full || n > line->size - line->length - 1)
    {
      line->is_full = 1;
      return;
    }
  memcpy (line->text + line->length, bytes, n);
  line->length += n;
}

/* How many bytes the UTF-8 character at text has; 0: it is none. */
static size_t
character (const unsigned char *text, uint32_t *code)
{
  size_t n = text[0] < 0x80 ? 1 : text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
  uint32_t value = n == 1 ? text[0] : text[0] & (0xffu >> (n + 1));

  if (text[0] > 0xf4)
    return 0;
  for (size_t i = 1; i < n; i++)
    {
      if ((text[i] & 0xc0) != 0x80)
        return 0;
      value = value << 6 | (text[i] & 0x3f);
    }
  if ((n == 3 && value < 0x800) || (n == 4 && (value < 0x10000 || value > 0x10ffff))
      || (value >= 0xd800 && value <= 0xdfff))
    return 0;
  *code = value;
  return n;
}

/* Whether it neither ends a word nor does anything to a terminal but to be seen. */
static int
is_plain (uint32_t c)
{
  return c > ' ' && c != '\\' && (c < 0x7f || c >= 0xa0) && c != 0x061c
         && (c < 0x200b || c > 0x200f) && (c < 0x2028 || c > 0x202e) && (c < 0x2066 || c > 0x2069)
         && c != 0xfeff;
}

static void
put_escaped (PsLine *line, const char *text, int is_key)
{
  const unsigned char *at = (const unsigned char *) text;

  while (*at != '\0')
    {
      uint32_t c = 0;
      size_t n = character (at, &c);

      if (n > 0 && is_plain (c) && !(is_key && c == '='))
        put (line, (const char *) at, n);
      else
        for (size_t i = 0; i < (n > 0 ? n : 1); i++)
          {
            const char *digits = "0123456789abcdef";
            const char escaped[4] = { '\\', 'x', digits[at[i] >> 4], digits[at[i] & 15] };

            put (line, escaped, sizeof escaped);
          }
      at += n > 0 ? n : 1;
    }
}

/* Begins a line in the buffer, which has the size of ten bytes at least. */
void
ps_line_begin (PsLine *line, char *buffer, size_t size, const char *verb)
{
  *line = (PsLine){ .text = buffer, .size = size };
  put (line, "00000000 ", SUM_LENGTH + 1);
  put_escaped (line, verb, 1);
}

/* Async-signal-safe. */
void
ps_line_add (PsLine *line, const char *key, const char *value)
{
  put (line, " ", 1);
  if (key != NULL)
    {
      put_escaped (line, key, 1);
      put (line, "=", 1);
    }
  put_escaped (line, value, key == NULL);
}

static void
add_number (PsLine *line, const char *key, uint64_t value, unsigned base, int is_negative)
{
  char text[24];
  size_t at = sizeof text;

  text[--at] = '\0';
  do
    text[--at] = "0123456789abcdef"[value % base];
  while ((value /= base) > 0);
  if (is_negative)
    text[--at] = '-';
  ps_line_add (line, key, text + at);
}

void
ps_line_add_int (PsLine *line, const char *key, int64_t value)
{
  add_number (line, key, value < 0 ? -(uint64_t) value : (uint64_t) value, 10, value < 0);
}

void
ps_line_add_hex (PsLine *line, const char *key, uint64_t value)
{
  add_number (line, key, value, 16, 0);
}

/* Puts the checksum and the line break. Returns the length of the whole, which has no NUL; 0: the
 * buffer is too small for it. Async-signal-safe. */
size_t
ps_line_end (PsLine *line)
{
  if (line->is_full || line->size < SUM_LENGTH + 2)
    return 0;
  put_checksum (line->text,
                ps_line_checksum (line->text + SUM_LENGTH + 1, line->length - SUM_LENGTH - 1));
  line->text[line->length++] = '\n';
  return line->length;
}

/* What a file of such lines begins with: what it is, and the version of its words. As
 * ps_line_end(). */
size_t
ps_line_put_header (char *buffer, size_t size, const char *what, const char *version)
{
  PsLine line;

  ps_line_begin (&line, buffer, size, what);
  ps_line_add (&line, NULL, version);
  return ps_line_end (&line);
}

/* --- Reading --------------------------------------------------------------------------------- */

/* Whether the text is as it was written, and has a verb. */
static int
take_apart (PsLineRead *line)
{
  char sum[SUM_LENGTH];
  const char *verb = line->text + SUM_LENGTH + 1, *end = line->text + line->length, *space;

  if (line->length <= SUM_LENGTH + 1 || verb[-1] != ' ' || *verb == ' ')
    return 0;
  put_checksum (sum, ps_line_checksum (verb, (size_t) (end - verb)));
  if (memcmp (sum, line->text, SUM_LENGTH) != 0)
    return 0;
  space = memchr (verb, ' ', (size_t) (end - verb));
  line->verb = verb;
  line->verb_length = (size_t) ((space != NULL ? space : end) - verb);
  line->words = verb + line->verb_length;
  line->words_length = (size_t) (end - line->words);
  return 1;
}

/* The line at *at, which is moved behind it. */
PsLineKind
ps_line_next (const char **at, const char *end, PsLineRead *line)
{
  const char *newline;

  while (*at < end && **at == '\n')
    ++*at;
  if (*at >= end)
    return PS_LINE_NONE;
  newline = memchr (*at, '\n', (size_t) (end - *at));
  *line = (PsLineRead){ .text = *at };
  line->length = (size_t) ((newline != NULL ? newline : end) - *at);
  *at = newline != NULL ? newline + 1 : end;
  if (newline != NULL && take_apart (line))
    return PS_LINE_GOOD;
  return *at < end ? PS_LINE_BAD : PS_LINE_TORN;
}

static int
is_text (const char *bytes, size_t n, const char *text)
{
  return strlen (text) == n && memcmp (bytes, text, n) == 0;
}

int
ps_line_is (const PsLineRead *line, const char *verb)
{
  return is_text (line->verb, line->verb_length, verb);
}

/* The words one after another; *at is NULL at first. 0: there are no more. */
int
ps_line_next_word (const PsLineRead *line, const char **at, PsLineWord *word)
{
  const char *end = line->words + line->words_length, *from = *at != NULL ? *at : line->words;
  const char *stop, *equals;

  while (from < end && *from == ' ')
    from++;
  if (from >= end)
    return 0;
  stop = memchr (from, ' ', (size_t) (end - from));
  if (stop == NULL)
    stop = end;
  equals = memchr (from, '=', (size_t) (stop - from));
  word->key = from;
  word->key_length = equals != NULL ? (size_t) (equals - from) : 0;
  word->value = equals != NULL ? equals + 1 : from;
  word->value_length = (size_t) (stop - word->value);
  *at = stop;
  return 1;
}

int
ps_line_word_is (const PsLineWord *word, const char *key)
{
  return is_text (word->key, word->key_length, key);
}

/* The value, unescaped and with a NUL. Returns its length; -1: it has none such, it is too long for
 * the buffer, or it has a NUL within; then the buffer is of no use. */
int
ps_line_value (const PsLineWord *word, char *buffer, size_t size)
{
  size_t length = 0;

  for (size_t i = 0; i < word->value_length; i++)
    {
      int c = (unsigned char) word->value[i];

      if (c == '\\')
        {
          int high, low;

          if (word->value_length - i < 4 || word->value[i + 1] != 'x')
            return -1;
          high = hex_digit (word->value[i + 2]);
          low = hex_digit (word->value[i + 3]);
          if (high < 0 || low < 0)
            return -1;
          c = high << 4 | low;
          i += 3;
        }
      if (c == '\0' || length + 1 >= size)
        return -1;
      buffer[length++] = (char) c;
    }
  if (size == 0)
    return -1;
  buffer[length] = '\0';
  return (int) length;
}

/* The first of that key; NULL: the first bare word. As ps_line_value(). */
int
ps_line_get (const PsLineRead *line, const char *key, char *buffer, size_t size)
{
  const char *at = NULL;
  PsLineWord word;

  while (ps_line_next_word (line, &at, &word))
    if (ps_line_word_is (&word, key != NULL ? key : ""))
      return ps_line_value (&word, buffer, size);
  return -1;
}

static int
read_number (const char *text, unsigned base, uint64_t max, uint64_t *value)
{
  uint64_t sum = 0;

  if (*text == '\0')
    return -1;
  for (; *text != '\0'; text++)
    {
      int digit = hex_digit (*text);

      if (digit < 0 || (unsigned) digit >= base || sum > (max - (unsigned) digit) / base)
        return -1;
      sum = sum * base + (unsigned) digit;
    }
  *value = sum;
  return 0;
}

/* 0, or -1 where there is no such number; then *value is left alone. */
int
ps_line_get_int (const PsLineRead *line, const char *key, int64_t *value)
{
  char text[24];
  int is_negative;
  uint64_t size;

  if (ps_line_get (line, key, text, sizeof text) < 0)
    return -1;
  is_negative = text[0] == '-';
  if (read_number (text + is_negative, 10, (uint64_t) INT64_MAX + (unsigned) is_negative, &size)
      < 0)
    return -1;
  *value = is_negative ? (int64_t) -size : (int64_t) size;
  return 0;
}

int
ps_line_get_hex (const PsLineRead *line, const char *key, uint64_t *value)
{
  char text[24];

  if (ps_line_get (line, key, text, sizeof text) < 0)
    return -1;
  return read_number (text, 16, UINT64_MAX, value);
}

int
ps_line_is_header (const PsLineRead *line, const char *what, const char *version)
{
  char text[24];

  return ps_line_is (line, what) && ps_line_get (line, NULL, text, sizeof text) > 0
         && strcmp (text, version) == 0;
}
