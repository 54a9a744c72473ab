/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <unistd.h>

#include "failure.h"
#include "line.h"

/*
 * Lines in SQLite, a transaction a batch.
 *
 * The promise of an "ok" rests on two settings. With journal_mode=WAL a commit is appended to the
 * write-ahead log; the kernel has it when COMMIT returns, so that no end of the process (a stop,
 * SIGKILL, a crash) can take it away. synchronous=FULL adds an fsync of the log to each commit:
 * then it survives a power loss too, as far as the disk keeps what it says it has written. It
 * costs one fsync a batch, not one a line, which is why lines are written in batches at all.
 * (With synchronous=NORMAL the last batches before a power loss would be missing.)
 *
 * Row ids are AUTOINCREMENT: whoever takes lines out of the inbox and deletes them never sees the
 * number of an "ok" come back with another line.
 */

#define APPLICATION_ID "1886611812" /* "psid" */
#define SCHEMA_VERSION "1"
#define BUSY_TIMEOUT_MS 2000 /* another program is writing: wait, but not for long */

struct _Store
{
  sqlite3 *db;
  sqlite3_stmt *begin;
  sqlite3_stmt *insert;
  sqlite3_stmt *commit;
  sqlite3_stmt *rollback;
};

/* SQLite tells the errno of its last attempt, which was to open the file for reading only. */
static int
find_errno (sqlite3 *db, const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  gboolean there = g_access (path, F_OK) == 0;

  if ((sqlite3_errcode (db) & 0xff) != SQLITE_CANTOPEN)
    return db != NULL ? sqlite3_system_errno (db) : 0;
  if (g_access (there ? path : directory, R_OK | W_OK) < 0)
    return errno;
  return sqlite3_system_errno (db);
}

static int
failure_from_sqlite (sqlite3 *db, int errsv)
{
  switch (sqlite3_errcode (db) & 0xff)
    {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return EX_DATAERR;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return EX_NOPERM;
    case SQLITE_CANTOPEN:
      return failure_from_errno (errsv);
    case SQLITE_BUSY:
      return EX_TEMPFAIL;
    default:
      return EX_CANTCREAT;
    }
}

static gboolean
set_failure (Store *self, const char *path, GError **error)
{
  int errsv = find_errno (self->db, path);

  g_set_error (error, FAILURE, failure_from_sqlite (self->db, errsv), "Database %s: %s%s%s", path,
               sqlite3_errmsg (self->db), errsv != 0 ? ": " : "",
               errsv != 0 ? g_strerror (errsv) : "");
  return FALSE;
}

static char *
ask (Store *self, const char *sql)
{
  sqlite3_stmt *statement = NULL;
  char *answer = NULL;

  if (sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL) == SQLITE_OK
      && sqlite3_step (statement) == SQLITE_ROW)
    answer = g_strdup ((const char *) sqlite3_column_text (statement, 0));
  sqlite3_finalize (statement);
  return answer;
}

/* Somebody's address book must not become an inbox because of a slip in the configuration. */
static gboolean
check_owner (Store *self, const char *path, GError **error)
{
  g_autofree char *tables = ask (self, "SELECT count(*) FROM sqlite_schema");
  g_autofree char *application = ask (self, "PRAGMA application_id");
  g_autofree char *version = ask (self, "PRAGMA user_version");

  if (tables == NULL || application == NULL || version == NULL)
    return set_failure (self, path, error);
  if (g_str_equal (tables, "0"))
    return TRUE;
  if (g_str_equal (application, APPLICATION_ID) && g_str_equal (version, SCHEMA_VERSION))
    return TRUE;

  g_set_error (error, FAILURE, EX_DATAERR,
               "Database %s was not made by this version of ps-inboxd: name another file, which "
               "will be created, or move this one away",
               path);
  return FALSE;
}

static gboolean
set_up (Store *self, const char *path, GError **error)
{
  static const char schema[] =
      "PRAGMA synchronous=FULL;"
      "BEGIN IMMEDIATE;"
      "CREATE TABLE IF NOT EXISTS inbox"
      " (id INTEGER PRIMARY KEY AUTOINCREMENT, received_us INTEGER NOT NULL, line TEXT NOT NULL);"
      "PRAGMA application_id=" APPLICATION_ID ";"
      "PRAGMA user_version=" SCHEMA_VERSION ";"
      "COMMIT;";
  g_autofree char *mode = NULL;

  sqlite3_busy_timeout (self->db, BUSY_TIMEOUT_MS);
  if (!check_owner (self, path, error))
    return FALSE;
  mode = ask (self, "PRAGMA journal_mode=WAL");
  if (mode == NULL)
    return set_failure (self, path, error);
  if (!g_str_equal (mode, "wal"))
    {
      g_set_error (error, FAILURE, EX_CANTCREAT,
                   "Database %s: no write-ahead log can be used there (the journal mode is “%s”): "
                   "put it on a local file system",
                   path, mode);
      return FALSE;
    }
  if (sqlite3_exec (self->db, schema, NULL, NULL, NULL) != SQLITE_OK)
    return set_failure (self, path, error);
  return TRUE;
}

