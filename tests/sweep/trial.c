/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The subject is a program of its own, executed anew for each trial. Its marks come over a pipe;
 * the service manager and the journal are sockets that are read all the time, so that nothing of
 * what is seen comes from a queue that is full. Nothing here waits for a time to pass, but for the
 * outer limit, which kills.
 */

#include "trial.h"
#include "ps-places.h"
#include "ps-tap.h"
#include "sweep.h"
#include "tracer.h"

#include <ps-ids.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_US (30 * G_USEC_PER_SEC)
#define MESSAGE_MAX (64 * 1024)

/* More than any exit meets that goes on. */
#define DEAF_FAULTS 2000

static struct
{
  char *directory;
  char *manager_path;
  char *termination_log;
  int manager;
  int journal;
  int children; /* a signalfd for SIGCHLD */
} well;

typedef struct
{
  const TrialPlan *plan;
  TrialOutcome *outcome;
  Tracer tracer;
  pid_t pid;
  int marks;
  int output;
  int counts;
  GString *unread;
  gboolean was_asked_to_end;
  gboolean ended;
} Trial;

/* --- Sockets ---------------------------------------------------------------------------------- */

static int
listen_at (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  if (g_strlcpy (address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
    g_error ("The path %s is too long for a socket; set TMPDIR to a shorter one.", path);
  if (fd < 0 || bind (fd, (const struct sockaddr *) &address, sizeof address) < 0)
    g_error ("No socket for the sweep: %s", g_strerror (errno));
  return fd;
}

static void
close_all (void)
{
  g_autofree char *journal_path = g_build_filename (well.directory, "journal", NULL);

  g_unlink (journal_path);
  g_unlink (well.manager_path);
  g_unlink (well.termination_log);
  g_rmdir (well.directory);
}

gboolean
trial_open (void)
{
  g_autofree char *journal_path = NULL;
  sigset_t set;

  if (well.directory != NULL)
    return TRUE;
  well.directory = g_dir_make_tmp ("ps-sweep-XXXXXX", NULL);
  if (well.directory == NULL)
    g_error ("No directory for the sweep: %s", g_strerror (errno));
  well.manager_path = g_build_filename (well.directory, "manager", NULL);
  well.termination_log = g_build_filename (well.directory, "end", NULL);
  journal_path = g_build_filename (well.directory, "journal", NULL);
  well.manager = listen_at (well.manager_path);
  well.journal = listen_at (journal_path);
  atexit (close_all);

  sigemptyset (&set);
  sigaddset (&set, SIGCHLD);
  sigprocmask (SIG_BLOCK, &set, NULL);
  well.children = signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return child_own_run (journal_path);
}

/* Fields and line breaks, whatever else they are, as text. */
static void
receive (int fd, GPtrArray *messages)
{
  static char message[MESSAGE_MAX + 1];
  ssize_t n;

  while ((n = recv (fd, message, MESSAGE_MAX, 0)) >= 0 || errno == EINTR)
    if (n >= 0)
      {
        message[n] = '\0';
        g_ptr_array_add (messages, g_strdup (message));
      }
}

/* --- The subject ------------------------------------------------------------------------------ */

static void
be_subject (const TrialPlan *plan, int marks, int output, int counts)
{
  const struct rlimit no_core = { 0, 0 };
  const struct sigaction fresh = { .sa_handler = SIG_DFL };
  gboolean backtraces = g_getenv ("SWEEP_BACKTRACE") != NULL;
  gboolean is_alone = g_str_equal (plan->ending, "alone");
  sigset_t none;

  setpgid (0, 0);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  setrlimit (RLIMIT_CORE, &no_core);
  for (int signum = 1; signum < NSIG; signum++)
    sigaction (signum, &fresh, NULL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  close_range (STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  dup2 (output, STDOUT_FILENO);
  dup2 (output, STDERR_FILENO);
  dup2 (marks, SWEEP_MARK_FD);
  dup2 (counts, SWEEP_COUNTS_FD);
  clearenv ();
  setenv ("NOTIFY_SOCKET", is_alone ? "/nowhere" : well.manager_path, TRUE);
  setenv (PS_ENV_TERMINATION_LOG, well.termination_log, TRUE);
  if (!is_alone)
    setenv ("WATCHDOG_USEC", "60000000", TRUE);
  setenv ("INVOCATION_ID", "0123456789abcdef0123456789abcdef", TRUE);
  setenv (SWEEP_ENV_FDS, PS_SWEEP_FDS, TRUE);
  setenv ("G_SLICE", "always-malloc", TRUE);
  /* Otherwise GLib converts what it complains of, and libc opens a table for that which a program
   * that is executed just then finds. */
  setenv ("CHARSET", "UTF-8", TRUE);
  if (plan->deadline_sec != NULL)
    setenv (PS_ENV_DEADLINE_SEC, plan->deadline_sec, TRUE);
  if (plan->memory != NULL)
    setenv (SWEEP_ENV_MEMORY, plan->memory, TRUE);
  if (plan->at_call != NULL)
    setenv (SWEEP_ENV_TRACED, "1", TRUE);
  if (backtraces)
    setenv ("SWEEP_BACKTRACE", "1", TRUE);
  execl (PS_SWEEP_SUBJECT, PS_SWEEP_SUBJECT, plan->ending, NULL);
  _exit (99);
}

static void
start (Trial *self)
{
  int marks[2];

  if (pipe2 (marks, O_CLOEXEC) < 0)
    g_error ("No pipe for the subject: %s", g_strerror (errno));
  fcntl (marks[0], F_SETFL, O_NONBLOCK);
  self->output = memfd_create ("output", MFD_CLOEXEC);
  self->counts = memfd_create ("counts", MFD_CLOEXEC);
  if (ftruncate (self->counts, sizeof (SweepCounts)) < 0)
    g_error ("No memory to count in: %s", g_strerror (errno));
  fflush (NULL);
  self->pid = fork ();
  if (self->pid < 0)
    g_error ("No child: %s", g_strerror (errno));
  if (self->pid == 0)
    be_subject (self->plan, marks[1], self->output, self->counts);
  close (marks[1]);
  self->marks = marks[0];
  self->tracer =
      (Tracer){ .pid = self->pid, .at_call = self->plan->at_call, .data = self->plan->data };
}

/* --- What it says ----------------------------------------------------------------------------- */

/* The sweep of an exit begins with what causes it. */
static void
end_it (Trial *self, int signum)
{
  if (self->plan->from_attach && self->tracer.n_fired > 0)
    return;
  if (!self->plan->from_attach)
    self->tracer.armed = TRUE;
  self->was_asked_to_end |= signum == SIGTERM;
  kill (self->pid, signum);
}

static void
take_mark (Trial *self, const char *mark)
{
  const char *ending = self->plan->ending;

  if (!g_str_equal (mark, "ready") && !g_str_equal (mark, "reloaded"))
    g_ptr_array_add (self->outcome->marks, g_strdup (mark));
  if (g_str_equal (mark, "ready"))
    {
      if (self->plan->from_attach)
        self->tracer.armed = FALSE;
      if (g_str_equal (ending, "term"))
        end_it (self, SIGTERM);
      else if (g_str_equal (ending, "reload"))
        end_it (self, SIGHUP);
    }
  else if (g_str_equal (mark, "reloaded") && g_str_equal (ending, "reload"))
    end_it (self, SIGTERM);
}

static void
read_marks (Trial *self)
{
  char buffer[512], *end;
  ssize_t n;

  while ((n = read (self->marks, buffer, sizeof buffer)) > 0)
    g_string_append_len (self->unread, buffer, n);
  while ((end = strchr (self->unread->str, '\n')) != NULL)
    {
      g_autofree char *mark = g_strndup (self->unread->str, (gsize) (end - self->unread->str));

      g_string_erase (self->unread, 0, end - self->unread->str + 1);
      take_mark (self, mark);
    }
}

static void
take_prctl (Trial *self, int said)
{
  if (said == SWEEP_OWN_END)
    read_marks (self);
  if (said == SWEEP_ATTACH && self->plan->from_attach)
    self->tracer.armed = TRUE;
  if (said == SWEEP_EXIT && !self->plan->from_attach)
    self->tracer.armed = TRUE;
}

/* --- Until it ends ---------------------------------------------------------------------------- */

/* One that is so far gone that it does not see the SIGHUP has still to take the SIGTERM after it.
 */
static void
end_the_deaf (Trial *self)
{
  if (self->tracer.n_fired < DEAF_FAULTS || self->was_asked_to_end
      || !g_str_equal (self->plan->ending, "reload"))
    return;
  end_it (self, SIGTERM);
}

/* TRUE: there was something. */
static gboolean
take_child (Trial *self)
{
  int status;
  pid_t pid = waitpid (-1, &status, __WALL | WNOHANG);

  if (pid <= 0)
    return FALSE;
  if (WIFSTOPPED (status))
    {
      take_prctl (self, tracer_take_stop (&self->tracer, pid, status));
      end_the_deaf (self);
    }
  else if (pid == self->pid)
    {
      self->outcome->wait_status = status;
      self->ended = TRUE;
    }
  return TRUE;
}

static void
wait_for_something (Trial *self, gint64 until_us)
{
  struct pollfd fds[] = { { .fd = well.children, .events = POLLIN },
                          { .fd = well.manager, .events = POLLIN },
                          { .fd = well.journal, .events = POLLIN },
                          { .fd = self->plan->at_call == NULL ? self->marks : -1,
                            .events = POLLIN } };
  gint64 left_ms = (until_us - g_get_monotonic_time ()) / 1000;
  struct signalfd_siginfo info;

  if (poll (fds, G_N_ELEMENTS (fds), (int) MAX (left_ms, 0)) == 0 && left_ms <= 0)
    {
      self->outcome->timed_out = TRUE;
      kill (self->pid, SIGKILL);
    }
  while (read (well.children, &info, sizeof info) > 0)
    ;
}

static void
watch (Trial *self)
{
  gint64 until_us = g_get_monotonic_time () + PATIENCE_US * tap_slowness ();

  while (!self->ended)
    {
      receive (well.manager, self->outcome->notes);
      receive (well.journal, self->outcome->records);
      /* Under the tracer a mark is taken when the subject is back at what is swept. */
      if (self->plan->at_call == NULL)
        read_marks (self);
      while (!self->ended && take_child (self))
        ;
      if (!self->ended)
        wait_for_something (self, until_us);
    }
}

static char *
read_output (int fd)
{
  struct stat st;
  char *text;

  if (fstat (fd, &st) < 0)
    return g_strdup ("");
  text = g_malloc0 ((gsize) st.st_size + 1);
  if (pread (fd, text, (gsize) st.st_size, 0) < 0)
    text[0] = '\0';
  return text;
}

static void
count (Trial *self)
{
  SweepCounts counts = { 0 };

  if (pread (self->counts, &counts, sizeof counts, 0) != sizeof counts)
    g_error ("What was counted cannot be read: %s", g_strerror (errno));
  self->outcome->n_allocations = counts.allocations;
  self->outcome->n_calls = self->tracer.n_calls;
  self->outcome->call = self->tracer.call;
  self->outcome->error = self->tracer.error;
  self->outcome->n_fired = self->tracer.n_fired + counts.failed;
}

TrialOutcome *
trial_run (const TrialPlan *plan)
{
  Trial self = { .plan = plan, .outcome = g_new0 (TrialOutcome, 1) };
  TrialOutcome *outcome = self.outcome;

  outcome->marks = g_ptr_array_new_with_free_func (g_free);
  outcome->notes = g_ptr_array_new_with_free_func (g_free);
  outcome->records = g_ptr_array_new_with_free_func (g_free);
  self.unread = g_string_new (NULL);
  g_unlink (well.termination_log);
  start (&self);
  watch (&self);

  /* A program it executed may have outlived it. */
  kill (-self.pid, SIGKILL);
  read_marks (&self);
  receive (well.manager, outcome->notes);
  receive (well.journal, outcome->records);
  outcome->output = read_output (self.output);
  g_file_get_contents (well.termination_log, &outcome->last_words, NULL, NULL);
  count (&self);
  close (self.counts);
  close (self.output);
  close (self.marks);
  g_string_free (self.unread, TRUE);
  return outcome;
}

void
trial_outcome_free (TrialOutcome *outcome)
{
  g_ptr_array_unref (outcome->marks);
  g_ptr_array_unref (outcome->notes);
  g_ptr_array_unref (outcome->records);
  g_free (outcome->output);
  g_free (outcome->last_words);
  g_free (outcome);
}
