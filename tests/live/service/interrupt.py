"""Runs a program and sends it SIGINT after some seconds; prints its exit
code and how long it ran.

usage: interrupt.py SECONDS OUT ERR PROGRAM ARGS...     after 60 s more it is killed: `hangs`
"""
import signal
import subprocess
import sys
import time

signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background starts with it ignored
begin = time.monotonic()
with open(sys.argv[2], "wb") as out, open(sys.argv[3], "wb") as err:
    p = subprocess.Popen(sys.argv[4:], stdin=subprocess.DEVNULL, stdout=out, stderr=err)
end = begin + float(sys.argv[1])
while p.poll() is None and time.monotonic() < end:
    time.sleep(min(0.002, max(0, end - time.monotonic())))
if p.poll() is None:
    p.send_signal(signal.SIGINT)
try:
    code = p.wait(60)
    print(code if code >= 0 else 128 - code, round(time.monotonic() - begin, 3))
except subprocess.TimeoutExpired:
    p.kill()
    p.wait()
    print("hangs", 60)
