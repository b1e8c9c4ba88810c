#!/usr/bin/env bats
# replay: what a replay must make of journals that are not byte for byte what the engine makes now: texts
# of the runbook or of an input that look like a secret, guards of the first journals.
load setup

book() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: alike
		inputs: { where: { type: string, default: db-admin1-x }, port: { type: int, default: 1 } }
		secrets: { pw: { env: PW } }
		roles: { lead: { who: [kim] } }
		defaults: { timeout: 20s }
		act:
		  - id: one
		    name: log in as admin1
		    run: [echo, user admin1, "at ${{ inputs.where }}"]
		    env: { PW: "${{ secrets.pw }}" }
		    rollback: []
		  - id: note
		    render: { to: note.txt, text: "made by admin1 at ${{ inputs.where }}" }
		  - id: sure
		    confirm: shall admin1 go on?
		  - id: again
		    run: 'echo admin1 # and admin1'
		    rollback: []
		  - id: plain
		    run: [echo, plain words]
		    rollback: []
	YML
}

same() { # HOW-MANY
	run_rb 0 replay @last
	says ' identical: ' out
	says "masked: $1 text" out
	run_rb 0 replay @last -o json
	is "$(jq -r '[.verdict, .alike] | join(" ")' out)" "identical $1"
	run_rb 0 verify @last
	says "replay: $1 text" out
}

@test "a text of the runbook and a part of an input" {
	book
	export PW=admin1
	run_rb 0 exec book.yml --yes
	says_not admin1 "$(journal)"
	says_not admin1 "$(echo state/runs/*/note.txt)"
	run_rb 0 replay @last
	says 'masked: 1 text of the runbook' out
	says_not admin1 out
	same 1
	run_rb 0 replay @last --against book.yml
	run_rb 0 replay @last --speed 1000
	is "$(grep -c 'ok .*act/again' out)" 1
}

@test "without it, nothing is said of it" {
	book
	export PW=another-value
	run_rb 0 exec book.yml --yes
	run_rb 0 replay @last
	says ' identical: ' out
	says_not masked: out
	run_rb 0 replay @last -o json
	is "$(jq 'has("alike")' out)" false
}

@test "an input that is no text cannot be known" {
	book
	export PW=80801
	run_rb 0 exec book.yml --yes -i port=80801
	run_rb 6 replay @last
	says 'cannot: input `port` had the value of a secret' out
}

@test "a captured secret: from then on" {
	cat >book.yml <<-'YML'
		runbook: 1
		name: alike
		defaults: { timeout: 20s }
		act:
		  - run: [echo, token-42x]
		    rollback: []
		  - id: get
		    run: [echo, token-42x]
		    effect: read
		    capture: { tok: secret(out) }
		  - id: use
		    name: with token-42x
		    run: [sh, -c, 'test "$T" = token-42x; exit 1']
		    env: { T: "${{ steps.get.tok }}" }
		    rollback:
		      - run: [echo, undo token-42x]
	YML
	run_rb 3 exec book.yml
	says '"echo","token-42x"' "$(journal)"
	says '"name":"with ***"' "$(journal)"
	same 1
}

@test "in a file before any record shows it" {
	cat >book.yml <<-'YML'
		runbook: 1
		name: file
		secrets: { pw: { env: PW } }
		defaults: { timeout: 20s }
		act:
		  - id: get
		    run: [echo, first-0815]
		    effect: read
		    capture: { tok: secret(out) }
		  - render: { to: note.txt, text: "hunter2x is it" }
		  - id: get2
		    run: [echo, second-0815]
		    effect: read
		    capture: { tok: secret(out) }
		  - id: late
		    name: for hunter2x
		    run: [echo, late]
		    env: { PW: "${{ secrets.pw }}", T: "${{ steps.get.tok }}" }
		    rollback: []
	YML
	export PW=hunter2x
	run_rb 0 exec book.yml
	says '*** is it' "$(echo state/runs/*/note.txt)"
	same 1
}

@test "a secret made of others" {
	cat >book.yml <<-'YML'
		runbook: 1
		name: made
		secrets: { pw: { env: PW } }
		defaults: { timeout: 20s }
		act:
		  - id: head
		    capture: { auth: "secret('Bearer ' + secrets.pw)" }
		  - run: 'echo "$A"'
		    name: not Bearer nobody
		    env: { A: "${{ steps.head.auth }}" }
		    rollback: []
	YML
	export PW=secret-0815
	run_rb 0 exec book.yml
	says_not secret-0815 "$(journal)"
	run_rb 0 replay @last
	says ' identical: ' out
}

