# recipes.bash: how the golden runs were made; golden_NAME makes NAME.tar. For add.sh.
# A recipe is never changed in a way that its bundle does not show: write a new one.

golden_success() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: success
		version: 1.4.2
		title: Everything goes well
		about: A deployment with reads, writes, probes, retries and a report.
		owners: [ops]
		lock: "kis/${{ inputs.env }}"
		files: [data.json]
		inputs:
		  env: { type: string, default: prod }
		  tag: { type: string, pattern: '^v\d+$' }
		  wait: { type: duration, default: 20ms }
		  share: { type: percent, default: 5% }
		  room: { type: size, default: 10MiB }
		vars:
		  target: "${{ inputs.env }}-${{ inputs.tag }}"
		defaults: { timeout: 20s }
		preflight:
		  - id: data
		    run: [cat, data.json]
		    effect: read
		    parse: json
		    capture: { first: "str(out.items[0].name)", n: out.items.len(), bytes: out.size }
		    expect: out.items.len() == 2
		  - guard:
		      - { that: "steps.data.n == 2", say: "two items" }
		      - { that: "inputs.share < 6%", else: warn, say: "a small share" }
		      - { that: "inputs.share < 1%", else: warn, say: "a very small share" }
		plan:
		  - { id: sure, confirm: "Switch to ${{ vars.target }}?" }
		act:
		  - id: there
		    probe: { run: [test, -e, data.json] }
		    run: touch never
		    rollback: []
		  - id: switch
		    name: Switch to ${{ inputs.tag }}
		    env: { WHO: "${{ run.operator }}" }
		    stdin: "from stdin\n"
		    run: |
		      cat
		      echo switched ${{ inputs.tag }} >state.txt
		      cat state.txt
		    preview: old -> ${{ inputs.tag }}
		    parse: lines
		    capture: { lines: out.len() }
		    rollback: [{ run: rm -f state.txt }]
		  - id: flaky
		    run: 'test -e second || { touch second; echo not yet >&2; exit 3; }'
		    retry: { max: 3, delay: 10ms }
		    idempotent: true
		    rollback: []
		  - { wait: "${{ inputs.wait }}" }
		  - id: maybe
		    if: inputs.env == "test"
		    run: exit 1
		    rollback: []
		test:
		  - id: check
		    run: [cat, state.txt]
		    effect: read
		    expect: out == "switched v7"
		report:
		  - render: { to: end.txt, text: "${{ run.status }} ${{ show(steps.data.first) }} ${{ inputs.room }}" }
	YML
	echo '{"size": "12KiB", "items": [{"name": "a"}, {"name": "b"}]}' >data.json
	rb 0 exec book.yml -i tag=v7 --yes
}

golden_failed_before_a_write() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: failed
		preflight:
		  - id: look
		    run: 'echo out; echo err >&2; exit 7'
		    effect: read
		    timeout: 5s
		act:
		  - { run: touch x, rollback: [] }
		always:
		  - { run: [echo, always], effect: read }
		report:
		  - render: { to: end.txt, text: "${{ run.status }}" }
	YML
	rb 1 exec book.yml
}

golden_stopped_by_guard() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: stopped
		preflight:
		  - { run: [echo, "1"], effect: read, id: v, parse: json, capture: { n: int(out) } }
		  - guard: { that: "steps.v.n > 1", else: stop, say: nothing to do }
		act:
		  - { run: touch x, rollback: [] }
	YML
	rb 0 exec book.yml
}

golden_undo() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: undo
		defaults: { timeout: 20s }
		act:
		  - { id: one, run: echo one >>ledger, capture: { at: out }, rollback: [{ run: 'echo -one >>ledger' }] }
		  - id: block
		    steps:
		      - { id: a, run: echo a >>ledger, rollback: [{ run: 'echo -a >>ledger' }, { run: 'echo -a2 >>ledger' }] }
		      - { id: b, run: echo b >>ledger, probe: { run: 'grep -q ^b ledger && ! grep -q ^-b ledger' }, rollback: [{ run: 'echo -b >>ledger' }] }
		  - id: whole
		    rollback: [{ run: 'echo -whole >>ledger' }]
		    always: [{ run: [echo, always of whole], effect: read }]
		    steps:
		      - { id: c, run: echo c >>ledger }
		test:
		  - { id: check, run: [grep, -q, never, ledger], effect: read }
		rollback:
		  - { run: echo top >>ledger }
		always:
		  - { run: [cat, ledger], effect: read }
		report:
		  - render: { to: end.txt, text: "${{ run.status }}" }
	YML
	rb 3 exec book.yml
}

