"""Bundles: a run in one file (docs/journal.md, Bundles). Every byte follows from what is in it."""
import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import report

BLOCK = 512
FILES_MAX, INDEX_MAX, BYTES_MAX = 100_000, 32 << 20, 4 << 30
RUN = "[0-9a-hjkmnp-tv-z]{26}"
PATH = re.compile(
    rf"(?P<run>{RUN})/(journal\.jsonl|blobs/sha256/(?P<blob>[0-9a-f]{{64}})|report\.run\.json"
    r"|heads/[a-z0-9-]+\.head(\.sig)?|answers/[a-z0-9_-][a-z0-9_.-]*\.(json|sig)|torn\.[1-9][0-9]*"
    r"|statement\.dsse\.json|signers\.hint)"
)
PAYLOAD_TYPE = "application/vnd.in-toto+json"
PREDICATE = ("operator", "claimed", "user", "host", "runbook", "runbook_version", "source", "rollback_of")


class BadBundle(ValueError):
    """A file is no bundle."""


def header(path: str, size: int) -> bytes:
    """The ustar header of an entry."""
    prefix, _, name = path.rpartition("/") if path == "bundle.json" else path.partition("/")
    fields = [name.encode().ljust(100, b"\0"), b"0000600\0", b"0000000\0" * 2, b"%011o\0" % size, b"%011o\0" % 0,
              b" " * 8, b"0", b"\0" * 100, b"ustar\0" + b"00", b"\0" * 64, b"0000000\0" * 2,
              prefix.encode().ljust(155, b"\0")]
    block = b"".join(fields).ljust(BLOCK, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def build(run: str, files: Mapping[str, bytes]) -> bytes:
    """The bytes of the bundle of a run with these files."""
    paths = sorted(files, key=str.encode)
    entries = [json.dumps({"path": path, "bytes": len(files[path]), "sha256": hashlib.sha256(files[path]).hexdigest()},
                          separators=(",", ":")) for path in paths]
    index = f'{{"v":1,"format":"runbook-bundle","run":"{run}","files":[\n' + ",\n".join(entries) + "\n]}\n"
    pieces = []
    for path, data in [("bundle.json", index.encode()), *((path, files[path]) for path in paths)]:
        pieces += [header(path, len(data)), data, b"\0" * (-len(data) % BLOCK)]
    return b"".join(pieces) + b"\0" * (2 * BLOCK)


def entries_of(data: bytes) -> list[tuple[str, bytes]]:
    """The entries of an archive, as far as it has the form of one."""
    at, entries = 0, []
    while at + BLOCK <= len(data) and data[at:at + BLOCK].strip(b"\0"):
        block = data[at:at + BLOCK]
        name, prefix, size = block[:100].rstrip(b"\0"), block[345:500].rstrip(b"\0"), block[124:135]
        if not re.fullmatch(rb"[0-7]{11}", size) or not name.isascii() or not prefix.isascii():
            raise BadBundle("no header of a bundle")
        length = int(size, 8)
        entries.append(((prefix + b"/" + name if prefix else name).decode(), data[at + BLOCK:at + BLOCK + length]))
        at += BLOCK + length + -length % BLOCK
    return entries


def read(data: bytes) -> tuple[str, dict[str, bytes]]:
    """The run and the files of a bundle."""
    entries = entries_of(data)
    if not entries or entries[0][0] != "bundle.json" or len(data) > BYTES_MAX or len(entries[0][1]) > INDEX_MAX:
        raise BadBundle("no bundle")
    found = re.match(rb'\{"v":1,"format":"runbook-bundle","run":"([^"]*)"', entries[0][1])
    run, files = found[1].decode("latin-1") if found else "", dict(entries[1:])
    if not 1 <= len(files) <= FILES_MAX or f"{run}/journal.jsonl" not in files:
        raise BadBundle("its run has no journal")
    for path, content in files.items():
        match = PATH.fullmatch(path)
        if not match:
            raise BadBundle(f"{path}: no such path in a bundle")
        if match["blob"] and hashlib.sha256(content).hexdigest() != match["blob"]:
            raise BadBundle(f"{path}: its name is not its digest")
    if build(run, files) != data:
        raise BadBundle("its bytes are not those of a bundle of its files")
    return run, files


def statement(records: list[dict[str, Any]], journal: bytes) -> bytes:
    """The statement about a run."""
    first, seal = records[0], records[-1]

    def subject(name: str, digest: str, **more: str) -> dict[str, Any]:
        return {"name": name, "digest": {"sha256": digest, **more}}

    subjects = [
        subject("journal.jsonl", hashlib.sha256(journal).hexdigest(), runbookJournalV1=seal["h"]),
        subject("report.run.json", hashlib.sha256(report.make(records)).hexdigest()),
        subject("runbook:" + first["path"], first["program"]),
    ]
    predicate = {"run": first["run"], "status": seal["status"], "exit": seal["exit"], "dry": first["dry"],
                 "records": len(records), "head": seal["h"], "started": first["w"], "ended": seal["w"]}
    predicate |= report.pick({"claimed": False, **first}, PREDICATE) | {"program_version": first["version"]}
    return report.dump({"_type": "https://in-toto.io/Statement/v1", "subject": subjects,
                        "predicateType": "urn:runbook:run:v1", "predicate": predicate}).encode()


def check_statement(text: bytes, expected: bytes) -> None:
    """A signed statement says what the run's folder says. Who signed it is for the reader to ask."""
    payload = base64.b64encode(expected).decode()
    pattern = (rf'\{{"payloadType":"{re.escape(PAYLOAD_TYPE)}","payload":"{re.escape(payload)}","signatures":\[\{{'
               r'"keyid":"[^"\\]*","sig":"[A-Za-z0-9+/]+=*"\}\]\}\n?')
    if not re.fullmatch(pattern, text.decode("latin-1")):
        raise BadBundle("its statement is not what the run gives")
