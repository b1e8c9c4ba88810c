"""k6.py: a stand-in for `k6 run`: really sends requests, then writes the summary and
judges the thresholds as k6 0.49 does (exit code 99 when one is crossed, 104 for options
that do not fit together, 107 for a script that fails, 255 for wrong flags).

It does not run JavaScript. From the script it takes `http.get('URL')` and `${__ENV.X}` in
it, `vus`, `duration` and `iterations` of `options`, and thresholds of the form
`metric: ['p(95)<500']`, with `${__ENV.X}` between backticks. Requests are sent until `duration` is over or `iterations` are
done. The summary has http_req_duration, http_req_failed, http_reqs, iterations, checks
(status is 200) as --summary-export writes them.
"""
import json
import re
import threading
import time
import urllib.error
import urllib.request

import state

LOCKED = False  # the servers that it asks may need the state
FAULT = ("level=error msg=\"context canceled\"", 1)
FLAGS = ("vus:int duration iterations:int summary-export quiet:flag verbose:flag no-color:flag env:many tag:many out:many "
         "no-thresholds:flag no-summary:flag no-usage-report:flag")
SHORT = {"-u": "vus", "-d": "duration", "-i": "iterations", "-e": "env", "-q": "quiet", "-v": "verbose", "-o": "out"}
METRICS = ("http_req_duration", "http_req_failed", "http_reqs", "iterations", "checks", "vus")
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def seconds(text, flag):
    if not re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h))+", text):
        state.refuse('invalid argument "%s" for "%s" flag: time: invalid duration "%s"' % (text, flag, text), 255)
    return sum(float(n) * UNITS[u] for n, _, u in re.findall(r"(\d+(\.\d+)?)(ms|s|m|h)", text))


def call(world, argv):
    plain, found = state.options(argv, FLAGS,
                                 lambda w: state.refuse("unknown flag: " + w, 255),
                                 lambda n: state.refuse("flag needs an argument: --" + n, 255),
                                 SHORT)
    if plain[:1] != ["run"] or len(plain) != 2:
        state.refuse("accepts 1 arg(s), received %d" % (len(plain) - 1), 255)
    try:
        with open(plain[1], encoding="utf-8") as f:
            script = f.read()
    except OSError:
        state.refuse('level=error msg="The moduleSpecifier \\"%s\\" couldn\'t be found on local disk."' % plain[1], 255)
    env = dict(e.partition("=")[::2] for e in found.get("env", []))
    urls = [fill(u, env) for u in re.findall(r"http\.get\(\s*[`'\"]([^`'\"]+)[`'\"]", script)]
    if not urls:
        state.refuse('level=error msg="no http.get in the script"', 107)
    option = dict(re.findall(r"\b(vus|duration|iterations):\s*['\"]?([\w.]+)", script))
    vus = found.get("vus", int(option.get("vus", 1)))
    length = seconds(found.get("duration", option.get("duration", "10m")), "-d, --duration")
    most = found.get("iterations", int(option["iterations"]) if "iterations" in option else None)
    if vus < 1:
        state.refuse('level=error msg="the number of VUs must be more than 0"', 104)
    if most is not None and most < vus:
        state.refuse('level=error msg="the number of iterations (%d) shouldn\'t be less than the number of VUs (%d)"' % (most, vus), 104)
    limits = [] if found.get("no-thresholds") else thresholds(script, env)
    metrics = measure(urls, vus, length, most)
    crossed = ["%s %s" % (name, rule) for name, rule in limits if not holds(metrics[name], rule)]
    if "summary-export" in found:
        state.write_json(found["summary-export"], {"metrics": metrics})
    if crossed:
        state.refuse('level=error msg="thresholds on metrics \'%s\' have been crossed"' % ", ".join(crossed), 99)
    if found.get("no-summary"):
        return ""
    return "http_req_duration p(95)=%.2fms http_req_failed %.2f%% http_reqs %d" % (
        metrics["http_req_duration"]["p(95)"], 100 * metrics["http_req_failed"]["value"], metrics["http_reqs"]["count"])


def thresholds(script, env):
    """Pairs of metric and rule; one that cannot be understood is refused before anything runs."""
    pairs = []
    for name, rules in re.findall(r"(\w+):\s*\[\s*((?:(?:'[^']+'|\"[^\"]+\"|`[^`]+`)\s*,?\s*)+)\]", script):
        for rule in re.findall(r"['\"`]([^'\"`]+)['\"`]", rules):
            if name not in METRICS:
                state.refuse('level=error msg="invalid threshold defined on %s; reason: no metric name \\"%s\\" found"' % (name, name), 104)
            rule = fill(rule, env)
            parsed(rule)
            pairs.append((name, rule))
    return pairs


def fill(url, env):
    def value(m):
        if m.group(1) not in env:
            state.refuse('level=error msg="GoError: %s is undefined"' % m.group(0), 107)
        return env[m.group(1)]
    return re.sub(r"\$\{__ENV\.(\w+)\}", value, url)


def parsed(rule):
    return re.fullmatch(r"\s*(p\((?:90|95)\)|avg|med|min|max|rate|count)\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*", rule) or \
        state.refuse('level=error msg="parsing threshold failed: %s"' % rule, 104)


def holds(metric, rule):
    m = parsed(rule)
    value = metric["value"] if m.group(1) == "rate" and "value" in metric else metric[m.group(1)]
    limit = float(m.group(3))
    return {"<": value < limit, ">": value > limit, "<=": value <= limit, ">=": value >= limit}[m.group(2)]


def measure(urls, vus, length, most):
    took, bad, lock, began = [], [0], threading.Lock(), time.monotonic()
    count = [0]

    def user():
        while True:
            with lock:
                if time.monotonic() - began >= length or (most is not None and count[0] >= most):
                    return
                count[0] += 1
            for url in urls:
                start = time.monotonic()
                try:
                    with urllib.request.urlopen(url, timeout=10) as answer:
                        answer.read()
                    failed = False
                except (urllib.error.URLError, OSError):
                    failed = True
                with lock:
                    took.append(1000 * (time.monotonic() - start))
                    bad[0] += failed

    threads = [threading.Thread(target=user) for _ in range(vus)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    spent, took = max(time.monotonic() - began, 1e-6), sorted(took)

    def at(p):
        return took[max(0, -(-p * len(took) // 100) - 1)] if took else 0

    n = len(took)
    return {
        "http_req_duration": {"avg": sum(took) / n if n else 0, "min": at(0), "med": at(50), "max": at(100), "p(90)": at(90), "p(95)": at(95)},
        "http_req_failed": {"passes": bad[0], "fails": n - bad[0], "value": bad[0] / n if n else 0},
        "http_reqs": {"count": n, "rate": n / spent},
        "iterations": {"count": count[0], "rate": count[0] / spent},
        "checks": {"passes": n - bad[0], "fails": bad[0], "value": 1 - bad[0] / n if n else 1},
        "vus": {"value": vus, "min": vus, "max": vus},
    }