golden_undo_incomplete() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: incomplete
		defaults: { timeout: 20s }
		act:
		  - { id: first, run: echo first, rollback: [{ run: 'echo -first' }] }
		  - { id: gone, run: echo gone, irreversible: it cannot be called back }
		  - { id: residue, run: echo "it's left", rollback: [{ run: 'echo half' }, { run: exit 4, retry: { max: 1, delay: 1ms } }, { run: 'rm "a file"' }] }
		  - { id: bare, run: echo bare }
		test:
		  - { id: fails, guard: 1 > 2 }
	YML
	rb 4 exec book.yml
}

golden_held_and_resumed() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: held
		lock: target
		defaults: { timeout: 20s }
		act:
		  - { id: one, run: echo one >>ledger, rollback: [{ run: 'echo -one >>ledger' }] }
		  - id: two
		    on_fail: pause
		    run: 'test -e fixed'
		    rollback: []
		test:
		  - { run: [cat, ledger], effect: read }
	YML
	rb 5 exec book.yml
	touch fixed
	rb 0 answer @last two retry --why "the file is there"
	rb 0 resume @last
}

golden_takeover() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: takeover
		lock: target
		defaults: { timeout: 20s }
		act:
		  - { id: w0, run: echo w0 >>ledger, rollback: [{ run: 'echo u0 >>ledger' }] }
		  - id: w1
		    run: 'echo $$ >begun; exec sleep 30'
		    capture: { got: out }
		    rollback: [{ run: 'echo u1 >>ledger' }]
		  - { id: w2, run: "echo w2 ${{ steps.w1.got ?? 'lost' }} >>ledger", rollback: [{ run: 'echo u2 >>ledger' }] }
		test:
		  - { guard: 2 > 1 }
		report:
		  - render: { to: end.txt, text: "${{ run.status }}" }
	YML
	begin exec book.yml
	until_ok test -s begun
	kill -9 "$pid"
	wait "$pid" || true
	kill -9 "$(cat begun)"
	printf '{"n":99,"b":9' >>"$(echo state/runs/*/journal.jsonl)"
	rb 4 resume @last
	rb 0 resolve @last act/w1 --done --why "seen by hand"
	rb 0 resume @last
	[ "$(journal_has '"t":"doubt"' && journal_has '"t":"torn"' && journal_has '"t":"resolve"' && echo yes)" = yes ]
}

golden_taken_back() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: taken_back
		defaults: { timeout: 20s }
		act:
		  - { id: w0, run: echo w0 >>ledger, rollback: [{ run: 'echo u0 >>ledger' }] }
		  - { id: w1, run: 'echo $$ >begun; exec sleep 30', rollback: [{ run: 'echo u1 >>ledger' }] }
	YML
	begin exec book.yml
	until_ok test -s begun
	kill -9 "$pid"
	wait "$pid" || true
	kill -9 "$(cat begun)"
	rb 0 rollback @last --why "not today"
}

golden_rollback_of_a_finished_run() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: finished
		defaults: { timeout: 20s }
		inputs: { n: { type: int, default: 3 } }
		act:
		  - { id: a, foreach: "range(inputs.n)", run: "echo a${{ item }} >>ledger; echo ${{ item * 2 }}", capture: { twice: out }, rollback: [{ run: "echo -a${{ item }} ${{ show(steps.a.twice) }} >>ledger" }] }
		  - { id: b, run: echo b >>ledger, probe: { run: 'test "$(tail -n 1 ledger)" = b' }, rollback: [{ run: 'echo -b >>ledger' }] }
	YML
	rb 0 exec book.yml
	rb 0 rollback @last --why "a change of mind"
}

