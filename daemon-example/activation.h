/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* The listening sockets that the service manager passed (GSocket); an empty array when there are
 * none. */
GPtrArray *activation_take_sockets (GError **error);
