/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Loaded into the example daemon, which has no fault of its own that a test could wait for: the
 * line "fault in the writer" is one when it is written, and after "fault at the end" closing the
 * database is.
 */

#include <dlfcn.h>
#include <sqlite3.h>
#include <string.h>

typedef int (*Bind) (sqlite3_stmt *, int, const char *, sqlite3_uint64, void (*) (void *),
                     unsigned char);
typedef int (*Close) (sqlite3 *);

static int at_end;

static void __attribute__ ((noinline)) write_where_nothing_is (void)
{
  *(volatile int *) 0x1230 = 1;
}

static int
says (const char *text, sqlite3_uint64 length, const char *words)
{
  return length == strlen (words) && memcmp (text, words, length) == 0;
}

int
sqlite3_bind_text64 (sqlite3_stmt *statement, int column, const char *text, sqlite3_uint64 length,
                     void (*destroy) (void *), unsigned char encoding)
{
  Bind next = (Bind) dlsym (RTLD_NEXT, "sqlite3_bind_text64");

  if (says (text, length, "fault in the writer"))
    write_where_nothing_is ();
  if (says (text, length, "fault at the end"))
    at_end = 1;
  return next (statement, column, text, length, destroy, encoding);
}

int
sqlite3_close (sqlite3 *database)
{
  Close next = (Close) dlsym (RTLD_NEXT, "sqlite3_close");

  if (at_end)
    write_where_nothing_is ();
  return next (database);
}
