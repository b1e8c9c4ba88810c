#!/usr/bin/env python3
"""Second verifier of a run's folder, written from docs/journal.md alone.

    verify.py RUNDIR|BUNDLE [--allowed-signers FILE] [--head HASH]

Exit code 0: sound. 1: not, with one line "record N: what" that names the first bad
record, or "run: what" if no single record is to blame. It reads no line of the
program, and it cannot replay: what a replay sees (a decision that does not follow
from the runbook) it sees only where the order or the form of the records tells.
"""
import argparse
import base64
import binascii
import datetime
import errno
import fcntl
import hashlib
import json
import os
import re
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import bundle
import report
import sequence
from signature import signer

LINE_MAX = 262_144
MEMBERS_MAX = 48
DEPTH_MAX = 96
NUMBER_MAX = 2**53 - 1
INLINE_MAX = 4096
STORED_MAX = 64 << 20
END_BYTES = 1 << 20
HEX64 = re.compile(r"[0-9a-f]{64}")
NUMBER = rb"(0|[1-9][0-9]{0,15})"
ENVELOPE = re.compile(
    rb'\{"n":' + NUMBER + rb',"b":' + NUMBER + rb',"ep":' + NUMBER
    + rb',"w":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)","m":' + NUMBER + rb',"t":"([^"\\]+)"'
)
TAIL_BYTES = 72
TAIL = re.compile(rb',"h":"([0-9a-f]{64})"\}')
NAME = re.compile(r'[ !#-\[\]-~]+')


class Bad(Exception):
    """Something is wrong: with a record (its number), or with the run as a whole (None)."""

    def __init__(self, record: int | None, what: str, damage: str = "") -> None:
        super().__init__(what)
        self.record, self.what, self.damage = record, what, damage

    def __str__(self) -> str:
        place = "run" if self.record is None else f"record {self.record}"
        return f"{place}: {self.damage + ': ' if self.damage else ''}{self.what}"


class BadForm(ValueError):
    """A line is no record."""


# --- The form of a record -----------------------------------------------------------


def depth_of(value: Any) -> int:
    """How deep lists and maps nest in a value; 0 for a scalar."""
    depth, level = 0, [value]
    while level := [v for v in level if isinstance(v, (dict, list))]:
        depth += 1
        level = [child for v in level for child in (v.values() if isinstance(v, dict) else v)]
    return depth


def refuse(text: str) -> NoReturn:
    """JSON has no NaN and no Infinity."""
    raise BadForm(f"bad value: {text}")


class Pairs(list):
    """The members of a map as they stand, to see names that stand twice."""


def parse_members(text: str) -> dict[str, Any]:
    """The members of a whole record: strict JSON, each name once and without escapes."""
    pairs = json.loads(text, parse_constant=refuse, parse_float=report.Fraction, object_pairs_hook=Pairs)

    def plain(value: Any) -> Any:
        if isinstance(value, Pairs):
            return {name: plain(v) for name, v in value}
        return [plain(v) for v in value] if isinstance(value, list) else value

    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise BadForm("a member stands twice or has a name of the envelope")
    if not all(NAME.fullmatch(name) for name in names):
        raise BadForm("bad member name")
    return {name: plain(value) for name, value in pairs}