golden_modules() {
	mkdir modules
	cat >book.yml <<-'YML'
		runbook: 1
		name: modules
		defaults: { timeout: 20s }
		act:
		  - id: outer
		    uses: ./modules/outer.yml
		    with: { names: [x, y] }
		  - { id: env, uses: std/env@1, with: { names: [HOME] } }
		test:
		  - { guard: "steps.outer.count == 2" }
		  - { run: [echo, "${{ show(steps.outer.last) }}"], effect: read }
		  - { id: fails, guard: 1 > 2 }
	YML
	cat >modules/outer.yml <<-'YML'
		runbook: 1
		name: outer
		files: [text.txt]
		inputs: { names: { type: list } }
		outputs: { count: "inputs.names.len()", last: "steps.last.got" }
		steps:
		  - id: each
		    foreach: inputs.names
		    uses: ./inner.yml
		    with: { name: "${{ item }}" }
		  - { id: last, run: [cat, text.txt], effect: read, capture: { got: out } }
	YML
	cat >modules/inner.yml <<-'YML'
		runbook: 1
		name: inner
		inputs: { name: string }
		steps:
		  - { id: w, run: "echo ${{ inputs.name }} >>ledger", rollback: [{ run: "echo -${{ inputs.name }} >>ledger" }] }
	YML
	echo "a text" >modules/text.txt
	rb 3 exec book.yml
}

golden_version_from_git() {
	mkdir r
	cat >r/book.yml <<-'YML'
		runbook: 1
		name: versioned
		files: [go.sh]
		defaults: { timeout: 20s }
		act:
		  - { run: ./go.sh, rollback: [] }
		  - { uses: ./module.yml }
	YML
	cat >r/module.yml <<-'YML'
		runbook: 1
		name: module
		files: [m.txt]
		steps: [{ run: [cat, m.txt], effect: read }]
	YML
	printf '#!/bin/sh\necho went\n' >r/go.sh
	chmod +x r/go.sh
	echo m >r/m.txt
	git init -q -b main r
	git -C r add -A
	git -C r -c user.name=ann -c user.email=ann@example.org commit -qm one
	git -C r -c user.name=ann -c user.email=ann@example.org tag -a -m one v1.0.0
	rb 0 exec "git+file:///srv/golden/r//book.yml@1.0"
}

golden_people() {
	ssh-keygen -q -t ed25519 -N '' -f kim -C kim
	echo "kim $(cut -d' ' -f1,2 kim.pub)" >signers
	export RUNBOOK_ALLOWED_SIGNERS=/srv/golden/signers
	cat >book.yml <<-'YML'
		runbook: 1
		name: people
		roles: { lead: { who: [kim, lee], notify: log } }
		channels: { log: { run: [cat] } }
		defaults: { timeout: 60s }
		plan:
		  - { id: sure, confirm: Shall we? }
		  - { id: go, about: Releases the shop, approve: { from: lead } }
		  - { id: ask, ask: { n: { type: int, min: 1 }, who: { type: string, default: all } } }
		  - { id: list, checklist: [Backup is there, "Team ${{ steps.ask.who }} knows"] }
		act:
		  - { id: did, run: "echo ${{ steps.ask.n }}", rollback: [] }
	YML
	begin exec book.yml -i sure.answer=yes -i ask.n=4 -i ask.who=blue
	until_ok journal_has '"t":"question","k":"plan/go"'
	rb 1 approve @last go --why mine || true
	rb 0 approve @last go --why "read it" --sign kim --as kim
	until_ok journal_has '"t":"question","k":"plan/list"'
	rb 0 answer @last list 1 --why "bk-17"
	rb 0 answer @last list 2
	ends 0
}

golden_rejected() {
	ssh-keygen -q -t ed25519 -N '' -f kim -C kim
	echo "kim $(cut -d' ' -f1,2 kim.pub)" >signers
	export RUNBOOK_ALLOWED_SIGNERS=/srv/golden/signers
	cat >book.yml <<-'YML'
		runbook: 1
		name: rejected
		roles: { lead: { who: [kim] } }
		defaults: { timeout: 60s }
		act:
		  - { id: w, run: echo w, rollback: [{ run: echo -w }] }
		  - { id: go, approve: { from: lead } }
	YML
	begin exec book.yml
	until_ok journal_has '"t":"question","k":"act/go"'
	rb 0 approve @last go --reject --why "not on a Friday" --sign kim --as kim
	ends 3
}

