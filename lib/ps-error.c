/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-error.h"

/* clang-format off */
G_DEFINE_QUARK (ps-error-quark, ps_error)
