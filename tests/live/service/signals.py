#!/usr/bin/env python3
"""signals.py N PROGRAM RUNBOOK: N runs, each with one to three signals at random
moments (the same in every run of this test, as far as a clock allows). TAP.

What was begun is undone, or the exit code is 4 with a list, which only a second
TERM may cause; no child and no lock outlives the run.
"""
import os, random, signal, subprocess, sys, time

n, program, runbook = int(sys.argv[1]), sys.argv[2], sys.argv[3]
random.seed(n)

def run(signals):
    if os.path.exists("ledger"):
        os.unlink("ledger")
    with open("out", "w") as out, open("err", "w") as err:
        child = subprocess.Popen([program, "exec", runbook, "--no-input"], stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        start = time.monotonic()
        for at, signo in signals:
            time.sleep(max(0, start + at - time.monotonic()))
            if child.poll() is None:
                child.send_signal(signo)
        try:
            code = child.wait(60)
        except subprocess.TimeoutExpired:
            child.kill()
            code = "none in 60 s"
    lines = open("ledger").read().split() if os.path.exists("ledger") else []
    return code, lines, time.monotonic() - start

def survivors():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            env = open("/proc/%s/environ" % pid, "rb").read().split(b"\0")
        except OSError:
            continue
        if b"TMPDIR=" + os.environb[b"TMPDIR"] in env and any(e.startswith(b"RUNBOOK_RUN=") for e in env):
            found.append(pid)
    return found

def judge(signals, code, lines):
    terms = sum(s == signal.SIGTERM for _, s in signals)
    if code in (3, 129, 130, 143):
        left = [x for i, x in enumerate(lines) if x[0] == "+" and "-" + x[1:] not in lines[i + 1:]]
        if left:
            return "not undone: " + " ".join(left)
    elif code == 0:
        if any(x[0] == "-" and x != "-again" for x in lines):
            return "undone although it is ok"
    elif code == 4:
        if terms < 2:
            return "incomplete without a second TERM"
        if "LEFT" not in open("err").read():
            return "incomplete without a list"
    elif code not in (-1, -2, -15) or lines: # before it had looked at the runbook
        return "this exit code cannot be"
    locks = os.environ["RUNBOOK_LOCKS"]
    if os.path.isdir(locks) and os.listdir(locks):
        return "the lock is left"
    if survivors():
        return "processes are left: " + " ".join(survivors())
    return None

code, lines, longest = run([])
ok = code == 0 and "=end" in lines
print("%sok 1 - without a signal: exit code %s" % ("" if ok else "not ", code))
failed = not ok
for i in range(n):
    count = random.choice((1, 1, 2, 3))
    signals = sorted((random.random() * longest * 1.1, random.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))) for _ in range(count))
    code, lines, took = run(signals)
    what = ", ".join("%s at %.3f s" % (signal.Signals(s).name, at) for at, s in signals)
    why = judge(signals, code, lines)
    print("%sok %d - %s: exit code %s%s" % ("not " if why else "", i + 2, what, code, ": " + why if why else ""))
    if why:
        failed = True
        print("# " + " ".join(lines))
        print("".join("# " + l for l in open("err").readlines()[-15:]))
print("1..%d" % (n + 1))
sys.exit(failed)
