/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Foreign text on its way into XML. Pure. */

#include <glib.h>

/* Appends text so that it is text wherever it stands, in an attribute as well. What cannot be in
 * XML, what is no UTF-8 and what would turn the line around comes as \xNN or \u{NNNN}. */
void ps_xml_append (GString *to, const char *text);

/* Likewise, but no wider than so many letters; what is cut ends in "…". Returns the width. */
gsize ps_xml_append_cut (GString *to, const char *text, gsize width);

/* How many letters wide it would be. */
gsize ps_xml_width (const char *text);
