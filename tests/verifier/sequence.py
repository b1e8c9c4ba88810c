"""What a record of each type holds, and in which order records may stand."""
import re
from typing import Any


class Illegal(ValueError):
    """A record that cannot stand where it stands."""


# --- Members ----------------------------------------------------------------------------

# Type -> "name:kind ..."; a name with ? may be missing. Kinds: s text, i number from 0, w from -1,
# b true or false, + true, - false, o map, l list, t list of texts, g of arguments, x 64 hex digits, u output, * any,
# a|b one of these words. ENDS and PERSON stand for the members of an attempt and of an answer.
END_WORDS = "exit|signal|timeout|stopped|not_started|lost|failed|stuck|fired|answer|no_person|suppressed"
PERSON = "answer?:s item?:s by?:s how?:terminal|preset|file|ssh why?:s subject?:x file?:s uid?:w refused?:s "
ENDS = f"end:{END_WORDS} code?:i signal?:i error?:s final?:b {PERSON} took_us:i headers?:o out?:u err?:u opaque?:* "
RUNNER = "operator:s claimed?:+ user:s uid:i host:s boot?:s pid:i version:s interactive:b "
MEMBERS_TEXT = {
    "run.open": "v:1 run:s program:x runbook:s runbook_version?:s title?:s path:s dir:s inputs:o secrets:t " + RUNNER
    + "seed:x dry:b sync:b steps:i lock?:s revision?:i plan?:x outside_window?:s roles?:o modules?:l uses?:l files:l source?:o "
    "start:s hidden?:t traceparent?:s rollback_of?:s parent_head?:x cause?:s dirs?:o",
    "epoch.open": RUNNER + "rollback?:+ cause?:s dirs?:o",
    "phase.open": "k:s",
    "phase.close": "k:s status:ok|stopped|failed",
    "guard": "k:s items:l result:pass|fail|stop|skip|warn|unknown",
    "probe": "k:s when:before|between|doubt|before_undo|after_undo result:yes|no|unknown " + ENDS,
    "step.intent": "k:s id?:s module?:s name?:s effect?:read|write item?:* unknown?:b preview?:s command?:s irreversible?:s undo?:t "
    "action:|run|http|uses|steps|wait|confirm|approve|ask|checklist|notify|render|metric argv?:g shell?:s line?:s rb?:g "
    "method?:s url?:s query?:s body_bytes?:i body?:s body_sha256?:x wait?:s question?:s from?:s min?:i fields?:t items?:i "
    "to?:* bytes?:i uses?:s with?:o say?:s level?:warn|error|critical event?:acknowledge|resolve incident?:s sends?:s",
    "step.attempt": "k:s a:i channel?:s tries?:i " + ENDS,
    "timer": "k?:s what:s",
    "sample": "k:s error?:s code?:i values?:o out?:* took_us:i",
    "rule": "k:s rule:i when:s then:notify|pause|rollback text:s",
    "rule.end": "k:s rule:i when:s",
    "step.outcome": "k:s status:ok|unchanged|skipped|failed|timeout|undone|cancelled|not_run|undo_failed took_us:i "
    "attempts?:i of?:i dry?:+ started?:- id?:s module?:s name?:s error?:s end?:s at?:s captures?:o",
    "issue": "k?:s severity:error|warning text:s",
    "note": "k?:s text:s",
    "question": "k:s what:confirm|pause|approve|ask|checklist|window subject?:x item?:s text?:s choices?:t who?:t "
    "items?:t again?:+ need?:i have?:i",
    "answer": f"k?:s what?:s {PERSON} not_taken?:s end?:{END_WORDS} took_us?:i",
    "window": "k?:s when:start|act inside:b",
    "message": "k?:s channel?:s tries?:i " + ENDS,
    "doubt": "k:s why:s",
    "resolve": "k:s done:b by:s why:s",
    "low": "",
    "held": "k:s why:s error?:s",
    "signal": "signal:i name:s does:s by?:s uid?:i why?:s",
    "comp.plan": "cause:s entries:t count:i",
    "comp.intent": "k:s",
    "comp.outcome": "k:s status:undone|undo_failed|irreversible|residue why?:s",
    "torn": "bytes:i sha256:x file:s",
    "seal": "status:ok|stopped|failed|rolled_back|rollback_incomplete|in_doubt|held|cancelled exit:i cause:* "
    "stopped?:s undone:t undone_count:i residue:l residue_count:i continued:t issues:i took_us:i rollback_us?:i "
    "would_run?:i skipped?:i unknown?:i armed?:t count?:i",
}
MEMBERS_TEXT["approval"] = MEMBERS_TEXT["answer"]
MEMBERS = {
    kind: {name.rstrip("?"): (name.endswith("?"), form) for name, form in (m.split(":", 1) for m in text.split())}
    for kind, text in MEMBERS_TEXT.items()
}
ENVELOPE = ("n", "b", "ep", "w", "m", "t", "h")
EVENTS = {"run.open", "epoch.open", "step.attempt", "probe", "timer", "sample", "answer", "approval", "message", "signal", "low",
          "resolve"}


