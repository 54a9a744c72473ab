/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which units /proc/PID/cgroup speaks of. The text is as the kernel writes it for the different
 * ways of mounting cgroups, and may be cut, or be nonsense.
 */

#include "ps-cgroup.h"

#include <string.h>

/* of_first: what is said of the first process; NULL: it was not asked. */
static void
assert_units_below (const char *proc_cgroup, const char *of_first, const char *unit,
                    const char *user_unit)
{
  char found[PS_CGROUP_UNIT_MAX + 1], found_of_user[PS_CGROUP_UNIT_MAX + 1];

  g_test_message ("%s", proc_cgroup);
  ps_cgroup_get_units (proc_cgroup, of_first, found, found_of_user, sizeof found);
  g_assert_cmpstr (found, ==, unit != NULL ? unit : "");
  g_assert_cmpstr (found_of_user, ==, user_unit != NULL ? user_unit : "");
}

static void
assert_units (const char *proc_cgroup, const char *unit, const char *user_unit)
{
  assert_units_below (proc_cgroup, NULL, unit, user_unit);
}

static void
assert_unit (const char *proc_cgroup, const char *unit)
{
  assert_units (proc_cgroup, unit, NULL);
}

static void
test_unified (void)
{
  assert_unit ("0::/system.slice/cron.service\n", "cron.service");
  assert_unit ("0::/system.slice/cron.service", "cron.service");
  assert_unit ("0::/init.scope\n", "init.scope");
  assert_unit ("0::/system.slice/system-getty.slice/getty@tty1.service\n", "getty@tty1.service");
  assert_unit ("0::/system.slice/dbus.socket\n", "dbus.socket");
  assert_unit ("0::/system.slice/var-lib.mount\n", "var-lib.mount");
}

/* In a container that sees the paths of its host. */
static void
test_below (void)
{
#define BOX "/machine.slice/box.scope"
  static const char a[] = "0::" BOX "/system.slice/a.service\n";

  assert_units_below (a, "0::" BOX "/init.scope\n", "a.service", NULL);
  assert_units_below (a, "0::" BOX "\n", "a.service", NULL);
  assert_units_below (a, "0::/init.scope\n", "box.scope", NULL);
  assert_units_below (a, "0::/\n", "box.scope", NULL);
  assert_units_below (a, "", "box.scope", NULL);
  assert_units_below (a, "1:name=systemd:" BOX "\n", "box.scope", NULL);
  assert_units_below (a, "0::/machine.slice/box.sco\n", "box.scope", NULL);
  assert_units_below (a, "0::" BOX "/system.slice/a.service/more\n", "box.scope", NULL);
  assert_units_below ("0::/init.scope\n", "0::/init.scope\n", "init.scope", NULL);
  assert_units_below ("0::" BOX "\n", "0::" BOX "\n", NULL, NULL);
  assert_units_below ("0::/system.slice/a.service\n", "0::/\n", "a.service", NULL);
  assert_units_below ("0::" BOX "/user.slice/user-7.slice/user@7.service/app.slice/b.service\n",
                      "0::" BOX "/init.scope\n", "user@7.service", "b.service");
  /* Each hierarchy has its own root. */
  assert_units_below ("4:name=systemd:/x/a.service\n0::/y/b.service\n",
                      "4:name=systemd:/x\n0::/z\n", "a.service", NULL);
  assert_units_below ("4:name=systemd:/x/a.service\n0::/y/b.service\n",
                      "4:name=systemd:/z\n0::/y\n", "b.service", NULL);
#undef BOX
}

/* What is below a user's manager is told apart: the user can name it. */
static void
test_users (void)
{
#define USER "0::/user.slice/user-1000.slice/"
  assert_unit (USER "session-3.scope\n", "session-3.scope");
  assert_unit (USER "session-3.scope/made-up.service\n", "session-3.scope");
  assert_unit (USER "user@1000.service\n", "user@1000.service");
  assert_unit (USER "user@1000.service/app.slice\n", "user@1000.service");
  assert_units (USER "user@1000.service/init.scope\n", "user@1000.service", "init.scope");
  assert_units (USER "user@1000.service/app.slice/app-foo-12.scope\n", "user@1000.service",
                "app-foo-12.scope");
  assert_units (USER "user@1000.service/app.slice/app-foo.slice/foo@1.service/made-up.scope\n",
                "user@1000.service", "foo@1.service");
  assert_units (USER "user@1000.service/user@0.service/sshd.service\n", "user@1000.service",
                "user@0.service");
  assert_unit (USER "user@1000.service/payload/sshd.service\n", "user@1000.service");
  /* These are services like any other. */
  assert_unit ("0::/system.slice/user@.service/a.scope\n", "user@.service");
  assert_unit ("0::/system.slice/user@me.service/a.scope\n", "user@me.service");
  assert_unit ("0::/system.slice/user@1000.service.scope/a.scope\n", "user@1000.service.scope");
  assert_unit ("0::/system.slice/user@1000.scope/a.scope\n", "user@1000.scope");
#undef USER
}

/* A service that was given its cgroup makes more below it, by names of its own. */
static void
test_nested (void)
{
  assert_unit ("0::/system.slice/docker.service/supervisor\n", "docker.service");
  assert_unit ("0::/system.slice/foo.service/payload/worker-3\n", "foo.service");
  assert_unit ("0::/system.slice/foo.service/sshd.service\n", "foo.service");
  assert_unit ("0::/machine.slice/vm.scope/init/system.slice/inner.service\n", "vm.scope");
  assert_unit ("0::/system.slice/a.service/b.slice/c.service\n", "a.service");
  assert_unit ("0::/../../system.slice/outside.service\n", "outside.service");
}