golden_window() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: window
		window: { days: [wed], from: "03:07", to: "03:08", tz: Asia/Kathmandu, else: confirm }
		act:
		  - { run: echo did, rollback: [] }
	YML
	rb 0 exec book.yml --outside-window "an emergency"
}

golden_http() {
	cat >server.py <<-'PY'
		import http.server, sys
		seen = 0
		class H(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        global seen
		        seen += 1
		        self.answer(503 if seen == 1 else 200, b'{"healthy": true, "text": "\xc3\xa4"}')
		    def do_POST(self):
		        n = int(self.headers.get("Content-Length", 0))
		        self.answer(201, b"got " + self.rfile.read(n))
		    def do_DELETE(self):
		        self.answer(200, bytes(range(256)) * 40)
		    def answer(self, code, body):
		        self.send_response(code)
		        self.send_header("Content-Length", str(len(body)))
		        self.send_header("X-Thing", "one")
		        self.end_headers()
		        self.wfile.write(body)
		    def log_message(self, *a):
		        pass
		s = http.server.HTTPServer(("127.0.0.1", 0), H)
		open("port", "w").write(str(s.server_port))
		s.serve_forever()
	PY
	python3 server.py &
	server=$!
	until_ok test -s port
	cat >book.yml <<-'YML'
		runbook: 1
		name: http
		inputs: { base: string }
		defaults: { timeout: 20s }
		preflight:
		  - id: health
		    http: { url: "${{ inputs.base }}/health", headers: { Accept: application/json } }
		    parse: json
		    retry: { max: 3, delay: 5ms }
		    expect: code == 200 and bool(out.healthy)
		    capture: { thing: "headers['x-thing']" }
		act:
		  - id: post
		    http: { method: POST, url: "${{ inputs.base }}/things", json: { name: "${{ steps.health.thing }}" } }
		    expect: code == 201
		    rollback: [{ http: { method: DELETE, url: "${{ inputs.base }}/things/1" } }]
		test:
		  - { id: nobody, http: { url: "http://127.0.0.1:1/" }, effect: read }
	YML
	code=0
	"$RB" exec book.yml -i base="http://127.0.0.1:$(cat port)" >out 2>err </dev/null || code=$?
	kill "$server"
	[ "$code" = 3 ] || { cat out err; exit 1; }
}

golden_loops() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: loops
		defaults: { timeout: 20s }
		act:
		  - id: matrix
		    foreach: { host: [a, b], port: [1, 2] }
		    parallel: 2
		    run: "echo ${{ item.host }}:${{ item.port }}"
		    capture: { said: out }
		    rollback: [{ run: "echo -${{ item.host }}${{ item.port }}" }]
		  - id: together
		    parallel: 3
		    steps:
		      - { id: x, run: sleep 0.05; echo x, rollback: [{ run: echo -x }] }
		      - { id: y, run: echo y, rollback: [{ run: echo -y }] }
		      - { id: z, run: sleep 0.02; echo z, rollback: [{ run: echo -z }] }
		  - id: again
		    retry: { max: 2, delay: 5ms }
		    steps:
		      - { id: in, run: echo in, rollback: [{ run: echo -in }] }
		      - { id: fails, run: 'test -e ok3 || { test -e ok2 && touch ok3; touch ok2; exit 1; }', rollback: [] }
		  - id: each
		    foreach: [one, two, three]
		    on_fail: continue
		    if: item != "one"
		    run: 'test ${{ item }} != three'
		    rollback: []
		  - id: nested
		    foreach: range(2)
		    steps:
		      - { id: deep, foreach: "[item, item + 10]", run: "echo ${{ item }}", rollback: [] }
		  - { id: none, foreach: "[]", run: echo never, rollback: [] }
		  - id: last
		    foreach: range(3)
		    on_fail: undo
		    run: 'test ${{ item }} -lt 2'
		    rollback: [{ run: "echo -last${{ item }}" }]
		test:
		  - { id: never, guard: 1 > 2 }
	YML
	rb 3 exec book.yml
}

