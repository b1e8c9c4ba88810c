load setup

ev() { # RESULT EXPR...
	local want=$1
	shift
	run_rb 0 eval "$@"
	is "$stdout" "$want"
}

@test "eval: values print as JSON, typed ones in their long form" {
	ev 3 '1 + 2'
	ev '"a b"' "'a' + ' b'"
	ev true "'a' in ['a', 'b']"
	ev null null
	ev '[1,2]' '[1, 2]'
	ev '{"duration_ns":2700000000000}' '90m / 2'
	ev '{"size":1536}' 1.5KiB
	ev '{"percent":1.2}' 'ratio(0.012)'
	ev '{"time":"2026-11-21T02:00:00Z"}' "time('2026-11-21T03:00:00+01:00')"
	ev 2.5 '5 / 2'
}

@test "eval: precedence and words" {
	ev true 'not false and (1 < 2 or false)'
	ev 7 '1 + 2 * 3'
	ev 5 'null ?? 5'
	ev '"yes"' "if 2 > 1 then 'yes' else 'no'"
	ev '["b","c"]' "['a', 'b', 'c'].filter(x => x > 'a')"
}

@test "eval --context: names are the top-level keys, the whole is context" {
	printf 'a: 3\nname: x\nd: 90s\nlist: [1, 2]\n' >c.yml
	ev 6 'a * 2' --context c.yml
	ev '{"duration_ns":90000000000}' d --context c.yml
	ev 2 'context.list.len()' -c c.yml
	printf '{"a": 3, "deep": {"b": [true, null]}}' >c.json
	ev true 'deep.b[0]' --context c.json
	printf '[1, 2]' >l.json
	ev 2 'context[1]' --context l.json
}

@test "eval: a wrong expression is 2 and is shown" {
	run_rb 2 eval '1 +'
	says error err
	is "$stdout" ""
	run_rb 2 eval '1% < 0.5'
	says 'RB214' err
	run_rb 2 eval nothing
	says '`nothing`' err
	run_rb 2 eval
	run_rb 2 eval 1 2
	run_rb 2 eval 1 --context nothing.yml
	run_rb 2 eval 1 --context x --run y
}

@test "eval: an error of evaluation is 1" {
	printf 'zero: 0\nbig: 9223372036854775807\nlist: [1, 2]\n' >c.yml
	run_rb 1 eval '1 / zero' -c c.yml
	says 'division by zero' err
	is "$stdout" ""
	run_rb 1 eval 'list[5]' -c c.yml
	run_rb 1 eval 'big + 1' -c c.yml
	run_rb 2 eval '1 / 0'
	says 'this always fails: division by zero' err
}

@test "eval: bounded in time and memory" {
	run_rb 1 eval 'range(100000).map(x => range(1000).sum()).sum()'
	run_rb 1 eval "range(1000000).map(x => 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa').join('')"
}

@test "eval: purity: no environment, no files" {
	run_rb 2 eval 'env.HOME'
	run_rb 2 eval "file('/etc/passwd')"
}

@test "eval --run: inputs, steps and run of a past run" {
	deploy_yml
	run_rb 3 exec deploy.yml --yes -i tag=v1 -i broken=true --no-sync
	ev '"v1"' inputs.tag --run @last
	ev '"looking at v1"' steps.look.seen --run @last
	ev '"failed"' steps.check.status --run @last
	ev '"undone"' steps.switch.status --run @last
	ev '"rolled_back"' run.status --run @last
	ev true 'run.took > 0s' --run @last
	ev 0 steps.look.code --run @last
	run_rb 1 eval 1 --run nothing
}

# What a runbook's own expressions can name at the end of the run.
seen_yml() {
	cat >seen.yml <<-'END'
		runbook: 1
		name: seen
		inputs: { who: { type: string, default: kim } }
		vars: { twice: "${{ inputs.who }}${{ inputs.who }}" }
		secrets: { token: { env: TOKEN } }
		roles: { lead: { who: [lee], contact: "call 7" } }
		risks: [{ what: breaks, probability: high, impact: minor }]
		planned: 1h
		defaults: { timeout: 20s }
		monitors:
		  - { id: load, during: [soak], every: 100ms, run: cat n, capture: { n: int(out) },
		      rules: [{ when: n > 5, then: notify, say: "load ${{ n }}" }] }
		preflight:
		  - { id: warned, guard: { that: inputs.who == 'lee', else: warn, say: not lee } }
		act:
		  - { id: each, foreach: [1, 2], run: "echo ${{ item }}", capture: { n: int(out) }, rollback: [] }
		  - { id: told, env: { T: "${{ secrets.token }}" }, run: 'echo "$T"', capture: { t: out }, rollback: [] }
		  - { id: block, steps: [{ id: in, run: [echo, in], capture: { x: out }, rollback: [] }] }
		test:
		  - id: soak
		    run: 'until grep -q "\"rule\"" state/runs/*/journal.jsonl; do sleep 0.02; done'
		    effect: read
		report:
		  - { id: sum, render: { to: r.txt, text: "${{ run.issues.map(i => i.text).join(', ') }}" } }
	END
	echo 9 >n
}

@test "eval --run: all that the runbook's expressions could name" {
	seen_yml
	TOKEN='a secret of mine' run_rb 0 exec seen.yml --no-sync
	ev '"kimkim"' vars.twice --run @last
	ev '"medium"' risk.level --run @last
	ev '["lee"]' roles.lead.who --run @last
	ev '"call 7"' roles.lead.contact --run @last
	ev 9 steps.load.n --run @last
	ev '"ok"' steps.load.status --run @last
	ev '[1,2]' steps.each.n --run @last
	ev '[1,2]' 'steps.each.each.map(e => e.item)' --run @last
	ev '"in"' steps.in.x --run @last
	ev '{"duration_ns":3600000000000}' run.planned --run @last
	ev '["not lee","load 9"]' 'run.issues.map(i => i.text)' --run @last
	ev '["warned","each","each","told","block","in","soak","sum"]' "run.steps.map(s => s.id)" --run @last
	ev true "now - run.started < 1h" --run @last
	ev '"report"' run.phase --run @last
	# it is what the run itself saw
	is "$("$RB" eval "run.issues.map(i => i.text).join(', ')" --run @last)" "\"$(cat state/runs/*/r.txt)\""
	# secrets are not there
	ev '"***"' secrets.token --run @last
	ev '"***"' steps.told.t --run @last
	run_rb 1 eval steps.nothing --run @last
	says nothing err
}

@test "eval --run: of a dry-run, a run without a seal, and one that cannot be replayed" {
	seen_yml
	TOKEN='a secret of mine' run_rb 0 exec seen.yml --no-sync -n
	ev '{"unknown":"steps.told.t"}' steps.told.t --run @last
	ev true run.dry_run --run @last
	rm -r state
	slow_yml
	begin exec slow.yml
	until_ok started
	ev '"running"' run.status --run @last
	ev '["ok","not_run"]' '[steps.one.status, steps.long.status]' --run @last
	kill -9 "$pid"
	touch go
	wait "$pid" || true
	ev '"ok"' steps.one.status --run @last
	rm -r state
	TOKEN='a secret of mine' run_rb 0 exec seen.yml --no-sync -n
	rm -r state/runs/*/blobs/*
	run_rb 6 eval run.id --run @last
	says 'cannot be had from its journal' err
}