static void
test_hybrid (void)
{
  assert_unit ("12:pids:/system.slice/wrong.service\n"
               "2:cpu,cpuacct:/system.slice/wrong.service\n"
               "1:name=systemd:/system.slice/right.service\n"
               "0::/system.slice/right.service\n",
               "right.service");
  assert_unit ("11:memory:/foo\n1:name=systemd:/system.slice/old.service\n", "old.service");
  /* With the unified hierarchy there and empty, as in some containers. */
  assert_unit ("1:name=systemd:/system.slice/old.service\n0::/\n", "old.service");
  assert_unit ("0::/\n1:name=systemd:/system.slice/old.service\n", "old.service");
}

static void
test_no_unit (void)
{
  assert_unit ("", NULL);
  assert_unit ("0::/\n", NULL);
  assert_unit ("0::/user.slice\n", NULL);
  assert_unit ("0::/docker/0123456789abcdef\n", NULL);
  assert_unit ("0::/docker/0123456789abcdef/system.slice/inner.service\n", NULL);
  assert_unit ("0::/kubepods.slice/kubepods-pod1.slice/0123456789abcdef\n", NULL);
  assert_unit ("12:pids:/system.slice/wrong.service\n", NULL);
  assert_unit ("3:name=elogind:/c2.scope\n", NULL);
}

/* systemd escapes names that the kernel would take for its own files. */
static void
test_escapes (void)
{
  assert_unit ("0::/system.slice/_cpu.service\n", "cpu.service");
  assert_unit ("0::/system.slice/__odd.service\n", "_odd.service");
  assert_unit ("0::/_cpu.slice/_cpu.service\n", "cpu.service");
  assert_unit ("0::/system.slice/my\\x2ddaemon.service\n", "my\\x2ddaemon.service");
}

static void
test_hostile (void)
{
  assert_unit ("0::", NULL);
  assert_unit ("0:", NULL);
  assert_unit (":name=systemd:", NULL);
  assert_unit ("\n\n\n", NULL);
  assert_unit ("////", NULL);
  assert_unit ("0:://///\n", NULL);
  assert_unit ("service", NULL);
  assert_unit ("x.service\n", NULL);
  assert_unit ("0::/a.service.d/b.services\n", NULL);
  assert_unit ("0::/system.slice/foo.serv", NULL); /* cut */
  assert_unit ("0::/system.slice/foo.service/cut-he", "foo.service");
  /* These end like a unit, and name none. */
  assert_unit ("0::/.service\n", NULL);
  assert_unit ("0::/_.scope\n", NULL);
  assert_unit ("0::/real.service/.scope\n", "real.service");
}

/* Whole, or not at all. */
static void
test_long_names (void)
{
  g_autofree char *longest = g_strnfill (PS_CGROUP_UNIT_MAX - strlen (".service"), '7');
  g_autofree char *unit = g_strconcat (longest, ".service", NULL);
  g_autofree char *fits = g_strconcat ("0::/system.slice/", unit, "\n", NULL);
  g_autofree char *too_long = g_strconcat ("0::/system.slice/7", unit, "\n", NULL);
  g_autofree char *users = g_strconcat ("0::/user@", unit, "/a.service\n", NULL);

  assert_unit (fits, unit);
  assert_unit (too_long, NULL);
  assert_units (users, NULL, NULL);
}

static void
assert_plausible (const char *text, const char *unit)
{
  if (unit[0] == '\0')
    return;
  g_assert_nonnull (strstr (text, unit));
  g_assert_null (strpbrk (unit, "/\n"));
  g_assert_true (g_str_has_suffix (unit, ".service") || g_str_has_suffix (unit, ".scope"));
}

static void
test_random (void)
{
  static const char *const pieces[] = {
    "0::",     "/",  "1:name=systemd:", ".service",       "_", "\n", ".scope", ":", "a", "\377",
    "\033[2J", "..", "system.slice",    "user@1.service/"
  };

  for (guint i = 0; i < 20000; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      char unit[PS_CGROUP_UNIT_MAX + 1], user_unit[PS_CGROUP_UNIT_MAX + 1];

      for (int n = g_test_rand_int_range (0, 16); n > 0; n--)
        g_string_append (text, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
      ps_cgroup_get_units (text->str, NULL, unit, user_unit, sizeof unit);
      assert_plausible (text->str, unit);
      assert_plausible (text->str, user_unit);
      g_assert_true (unit[0] != '\0' || user_unit[0] == '\0');
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cgroup/unified", test_unified);
  g_test_add_func ("/cgroup/below", test_below);
  g_test_add_func ("/cgroup/users", test_users);
  g_test_add_func ("/cgroup/nested", test_nested);
  g_test_add_func ("/cgroup/hybrid", test_hybrid);
  g_test_add_func ("/cgroup/no-unit", test_no_unit);
  g_test_add_func ("/cgroup/escapes", test_escapes);
  g_test_add_func ("/cgroup/hostile", test_hostile);
  g_test_add_func ("/cgroup/long-names", test_long_names);
  g_test_add_func ("/cgroup/random", test_random);
  return g_test_run ();
}
