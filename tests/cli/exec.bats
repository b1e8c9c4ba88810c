load setup

simple() { # NAME PHASES...
	{
		printf 'runbook: 1\nname: %s\n' "$1"
		cat
	} >"$1.yml"
}

@test "exec: ok is 0; stdout is the result, stderr what happened" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v3
	is "$(wc -l <out)" 1
	id=$(ls state/runs)
	is "$stdout" "$id ok"
	says 'act/switch' err
	says 'Switch to v3' err
	is "$(cat state/runs/*/report.txt)" ok
	is "$(cat live)" v3
}

@test "exec: stopped is 0" {
	simple s <<-'EOF'
		preflight:
		  - guard: { that: 1 > 2, else: stop, say: nothing to do here }
	EOF
	run_rb 0 exec s.yml
	says ' stopped' out
	says 'nothing to do here' err
}

@test "exec: failed is 1" {
	simple s <<-'EOF'
		preflight:
		  - guard: 1 > 2
	EOF
	run_rb 1 exec s.yml
	says ' failed' out
}

@test "exec: an invalid runbook is 2, with all its diagnostics, and nothing runs" {
	simple s <<-'EOF'
		act:
		  - run: echo ran >ledger
		    tiemout: 3s
		  - run: echo ${{ inputs.x }}
	EOF
	run_rb 2 exec s.yml
	says 's.yml:5:5' err
	says 'did you mean `timeout`?' err
	says 's.yml:6:' err
	is "$stdout" ""
	[ ! -e ledger ]
	[ ! -e state ]
}

@test "exec: no file, a folder, two files: 2" {
	mkdir folder
	deploy_yml
	run_rb 2 exec nothing.yml
	says 'nothing.yml' err
	run_rb 2 exec folder
	run_rb 2 exec
	run_rb 2 exec deploy.yml deploy.yml
}

@test "exec: rolled_back is 3; the summary says what was undone and why" {
	deploy_yml
	run_rb 3 exec deploy.yml --yes -i tag=v3 -i broken=true
	says ' rolled_back' out
	says 'undone    act/switch' err
	says 'guard is false: not inputs.broken' err
	says 'deploy.yml:24:5' err
	[ ! -e live ]
	is "$(cat state/runs/*/report.txt)" rolled_back
}

@test "exec: rollback_incomplete is 4; what is left and its commands are printed" {
	simple s <<-'EOF'
		act:
		  - id: one
		    run: exit 1
		    rollback:
		      - { run: [false, x y], retry: 0 }
	EOF
	run_rb 4 exec s.yml
	says ' rollback_incomplete' out
	says 'LEFT      act/one' err
	says "false 'x y'" err
}

@test "exec: in_doubt is 4, if the journal cannot be written any more" {
	simple s <<-'EOF'
		act:
		  - run: head -c 3000 /dev/zero | tr '\0' x
		    rollback: []
		  - foreach: range(60)
		    run: head -c 3000 /dev/zero | tr '\0' x; echo >>ledger
		    rollback: []
	EOF
	code=0
	(
		trap '' XFSZ
		ulimit -f 100
		exec "$RB" exec s.yml >out 2>err </dev/null
	) || code=$?
	is $code 4
	says 'in_doubt' out
	says 'nothing more was started' err
	[ "$(wc -l <ledger)" -lt 60 ]
}

@test "exec: held is 5" {
	simple s <<-'EOF'
		act:
		  - run: exit 1
		    on_fail: pause
		    rollback: []
	EOF
	run_rb 5 exec s.yml
	says ' held' out
}

@test "exec: cancelled by a signal is 128+N, everything undone" {
	for sig in INT TERM HUP; do
		rm -rf state ledger locks
		slow_yml
		# a background job of a script ignores INT, unless it is given back
		python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' "$RB" exec slow.yml >bg.out 2>bg.err </dev/null &
		pid=$!
		background="$background $pid"
		until_ok started
		kill -$sig $pid
		ends $((128 + $(kill -l $sig)))
		says ' cancelled' bg.out
		is "$(tr '\n' ' ' <ledger)" "one started -long -one "
		is "$(ls locks | wc -l)" 0
	done
}

@test "exec: cancelled before anything changed is 128+N too" {
	simple s <<-'EOF'
		preflight:
		  - wait: 1h
	EOF
	begin exec s.yml
	until_ok grep -rq step.intent state
	kill -TERM $pid
	ends 143
}

