"""Makes the runbook of secrets.sh, is the child that prints secrets, and looks for them.

usage: secrets.py make FOLDER PORT     writes one, two, three and secrets.yml
       secrets.py emit MODE < secret   prints all forms: whole, joined (two writes at once),
                                       paused (two writes with a pause), fail
       secrets.py plain < secret       prints all forms once
       secrets.py scan FOLDER PATHS    looks for pieces of the secrets
       secrets.py forms                how many forms there are
"""
import base64
import json
import os
import sys
import time
from urllib.parse import quote, quote_plus

SECRETS = {
    "one": "Tr0ub4dor&3-q\"u'o\\t$e/+=x;é한Zw9",
    "two": "hunter2HUNTER2hunter2",
    "three": "-----KEY\nMIIBabcDEF123/xyz+w==\n-----END",
}


def b64(s, k, alphabet):
    """What every base64 text holds in which the secret begins at offset k of 3."""
    text = alphabet(b"\0" * k + s + b"\0" * (-(k + len(s)) % 3)).decode()
    first = -(-8 * k // 6)                   # the first character of secret bits only
    return text[first:(8 * (k + len(s))) // 6]


def forms(secret):
    s = secret.encode()
    out = {"raw": s}
    for k in range(3):
        out[f"base64 at {k}"] = b64(s, k, base64.b64encode).encode()
        out[f"base64url at {k}"] = b64(s, k, base64.urlsafe_b64encode).encode()
    out["url"] = quote(secret, safe="").encode()
    out["form"] = quote_plus(secret).encode()
    out["json"] = json.dumps(secret, ensure_ascii=False)[1:-1].encode()
    out["json ascii"] = json.dumps(secret)[1:-1].encode()
    out["shell"] = secret.replace("'", "'\\''").encode()
    out["shell, python's way"] = secret.replace("'", "'\"'\"'").encode()
    out["hex"] = s.hex().encode()
    out["HEX"] = s.hex().upper().encode()
    return out


def make(folder, port):
    for name, value in SECRETS.items():
        with open(f"{folder}/{name}", "w") as f:
            f.write(value)
    with open(f"{folder}/secrets.yml", "w") as f:
        f.write(f"""runbook: 1
name: secrets
inputs:
  mode: {{ type: string, enum: [whole, joined, paused, fail] }}
secrets:
  one: {{ env: LIVE_SECRET }}
  two: {{ file: {folder}/two }}
  three: {{ run: [cat, {folder}/three] }}
channels:
  ops: {{ run: [cat] }}
defaults: {{ timeout: 60s }}
test:
""")
        for name in SECRETS:
            f.write(f"""  - id: show_{name}
    run: [/usr/bin/python3, -SE, secrets.py, emit, "${{{{ inputs.mode }}}}"]
    effect: read
    stdin: ${{{{ secrets.{name} }}}}
    capture: {{ all: out, errors: err, last: "out.lines().last()" }}
  - name: A value that came from the child
    guard: {{ that: steps.show_{name}.last == '', else: warn, say: "It said: ${{{{ steps.show_{name}.last }}}}" }}
""")
        f.write(f"""  - run: |
      printf '%s' "$ONE" > {folder}/got
      echo "one is $ONE"; echo "two is $TWO" >&2; env | grep KEY || true
    shell: bash
    effect: read
    env: {{ ONE: "${{{{ secrets.one }}}}", TWO: "${{{{ secrets.two }}}}" , THREE: "${{{{ secrets.three }}}}" }}
  - id: echo
    http:
      method: POST
      url: http://127.0.0.1:{port}/echo
      headers: {{ X-Secret: "${{{{ secrets.two }}}}" }}
      auth: {{ bearer: "${{{{ secrets.one }}}}" }}
      query: {{ key: "${{{{ secrets.one }}}}", two: "${{{{ secrets.two }}}}" }}
      json: {{ one: "${{{{ secrets.one }}}}", three: "${{{{ secrets.three }}}}" }}
    effect: read
    capture: {{ answer: out }}
  - id: kept
    run: cat
    effect: read
    stdin: ${{{{ secrets.two }}}}
    capture: {{ token: secret(out) }}
  - run: printf '%s\\n' "$TOKEN"
    effect: read
    env: {{ TOKEN: "${{{{ steps.kept.token }}}}" }}
report:
  - notify: {{ to: ops, say: "All: ${{{{ show(steps.show_one.all) }}}}" }}
  - render:
      to: all.txt
      text: ["${{{{ show(steps.show_one.all) }}}}", "${{{{ show(steps.show_two.all) }}}}", "${{{{ show(steps.echo.answer) }}}}"]
  - render:
      to: all.json
      json: {{ one: "${{{{ steps.show_one.all }}}}", two: "${{{{ steps.show_two.errors }}}}", three: "${{{{ steps.show_three.all }}}}" }}
""")


def emit(mode):
    secret = sys.stdin.read()
    known = forms(secret)
    if mode in ("whole", "fail"):
        for fd in (1, 2):
            for form in known.values():
                os.write(fd, b"it is " + form + b" here\n")
            for n in range(40):   # over the borders of buffers and of what is kept inline
                os.write(fd, b"." * (4096 * n % 5000) + known["raw"] + b"\n")
            os.write(fd, b"x" * (65536 - 7) + known["raw"] + b"y" * 70000 + known["raw"] + b"\n")
            os.write(fd, known["raw"])   # at the end, without a newline
        sys.exit(1 if mode == "fail" else 0)
    for form in known.values():
        for cut in range(1, len(form)):
            for fd in (1, 2):
                os.write(fd, form[:cut])
                if mode == "paused":
                    time.sleep(0.0015)
                os.write(fd, form[cut:] + b"\n")


def scan(folder, paths):
    pieces = {}
    for name in SECRETS:
        secret = open(f"{folder}/{name}").read()
        for form, text in forms(secret).items():
            for i in range(len(text) - 7):
                pieces.setdefault(text[i:i + 8], (name, form))
    found = {}
    for path in paths:
        files = [path] if os.path.isfile(path) else [os.path.join(d, f) for d, _, fs in os.walk(path) for f in fs]
        for file in files:
            data = open(file, "rb").read()
            for i in range(len(data) - 7):
                key = pieces.get(data[i:i + 8])
                if key and (file, key) not in found:
                    found[file, key] = f"{os.path.basename(file)}: {key[0]} in the form {key[1]}: ...{data[max(0, i - 30):i + 20]!r}"
    print("\n".join(found.values()))
    sys.exit(1 if found else 0)


if sys.argv[1] == "make":
    make(*sys.argv[2:])
elif sys.argv[1] == "emit":
    emit(sys.argv[2])
elif sys.argv[1] == "plain":
    for text in forms(sys.stdin.read()).values():
        sys.stdout.buffer.write(text + b"\n")
elif sys.argv[1] == "scan":
    scan(sys.argv[2], sys.argv[3:])
else:
    # forms of `one` that have a piece of their own
    owner = {}
    for form, text in forms(SECRETS["one"]).items():
        for i in range(len(text) - 7):
            owner.setdefault(text[i:i + 8], form)
    print(len(set(owner.values())))
