"""People at work: approves what waits for approval and ticks every checklist, of every run,
until it is stopped. Who approves signs with a key.NAME beside SIGNERS.

usage: people.py RUNBOOK STATE SIGNERS
"""
import glob
import json
import os
import subprocess
import sys
import time

program, state, signers = sys.argv[1:4]
keys = os.path.dirname(signers)
done, places, ended = set(), {}, set()


def work(run, q):
    if q["what"] == "approve":
        able = [w for w in q.get("who", []) if os.path.exists("%s/key.%s" % (keys, w))]
        for who in able[:q.get("need", 1)]:
            call("approve", run, q["k"], "--why", "looked at it", "--sign", "%s/key.%s" % (keys, who), "--as", who)
    elif q["what"] == "checklist":
        for n in range(1, len(q.get("items", [])) + 1):
            call("answer", run, q["k"], str(n), "--why", "done", "--no-wait")


def call(*words):
    r = subprocess.run([program, *words, "--state", state], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if r.returncode:
        print(words, r.returncode, r.stdout, r.stderr, flush=True)


while True:
    for path in glob.glob(state + "/runs/*/journal.jsonl"):
        if path in ended:
            continue
        run = os.path.basename(os.path.dirname(path))
        try:
            with open(path, "rb") as f:
                f.seek(places.get(path, 0))
                text = f.read()
        except OSError:
            continue
        whole = text[:text.rfind(b"\n") + 1]
        places[path] = places.get(path, 0) + len(whole)
        for line in whole.splitlines():
            if b'"t":"seal"' in line:
                ended.add(path)
            if b'"t":"question"' not in line:
                continue
            q = json.loads(line)
            if q["what"] in ("approve", "checklist") and (run, q["k"], q["subject"]) not in done:
                done.add((run, q["k"], q["subject"]))
                work(run, q)
    time.sleep(0.03)
