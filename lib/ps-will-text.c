/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A will file is read in one walk, which fills a table with one entry a clause: where its line is,
 * and what has become of it. The lines themselves are taken apart when their turn comes.
 *
 * What is not understood is not acted upon, and neither is what stands beside it: a verb of a later
 * version may have changed the meaning of the clauses before it, and a damaged line may have been
 * the one that revoked a clause. Only the end of a file may be torn, without a line break: its
 * writer was never told that it had been written. A last line that has its line break and a wrong
 * checksum is damage like any other, for what was cut off in the middle has none.
 */

#include "ps-will-text.h"

#include <string.h>

#define WHAT "postscriptum-will"
#define VERSION "1"

static const char *const verbs[] = {
  [PS_WILL_UNLINK] = "unlink",
  [PS_WILL_RMDIR] = "rmdir",
  [PS_WILL_RUN] = "run",
};
#define N_VERBS (sizeof verbs / sizeof verbs[0])

const char *
ps_will_text_verb (PsWillVerb verb)
{
  return verbs[verb];
}

/* For a reason. Neither translated nor looked up, for which there may be no memory. */
const char *
ps_will_text_error (int error)
{
  const char *words = strerrordesc_np (error);

  return words != NULL ? words : "unknown error";
}

/* --- Printing -------------------------------------------------------------------------------- */

size_t
ps_will_text_header (char *buffer, size_t size)
{
  return ps_line_put_header (buffer, size, WHAT, VERSION);
}

size_t
ps_will_text_owner (char *buffer, size_t size, const PsOwner *owner)
{
  PsLine line;

  ps_line_begin (&line, buffer, size, "owner");
  ps_owner_print (owner, &line);
  return ps_line_end (&line);
}

static void
print_id (PsLine *line, const PsBeneathId *id)
{
  ps_line_add_int (line, "inode", (int64_t) id->inode);
  ps_line_add_hex (line, "device", id->device);
  ps_line_add_hex (line, "type", id->type);
  ps_line_add_int (line, "born", id->born_ns);
}

size_t
ps_will_text_place (char *buffer, size_t size, unsigned number, const char *path,
                    const PsBeneathId *id)
{
  PsLine line;

  ps_line_begin (&line, buffer, size, "directory");
  ps_line_add_int (&line, "number", number);
  ps_line_add (&line, "path", path);
  print_id (&line, id);
  return ps_line_end (&line);
}

/* id NULL: there is no such file yet. */
size_t
ps_will_text_file (char *buffer, size_t size, PsWillVerb verb, unsigned number, unsigned place,
                   const char *path, const PsBeneathId *id)
{
  PsLine line;

  ps_line_begin (&line, buffer, size, verbs[verb]);
  ps_line_add_int (&line, "clause", number);
  ps_line_add_int (&line, "in", place);
  ps_line_add (&line, "path", path);
  if (id != NULL)
    print_id (&line, id);
  return ps_line_end (&line);
}

size_t
ps_will_text_command (char *buffer, size_t size, unsigned number, const char *const *argv)
{
  PsLine line;

  ps_line_begin (&line, buffer, size, verbs[PS_WILL_RUN]);
  ps_line_add_int (&line, "clause", number);
  for (; *argv != NULL; argv++)
    ps_line_add (&line, "word", *argv);
  return ps_line_end (&line);
}

/* mark: revoke, begun, done, failed, skipped. reason: NULL: none. */
size_t
ps_will_text_mark (char *buffer, size_t size, const char *mark, unsigned number, const char *reason)
{
  PsLine line;

  ps_line_begin (&line, buffer, size, mark);
  ps_line_add_int (&line, "clause", number);
  if (reason != NULL)
    ps_line_add (&line, "reason", reason);
  return ps_line_end (&line);
}

/* --- Reading --------------------------------------------------------------------------------- */

