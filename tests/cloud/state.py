"""state.py: what the stand-ins of cloud command lines share: their state, their faults.

A stand-in is a module NAME.py here, which may say `reads(argv)`, whether this call reads
standard input (it does before the lock is taken: who writes it may need it; `world.input`),
with `call(world, argv)`: it checks the arguments as
the real program does (`refuse` with its words and exit code) and returns the text for
standard output. One that changes something is a generator: it checks everything, yields,
changes, and may yield again between two parts of the change; what it returns is the text.
`world.state` is one dict for all programs, in HOME/state.json, held under a lock for the
whole call and written beside and renamed. Keys that begin with `~` (times, event lists)
are no part of what is compared; NAME.view(state), if there is one, may hide more.

HOME/fault.json says which changing call fails, and how:
    {"at": 3, "how": "before" | "half" | "after" | "killed", "until": 3, "step": "act/x", "lost": 4}
    {"at": 3, "how": ..., "undo": "act/y", "as": "before"}
before: nothing has changed; half: at the second yield (calls without one: as before);
after: all of it has, but the caller hears of an error; killed: the same by SIGKILL.
Calls at+1 to `until` fail before they do anything, but not those that are part of the first
one's `step`; call `lost` does its work, but its caller hears of an error; all calls of the
undo of the step `undo` fail as `as` says. The numbers count changing calls only;
HOME/calls.jsonl has a line for each: n, program, argv, step, phase, points (yields).

This file must not know what any program does.
"""
import fcntl
import json
import os
import sys

KILL = 9  # the module signal would cost every call some milliseconds


class Refusal(Exception):
    def __init__(self, text, code):
        super().__init__(text)
        self.text, self.code = text, code


def refuse(text, code):
    raise Refusal(text, code)


def read_json(path, default=None):
    try:
        with open(path, encoding="utf-8") as f:
            return json.load(f)
    except FileNotFoundError:
        return default


