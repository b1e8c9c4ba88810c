"""Lets both verifiers judge real runs and tampered copies of them: agree.py RUNBOOK SCRATCH

SCRATCH/runs holds the runs (runs.bash). Prints TAP: a test for each run, and one for each
way of tampering, with the counts. Chance has a seed: the same copies at every run.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import bundle
import forge
import sequence
import verify

Verdict = tuple[bool, int | None, str]  # good? the first bad record; the words
UNSEALED = {"held", "broken", "doubt"}
SIGNED = ("signed", "torn")


class Case(NamedTuple):
    """A tampered copy of a run: what is done to its folder, and what both are given."""

    run: str
    name: str
    change: Callable[[Path], None]
    head: str | None = None
    signed: bool = False


class Judge:
    """Both verifiers, and copies to judge."""

    def __init__(self, program: str, scratch: Path) -> None:
        self.program, self.scratch, self.state = program, scratch, scratch / "judge"
        self.signers = scratch / "signers"
        self.env = {**os.environ, "RUNBOOK_STATE": str(self.state)}
        self.originals = {path.name: path for path in sorted((scratch / "runs").iterdir())}
        self.ids = {name: forge.read(path)[0]["run"] for name, path in self.originals.items()}

    def copy(self, name: str) -> Path:
        """A fresh copy of a run, and of the run that it undoes."""
        shutil.rmtree(self.state, ignore_errors=True)
        folder = self.state / "runs" / self.ids[name]
        shutil.copytree(self.originals[name], folder)
        parent = forge.read(folder)[0].get("rollback_of")
        if parent:
            shutil.copytree(self.scratch / "state" / "runs" / parent, self.state / "runs" / parent)
        return folder

    def by_program(self, run: str, head: str | None = None, signed: bool = False) -> Verdict:
        """What `runbook verify` says of a run or a bundle."""
        args = ["--head", head] if head else []
        args += ["--require-signed"] if signed else []
        command = [self.program, "verify", run, *args]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, errors="replace", check=False)
        wrong = [line.removeprefix("  wrong  ") for line in done.stdout.splitlines() if line.startswith("  wrong")]
        if done.returncode not in (0, 6) or (done.returncode == 0) != (not wrong):
            return False, -1, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
        number = re.search(r"\brecord (\d+)\b", wrong[0]) if wrong else None
        return not wrong, int(number[1]) if number else None, wrong[0] if wrong else ""

    def by_python(self, folder: Path, head: str | None, signed: bool) -> Verdict:
        """What verify.py says."""
        try:
            verify.verify(folder, self.signers if signed else None, head)
        except verify.Bad as bad:
            return False, bad.record, str(bad)
        return True, None, ""

    def by_python_file(self, file: Path) -> Verdict:
        """What verify.py says of a bundle."""
        try:
            verify.verify_bundle(file)
        except verify.Bad as bad:
            return False, bad.record, str(bad)
        return True, None, ""

    def both(self, folder: Path, head: str | None = None, signed: bool = False) -> tuple[Verdict, Verdict]:
        """Both verdicts."""
        return self.by_program(folder.name, head, signed), self.by_python(folder, head, signed)


class Tap:
    """Test results."""

    def __init__(self) -> None:
        self.count = 0

    def test(self, name: str, troubles: list[str]) -> None:
        """One test, with what is wrong."""
        self.count += 1
        print(f"{'not ok' if troubles else 'ok'} {self.count} {name}", flush=True)
        for trouble in troubles[:20]:
            print("#   " + trouble.replace("\n", " | "))


# --- Ways of tampering ------------------------------------------------------------------


def journals(judge: Judge) -> dict[str, list[bytes]]:
    """The lines of all runs' journals."""
    return {name: forge.lines(path) for name, path in judge.originals.items()}


def write(lines: list[bytes]) -> Callable[[Path], None]:
    """Puts another journal in its place."""
    return lambda folder: (folder / "journal.jsonl").write_bytes(b"".join(lines)) and None


def bare(lines: list[bytes]) -> Callable[[Path], None]:
    """Another journal, without report and heads: nothing but the journal can tell."""

    def change(folder: Path) -> None:
        (folder / "journal.jsonl").write_bytes(b"".join(lines))
        (folder / "report.run.json").unlink(missing_ok=True)
        shutil.rmtree(folder / "heads", ignore_errors=True)

    return change


