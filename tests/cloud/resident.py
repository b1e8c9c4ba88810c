"""resident.py: the stand-ins in one process that stays: a call costs a fork of it and not
a start of Python. Its client is resident.c, which stands in the place of each program.

usage: resident.py HOME PROGRAM... TOOL=PATH...

The client sends four bytes of length, with them its standard streams, then fields that end
with NUL: folder, number of arguments, arguments (the program's name is the first), and the
environment. The answer is one byte, the exit code; or a second one, and a path and a value
for PATH that end with NUL: the client becomes this program; a connection that ends without
an answer: the call was killed. `cloud-view` is a program, too: it prints what counts of the
state; and `cloud-file`: it prints how the writing of a file fails (failfile.c). TOOL is a real one, whose calls can be made to fail (state.wrap).
"""
import gc
import os
import signal
import socket
import struct
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import journal  # noqa: E402
import state  # noqa: E402

LIMIT = 4 << 20
TOOLS = dict(p.split("=", 1) for p in sys.argv[2:] if "=" in p)


class Becomes(Exception):
    """The client goes on as the real program."""


def become(path, argv):
    raise Becomes(path)


def parent_of(connection):
    pid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as f:
        return int(f.read().rpartition(")")[2].split()[1])


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


def file_fault(home):
    step = journal.latest(os.environ.get("RUNBOOK_STATE", ""))
    world = state.World(home)
    n, how = world.fault(step)
    world.log(n, "file", sys.argv[1:], 1, how, step, journal.phase(step))
    world.close()
    return (how or "-")[0]


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
    if program == "cloud-file":
        print(file_fault(home), end="")
        return 0
    if program in TOOLS:
        return state.wrap(program, home, TOOLS[program], become, parent_of(connection))
    return state.main(program, home)


def child(connection, home):
    reply = b"\1"
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        reply = bytes([answer(connection, home) & 255])
        sys.stdout.flush()
        sys.stderr.flush()
    except Becomes as real:
        reply = b"\0" + b"".join(os.fsencode(t) + b"\0" for t in (real.args[0], os.environ["PATH"]))
    except Exception:
        traceback.print_exc()
    try:
        connection.sendall(reply)
    finally:
        os._exit(0)


def main():
    home, programs = sys.argv[1], [p for p in sys.argv[2:] if "=" not in p]
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