forged() { # SED-SCRIPT CODE
	cp kept "$journal"
	rechain "$journal" "$1"
	if cmp -s kept "$journal"; then
		echo "nothing changed: $1"
		return 1
	fi
	run_rb "$2" replay @last
}

@test "a journal that masks something only here and there is not believed" {
	book
	export PW=admin1
	run_rb 0 exec book.yml --yes
	journal=$(journal)
	cp "$journal" kept
	forged 's/echo \*\*\* # and \*\*\*/echo admin1 # and admin1/' 6 # one of them in clear again
	says ' diverged at record ' out
	forged 's/"name":"log in as \*\*\*"/"name":"log ***"/' 6 # more than it was
	says ' diverged at record ' out
	forged 's/"plain words"/"plain ***"/' 6 # the output has it in clear
	forged 's/"severity":"warning","text":"[^"]*"/"severity":"warning","text":"***"/;s/"bytes":[0-9]*/"bytes":7/' 6
}

@test "a guard of the first journals names a value as often as its condition does" {
	cat >book.yml <<-'YML'
		runbook: 1
		name: guards
		inputs: { n: { type: int, default: 3 }, s: { type: string, default: 'a "saw":{ b' } }
		act:
		  - id: g
		    guard:
		      - inputs.n > 1 and inputs.n < 9 and inputs.s != ''
		      - inputs.n != 4
	YML
	run_rb 0 exec book.yml
	journal=$(journal)
	cp "$journal" kept
	forged 's/"saw":{"inputs.n":3,/&"inputs.n":3,/' 0
	says ' identical: ' out
	rm state/runs/*/report.run.json # it names the head
	run_rb 0 verify @last
	forged 's/"saw":{"inputs.n":3,/&"inputs.n":4,/' 6
	forged 's/"saw":{"inputs.n":3,/"saw":{"inputs.n":4,/' 6
	forged 's/"saw":{"inputs.n":3}/"saw":{}/' 6
}

@test "of a run without secrets nothing is masked" {
	book
	sed -i '/secrets:/d; /PW:/d' book.yml
	run_rb 0 exec book.yml --yes
	journal=$(journal)
	cp "$journal" kept
	forged 's/plain words/***/' 6
	says ' diverged at record ' out
}

@test "a run whose captured secret is a text of the runbook is undone" {
	cat >book.yml <<-'YML'
		runbook: 1
		name: alike
		defaults: { timeout: 20s }
		act:
		  - id: get
		    run: [echo, token-42x]
		    effect: read
		    capture: { tok: secret(out) }
		  - id: use
		    name: with token-42x
		    run: [sh, -c, 'echo done >>token-42x; kill -9 "$(cat pid)"']
		    probe: { run: [test, -e, token-42x] }
		    rollback:
		      - run: [rm, -f, token-42x]
	YML
	"$RB" exec book.yml >out 2>err </dev/null &
	echo $! >pid
	wait $! || true
	[ -e token-42x ]
	run_rb 0 rollback @last
	[ ! -e token-42x ]
	holds 'any(.[]; .k == "act/use!undo/#1" and .t == "step.intent" and .argv[2] == "***")'
	same 1
}

@test "bodies of requests with secrets in them: measured and hashed without" {
	cat >http.yml <<-'YML'
		runbook: 1
		name: http
		secrets: { pw: { env: PW } }
		defaults: { timeout: 5s, retry: 0 }
		act:
		  - id: small
		    http: { url: "http://127.0.0.1:1/x", method: POST, json: { user: a, password: "${{ secrets.pw }}" } }
		    effect: read
		    on_fail: continue
		  - id: large
		    http: { url: "http://127.0.0.1:1/x", method: POST, body: "${{ range(1200).map(x => 'z').join('') }}${{ secrets.pw }}" }
		    effect: read
		    on_fail: continue
	YML
	PW=hunter2hunter2 run_rb 0 exec http.yml
	run_rb 0 replay @last
	jq -c 'select(.t == "step.intent") | {body_bytes, body, body_sha256}' "$(journal)" >bodies
	rm -rf state
	PW=another-secret-of-another-length run_rb 0 exec http.yml
	jq -c 'select(.t == "step.intent") | {body_bytes, body, body_sha256}' "$(journal)" >others
	is "$(wc -l <bodies)" 2
	diff bodies others
	is "$(head -n 1 bodies | jq .body_bytes)" "$(head -n 1 bodies | jq -j .body | wc -c)"
}

