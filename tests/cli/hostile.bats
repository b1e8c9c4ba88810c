# hostile.bats: what breaks trust: files, values, servers and children that are made to harm.
load setup

# serve: a server that answers `/away` with a redirect to itself by another name, and keeps what it gets; $port.
serve() {
	cat >serve.py <<-'PY'
		import http.server
		class H(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        with open("seen", "a") as f:
		            f.write("%s %s %s\n" % (self.headers["Host"], self.path, self.headers.get("X-Token", "-")))
		        away = self.path == "/away"
		        self.send_response(302 if away else 200)
		        if away:
		            self.send_header("Location", "http://localhost:%d/there" % self.server.server_port)
		        self.send_header("Content-Length", "2")
		        self.end_headers()
		        self.wfile.write(b"ok")
		    def log_message(self, *args):
		        pass
		s = http.server.HTTPServer(("127.0.0.1", 0), H)
		open("port", "w").write(str(s.server_port))
		s.serve_forever()
	PY
	python3 serve.py &
	background="$background $!"
	until_ok test -s port
	port=$(cat port)
}

@test "hostile: a file of 100,000 tags is refused at once" {
	python3 -c 'print("runbook: 1\nname: t\nabout:" + " !a" * 100000)' >t.yml
	code=0
	timeout 10 "$RB" check t.yml 2>err || code=$?
	is $code 2
	says 'error[RB016]' err
	says 't.yml:3:8' err
}

@test "hostile: a message does not repeat a value of 100,000 bytes" {
	python3 -c 'print("runbook: 1\nname: t\nvars: { a: " + "9" * 100000 + " }\nact: [{ wait: 1s }]")' >t.yml
	run_rb 2 check t.yml
	says 'error[RB105]' err
	says ' ... ' err
	[ "$(wc -c <err)" -lt 20000 ]
}

@test "hostile: a secret in a header does not follow a redirect to another host" {
	serve
	cat >r.yml <<-EOF
		runbook: 1
		name: r
		inputs: { path: string }
		secrets: { token: { env: TOKEN } }
		defaults: { timeout: 20s }
		test:
		  - http: { url: "http://127.0.0.1:$port\${{ inputs.path }}", follow: 3, headers: { X-Token: "\${{ secrets.token }}" } }
	EOF
	export TOKEN=very-secret-indeed
	run_rb 0 exec r.yml -i path=/here
	run_rb 1 exec r.yml -i path=/away
	says 'redirects to another host' err
	grep -qF "127.0.0.1:$port /away $TOKEN" seen
	! grep -qF localhost seen
}

@test "hostile: without a secret a redirect is followed" {
	serve
	cat >r.yml <<-EOF
		runbook: 1
		name: r
		defaults: { timeout: 20s }
		test:
		  - http: { url: "http://127.0.0.1:$port/away", follow: 3, headers: { X-Token: open } }
	EOF
	run_rb 0 exec r.yml
	grep -qF "localhost:$port /there open" seen
}
