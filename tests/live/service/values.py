"""The values of values.sh: makes runbooks and inputs, and compares what arrived.

usage: values.py make FOLDER PORT DUMP | exec N PROGRAM ARGS... | compare FOLDER LOG | count
Programs write what they got into FOLDER/SOURCE/SHA256-OF-VALUE/NAME.
"""
import hashlib
import json
import os
import re
import sys
from urllib.parse import parse_qs, unquote

VALUES = [
    "plain",
    "it's \"quoted\" \\ back\\\\slash\\",
    "$(touch PWNED1) ${HOME} $HOME $$ $1 $@",
    "`touch PWNED2`; touch PWNED3 & touch PWNED4 | cat > PWNED5 < /dev/null",
    "line one\nline two\n\n",
    "\n",
    "* ?[a-z]* ~ ~root {a,b} /*",
    "-rf",
    "--",
    "-n",
    "-",
    "",
    "안녕하세요 🎉 \u00e9 e\u0301 \u200d ß",
    "  spaces \t and tabs\t ",
    "${{ inputs.v }} }} {{ ${{ '${{' }}",
    "%s %n %d \\n \\x41 \\0",
    "'; touch PWNED6; '",
    "\"; touch PWNED7; \"",
    "a\rb\x01\x1b[31m\x7fc",
    "!! !x # comment =ls ^a",
    "$'\\n' $\"x\" $((1+1)) a[$(touch PWNED8)]",
    ") || touch PWNED9; (",
    "null",
    "007",
    "x" * 100000 + "'\"$(touch PWNED10)",
]
SOURCES = ["file", "option", "var", "item", "capture"]
HEADER = re.compile(r"[!-~]([ -~]*[!-~])?", re.A)


def sha(v):
    return hashlib.sha256(v.encode()).hexdigest()


def quoted(v):  # JSON, as YAML's double quotes understand it
    return re.sub("[\x7f-\x9f]", lambda m: f"\\u{ord(m[0]):04x}", json.dumps(v, ensure_ascii=False))


def steps(v, source, port, dump, pad):
    """The same steps for a value that expression v gives, from a source."""
    id_ = f"{source}-${{{{ sha256({v}) }}}}"
    text = f"""
- run: [sh, "{dump}", argv, "${{{{ {v} }}}}", "x${{{{ {v} }}}}y", -z]
- run: |
    sh {dump} sh ${{{{ {v} }}}} x${{{{ {v} }}}}y "a ${{{{ {v} }}}} b" "$(printf '%s|' ${{{{ {v} }}}})"
- run: |
    value=${{{{ {v} }}}}
    for one in ${{{{ {v} }}}} ; do
      if test "$one" = "$value"; then sh {dump} sh2 "$value" "$one"; fi
    done
- shell: bash
  run: |
    list=(${{{{ {v} }}}} "${{{{ {v} }}}}")
    sh {dump} bash ${{{{ {v} }}}} x${{{{ {v} }}}}y "a ${{{{ {v} }}}} b" "$(printf '%s|' "${{{{ {v} }}}}")" "${{list[@]}}"
- env: {{ VALUE: "${{{{ {v} }}}}" }}
  run: sh {dump} env "$VALUE"
- stdin: ${{{{ {v} }}}}
  run: cat > stdin
- if: len({v}) < 1000
  http:
    method: POST
    url: http://127.0.0.1:{port}/json/${{{{ url_encode({v}) }}}}
    query: {{ v: "${{{{ {v} }}}}", "a b&c": "x${{{{ {v} }}}}" }}
    headers: {{ X-Id: "{id_}" }}
    json: {{ v: "${{{{ {v} }}}}", list: ["${{{{ {v} }}}}", 1, true, null] }}
  effect: read
- http:
    method: PUT
    url: http://127.0.0.1:{port}/body
    headers: {{ X-Id: "{id_}" }}
    body: ${{{{ {v} }}}}
  effect: read
- if: len({v}) < 1000
  http:
    method: POST
    url: http://127.0.0.1:{port}/form
    headers: {{ X-Id: "{id_}" }}
    form: {{ v: "${{{{ {v} }}}}" }}
  effect: read
- if: len({v}) < 1000 and {v} matches '^[!-~]([ -~]*[!-~])?$'
  http:
    url: http://127.0.0.1:{port}/header
    headers: {{ X-Id: "{id_}", X-Value: "${{{{ {v} }}}}" }}
"""
    return "".join(" " * pad + line + "\n" for line in text.strip().split("\n"))


def block(name, source, v, port, dump, loop="", before=""):
    out = f"  - id: {name}\n    dir: ${{{{ inputs.out }}}}/{source}/${{{{ sha256({v}) }}}}\n    effect: read\n{loop}    steps:\n"
    return out + before + steps(v, source, port, dump, 6)