@test "exec: a second TERM without a terminal finishes the undo at hand and stops" {
	simple s <<-'EOF'
		defaults: { grace: 100ms }
		act:
		  - id: one
		    run: [true]
		    rollback: [{ run: echo -one >>ledger }]
		  - id: two
		    run: [true]
		    rollback: [{ run: "touch undoing; while ! test -e go; do sleep 0.02; done; echo -two >>ledger" }]
		  - id: three
		    run: touch started; sleep 30
		    rollback: []
	EOF
	begin exec s.yml
	until_ok test -e started
	kill -TERM $pid
	until_ok test -e undoing
	kill -TERM $pid
	until_ok sh -c "grep -h '\"t\":\"signal\"' state/runs/*/journal.jsonl | wc -l | grep -q 2"
	touch go
	ends 4
	is "$(cat ledger)" -two
	says 'act/one' bg.err
	says 'stopped by the operator' bg.err
}

@test "exec: the first signal does not stop an undo that is under way" {
	simple s <<-'EOF'
		act:
		  - id: one
		    run: [true]
		    rollback: [{ run: "touch undoing; while ! test -e go; do sleep 0.02; done; echo -one >>ledger" }]
		  - run: exit 1
		    effect: read
	EOF
	begin exec s.yml
	until_ok test -e undoing
	kill -INT $pid 2>/dev/null
	kill -HUP $pid
	until_ok sh -c "grep -hq '\"t\":\"signal\"' state/runs/*/journal.jsonl"
	touch go
	ends 3
	is "$(cat ledger)" -one
}

@test "exec: --output json: each line is JSON, the last is run.end" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v3 --output json
	jq -s . out >/dev/null
	is "$(wc -l <out)" "$(jq -s length out)"
	is "$(jq -r .t out | head -n 1)" run.open
	is "$(tail -n 1 out | jq -c 'keys_unsorted')" '["v","t","run","status","exit","cause","undone","residue","report"]'
	is "$(last_event '[.v, .t, .status, .exit, .cause, .undone, .residue] | tostring')" '[1,"run.end","ok",0,null,[],[]]'
	is "$(last_event .run)" "$(ls state/runs)"
	is "$(last_event .report)" "$PWD/state/runs/$(ls state/runs)"
	head -n -1 out | cmp - "$(journal)"
}

@test "exec: --output json of a failure: cause, undone, residue" {
	simple s <<-'EOF'
		act:
		  - { id: one, run: [true], rollback: [{ run: [true] }] }
		  - { id: two, run: [true] }
		  - id: three
		    run: exit 9
		    rollback: [{ run: [false, "a b"], retry: 0 }]
	EOF
	run_rb 4 exec s.yml --output json
	is "$(last_event .status)" rollback_incomplete
	is "$(last_event .exit)" 4
	is "$(last_event '.cause | [.k, .text, .at] | join(" ")')" "act/three exit 9 s.yml:6:5"
	is "$(last_event '.undone | tostring')" '["act/one"]'
	is "$(last_event '[.residue[].k] | tostring')" '["act/three","act/two"]'
	is "$(last_event '.residue[0].commands | tostring')" '["false '"'a b'"'"]'
}

@test "exec: --output json of an invalid runbook is JSON" {
	echo 'runbook: 2' >s.yml
	run_rb 2 exec s.yml --output json
	jq -e '.v == 1 and (.diagnostics | length) > 0' out
}

@test "exec: without a terminal a confirm is refused, naming the flags; nothing runs" {
	deploy_yml
	run_rb 2 exec deploy.yml -i tag=v1
	says 'deploy.yml:15:5' err
	says '--yes' err
	says '-i sure.answer=yes' err
	[ ! -e state ]
	[ ! -e live ]
}

@test "exec: a confirm without an id: --yes is named, the preset is not" {
	simple s <<-'EOF'
		plan:
		  - confirm: Sure?
	EOF
	run_rb 2 exec s.yml
	says '--yes' err
	says_not '.answer' err
}

@test "exec: --yes, a preset, --dry-run: not refused" {
	deploy_yml
	run_rb 0 exec deploy.yml -i tag=v1 --yes
	run_rb 0 exec deploy.yml -i tag=v1 -i sure.answer=yes
	run_rb 1 exec deploy.yml -i tag=v1 -i sure.answer=no
	run_rb 0 exec deploy.yml -i tag=v1 --dry-run
}

@test "exec: --dry-run changes nothing and is a run of its own" {
	deploy_yml
	run_rb 0 exec deploy.yml -i tag=v7 --dry-run
	[ ! -e live ]
	says 'nothing was changed' err
	says 'old -> v7' err
	says 'undo: ' err
	holds '.[0].dry == true'
	run_rb 0 runs
	says '(dry-run)' out
}

