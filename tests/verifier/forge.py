"""Journals with a chain made anew, as somebody would who may write them."""
import hashlib
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TAIL = 73  # ,"h":"..."} and the newline


def lines(folder: Path) -> list[bytes]:
    """The lines of a journal."""
    return (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)


def read(folder: Path) -> list[dict[str, Any]]:
    """The records of a journal."""
    return [json.loads(line) for line in lines(folder)]


def chain(journal: list[bytes]) -> list[bytes]:
    """The same lines with the hashes that they need."""
    first, anew = json.loads(journal[0]), []
    digest = hashlib.sha256(f"runbook-journal/v1\n{first['run']}\n{first['program']}\n".encode()).hexdigest()
    for line in journal:
        digest = hashlib.sha256(digest.encode() + line[:-TAIL]).hexdigest()
        anew.append(line[:-TAIL] + b',"h":"' + digest.encode() + b'"}\n')
    return anew


def number(journal: list[bytes]) -> list[bytes]:
    """The same lines with the numbers that they need; a batch begins where one began."""
    anew, batch, last = [], 1, None
    for n, line in enumerate(journal, 1):
        old = int(re.match(rb'\{"n":\d+,"b":(\d+)', line)[1])
        batch, last = (batch if old == last else n), old
        anew.append(re.sub(rb'\A\{"n":\d+,"b":\d+', b'{"n":%d,"b":%d' % (n, batch), line))
    return anew


def value(journal: list[bytes], dice: random.Random, before: list[bytes] | None = None) -> tuple[int, str, list[bytes]]:
    """One value of one record is another; of none of those before."""
    before = before or []
    while True:
        at = dice.randrange(len(journal))
        line = journal[at][:-TAIL]
        body = line.index(b',"t":')
        spots = [m for m in re.finditer(rb'":(\d+|true|false|"[^"\\]+")', line) if m.start() > body]
        spots = [m for m in spots if m.start() > body + 1]
        if not spots:
            continue
        spot = dice.choice(spots)
        old = spot[1]
        if old in (b"true", b"false"):
            new = b"false" if old == b"true" else b"true"
        elif old[:1] == b'"':
            new = b'"x' + old[1:]
        else:
            new = b"%d" % (int(old) + 1)
        changed = line[:spot.start(1)] + new + line[spot.end(1):] + journal[at][-TAIL:]
        name = line[:spot.start()].rpartition(b'"')[2].decode("latin-1")
        anew = before + journal[:at] + [changed] + journal[at + 1:]
        return len(before) + at + 1, f"{name} {old[:30]!r} is {new[:30]!r}", chain(anew)


def order(journal: list[bytes], dice: random.Random) -> tuple[int, str, list[bytes]]:
    """One record is moved, dropped or doubled; the first stays."""
    at = dice.randrange(1, len(journal))
    how = dice.choice(("moved", "dropped", "doubled"))
    rest = journal[:at] + journal[at + 1:]
    if how == "moved":
        to = dice.choice([n for n in range(1, len(journal)) if n != at])
        anew, how = rest[:to] + [journal[at]] + rest[to:], f"moved to {to + 1}"
    elif how == "dropped":
        anew = rest
    else:
        anew = journal[:at + 1] + journal[at:]
    return at + 1, how, chain(number(anew))


def seal_lies(seal: dict[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    """What a forged seal could say."""
    status = b'"status":"%s"' % seal["status"].encode()
    for other in ("ok", "failed", "rolled_back"):
        if other != seal["status"]:
            yield status, b'"status":"%s"' % other.encode()
    yield b'"exit":%d' % seal["exit"], b'"exit":%d' % (seal["exit"] ^ 1)
    yield b'"issues":%d' % seal["issues"], b'"issues":%d' % (seal["issues"] + 1)
    yield b'"undone_count":', b'"undone_count":1'
