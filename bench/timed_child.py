"""Runs one program and writes what it took: `python -I -S timed_child.py OUT ERR RESULT PROGRAM ARGUMENT…`.

A process inherits the peak of whoever started it, since the system counts the memory that it had before it became another
program. So measured programs are started from here, which holds little: below some 10 MB the peak is this one's.
RESULT gets a line of exit code, seconds, processor seconds and peak in MB; the last two are `nan` where unknown.
"""

import os
import sys
import time


def main(out: str, err: str, result: str, *argv: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 1, out, flags, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, err, flags, 0o600),
    ]
    started = time.perf_counter()
    process = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - started
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    with open(result, "w", encoding="ascii") as file:
        file.write(f"{os.waitstatus_to_exitcode(status)} {seconds} {usage.ru_utime + usage.ru_stime} {peak}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