golden_secrets() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: secrets
		secrets: { token: { env: TOKEN } }
		defaults: { timeout: 20s }
		preflight:
		  - id: login
		    effect: read
		    run: [sh, -c, 'echo session-4711-4711']
		    capture: { session: secret(out.trim()) }
		act:
		  - id: opaque
		    env: { T: "${{ secrets.token }}", S: "${{ steps.login.session }}" }
		    run: 'echo "has $T and $S"; echo 12'
		    parse: lines
		    capture: { n: "int(out[1])", masked: "out[0]" }
		    expect: out.len() == 2
		    rollback: [{ run: 'echo "undo $T"' }]
		  - id: probed
		    env: { T: "${{ secrets.token }}" }
		    probe: { run: 'echo "probe $T"; exit 1' }
		    run: 'echo "$T"; exit 3'
		    retry: { max: 1, delay: 1ms }
		    rollback: [{ run: 'echo "$T"' }]
	YML
	TOKEN=geheim-0815-geheim rb 3 exec book.yml
	! grep -rq geheim-0815 state
}

golden_outputs() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: outputs
		defaults: { timeout: 20s }
		preflight:
		  - { id: big, run: [seq, "5000"], effect: read, parse: lines, capture: { n: out.len() } }
		  - { id: binary, run: 'printf "a\0\377b"; printf "err\n" >&2', effect: read }
		  - { id: korean, run: [echo, 안녕하세요], effect: read, capture: { said: out } }
		  - { id: nothing, run: "true", effect: read }
		  - { id: long, run: 'seq 3000 >&2; printf "no newline"', effect: read }
	YML
	rb 0 exec book.yml
}

golden_dry_run() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: dry
		defaults: { timeout: 20s }
		preflight:
		  - { id: look, run: [echo, "5"], effect: read, parse: json, capture: { n: out } }
		act:
		  - { id: sure, confirm: Sure? }
		  - { id: w, run: "echo ${{ steps.look.n }} >x; echo 1", capture: { v: out }, preview: a -> b, rollback: [{ run: rm x }] }
		  - { if: 'steps.w.v == "1"', run: echo depends, rollback: [] }
		  - { id: each, foreach: range(2), run: "echo ${{ item }}", rollback: [{ run: "echo -${{ item }}" }] }
		test:
		  - { run: [cat, x], effect: read }
	YML
	rb 0 exec --dry-run book.yml
}

golden_cancelled() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: cancelled
		defaults: { timeout: 30s, grace: 200ms }
		act:
		  - { id: one, run: echo one, rollback: [{ run: echo -one }] }
		  - { id: long, run: 'echo begun >begun; sleep 30', rollback: [{ run: echo -long }] }
	YML
	begin exec book.yml
	until_ok test -s begun
	kill -TERM "$pid"
	ends 143
}

golden_cancelled_with_a_reason() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: cancelled_with_a_reason
		defaults: { timeout: 30s, grace: 200ms }
		secrets: { word: { env: WORD } }
		window: [{ days: [sun], from: 00:00, to: 24:00, else: warn }, { days: [mon, tue, wed, thu, fri, sat] }]
		act:
		  - { id: one, run: echo one, rollback: [{ run: 'echo back >back; while ! test -e go; do sleep 0.02; done' }] }
		  - { id: long, run: 'echo begun >begun; sleep 30', rollback: [{ run: echo -long }] }
	YML
	WORD=hunter22 begin exec book.yml
	until_ok test -s begun
	rb 0 cancel @last --no-wait --operator kim --why 'the disk is full: hunter22'
	until_ok test -s back
	rb 0 cancel @last --no-wait --operator lee
	until_ok journal_has '"by":"lee"'
	touch go
	ends 143
}