def flips(judge: Judge, dice: random.Random) -> Iterator[Case]:
    """One byte of the journal is another."""
    for name, lines in journals(judge).items():
        data = b"".join(lines)
        for _ in range(5):
            at = dice.randrange(len(data))
            other = dice.choice([b for b in range(256) if b != data[at]])
            if dice.random() < 0.5:
                other = data[at] ^ 1 << dice.randrange(8)
            yield Case(name, f"byte {at}: {data[at]} is {other}", write([data[:at] + bytes([other]) + data[at + 1:]]))


def moves(judge: Judge, dice: random.Random) -> Iterator[Case]:
    """Lines are dropped, doubled and swapped."""
    for name, lines in journals(judge).items():
        at = dice.randrange(len(lines) - 1)
        yield Case(name, f"line {at + 1} dropped", write(lines[:at] + lines[at + 1:]))
        at = dice.randrange(len(lines))
        yield Case(name, f"line {at + 1} doubled", write(lines[:at + 1] + lines[at:]))
        a, b = sorted(dice.sample(range(len(lines)), 2))
        swapped = lines[:a] + [lines[b]] + lines[a + 1:b] + [lines[a]] + lines[b + 1:]
        yield Case(name, f"lines {a + 1} and {b + 1} swapped", write(swapped))


def cuts(judge: Judge, dice: random.Random) -> Iterator[Case]:
    """The journal is cut: within a record, and behind one with and without its head."""
    for name, lines in journals(judge).items():
        data = b"".join(lines)
        at = dice.randrange(len(data) - 1)
        yield Case(name, f"cut at byte {at}", write([data[:at]]))
        keep = dice.randrange(1, len(lines))
        yield Case(name, f"cut behind record {keep}", bare(lines[:keep]))
        yield Case(name, f"cut behind record {keep}, with the head", bare(lines[:keep]), json.loads(lines[-1])["h"])


def splices(judge: Judge, dice: random.Random) -> Iterator[Case]:
    """The beginning of one run and the end of another."""
    all_lines = journals(judge)
    for name, lines in all_lines.items():
        other = dice.choice([n for n in all_lines if n != name and len(all_lines[n]) > 3])
        at = dice.randrange(1, min(len(lines), len(all_lines[other])) - 1)
        yield Case(name, f"{at} records, then those of {other}", write(lines[:at] + all_lines[other][at:]))
        yield Case(name, f"record {at + 1} of {other}", write(lines[:at] + [all_lines[other][at]] + lines[at + 1:]))


def blobs(judge: Judge, dice: random.Random) -> Iterator[Case]:
    """A blob is changed, cut, or gone."""
    for name, path in judge.originals.items():
        if name in UNSEALED:
            continue
        for blob in sorted((path / "blobs" / "sha256").iterdir()):
            where = f"blobs/sha256/{blob.name}"
            size = blob.stat().st_size
            how = dice.randrange(3)

            def change(folder: Path, where: str = where, how: int = how, at: int = dice.randrange(size)) -> None:
                data = bytearray((folder / where).read_bytes())
                data[at] ^= 1
                (folder / where).unlink()
                if how:
                    (folder / where).write_bytes(data if how == 1 else data[:at])

            yield Case(name, f"blob {blob.name[:8]} {('gone', 'edited', 'cut')[how]}", change)


def reports(judge: Judge, dice: random.Random) -> Iterator[Case]:
    """The report is another."""
    for name, path in judge.originals.items():
        if name in UNSEALED or not (path / "report.run.json").exists():
            continue
        data = (path / "report.run.json").read_bytes()
        for _ in range(2):
            at = dice.randrange(len(data))
            changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
            yield Case(name, f"report byte {at}", lambda f, d=changed: (f / "report.run.json").write_bytes(d) and None)
    other = judge.originals["undo"] / "report.run.json"
    yield Case("ok", "the report of another run", lambda f: shutil.copy(other, f / "report.run.json") and None)
    yield Case("ok", "an empty report", lambda f: (f / "report.run.json").write_bytes(b"") and None)


