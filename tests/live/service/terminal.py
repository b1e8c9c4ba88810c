"""Runs a program on a terminal of its own and types an answer when it asks.

usage: terminal.py ANSWER PROGRAM ARGS...   exit code: the program's
"""
import os
import pty
import select
import sys
import time

pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[2], sys.argv[2:])
seen, typed, end = b"", False, time.monotonic() + 60
while time.monotonic() < end:
    if select.select([fd], [], [], 0.2)[0]:
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        seen += data
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    elif not typed and b"roceed?" in seen:  # it has said all and waits
        os.write(fd, sys.argv[1].encode() + b"\n")
        typed = True
else:
    os.kill(pid, 15)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
