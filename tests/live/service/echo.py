"""Echo server of values.sh: appends each request as one JSON line to a file.

usage: echo.py FILE PORTFILE
Line: {"method", "path", "query": [[name, value]...], "headers": [[name, value]...], "body"};
text is latin-1 of the bytes, the query is decoded.
"""
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_to_bytes, urlsplit

lock = threading.Lock()


def plain(s):
    return unquote_to_bytes(s.replace("+", " ")).decode("latin-1")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def any(self):
        u = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = [tuple(plain(x) for x in (p.split("=", 1) + [""])[:2]) for p in u.query.split("&") if p]
        line = json.dumps({"method": self.command, "path": u.path, "query": query,
                           "headers": self.headers.items(), "body": body.decode("latin-1")})
        with lock, open(sys.argv[1], "a") as f:
            f.write(line + "\n")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", self.headers.get("Content-Type") or "text/plain")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = any


s = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[2] + ".new", "w") as f:
    f.write(f"{s.server_address[1]}\n")
os.rename(sys.argv[2] + ".new", sys.argv[2])
s.serve_forever()
