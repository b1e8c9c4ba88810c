#!/usr/bin/env python3
"""bundle.py: bundles that no honest program writes, for tests/cli/export.bats.

bundle.py flip FILE OUT AT          one bit of byte AT turned over
bundle.py hostile GOOD OUT KIND     GOOD, changed as KIND says, else well-formed
bundle.py kinds                     their names
bundle.py statement ENVELOPE DIR    payload, PAE and armored signature of a DSSE envelope, as files in DIR
"""
import base64
import hashlib
import io
import json
import os
import sys
import tarfile


def entries(path):
    with tarfile.open(path) as tar:
        return [(m.name, tar.extractfile(m).read()) for m in tar]


def header(name, size, kind=b"0", link=b"", prefix=None, mode=0o600):
    if prefix is None:
        prefix, name = (name.split("/", 1) if "/" in name else ("", name))
    h = bytearray(512)
    h[0:len(name)] = name.encode()
    h[100:108] = b"%07o\0" % mode
    h[108:116] = h[116:124] = b"0000000\0"
    h[124:136] = b"%011o\0" % size
    h[136:148] = b"00000000000\0"
    h[148:156] = b" " * 8
    h[156:157] = kind
    h[157:157 + len(link)] = link
    h[257:265] = b"ustar\x0000"
    h[329:337] = h[337:345] = b"0000000\0"
    h[345:345 + len(prefix)] = prefix.encode()
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)


def pad(b):
    return b + b"\0" * (-len(b) % 512)


def manifest(run, files, count=None):
    rows = ['{"path":"%s","bytes":%d,"sha256":"%s"}' % (n, len(b), hashlib.sha256(b).hexdigest()) for n, b in files]
    return ('{"v":1,"format":"runbook-bundle","run":"%s","files":[\n%s\n]}\n' % (run, ",\n".join(rows))).encode()


def write(out, run, files, first=None, headers=None, tail=b"\0" * 1024):
    text = manifest(run, files) if first is None else first
    with open(out, "wb") as f:
        f.write(header("bundle.json", len(text)) + pad(text))
        for name, b in files:
            f.write((headers or {}).get(name, header(name, len(b))) + pad(b))
        f.write(tail)


def hostile(good, out, kind):
    all_ = entries(good)
    run = json.loads(all_[0][1])["run"]
    files = all_[1:]
    journal = run + "/journal.jsonl"
    sort = lambda: files.sort(key=lambda f: f[0].encode())
    if kind == "same":
        return write(out, run, files)
    if kind == "dotdot":
        files.append((run + "/../../evil", b"x"))
    elif kind == "absolute":
        files.append(("/etc/evil", b"x"))
    elif kind == "other-name":
        files.append((run + "/config.yml", b"x"))
    elif kind == "deep-name":
        files.append((run + "/blobs/sha256/../../x", b"x"))
    elif kind == "twice":
        files.append(files[-1])
    elif kind == "no-journal":
        files = [f for f in files if f[0] != journal]
    elif kind == "other-run":
        files = [(n.replace(run, "0" * 26), b) for n, b in files]
        run = "0" * 26
    elif kind == "blob-name":
        files.append((run + "/blobs/sha256/" + "0" * 64, b"x"))
    sort()
    if kind == "unsorted":
        files.reverse()
    if kind == "symlink":
        return write(out, run, files, headers={journal: header(journal, len(dict(files)[journal]), b"2", b"/etc/passwd")})
    if kind == "hardlink":
        return write(out, run, files, headers={journal: header(journal, len(dict(files)[journal]), b"1", b"x")})
    if kind == "device":
        return write(out, run, files, headers={journal: header(journal, len(dict(files)[journal]), b"3")})
    if kind == "mode":
        return write(out, run, files, headers={journal: header(journal, len(dict(files)[journal]), mode=0o4777)})
    if kind == "other-header":
        return write(out, run, files, headers={journal: header(run + "/report.run.json", len(dict(files)[journal]))})
    if kind == "huge":
        rows = manifest(run, files).replace(b'"bytes":%d' % len(dict(files)[journal]), b'"bytes":%d' % (1 << 40))
        return write(out, run, files, first=rows)
    if kind == "negative":
        rows = manifest(run, files).replace(b'"bytes":%d' % len(dict(files)[journal]), b'"bytes":-1')
        return write(out, run, files, first=rows)
    if kind == "spaces":
        return write(out, run, files, first=manifest(run, files).replace(b'"v":1,', b'"v": 1,'))
    if kind == "more-members":
        return write(out, run, files, first=manifest(run, files).replace(b'"v":1,', b'"v":1,"x":2,'))
    if kind == "duplicate-member":
        return write(out, run, files, first=manifest(run, files).replace(b'"v":1,', b'"v":1,"v":1,'))
    if kind == "not-json":
        return write(out, run, files, first=b"{" * 1000)
    if kind == "behind":
        return write(out, run, files, tail=b"\0" * 1024 + b"x")
    if kind == "more-zeros":
        return write(out, run, files, tail=b"\0" * 10240)
    if kind == "no-end":
        return write(out, run, files, tail=b"\0" * 512)
    if kind == "gnu":
        with tarfile.open(out, "w", format=tarfile.GNU_FORMAT) as tar:
            for n, b in [("bundle.json", manifest(run, files))] + files:
                m = tarfile.TarInfo(n)
                m.size = len(b)
                tar.addfile(m, io.BytesIO(b))
        return
    if kind == "unlisted":
        text = manifest(run, files)
        return write(out, run, files + [(run + "/torn.1", b"x")], first=text)
    if kind == "missing":
        text = manifest(run, files)
        return write(out, run, files[:-1], first=text)
    write(out, run, files)


KINDS = ("dotdot absolute other-name deep-name twice no-journal other-run blob-name unsorted symlink hardlink device mode other-header "
         "huge negative spaces more-members duplicate-member not-json behind more-zeros no-end gnu unlisted missing").split()


def statement(path, folder):
    env = json.load(open(path))
    payload = base64.b64decode(env["payload"], validate=True)
    kind = env["payloadType"].encode()
    pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    (sig,) = env["signatures"]
    raw = base64.b64decode(sig["sig"], validate=True)
    size = int.from_bytes(raw[10:14], "big")
    key = raw[14:14 + size]
    assert raw[:6] == b"SSHSIG" and raw[6:10] == b"\0\0\0\1"
    assert sig["keyid"] == "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")
    text = base64.b64encode(raw).decode()
    armored = "-----BEGIN SSH SIGNATURE-----\n" + "".join(text[i:i + 70] + "\n" for i in range(0, len(text), 70)) + "-----END SSH SIGNATURE-----\n"
    for name, b in (("payload", payload), ("pae", pae), ("sig", armored.encode())):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(b)


if sys.argv[1] == "flip":
    b = bytearray(open(sys.argv[2], "rb").read())
    b[int(sys.argv[4])] ^= 1 << int(sys.argv[4]) % 8
    open(sys.argv[3], "wb").write(b)
elif sys.argv[1] == "hostile":
    hostile(*sys.argv[2:5])
elif sys.argv[1] == "kinds":
    print("\n".join(KINDS))
elif sys.argv[1] == "statement":
    statement(*sys.argv[2:4])