@test "what was captured of an output with a secret, and then was not as expected" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		secrets: { pw: { env: PW } }
		act:
		  - { id: a, run: 'echo +a >>ledger', rollback: [{ run: 'echo -a >>ledger' }] }
		  - id: ask
		    run: 'echo "state none token $PW"'
		    effect: read
		    env: { PW: "${{ secrets.pw }}" }
		    capture: { state: out, hidden: secret(out) }
		    expect: contains(state, 'ready')
		    retry: { max: 1, delay: 10ms }
		    on_fail: pause
	EOF
	export PW=hunter2-long
	run_rb 5 exec s.yml
	run_rb 0 replay @last
	says identical out
	run_rb 0 rollback @last
	is "$(tr '\n' ' ' <ledger)" '+a -a '
	run_rb 0 verify @last
}

@test "what is computed from a secret is one, too: nowhere in clear, and it replays" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		secrets: { db: { env: DB } }
		defaults: { timeout: 20s }
		act:
		  - { id: a, run: 'echo +a >>ledger', rollback: [{ run: 'echo -a >>ledger' }] }
		  - id: env
		    run: 'echo "$P"; echo "$U"; echo "$N"; printf %s "$P" >got'
		    rollback: []
		    env:
		      P: "${{ str(json(secrets.db).password) }}"
		      U: "${{ upper(str(json(secrets.db).password)) + '/' + str(json(secrets.db).user) }}"
		      N: "${{ str(json(secrets.db).pin) }}"
		  - { id: only, capture: { p: json(secrets.db).password, none: json(secrets.db).none } }
		  - { id: use, run: 'printf %s "$P" | cmp - got', env: { P: "${{ str(steps.only.p) }}" }, shell: bash, rollback: [] }
		  - { id: lack, run: 'touch lacking', env: { P: "${{ str(steps.only.none) }}" }, rollback: [], on_fail: continue }
		  - id: url
		    http:
		      url: "http://127.0.0.1:1/${{ split(secrets.db, '\"')[3] }}"
		      method: POST
		      query: { p: "${{ str(json(secrets.db).password) }}" }
		      json: { all: "${{ json(secrets.db) }}" }
		    rollback: []
		    on_fail: continue
		test:
		  - { run: ['false'], effect: read }
	EOF
	export DB='{"password":"geheim77","user":"root-user","pin":4711001}'
	run_rb 3 exec s.yml
	is "$(cat got)" geheim77
	[ ! -e lacking ]
	says 'it could not be computed' err
	is "$(tr '\n' ' ' <ledger)" '+a -a '
	run_rb 0 report @last -f json
	cat out >>err
	run_rb 0 show @last -o json
	cat out >>err
	for word in geheim77 GEHEIM77 root-user 4711001; do
		! grep -r -- "$word" err out state || false
	done
	unset DB
	run_rb 0 replay @last
	says identical out
	run_rb 0 verify @last
	run_rb 0 replay @last --against s.yml
}

@test "what cannot be made of a secret fails the step, and replays" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		secrets: { pw: { env: PW } }
		defaults: { timeout: 20s, retry: 0 }
		act:
		  - { id: json, run: 'echo ran >>ledger', env: { P: "${{ str(json(secrets.pw).x) }}" }, rollback: [], on_fail: continue }
		  - { id: url, http: { url: "http://127.0.0.1:1/${{ secrets.pw }}" }, on_fail: continue }
		  - { id: header, http: { url: "http://127.0.0.1:1/", headers: { X-Key: "${{ secrets.pw }}" } }, on_fail: continue }
		test:
		  - { run: ['false'], effect: read }
	EOF
	export PW=$'two words\nin two lines'
	run_rb 3 exec s.yml
	[ ! -e ledger ]
	says 'not JSON' err
	says 'space or control character' err
	says 'line break' err
	unset PW
	run_rb 0 replay @last
	run_rb 0 verify @last
}
