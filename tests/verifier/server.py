"""A web server on a free port of its own, which it prints; ends after 10 minutes."""
import http.server
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    """Says ok to everything but /gone."""

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(404 if self.path.endswith("/gone") else 200)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    do_GET = do_POST = answer

    def log_message(self, *_args: object) -> None:
        """Stays silent."""


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Timer(600, server.shutdown).start()
print(server.server_address[1], flush=True)
server.serve_forever()