def make(folder, port, dump):
    os.makedirs(folder + "/inputs")
    os.makedirs(folder + "/files")
    for source in SOURCES:
        for v in VALUES:
            os.makedirs(f"{folder}/{source}/{sha(v)}")
    head = "runbook: 1\nname: values\ninputs:\n  out: string\n"
    with open(folder + "/one.yml", "w") as f:
        f.write(head + "  v: string\n  source: { type: string, enum: [file, option] }\nvars:\n  copy: ${{ inputs.v }}\ntest:\n")
        f.write(block("one", "${{ inputs.source }}", "inputs.v", port, dump))
        f.write(block("two", "var", "vars.copy", port, dump))
    with open(folder + "/many.yml", "w") as f:
        f.write(head + "  values: list\n  files: list\ntest:\n")
        f.write(block("items", "item", "item", port, dump, "    foreach: inputs.values\n"))
        f.write("  - id: captures\n    foreach: inputs.files\n    as: file\n    steps:\n"
                "      - id: read\n        run: [cat, --, \"${{ file }}\"]\n        effect: read\n        capture: { v: raw }\n"
                "      - id: use\n        dir: ${{ inputs.out }}/capture/${{ sha256(steps.read.v) }}\n        effect: read\n        steps:\n")
        f.write(steps("steps.read.v", "capture", port, dump, 10))
    for i, v in enumerate(VALUES):
        with open(f"{folder}/inputs/{i}.yml", "w") as f:
            f.write(f"out: {folder}\nv: {quoted(v)}\n")
        with open(f"{folder}/files/{i}", "w") as f:
            f.write(v)
    with open(folder + "/rest.yml", "w") as f:
        f.write(f"out: {folder}\n")
    with open(folder + "/many-inputs.yml", "w") as f:
        f.write(f"out: {folder}\nvalues:\n" + "".join(f"  - {quoted(v)}\n" for v in VALUES))
        f.write("files:\n" + "".join(f"  - {folder}/files/{i}\n" for i in range(len(VALUES))))


def compare(folder, log):
    asked = {}
    for line in open(log):
        r = json.loads(line)
        r["headers"] = {k.lower(): v for k, v in r["headers"]}
        asked[r["headers"]["x-id"], r["path"].split("/")[1]] = r
    for source in SOURCES:
        for v in VALUES:
            bad = []

            def want(name, *words):
                path = f"{folder}/{source}/{sha(v)}/{name}"
                try:
                    got = open(path, "rb").read().split(b"\0")[:-1]
                except OSError as e:
                    bad.append(f"{name}: {e}")
                    return
                if got != [w.encode() for w in words]:
                    bad.append(f"{name}: {str(got)[:300]}")

            want("argv", v, f"x{v}y", "-z")
            want("sh", v, f"x{v}y", f"a {v} b", v + "|")
            want("sh2", v, v)
            want("bash", v, f"x{v}y", f"a {v} b", v + "|", v, v)
            want("env", v)
            try:
                got = open(f"{folder}/{source}/{sha(v)}/stdin", "rb").read()
                if got != v.encode():
                    bad.append(f"stdin: {got[:300]}")
            except OSError as e:
                bad.append(f"stdin: {e}")
            b = v.encode().decode("latin-1")

            def http(kind, part, value):
                r = asked.get((f"{source}-{sha(v)}", kind))
                got = part(r) if r else "no request"
                if got != value:
                    bad.append(f"http {kind}: {str(got)[:300]}")

            http("body", lambda r: r["body"], b)
            if len(v) < 1000:
                http("json", lambda r: sorted(r["query"]), sorted([["v", b], ["a b&c", "x" + b]]))
                http("json", lambda r: json.loads(r["body"].encode("latin-1")), {"v": v, "list": [v, 1, True, None]})
                http("json", lambda r: unquote(r["path"][6:]), v)
                http("form", lambda r: parse_qs(r["body"], True, True), {"v": [v]})
                if HEADER.fullmatch(v):
                    http("header", lambda r: r["headers"].get("x-value"), v)
            print("not ok" if bad else "ok", f"from {source}: {json.dumps(v)[:60].replace('#', '(hash)')}")
            for line in bad:
                print(f"  {line}")


if sys.argv[1] == "make":
    make(*sys.argv[2:])
elif sys.argv[1] == "exec":
    os.execv(sys.argv[3], sys.argv[3:] + ["-i", "v=" + VALUES[int(sys.argv[2])]])
elif sys.argv[1] == "compare":
    compare(*sys.argv[2:])
else:
    print(len(VALUES) * len(SOURCES))