def forged(judge: Judge, dice: random.Random) -> Iterator[Case]:
    """A value of a record is another, and everything behind it is made anew."""
    for name, lines in journals(judge).items():
        if name in UNSEALED:
            continue
        for _ in range(3):
            at, what, anew = forge.value(lines, dice)
            yield Case(name, f"record {at}: {what}", bare(anew))


def heads(judge: Judge, dice: random.Random) -> Iterator[Case]:
    """The same, but a head was kept, or the folder's signed heads are still there."""
    all_lines = journals(judge)
    for case in forged(judge, dice):
        yield case._replace(head=json.loads(all_lines[case.run][-1])["h"])
    for name in SIGNED * 6:
        at, what, anew = forge.value(all_lines[name], dice)
        yield Case(name, f"record {at}: {what}", write(anew), signed=True)


def orders(judge: Judge, dice: random.Random) -> Iterator[Case]:
    """Records are moved, dropped and doubled, and everything is made anew."""
    for name, lines in journals(judge).items():
        if name in UNSEALED:
            continue
        for _ in range(3):
            at, what, anew = forge.order(lines, dice)
            yield Case(name, f"record {at}: {what}", bare(anew))


def seals(judge: Judge, _dice: random.Random) -> Iterator[Case]:
    """The seal is gone, or says something else."""
    for name, lines in journals(judge).items():
        if name in UNSEALED:
            continue
        yield Case(name, "no seal", write(lines[:-1]))
        seal = json.loads(lines[-1])
        for old, new in forge.seal_lies(seal):
            assert old in lines[-1], (old, lines[-1])
            yield Case(name, f"{old!r} is {new!r}", bare(forge.chain([*lines[:-1], lines[-1].replace(old, new, 1)])))


def signatures(judge: Judge, _dice: random.Random) -> Iterator[Case]:
    """Signed heads that are changed, gone, of other keys, of other journals."""
    scratch = judge.scratch

    def sign(key: str, space: str) -> Callable[[Path], None]:
        def change(folder: Path) -> None:
            head = folder / "heads" / "seal.head"
            Path(f"{head}.sig").unlink()
            subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", scratch / key, "-n", space, head], check=True,
                           capture_output=True)

        return change

    def edit(name: str, old: bytes, new: bytes) -> Callable[[Path], None]:
        def change(folder: Path) -> None:
            data = (folder / "heads" / name).read_bytes()
            (folder / "heads" / name).write_bytes(re.sub(old, new, data, count=1))

        return change

    for name in SIGNED:
        yield Case(name, "the seal's signature gone", lambda f: (f / "heads/seal.head.sig").unlink(), signed=True)
        yield Case(name, "the seal's head gone", lambda f: (f / "heads/seal.head").unlink(), signed=True)
        yield Case(name, "all heads gone", lambda f: shutil.rmtree(f / "heads"), signed=True)
        yield Case(name, "signature changed", edit("seal.head.sig", rb"U1NI(.{50})", rb"U1NI\1A"), signed=True)
        yield Case(name, "signature of nobody", edit("seal.head.sig", rb"[\s\S]+", b"junk"), signed=True)
        yield Case(name, "signed by a stranger", sign("eve", "runbook-head"), signed=True)
        yield Case(name, "signed by who may only approve", sign("kim", "runbook-head"), signed=True)
        yield Case(name, "signed for another purpose", sign("ops", "file"), signed=True)
        for head in ("open.head", "seal.head"):
            for old, new in ((rb"run 0", b"run 1"), (rb"records \d+", b"records 2"), (rb"head [0-9a-f]{2}", b"head xy"),
                             (rb"head [0-9a-f]{2}", b"head a"), (rb"/v1", b"/v2"), (rb"\n\Z", b""), (rb"\Z", b"more\n"),
                             (rb"[\s\S]+", b"")):
                yield Case(name, f"{head}: {old!r} is {new!r}", edit(head, old, new))


