"""A small service with two names: the estimator and the AI service of KIS, or a
side of ION's canary. What it does stands in the release.json of its release:

  version      shown by /health
  accuracy     of a prediction (0.95)
  latency_ms   of every request but /health (0)
  error_every  every n-th such request fails (0: none)
  crash        exits at once
  needs        a column of kis.estimates without which it does not serve
  metrics      fixed answer of /metrics/summary; else it is measured
  later        what /metrics/summary answers when the file is there: {"file": PATH, "metrics": {...}}

usage: app.py PORT RELEASE.JSON     (PGHOST ..., REDIS_PORT, REDIS_PASSWORD in the environment)
"""
import hmac
import json
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

release = json.load(open(sys.argv[2]))
if release.get("crash"):
    sys.exit(1)
HOST = {"connections": 12, "cpu": 35.5, "memory": 61}
lock = threading.Lock()
seen = []      # (took, ok)
served = 0
token = hmac.new(os.environ.get("JWT_SECRET", "x").encode(), b"smoke", "sha256").hexdigest()


class Psql:
    """One psql that stays, for all requests: a process for each would be most of a test's time."""
    END = "-- end of this answer --"

    def __init__(self):
        self.lock = threading.Lock()
        self.run = None

    def ask(self, text, values):
        with self.lock:
            if self.run is None or self.run.poll() is not None:
                self.run = subprocess.Popen(["psql", "-XAtq", "-v", "VERBOSITY=terse"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.STDOUT, text=True)
            for name, value in values.items():
                plain = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
                self.run.stdin.write("\\set %s '%s'\n" % (name, plain))
            self.run.stdin.write("%s;\n\\echo '%s'\n" % (text, self.END))
            self.run.stdin.flush()
            lines = []
            for line in self.run.stdout:
                if line.rstrip("\n") == self.END:
                    break
                lines.append(line)
            else:
                raise RuntimeError("the database is not there")
        out = "".join(lines).strip()
        if "ERROR:" in out or "FATAL:" in out:
            raise RuntimeError(out)
        return out


psql = Psql()


def sql(text, **values):
    return psql.ask(text, values)


def redis(*words):
    with socket.create_connection(("127.0.0.1", int(os.environ["REDIS_PORT"])), 5) as s:
        f = s.makefile("rwb")
        for command in (("AUTH", os.environ["REDIS_PASSWORD"]), words):
            f.write(b"*%d\r\n" % len(command))
            for w in command:
                f.write(b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()))
            f.flush()
            line = f.readline().rstrip()
        if line[:1] == b"$":
            n = int(line[1:])
            return None if n < 0 else f.read(n).decode()
        return line.decode()


def health():
    out = {"status": "ok", "version": release["version"], "database": "none", "cache": "none"}
    if "PGHOST" in os.environ:
        out["database"] = "ok" if sql("SELECT 1") == "1" else "bad"
        if release.get("needs"):
            column = sql("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'kis'"
                         " AND table_name = 'estimates' AND column_name = :'c'", c=release["needs"])
            if column != "1":
                raise RuntimeError(f"column {release['needs']} is missing")
    if "REDIS_PORT" in os.environ:
        out["cache"] = "ok" if redis("PING") == "+PONG" else "bad"
    return out


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def answer(self, code, value):
        body = json.dumps(value).encode() + b"\n"
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")

    def allowed(self):
        return self.headers.get("Authorization") == "Bearer " + token

    def route(self):
        u = urlsplit(self.path)
        path, query, method = u.path, parse_qs(u.query), self.command
        if path == "/metrics/summary":
            return 200, summary()
        if path == "/health":
            return 200, health()
        global served
        with lock:
            served += 1
            bad = release.get("error_every") and served % release["error_every"] == 0
        time.sleep(release.get("latency_ms", 0) / 1000)
        if bad:
            return 500, {"error": "no answer this time"}
        if path == "/api/v1/health":
            return 200, health()
        if path == "/api/v1/templates":
            return 200, ["plain", "detailed"]
        if path == "/api/v1/auth/login" and method == "POST":
            b = self.body()
            ok = b.get("email") == "test@company.com" and b.get("password") == os.environ.get("SMOKE_TEST_PASSWORD")
            return (200, {"token": token}) if ok else (401, {"error": "who are you?"})
        if path == "/api/v1/predict" and method == "POST":
            self.body()
            return 200, {"accuracy": release.get("accuracy", 0.95), "model": redis("GET", "kis:model:active")}
        if path == "/api/v1/estimates" and method == "GET":
            return 200, json.loads(sql("SELECT coalesce(json_agg(e ORDER BY id), '[]') FROM kis.estimates e"))
        if path == "/api/v1/estimates" and method == "DELETE":
            if not self.allowed():
                return 401, {"error": "who are you?"}
            sql("DELETE FROM kis.estimates WHERE customer = :'c'", c=query["customer"][0])
            return 200, {}
        if path == "/api/v1/estimate" and method == "POST":
            b = self.body()
            if not self.allowed():
                return 401, {"error": "who are you?"}
            number = sql("INSERT INTO kis.estimates (customer, project) VALUES (:'c', :'p') RETURNING id",
                         c=b["customerId"], p=b["projectName"])
            return 200, {"estimateId": "E" + number}
        return 200 if path == "/" else 404, {"version": release["version"], "path": path}

    def handle_one(self):
        began = time.monotonic()
        try:
            code, value = self.route()
        except Exception as e:  # whatever breaks is a failed request
            code, value = 500, {"error": str(e)}
        counted = self.path not in ("/metrics/summary", "/health")
        if counted:
            with lock:
                seen.append((time.monotonic() - began, code < 500))
        self.answer(code, value)

    do_GET = do_HEAD = do_POST = do_DELETE = handle_one


def summary():
    later = release.get("later")
    if later and os.path.exists(later["file"]):
        return {**HOST, **later["metrics"]}
    if "metrics" in release:
        return {**HOST, **release["metrics"]}
    with lock:
        n = len(seen)
        took = sorted(t for t, _ in seen)
        errors = sum(1 for _, ok in seen if not ok)
    p95 = took[max(0, -(-95 * n // 100) - 1)] if n else 0
    return {**HOST, "error_rate": round(errors / n, 6) if n else 0, "p95_ms": round(1000 * p95, 3), "requests": n}


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