def write_json(path, value):
    part = "%s.%d" % (path, os.getpid())
    with open(part, "w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=False)
    os.rename(part, path)


class World:
    """The state of one test: a folder. Locked while it is open, but for a program that
    only uses what is there (LOCKED = False in its module)."""

    def __init__(self, home, locked=True):
        self.home = home
        self._lock = os.open(home, os.O_RDONLY)  # the folder: a read writes nothing
        if locked:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.state = read_json(os.path.join(home, "state.json"), {})
        self.input = ""
        self.dirty = False  # a read has moved something on: it is saved

    def path(self, name):
        return os.path.join(self.home, name)

    def save(self):
        write_json(self.path("state.json"), self.state)

    def close(self):
        os.close(self._lock)

    def fault(self, step=None):
        """The fault of the next changing call, which gets its number."""
        step = step or os.environ.get("RUNBOOK_STEP", "")
        n = read_json(self.path("count.json"), 0) + 1
        write_json(self.path("count.json"), n)
        fault = read_json(self.path("fault.json")) or {}
        at = fault.get("at", 0)
        if n == at:
            return n, fault["how"]
        if n == fault.get("lost"):
            return n, "after"
        if "undo" in fault and step.startswith(fault["undo"] + "!undo"):
            return n, fault["as"]
        return n, "before" if at < n <= fault.get("until", 0) and step != fault.get("step", "none") else None

    def log(self, n, program, argv, points, fault, step=None, phase=None):
        line = {"n": n, "program": program, "argv": argv, "step": step or os.environ.get("RUNBOOK_STEP", ""),
                "phase": phase or os.environ.get("RUNBOOK_PHASE", ""), "points": points, "fault": fault}
        with open(self.path("calls.jsonl"), "a", encoding="utf-8") as f:
            f.write(json.dumps(line, ensure_ascii=False) + "\n")


def drive(world, program, argv, work):
    """Runs a handler's generator with the faults that are ordered; returns its text, and
    whether the caller hears of an error: None, "fault" or "killed"."""
    try:
        next(work)
    except StopIteration as done:
        return done.value, None  # nothing to change
    n, how = world.fault()
    points, end = 1, None
    if how != "before":
        while True:
            try:
                next(work)
            except StopIteration as done:
                end = done.value
                break
            except Refusal:
                world.save()  # it failed by itself, after it had changed something
                world.log(n, program, argv, points, how)
                raise
            points += 1
            if how == "half":
                break
        if not (how == "half" and points == 1):
            world.save()
    world.log(n, program, argv, points, how)
    if how == "killed":
        return end, "killed"
    return end, "fault" if how in ("before", "half", "after") else None


def main(program, home):
    """A stand-in's own main: `program` is the module and the name it goes by."""
    module = __import__(program)
    argv = sys.argv[1:]
    given = sys.stdin.read() if hasattr(module, "reads") and module.reads(argv) else ""
    world = World(home, getattr(module, "LOCKED", True))
    world.input = given
    try:
        work = module.call(world, argv)
        text, end = drive(world, program, argv, work) if hasattr(work, "send") else (work, None)
        if world.dirty:
            world.save()
    except Refusal as refusal:
        if refusal.text:
            sys.stderr.write(refusal.text.rstrip("\n") + "\n")
        return refusal.code
    finally:
        world.close()
    if end == "killed":
        os.kill(os.getpid(), KILL)
    if end == "fault":
        text, code = module.FAULT  # what the real program says when its service breaks off
        sys.stderr.write(text + "\n")
        return code
    if text:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
    return 0


def serve(world, program, argv, work):
    """The same for a server: the text, or None for an error."""
    try:
        text, end = drive(world, program, argv, work)
        return None if end else text or ""
    finally:
        world.close()


def wrap(program, home, real, become=os.execv, caller=None):
    """A real program whose calls in writing steps (HOME/writes, one key a line; one that ends
    with `!` is for undos) can be made to fail. `killed`: it has done its work, then its shell
    is killed, or if no shell has called it, itself. Programs of a script that is run by a
    wrapped shell can fail on their own. `become(path, argv)`
    does not come back; `caller` is the process that called the program."""
    argv = sys.argv[1:]
    step = os.environ.get("RUNBOOK_STEP", "").split("[")[0]
    if program not in ("sh", "bash"):
        os.environ["PATH"] = ":".join(p for p in os.environ["PATH"].split(":") if not p.startswith(home))
    try:
        with open(os.path.join(home, "writes"), encoding="utf-8") as f:
            writes = f.read().split()
    except FileNotFoundError:
        writes = []
    if not any(step == w or step.startswith(w if w.endswith("!") else w + "/") for w in writes):
        become(real, [real] + argv)
    world = World(home)
    n, how = world.fault()
    world.log(n, program, argv, 1, how)
    world.close()
    if how is None:
        become(real, [real] + argv)
    if how in ("after", "killed"):
        os.spawnv(os.P_WAIT, real, [real] + argv)
    if how == "killed":
        shell = caller or os.getppid()
        with open("/proc/%d/comm" % shell, encoding="utf-8") as f:
            by_shell = f.read().strip() in ("sh", "bash", "dash")
        os.kill(shell if by_shell else os.getpid(), KILL)
    sys.stderr.write("%s: this call was made to fail (%s)\n" % (program, how))
    return 1


def without_volatile(value):
    if isinstance(value, dict):
        return {k: without_volatile(v) for k, v in value.items() if not k.startswith("~")}
    if isinstance(value, list):
        return [without_volatile(v) for v in value]
    return value


def view(home):
    """What counts of the state, as text to compare."""
    world = World(home)
    world.close()
    state = world.state
    for program in list(state):
        if program != "web":
            module = __import__(program)
            if hasattr(module, "view"):
                state[program] = module.view(state[program])
    return json.dumps(without_volatile(state), indent=1, sort_keys=True, ensure_ascii=False)


def options(words, spec, unknown, missing, short=()):
    """Splits `words` into plain arguments and a dict of options. `spec` is text: `name`
    takes one value, `name:flag` none, `name:list` all up to the next option, `name:int` a
    number, `name:many` may repeat; `!` at the end: required. `unknown(word)` and
    `missing(name)` refuse. `short` gives long names for -x."""
    kinds, required, found, plain = {}, [], {}, []
    for entry in spec.split():
        if entry.endswith("!"):
            entry = entry[:-1]
            required.append(entry.split(":")[0])
        name, _, kind = entry.partition(":")
        kinds[name] = kind
    names, i = dict(short), 0
    while i < len(words):
        word = words[i]
        i += 1
        if not word.startswith("-") or word == "-":
            plain.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        name = names.get(word, name) if not word.startswith("--") else name
        if name not in kinds or (not word.startswith("--") and word not in names):
            unknown(word)
        kind = kinds[name]
        if kind == "flag":
            if equals:
                unknown(word)
            found[name] = True
            continue
        if kind == "list":
            values = [value] if equals else []
            while i < len(words) and not words[i].startswith("--"):
                values.append(words[i])
                i += 1
            if not values:
                missing(name)
            found[name] = values
            continue
        if not equals:
            if i == len(words):
                missing(name)
            value = words[i]
            i += 1
        if kind == "int":
            if not value.lstrip("-").isdigit():
                unknown(word)
            value = int(value)
        if kind == "many":
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    for name in required:
        if name not in found:
            missing(name)
    return plain, found
