#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon in CPython that uses the library by ctypes, and has children in every way it knows.

usage: python-children.py LIBRARY

What happens goes to descriptor 3, as in every child of these tests.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import time

POINTER = ctypes.c_void_p
CALLBACK = ctypes.CFUNCTYPE(None, POINTER, POINTER)
SOURCE = ctypes.CFUNCTYPE(ctypes.c_int, POINTER)
EVENTS = {1 << 2: "terminate", 1 << 3: "quit", 1 << 6: "finish"}

glib = ctypes.CDLL("libglib-2.0.so.0")
ps = ctypes.CDLL(os.environ.get("PS_TEST_PYTHON_LIBRARY") or sys.argv[1])
glib.g_main_loop_new.restype = POINTER
glib.g_main_loop_new.argtypes = [POINTER, ctypes.c_int]
glib.g_idle_add.argtypes = [SOURCE, POINTER]
for function, arguments in {
        "ps_glib_attach": [POINTER],
        "ps_watcher_get_default": [],
        "ps_watcher_set_log_func": [POINTER, POINTER, POINTER, POINTER],
        "ps_watcher_add": [POINTER, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint,
                           CALLBACK, POINTER, POINTER],
        "ps_watcher_run": [POINTER],
        "ps_context_get_event": [POINTER]}.items():
    getattr(ps, function).argtypes = arguments
ps.ps_glib_attach.restype = POINTER
ps.ps_watcher_get_default.restype = POINTER


def say(line):
    os.write(3, f"{line}\n".encode())


@CALLBACK
def on_event(context, _):
    say(EVENTS[ps.ps_context_get_event(context)])


@SOURCE
def on_ready(_):
    say("ready")
    return 0


def has_watcher():
    return ps.ps_watcher_get_default() is not None


def wait_for(pid):
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def fork(end):
    pid = os.fork()
    if pid == 0:
        end(3 if has_watcher() else 5)
    say(f"os.fork, {end.__name__}: {wait_for(pid)}")


def leave(_):
    """The end of a process that multiprocessing has made."""
    sys.exit(3 if has_watcher() else 6)


def stay(pipe):
    pipe.send("here")
    time.sleep(1000)


def use_multiprocessing(how):
    context = multiprocessing.get_context(how)
    process = context.Process(target=leave, args=(None,))
    process.start()
    process.join()
    say(f"{how}: {process.exitcode}")

    ours, theirs = context.Pipe()
    process = context.Process(target=stay, args=(theirs,))
    process.start()
    ours.recv()
    process.terminate()
    process.join()
    say(f"{how}, terminated: {process.exitcode}")

    with context.Pool(2) as pool:
        say(f"{how}, pool: {pool.map(abs, [-1, 2, -3])}")


def main():
    # A process that is spawned reads this file anew, and has other arguments.
    os.environ["PS_TEST_PYTHON_LIBRARY"] = sys.argv[1]
    loop = glib.g_main_loop_new(None, 0)
    watcher = ps.ps_glib_attach(loop)
    ps.ps_watcher_set_log_func(watcher, None, None, None)
    for event in EVENTS:
        ps.ps_watcher_add(watcher, event, b"on_event", 0, 0, on_event, event, None)

    fork(sys.exit)
    fork(os._exit)
    fork(by_signal)
    for how in "fork", "spawn", "forkserver":
        use_multiprocessing(how)

    glib.g_idle_add(on_ready, None)
    # The interpreter is alive while callbacks run: they are over when this returns.
    sys.exit(ps.ps_watcher_run(watcher))


def by_signal(_):
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