/* The entry of that clause; NULL. They ascend. */
PsWillEntry *
ps_will_text_find (PsWillEntry *entries, unsigned n, unsigned number)
{
  unsigned low = 0, high = n;

  while (low < high)
    {
      unsigned middle = low + (high - low) / 2;

      if (entries[middle].number == number)
        return &entries[middle];
      if (entries[middle].number < number)
        low = middle + 1;
      else
        high = middle;
    }
  return NULL;
}

/* A number from 1 that fits into an unsigned; 0: there is none. */
static unsigned
number_of (const PsLineRead *line, const char *key)
{
  int64_t value;

  return ps_line_get_int (line, key, &value) == 0 && value > 0 && value <= INT_MAX
             ? (unsigned) value
             : 0;
}

static int
read_id (const PsLineRead *line, PsBeneathId *id)
{
  int64_t inode, born;
  uint64_t device, type;

  if (ps_line_get_int (line, "inode", &inode) < 0 || ps_line_get_hex (line, "device", &device) < 0
      || ps_line_get_hex (line, "type", &type) < 0 || ps_line_get_int (line, "born", &born) < 0)
    return -1;
  *id = (PsBeneathId){
    .device = device, .inode = (uint64_t) inode, .born_ns = born, .type = (uint32_t) type
  };
  return 0;
}

/* 0, or -1 when the line is not a directory's. */
int
ps_will_text_read_place (const PsLineRead *line, PsWillPlace *place)
{
  unsigned number = number_of (line, "number");

  if (!ps_line_is (line, "directory") || number == 0 || number > PS_WILL_PLACES
      || read_id (line, &place->id) < 0
      || ps_line_get (line, "path", place->path, sizeof place->path) < 1 || place->path[0] != '/')
    return -1;
  place->number = number;
  return 0;
}

/* As it was written down last: a compacted file has each once. */
int
ps_will_text_find_place (const char *bytes, size_t n, unsigned number, PsWillPlace *place)
{
  const char *at = bytes;
  PsLineRead line;
  PsLineKind kind;

  while ((kind = ps_line_next (&at, bytes + n, &line)) != PS_LINE_NONE)
    if (kind == PS_LINE_GOOD && ps_line_is (&line, "directory")
        && number_of (&line, "number") == number)
      return ps_will_text_read_place (&line, place);
  return -1;
}

static int
verb_of (const PsLineRead *line)
{
  for (size_t i = 0; i < N_VERBS; i++)
    if (ps_line_is (line, verbs[i]))
      return (int) i;
  return -1;
}

/* 0: nothing that can be carried out. */
static int
read_words (const PsLineRead *line, PsWillClause *clause)
{
  const char *at = NULL;
  PsLineWord word;
  size_t used = 0, n = 0;

  while (ps_line_next_word (line, &at, &word))
    {
      int length;

      if (!ps_line_word_is (&word, "word"))
        continue;
      if (n == PS_WILL_ARGUMENTS)
        return 0;
      length = ps_line_value (&word, clause->text + used, sizeof clause->text - used);
      if (length < 0)
        return 0;
      clause->argv[n++] = clause->text + used;
      used += (size_t) length + 1;
    }
  clause->argv[n] = NULL;
  return n > 0 && clause->argv[0][0] == '/';
}

static int
read_file (const PsLineRead *line, PsWillClause *clause)
{
  char number[24];

  clause->place = number_of (line, "in");
  clause->has_id = ps_line_get (line, "inode", number, sizeof number) >= 0;
  if (clause->place == 0 || clause->place > PS_WILL_PLACES
      || (clause->has_id && read_id (line, &clause->id) < 0)
      || ps_line_get (line, "path", clause->text, sizeof clause->text) < 0)
    return 0;
  clause->path = clause->text;
  return ps_beneath_fault (clause->path) == NULL;
}

static int
read_clause (const PsLineRead *line, PsWillClause *clause)
{
  int verb = verb_of (line);

  if (verb < 0)
    return -1;
  clause->verb = (PsWillVerb) verb;
  clause->number = number_of (line, "clause");
  if (clause->number == 0)
    return -1;
  return (verb == PS_WILL_RUN ? read_words (line, clause) : read_file (line, clause)) ? 0 : -1;
}

