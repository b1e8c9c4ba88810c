load setup

# What a person must still type: usable, and without a secret in it.

@test "residue: a secret of the environment is named by its variable, in env and in requests" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		secrets: { token: { env: API_TOKEN } }
		defaults: { timeout: 5s }
		act:
		  - id: one
		    run: exit 1
		    rollback:
		      - run: test -e fixed; echo "$T" >>ledger
		        env: { T: "${{ secrets.token }}" }
		        retry: 0
		      - http:
		          url: http://127.0.0.1:1/x
		          method: DELETE
		          headers: { X-Key: "k ${{ secrets.token }}" }
		          auth: { bearer: "${{ secrets.token }}" }
		          body: "t=${{ secrets.token }}"
		        retry: 0
	EOF
	API_TOKEN="sec'ret \$HOME" run_rb 4 exec s.yml
	! grep -qF "sec'ret" out err || false
	jq -r 'select(.t == "seal").residue[].commands[]' state/runs/*/journal.jsonl >todo.sh
	mkdir bin
	printf '#!/bin/sh\nprintf "%%s|" "$@" >>ledger\n' >bin/curl
	chmod +x bin/curl
	touch fixed
	env -i PATH="$PWD/bin:$PATH" API_TOKEN="sec'ret \$HOME" sh todo.sh
	is "$(head -n 1 ledger)" "sec'ret \$HOME"
	is "$(sed -n 2p ledger)" "-f|-X|DELETE|-H|X-Key: k sec'ret \$HOME|-H|Authorization: Bearer sec'ret \$HOME|--data-binary|t=sec'ret \$HOME|http://127.0.0.1:1/x|"
	# where the variable is not set, nothing runs with an empty value
	rm ledger
	! env -i PATH="$PWD/bin:$PATH" sh todo.sh 2>said || false
	grep -q API_TOKEN said
	[ ! -e ledger ]
}

@test "residue: a dry-run shows where a secret comes from too" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		secrets: { token: { env: API_TOKEN } }
		act:
		  - run: [deploy]
		    env: { T: "${{ secrets.token }}" }
		    rollback:
		      - { foreach: [a, b], run: [undeploy, "${{ item }}"] }
	EOF
	API_TOKEN=verysecret run_rb 0 exec s.yml -n
	grep -qF 'T="${API_TOKEN:?}" deploy' err
	grep -qF 'undo: T="${API_TOKEN:?}" undeploy a' err
	grep -qF 'undo: T="${API_TOKEN:?}" undeploy b' err
	! grep -qF verysecret out err || false
}

@test "residue: a command that lacks a secret is a remark, line by line, until it is filled in" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		defaults: { timeout: 5s }
		act:
		  - id: make
		    run: [echo, new-secret]
		    capture: { key: secret(out) }
		    rollback: []
		  - id: store
		    run: exit 1
		    rollback:
		      - run: |
		          cat >key
		          exit 1
		        stdin: ${{ steps.make.key }}
		        retry: 0
	EOF
	run_rb 4 exec s.yml
	jq -r 'select(.t == "seal").residue[].commands[]' state/runs/*/journal.jsonl >todo.sh
	grep -qF "printf %s '***' |" todo.sh
	says_not new-secret todo.sh
	is "$(grep -vc '^# ' todo.sh)" 0
	rm key
	sh todo.sh
	[ ! -e key ]
}

@test "residue: a captured secret is masked before it is quoted; the run can be replayed and undone" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		defaults: { retry: 0, timeout: 5s }
		act:
		  - id: old
		    run: [cat, pin]
		    effect: read
		    capture: { value: secret(out) }
		  - id: one
		    run: exit 1
		    rollback:
		      - run: [sh, -c, test -e fixed]
		        stdin: ${{ steps.old.value ?? secret('none') }}
		      - http:
		          url: http://127.0.0.1:1/x
		          method: POST
		          headers: { X-Key: "k ${{ steps.old.value ?? secret('none') }}" }
	EOF
	printf "it's 3 days off" >pin
	run_rb 4 exec s.yml
	! grep -qe 'days off' -e "it'" out err || false
	jq -r 'select(.t == "seal").residue[].commands[]' state/runs/*/journal.jsonl >todo.sh
	! grep -qe 'days off' -e "it'" todo.sh || false
	is "$(grep -c '^# fill in what is .*here' todo.sh)" 2
	says "printf %s '***' | sh -c 'test -e fixed'" todo.sh
	says "-H 'X-Key: k ***'" todo.sh
	run_rb 0 replay @last
	says 'identical' out
	touch fixed
	run_rb 4 rollback @last --yes
	says_not 'cannot be taken over' err
}