golden_undo_without_its_secret() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: undo_without_its_secret
		defaults: { timeout: 20s }
		secrets: { tok: { env: TOK } }
		act:
		  - id: a
		    env: { T: "${{ secrets.tok }}" }
		    run: 'echo "x-$T"'
		    capture: { v: out }
		    rollback: []
		  - id: b
		    run: 'echo $$ > begun; exec sleep 30'
		    rollback: [{ run: 'echo ${{ steps.a.v }} > got' }]
	YML
	export TOK=very-secret-1
	begin exec book.yml
	until_ok test -s begun
	kill -9 "$pid"
	wait "$pid" || true
	kill -9 "$(cat begun)"
	rb 4 rollback @last
	journal_has '"final":true'
}

golden_revision_3_format() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: format
		defaults: { timeout: 20s }
		inputs: { format: { type: string, default: '%H %' } }
		act:
		  - { id: one, run: echo one, rollback: [{ run: echo -one }] }
		  - { id: two, run: 'echo ${{ format_time(now, inputs.format) }}', rollback: [] }
	YML
	rb 3 exec book.yml
}
golden_revision_4_format() { golden_revision_3_format; }

golden_times() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: times
		channels: { log: { run: [cat] } }
		defaults: { timeout: 20s, grace: 100ms }
		escalate: [{ after: 100ms, notify: log, say: the run is slow }]
		rto: 1ms
		act:
		  - { id: slow, run: sleep 0.3, rollback: [{ run: echo -slow }], escalate: [{ after: 50ms, notify: log, say: the step is slow }] }
		  - { id: tell, notify: { to: log, say: "${{ steps.slow.status }}" } }
		  - { id: late, run: sleep 5, timeout: 50ms, on_fail: continue, rollback: [] }
		  - id: block
		    timeout: 60ms
		    steps:
		      - { id: in, run: sleep 5, rollback: [{ run: echo -in }] }
	YML
	rb 3 exec book.yml
}

golden_retry_of_a_write_with_unknown_end() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: unknown_end
		defaults: { timeout: 20s }
		act:
		  - { id: safe, run: 'test -e again || { touch again; kill -9 $$; }', idempotent: true, retry: { max: 2, delay: 1ms }, rollback: [] }
		  - { id: probed, run: 'touch half; kill -9 $$', probe: { run: [test, -e, half] }, retry: { max: 2, delay: 1ms }, rollback: [{ run: rm -f half }] }
		  - { id: unsafe, run: 'kill -9 $$', retry: { max: 2, delay: 1ms }, rollback: [{ run: echo -unsafe }] }
	YML
	rb 3 exec book.yml
}

