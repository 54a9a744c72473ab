/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What people write today: GLib for signals, libsystemd for messages, a list of ten functions that
 * are called at the end. Two records, as libpostscriptum has them: why it ends, and how it ended.
 * Where the manager has a watchdog it pings.
 *
 *     life-hand [steps] [bare] [will]  steps: with a record before and after each function, too;
 *                                    bare: READY=1, and it just quits; will: three
 *                                    files are made, and removed at the end
 */
#include "bench.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#define STEPS 10

static gboolean tells_steps, is_bare, has_files;
static GMainLoop *loop;
static int status;

static void
step (int number)
{
  if (number == 0)
    bench_say_now ();
}

static void
tell_step (int number, const char *what, const char *id)
{
  if (tells_steps)
    sd_journal_send ("MESSAGE=%s step %d of %d", what, number + 1, STEPS, "MESSAGE_ID=%s", id,
                     "PRIORITY=7", "STEP_NUMBER=%d", number + 1, NULL);
}

static void
for_each_file (void (*func) (const char *path))
{
  for (int i = 0; has_files && i < BENCH_FILES; i++)
    {
      g_autofree char *path = g_strdup_printf (BENCH_DIRECTORY "/file%d", i);

      func (path);
    }
}

static void
make_file (const char *path)
{
  if (!g_file_set_contents_full (path, "", 0, G_FILE_SET_CONTENTS_NONE, 0600, NULL))
    exit (99);
}

static void
remove_file (const char *path)
{
  unlink (path);
}

static gboolean
handle (gpointer data)
{
  gint64 begun_us = g_get_monotonic_time ();

  if (is_bare)
    {
      g_main_loop_quit (loop);
      return G_SOURCE_CONTINUE;
    }
  sd_notify (FALSE, "STOPPING=1\nSTATUS=Stopping because of SIGTERM");
  sd_journal_send ("MESSAGE=Stopping because of SIGTERM",
                   "MESSAGE_ID=4b7e7b6b0b5b4a2e9a3b62f0e4b1c001", "PRIORITY=5", "SIGNAL=%d",
                   SIGTERM, NULL);
  for (int i = 0; i < STEPS; i++)
    {
      tell_step (i, "Begin", "4b7e7b6b0b5b4a2e9a3b62f0e4b1c003");
      step (i);
      tell_step (i, "Done", "4b7e7b6b0b5b4a2e9a3b62f0e4b1c004");
    }
  for_each_file (remove_file);
  status = 128 + SIGTERM;
  sd_journal_send ("MESSAGE=Ended with status %d", status,
                   "MESSAGE_ID=4b7e7b6b0b5b4a2e9a3b62f0e4b1c002", "PRIORITY=5", "STATUS=%d", status,
                   "DURATION_USEC=%" PRIi64, g_get_monotonic_time () - begun_us, NULL);
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
say_alive (gpointer data)
{
  sd_notify (FALSE, "WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  uint64_t watchdog_us;

  for (int i = 1; i < argc; i++)
    {
      tells_steps |= strcmp (argv[i], "steps") == 0;
      is_bare |= strcmp (argv[i], "bare") == 0;
      has_files |= strcmp (argv[i], "will") == 0;
    }
  g_mkdir (BENCH_DIRECTORY, 0700);
  for_each_file (make_file);
  loop = g_main_loop_new (NULL, FALSE);
  g_unix_signal_add_full (G_PRIORITY_HIGH, SIGTERM, handle, NULL, NULL);
  g_unix_signal_add_full (G_PRIORITY_HIGH, SIGINT, handle, NULL, NULL);
  g_unix_signal_add_full (G_PRIORITY_HIGH, SIGHUP, handle, NULL, NULL);
  if (sd_watchdog_enabled (FALSE, &watchdog_us) > 0)
    g_timeout_add ((guint) (watchdog_us / 2000), say_alive, NULL);
  sd_notify (FALSE, "READY=1\nSTATUS=Serving");
  bench_say_ready ();
  g_main_loop_run (loop);
  g_main_loop_unref (loop);
  return status;
}
