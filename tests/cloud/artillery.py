"""artillery.py: a stand-in for `artillery run`: sends the requests of a script's flow,
as k6.py does, and prints the summary. Of the script it reads duration and arrivalRate of
the one phase (so many users in all, each of which goes through the flow once) and the
`- get: url:` lines.
"""
import re

import k6
import state

FAULT = ("Error: connect ETIMEDOUT", 1)


def call(world, argv):
    plain, found = state.options(argv, "target output quiet:flag environment",
                                 lambda w: state.refuse("Error: Nonexistent flag: %s" % w, 2),
                                 lambda n: state.refuse("Error: Flag --%s expects a value" % n, 2),
                                 {"-t": "target", "-o": "output", "-q": "quiet", "-e": "environment"})
    if plain[:1] != ["run"] or len(plain) != 2:
        state.refuse("Error: Missing 1 required arg: scripts", 2)
    try:
        with open(plain[1], encoding="utf-8") as f:
            script = f.read()
    except OSError:
        state.refuse("Error: ENOENT: no such file or directory, open '%s'" % plain[1], 1)
    target = found.get("target") or state.refuse("Error: No target specified and no environment chosen", 1)
    urls = [target + u for u in re.findall(r"^\s*url:\s*(\S+)", script, re.M)]
    length, rate = (int(re.search(word + r":\s*(\d+)", script).group(1)) for word in ("duration", "arrivalRate"))
    metrics = k6.measure(urls, 4, length, length * rate)
    summary = {"aggregate": {"counters": {"http.requests": metrics["http_reqs"]["count"], "http.codes.200": metrics["http_req_failed"]["fails"]},
                             "rates": {"http.request_rate": metrics["http_reqs"]["rate"]},
                             "summaries": {"http.response_time": {"p95": metrics["http_req_duration"]["p(95)"]}}}}
    if "output" in found:
        state.write_json(found["output"], summary)
    return "Summary report @ end\nhttp.requests: %d\nhttp.response_time p95: %.1f" % (
        metrics["http_reqs"]["count"], metrics["http_req_duration"]["p(95)"])
