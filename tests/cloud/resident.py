"""resident.py: the stand-ins in one process that stays: a call costs a fork of it and not
a start of Python. Its client is resident.c, which stands in the place of each program.

usage: resident.py HOME PROGRAM...

The client sends four bytes of length, with them its standard streams, then fields that end
with NUL: folder, number of arguments, arguments (the program's name is the first), and the
environment. The answer is one byte, the exit code; a connection that ends without one: the
call was killed. `cloud-view` is a program, too: it prints what counts of the state.
"""
import gc
import os
import signal
import socket
import struct
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import state  # noqa: E402

LIMIT = 4 << 20


def received(connection):
    """The streams and the fields of a call."""
    head, streams, _, _ = socket.recv_fds(connection, 4, 3)
    size = struct.unpack("=I", head)[0]
    if len(streams) != 3 or size > LIMIT:
        raise ValueError("no call: %d streams, %d bytes" % (len(streams), size))
    data = bytearray()
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError("the call is not whole")
        data += part
    return streams, os.fsdecode(bytes(data)).split("\0")[:-1]


def answer(connection, home):
    streams, fields = received(connection)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    folder, count = fields[0], int(fields[1])
    arguments, variables = fields[2:2 + count], fields[2 + count:]
    os.environ.clear()
    os.environ.update(v.split("=", 1) for v in variables if "=" in v)
    os.chdir(folder)
    program = os.path.basename(arguments[0])
    sys.argv = [program] + arguments[1:]
    if program == "cloud-view":
        print(state.view(home))
        return 0
    return state.main(program, home)


def child(connection, home):
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        code = answer(connection, home)
        sys.stdout.flush()
        sys.stderr.flush()
    except Exception:
        code = 1
        traceback.print_exc()
    try:
        connection.sendall(bytes([code & 255]))
    finally:
        os._exit(0)


def main():
    home, programs = sys.argv[1], sys.argv[2:]
    for program in programs:
        module = __import__(program)
        for part in set(getattr(module, "MODULES", {}).values()):
            __import__(part)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    os.chdir(home)  # the path of a socket must be short
    listener.bind("socket.new")
    listener.listen(64)
    os.rename("socket.new", "socket")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    gc.freeze()
    while True:
        connection = listener.accept()[0]
        if os.fork() == 0:
            listener.close()
            child(connection, home)
        connection.close()


main()
