/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * psctl new-unit: a unit from one of the installed templates. It asks nothing: what is not said is
 * sensible, or an error that names the option.
 *
 * What is made is checked before it is put in its place: in a directory of its own, and, as long as
 * the daemon is not installed, with a stand-in for it.
 */

#include "verbs.h"

#include "ps-unit-check.h"
#include "ps-unit-file.h"
#include "ps-unit-text.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_BYTES 200
#define FILES_MAX 2

static char *template, *templates, *output, *description, *documentation, *bindir, *busname,
    *account;
static gboolean only_prints, forces;

const GOptionEntry ps_verb_new_unit_options[] = {
  { "template", 't', 0, G_OPTION_ARG_STRING, &template, NULL, NULL },
  { "templates", 0, 0, G_OPTION_ARG_FILENAME, &templates, NULL, NULL },
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, NULL, NULL },
  { "description", 0, 0, G_OPTION_ARG_STRING, &description, NULL, NULL },
  { "documentation", 0, 0, G_OPTION_ARG_STRING, &documentation, NULL, NULL },
  { "bindir", 0, 0, G_OPTION_ARG_STRING, &bindir, NULL, NULL },
  { "busname", 0, 0, G_OPTION_ARG_STRING, &busname, NULL, NULL },
  { "account", 0, 0, G_OPTION_ARG_STRING, &account, NULL, NULL },
  { "print", 0, 0, G_OPTION_ARG_NONE, &only_prints, NULL, NULL },
  { "force", 0, 0, G_OPTION_ARG_NONE, &forces, NULL, NULL },
  G_OPTION_ENTRY_NULL,
};

const char ps_verb_new_unit_details[] =
    "  -t, --template=NAME       notify (unless said), notify-reload, dbus,\n"
    "                            socket-activated, instanced, user\n"
    "  -o, --output=DIR          Where to; unless said /etc/systemd/system, or of the\n"
    "                            template user ~/.config/systemd/user\n"
    "  --description=TEXT, --documentation=URI, --bindir=DIR   What stands in it\n"
    "  --busname=NAME, --account=USER   Likewise, of the template dbus\n"
    "  --print                   Write it to standard output, and no file\n"
    "  --force                   Overwrite; write though systemd-analyze complains\n"
    "  --templates=DIR           Templates from there\n"
    "\n"
    "Status here: 0 done, 1 failed, or systemd-analyze complained; 2 wrong usage; 4 not\n"
    "allowed to write there.\n";

/* What a template makes, besides NAME.service. */
static const struct
{
  const char *name;
  const char *files[FILES_MAX]; /* as they are called in the directory of templates */
  const char *suffixes[FILES_MAX];
} kinds[] = {
  { "notify", { "notify.service.in" }, { ".service" } },
  { "notify-reload", { "notify-reload.service.in" }, { ".service" } },
  { "dbus", { "dbus.service.in" }, { ".service" } },
  { "socket-activated",
    { "socket-activated.service.in", "socket-activated.socket.in" },
    { ".service", ".socket" } },
  { "instanced", { "instanced@.service.in" }, { "@.service" } },
  { "user", { "user.service.in" }, { ".service" } },
};

typedef struct
{
  gsize kind;
  char *name;
  gboolean is_users;
  char *names[FILES_MAX + 1];
  char *texts[FILES_MAX + 1];
} NewUnit;

static void
clear (NewUnit *self)
{
  g_free (self->name);
  for (gsize i = 0; i < FILES_MAX; i++)
    {
      g_free (self->names[i]);
      g_free (self->texts[i]);
    }
}

/* --- What is asked for ----------------------------------------------------------------------- */

static gboolean
find_template (NewUnit *self)
{
  const char *wanted = template != NULL ? template : "notify";

  for (self->kind = 0; self->kind < G_N_ELEMENTS (kinds); self->kind++)
    if (strcmp (kinds[self->kind].name, wanted) == 0)
      {
        self->is_users = strcmp (wanted, "user") == 0;
        return TRUE;
      }
  ps_verb_complain ("there is no template “%s”; see psctl new-unit --help", wanted);
  return FALSE;
}