def stolen(judge: Judge, dice: random.Random) -> Iterator[Case]:
    """The signed head of the beginning stands as that of the seal, and what is behind it is made anew."""

    def change(folder: Path, journal: list[bytes]) -> None:
        bare(journal)(folder)
        shutil.copytree(judge.originals["signed"] / "heads", folder / "heads")
        for end in ("", ".sig"):
            shutil.copy(folder / f"heads/open.head{end}", folder / f"heads/seal.head{end}")

    journal = forge.lines(judge.originals["signed"])
    yield Case("signed", "the head of the beginning at the seal", lambda f: change(f, journal), signed=True)
    for _ in range(5):
        at, what, anew = forge.value(journal[4:], dice, journal[:4])
        yield Case("signed", f"record {at}: {what}", lambda f, j=anew: change(f, j), signed=True)


def tornfiles(_judge: Judge, _dice: random.Random) -> Iterator[Case]:
    """What a take-over cut off is another."""
    yield Case("torn", "torn.1 edited", lambda f: (f / "torn.1").write_bytes(b"x") and None)
    yield Case("torn", "torn.1 gone", lambda f: (f / "torn.1").unlink())


class Kind(NamedTuple):
    """A way of tampering. `must`: who has to see it; program: only a replay sees all of it."""

    make: Callable[[Judge, random.Random], Iterator[Case]]
    must: str


KINDS = [
    *(Kind(make, "both") for make in (flips, moves, cuts, splices, blobs, reports, signatures, heads)),
    Kind(seals, "program"), Kind(orders, "program"), Kind(forged, "any"),
    Kind(tornfiles, "both"), Kind(stolen, "both"),
]


def disagreement(folder: Path, program: Verdict, python: Verdict) -> str:
    """What differs where both see something.

    Where the form or the chain is wrong, record and kind of damage are the same. What a replay
    finds at one record may show in the order of the records only later; and a replay takes an
    event as it stands, so that a wrong event shows at a decision behind it.
    """
    if program[1] == -1:
        return "no verdict"
    if program[0] or python[0] or program[1] is None:
        return ""
    damaged = re.match(r"the journal is (torn|damaged)", program[2])
    if damaged and (python[1] != program[1] or f": {damaged[1]}: " not in python[2]):
        return "another damage"
    early = not damaged and python[1] is not None and python[1] < program[1]
    if early and forge.read(folder)[python[1] - 1]["t"] not in sequence.EVENTS:
        return "another record"
    return ""


def try_kind(judge: Judge, tap: Tap, kind: Kind, seed: int) -> int:
    """All copies of one kind; gives their number."""
    dice, seen, troubles = random.Random(seed), Counter(), []
    for case in kind.make(judge, dice):
        folder = judge.copy(case.run)
        case.change(folder)
        program, python = judge.both(folder, case.head, case.signed)
        differs = disagreement(folder, program, python)
        place = f"{case.run}, {case.name}: runbook says {program[2] or 'good'}; verify.py says {python[2] or 'good'}"
        seen["both" if not (program[0] or python[0]) else "runbook only" if python[0] else
             "verify.py only" if program[0] else "neither"] += 1
        missed = kind.must in ("both", "program") and program[0] or kind.must in ("both", "python") and python[0]
        if missed or differs:
            troubles.append(f"{place}{': ' + differs if differs else ''}")
        elif os.environ.get("AGREE_ALL"):
            print("#   - " + place)
        if not (program[0] or python[0]) and None not in (program[1], python[1]):
            seen["the same record" if program[1] == python[1] else "another record"] += 1
    total = sum(seen[name] for name in ("both", "runbook only", "verify.py only", "neither"))
    counts = ", ".join(f"{count} {name}" for name, count in seen.items())
    tap.test(f"{kind.make.__name__}: {total} copies; seen by: {counts}", troubles)
    return total


