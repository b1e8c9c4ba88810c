"""values.py PROGRAM: the documents of cases.tsv (a JSON text, then the value as JSON, or `refused`), in
the spirit of the public YAML test suite: each gives this value, or is refused with its place. TAP."""
import json
import os
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
program = os.path.abspath(sys.argv[1])
cases = [line.rstrip("\n").split("\t") for line in open(os.path.join(here, "cases.tsv"), encoding="utf-8")]
print("1..%d" % len(cases))
failed = 0
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "case.yml")
    for n, (text, want) in enumerate(cases, 1):
        with open(path, "wb") as f:
            f.write(json.loads(text).encode())
        done = subprocess.run([program, "eval", "context", "-c", "case.yml"], cwd=folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        if want == "refused":
            ok = done.returncode == 2 and b" --> case.yml:" in done.stderr and b"= help: " in done.stderr
        else:
            ok = done.returncode == 0 and json.loads(done.stdout) == json.loads(want)
        failed += not ok
        print("%s %d - %s" % ("ok" if ok else "not ok", n, text.replace("#", "\\#")))
        if not ok:
            print("# expected: %s\n# exit %d: %s" % (want, done.returncode, repr((done.stdout + done.stderr)[:400])))
sys.exit(1 if failed else 0)
