/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What another process calls itself, and where the kernel says that it is: in words, and as a
 * unit's name. */

#include "target.h"

#include "ps-cause.h"
#include "ps-cgroup.h"

static void
check_unit (const char *cgroup, const char *unit)
{
  if (unit[0] == '\0')
    return;
  g_assert_nonnull (strstr (cgroup, unit));
  g_assert_true (unit[0] != '.' && strpbrk (unit, "/\n") == NULL);
  g_assert_nonnull (strchr (unit, '.'));
}

static void
check_units (const char *cgroup)
{
  char unit[PS_CGROUP_UNIT_MAX + 1], user_unit[PS_CGROUP_UNIT_MAX + 1];

  ps_cgroup_get_units (cgroup, NULL, unit, user_unit, sizeof unit);
  check_unit (cgroup, unit);
  check_unit (cgroup, user_unit);
}

static void
check_numbers (const PsCause *cause, int code)
{
  g_assert_cmpint (ps_cause_clamp_code (code), >=, 0);
  g_assert_cmpint (ps_cause_clamp_code (code), <=, 255);
  g_assert_true (code == 0 || ps_cause_clamp_code (code) != 0);
  g_assert_cmpint (ps_cause_status (cause, PS_EXIT_POLICY_SUCCESS), ==, 0);
  g_assert_cmpint (ps_cause_status (cause, PS_EXIT_POLICY_STATUS), ==, 128 + cause->signum);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t n)
{
  Feed feed = { bytes, n };
  PsCause cause = { .kind = PS_CAUSE_NONE };
  int signum = feed_byte (&feed), si_code = (gint8) feed_byte (&feed);
  pid_t pid = (pid_t) feed_byte (&feed);
  g_autofree char *comm = feed_text (&feed, 256);
  g_autofree char *unit = feed_text (&feed, 1024);
  g_autofree char *cgroup = feed_text (&feed, 65536);
  char words[PS_CAUSE_WORDS];
  PsSender sender;

  check_units (cgroup);
  sender = (PsSender){ .pid = pid,
                       .uid = (uid_t) pid,
                       .comm = pid % 2 ? comm : NULL,
                       .unit = pid % 3 ? unit : NULL,
                       .user_unit = pid % 5 ? unit : NULL };
  ps_cause_set_signal (&cause, signum, ps_cause_origin (si_code, pid, 7), &sender);
  ps_cause_describe (&cause, words, sizeof words);
  g_assert_true (is_harmless_line (words));
  g_assert_cmpstr (ps_cause_kind_name (cause.kind), ==, "signal");
  check_numbers (&cause, (int) feed_int64 (&feed));
  ps_cause_clear (&cause);
  return 0;
}