def read_line(line: bytes) -> dict[str, Any]:
    """One record, from a line without its newline; BadForm if it is none."""
    if len(line) > LINE_MAX:
        raise BadForm("the line is too long")
    if not line.startswith(b"{"):
        raise BadForm("not a record")
    start = ENVELOPE.match(line)
    if not TAIL.fullmatch(line[-TAIL_BYTES:]):
        raise BadForm("the hash is missing at its end")
    if start is None:
        raise BadForm("bad envelope")
    n, b, ep, m = (int(start[i]) for i in (1, 2, 3, 5))
    if max(n, b, ep, m) > NUMBER_MAX or not 1 <= b <= n or ep < 1:
        raise BadForm("bad envelope")
    try:
        text = line.decode("utf-8")
        record = parse_members(text)
        if has_surrogate(record):
            raise BadForm("bad escape in a string")
        raw_names(text, record, start.end())
    except UnicodeDecodeError:
        raise BadForm("a string is not UTF-8") from None
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadForm(f"not JSON: {error}") from None
    if len(record) - 6 > MEMBERS_MAX:
        raise BadForm("too many members")
    if any(depth_of(value) > DEPTH_MAX for value in record.values()):
        raise BadForm("nested too deep")
    try:
        datetime.datetime.strptime(record["w"], "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        raise BadForm("its time cannot be read") from None
    return record


def has_surrogate(value: Any) -> bool:
    """Is there half of a surrogate pair in a string? It has no UTF-8."""
    return any(0xD800 <= ord(c) <= 0xDFFF for c in json.dumps(value, ensure_ascii=False))


def raw_names(text: str, record: dict[str, Any], at: int) -> None:
    """The names at the top stand as they are, and nothing stands between the members."""
    decoder = json.JSONDecoder(parse_constant=refuse)
    for name in list(record)[6:]:
        lead = f',"{name}":'
        if not text.startswith(lead, at):
            raise BadForm("bad member name")
        _value, at = decoder.raw_decode(text, at + len(lead))
    if text[at:] != "}":
        raise BadForm("white space between members")


# --- The chain ------------------------------------------------------------------------


def hash_of(before: str, line: bytes) -> str:
    """The hash of a record behind that of the one before."""
    return hashlib.sha256(before.encode() + line[:-TAIL_BYTES]).hexdigest()


class Chain:
    """Checks record after record what its neighbours say: number, batch, epoch, hash."""

    def __init__(self) -> None:
        self.n, self.b, self.ep, self.hash, self.sealed = 0, 1, 1, "", False

    def add(self, record: dict[str, Any], line: bytes) -> None:
        """Raises BadForm if the record cannot stand here."""
        if record["n"] != self.n + 1:
            raise BadForm("its number is not the next one")
        if self.n == 0:
            self.begin(record)
        if self.sealed:
            raise BadForm("it stands after the seal")
        if record["b"] not in (self.b, record["n"]):
            raise BadForm("its batch number is wrong")
        if record["ep"] not in ((1,) if self.n == 0 else (self.ep, self.ep + 1)):
            raise BadForm("its epoch is wrong")
        self.hash = hash_of(self.hash, line)
        if record["h"] != self.hash:
            raise BadForm("hash does not match")
        self.n, self.b, self.ep, self.sealed = record["n"], record["b"], record["ep"], record["t"] == "seal"

    def begin(self, record: dict[str, Any]) -> None:
        """What stands for the hash before the first record."""
        run, program = record.get("run"), record.get("program")
        if record["t"] != "run.open" or not isinstance(run, str) or not isinstance(program, str):
            raise BadForm("the first record is not run.open")
        self.hash = hashlib.sha256(f"runbook-journal/v1\n{run}\n{program}\n".encode()).hexdigest()


def read_journal(data: bytes) -> list[dict[str, Any]]:
    """All records of a journal whose form and chain are right."""
    if not data:
        raise Bad(1, "the journal is empty", "torn")
    lines, chain, records = data.split(b"\n"), Chain(), []
    rest = lines.pop()
    for index, line in enumerate(lines):
        try:
            record = read_line(line)
            chain.add(record, line)
        except BadForm as error:
            raise Bad(index + 1, str(error), damage(records, lines[index:], index + 1)) from None
        records.append(record)
    if rest:
        raise Bad(len(lines) + 1, "the line is cut off", damage(records, [], len(lines) + 1))
    return records


def damage(before: list[dict[str, Any]], lines: list[bytes], bad: int) -> str:
    """Torn or corrupt? A crash can only spoil the last batch. `lines`: the bad one and those behind it."""
    if before and before[-1]["t"] == "seal":
        return "damaged"
    epoch, unsynced = (before[-1]["ep"], before[0].get("sync") is False) if before else (0, False)
    witness = previous = heard = None
    for index, line in enumerate(lines):
        try:
            record = read_line(line)
        except BadForm:
            previous = None
            continue
        if witness and record["n"] > witness["n"] and record["b"] < witness["b"]:
            witness = None
        follows = previous is None or (record["n"] == previous["n"] + 1 and record["h"] == hash_of(previous["h"], line))
        within = heard is not None and record["n"] > heard["n"] >= record["b"] > heard["b"]
        if record["ep"] >= epoch and follows and not within and (record["b"] > bad or (unsynced and record["n"] > bad)):
            witness = record
        if index and (heard is None or record["n"] > heard["n"]):
            heard = record
        previous = record if record["n"] > bad else None
    return "damaged" if witness else "torn"


# --- Blobs, outputs, files ------------------------------------------------------------


def read_file(path: Path, links: bool = False) -> bytes:
    """The bytes of a regular file; OSError if it is none."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | (0 if links else os.O_NOFOLLOW))
    with open(file, "rb") as stream:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return stream.read()


class Folder:
    """The files beside the journal."""

    def __init__(self, path: Path) -> None:
        self.path, self.known = path, {}

    def blob(self, n: int, digest: str, size: int | None = None) -> None:
        """The blob is there, has this digest, and this size if it must."""
        if not HEX64.fullmatch(digest):
            raise Bad(n, f"blob {digest}: no digest")
        if digest not in self.known:
            try:
                data = read_file(self.path / "blobs" / "sha256" / digest)
            except OSError as error:
                raise Bad(n, f"blob {digest}: {error.strerror}") from None
            if hashlib.sha256(data).hexdigest() != digest:
                raise Bad(n, f"blob {digest}: its bytes are not those that were stored")
            self.known[digest] = len(data)
        if size is not None and self.known[digest] != size:
            raise Bad(n, f"blob {digest}: it has {self.known[digest]} bytes, not {size}")

    def output(self, n: int, out: dict[str, Any]) -> None:
        """One stream of an attempt: its length is that of what is stored."""
        size, names = out["n"], set(out) - {"n"}
        if names == {"text"}:
            fits = len(out["text"].encode()) == size <= INLINE_MAX and "\0" not in out["text"]
        elif names == {"b64"}:
            try:
                fits = len(base64.b64decode(out["b64"], validate=True)) == size <= INLINE_MAX
            except binascii.Error:
                fits = False
        elif names == {"blob"}:
            fits = INLINE_MAX < size <= STORED_MAX
            self.blob(n, out["blob"], size)
        elif names == {"head", "tail", "sha256", "truncated"}:
            fits = size > STORED_MAX
            self.blob(n, out["head"], END_BYTES)
            self.blob(n, out["tail"], END_BYTES)
        else:
            fits = names in ({"quiet"}, {"lost"}) or (not names and size == 0)
        if not fits:
            raise Bad(n, "an output is not of the length that it says")

    def opened(self, record: dict[str, Any]) -> None:
        """The blobs of run.open: runbook, modules, files, what was changed."""
        self.blob(1, record["program"])
        modules = record.get("modules", [])
        try:
            files = record["files"] + record.get("source", {}).get("changed", [])
            files += [file for module in modules for file in module.get("files", [])]
            digests = [str(entry["sha256"]) for entry in modules + files]
        except (KeyError, TypeError, AttributeError):
            raise Bad(1, "a file or module without its sha256") from None
        for digest in digests:
            self.blob(1, digest)

    def check(self, record: dict[str, Any]) -> None:
        """All files that a record names."""
        for stream in () if record["t"] == "sample" else ("out", "err"):
            if stream in record:
                self.output(record["n"], record[stream])
        if record["t"] == "run.open":
            self.opened(record)
        if record["t"] == "torn":
            self.torn(record)

    def torn(self, record: dict[str, Any]) -> None:
        """What a take-over cut off is kept as it was."""
        name = record["file"]
        if not re.fullmatch(r"torn\.[1-9][0-9]*", name):
            raise Bad(record["n"], f"{name}: no name of a torn file")
        try:
            data = read_file(self.path / name)
        except OSError as error:
            raise Bad(record["n"], f"{name}: {error.strerror}") from None
        if len(data) != record["bytes"] or hashlib.sha256(data).hexdigest() != record["sha256"]:
            raise Bad(record["n"], f"{name}: its bytes are not those that were cut off")


# --- Heads ----------------------------------------------------------------------------


def check_heads(folder: Path, records: list[dict[str, Any]], signers: Path | None) -> None:
    """Each head is of this journal; with signers, the seal's is signed by one of them."""
    for head in sorted((folder / "heads").glob("*.head")):
        try:
            text = read_file(head)
        except OSError as error:
            raise Bad(None, f"heads/{head.name}: {error.strerror}") from None
        parts = re.match(rb"runbook-head/v1\nrun (\S+)\nrecords ([1-9][0-9]{0,15})\nhead ([0-9a-f]{64})\n", text)
        if parts is None:
            raise Bad(None, f"heads/{head.name}: it is no head of a journal")
        run, count, digest = parts[1].decode("latin-1"), int(parts[2]), parts[3].decode()
        here = run == records[0]["run"] and count <= len(records) and records[count - 1]["h"] == digest
        if parts.end() != len(text) or not here:
            raise Bad(None, f"heads/{head.name}: it is of another journal than this")
        if head.name == "seal.head" and records[count - 1]["t"] != "seal":
            raise Bad(None, "heads/seal.head: it is not of the seal")
    seal = folder / "heads" / "seal.head"
    trusted = seal.is_file() and signers and signer(seal.read_bytes(), Path(f"{seal}.sig"), signers, "runbook-head")
    if signers and not trusted:
        raise Bad(None, "no trusted signature stands under its seal")


# --- The whole --------------------------------------------------------------------------


def living(journal: Path) -> bool:
    """Does a runner hold the journal?"""
    with open(journal, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def parent_of(folder: Path, opened: dict[str, Any]) -> list[dict[str, Any]]:
    """The journal of the run that this one undoes, which lies beside it with what it ran."""
    parent = folder.resolve().parent / opened["rollback_of"]
    try:
        records = read_journal(read_file(parent / "journal.jsonl", links=True))
        sequence.check_members(records[0])
        Folder(parent).check(records[0])
    except (OSError, Bad, sequence.Illegal) as error:
        raise Bad(None, f"run {opened['rollback_of']}, which it undoes: {error}") from None
    if records[-1]["t"] != "seal" or records[-1]["h"] != opened.get("parent_head"):
        raise Bad(1, "parent_head is not the seal of the run that it undoes")
    return records


def verify(folder: Path, signers: Path | None = None, head: str | None = None) -> list[dict[str, Any]]:
    """Raises Bad at the first thing that is wrong; gives the records."""
    try:
        data = read_file(folder / "journal.jsonl", links=True)
    except OSError as error:
        raise Bad(None, f"journal.jsonl: {error.strerror}") from None
    records = read_journal(data)
    files, order = Folder(folder), sequence.Sequence()
    for record in records:
        try:
            sequence.check_members(record)
            files.check(record)
            if "rollback_of" in record:
                order.take_over(parent_of(folder, record))
            order.add(record)
        except sequence.Illegal as error:
            raise Bad(record["n"], str(error)) from None
    if head and head not in (record["h"] for record in records):
        raise Bad(None, f"the head {head} is not in this journal")
    check_heads(folder, records, signers)
    if records[-1]["t"] != "seal" and not living(folder / "journal.jsonl"):
        raise Bad(None, "the run has neither a seal nor a living runner: more may have happened")
    stored = folder / "report.run.json"
    try:
        if stored.exists() and read_file(stored, links=True) != report.make(records):
            raise Bad(None, "report.run.json is not what the journal gives")
    except OSError as error:
        raise Bad(None, f"report.run.json: {error.strerror}") from None
    except (KeyError, TypeError, AttributeError):
        raise Bad(None, "report.run.json cannot be made from this journal") from None
    return records


def verify_bundle(path: Path, signers: Path | None = None, head: str | None = None) -> list[dict[str, Any]]:
    """The same for a run in one file."""
    try:
        run, files = bundle.read(path.read_bytes())
        with tempfile.TemporaryDirectory() as place:
            for name, content in files.items():
                file = Path(place, name)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            records = verify(Path(place, run), signers, head)
        signed = files.get(f"{run}/statement.dsse.json")
        if signed is not None:
            expected = bundle.statement(records, files[f"{run}/journal.jsonl"])
            bundle.check_statement(signed, expected)
    except bundle.BadBundle as error:
        raise Bad(None, str(error)) from None
    return records


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Checks a run's folder by the words of docs/journal.md.")
    parser.add_argument("rundir", type=Path, help="a run's folder, or a bundle")
    parser.add_argument("--allowed-signers", type=Path, help="the seal must be signed by one of them")
    parser.add_argument("--head", help="a head that was kept: the journal must contain it")
    options = parser.parse_args()
    try:
        check = verify_bundle if options.rundir.is_file() else verify
        records = check(options.rundir, options.allowed_signers, options.head)
    except Bad as bad:
        print(bad)
        return 1
    print(f"sound: {len(records)} records, head {records[-1]['h']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
