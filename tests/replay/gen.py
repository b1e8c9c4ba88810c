#!/usr/bin/env python3
"""gen.py FROM COUNT OUT: writes COUNT random runbooks, valid by construction, seeds FROM and on.

Each is one line of JSON (which is YAML), its modules behind lines `=== NAME`; a byte 0x1e ends it. What
programs and servers do stands in their first word, as tests/unit/world.h reads it. Prints how often each
key of interp/syntax/keys.def was written, each word of the keys that take one of a few, each function of
interp/eval/functions.def, and which modifiers stood beside which action; fails if a key, a word, a function
or such a pair was never written.
"""
import json
import os
import random
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BAD = ["no", "flaky 1", "flaky 2", "sig", "lost", "nostart", "hang", "slow 3", "slow 7", "code 3", "big", "leak"]
NAMES = ["ok", "ok hello", 'ok {"a":1,"b":[1,2]}', "ok 7", "ok 안녕 세상", "ok a=1 b=2"]
ACTIONS = ("run", "http", "uses", "steps", "wait", "confirm", "approve", "ask", "checklist", "notify", "render", "metric")
# One expression for each function; in modules too, so they read `inputs.n` and `inputs.s` only.
FUNCTIONS = [
    "str(1m30s)", "bool('true')", "int('7') + inputs.n", "float('1.5')", "duration(inputs.n, 'm')", "size('10MB')", "percent(1.2)", "ratio(0.5)",
    "time('2026-03-29T01:30:00+01:00')", "json('[1,{\"a\":null}]')", "to_json([inputs.s, str(inputs.n)])", "show(null, 'none')", "len('한글')",
    "trim('  ' + inputs.s + ' ')", "lower('İIÄ' + inputs.s)", "upper('iıß' + inputs.s)", "split('a,b', ',')", "join([1, 2], '-')", "replace(inputs.s, ' ', '_')",
    "contains(inputs.s, 'x')", "starts_with(inputs.s, 'x')", "ends_with(inputs.s, 'y')", "lines('a\\nb')", "pad('안', 6)", "indent('a\\nb')", "b64(inputs.s)",
    "sha256(inputs.s)", "url_encode('a b/ä')", "quote(inputs.s)", "format('{} of {}', inputs.n, 9)", "first([3, 1])", "last([3, 1])", "any([1, 2], x => x == 2)",
    "all([1, 2], x => x > 0)", "none([1, 2], x => x > 2)", "count([1, 2], x => x > 1)", "filter([1, 2, 3], x => x > 1)", "map(['b', 'A'], x => x.lower())",
    "sort_by(['z', 'a', 'Z', 'ä'], x => x)", "sum([1s, 2s])", "min(3, inputs.n, 1)", "max([1.5, 2.5])", "avg([1, 2, 4])", "percentile([1, 5, 9], 95%)",
    "unique([1, 1, 2])", "flatten([[1], [2, 3]])", "range(2, 5)", "chunks([1, 2, 3], 2)", "keys(json('{\"b\":1,\"a\":2}'))", "values(json('{\"b\":1}'))",
    "has(json('{\"b\":1}'), 'b')", "merge(json('{\"a\":1}'), json('{\"a\":2}'))", "abs(0 - inputs.n)", "round(2.345, 0.01)", "floor(91s, 1m)", "ceil(2.1)",
    "mod(7, inputs.n)", "div(7, 2)", "clamp(inputs.n, 1, 2)", "format_time(run.started, '%A %d %B %H:%M %Z %x', 'Asia/Seoul')",
    "weekday(run.started, 'Pacific/Apia')", "date(run.started)"]


