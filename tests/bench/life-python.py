# SPDX-License-Identifier: LGPL-2.1-or-later
"""CPython's signal and atexit; its first callback is the signal handler. "stay": goes on."""

import atexit
import os
import signal
import sys
import time

STAYS = sys.argv[1:2] == ["stay"]


def say_now():
    os.write(1, b"%d\n" % time.clock_gettime_ns(time.CLOCK_MONOTONIC))


def handle(*_):
    if STAYS:
        say_now()
    else:
        sys.exit(128 + signal.SIGTERM)


signal.signal(signal.SIGTERM, handle)
if not STAYS:
    atexit.register(say_now)
os.write(1, b"ready\n")
while True:
    signal.pause()