def is_texts(value: Any) -> bool:
    """A list of texts?"""
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def is_number(value: Any) -> bool:
    """A whole number from 0?"""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_argument(value: Any) -> bool:
    """An argument or a value of a script: text, or the beginning of a long one?"""
    long = isinstance(value, dict) and set(value) == {"n", "head"} and is_number(value["n"])
    return isinstance(value, str) or (long and isinstance(value["head"], str))


def is_output(value: Any) -> bool:
    """One stream of an attempt, by its members' types?"""
    kinds = {"n": is_number} | dict.fromkeys(("truncated", "quiet", "lost"), lambda v: v is True)
    return (isinstance(value, dict) and "n" in value
            and set(value) <= {"n", "text", "b64", "blob", "head", "tail", "sha256", "truncated", "quiet", "lost"}
            and all(kinds.get(name, lambda v: isinstance(v, str))(v) for name, v in value.items()))


FORMS = {
    "s": lambda v: isinstance(v, str),
    "i": is_number,
    "w": lambda v: is_number(v) or (isinstance(v, int) and v == -1),  # whose file: nobody knows
    "b": lambda v: isinstance(v, bool),
    "+": lambda v: v is True,
    "-": lambda v: v is False,
    "1": lambda v: is_number(v) and v == 1,
    "o": lambda v: isinstance(v, dict),
    "l": lambda v: isinstance(v, list),
    "t": is_texts,
    "g": lambda v: isinstance(v, list) and all(map(is_argument, v)),
    "x": lambda v: isinstance(v, str) and re.fullmatch("[0-9a-f]{64}", v) is not None,
    "u": is_output,
    "*": lambda v: True,
}


def check_members(record: dict[str, Any]) -> None:
    """A record has the members of its type, with values of their types."""
    forms = MEMBERS.get(record["t"])
    if forms is None:
        raise Illegal(f"no type of record: {record['t']}")
    for name, value in record.items():
        if name in ENVELOPE:
            continue
        if name not in forms:
            raise Illegal(f"{record['t']} has no member {name}")
        form = forms[name][1]
        word = value.replace(" ", "_") if isinstance(value, str) else None
        if not (FORMS[form](value) if form in FORMS else word in form.split("|")):
            raise Illegal(f"{name} has no such value")
    for name, (optional, _form) in forms.items():
        if not optional and name not in record:
            raise Illegal(f"{record['t']} without {name}")
    for name in ("run", "rollback_of"):
        if name in record and not re.fullmatch("[0-9a-hjkmnp-tv-z]{26}", record[name]):
            raise Illegal("no id of a run")


# --- Order ------------------------------------------------------------------------------

PHASES = ("preflight", "plan", "act", "test", "report")
TRIED = {"run", "http", "metric", "wait", "confirm", "notify", "render"}  # ok only after an attempt
EXITS = {"ok": 0, "stopped": 0, "failed": 1, "rolled_back": 3, "rollback_incomplete": 4, "in_doubt": 4, "held": 5}