class Book:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.n = 0
        self.steps = 0
        self.modules = []
        self.in_module = 0
        self.ready = []          # modules that are there: (phase, uses, with)
        self.undone = 0          # blocks around that have a rollback of their own
        self.captures = []       # of steps at the top of the list at hand, done before

    # --- dice ---
    def chance(self, percent):
        return self.r.randrange(100) < percent

    def pick(self, *of):
        return of[self.r.randrange(len(of))]

    def word(self, well=80):
        if self.chance(well):
            return self.pick(*NAMES)
        return self.pick(*BAD)

    def dur(self, most=9):
        return self.pick("%ds" % (1 + self.r.randrange(most)), "%dms" % (100 + self.r.randrange(5000)))

    # --- values ---
    def text(self):
        holes = ["inputs.n", "inputs.s", "vars.name", "run.id", "inputs.d", "inputs.z", "inputs.p", "vars.nums.len()", "inputs.l.join(',')", "run.operator"]
        if self.in_module:
            holes = ["inputs.n", "inputs.s", "run.id"]
        holes += ["show(%s)" % c for c in self.captures] + ["show(%s)" % self.r.choice(FUNCTIONS) for _ in range(4)]
        out = self.pick("text", "Ärger", "two words", "'quoted'", "$5")
        for _ in range(self.r.randrange(3)):
            out += " ${{ %s }}" % self.r.choice(holes)
        return out

    def cond(self, holds=None):
        true = ["2 > 1", "inputs.n == 3", "inputs.s != ''", "1 < 2 and not false", "len('abc') == 3", "inputs.n in [1, 2, 3]", "5s < 1m", "'a' < 'b' or inputs.n > 9"]
        false = ["1 > 2", "inputs.n == 4", "inputs.s == 'x'", "false or 2 < 1", "inputs.n / 2 == 9"]
        if holds is None:
            holds = self.chance(70)
        return self.r.choice(true if holds else false)

    def people(self):
        return self.pick("log", "lead", ["log", "lead"], ["hook"], "chat", ["pager", "mail"]) if not self.in_module else self.pick("log", ["log"])

    def ladder(self):
        out = []
        for i in range(1 + self.r.randrange(2)):
            e = {"after": "%ds" % (1 + i * 7 + self.r.randrange(6)), "notify": self.people()}
            if self.chance(50):
                e["say"] = self.text()
            out.append(e)
        return out

    def retry(self):
        if self.chance(30):
            return self.r.randrange(3)
        out = {"max": self.pick(1, 2, "${{ inputs.n - 1 }}")}
        for key, value in (("delay", self.dur(4)), ("backoff", self.pick(1, 2, 1.5)), ("max_delay", self.pick("5s", "${{ 2s + 1s }}")), ("jitter", self.pick("10%", "50%"))):
            if self.chance(50):
                out[key] = value
        return out

    # --- steps ---
    def child(self, s, write, well=80):
        """run: as words or as a script."""
        what = self.word(well if self.rough > 50 else 96)
        if self.chance(55):
            words = what.split(" ")
            if words[0] == "ok" and self.chance(30):
                words.append(self.text())
            s["run"] = words
        else:
            s["run"] = what.replace("{", "").replace("}", "").replace('"', "") + self.pick("", "\ntrue ${{ inputs.s }}", " # done")
            if self.chance(30):
                s["shell"] = self.pick("sh", "bash", "pwsh")
                if s["shell"] == "pwsh":
                    s["run"] = what.split(" ")[0] + " 2"
        if not write:
            s["effect"] = "read"
        elif self.chance(10):
            s["effect"] = "write"
        if what == "hang" or self.chance(25):
            s["timeout"] = "5s"
        if self.chance(10):
            s["stdin"] = self.text()
        if self.chance(8):
            s["dir"] = self.pick("/tmp", "sub")
        if self.chance(10):
            s["env"] = {"A_B": self.text(), "N": "${{ inputs.n }}"}
            if not self.in_module and self.chance(40):
                s["env"]["T"] = "${{ secrets.token }}"
        return s

    def request(self, s, write):
        code = self.pick(200, 200, 200, 200, 201, 204, 404, 503, "flaky1", "lost", "nostart", "hang") if self.chance(self.rough) else 200
        h = {"url": "http://world/%s/${{ url_encode(inputs.s) }}" % code}
        method = self.pick("POST", "PUT", "PATCH", "DELETE") if write else self.pick("GET", "HEAD", None, "OPTIONS")
        if method:
            h["method"] = method
        if method == "OPTIONS":
            s["effect"] = "read"
        if self.chance(30):
            h["headers"] = {"X-A": self.text()}
        if self.chance(20):
            h["query"] = {"q": self.pick("a b", ["1", "2"])}
        if write and method != "DELETE":
            key = self.pick("json", "form", "body")
            h[key] = {"json": {"a": "${{ inputs.n }}", "b": [1, None]}, "form": {"a": "b c"}, "body": "raw ${{ inputs.s }}"}[key]
        if not self.in_module and self.chance(15):
            h["auth"] = self.pick({"user": "u", "password": "${{ secrets.token }}"}, {"bearer": "${{ secrets.token }}"})
        if self.chance(10):
            h["follow"] = self.r.randrange(4)
        if self.chance(15):
            h["tls"] = self.pick({"ca": "ca.pem"}, {"cert": "c.pem", "key": "k.pem"}, {"insecure": True})
        s["http"] = h
        s["timeout"] = "5s"
        return s

    def results(self, s, http):
        """parse, expect, capture: what is made of an output."""
        kind = self.pick(None, None, None, "text", "lines", "json", "regex") if self.chance(self.rough + 30) else None
        if kind == "regex":
            s["parse"] = {"regex": "(?<word>[a-z]+)"}
        elif kind:
            s["parse"] = kind
        if self.chance(20):
            s["expect"] = self.pick("took < 1h", "code == 0" if not http else "code in [200, 201]", self.cond(None if self.chance(self.rough) else True))
        if self.chance(25):
            take = {"regex": "out.word", "lines": "out.len()", "json": "str(out)", "text": "out.len()", None: "out"}[kind]
            s["capture"] = {"c%d" % self.n: take, "k%d" % self.n: "code + 1" if self.chance(50) else "took"}
            if kind is None and not http and self.chance(15):
                s["capture"] = {"c%d" % self.n: "secret(out)"}
                s["run"] = ["fresh"]
                s.pop("shell", None)
            elif "foreach" not in s and not self.in_block:
                self.later.append("steps.%s.c%d" % (s["id"], self.n))

    def metric(self):
        m = {"prometheus": "http://world/prom", "query": self.pick("up", "sum(rate(x[5m]))", 'up{job="${{ inputs.s }}"}')}
        if self.chance(30):
            m["all"] = True
        if self.chance(20):
            m["headers"] = {"X-A": self.text()}
        if not self.in_module and self.chance(15):
            m["auth"] = {"bearer": "${{ secrets.token }}"}
        if self.chance(15):
            m["tls"] = {"ca": "ca.pem"}
        return m

    def monitor(self, i, test, step):
        kind = self.pick("run", "run", "script", "http", "metric")
        m = {"id": "w%d" % i, "every": self.pick("1s", "2s", "1500ms", "${{ 1s * inputs.n }}")}
        if not test or self.chance(70):
            m["during"] = self.pick(["act"], ["act", "test"], ["test"], [step]) if test else self.pick(["act"], [step])
        if kind == "run":
            m["run"] = ["figures"] + [self.pick("1", "3", "5", "7", "9", "9", "x", "no", "lost", "hang", "sig") for _ in range(1 + self.r.randrange(8))]
            m["capture"] = {"n": "int(out)"}
        elif kind == "script":
            m["run"] = self.word(70).split(" ")[0] + " 7"
            m["shell"] = self.pick("sh", "bash", "pwsh")
            m["parse"] = self.pick("text", "lines", {"regex": "(?<d>[0-9]+)"})
            m["capture"] = {"n": {"text": "out.len()", "lines": "out.len()"}.get(str(m["parse"]), "2 + 2")}
        elif kind == "http":
            m["http"] = {"url": "http://world/%s" % self.pick(200, 200, 503, "flaky1")}
            m["capture"] = {"n": "code"}
        else:
            m["metric"] = dict(self.metric())
            m["metric"].pop("all", None)
            m["capture"] = {"n": "out"}
        for key, value in (("name", self.text()), ("about", "why"), ("timeout", "2s"), ("grace", "1s"), ("expect", self.pick("took < 1h", "true"))):
            if self.chance(25):
                m[key] = value
        if "run" in m:
            for key, value in (("env", {"E": "1"}), ("stdin", "in"), ("dir", "/tmp")):
                if self.chance(25):
                    m[key] = value
        if self.chance(75):
            m["rules"] = [self.rule() for _ in range(1 + self.r.randrange(3))]
        return m

    def rule(self):
        rule = {"when": self.pick("n > 4", "n < 2", "n >= 9", "failed", "n == 7") + self.pick("", "", " for 2s", " for 3 samples"), "then": self.pick("notify", "notify", "pause", "rollback")}
        for key, value in (("to", self.people()), ("level", self.pick("info", "warn", "error", "critical")), ("say", self.text())):
            if self.chance(30):
                rule[key] = value
        return rule

    def undo(self):
        out = []
        for _ in range(self.r.randrange(4)):
            u = self.child({}, True, 85)
            u.setdefault("timeout", "20s")
            u.pop("env", None)
            if self.chance(40):
                u["retry"] = 0
            out.append(u)
        if out and self.chance(15):
            out.append({"http": {"url": "http://world/200/${{ url_encode(self.status) }}", "method": "DELETE"}, "timeout": "5s"})
        return out

    def guards(self, stop):
        elses = ["fail", "skip", "warn"] + (["stop"] if stop else [])
        if self.chance(40):
            return self.cond(self.chance(85))
        one = lambda: {k: v for k, v in (("that", self.cond(self.chance(80))), ("else", self.r.choice(elses)), ("say", self.text())) if k == "that" or self.chance(70)}
        return one() if self.chance(60) else [one(), self.cond(True), one()]

    def step(self, phase, depth):
        self.n += 1
        self.steps += 1
        me = self.n
        s = {"id": "s%d" % me}
        early = phase in ("preflight", "plan")
        self.rough = 15 if early else 60
        kinds = ["run"] * 8 + ["http"] * 3 + ["guard", "capture", "confirm", "wait", "wait", "until", "notify", "render", "metric"]
        if depth < 3 and self.steps < 30:
            kinds += ["steps"] * 3 + ["uses"] * 2
        if not self.in_module:
            kinds += ["approve", "ask", "checklist"]
        kind = self.r.choice(kinds)
        write = not early and phase == "act" and kind in ("run", "http") and self.chance(80)
        if self.chance(20):
            s["name"] = self.text()
        if self.chance(8):
            s["about"] = self.pick("why", ["line one", "line two"])
        if kind != "guard" and self.chance(10):
            s["if"] = self.cond(self.chance(60))
        if kind == "guard" or self.chance(8):
            s["guard"] = self.guards(phase == "preflight") if self.chance(self.rough) else self.cond(True)
        looped = kind not in ("guard", "capture") and self.chance(14)
        if looped:
            s["foreach"] = self.pick("range(%d)" % (1 + self.r.randrange(3)), ["a", "b"], {"x": [1, 2], "y": ["p"]}, "inputs.l" if not self.in_module else ["q"])
            if self.chance(30) and not isinstance(s["foreach"], dict):
                s["as"] = "it%d" % me
        if (looped and kind in ("run", "http", "steps", "uses")) or kind == "steps":
            if self.chance(40):
                s["parallel"] = self.pick(2, 3, "${{ inputs.n }}")
        if kind in ("run", "http", "steps", "uses") and self.chance(22):
            s["retry"] = self.retry()
            if kind in ("run", "http") and isinstance(s["retry"], dict) and self.chance(30):
                s["retry"]["if"] = self.pick("code != 2", "took < 1h", "true")
        if self.chance(25):
            s["on_fail"] = self.pick("fail", "undo", "pause") if kind in ("guard", "confirm", "approve", "ask", "checklist", "capture") else self.pick("fail", "undo", "pause", "continue")
        if self.chance(8) and kind not in ("guard", "capture"):
            s["escalate"] = self.ladder()
        if self.chance(8) and kind not in ("guard", "capture"):
            s["planned"] = self.dur()
        if self.chance(8) and kind in ("run", "http", "steps"):
            s["preview"] = self.pick(self.text(), ["a", self.text()])
        if self.chance(6) and kind == "run":
            s["grace"] = "2s"
        if write and self.chance(25):
            s["probe"] = self.pick({"run": ["state"]}, {"run": ["state"]}, {"run": ["no"]}, {"run": ["ok", "x"], "expect": "out == 'x'"}, {"run": ["sig"]}, {"http": {"url": "http://world/404"}, "expect": "code == 200"})
        if write and self.chance(15):
            s["idempotent"] = True
        undo = None
        if (write and self.chance(85)) or (kind in ("steps", "uses") and phase == "act" and self.chance(20)):
            undo = self.undo() if self.chance(90) else []
        elif not self.undone and ((write and self.chance(40)) or (kind == "steps" and phase == "act" and self.chance(3))):
            s["irreversible"] = "gone: " + self.text()
        if undo is not None:
            s["rollback"] = undo
        if kind not in ("guard", "capture") and self.chance(10):
            s["always"] = [self.child({}, False, 80) if early else dict(self.child({}, True, 80), timeout="20s")]
        self.undone += undo is not None
        before, self.in_block = self.in_block, self.in_block or depth > 0
        self.action(s, kind, phase, depth, write)
        self.in_block = before
        self.undone -= undo is not None
        if kind in ACTIONS + ("until",):
            self.rare(s, phase)
        return s

    def rare(self, s, phase):
        """Modifiers that have a meaning beside any action, if seldom a use."""
        values = {"retry": 1, "expect": "took < 1h", "preview": "as it is", "capture": {"t%d" % self.n: "took"}, "timeout": "9s"}
        if "foreach" in s:
            values["parallel"] = 2
            if not isinstance(s["foreach"], dict):
                values["as"] = "each"
        if phase == "act":
            values["probe"] = {"run": [self.pick("state", "ok", "no")]}
            if not self.undone and "rollback" not in s and self.chance(50):
                values["irreversible"] = "it is out"
            elif not set(s).intersection(("steps", "uses", "irreversible")):
                values["rollback"] = [{"run": ["ok", "back"], "timeout": "5s"}]
        if "run" not in s and "http" not in s:
            values["parse"] = self.pick("text", "lines")
        if "steps" in s:
            values.update({"dir": "/tmp", "shell": "bash", "idempotent": True, "grace": "1s", "effect": "write" if phase == "act" else "read"})
        if "uses" in s:
            values.update({"idempotent": True, "grace": "1s"})
        for key, value in values.items():
            if key not in s and self.chance(30 if key in ("as", "parallel") else 20 if key == "rollback" else 9):
                s[key] = value

    def action(self, s, kind, phase, depth, write):
        if kind == "run":
            self.child(s, write)
            self.results(s, False)
        elif kind == "http":
            self.request(s, write)
            self.results(s, True)
        elif kind == "metric":
            s["metric"] = self.metric()
            s["timeout"] = "5s"
            if self.chance(50):
                s["capture"] = {"c%d" % self.n: "out.len()" if "all" in s["metric"] else "out * 2"}
        elif kind == "capture":
            s["capture"] = {"c%d" % self.n: self.pick("1 + 1", "inputs.s.upper()", "5s * 2", "[inputs.n, 4].max()")}
        elif kind == "confirm":
            s["confirm"] = self.text()
            if self.chance(30):
                s["timeout"] = "5s"
        elif kind == "approve":
            s["approve"] = {k: v for k, v in (("from", "lead"), ("min", 1 + self.r.randrange(2)), ("notify", self.people())) if k == "from" or self.chance(50)}
            s["timeout"] = "9s"
        elif kind == "ask":
            s["ask"] = self.pick({"n": "int"}, {"n": "int", "m": {"type": "int", "min": 4, "default": 5, "help": "more"}}, {"f": "float", "t": "string"},
                                 {"n": "int", "t": {"type": self.pick("string", "float"), "default": None, "max": 100}})
        elif kind == "checklist":
            s["checklist"] = ["one", self.text(), "three"]
            if self.chance(50):
                s["timeout"] = "9s"
        elif kind == "wait":
            s["wait"] = self.pick(self.dur(), self.dur(), "${{ 1s * inputs.n }}")
        elif kind == "until":
            s["wait"] = {"until": self.pick("${{ run.started + %ds }}" % (1 + self.r.randrange(20)), "1970-01-12T13:46:50Z")}
        elif kind == "notify":
            s["notify"] = {"to": self.people(), "say": self.text()}
            if self.chance(50):
                s["notify"]["title"] = self.text()
            if self.chance(50):
                s["notify"]["level"] = self.pick("info", "warn", "error", "critical")
            if self.chance(40):
                s["notify"]["incident"] = "inc-${{ inputs.n }}"
                s["notify"]["event"] = self.pick("trigger", "acknowledge", "resolve")
        elif kind == "render":
            s["render"] = {"to": self.pick("a%d.txt" % self.n, "r-${{ run.id }}/%d" % self.n)}
            s["render"].update(self.pick({"text": self.text()}, {"text": ["one", self.text()]}, {"json": {"n": "${{ inputs.n }}", "l": [1, "x"]}}))
        elif kind == "steps":
            if self.chance(25):
                s["timeout"] = "%ds" % (1 + self.r.randrange(15))
            if self.chance(10):
                s["env"] = {"OUTER": "x"}
            s["steps"] = self.list(phase, depth + 1, 4)
        elif kind == "uses" and self.again(s, phase):
            pass
        elif kind == "uses":
            name = "m%d.yml" % self.n
            s["uses"] = "./" + name
            s["with"] = {"s": self.text(), "n": "${{ inputs.n }}"}
            if self.chance(30):
                s["with"]["key"] = "plain" if self.in_module else self.pick("plain", "${{ secrets.token }}", "a ${{ secrets.third }}")
            if self.chance(15):
                s["timeout"] = "20s"
            kept, self.captures = self.captures, []
            later, self.later = self.later, []
            self.in_module += 1
            m = {"runbook": 1, "name": "m%d" % self.n, "inputs": {"n": {"type": "int", "default": 3}, "s": {"type": "string", "default": "d"}, "key": {"type": "secret", "default": None}},
                 "channels": {"log": {"run": ["ok", "told"]}}, "outputs": {"o": "inputs.n * 2"}}
            if self.chance(30):
                m["vars"] = {"local": "${{ inputs.s }}"}
            if self.chance(20):
                m["defaults"] = {"timeout": "9s", "env": {"MOD": "${{ inputs.s }}"}}
            if phase == "act" and self.chance(15): # a runbook with phases
                m["act"] = self.list("act", depth + 1, 3)
                m["test"] = [{"id": "seen", "run": ["ok"], "effect": "read"}]
                m["outputs"] = {"o": "steps.seen.code"}
            else:
                m["steps"] = self.list(phase, depth + 1, 3)
            self.in_module -= 1
            self.captures, self.later = kept, later
            self.modules.append((name, m))
            self.ready.append((phase, s["uses"], s["with"]))

    def again(self, s, phase):
        """A std module, or one that is there already."""
        if self.chance(30):
            std = [("http", {"url": "http://world/%s" % self.pick(200, 503, "flaky1"), "retries": 1}), ("env", {"names": ["A_B", "HOME"]}),
                   ("tls", {"host": "world"})]
            if phase == "act":
                std += [("service/restart", {"unit": "nginx"}), ("file/link", {"path": "/srv/now", "to": "v2"}), ("file/template", {"path": "/srv/c", "template": "t.txt", "values": {"a": "1"}})]
            name, given = self.r.choice(std)
            s["uses"], s["with"] = "std/%s@1" % name, given
            return True
        same = [m for m in self.ready if m[0] == phase]
        if not same or self.in_module or self.chance(60):
            return False
        _, s["uses"], given = self.r.choice(same)
        s["with"] = {"s": "again", "n": "${{ inputs.n }}"}
        return True

    def list(self, phase, depth, most):
        out = []
        for _ in range(1 + self.r.randrange(most)):
            if self.steps < 40 or not out:
                out.append(self.step(phase, depth))
        return out

    # --- the file ---
    def head(self):
        b = {"runbook": 1, "name": "t"}
        some = lambda key, value, percent=20: b.update({key: value}) if self.chance(percent) else None
        some("version", "1.2.%d" % self.r.randrange(9))
        some("title", "A run of ${{ inputs.s }}")
        some("about", ["one line", "another"])
        some("owners", ["kim", "ops-team"])
        some("meta", {"change": "CR-${{ inputs.n }}", "list": [1, {"deep": True}]})
        some("files", ["data.txt"])
        some("lock", "target-${{ inputs.s }}")
        some("rto", "5s")
        some("planned", "9s")
        if self.chance(8):
            b["timeout"] = "%ds" % (3 + self.r.randrange(30))
        some("escalate", self.ladder(), 10)
        if self.chance(15):
            b["window"] = {k: v for k, v in (("days", ["mon", "tue"]), ("from", "13:00"), ("to", self.pick("13:46", "24:00", "12:00")), ("tz", self.pick("UTC", "Asia/Kathmandu", "America/St_Johns")), ("else", self.pick("warn", "confirm", "fail")))}
            if self.chance(40):
                del b["window"]["days"]
        if self.chance(15):
            b["risks"] = [{k: v for k, v in (("what", self.text()), ("probability", self.pick("very_low", "low", "medium", "high", "very_high")), ("impact", self.pick("negligible", "minor", "moderate", "major", "severe")), ("owner", "me"), ("plan", "undo it")) if k in ("what", "probability", "impact") or self.chance(60)}]
        b["inputs"] = {
            "n": {"type": "int", "default": 3, "min": 1, "max": 9, "help": "a number"}, "s": {"type": "string", "default": "x y", "pattern": "^[a-z ]+$"},
            "d": {"type": "duration", "default": "90s"}, "z": {"type": "size", "default": "3MiB"}, "p": {"type": "percent", "default": "2.5%"},
            "l": {"type": "list", "of": "int", "default": [1, 2]}, "e": {"type": "string", "enum": ["a", "b"], "default": "a"}, "f": {"type": "float", "default": 1.5},
            "o": {"type": "string", "default": None}, "t": {"type": "time", "default": "2026-01-02T03:04:05Z"}, "m": {"type": "map", "default": {"k": "v"}}, "b": {"type": "bool", "default": True}}
        for of, one in (("string", "a"), ("int", 1), ("float", 0.5), ("bool", False), ("duration", "1m"), ("size", "1KB"), ("percent", "1%"), ("time", "2026-01-02T03:04:05Z")):
            if self.chance(10):
                b["inputs"]["many_" + of] = {"type": self.pick("list", "map"), "of": of, "default": None}
                b["inputs"]["many_" + of]["default"] = [one] if b["inputs"]["many_" + of]["type"] == "list" else {"k": one}
        b["secrets"] = {"token": {"env": "TOKEN"}, "addr": {"file": "addr"}, "third": {"run": ["pass", "x"]}}
        b["vars"] = {"name": "n-${{ inputs.s }}", "nums": [1, 2, "${{ inputs.n }}"], "later": "${{ inputs.d }}"}
        b["roles"] = {"lead": {"who": ["kim", "lee", "tester"], "notify": "log", "contact": "+1"}}
        b["channels"] = {"log": {"run": ["ok", "told"]}, "hook": {"webhook": "addr", "level": self.pick("info", "warn", "error", "critical")}, "chat": {"slack": "addr"},
                         "pager": {"pagerduty": "third", "url": "http://world/202/events"},
                         "mail": {"email": {"server": "mail.example.org:25", "user": "u", "password": "third", "from": "ops@example.org", "to": self.pick("a@example.org", ["a@example.org", "b@example.org"]), "tls": self.pick("starttls", "implicit")}}}
        if self.chance(20):
            mail = b["channels"]["mail"]["email"]
            mail["tls"] = "none"
            del mail["user"], mail["password"]
        b["defaults"] = {"timeout": "30s"}
        for key, value in (("retry", self.retry()), ("grace", "3s"), ("shell", self.pick("sh", "bash", "pwsh")), ("env", {"ALL": "${{ inputs.s }}"}), ("inherit", ["FOO", "AWS_*"]), ("dir", "/tmp")):
            if self.chance(15):
                b["defaults"][key] = value
        return b

    def make(self):
        b = self.head()
        self.later, self.in_block, self.rough = [], False, 60
        for phase, percent, most in (("preflight", 40, 3), ("plan", 25, 2), ("act", 100, 7), ("test", 45, 3)):
            if self.chance(percent):
                b[phase] = self.list(phase, 0, most)
                self.captures += self.later
                self.later = []
        self.captures = []
        if self.chance(35):
            b["monitors"] = [self.monitor(i, "test" in b, self.r.choice(b["act"])["id"]) for i in range(1 + self.r.randrange(2))]
        b["rollback"] = [self.child({"retry": 0}, True, 90)]
        b["always"] = [dict(self.child({}, True, 80), timeout="20s")]
        b["report"] = [self.child({}, False, 80), {"render": {"to": "end.txt", "text": "${{ run.status }} ${{ run.took }} ${{ run.steps.len() }} ${{ run.issues.len() }}"}}]
        return b


