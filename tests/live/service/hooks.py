"""A service that takes JSON: prints its port to a file, and each request as a line of JSON.
What it answers stands in the path: /ok, /slack (checks what it gets as Slack does), /pager
(as PagerDuty's Events API v2), /busy (429, Retry-After: 1, then ok), /never (429, Retry-After:
3600), /brief (429, Retry-After: 0, then ok), /twice (500, 500, ok), /hangup (nothing, then ok), /garbage (no HTTP, then ok), /gone
(404 no_service), /elsewhere (302 to /ok), /silent (no answer, for as long as it is waited for), /otlp..."""
import http.server
import json
import re
import sys
import threading
import time

log = open(sys.argv[1], "a", encoding="utf-8")
lock = threading.Lock()
seen = {}


def slack_wants(m):
    """What an incoming webhook refuses, as far as it is documented."""
    if not isinstance(m.get("text"), str) or not m["text"]:
        return "no_text"
    for text in [m["text"]] + [b["text"]["text"] for a in m["attachments"] for b in a["blocks"] if b["type"] == "section"]:
        if re.search(r"[<>]|&(?!amp;|lt;|gt;)", text):
            return "not escaped: " + text
    for a in m["attachments"]:
        if not re.fullmatch("#[0-9a-f]{6}", a["color"]) or not 1 <= len(a["blocks"]) <= 50:
            return "invalid_attachments"
        for b in a["blocks"]:
            texts = [b["text"]] if b["type"] == "section" else b["elements"]
            for t in texts:
                if t["type"] != "mrkdwn" or not 1 <= len(t["text"].encode()) <= 3000:
                    return "invalid_blocks"
    return None


def pager_wants(m):
    if not re.fullmatch("[A-Z0-9]{32}", m.get("routing_key", "")):
        return "routing_key"
    if m.get("event_action") not in ("trigger", "acknowledge", "resolve"):
        return "event_action"
    if not 1 <= len(m.get("dedup_key", "")) <= 255:
        return "dedup_key"
    if m["event_action"] == "trigger":
        p = m["payload"]
        if not 1 <= len(p["summary"]) <= 1024 or p["severity"] not in ("info", "warning", "error", "critical") or not p["source"]:
            return "payload"
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, code, body=b"ok", **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        with lock:
            n = seen[self.path] = seen.get(self.path, 0) + 1
            log.write(json.dumps({"path": self.path, "at": time.monotonic(), "method": self.command, "headers": dict(self.headers),
                                  "body": body, "raw": raw.decode("utf-8", "replace")}, ensure_ascii=False) + "\n")
            log.flush()
        kind = self.path.split("?")[0].strip("/").split("/")[0]
        if kind == "slack":
            wrong = slack_wants(body)
            self.answer(400 if wrong else 200, (wrong or "ok").encode())
        elif kind == "pager":
            wrong = pager_wants(body)
            self.answer(400 if wrong else 202, json.dumps({"status": "invalid event" if wrong else "success", "errors": [wrong]}).encode())
        elif kind == "busy" and n == 1:
            self.answer(429, b"rate_limited", Retry_After="1")
        elif kind == "brief" and n == 1:
            self.answer(429, b"", Retry_After="0")
        elif kind == "never":
            self.answer(429, b"rate_limited", Retry_After="3600")
        elif kind == "twice" and n <= 2:
            self.answer(500, b"internal error\nand a second line")
        elif kind == "always":
            self.answer(503, b"")
        elif kind == "gone":
            self.answer(404, b"no_service")
        elif kind == "elsewhere":
            self.answer(302, b"", Location="/ok")
        elif kind == "hangup" and n == 1:
            self.close_connection = True
        elif kind == "garbage" and n == 1:
            self.wfile.write(b"\x00\xff this is no HTTP\r\n\r\n")
            self.close_connection = True
        elif kind == "silent":
            self.rfile.read(1)
            self.close_connection = True
        elif kind == "partial":
            self.answer(200, b'{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}')
        else:
            self.answer(200)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(sys.argv[2], "w") as f:
    f.write(str(server.server_port))
server.serve_forever()
