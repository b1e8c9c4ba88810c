"""Reads a trace of `strace -f -y` and prints every call that changes something
outside a folder, connects to a port that is not allowed, or signals a process
that is not of the trace. Exit code 1 if there is any.

usage: trace.py TRACE FOLDER "PORT PORT ..."
"""
import os
import re
import sys

trace, folder, ports = sys.argv[1], os.path.realpath(sys.argv[2]), set(sys.argv[3].split())
CALL = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+|\?)(.*)$")
HARMLESS = {"/dev/null", "/dev/tty"}
lines, pending = [], {}
for line in open(trace, errors="surrogateescape"):
    line = line.rstrip("\n")
    m = re.match(r"^(\d+) +(.*) <unfinished \.\.\.>$", line)
    if m:
        pending[m[1]] = m[2]
        continue
    m = re.match(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$", line)
    if m:
        line = f"{m[1]} {pending.pop(m[1], '')}{m[2]}"
    lines.append(line)
pids = {line.split(" ", 1)[0] for line in lines}
bad = []


def inside(path):
    path = os.path.normpath(path)
    return path in HARMLESS or path == folder or path.startswith(folder + "/")


def paths(args):
    """The paths of a call: strings, each relative to the folder named before it."""
    out, base = [], "/"
    for m in re.finditer(r'(?:AT_FDCWD|\d+)<([^>]*)>|"((?:[^"\\]|\\.)*)"', args):
        if m[1] is not None:
            base = m[1]
        else:
            name = m[2].encode().decode("unicode_escape")
            out.append(os.path.join(base, name) if base.startswith("/") else name)
    return out


for line in lines:
    m = CALL.match(line)
    if not m:
        continue
    pid, call, args, result = m[1], m[2], m[3], m[4]
    if result.startswith("-"):
        # a change that was tried counts too, except where nothing can come of it
        if call in ("open", "openat", "connect") or "ENOENT" in m[5] or "EEXIST" in m[5]:
            continue
    if call in ("open", "openat", "openat2", "creat"):
        if call != "creat" and not re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE", args):
            continue
        if all(inside(p) for p in paths(args)[:1]):
            continue
    elif call == "execve":
        continue
    elif call == "connect":
        p = re.search(r"sin6?_port=htons\((\d+)\)", args)
        if not p or p[1] in ports:
            continue
    elif call in ("kill", "tkill", "tgkill"):
        nums = args.split(", ")
        if nums[0].lstrip("-") in pids or nums[-1] == "0":
            continue
    elif call in ("ftruncate", "fchmod", "fchown"):
        p = re.match(r"\d+<([^>]*)>", args)
        if p and inside(p[1]):
            continue
    else:
        found = paths(args)
        if call in ("symlink", "symlinkat"):
            found = found[1:]
        if call == "utimensat" and not found:
            p = re.match(r"\d+<([^>]*)>", args)
            found = [p[1]] if p else []
        if found and all(inside(p) for p in found):
            continue
    bad.append(line)
print("\n".join(bad))
sys.exit(1 if bad else 0)