/* foo, or foo.service: the name of the daemon, too. */
static gboolean
take_name (NewUnit *self, char **arguments)
{
  static const char allowed[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.-";

  if (arguments[0] == NULL || arguments[1] != NULL)
    {
      ps_verb_complain ("say one name: that of the daemon; see psctl new-unit --help");
      return FALSE;
    }
  self->name = g_strdup (arguments[0]);
  if (g_str_has_suffix (self->name, ".service"))
    self->name[strlen (self->name) - strlen (".service")] = '\0';
  if (*self->name == '\0' || *self->name == '-' || *self->name == '.'
      || strlen (self->name) > NAME_MAX_BYTES || self->name[strspn (self->name, allowed)] != '\0')
    {
      ps_verb_complain ("“%s” cannot be a unit's name: letters, digits and :_.- only",
                        arguments[0]);
      return FALSE;
    }
  return TRUE;
}

static const char *
get_bindir (void)
{
  return bindir != NULL ? bindir : PS_BINDIR;
}

/* In ExecStart= other characters mean something, or end the path. */
static gboolean
check_bindir (void)
{
  static const char allowed[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.+-/";

  if (bindir == NULL || (*bindir == '/' && bindir[strspn (bindir, allowed)] == '\0'))
    return TRUE;
  ps_verb_complain ("--bindir=%s is no absolute path of letters, digits and :_.+-", bindir);
  return FALSE;
}

static char *
get_output (const NewUnit *self)
{
  if (output != NULL)
    return g_strdup (output);
  return self->is_users ? g_build_filename (g_get_user_config_dir (), "systemd", "user", NULL)
                        : g_strdup ("/etc/systemd/system");
}

/* --- Making it ------------------------------------------------------------------------------- */

static char *
fill_template (const NewUnit *self, const char *file, const char *binaries, GError **error)
{
  g_autofree char *path =
      g_build_filename (templates != NULL ? templates : PS_TEMPLATES_DIR, file, NULL);
  g_autofree char *text = NULL, *manual = g_strdup_printf ("man:%s(8)", self->name);
  const PsUnitWord words[] = {
    { "name", "NAME", self->name },
    { "description", "--description", description != NULL ? description : self->name },
    { "documentation", "--documentation", documentation != NULL ? documentation : manual },
    { "bindir", "--bindir", binaries },
    { "busname", "--busname", busname },
    { "user", "--account", account },
    { NULL },
  };

  if (!g_file_get_contents (path, &text, NULL, error))
    return NULL;
  return ps_unit_text_fill (text, words, error);
}

static gboolean
make_texts (NewUnit *self)
{
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < FILES_MAX && kinds[self->kind].files[i] != NULL; i++)
    {
      self->names[i] = g_strconcat (self->name, kinds[self->kind].suffixes[i], NULL);
      self->texts[i] = fill_template (self, kinds[self->kind].files[i], get_bindir (), &error);
      if (self->texts[i] == NULL)
        {
          ps_verb_complain ("%s", error->message);
          return FALSE;
        }
    }
  return TRUE;
}

/* --- Checking it ----------------------------------------------------------------------------- */

static gboolean
write_copies (const NewUnit *self, const char *directory, gboolean stands_in, GError **error)
{
  for (gsize i = 0; self->names[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (directory, self->names[i], NULL);
      g_autofree char *text =
          stands_in ? fill_template (self, kinds[self->kind].files[i], directory, error)
                    : g_strdup (self->texts[i]);

      if (text == NULL || !ps_unit_file_write (path, text, TRUE, error))
        return FALSE;
    }
  return TRUE;
}

static void
remove_copies (const NewUnit *self, const char *directory, const char *stand_in)
{
  for (gsize i = 0; self->names[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (directory, self->names[i], NULL);

      g_unlink (path);
    }
  g_unlink (stand_in);
  g_rmdir (directory);
}

static gboolean
check (const NewUnit *self, const PsOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *directory = g_dir_make_tmp ("psctl-unit-XXXXXX", &error);
  g_autofree char *binary = g_build_filename (get_bindir (), self->name, NULL), *stand_in = NULL;
  gboolean is_there = g_file_test (binary, G_FILE_TEST_IS_EXECUTABLE), good = TRUE;

  if (directory != NULL)
    {
      stand_in = g_build_filename (directory, self->name, NULL);
      if (!is_there && symlink ("/bin/true", stand_in) == 0 && !options->quiet)
        ps_verb_complain ("note: %s is not there yet", binary);
      if (write_copies (self, directory, !is_there, &error))
        good = ps_unit_check (directory, (const char *const *) self->names, self->is_users);
      remove_copies (self, directory, stand_in);
    }
  if (error != NULL)
    ps_verb_complain ("not checked: %s", error->message);
  if (!good && !forces && !only_prints)
    ps_verb_complain ("systemd-analyze verify complains; --force writes it nevertheless");
  return good;
}

/* --- Putting it in its place ----------------------------------------------------------------- */

static gboolean
is_free (const NewUnit *self, const char *directory)
{
  for (gsize i = 0; !forces && self->names[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (directory, self->names[i], NULL);

      if (!g_file_test (path, G_FILE_TEST_EXISTS) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        continue;
      ps_verb_complain ("%s is there already; --force overwrites it", path);
      return FALSE;
    }
  return TRUE;
}

static PsExit
write_all (const NewUnit *self, const char *directory)
{
  if (self->is_users && output == NULL)
    g_mkdir_with_parents (directory, 0755);
  for (gsize i = 0; self->names[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (directory, self->names[i], NULL);
      g_autoptr (GError) error = NULL;

      if (!ps_unit_file_write (path, self->texts[i], forces, &error))
        {
          ps_verb_complain ("%s", error->message);
          return g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_ACCES) ? PS_EXIT_DENIED
                                                                           : PS_EXIT_FAILED;
        }
      printf ("%s\n", path);
    }
  return PS_EXIT_DONE;
}

static void
print_all (const NewUnit *self)
{
  for (gsize i = 0; self->names[i] != NULL; i++)
    {
      if (self->names[1] != NULL)
        printf ("%s# %s\n", i > 0 ? "\n" : "", self->names[i]);
      fputs (self->texts[i], stdout);
    }
}

PsExit
ps_verb_new_unit (const PsOptions *options, char **arguments)
{
  NewUnit self = { 0 };
  g_autofree char *directory = NULL;
  PsExit status = PS_EXIT_USAGE;

  if (find_template (&self) && take_name (&self, arguments) && check_bindir ()
      && make_texts (&self))
    {
      directory = get_output (&self);
      status = PS_EXIT_FAILED;
      if (only_prints)
        {
          print_all (&self);
          status = check (&self, options) ? PS_EXIT_DONE : PS_EXIT_FAILED;
        }
      else if (is_free (&self, directory) && (check (&self, options) || forces))
        status = write_all (&self, directory);
    }
  clear (&self);
  return status;
}