static gboolean
prepare (Store *self, const char *path, GError **error)
{
  const struct
  {
    sqlite3_stmt **statement;
    const char *sql;
  } all[] = {
    { &self->begin, "BEGIN IMMEDIATE" },
    { &self->insert, "INSERT INTO inbox (received_us, line) VALUES (?, ?)" },
    { &self->commit, "COMMIT" },
    { &self->rollback, "ROLLBACK" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (sqlite3_prepare_v3 (self->db, all[i].sql, -1, SQLITE_PREPARE_PERSISTENT, all[i].statement,
                            NULL)
        != SQLITE_OK)
      return set_failure (self, path, error);
  return TRUE;
}

Store *
store_open (const char *path, GError **error)
{
  g_autoptr (Store) self = g_new0 (Store, 1);
  g_autofree char *absolute = g_canonicalize_filename (path, NULL); /* never ":memory:" or a URI */
  int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

  if (sqlite3_open_v2 (absolute, &self->db, flags, NULL) != SQLITE_OK)
    {
      set_failure (self, absolute, error);
      return NULL;
    }
  if (!set_up (self, absolute, error) || !prepare (self, absolute, error))
    return NULL;
  return g_steal_pointer (&self);
}

static gboolean
run (sqlite3_stmt *statement)
{
  gboolean done = sqlite3_step (statement) == SQLITE_DONE;

  sqlite3_reset (statement);
  return done;
}

static gboolean
insert_all (Store *self, GPtrArray *lines)
{
  for (guint i = 0; i < lines->len; i++)
    {
      Line *line = g_ptr_array_index (lines, i);

      if (line->problem != NULL)
        continue;
      sqlite3_bind_int64 (self->insert, 1, line->received_us);
      sqlite3_bind_text64 (self->insert, 2, line->text, line->length, SQLITE_STATIC, SQLITE_UTF8);
      if (!run (self->insert))
        return FALSE;
      line->id = sqlite3_last_insert_rowid (self->db);
    }
  return TRUE;
}

static void
refuse_all (GPtrArray *lines, int code)
{
  g_autofree char *words = g_strdup_printf ("database: %s", sqlite3_errstr (code));
  const char *problem = g_intern_string (words); /* there are only so many codes */

  for (guint i = 0; i < lines->len; i++)
    {
      Line *line = g_ptr_array_index (lines, i);

      if (line->problem == NULL)
        line->problem = problem;
    }
}

/* All of them or none: after FALSE every line carries its problem, and none is stored. */
gboolean
store_write (Store *self, GPtrArray *lines, GError **error)
{
  int code, errsv;

  if (run (self->begin) && insert_all (self, lines) && run (self->commit))
    return TRUE;

  code = sqlite3_extended_errcode (self->db);
  errsv = sqlite3_system_errno (self->db);
  g_set_error (error, FAILURE, EX_IOERR, "%s%s%s", sqlite3_errmsg (self->db),
               errsv != 0 ? ": " : "", errsv != 0 ? g_strerror (errsv) : "");
  if (!sqlite3_get_autocommit (self->db))
    run (self->rollback);
  refuse_all (lines, code);
  return FALSE;
}

/* Moves what the log holds into the database and empties the log. Nothing is lost when it fails:
 * the next start reads the log. */
gboolean
store_checkpoint (Store *self, GError **error)
{
  int code = sqlite3_wal_checkpoint_v2 (self->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

  if (code == SQLITE_OK)
    return TRUE;
  g_set_error (error, FAILURE, EX_TEMPFAIL,
               "The write-ahead log stays (%s); nothing is lost, the next start takes it up",
               sqlite3_errstr (code));
  return FALSE;
}

void
store_close (Store *self)
{
  if (self == NULL)
    return;
  sqlite3_finalize (self->begin);
  sqlite3_finalize (self->insert);
  sqlite3_finalize (self->commit);
  sqlite3_finalize (self->rollback);
  sqlite3_close (self->db);
  g_free (self);
}
