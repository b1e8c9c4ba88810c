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
	! grep -qF localhost seen || false
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

@test "hostile: an input cannot turn the lines of a plan around, or colour them" {
	cat >p.yml <<-'EOP'
		runbook: 1
		name: p
		inputs: { v: string }
		act:
		  - run: [echo, "${{ inputs.v }}"]
		    rollback: []
	EOP
	run_rb 0 plan p.yml -i "v=$(printf 'a\342\200\256b\302\233c\033[31md')"
	says 'input v = a' out
	[ "$(LC_ALL=C grep -c "$(printf '\342\200\256')\|$(printf '\302\233')\|$(printf '\033')" out)" = 0 ]
}

@test "hostile: what standard output cannot take is an error, not a short file" {
	simple='runbook: 1
	name: s
	act: [ { wait: 1ms } ]'
	printf '%s\n' "$simple" | tr -d '\t' >s.yml
	for args in 'plan s.yml' schema 'explain RB101' --help --version 'eval 1+1'; do
		code=0
		"$RB" $args >/dev/full 2>err || code=$?
		is "$args $code" "$args 1"
		says 'standard output: No space left on device' err
	done
	code=0 # of a run the code tells how it ended
	"$RB" exec s.yml >/dev/full 2>err || code=$?
	is $code 0
	says 'standard output: No space left on device' err
	code=0
	"$RB" report @last -f html >/dev/full 2>err || code=$?
	is $code 1
}

@test "hostile: a slow reader of a pipe that does not block gets everything" {
	python3 - "$RB" <<-'PY'
		import os, subprocess, sys, time
		r, w = os.pipe()
		os.set_blocking(w, False)
		p = subprocess.Popen([sys.argv[1], "schema"], stdout=w)
		os.close(w)
		time.sleep(0.5)
		got = b""
		while True:
		    piece = os.read(r, 65536)
		    if not piece:
		        break
		    got += piece
		want = subprocess.run([sys.argv[1], "schema"], stdout=subprocess.PIPE).stdout
		assert len(want) > 65536, "the schema fits into a pipe"
		assert p.wait() == 0 and got == want, (p.returncode, len(got), len(want))
	PY
}

@test "hostile: a run that died before its first record did nothing, and can be removed" {
	printf 'runbook: 1\nname: s\nact: [ { wait: 1ms } ]\n' >s.yml
	run_rb 0 exec s.yml
	id=$(ls state/runs)
	: >"state/runs/$id/journal.jsonl"
	for command in resume rollback cancel 'cancel --why x' export report logs 'eval run.id --run'; do
		run_rb 1 $command "$id"
		says 'nothing was written' err
	done
	[ ! -e "$id.tar" ]
	run_rb 2 diff "$id" "$id"
	run_rb 6 verify "$id" # as tests/verifier/verify.py says
	is "$(grep -c wrong out)" 1
	says 'wrong  nothing was written: its runner died before it did anything' out
	run_rb 0 show "$id"
	says 'start the runbook again' out
	run_rb 0 runs --prune 7d
	[ -d "state/runs/$id" ]
	run_rb 0 runs --prune 0s
	[ ! -d "state/runs/$id" ]
	run_rb 0 exec s.yml # and one that died even before it had a journal
	id=$(ls state/runs)
	rm -r "state/runs/$id"
	mkdir -p "state/runs/$id/blobs/sha256" "state/runs/$id/answers"
	run_rb 0 runs
	says broken out
	for command in resume rollback show 'cancel --why x' export report; do
		run_rb 1 $command "$id"
		says 'nothing was written' err
	done
	touch "state/runs/$id/blobs/sha256/x" # but a journal that is gone is damage: blobs are stored behind it
	for command in resume rollback show export report; do
		run_rb 6 $command "$id"
		says 'so nobody knows what it did' err
	done
	run_rb 6 verify "$id"
	run_rb 0 runs --prune 0s
	[ -d "state/runs/$id" ]
	rm "state/runs/$id/blobs/sha256/x"
	run_rb 0 runs --prune 0s
	[ ! -d "state/runs/$id" ]
}

