"""What the tests of metrics watch: an exporter whose figures stand in files, and servers
that only look like Prometheus.

usage: figures.py FOLDER PORTFILE
GET /metrics          FOLDER/metrics, in the format of Prometheus; 503 if it is not there
GET /json             FOLDER/json as it is; 503 if it is not there
GET /fake/NAME/api/v1/query   FOLDER/NAME as it is (a first line `503` is the status)
GET /auth/api/v1/query        a scalar 1 for `Authorization: Bearer its $secret`, else 401
Every request is a line of FOLDER/log.
"""
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

folder = sys.argv[1]
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = urlsplit(self.path).path
        with lock, open(os.path.join(folder, "log"), "a") as f:
            f.write(json.dumps({"path": path, "raw": self.path, "method": self.command}) + "\n")
        if path == "/auth/api/v1/query":
            known = self.headers.get("Authorization") == "Bearer its $secret"
            body = {"status": "success", "data": {"resultType": "scalar", "result": [1, "1"]}} if known else {
                "status": "error", "errorType": "unauthorized", "error": "who are you"}
            self.send(200 if known else 401, json.dumps(body).encode())
            return
        name = path.split("/")[2] if path.startswith("/fake/") else path[1:]
        try:
            with open(os.path.join(folder, name), "rb") as f:
                body = f.read()
        except OSError:
            self.send(503, b"not now")
            return
        status = 200
        if path.startswith("/fake/") and body[:3].isdigit() and body[3:4] == b"\n":
            status, body = int(body[:3]), body[4:]
        self.send(status, body)

    do_POST = do_GET


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(sys.argv[2] + ".new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(sys.argv[2] + ".new", sys.argv[2])
server.serve_forever()