# --- coverage: what was written, by the places of the key table ---
def key_table():
    rows = re.findall(r"^KEY\((\w+), (\w+), \w+, \"([^\"]*)\", \"[^\"]*\", ([^,]+),", open(os.path.join(ROOT, "interp/syntax/keys.def")).read(), re.M)
    return {(place, key): kind for place, key, kind, flags in rows if "K_LATER" not in flags}


INSIDE = {("STEP", "http"): "HTTP", ("HTTP", "auth"): "HTTP_AUTH", ("HTTP", "tls"): "HTTP_TLS", ("STEP", "wait"): "WAIT", ("STEP", "notify"): "NOTIFY",
          ("STEP", "render"): "RENDER", ("STEP", "approve"): "APPROVE", ("STEP", "escalate"): "ESCALATE", ("TOP", "escalate"): "ESCALATE", ("STEP", "retry"): "RETRY",
          ("DEFAULTS", "retry"): "RETRY", ("STEP", "guard"): "GUARD", ("STEP", "parse"): "PARSE", ("TOP", "defaults"): "DEFAULTS", ("TOP", "window"): "WINDOW",
          ("TOP", "risks"): "RISK", ("STEP", "probe"): "STEP",
          ("STEP", "metric"): "METRIC", ("MONITOR", "metric"): "METRIC", ("MONITOR", "http"): "HTTP", ("MONITOR", "parse"): "PARSE", ("MONITOR", "rules"): "RULE",
          ("METRIC", "auth"): "HTTP_AUTH", ("METRIC", "tls"): "HTTP_TLS", ("TOP", "monitors"): "MONITOR", ("CHANNEL", "email"): "EMAIL"}