@test "hostile: killed between a blob and its record: the blob is no damage, and no part of the run" {
	slow_yml
	begin exec slow.yml
	until_ok started
	kill -9 $pid
	wait $pid 2>/dev/null || true
	touch go
	id=$(ls state/runs)
	left=$(printf left | sha256sum | cut -c 1-64)
	printf left >"state/runs/$id/blobs/sha256/$left"
	printf half >"state/runs/$id/blobs/tmp.1.2"
	run_rb 6 verify "$id"
	says_not "$left" out
	run_rb 0 show "$id"
	says 'its runner died while this ran: act/long' out
	run_rb 0 rollback "$id" --kill
	run_rb 0 verify "$id"
	says 'note   blobs: 1 that no record names: left by a runner that was killed, and no damage' out
	python3 "$BATS_TEST_DIRNAME/../verifier/verify.py" "state/runs/$id" >out
	says sound out
	run_rb 0 export "$id" -o run.tar
	! tar tf run.tar | grep -q "$left" || false
	run_rb 0 verify ./run.tar
	says_not 'no record names' out
}

@test "hostile: a file of a version that is a pointer of Git LFS is refused, nothing runs" {
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@x GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@x
	git init -q -b main r
	cd r
	printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 12345\n' 0 >data.sql
	printf 'runbook: 1\nname: f\nfiles: [data.sql]\nact:\n  - run: [touch, ../ran]\n    rollback: []\n' >f.yml
	git add -A
	git commit -qm one
	git tag v1
	run_rb 2 exec f.yml@v1
	says 'pointer of Git LFS' err
	[ ! -e ../ran ]
}

@test "hostile: nobody reads the display: steps and undoing go on" {
	cat >b.yml <<-'EOB'
		runbook: 1
		name: b
		lock: b
		defaults: { timeout: 60s }
		act:
		  - id: chatty
		    run: [sh, -c, "seq 1 40000; echo done >>ledger; exit 1"]
		    rollback: [ { run: [sh, -c, "echo undone >>ledger"] } ]
	EOB
	cat >reader.py <<-'PY'
		import os, subprocess, sys, time
		json = sys.argv[2] == "json"
		r, w = os.pipe()
		p = subprocess.Popen([sys.argv[1], "exec", "b.yml", "-o", sys.argv[2]], stdin=subprocess.DEVNULL,
		                     stdout=w if json else subprocess.DEVNULL, stderr=subprocess.DEVNULL if json else w)
		os.close(w)
		for _ in range(600):  # until it is over, with not a byte read
		    if os.path.exists("ledger") and open("ledger").read() == "done\nundone\n" and not os.listdir("locks"):
		        break
		    time.sleep(0.1)
		else:
		    sys.exit("the run waits for its reader")
		got = b""
		while True:
		    piece = os.read(r, 65536)
		    if not piece:
		        break
		    got += piece
		assert p.wait() == 3, p.returncode
		assert (b'"t":"run.open"' if json else b"run of b") in got and b"rolled_back" in got[-2000:], got[-2000:]
		assert json or b"40000" in got and b"left out" not in got
	PY
	python3 reader.py "$RB" text
	rm ledger
	python3 reader.py "$RB" json
	rm ledger # more than is kept: that something is missing is said, and the end is there
	sed -i 's/seq 1 40000/seq 1 200000/' b.yml
	sed -i 's/b"40000" in got and b"left out" not in got/b"bytes were left out here" in got and len(got) < 2 << 20/' reader.py
	python3 reader.py "$RB" text
}

@test "hostile: what killed runners leave in the locks folder is swept" {
	printf 'runbook: 1\nname: s\nlock: here\nact: [ { wait: 1ms } ]\n' >s.yml
	mkdir -m 1777 locks
	touch -d '2 hours ago' locks/.tmp-0123456789abcdef locks/other
	touch locks/.tmp-fedcba9876543210
	run_rb 0 exec s.yml
	is "$(ls -A locks)" "$(printf '.tmp-fedcba9876543210\nother')"
}

@test "hostile: a run that cannot begin leaves nothing behind" {
	printf 'runbook: 1\nname: s\ninputs: { v: string }\nact: [ { run: ["true"], rollback: [] } ]\n' >s.yml
	python3 -c 'print("v: " + "x" * 300000)' >in.yml
	run_rb 1 exec s.yml --inputs in.yml
	says '200 KiB' err
	is "$(ls state/runs)" ''
}