golden_full_disk() {
	mkdir small
	mount -t tmpfs -o size=1600k none small
	cat >book.yml <<-'YML'
		runbook: 1
		name: full
		defaults: { timeout: 20s }
		act:
		  - { id: one, run: echo one, rollback: [{ run: echo -one }] }
		  - { id: fill, run: 'head -c 2000000 /dev/zero >small/fill 2>/dev/null; echo filled', rollback: [{ run: echo -fill }] }
		  - { id: two, run: echo two, rollback: [{ run: echo -two }] }
	YML
	export RUNBOOK_STATE=/srv/golden/small/state
	code=0
	"$RB" exec book.yml >out 2>err </dev/null || code=$?
	[ "$code" = 3 ] || { cat out err; exit 1; }
	grep -q '"t":"low"' small/state/runs/*/journal.jsonl
	rm small/fill
	cp -r small/state state
	umount small
}

golden_monitors() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: monitors
		defaults: { timeout: 20s, grace: 100ms }
		channels: { log: { run: [cat], level: warn } }
		monitors:
		  - id: load
		    during: [act, test]
		    every: 100ms
		    run: 'n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) >n; cat n'
		    capture: { n: int(out) }
		    rules:
		      - { when: n >= 2, then: notify, to: log, say: "it rises: ${{ n }}" }
		      - { when: n >= 3 for 3 samples, then: rollback }
		  - id: broken
		    during: [act]
		    every: 200ms
		    run: [sh, -c, "exit 1"]
		    capture: { n: int(out) }
		    rules:
		      - { when: failed for 2 samples, then: notify }
		act:
		  - { id: one, run: echo one, rollback: [{ run: echo -one }] }
		  - { id: long, run: sleep 20, rollback: [{ run: echo -long }] }
		test:
		  - { guard: 2 > 1 }
	YML
	rb 3 exec book.yml
	journal_has '"t":"sample"'
	journal_has '"t":"rule"'
}

golden_channels() {
	cat >server.py <<-'PY'
		import http.server
		seen = 0
		class H(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        self.answer(200, b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"a"},"value":[1,"3.5"]}]}}')
		    def do_POST(self):
		        global seen
		        seen += 1
		        self.rfile.read(int(self.headers.get("Content-Length", 0)))
		        if self.path.startswith("/api"):
		            return self.do_GET()
		        self.answer(503 if seen == 1 else 202, b"ok")
		    def answer(self, code, body):
		        self.send_response(code)
		        self.send_header("Content-Type", "application/json")
		        self.send_header("Content-Length", str(len(body)))
		        self.end_headers()
		        self.wfile.write(body)
		    def log_message(self, *a):
		        pass
		s = http.server.HTTPServer(("127.0.0.1", 0), H)
		open("port", "w").write(str(s.server_port))
		s.serve_forever()
	PY
	python3 server.py &
	server=$!
	until_ok test -s port
	cat >book.yml <<-'YML'
		runbook: 1
		name: channels
		inputs: { base: string }
		secrets: { hook: { env: HOOK }, routing: { env: ROUTING } }
		defaults: { timeout: 20s }
		channels:
		  chat: { slack: hook }
		  pager: { pagerduty: routing, url: "${{ inputs.base }}/events", level: error }
		  log: { run: [cat] }
		preflight:
		  - { id: up, metric: { prometheus: "${{ inputs.base }}", query: up }, capture: { n: out } }
		act:
		  - { id: w, run: "echo ${{ show(steps.up.n) }}", rollback: [{ run: echo -w }] }
		  - { notify: { to: [chat, log], say: hello, title: A title } }
		  - { notify: { to: pager, say: it burns, level: critical, incident: fire } }
		  - { notify: { to: pager, say: it is over, level: critical, incident: fire, event: resolve } }
		test:
		  - { guard: 2 > 1 }
	YML
	code=0
	HOOK="http://127.0.0.1:$(cat port)/hook-0815" ROUTING=routing-key-4711 "$RB" exec book.yml -i base="http://127.0.0.1:$(cat port)" >out 2>err </dev/null || code=$?
	kill "$server"
	[ "$code" = 0 ] || { cat out err; exit 1; }
}

# Revisions of the engine (docs/journal.md): the same runbooks, recorded by a program of each.
golden_revision_1_dry_run() {
	cat >m.yml <<-'YML'
		runbook: 1
		name: m
		defaults: { timeout: 20s }
		steps:
		  - { id: look, run: [echo, looked], effect: read }
		  - { id: put, run: [touch, put], rollback: [{ run: [rm, put] }] }
		outputs: { how: steps.look.status }
	YML
	cat >book.yml <<-'YML'
		runbook: 1
		name: blocks
		defaults: { timeout: 20s }
		preflight:
		  - { id: reads, steps: [{ run: [echo, a], effect: read }] }
		act:
		  - { id: uses, uses: ./m.yml }
		  - { id: block, steps: [{ id: w, run: [touch, w], rollback: [{ run: [rm, w] }] }, { run: [cat, w], effect: read }] }
		  - { id: each, foreach: range(2), steps: [{ run: "echo ${{ item }} >>w", rollback: [{ run: ": >w" }] }] }
		  - { id: par, parallel: 2, steps: [{ run: [touch, p], rollback: [{ run: [rm, p] }] }, { run: [cat, w], effect: read }] }
		  - { if: "steps.block.status == 'ok' and steps.reads.status == 'ok'", run: [touch, x], rollback: [] }
		test:
		  - { guard: "steps.uses.status == 'ok'" }
		report:
		  - { render: { to: out.txt, text: "${{ steps.each.status }} ${{ steps.par.status }} ${{ show(steps.uses.how) }}" } }
	YML
	rb 0 exec --dry-run book.yml
}
golden_revision_2_dry_run() { golden_revision_1_dry_run; }

golden_revision_1_outside() {
	ssh-keygen -q -t ed25519 -N '' -f kim -C kim
	echo "kim $(cut -d' ' -f1,2 kim.pub)" >signers
	export RUNBOOK_ALLOWED_SIGNERS=/srv/golden/signers
	cat >book.yml <<-'YML'
		runbook: 1
		name: outside
		window: { days: [wed], from: "03:07", to: "03:08", tz: Asia/Kathmandu, else: confirm }
		roles: { lead: { who: [kim] } }
		defaults: { timeout: 60s }
		plan:
		  - { id: go, approve: { from: lead } }
		act:
		  - { run: echo did, rollback: [] }
	YML
	begin exec book.yml --outside-window "an emergency"
	until_ok journal_has '"t":"question","k":"plan/go"'
	rb 0 approve @last go --why "read it" --sign kim --as kim
	ends 0
}
golden_revision_2_outside() { golden_revision_1_outside; }

golden_revision_1_monitor() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: watched
		defaults: { timeout: 60s }
		monitors:
		  - { id: load, during: [act], every: 100ms, run: cat n, capture: { n: int(out) },
		      rules: [{ when: n > 5 for 2 samples, then: notify, say: "load ${{ n }}" }, { when: failed for 2 samples, then: notify }, { when: n > 50, then: rollback }] }
		plan:
		  - { id: ask, ask: { n: { type: int, min: 1, max: 5 }, d: { type: duration, default: 10m } } }
		act:
		  - id: w
		    rollback: [{ run: echo undone }]
		    run: |
		      seen() { until grep -q "$1" state/runs/*/journal.jsonl; do sleep 0.02; done; }
		      put() { echo "$1" >m; mv m n; }
		      seen '"values":{"n":1}'; put 9; seen '"rule":1'; put 2; seen '"values":{"n":2}'
		      rm n; seen '"rule":2'; put 3; seen '"values":{"n":3}'; put 99; sleep 30
	YML
	echo 1 >n
	rb 3 exec book.yml -i ask.n=2
}
golden_revision_2_monitor() { golden_revision_1_monitor; }