class Step:
    """An instance of a step that has an intent."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.action, self.attempts, self.end, self.resolved = record["action"], 0, "", False


def parents(key: str) -> tuple[str, str]:
    """What must be under way for a key: ("phase" | "step" | "undo" | "always" | "", its key)."""
    head, _, _label = key.rpartition("/")
    if head in ("rollback", "always"):
        return "", head
    if head in PHASES:
        return "phase", head
    for mark in ("undo", "always"):
        if head.endswith("!" + mark):
            return mark, head[:-len(mark) - 1]
    return "step", re.sub(r"~\d+$", "", head)


class Sequence:
    """The state of a run as its records tell it; add() raises Illegal at one that cannot follow."""

    def __init__(self) -> None:
        self.last: dict[str, Any] = {}
        self.event = ("", 0)
        self.epoch, self.opened, self.ended = 1, True, ""
        self.phase, self.phases, self.failed = "", [], False
        self.steps: dict[str, Step] = {}
        self.outcomes: dict[str, dict[str, Any]] = {}
        self.undo, self.planned, self.count, self.comp = set(), None, 0, {}
        self.issues, self.doubts, self.undone, self.torn, self.left = 0, set(), [], 0, 0
        self.questions: set[tuple[str, str]] = set()
        self.dry, self.parent, self.began = False, None, set()
        self.skipped, self.stopped, self.signals = "", False, set()
        self.sampled, self.firing = "", set()

    def take_over(self, records: list[dict[str, Any]]) -> None:
        """The steps of the run that this one undoes began there."""
        self.parent = {r["k"] for r in records if r["t"] == "step.intent"}

    def need(self, holds: Any, what: str) -> None:
        """Refuses the record at hand."""
        if not holds:
            raise Illegal(what)

    def add(self, record: dict[str, Any]) -> None:
        """One more record."""
        kind = record["t"]
        self.need(bool(self.last) == (kind != "run.open"), "run.open stands first, and only there")
        self.clock(record, kind)
        self.runner(record, kind)
        handler = getattr(self, "on_" + kind.replace(".", "_"), None)
        if handler:
            handler(record, record.get("k", ""))
        self.last = record

    # Who writes, and when.

    def clock(self, record: dict[str, Any], kind: str) -> None:
        """Decisions carry the time of their event; the clock of events does not go back."""
        time = (record["w"], record["m"])
        if kind in EVENTS:
            self.need(time[1] >= self.event[1], "its time is before that of the event before")
            self.event = time
        else:
            same = time[1] == self.event[1] if kind == "torn" else time == self.event
            self.need(same, "the record has another time than the event that led to it")

    def runner(self, record: dict[str, Any], kind: str) -> None:
        """Each runner has an epoch; in one after the first, events wait for epoch.open."""
        if record["ep"] != self.epoch:
            self.epoch, self.opened, self.ended = record["ep"], False, ""
            self.need(record["b"] == record["n"] or self.last["b"] == 1, "a new epoch begins a batch")
        elif self.ended == "resolve":
            raise Illegal("a resolve stands alone in its epoch")
        elif kind in ("epoch.open", "torn") or (kind == "resolve" and self.opened):
            self.need(not self.opened, f"{kind} in the midst of an epoch")
        if kind in EVENTS and not self.opened:
            self.need(kind in ("epoch.open", "resolve"), "an event before its runner's epoch.open")
        if kind == "epoch.open":
            self.opened = True
            self.doubts = {k for k in self.doubts if not record.get("rollback")}
        self.need(not (self.ended == "held" and kind == "step.intent"), "a step begins after the run was held")
        if kind in ("held", "doubt", "resolve"):
            self.ended = "held" if kind != "resolve" else kind

    # Phases.

    def on_run_open(self, record: dict[str, Any], _k: str) -> None:
        """The first record."""
        self.dry = record["dry"]
        self.need(("rollback_of" in record) == ("parent_head" in record), "rollback_of goes with parent_head")

    def on_phase_open(self, _record: dict[str, Any], k: str) -> None:
        """Phases come one after the other, and only REPORT behind a failure."""
        self.need(k in PHASES and not self.phase and not self.undo, f"phase {k} cannot begin here")
        self.need(not self.phases or PHASES.index(k) > PHASES.index(self.phases[-1]), f"phase {k} comes too late")
        self.need(k == "report" or not (self.failed or self.planned is not None), f"phase {k} after a failure")
        self.phase = k
        self.phases.append(k)

    def on_phase_close(self, record: dict[str, Any], k: str) -> None:
        """A phase ends when its steps have."""
        self.need(k == self.phase, f"phase {k} is not open")
        self.need(not self.running(k + "/"), f"{self.running(k + '/')} has not ended")
        self.phase = ""
        self.failed |= record["status"] != "ok"

    # Steps.

    def running(self, prefix: str = "") -> str:
        """A step below a key that has begun and not ended; "" if there is none."""
        return next((k for k in self.began if k.startswith(prefix)), "")

    def alive(self, k: str) -> bool:
        """Has the step begun, and not ended?"""
        return k in self.began

    def within(self, k: str) -> None:
        """What a step stands in is under way: its phase, block, use, loop or undo."""
        what, above = parents(k)
        if what == "phase":
            self.need(self.phase == above, f"phase {above} is not open")
        elif what == "undo":
            self.need(above in self.undo, f"no undo of {above} is under way")
        elif what == "always":
            self.need(above in self.steps, f"{above} has not begun")
        elif what == "step":
            self.need(self.alive(above), f"{above} is not under way")
        else:
            self.need(not self.phase, f"{above} within a phase")
            self.need(above != "rollback" or self.planned is not None, "rollback without an unwinding")
        self.need(what != "phase" or above == "report" or not self.planned, "a step begins after the unwinding began")

    def on_guard(self, record: dict[str, Any], k: str) -> None:
        """Before the step."""
        self.need(k not in self.steps and k not in self.outcomes, "a guard after its step")
        self.within(k)
        self.need(self.skipped != k, "the step was to be skipped")
        self.skipped = k if record["result"] == "skip" else ""
        self.stopped |= record["result"] == "stop"

    def on_probe(self, record: dict[str, Any], k: str) -> None:
        """Before, within, or around the undo of its step."""
        when = record["when"]
        if when == "before":
            self.need(k not in self.steps and k not in self.outcomes, "a probe `before` after its step")
            self.within(k)
        elif when == "between":
            self.need(self.alive(k), "a probe `between` of a step that is not under way")
        elif when == "after undo":
            self.need(k in self.undo, "a probe `after undo` without an undo")

    def on_step_intent(self, record: dict[str, Any], k: str) -> None:
        """A step begins: once, and where its block, phase or undo is under way."""
        self.need(k not in self.steps and k not in self.outcomes, "the step has begun before")
        self.need(self.skipped != k, "the step was to be skipped")
        self.within(k)
        self.steps[k] = Step(record)
        self.began.add(k)

    def on_step_attempt(self, record: dict[str, Any], k: str) -> None:
        """An attempt ends: of a step under way, with the next number."""
        self.need(self.alive(k), "an attempt of a step that is not under way")
        step = self.steps[k]
        again = step.end == record["end"] == "lost" and record["a"] == step.attempts
        self.need(again or record["a"] == step.attempts + 1, f"attempt {record['a']} after {step.attempts}")
        step.attempts, step.end = record["a"], record["end"]

    def on_timer(self, record: dict[str, Any], k: str) -> None:
        """A timer of a step under way, or of the run."""
        self.need(not k or record["what"] == "escalate" or k in self.steps, "a timer of a step that has not begun")

    def on_sample(self, record: dict[str, Any], k: str) -> None:
        """A monitor has read its source: while a phase before REPORT is open."""
        self.need(k.startswith("monitors/"), "a sample of something else than a monitor")
        self.need(self.phase in PHASES[:4] and self.planned is None, "a sample outside of the phases")
        self.need(not ("error" in record and ("values" in record or "out" in record)), "a failed sample with figures")
        self.sampled = k

    def on_rule(self, record: dict[str, Any], k: str) -> None:
        """A rule fires when its monitor was sampled."""
        self.need(k == self.sampled and record["rule"] > 0, "a rule without a sample of its monitor")
        self.firing.add((k, record["rule"]))

    def on_rule_end(self, record: dict[str, Any], k: str) -> None:
        """A rule that has fired holds no more when its monitor was sampled."""
        self.need(k == self.sampled and (k, record["rule"]) in self.firing, "the end of a rule that has not fired")
        self.firing.discard((k, record["rule"]))

    def on_step_outcome(self, record: dict[str, Any], k: str) -> None:
        """A step ends once; without an intent it says so."""
        self.need(k not in self.outcomes, "the step has ended before")
        self.outcomes[k] = record
        step = self.steps.get(k)
        if step is None:
            self.need("of" in record or record.get("started") is False, "the step ends, but has not begun")
            self.need("of" in record or record["status"] != "ok", "the step is ok, but has not begun")
            self.within(k)
        else:
            self.need("started" not in record, "the step has begun")
            self.need(record["status"] != "ok" or step.attempts or step.resolved or step.action not in TRIED,
                      "the step is ok without an attempt")
            self.need(step.action in ("steps", "uses") or record.get("attempts", 1) == max(step.attempts, 1),
                      "its number of attempts is wrong")
            self.began.discard(k)
        below = self.running(k + "/") or ("of" in record and self.running(k + "[")) or self.running(k + "~")
        self.need(not below, f"{below} has not ended")
        self.need(k not in self.doubts, "the step is in doubt")

    # People, doubts, issues.

    def on_question(self, record: dict[str, Any], k: str) -> None:
        """Asked about a step under way, or the window."""
        self.need(k == "window" or record["what"] == "window" or self.alive(k) or k not in self.outcomes,
                  "a question of a step that has ended")
        self.questions.add((k, record["what"]))

    def on_answer(self, record: dict[str, Any], k: str) -> None:
        """To a question that was asked, or given before it."""
        asked = not k or record.get("how") == "preset" or (k, record.get("what")) in self.questions
        self.need(asked, "an answer without its question")

    on_approval = on_answer

    def on_issue(self, _record: dict[str, Any], _k: str) -> None:
        """The seal counts them."""
        self.issues += 1

    def on_signal(self, record: dict[str, Any], _k: str) -> None:
        """A run that is cancelled ends with its signal."""
        self.signals.add(record["signal"])

    def on_held(self, _record: dict[str, Any], k: str) -> None:
        """The run waits for a person because of a step."""
        self.need(k not in self.outcomes, "held because of a step that has ended")

    def on_doubt(self, _record: dict[str, Any], k: str) -> None:
        """A step under way whose end is not known."""
        self.need(self.alive(k), "a doubt about a step that is not under way")
        self.doubts.add(k)

    def on_resolve(self, record: dict[str, Any], k: str) -> None:
        """A person says how a step in doubt ended."""
        self.need(k in self.doubts, "a resolve of a step that is not in doubt")
        self.doubts.discard(k)
        self.steps[k].resolved |= record["done"]

    def on_torn(self, record: dict[str, Any], _k: str) -> None:
        """Torn files are numbered."""
        self.torn += 1
        self.need(record["file"] == f"torn.{self.torn}", "the torn file has another number")

    # Unwinding.

    def on_comp_plan(self, record: dict[str, Any], _k: str) -> None:
        """The unwinding begins, once; from there on nothing goes forward."""
        self.need(self.planned is None and not self.phase and not self.running(), "the unwinding cannot begin here")
        entries = record["entries"]
        self.need(len(set(entries)) == len(entries) == min(record["count"], 500), "the plan's count is wrong")
        for k in entries:
            self.need(self.started(k), f"{k} has not begun")
        self.planned, self.count = list(entries), record["count"]

    def started(self, k: str) -> bool:
        """Has the step begun, here or in the run that this one undoes?"""
        return k in self.steps or (self.parent is not None and k in self.parent)

    def next_entry(self, k: str) -> None:
        """In an unwinding the entries come in the order of the plan."""
        if self.planned is not None and k in self.planned:
            self.planned = self.planned[self.planned.index(k):]
        elif self.planned is not None and self.count <= 500:
            raise Illegal(f"{k} is not the next one to undo")

    def on_comp_intent(self, _record: dict[str, Any], k: str) -> None:
        """An undo begins: of a step that has begun, and in an unwinding one at a time."""
        self.need(k not in self.undo and not (self.planned is not None and self.undo), "an undo has not ended")
        self.need(self.started(k), f"{k} has not begun")
        self.need(self.comp.get(k) != "undone", f"{k} is undone already")
        self.need(self.phase or self.planned is not None, "an undo without an unwinding")
        self.next_entry(k)
        self.undo.add(k)

    def on_comp_outcome(self, record: dict[str, Any], k: str) -> None:
        """An undo ends, or there is none."""
        status = record["status"]
        self.need(k in self.undo or not (self.planned is not None and self.undo), "an undo has not ended")
        self.need(k in self.undo or status in ("irreversible", "residue"), f"no undo of {k} is under way")
        self.need(not self.running(k + "!undo/"), f"{self.running(k + '!undo/')} has not ended")
        self.need(self.started(k), f"{k} has not begun")
        self.next_entry(k)
        self.undo.discard(k)
        self.comp[k] = status
        if status == "undone":
            self.undone.append(k)
        else:
            self.left += 1

    # The end.

    def on_seal(self, record: dict[str, Any], _k: str) -> None:
        """Everything has ended, and the seal says what the records say."""
        open_ = self.phase or next(iter(self.undo), "") or self.running()
        self.need(not open_, f"{open_} has not ended")
        self.need(not self.doubts, "a step is in doubt")
        status, code = record["status"], record["exit"]
        self.need(code == EXITS.get(status) or (status == "cancelled" and code > 128), "status and exit do not fit")
        self.need(record["issues"] == self.issues, f"{self.issues} issues, not {record['issues']}")
        self.need(record["took_us"] == record["m"], "took_us is not the time of its event")
        self.need(len(record["undone"]) == min(record["undone_count"], 500), "its list of what was undone is wrong")
        self.need(len(record["residue"]) == min(record["residue_count"], 500), "its list of what is left is wrong")
        plain = [re.sub(r"~\d+", "", k) for k in self.undone]
        self.need(all(re.sub(r"~\d+", "", k) in plain for k in record["undone"]), "something undone was not")
        self.need(status != "rolled_back" or not record["residue_count"], "it was not rolled back")
        self.need(status != "ok" or self.planned is None and not self.failed, "the run did not end well")
        self.need(status != "stopped" or self.stopped, "no guard stopped the run")
        self.need(status != "cancelled" or code - 128 in self.signals, "no such signal came")
