"""Stands in for systemd: starts, stops and shows services, on a Unix socket.

usage: supervisor.py SOCKET SERVICES.JSON
SERVICES.JSON: {name: {"cmd": [...], "env": {...}}, {"python": [FILE, ARGS...], "env": {...}} or
{"pidfile": path}}. The last kind is only looked at. Children are its own and end with it.
"""
import hmac  # noqa: F401  this and the next are for the services
import http.server  # noqa: F401
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import traceback

services = json.load(open(sys.argv[2]))
running = {}


class Fork:
    """A Python program as a fork of this one, which has its modules: most of the time of its start."""

    def __init__(self, argv, env, log):
        self.code = None
        self.pid = os.fork()
        if self.pid == 0:
            self.become(argv, env, log)

    def become(self, argv, env, log):
        code = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            for fd in (1, 2):
                os.dup2(log.fileno(), fd)
            os.closerange(3, 1024)
            os.environ.update(env)
            sys.argv = argv
            runpy.run_path(argv[0], run_name="__main__")
            code = 0
        except SystemExit as e:
            code = e.code if isinstance(e.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def poll(self):
        if self.code is None and os.waitpid(self.pid, os.WNOHANG)[0]:
            self.code = 0
        return self.code

    def terminate(self):
        os.kill(self.pid, signal.SIGTERM)

    def wait(self):
        if self.code is None:
            os.waitpid(self.pid, 0)
            self.code = 0


def active(name):
    s = services[name]
    if "pidfile" in s:
        try:
            os.kill(int(open(s["pidfile"]).readline()), 0)
            return True
        except (OSError, ValueError):
            return False
    return name in running and running[name].poll() is None


def start(name):
    s = services[name]
    if active(name) or "pidfile" in s:
        return 0, ""
    log = open(sys.argv[2] + "." + name + ".log", "ab")
    if "python" in s:
        running[name] = Fork(s["python"], s.get("env", {}), log)
        return 0, ""
    running[name] = subprocess.Popen(s["cmd"], env={**os.environ, **s.get("env", {})}, stdin=subprocess.DEVNULL,
                                     stdout=log, stderr=log, close_fds=True)
    return 0, ""


def stop(name):
    if name in running:
        if running[name].poll() is None:
            running[name].terminate()
        running.pop(name).wait()
    return 0, ""


def restart(name):
    stop(name)
    return start(name)


def do(words):
    words = [w for w in words if w not in ("--", "--quiet", "--type=service", "--state=running")]
    if words == ["list-units"]:
        return 0, "".join(f"{n}.service loaded active running\n" for n in services if active(n))
    verb, name = words
    if name not in services:
        return 4, f"Unit {name}.service could not be found.\n"
    if verb == "is-active":
        return (0, "active\n") if active(name) else (3, "inactive\n")
    return {"start": start, "stop": stop, "restart": restart}[verb](name)


def end(*_):
    for name in list(running):
        stop(name)
    sys.exit(0)


signal.signal(signal.SIGTERM, end)
for name in services:
    start(name)
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1] + ".new")
s.listen(16)
os.rename(sys.argv[1] + ".new", sys.argv[1])
while True:
    c, _ = s.accept()
    with c, c.makefile("rw") as f:
        try:
            code, text = do(f.readline().rstrip("\n").split("\t"))
        except Exception as e:
            code, text = 1, f"{e!r}\n"
        try:
            f.write(f"{code}\n{text}")
            f.flush()
        except OSError:
            pass
