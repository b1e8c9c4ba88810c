"""An HTTP server for tests/limits/run.sh: prints its port, then gives what a path
asks for: /body/N, N bytes; /head/N, N bytes of headers; /count/N, N headers; /hop/N, N redirects;
/series/N/api/v1/query, N series as Prometheus gives them. What is posted goes into the file
`posted`; /busy is answered with 503."""
import http.server


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        with open("posted", "wb") as f:
            f.write(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(503 if self.path == "/busy" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        kind, number = self.path.strip("/").split("/")[:2]
        number = int(number)
        if kind == "series":
            text = b'{"status":"success","data":{"resultType":"vector","result":[%s]}}' % b",".join([b'{"metric":{},"value":[1,"1"]}'] * number)
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            return
        body = number if kind == "body" else 0
        hop = kind == "hop" and number > 0
        self.send_response(302 if hop else 200)
        if hop:
            self.send_header("Location", "/hop/%d" % (number - 1))
        while kind == "head" and number > 0:
            self.send_header("X-%d" % number, "x" * min(number, 8000))
            number -= 8000
        while kind == "count" and number > 0:
            self.send_header("X-%d" % number, "x")
            number -= 1
        self.send_header("Content-Length", str(body))
        self.end_headers()
        try:
            while body > 0:
                body -= self.wfile.write(b"x" * min(body, 1 << 20))
        except OSError:
            self.close_connection = True


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
