"""serve.py: the stand-ins as forks of one Python that is there already. To start one for each
call would be most of a test's time. Also answers the shims of real programs whether a call
fails (shim.c has the messages).

usage: serve.py HOME PROGRAM...     at HOME/serve.sock; the programs are loaded beforehand
"""
import os
import signal
import socket
import sys
import traceback

import journal
import state

LETTERS = {None: b"-", "before": b"b", "half": b"h", "after": b"a", "killed": b"k"}


def receive(conn):
    """The texts of a message, and the caller's streams."""
    head, fds, _, _ = socket.recv_fds(conn, 4, 3)
    if len(head) < 4:
        return None, fds
    n, parts = int.from_bytes(head, sys.byteorder), []
    while n > 0:
        part = conn.recv(min(n, 1 << 16))
        if not part:
            return None, fds
        parts.append(part)
        n -= len(part)
    return [os.fsdecode(t) for t in b"".join(parts).split(b"\0")[:-1]], fds


def stand_in(conn, home, program, folder, argv, fds):
    """In a fork: what the stand-in's own process would do."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for i, fd in enumerate(fds):
        os.dup2(fd, i)
        os.close(fd)
    code = 1
    try:
        os.chdir(folder)
        sys.argv = [program] + argv
        code = state.main(program, home)
    except SystemExit as e:
        code = e.code if isinstance(e.code, int) else 1
    except BaseException:
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            pass
    conn.sendall(bytes([code or 0]))
    os._exit(0)


def real(home, program, argv, step):
    world = state.World(home)
    try:
        n, how = world.fault(step)
        world.log(n, program, argv, 1, how, step, step and journal.phase(step))
    finally:
        world.close()
    return LETTERS[how]


def answer(conn, home):
    texts, fds = receive(conn)
    if texts is None:
        return
    what, program, folder, count = texts[:4]
    argv, env = texts[4:4 + int(count)], texts[4 + int(count):]
    os.environ.clear()
    os.environ.update(e.partition("=")[::2] for e in env)
    if what in ("wrap", "file"):
        conn.sendall(real(home, program, argv, journal.latest(os.environ.get("RUNBOOK_STATE", "")) if what == "file" else None))
    elif os.fork() == 0:
        stand_in(conn, home, program, folder, argv, fds)
    for fd in fds:
        os.close(fd)


def main(home, programs):
    for p in programs:
        __import__(p)
    s = socket.socket(socket.AF_UNIX)
    s.bind(home + "/serve.new")
    s.listen(64)
    os.rename(home + "/serve.new", home + "/serve.sock")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        conn, _ = s.accept()
        with conn:
            answer(conn, home)


main(sys.argv[1], sys.argv[2:])