NAMED = {("TOP", "inputs"): "DECL", ("STEP", "ask"): "DECL", ("TOP", "secrets"): "SECRET", ("TOP", "channels"): "CHANNEL", ("TOP", "roles"): "ROLE"}
STEPS = {"preflight", "plan", "act", "test", "report", "rollback", "always", "steps"}


# Modifiers that have a meaning beside some actions only; the others stand beside all.
ONLY = {"grace": ("run", "uses", "steps"), "effect": ("run", "http", "steps"), "env": ("run", "steps"), "stdin": ("run",), "dir": ("run", "steps"),
        "shell": ("run", "steps"), "idempotent": ("run", "http", "uses", "steps"), "with": ("uses",)}


def pairs(table):
    return [(a, m) for a in ACTIONS for p, m in table if p == "STEP" and m not in ACTIONS and a in ONLY.get(m, ACTIONS)]


def words_of(table):
    """Every (place, key, word) of the key table."""
    return [(p, k, w) for (p, k), kind in table.items() if " | " in kind for w in kind.split(" | ")]


def functions():
    return re.findall(r"^FN\((\w+),", open(os.path.join(ROOT, "interp/eval/functions.def")).read(), re.M)


def count(place, value, seen, table):
    if isinstance(value, list):
        for v in value:
            count(place, v, seen, table)
        return
    if not isinstance(value, dict):
        return
    if place == "STEP":
        for action in set(value).intersection(ACTIONS):
            for key in value:
                seen[("beside", action, key)] = seen.get(("beside", action, key), 0) + 1
    for key, v in value.items():
        at = (place, key)
        seen[at] = seen.get(at, 0) + 1
        if isinstance(v, str) and " | " in table.get(at, "") and v in table[at].split(" | "):
            seen[at + (v,)] = seen.get(at + (v,), 0) + 1
        if at in INSIDE:
            count(INSIDE[at], v, seen, table)
        elif at in NAMED:
            for one in v.values():
                count(NAMED[at], one, seen, table)
        elif place in ("TOP", "STEP") and key in STEPS:
            count("STEP", v, seen, table)


