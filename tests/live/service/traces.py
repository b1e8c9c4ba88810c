"""A trace as a collector would look at it: traces.py LOG, the log of hooks.py. Checks the JSON of
OTLP and prints the tree, a line for each span: depth, name, status. With `--bytes` the requests."""
import json
import re
import sys

requests = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
if sys.argv[2:] == ["--bytes"]:
    print("\n".join(r["raw"] for r in requests))
    sys.exit()
spans, scalar = [], {"stringValue": str, "intValue": str, "boolValue": bool}
for r in requests:
    body = r["body"]
    assert set(body) == {"resourceSpans"} and len(body["resourceSpans"]) == 1
    for a in body["resourceSpans"][0]["resource"]["attributes"]:
        print("resource", a["key"], a["value"]["stringValue"]) if r is requests[0] else None
    spans += body["resourceSpans"][0]["scopeSpans"][0]["spans"]
by_id = {}
for s in spans:
    assert set(s) <= {"traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes",
                      "events", "links", "status", "droppedEventsCount"}, s.keys()
    assert re.fullmatch("[0-9a-f]{32}", s["traceId"]) and re.fullmatch("[0-9a-f]{16}", s["spanId"]), s
    assert s["traceId"] == spans[0]["traceId"] and s["spanId"] not in by_id, "one trace, each span once: " + s["name"]
    assert s["kind"] == 1 and s["name"]
    for t in ("startTimeUnixNano", "endTimeUnixNano"):
        assert isinstance(s[t], str) and re.fullmatch("[0-9]{19}", s[t]), s[t]
    assert int(s["startTimeUnixNano"]) <= int(s["endTimeUnixNano"])
    assert s["status"].get("code", 0) in (0, 1, 2)
    for a in s["attributes"] + [a for e in s.get("events", []) for a in e["attributes"]]:
        (kind, value), = a["value"].items()
        assert isinstance(value, scalar[kind]) and a["key"]
    by_id[s["spanId"]] = s
children = {}
for s in spans:
    children.setdefault(s.get("parentSpanId"), []).append(s)
    for link in s.get("links", []):
        assert link["spanId"] in by_id, "a link to nowhere"
roots = [s for s in spans if s.get("parentSpanId") not in by_id]
assert len(roots) == 1, [s["name"] for s in roots]
print("trace", roots[0]["traceId"], "parent", roots[0].get("parentSpanId"))


def show(s, depth):
    print("  " * depth + s["name"], {0: "-", 1: "ok", 2: "error"}[s["status"].get("code", 0)], s["status"].get("message", ""))
    for c in sorted(children.get(s["spanId"], []), key=lambda c: (int(c["startTimeUnixNano"]), spans.index(c))):
        assert int(c["startTimeUnixNano"]) >= int(s["startTimeUnixNano"]) - 1000000, (s["name"], c["name"])
        show(c, depth + 1)


show(roots[0], 0)
