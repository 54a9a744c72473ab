# SPDX-License-Identifier: LGPL-2.1-or-later
"""The well-known strings of the library, read from where it has them: lib/ps-ids.h."""

import pathlib
import re

_HEADER = pathlib.Path(__file__).resolve().parents[2] / "lib" / "ps-ids.h"
_TEXT = _HEADER.read_text(encoding="utf-8")

# EXIT_BEGUN -> its 128-bit ID
MESSAGES = dict(re.findall(r'#define PS_MESSAGE_(\w+) "([0-9a-f]{32})"', _TEXT))
# PS_CAUSE and its like
FIELDS = set(re.findall(r'#define PS_FIELD_\w+ "(\w+)"', _TEXT))