def kills(judge: Judge, tap: Tap, dice: random.Random) -> None:
    """Runs that are killed and stopped at any time, and resumed or rolled back until they end."""
    seen, troubles, books = Counter(), [], Path(__file__).parent / "books"
    for turn in range(25):
        shutil.rmtree(judge.state, ignore_errors=True)
        (judge.state / "place").mkdir(parents=True)
        args = ["exec", str(books / f"{dice.choice(('shop', 'nest'))}.yml"), "-i", f"where={judge.state / 'place'}",
                "-i", f"code={turn % 2}"]
        for _ in range(6):
            run = subprocess.Popen([judge.program, *args, "--no-input"], env=judge.env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                run.wait(0.01 + dice.random() * 0.2)
            except subprocess.TimeoutExpired:
                run.send_signal(dice.choice((9, 9, 15)))
                run.wait()
            args = dice.choice((["resume"], ["resume"], ["rollback", "--why", "no"])) + ["@last", "--kill"]
        for folder in sorted((judge.state / "runs").glob("*")):
            program, python = judge.both(folder)
            differs = disagreement(folder, program, python)
            seen["good" if program[0] else "bad"] += 1
            if program[0] != python[0] or differs:
                troubles.append(f"{turn}: runbook says {program[2] or 'good'}; verify.py says {python[2] or 'good'}")
    tap.test(f"killed runs: {', '.join(f'{count} {name}' for name, count in sorted(seen.items()))}", troubles)


def bundles(judge: Judge, tap: Tap, dice: random.Random) -> None:
    """Runs in one file, good ones and others: a byte is another, a file is another, gone, or too much."""
    if subprocess.run([judge.program, "help", "export"], capture_output=True, check=False).returncode:
        return tap.test("bundles # SKIP this program makes none", [])
    env = judge.env | {"RUNBOOK_SIGN_KEY": str(judge.scratch / "ops")}
    file, seen, troubles = judge.scratch / "run.tar", Counter(), []
    for name in ("ok", "signed", "torn", "back", "people", "parts", "big"):
        run = judge.copy(name).name
        subprocess.run([judge.program, "export", run, "-o", file], env=env, check=True, capture_output=True)
        data = file.read_bytes()
        _run, files = bundle.read(data)
        copies = [("as it was made", data), ("longer", data + b"\0"), ("cut", data[:-512]), ("empty", b"")]
        for _ in range(6):
            at = dice.randrange(len(data))
            copies.append((f"byte {at}", data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1:]))
        for path in files:
            changed = bytearray(files[path])
            changed[dice.randrange(len(changed))] ^= 1
            if not path.endswith((".sig", ".hint")) and "/answers/" not in path:
                copies.append((f"{path} changed", bundle.build(run, files | {path: bytes(changed)})))
            if "/blobs/" in path or path.endswith("/journal.jsonl"):
                copies.append((f"{path} gone", bundle.build(run, {p: d for p, d in files.items() if p != path})))
        other = f"{run}/blobs/sha256/{'0' * 64}"
        for path in ("../x", "x", f"{run}/x", other, f"{run}/answers/.x.json", "x/journal.jsonl"):
            copies.append((f"{path} too much", bundle.build(run, files | {path: b"x"})))
        for what, copy in copies:
            file.write_bytes(copy)
            program, python = judge.by_program(str(file)), judge.by_python_file(file)
            seen["good" if program[0] else "bad"] += 1
            if program[0] != python[0]:
                words = f"runbook says {program[2] or 'good'}; verify.py says {python[2] or 'good'}"
                troubles.append(f"{name}, {what}: {words}")
    tap.test(f"bundles: {', '.join(f'{count} {name}' for name, count in sorted(seen.items()))}", troubles)


def main() -> int:
    """All runs, then all copies."""
    judge, tap = Judge(sys.argv[1], Path(sys.argv[2])), Tap()
    kinds = [kind for kind in KINDS if len(sys.argv) < 4 or kind.make.__name__ in sys.argv[3:]]
    for name in judge.originals:
        folder = judge.copy(name)
        program, python = judge.both(folder, signed=name in SIGNED)
        good = (name not in UNSEALED,) * 2
        tap.test(f"run {name}", [] if (program[0], python[0]) == good else [f"{program[2]}; {python[2]}"])
    seed = int(os.environ.get("AGREE_SEED", "0"))
    if len(sys.argv) < 4 or "kills" in sys.argv[3:]:
        kills(judge, tap, random.Random(seed))
    if len(sys.argv) < 4 or "bundles" in sys.argv[3:]:
        bundles(judge, tap, random.Random(seed))
    total = sum(try_kind(judge, tap, kind, number) for number, kind in enumerate(kinds, seed))
    tap.test(f"{total} tampered copies are enough", [] if total >= 300 or len(sys.argv) > 3 else ["fewer than 300"])
    print(f"1..{tap.count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
