"""relay.py: stands between a run and real servers, so that requests that change something
can be made to fail like calls of stand-ins (state.py). It knows them by the header
Idempotency-Key, which every writing step of a run sends, and by it the step.

usage: relay.py HOME STATE PORTFILE NAME=HOST:PORT...
STATE is the folder of the runs. PORTFILE (written): {NAME: port of the relay}.

before: 503, nothing was sent on; half: it was, and the answer breaks off in its middle;
after: it was, and the answer is 502; killed: it was, and there is no answer.
"""
import http.client
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import journal
import state

home, runs, port_file = sys.argv[1:4]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def forward(self, body):
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=30)
        try:
            upstream.request(self.command, self.path, body, {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "content-length")})
            answer = upstream.getresponse()
            return answer.status, [(k, v) for k, v in answer.getheaders() if k.lower() not in ("connection", "content-length", "transfer-encoding")], answer.read()
        except (OSError, http.client.HTTPException) as e:
            return 502, [], str(e).encode()
        finally:
            upstream.close()

    def fault(self):
        key = self.headers.get("Idempotency-Key")
        if self.command in ("GET", "HEAD") or not key:
            return None
        step = journal.of_key(runs, key)
        world = state.World(home)
        try:
            n, how = world.fault(step)
            world.log(n, "web", [self.command, self.path], 2, how, step, journal.phase(step))
        finally:
            world.close()
        return how

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        how = self.fault()
        code, headers, text = (503, [], b"no upstream\n") if how == "before" else self.forward(body)
        if how == "after":
            code, headers, text = 502, [], b"bad gateway\n"
        if how == "killed":
            self.close_connection = True
            return
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text) + (1 if how == "half" else 0)))
        self.end_headers()
        if how == "half":
            self.close_connection = True
            text = text[:len(text) // 2]
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a caller that has gone


ports = {}
for name, _, upstream in (word.partition("=") for word in sys.argv[4:]):
    server = Server(("127.0.0.1", 0), Handler)
    server.upstream = upstream
    ports[name] = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
state.write_json(port_file, ports)
threading.Event().wait()
