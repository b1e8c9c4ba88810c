"""report.run.json of a run, made anew from the records of its journal (docs/reports.md)."""
import json
import re
from typing import Any

Record = dict[str, Any]
PHASES = ("preflight", "plan", "act", "test", "report", "rollback", "always")
RUN = ("runbook", "runbook_version", "title", "path", "program", "version", "operator", "claimed", "user", "host",
       "lock")
RUN_END = ("inputs", "secrets", "files", "source", "rollback_of")
RUN_LEFT_OUT = {"v", "run", "dry", "uid", "boot", "pid", "seed", "sync", "interactive", "steps", "parent_head", "cause",
                "dir", "revision"}
ENVELOPE = ("n", "b", "ep", "w", "m", "t", "k", "h")
NODE = ("k", "kind", "id", "name", "action", "effect", "status", "what", "preview", "item", "began_us", "ended_us",
        "took_us", "attempts_made", "of", "dry", "error", "end", "at", "captures", "guards", "probes", "attempts",
        "undo", "steps")
ATTEMPT = ("a", "when", "result", "end", "code", "signal", "error", "answer", "by", "took_us", "ended_us", "headers",
           "out", "err")
FIGURES = {
    "performance": ("performance", "performance_status"),
    "api": ("api", "api_health"),
    "database": ("database", "database_health", "db", "db_health"),
    "cache": ("cache", "cache_health"),
    "errors": ("errors", "error_rate"),
    "p95": ("p95", "response_time_p95", "p95_response_time"),
}
NANOSECONDS = ((3_600_000_000_000, "h"), (60_000_000_000, "m"), (10**9, "s"), (10**6, "ms"), (10**3, "us"), (1, "ns"))
BYTES = tuple((1024**power, name) for power, name in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB"), (0, "B")))
LONG_UNITS = ((60, "m", 1, "s", 60), (3600, "h", 60, "m", 24), (86400, "d", 3600, "h", 10**9))
WAITING = {"held": "held", "doubt": "in_doubt"}
UNTESTED = {"wait", "confirm", "approve", "ask", "checklist", "notify", "render"}
RAN = {"ok", "unchanged", "failed", "timeout", "undone", "undo_failed", "cancelled"}


def pick(source: Record, names: tuple[str, ...]) -> Record:
    """The members of these names, in this order, as far as they are there."""
    return {name: source[name] for name in names if name in source}


class Fraction(float):
    """A number with a point or an exponent, which keeps how it was written."""

    def __new__(cls, text: str) -> "Fraction":
        number = super().__new__(cls, text)
        number.text = text
        return number


def dump(value: Any) -> str:
    """Compact JSON."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{dump(name)}:{dump(v)}" for name, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump, value)) + "]"
    return value.text if isinstance(value, Fraction) else json.dumps(value, ensure_ascii=False)


# --- Words for people -------------------------------------------------------------------


def duration(us: int) -> str:
    """A time in three digits, from a minute on in its two largest units."""
    if us == 0:
        return "0s"
    for unit, name in ((1, "us"), (1000, "ms"), (1_000_000, "s")):
        for digits, most in ((2, 1000), (1, 1000), (0, 60 if name == "s" else 1000)):
            scaled = (us * 10**digits + unit // 2) // unit
            if scaled < (600 if digits == 1 and name == "s" else most):
                whole, rest = divmod(scaled, 10**digits)
                return f"{whole}.{rest:0{digits}}".rstrip("0").rstrip(".") + name if rest else f"{whole}{name}"
    for unit, name, low, low_name, most in LONG_UNITS:
        count = (us + low * 500_000) // (low * 1_000_000)
        high, rest = divmod(count, unit // low)
        if high < most:
            return f"{high}{name}" + (f"{rest}{low_name}" if rest else "")
    return ""


def word(text: str) -> str:
    """A word as a shell wants it."""
    if re.fullmatch(r"[A-Za-z0-9_@%+=:,./-]+", text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def shown(value: Any) -> str:
    """An argument or the value of a hole, as one word; of a long one its first part."""
    return word(value) if isinstance(value, str) else word(value["head"]) + "..."


def what(intent: Record) -> str | None:
    """The command, request or question as a person reads it."""
    action = intent["action"]
    if "command" in intent:
        return intent["command"]
    if "argv" in intent:
        return " ".join(shown(arg) for arg in intent["argv"])
    if action == "run":
        values = iter(intent["rb"])
        return re.sub(r"\$\{\{.*?\}\}", lambda m: shown(next(values, m[0])), intent["line"])
    if action == "http":
        return f"{intent['method']} {intent['url']}"
    names = {"metric": "query", "wait": "wait", "confirm": "question", "notify": "say", "render": "to"}
    return intent.get(names.get(action, ""))


# --- The tree -----------------------------------------------------------------------------


class Tree:
    """Phases, steps, iterations, attempts and undos, by their keys."""

    def __init__(self) -> None:
        self.nodes: dict[str, Record] = {}
        self.roots: list[Record] = []

    def node(self, k: str) -> Record:
        """The node of a key; made, with those above it, if it is not there."""
        if k not in self.nodes:
            above, kind = self.place(k)
            self.nodes[k] = {"k": k, "kind": kind}
            (self.node(above).setdefault("steps", []) if above else self.roots).append(self.nodes[k])
        return self.nodes[k]

    @staticmethod
    def place(k: str) -> tuple[str, str]:
        """The key above a key, and what kind of node it is."""
        for pattern, kind in ((r"(.*)!(undo|always)", ""), (r"(.*)~\d+", "attempt"), (r"(.*)\[\d+\]", "iteration")):
            if match := re.fullmatch(pattern, k):
                return match[1], kind or match[2]
        return (k.rpartition("/")[0], "step") if "/" in k else ("", "phase")

    def add(self, record: Record) -> bool:
        """Takes a record into the tree; False if it belongs to the events."""
        kind, m = record["t"], record["m"]
        if kind not in ("phase.open", "phase.close", "guard", "probe", "step.intent", "step.attempt", "step.outcome",
                        "comp.intent", "comp.outcome"):
            return False
        node = self.node(record["k"])
        if kind == "phase.open":
            node.update(began_us=m)
        elif kind == "phase.close":
            node.update(status=record["status"], ended_us=m, took_us=m - node["began_us"])
        elif kind == "guard":
            node.setdefault("guards", []).append({"result": record["result"], "items": record["items"], "at_us": m})
            node.setdefault("began_us", m)
        elif kind in ("probe", "step.attempt"):
            if kind == "probe":
                node.setdefault("began_us", m - record["took_us"])
            made = pick({**record, "ended_us": m}, ATTEMPT)
            node.setdefault("probes" if kind == "probe" else "attempts", []).append(made)
        elif kind == "step.intent":
            node.setdefault("began_us", m)
            node.update(pick(record, ("id", "name", "action", "effect", "preview", "item")), status="running")
            if (text := what(record)) is not None:
                node["what"] = text
            if not node["action"]:
                del node["action"]
        elif kind == "step.outcome":
            self.outcome(node, record, m)
        elif kind == "comp.intent":
            node.setdefault("undo", {})["began_us"] = m
        else:
            self.undone(node, record, m)
        return True

    @staticmethod
    def outcome(node: Record, record: Record, m: int) -> None:
        """A step has ended."""
        node.update(pick(record, ("id", "name", "status", "took_us", "of", "dry", "error", "end", "at", "captures")))
        node["ended_us"] = m
        node.setdefault("began_us", m - record["took_us"])
        if "of" in record:
            node["kind"] = "foreach"
        if "attempts" in record:
            node["attempts_made"] = record["attempts"]
        if node.get("dry") and node["status"] == "ok":
            node["status"] = "would run"

    @staticmethod
    def undone(node: Record, record: Record, m: int) -> None:
        """An undo has ended."""
        undo = node.setdefault("undo", {})
        began = pick(undo, ("began_us",))
        undo.clear()
        undo.update(pick(record, ("status", "why")) | began, ended_us=m)
        if record["status"] in ("undone", "undo_failed"):
            node["status"] = record["status"]


def ordered(node: Record) -> Record:
    """The members of a node and of those below in their order."""
    if "steps" in node:
        node["steps"] = [ordered(child) for child in node["steps"]]
    return pick(node, NODE)


# --- Monitors ---------------------------------------------------------------------------

POINTS, FIGURES_MAX, FIRED_MAX = 1024, 32, 1000


def number_of(value: Any) -> Any:
    """The number of a typed value, or None."""
    if isinstance(value, dict) and len(value) == 1:
        (kind, value), = value.items()
        value = value if kind in ("duration_ns", "size", "percent") else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


class Figure:
    """A figure over time: extremes, and points thinned out."""

    def __init__(self, name: str) -> None:
        self.name, self.count, self.every, self.points = name, 0, 1, []
        self.least = self.most = self.last = None

    def point(self, at: int, number: Any) -> None:
        """One point more; when there are enough, every second goes."""
        if self.count % self.every:
            return
        if len(self.points) == POINTS:
            self.points = self.points[::2]
            self.every *= 2
            if self.count % self.every:
                return
        self.points.append([at, number])

    def add(self, at: int, value: Any) -> None:
        """One sample more."""
        number = number_of(value)
        self.point(at, number)
        if not self.count or number < number_of(self.least):
            self.least = value
        if not self.count or number > number_of(self.most):
            self.most = value
        self.last = value
        self.count += 1

    def made(self) -> Record:
        """As the report has it."""
        return {"name": self.name, "samples": self.count, "least": self.least, "most": self.most, "last": self.last,
                "every": self.every, "points": self.points}


class Monitors:
    """What monitors sampled, by their keys."""

    def __init__(self) -> None:
        self.all: dict[str, Record] = {}
        self.figures: dict[str, dict[str, Figure]] = {}

    def add(self, record: Record) -> None:
        """A sample, or a rule that fired."""
        k, m = record["k"], record["m"]
        monitor = self.all.setdefault(k, {"k": k, "samples": 0, "failed": 0, "first_us": m, "last_us": m, "fired": []})
        if record["t"] == "rule":
            if len(monitor["fired"]) < FIRED_MAX:
                monitor["fired"].append(pick({**record, "at_us": m}, ("rule", "when", "then", "text", "at_us")))
            return
        monitor["samples"] += 1
        monitor["last_us"] = m
        if "error" in record:
            monitor["failed"] += 1
            monitor["error"] = record["error"]
            return
        figures = self.figures.setdefault(k, {})
        seen = list(record.get("values", {}).items()) + ([("out", record["out"])] if "out" in record else [])
        for name, value in seen:
            if number_of(value) is not None and (name in figures or len(figures) < FIGURES_MAX):
                figures.setdefault(name, Figure(name)).add(m, value)

    def made(self) -> list[Record]:
        """As the report has them."""
        return [pick({**one, "figures": [f.made() for f in self.figures.get(k, {}).values()]},
                     ("k", "samples", "failed", "error", "first_us", "last_us", "figures", "fired"))
                for k, one in self.all.items()]


# --- The whole ----------------------------------------------------------------------------


def run_of(records: list[Record], seal: Record | None) -> Record:
    """What the run was."""
    opened, last = records[0], records[-1]
    run = {"id": opened["run"], "status": seal["status"] if seal else WAITING.get(last["t"], "unfinished")}
    if seal:
        run["exit"] = seal["exit"]
    run["dry"] = opened["dry"]
    run |= pick({"claimed": False, **opened}, RUN)
    run |= {"started": opened["w"], "ended": last["w"], "took_us": seal["took_us"] if seal else last["m"]}
    run |= pick(seal or {}, ("rollback_us",))
    run["runners"] = last["ep"]
    run |= pick(opened, RUN_END)
    if "rollback_of" in opened and "cause" in opened:
        run["rollback_why"] = opened["cause"]
    known = {*RUN, *RUN_END, *RUN_LEFT_OUT, *ENVELOPE, "start"}
    more = {name: value for name, value in opened.items() if name not in known}
    return run | ({"more": more} if more else {})


def parts(amount: int, units: tuple[tuple[int, str], ...]) -> str:
    """An amount in its units, exactly: 1h30m."""
    text = ""
    for unit, name in units:
        count, amount = divmod(amount, unit)
        text += f"{count}{name}" if count else ""
    return text


def text_of(value: Any) -> str:
    """A captured figure as text, as a value enters text."""
    if isinstance(value, dict) and len(value) == 1:
        (kind, inner), = value.items()
        if kind == "percent":
            return dump(inner) + "%"
        if kind == "duration_ns":
            return parts(inner, NANOSECONDS) or "0s"
        if kind == "size":
            unit, name = next((u, n) for u, n in BYTES if inner % u == 0 and (inner or u == 1))
            return f"{inner // unit}{name}"
        if kind == "time":
            return inner
    return value if isinstance(value, str) else dump(value)


def figures_of(tree: Tree, records: list[Record], seal: Record | None) -> Record:
    """The numbers of the twelve lines."""
    tests = [n for n in tree.nodes.get("test", {}).get("steps", [])
             if n.get("status") in RAN and n.get("action") not in UNTESTED]
    counts = [n.get("status") for n in tree.nodes.values()
              if n["kind"] in ("step", "iteration") and n.get("action") != "steps"]
    captures: Record = {}
    for record in records:
        captures |= record.get("captures", {}) if record["t"] == "step.outcome" else {}
    overall = {"ok": "SUCCESS", "stopped": "SUCCESS", "rolled_back": "ROLLED BACK"}
    figures: Record = {
        "tests": len(tests),
        "tests_passed": sum(n["status"] in ("ok", "unchanged") for n in tests),
        "critical": len(seal["continued"]) + (seal["cause"] is not None) if seal else 0,
        "done": sum(s in ("ok", "unchanged") for s in counts),
        "failed": sum(s in ("failed", "timeout", "undo_failed") for s in counts),
        "skipped": counts.count("skipped"),
        "undone": counts.count("undone"),
    }
    for name, names in FIGURES.items():
        found = [captures[n] for n in names if n in captures]
        figures[name] = text_of(found[-1]) if found else "UNKNOWN" if name == "performance" else "Unknown"
    return figures | {"overall": overall.get(seal["status"], "FAILED") if seal else "IN PROGRESS"}


def summary_of(run: Record, figures: Record) -> str:
    """The twelve lines."""
    rule = "=" * 44
    lines = [
        f"{run['runbook']} Deployment Report - {run['ended']}", rule,
        f"Deployment ID: {run['id']}",
        f"Status: {run['status']}{', dry-run' if run['dry'] else ''} (Duration: {duration(run['took_us'])})",
        f"Smoke Tests: {figures['tests_passed']}/{figures['tests']} passed",
        f"Performance: {figures['performance']}",
        f"Critical Issues: {figures['critical']}",
        f"API Health: {figures['api']}",
        f"Database: {figures['database']}",
        f"Cache: {figures['cache']}",
        f"Error Rate: {figures['errors']}",
        f"Response Time P95: {figures['p95']}", rule,
        f"Overall: {figures['overall']}",
    ]
    return "\n".join(lines) + "\n"


def make(records: list[Record]) -> bytes:
    """The bytes of the report of a run that has ended or not."""
    seal = records[-1] if records[-1]["t"] == "seal" else None
    tree, issues, events, monitors = Tree(), [], [], Monitors()
    rollback: Record = {}
    undone: list[str] = []
    for record in records[1:]:
        kind = record["t"]
        if kind == "comp.plan":
            rollback = {"cause": record["cause"], "planned": record["entries"]}
        elif kind == "issue":
            issues.append(pick({**record, "at_us": record["m"]}, ("k", "severity", "text", "at_us")))
        elif kind in ("sample", "rule"):
            monitors.add(record)
        elif kind not in ("seal", "held", "doubt") and not tree.add(record):
            event = pick({**record, "at_us": record["m"]}, ("n", "t", "k", "at_us"))
            members = {name: value for name, value in record.items() if name not in ENVELOPE}
            events.append(event | ({"members": members} if members else {}))
        if kind == "comp.outcome" and record["status"] == "undone":
            undone.append(record["k"])
    run, figures = run_of(records, seal), figures_of(tree, records, seal)
    rollback = {"planned": [], "residue": [], "undone": undone, **rollback, **pick(seal or {}, ("armed", "residue"))}
    rollback = pick(rollback, ("cause", "planned", "undone", "armed", "residue"))
    whole = {
        "v": 1, "run": run, "summary": summary_of(run, figures), "figures": figures,
        "cause": seal["cause"] if seal else None,
        **pick(seal or {}, ("stopped",)),
        **({"held": pick(records[-1], ("k", "why"))} if records[-1]["t"] == "held" else {}),
        "continued": seal["continued"] if seal else [],
        "rollback": rollback, "phases": [ordered(root) for root in tree.roots],
        **({"monitors": monitors.made()} if monitors.all else {}), "issues": issues, "events": events,
        "journal": {"records": len(records), "head": records[-1]["h"], "sealed": seal is not None},
    }
    return (dump(whole) + "\n").encode()