@test "exec: children see --operator as claimed, the user is recorded beside it" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --operator 'Ann Lee'
	holds '.[0].operator == "Ann Lee" and .[0].claimed == true and .[0].user == "'"$(id -un)"'"'
}

@test "exec: RUNBOOK_OPERATOR, and --operator over it" {
	deploy_yml
	RUNBOOK_OPERATOR=ann run_rb 0 exec deploy.yml --yes -i tag=v1
	holds '.[0].operator == "ann"'
}

@test "exec: environment of children: only what is listed, inherit, no secrets' variables" {
	simple s <<-'EOF'
		defaults: { inherit: [PLAIN, MY_*] }
		secrets: { token: { env: TOKEN }, mine: { env: MY_SECRET } }
		act:
		  - run: env >env.txt
		    env: { T: "${{ secrets.token }}" }
		    rollback: []
	EOF
	PLAIN=1 OTHER=2 MY_A=3 MY_B=4 TOKEN=tok-4711 MY_SECRET=sec-4711 TZ=UTC https_proxy=http://p:1 run_rb 0 exec s.yml
	for line in PLAIN=1 MY_A=3 MY_B=4 T=tok-4711 TZ=UTC https_proxy=http://p:1; do
		grep -qx "$line" env.txt
	done
	for name in OTHER TOKEN MY_SECRET RUNBOOK_STATE RUNBOOK_LOCKS XDG_STATE_HOME; do
		is "$(grep "^$name=" env.txt || true)" ""
	done
	found=$(grep -rl tok-4711 state out err || true)
	is "$found" ""
}

@test "exec: TRACEPARENT is passed on" {
	simple s <<-'EOF'
		act:
		  - run: env >env.txt
		    rollback: []
	EOF
	TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 run_rb 0 exec s.yml
	grep -q '^TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-' env.txt
}

@test "exec: a secret that is not set: nothing runs" {
	simple s <<-'EOF'
		secrets: { token: { env: TOKEN_NOT_SET } }
		act:
		  - run: touch ran
		    env: { T: "${{ secrets.token }}" }
		    rollback: []
	EOF
	run_rb 1 exec s.yml
	says 'TOKEN_NOT_SET' err
	[ ! -e ran ]
	TOKEN_NOT_SET=abc run_rb 1 exec s.yml
	says '4 bytes' err
	[ ! -e ran ]
}

@test "exec: control characters of children are escaped" {
	simple s <<-'EOF'
		act:
		  - run: printf 'a\033[2Jb\rc\007\n'
		    rollback: []
	EOF
	run_rb 0 exec s.yml
	says 'a' err
	lacks '\033' err
	lacks '\007' err
	lacks '\r' err
}

@test "exec: no colour into files, colour if asked, NO_COLOR" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1
	lacks '\033' err
	run_rb 0 exec deploy.yml --yes -i tag=v1 --color always
	grep -q "$(printf '\033')" err
	CLICOLOR_FORCE=1 run_rb 0 exec deploy.yml --yes -i tag=v1
	grep -q "$(printf '\033')" err
	CLICOLOR_FORCE=1 NO_COLOR=1 run_rb 0 exec deploy.yml --yes -i tag=v1
	lacks '\033' err
}

@test "exec: a closed standard output or error does not stop a run" {
	deploy_yml
	"$RB" exec deploy.yml --yes -i tag=v1 --output json 2>/dev/null </dev/null | head -n 1 >/dev/null
	until_ok grep -q '"t":"seal"' "$(journal)"
	is "$(cat live)" v1
	rm live
	rm -rf state
	"$RB" exec deploy.yml --yes -i tag=v2 >&- 2>&- </dev/null
	is "$(cat live)" v2
	"$RB" exec deploy.yml --yes -i tag=v3 >&- 2>&- <&-
	is "$(cat live)" v3
	code=0 # what is lost is not taken for written
	"$RB" report @last >&- 2>err || code=$?
	is "$code" 1
	says 'standard output' err
}

@test "exec: a file over ulimit -f does not kill the runner: what was done is undone" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		act:
		  - { id: a, run: 'echo +a >>ledger', rollback: [{ run: 'echo -a >>ledger' }] }
		  - { id: loud, run: 'head -c 5000000 /dev/zero | tr "\0" x', rollback: [] }
		  - { id: never, run: 'echo never >>ledger' }
	EOF
	code=0
	bash -c 'ulimit -f 2048; exec "$0" exec s.yml -o json' "$RB" >out 2>/dev/null || code=$?
	is "$code" 3
	is "$(tr '\n' ' ' <ledger)" "+a -a "
	jq -s -e 'any(.t == "step.attempt" and .k == "act/loud" and .out.lost)' out
}

