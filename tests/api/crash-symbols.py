#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""crash-symbols - what the objects that run in a signal handler may call (case C14).

    crash-symbols.py ARCHIVE [NM]

Reads the undefined symbols of those members of the static library. Whatever is not on the list
below fails the test: it may take a lock that the thread that crashed holds, or allocate memory.
"""

import re
import subprocess
import sys

OBJECTS = {
    "ps-crash", "ps-crash-actions", "ps-crash-facts", "ps-crash-tell", "ps-crash-text", "ps-crash-call", "ps-unwind",
    "ps-backstop", "ps-clock", "ps-fd", "ps-self", "ps-sender", "ps-termlog",
    "ps-write", "ps-words", "ps-lastwords", "ps-outlet", "ps-current", "ps-lastcalls", "ps-run-log", "ps-run-text", "ps-line",
}

# signal-safety(7) lists them.
POSIX = """
    _exit alarm clock_gettime close connect fcntl fcntl64 fdatasync fstat fstat64 ftruncate
    ftruncate64 getpid getppid kill memchr memcmp memcpy memset nanosleep open open64 poll pthread_sigmask read readlink sendmsg setsockopt sigaction sigaddset sigdelset sigemptyset
    sigfillset sigismember sigpending socket strcmp strlen strnlen write pthread_equal pthread_self
""".split()

# No more than a system call, or the address of something.
LINUX = """
    __errno_location gettid madvise mmap mmap64 munmap prctl program_invocation_short_name sigtimedwait syscall
""".split()

# The unwinder is linked statically, and without locks; the loader's function is documented so.
UNWIND = "_Unwind_Backtrace _Unwind_GetIP _Unwind_GetIPInfo _dl_find_object".split()

# Made by the compiler. What checks the size of a copy or the stack ends the process; bcmp() is what clang
# makes of memcmp() where only equality counts.
COMPILER = r"_GLOBAL_OFFSET_TABLE_|bcmp|__stack_chk_fail|__(mem\w+|read|readlink|poll|strn?len)_chk"

# Builds that measure themselves.
INSTRUMENTED = r"_*(asan|ubsan|tsan|sanitizer|gcov|llvm)_\w+|__sanitizer_cov\w*"

ALLOWED = set(POSIX + LINUX + UNWIND)


def members(archive, nm):
    """Name of the object -> (undefined symbols, defined symbols)."""
    found = {}
    text = subprocess.run([nm, "--format=posix", archive], capture_output=True, text=True,
                          check=True).stdout
    name = None
    for line in text.splitlines():
        heading = re.fullmatch(r".*?([^/\[\]]+)\.c\.o\]?:", line)
        if heading:
            name = heading[1]
            found[name] = (set(), set())
            continue
        words = line.split()
        if name and len(words) > 1:
            found[name][words[1] not in ("U", "w")].add(words[0])
    return found


def main():
    archive = sys.argv[1]
    found = members(archive, sys.argv[2] if len(sys.argv) > 2 else "nm")
    ours = set().union(*(found[name][1] for name in OBJECTS & set(found)))
    print(f"1..{len(OBJECTS)}")
    failed = 0
    for number, name in enumerate(sorted(OBJECTS), 1):
        if name not in found:
            print(f"not ok {number} - C14 {name}: is not in {archive}")
            failed += 1
            continue
        wrong = {symbol for symbol in found[name][0] - ALLOWED - ours
                 if not re.fullmatch(f"{COMPILER}|{INSTRUMENTED}", symbol)}
        print(f"{'not ok' if wrong else 'ok'} {number} - C14 {name} calls only what is "
              "async-signal-safe")
        for symbol in sorted(wrong):
            print(f"# {symbol} is not on the list; can it be called while every lock is held?")
        failed += bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
