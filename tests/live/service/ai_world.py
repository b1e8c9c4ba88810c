"""AI model management's staging: three backends of each colour, their hosts' exporter and
Grafana, in one process. What it answers follows from the containers in the stand-ins'
state: a port answers as the version of the running container that publishes it.

usage: ai_world.py STATE.JSON LOAD.JSON PORTS.JSON
PORTS.JSON (written): {"blue": [3], "green": [3], "exporter": N, "grafana": N}
LOAD.JSON: {"blue": {...}, "green": {...}, "hosts": {"cpu": 0.45, "memory": 0.6}} with
rps, errors (part), ms (of nearly all requests), cache, query_ms, pool, broken (true: health fails)
of what each colour measures, and index (part of its queries that use one, from the start); counters grow by it with time. Versions of images in "bad":
[V...] never become healthy; "logins" is how often one may log in in a minute; "grafana_fails" and "storage_fails" are what they say. Grafana keeps dashboards in GRAFANA = LOAD.JSON + ".grafana".
"""
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

state_file, load_file, ports_file = sys.argv[1:4]
grafana_file = load_file + ".grafana"
lock = threading.Lock()
files = {}  # smoke uploads
logins = {}  # port: when somebody tried
BUCKETS = (0.05, 0.1, 0.18, 0.25, 0.42, 0.5, 0.75, 1, 2, 2.5, 5, 10)
totals = {c: {"ok": 0.0, "bad": 0.0, "hits": 0.0, "asked": 0.0, "query_s": 0.0, "query_n": 0.0, "le": [0.0] * (len(BUCKETS) + 1)} for c in ("blue", "green")}
hosts = {"idle": 0.0, "busy": 0.0}


def read(path):
    try:
        with open(path, encoding="utf-8") as f:
            return json.load(f)
    except (OSError, ValueError):
        return {}


def grow():
    last = time.monotonic()
    while True:
        time.sleep(0.05)
        now = time.monotonic()
        span, last = now - last, now
        load = read(load_file)
        with lock:
            for color, t in totals.items():
                one = load.get(color)
                if not one:
                    continue
                n = one["rps"] * span
                t["ok"] += n * (1 - one["errors"])
                t["bad"] += n * one["errors"]
                t["asked"] += n
                t["hits"] += n * one.get("cache", 0.95)
                t["query_n"] += n
                t["query_s"] += n * one.get("query_ms", 20) / 1000
                for i, le in enumerate(BUCKETS + (float("inf"),)):
                    # half at half the time, nearly all within it
                    t["le"][i] += n * (1.0 if le >= one["ms"] / 1000 else 0.5 if le >= one["ms"] / 2000 else 0.0)
            cpu = load.get("hosts", {}).get("cpu", 0.45)
            hosts["idle"] += span * (1 - cpu)
            hosts["busy"] += span * cpu


def container(port):
    for one in read(state_file).get("docker", {}).get("containers", {}).values():
        if one["running"] and any(int(p.split(":")[-2]) == port for p in one["ports"]):
            return one
    return None


