"""One side of ION: answers with its name; /metrics/summary is the file, read each time.

usage: ion_side.py PORT FILE.JSON
"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        body = open(sys.argv[2], "rb").read()
        if self.path != "/metrics/summary":
            body = json.dumps({"side": json.loads(body)["side"], "path": self.path}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