@test "exec: what the seal's lists leave out is counted" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		act:
		  - { id: a, foreach: range(510), parallel: 32, run: [true], rollback: [{ run: [true] }] }
		  - { id: b, foreach: range(505), parallel: 32, run: [true] }
		  - { run: [false], effect: read }
	EOF
	run_rb 4 exec s.yml --no-sync
	grep -q 'undone    act/a.* and 498 more$' err
	grep -q 'LEFT      and 5 more, see the journal' err
}

@test "exec --yes: shows the question that it answers, as does show; a dry-run asks nothing" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		inputs: { v: string }
		plan:
		  - id: go
		    confirm: |
		      Shall ${{ inputs.v }} go live?
		      Users will notice.
		act:
		  - { run: touch done, rollback: [] }
	EOF
	run_rb 0 exec s.yml -i v=v2 --yes
	for file in err shown; do
		[ $file = err ] || "$RB" show @last >shown 2>&1
		is "$(sed -n '/ asks /,/ answer /p' $file | sed 's/  */ /g')" " asks plan/go confirm
 Shall v2 go live?
 Users will notice.
 answer plan/go yes by --yes"
	done
	run_rb 1 exec s.yml -i v=v2 -i go.answer=no
	says 'Shall v2 go live?' err
	says 'no by -i' err
	run_rb 0 exec s.yml -i v=v2 --yes -n
	says 'would ask' err
	says_not '--yes' err
}

@test "exec: a run whose time is over has failed; nobody asked for the undo" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		timeout: 1s
		act:
		  - { id: a, run: 'echo +a >>ledger; sleep 60', rollback: [{ run: 'echo -a >>ledger' }] }
	EOF
	run_rb 3 exec s.yml
	says 'failed, and everything was undone (exit 3)' err
	says 'the run took longer than its timeout' err
	run_rb 0 report @last
	says 'Failed, and everything was undone.' out
	run_rb 0 show @last
	says 'failed, and everything was undone (exit 3)' out
}

@test "exec: the summary names the step that failed, and the reports that were written" {
	simple s <<-'EOF'
		vars:
		  hosts: [{ item: web, port: 80 }, { name: db, port: 5432 }, { port: 25 }]
		preflight:
		  - { name: Reach it, foreach: vars.hosts, as: h, run: [test, "${{ str(h.port) }}", -ne, "25"], effect: read }
		  - { name: Not reached, run: [echo, no], effect: read }
		report:
		  - { render: { to: short.txt, text: "${{ run.status }}" } }
		  - { render: { to: long.md, text: "${{ run.status }}" } }
		  - { render: { to: "${{ '/nowhere/at/all.txt' }}", text: x }, on_fail: continue }
	EOF
	run_rb 1 exec s.yml
	says 'Reach it [web]' err
	says 'Reach it [db]' err
	says '  cause     preflight/#1[2] (Reach it [{"port":25}]): exit 1  at ' err
	is "$(sed -n 's/^  reports   //p' err)" "short.txt, long.md  in $(ls -d "$PWD"/state/runs/*)"
	run_rb 0 show @last
	says '  cause     preflight/#1[2] (Reach it [{"port":25}]): exit 1  at ' out
	says '  reports   short.txt, long.md  in ' out
}

@test "exec: a guard's step is named too; without a name there is its key, without reports no line" {
	simple s <<-'EOF'
		preflight:
		  - { name: Enough room, guard: 1 > 2 }
	EOF
	run_rb 1 exec s.yml
	says '  cause     preflight/#1 (Enough room): ' err
	says_not '  reports ' err
	simple t <<-'EOF'
		preflight:
		  - { run: [sh, -c, "echo first >&2; printf 'the disk is \\033[1mfull\\n\\n' >&2; echo out; exit 3"], effect: read }
	EOF
	run_rb 1 exec t.yml
	says '  cause     preflight/#1: exit 3  at ' err
	says '            said: the disk is ␛[1mfull' err
	simple u <<-'EOF'
		preflight:
		  - { run: [sh, -c, "echo first >&2; printf 'no newline' >&2; exit 3"], effect: read }
	EOF
	run_rb 1 exec u.yml
	says '            said: no newline' err
}
