"""Stands in for systemd: starts, stops and shows services, on a Unix socket.

usage: supervisor.py SOCKET SERVICES.JSON
SERVICES.JSON: {name: {"cmd": [...], "env": {...}} or {"pidfile": path}}
The second kind is only looked at. Children are its own and end with it.
"""
import json
import os
import signal
import socket
import subprocess
import sys

services = json.load(open(sys.argv[2]))
running = {}


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
            code, text = do(json.loads(f.readline()))
        except Exception as e:
            code, text = 1, f"{e!r}\n"
        try:
            f.write(f"{code}\n{text}")
            f.flush()
        except OSError:
            pass
