/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-words.h"

#include <string.h>

void
ps_words_init (PsWords *words, char *buffer, size_t size)
{
  *words = (PsWords){ .text = buffer, .size = size };
  buffer[0] = '\0';
}

void
ps_words_add_bytes (PsWords *words, const char *bytes, size_t n)
{
  size_t room = words->size - words->length - 1;

  if (n > room)
    n = room;
  memcpy (words->text + words->length, bytes, n);
  words->length += n;
  words->text[words->length] = '\0';
}

void
ps_words_add (PsWords *words, const char *text)
{
  ps_words_add_bytes (words, text, strlen (text));
}

void
ps_words_add_int (PsWords *words, int64_t value)
{
  char digits[24];
  size_t at = sizeof digits;
  uint64_t rest = value < 0 ? -(uint64_t) value : (uint64_t) value;

  do
    digits[--at] = (char) ('0' + rest % 10);
  while ((rest /= 10) > 0);
  if (value < 0)
    digits[--at] = '-';
  ps_words_add_bytes (words, digits + at, sizeof digits - at);
}

/* digits: at least so many; a value has 16 at most. */
void
ps_words_add_hex (PsWords *words, uint64_t value, unsigned digits)
{
  char text[16];
  size_t at = sizeof text;

  do
    text[--at] = "0123456789abcdef"[value & 15];
  while (at > 0 && ((value >>= 4) > 0 || sizeof text - at < digits));
  ps_words_add_bytes (words, text + at, sizeof text - at);
}

/* Text from elsewhere, as one line: control characters become question marks. */
void
ps_words_add_clean (PsWords *words, const char *text)
{
  for (; *text != '\0'; text++)
    {
      unsigned char c = (unsigned char) *text;
      char shown = c == '\n' || c == '\t' || c == '\r' ? ' ' : c < 0x20 || c == 0x7f ? '?' : *text;

      ps_words_add_bytes (words, &shown, 1);
    }
}

void
ps_words_add_duration (PsWords *words, int64_t duration_us)
{
  if (duration_us < 1000)
    {
      ps_words_add_int (words, duration_us);
      ps_words_add (words, " us");
    }
  else if (duration_us < 1000000)
    {
      ps_words_add_int (words, duration_us / 1000);
      ps_words_add (words, " ms");
    }
  else
    {
      ps_words_add_int (words, duration_us / 1000000);
      ps_words_add (words, ".");
      ps_words_add_int (words, duration_us / 100000 % 10);
      ps_words_add (words, " s");
    }
}

void
ps_words_field (PsWords *words, const char *field, const char *value)
{
  ps_words_add (words, field);
  ps_words_add (words, "=");
  ps_words_add_clean (words, value);
  ps_words_add (words, "\n");
}

void
ps_words_field_int (PsWords *words, const char *field, int64_t value)
{
  ps_words_add (words, field);
  ps_words_add (words, "=");
  ps_words_add_int (words, value);
  ps_words_add (words, "\n");
}

/* NAME, a line break, the length in eight bytes (the lowest first), the value, a line break. */
void
ps_words_field_text (PsWords *words, const char *field, const char *value)
{
  size_t room = words->size - words->length - 1;
  size_t around = strlen (field) + 1 + 8 + 1, length = strlen (value);
  char size[8];

  if (room < around)
    return;
  if (length > room - around)
    length = room - around;
  for (int i = 0; i < 8; i++)
    size[i] = (char) ((uint64_t) length >> (8 * i));
  ps_words_add (words, field);
  ps_words_add (words, "\n");
  ps_words_add_bytes (words, size, sizeof size);
  ps_words_add_bytes (words, value, length);
  ps_words_add (words, "\n");
}