/* 0, or -1 when it is none that can be carried out. */
int
ps_will_text_read_clause (const char *bytes, const PsWillEntry *entry, PsWillClause *clause)
{
  const char *at = bytes + entry->offset;
  PsLineRead line;

  if (ps_line_next (&at, at + entry->length, &line) != PS_LINE_GOOD)
    return -1;
  return read_clause (&line, clause);
}

static int
take_mark (PsWillText *will, const PsLineRead *line)
{
  PsWillEntry *entry = ps_will_text_find (will->entries, will->n, number_of (line, "clause"));

  if (ps_line_is (line, "begun"))
    {
      if (entry != NULL && entry->tries < 255)
        entry->tries++;
    }
  else if (ps_line_is (line, "revoke"))
    {
      if (entry != NULL)
        entry->state = PS_WILL_REVOKED;
    }
  else if (ps_line_is (line, "done") || ps_line_is (line, "failed") || ps_line_is (line, "skipped"))
    {
      if (entry != NULL)
        entry->state = PS_WILL_OVER;
    }
  else
    return 0;
  return 1;
}

/* Whether the line could be carried out is found out when its turn comes. */
static PsWillKind
take_clause (PsWillText *will, const PsLineRead *line, const char *bytes, int verb)
{
  unsigned number = number_of (line, "clause");

  if (number == 0 || (will->n > 0 && will->entries[will->n - 1].number >= number))
    return PS_WILL_FOREIGN;
  if (will->n == will->room)
    return PS_WILL_TOO_LONG;
  will->entries[will->n++] = (PsWillEntry){ .number = number,
                                            .offset = (unsigned) (line->text - bytes),
                                            .length = (unsigned) line->length + 1,
                                            .verb = (unsigned char) verb };
  return PS_WILL_READABLE;
}

static PsWillKind
take (PsWillText *will, const PsLineRead *line, const char *bytes)
{
  int verb = verb_of (line);

  if (verb >= 0)
    return take_clause (will, line, bytes, verb);
  if (ps_line_is (line, "directory") || take_mark (will, line))
    return PS_WILL_READABLE;
  if (ps_line_is (line, "owner") && ps_owner_read (&will->owner, line) == 0)
    return PS_WILL_READABLE;
  return PS_WILL_FOREIGN;
}

/* The end of a file whose writer was cut off: without a line break, or, where the power was cut and
 * the line lay across two blocks of which only the second came to the disk, with zeros before it.
 */
static int
is_torn (PsLineKind kind, const PsLineRead *line, const char *next, const char *end)
{
  if (kind == PS_LINE_TORN && line->text + line->length == end)
    return 1;
  return kind != PS_LINE_GOOD && next == end && line->length > 0 && line->text[0] == '\0';
}

/* entries and room are the caller's; the rest is filled. */
void
ps_will_text_read (PsWillText *will, const char *bytes, size_t n)
{
  const char *at = bytes;
  PsLineRead line;
  PsLineKind kind;

  *will = (PsWillText){ .entries = will->entries, .room = will->room, .kind = PS_WILL_EMPTY };
  while ((kind = ps_line_next (&at, bytes + n, &line)) != PS_LINE_NONE)
    {
      will->line++;
      if (is_torn (kind, &line, at, bytes + n))
        {
          will->is_torn = 1;
          break;
        }
      if (kind != PS_LINE_GOOD)
        will->kind = PS_WILL_DAMAGED;
      else if (will->line == 1)
        will->kind = ps_line_is_header (&line, WHAT, VERSION) ? PS_WILL_READABLE : PS_WILL_FOREIGN;
      else
        will->kind = take (will, &line, bytes);
      if (will->kind != PS_WILL_READABLE)
        return;
      will->whole = (size_t) (at - bytes);
    }
  /* Nobody's: its writer did not come so far. */
  if (will->kind == PS_WILL_READABLE && will->owner.run[0] == '\0')
    will->kind = PS_WILL_EMPTY;
}