def metrics(color):
    one = read(load_file).get(color) or {}
    with lock:
        t = totals[color]
        lines = ['http_requests_total{status="200"} %f' % (t["ok"] / 3), 'http_requests_total{status="500"} %f' % (t["bad"] / 3),
                 "cache_hits_total %f" % (t["hits"] / 3), "cache_requests_total %f" % (t["asked"] / 3),
                 "db_query_seconds_sum %f" % (t["query_s"] / 3), "db_query_seconds_count %f" % (t["query_n"] / 3),
                 "db_index_hits_total %f" % (t["query_n"] * one.get("index", 0.99) / 3),
                 "db_pool_in_use %f" % one.get("pool", 8), "db_pool_size 20"]
        lines += ['http_request_duration_seconds_bucket{le="%s"} %f' % ("+Inf" if le == float("inf") else le, n / 3)
                  for le, n in zip(BUCKETS + (float("inf"),), t["le"])]
    return "\n".join(lines) + "\n"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def answer(self, code, body, kind="application/json", headers=()):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()

    def handle_any(self):
        body, port = self.body(), self.server.server_address[1]
        if port == ports["exporter"]:
            with lock:
                cpu = 'node_cpu_seconds_total{cpu="0",mode="idle"} %f\nnode_cpu_seconds_total{cpu="0",mode="user"} %f\n' % (hosts["idle"], hosts["busy"])
            used = read(load_file).get("hosts", {}).get("memory", 0.6)
            return self.answer(200, cpu + "node_memory_MemTotal_bytes 8e9\nnode_memory_MemAvailable_bytes %f\n" % (8e9 * (1 - used)), "text/plain")
        if port == ports["grafana"]:
            return self.grafana(body)
        return self.backend(body, port)

    def grafana(self, body):
        if self.headers.get("Authorization") != "Bearer " + os.environ.get("GRAFANA_TOKEN", ""):
            return self.answer(401, {"message": "Unauthorized"})
        if self.command == "POST" and read(load_file).get("grafana_fails"):
            return self.answer(500, {"message": "database is locked"})
        with lock:
            boards = read(grafana_file)
            uid = self.path.rsplit("/", 1)[-1]
            if self.command == "GET":
                return self.answer(200, {"dashboard": boards[uid]}) if uid in boards else self.answer(404, {"message": "Dashboard not found"})
            if self.command == "DELETE":
                gone = boards.pop(uid, None)
            else:
                gone = json.loads(body)["dashboard"]
                boards[gone["uid"]] = gone
            with open(grafana_file + ".new", "w", encoding="utf-8") as f:
                json.dump(boards, f)
            os.rename(grafana_file + ".new", grafana_file)
        return self.answer(200 if gone else 404, {"status": "success"})

    def backend(self, body, port):
        color = "blue" if port in ports["blue"] else "green"
        one = container(port)
        if one is None:
            self.close_connection = True
            return self.connection.close()
        if self.path == "/metrics":
            return self.answer(200, metrics(color), "text/plain")
        version = one["image"].rsplit("staging-", 1)[-1]
        load = read(load_file)
        well = version not in load.get("bad", []) and not (load.get(color) or {}).get("broken")
        secure = [("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("X-XSS-Protection", "1; mode=block"), ("Referrer-Policy", "strict-origin-when-cross-origin"),
                  ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"), ("Content-Security-Policy", "default-src 'self'")]
        if self.path in ("/health", "/api/health", "/api/health/detailed"):
            return self.answer(200 if well else 503, {"status": "healthy" if well else "unhealthy", "version": version, "database": "ok", "cache": "ok",
                                                      "storage": "ok"}, headers=secure)
        if self.path in ("/api/models", "/api/evaluations"):
            return self.answer(200 if well else 503, [])
        if self.path == "/api/users":
            return self.answer(401, {"error": "who are you?"})
        if self.path == "/api/auth/login":
            with lock:  # five a minute, of each instance
                since = time.monotonic() - 60
                tries = logins[port] = [t for t in logins.get(port, []) if t > since] + [time.monotonic()]
            return self.answer(401 if len(tries) <= load.get("logins", 5) else 429, {"error": "wrong"})
        if self.path == "/api/files":  # of the test: what is there, and away with it
            with lock:
                if self.command == "DELETE":
                    files.clear()
                return self.answer(200, sorted(files))
        if self.path.startswith("/api/files/"):
            with lock:
                if self.command == "PUT":
                    if load.get("storage_fails"):
                        return self.answer(507, {})
                    files[self.path] = body
                    return self.answer(201, {})
                if self.command == "DELETE":
                    return self.answer(204 if files.pop(self.path, None) else 404, "")
                return self.answer(200, files[self.path], "text/plain") if self.path in files else self.answer(404, {})
        return self.answer(404, {"path": self.path})

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


servers = [Server(("127.0.0.1", 0), Handler) for _ in range(8)]
numbers = [s.server_address[1] for s in servers]
ports = {"blue": numbers[:3], "green": numbers[3:6], "exporter": numbers[6], "grafana": numbers[7]}
for s in servers:
    threading.Thread(target=s.serve_forever, daemon=True).start()
with open(ports_file + ".new", "w", encoding="utf-8") as f:
    json.dump(ports, f)
os.rename(ports_file + ".new", ports_file)
grow()