def main():
    first, many, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    table, seen = key_table(), {}
    with open(out, "w", encoding="utf-8") as f:
        for seed in range(first, first + many):
            b = Book(seed)
            top = b.make()
            count("TOP", top, seen, table)
            f.write(json.dumps(top, ensure_ascii=False) + "\n")
            for name, m in b.modules:
                count("TOP", m, seen, table)
                f.write("\n=== %s\n%s\n" % (name, json.dumps(m, ensure_ascii=False)))
            f.write("\x1e")
    text = open(out, encoding="utf-8").read()
    calls = {f: len(re.findall(r"\b%s\(" % f, text)) for f in functions()}
    none = [at for at in table if not seen.get(at)]
    none += [at for at in words_of(table) if not seen.get(at)]
    none += ["%s()" % f for f in calls if not calls[f]]
    beside = pairs(table)
    none += ["%s beside %s" % (m, a) for a, m in beside if not seen.get(("beside", a, m))]
    for place in sorted({p for p, _ in table}):
        print("# %-9s %s" % (place, "  ".join("%s %d" % (k, seen.get((p, k), 0)) for p, k in table if p == place)))
    print("# words     " + "  ".join("%s=%s %d" % (at[1], at[2], seen.get(at, 0)) for at in words_of(table)))
    print("# functions " + "  ".join("%s %d" % (f, calls[f]) for f in calls))
    print("# beside    " + "  ".join("%s+%s %d" % (a, m, seen.get(("beside", a, m), 0)) for a, m in beside))
    print("# %d runbooks: %d keys, %d words, %d functions, %d pairs of action and modifier; %d never written" % (many, len(table), len(words_of(table)), len(calls), len(beside), len(none)))
    if none:
        print("# never written: %s" % none)
    strange = [at for at in seen if len(at) == 2 and at not in table]
    if strange:
        print("# not in the key table: %s" % strange)
    return 1 if none or strange else 0


if __name__ == "__main__":
    sys.exit(main())