golden_revision_3_words() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: words
		defaults: { timeout: 20s }
		act:
		  - id: folder
		    run: [mkdir, "data-${{ run.id }}"]
		    probe: { run: [test, -d, "data-${{ run.id }}"] }
		    rollback: [{ run: [rmdir, "data-${{ run.id }}"], retry: 0 }]
		  - id: make
		    run: [echo, a-new-secret]
		    capture: { key: secret(out) }
		    rollback: []
		  - id: store
		    run: cat >/dev/null
		    stdin: ${{ steps.make.key }}
		    rollback:
		      - run: cat >/dev/null
		        stdin: ${{ steps.make.key }}
		        retry: 0
		test:
		  - id: short
		    run: |
		      echo "a line"
		      echo "another one"
		    effect: read
		    capture: { n: len(lines(out)) }
		    expect: n == 3 and out == ''
		    on_fail: continue
		  - id: list
		    checklist: [one, two]
		    timeout: 3s
		    on_fail: continue
		report:
		  - render: { to: list.txt, text: "${{ steps.list.text ?? '-' }}" }
	YML
	begin exec book.yml --no-input
	until_ok journal_has '"t":"question"'
	rb 0 answer @last list 1 --why "a note"
	ends 0
	rb 4 rollback @last --why "a change of mind"
}

# By a program that did not see it: a list where one text stands (RB156 now). The step failed, and so it replays.
golden_list_for_a_text() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: list
		channels: { ops: { run: [cat] } }
		preflight:
		  - id: look
		    run: 'echo one; echo two'
		    effect: read
		    parse: lines
		    capture: { all: out }
		    timeout: 5s
		act:
		  - { run: touch x, timeout: 5s, rollback: [{ run: rm -f x, timeout: 5s }] }
		test:
		  - guard: { that: 1 > 2, say: "${{ steps.look.all }}" }
		report:
		  - { notify: { to: ops, say: "${{ steps.look.all ?? [] }}" }, on_fail: continue }
		  - { render: { to: end.txt, text: "${{ (steps.look.all ?? []).map(l => '- ' + l) }}" }, on_fail: continue }
	YML
	rb 3 exec book.yml
}
