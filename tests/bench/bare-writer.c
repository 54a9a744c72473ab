/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What SQLite takes when nobody sends, nobody is answered and nobody ends: the inserts of ps-inboxd
 * and its settings, a transaction for 1,000 lines, in one thread.
 *
 *     bare-writer DATABASE SECONDS      prints the lines per second
 */
#include "bench.h"

#include <sqlite3.h>

#define BATCH 1000

static sqlite3 *db;

static void
need (int good)
{
  if (good)
    return;
  fprintf (stderr, "bare-writer: %s\n", sqlite3_errmsg (db));
  exit (99);
}

static sqlite3_stmt *
prepare (const char *sql)
{
  sqlite3_stmt *statement = NULL;

  need (sqlite3_prepare_v3 (db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) == SQLITE_OK);
  return statement;
}

static void
run (sqlite3_stmt *statement)
{
  need (sqlite3_step (statement) == SQLITE_DONE);
  sqlite3_reset (statement);
}

/* The same lines as inbox-flood's. */
static void
insert (sqlite3_stmt *statement, long number)
{
  static const char padding[] = "the quick brown fox jumps over the lazy dog, again and again";
  char line[256];
  int length = snprintf (line, sizeof line, "bench %ld %ld %.*s", number % 64, number,
                         (int) ((unsigned long) number * 7 % sizeof padding), padding);

  sqlite3_bind_int64 (statement, 1, bench_now_ns () / 1000);
  sqlite3_bind_text64 (statement, 2, line, (sqlite3_uint64) length, SQLITE_STATIC, SQLITE_UTF8);
  run (statement);
}

int
main (int argc, char **argv)
{
  sqlite3_stmt *begin, *insertion, *commit;
  int64_t begun, end;
  long lines = 0;

  if (argc != 3)
    return 2;
  need (sqlite3_open (argv[1], &db) == SQLITE_OK);
  need (sqlite3_exec (
            db,
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE inbox (id INTEGER "
            "PRIMARY KEY AUTOINCREMENT, received_us INTEGER NOT NULL, line TEXT NOT NULL)",
            NULL, NULL, NULL)
        == SQLITE_OK);
  begin = prepare ("BEGIN IMMEDIATE");
  insertion = prepare ("INSERT INTO inbox (received_us, line) VALUES (?, ?)");
  commit = prepare ("COMMIT");
  begun = bench_now_ns ();
  end = begun + atol (argv[2]) * 1000000000;
  while (bench_now_ns () < end)
    {
      run (begin);
      for (int i = 0; i < BATCH; i++)
        insert (insertion, lines++);
      run (commit);
    }
  printf ("%.0f\n", (double) lines * 1e9 / (double) (bench_now_ns () - begun));
  return 0;
}
