load setup

@test "plan: steps in order, commands, undo, risk, the rollback stack; nothing runs" {
	deploy_yml
	sed -i 's/^preflight:/risks: [{ what: breaks, probability: high, impact: minor }]\n&/' deploy.yml
	run_rb 0 plan deploy.yml -i tag=v4
	says "echo 'looking at v4'" out
	says 'asks: Deploy v4?' out
	says 'old -> v4' out
	says 'undo: rm -f live' out
	says 'risk medium' out
	says 'ROLLBACK, last first' out
	is "$(grep -n 'look$\|sure$\|check$\|summary$' out | sed 's/.* //' | tr '\n' ' ')" "look sure check summary "
	[ ! -e live ]
	[ ! -e state ]
}

@test "plan: an input is needed, an invalid runbook is refused: 2" {
	deploy_yml
	run_rb 2 plan deploy.yml
	says 'RB194' err
	echo 'runbook: 1' >bad.yml
	run_rb 2 plan bad.yml
	run_rb 2 plan nothing.yml
	run_rb 2 plan
}

@test "plan: lines are cut for a terminal only" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		act:
		  - run: [echo, a-word-that-is-long, another-word-that-is-long, a-third-word-that-is-long, the-last-word]
		    rollback: []
	EOF
	run_rb 0 plan s.yml
	grep -q the-last-word out
	TERM=xterm python3 -SE "$TERMINAL" -- sh -c "stty cols 60; exec '$RB' plan s.yml" >out
	is "$(grep -c 'echo a-word.*the-last-word' out)" 0
}

@test "plan: --output json" {
	deploy_yml
	run_rb 0 plan deploy.yml -i tag=v4 --output json
	jq -e '.v == 1 and .runbook == "deploy" and .inputs.tag == "v4" and (.steps | length) == 5' out
	jq -e '.steps[2] | .k == "act/switch" and .effect == "write" and .rollback == ["rm -f live"] and .line == 18' out
	is "$(jq -r .digest out)" "$(sha256sum <deploy.yml | cut -d' ' -f1)"
}

@test "plan: no control characters, no secrets" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		inputs: { x: string }
		secrets: { token: { env: TOKEN } }
		act:
		  - run: echo ${{ inputs.x }}
		    env: { T: "${{ secrets.token }}" }
		    rollback: []
	EOF
	TOKEN=tok-4711 run_rb 0 plan s.yml -i "x=$(printf 'a\033[2Jb')"
	lacks '\033' out
	says_not tok-4711 out
	TOKEN=tok-4711 run_rb 0 plan s.yml -i x=a --output json
	says_not tok-4711 out
}

@test "plan -o: exec of the file runs exactly this plan, from anywhere" {
	deploy_yml
	run_rb 0 plan deploy.yml -i tag=v4 -o deploy.plan
	jq -e .runbook_plan deploy.plan
	mkdir elsewhere
	cd elsewhere
	run_rb 0 exec ../deploy.plan --yes
	is "$(cat ../live)" v4
}

@test "plan -o: refused if the runbook changed" {
	deploy_yml
	run_rb 0 plan deploy.yml -i tag=v4 -o deploy.plan
	echo '# a comment' >>deploy.yml
	run_rb 2 exec deploy.plan --yes
	says 'the runbook has changed' err
	[ ! -e live ]
	[ ! -e state ]
}

@test "plan -o: refused if the runbook is gone or broken" {
	deploy_yml
	run_rb 0 plan deploy.yml -i tag=v4 -o deploy.plan
	echo nonsense >deploy.yml
	run_rb 2 exec deploy.plan --yes
	rm deploy.yml
	run_rb 2 exec deploy.plan --yes
	[ ! -e live ]
}

@test "plan -o: refused if one of its files changed" {
	deploy_yml
	sed -i 's/^defaults/files: [tool.sh]\n&/' deploy.yml
	echo 'echo tool' >tool.sh
	run_rb 0 plan deploy.yml -i tag=v4 -o deploy.plan
	run_rb 0 exec deploy.plan --yes
	rm live
	echo 'echo other' >tool.sh
	run_rb 2 exec deploy.plan --yes
	says '`files`' err
	rm tool.sh
	run_rb 2 exec deploy.plan --yes
	[ ! -e live ]
}

@test "plan -o: refused if the plan was changed" {
	deploy_yml
	run_rb 0 plan deploy.yml -i tag=v4 -o deploy.plan
	sed 's/"tag":"v4"/"tag":"v5"/' deploy.plan >changed.plan
	run_rb 2 exec changed.plan --yes
	says 'the plan file itself was changed' err
	head -c 100 deploy.plan >cut.plan
	run_rb 2 exec cut.plan --yes
	[ ! -e live ]
}

@test "plan -o: an input beside a plan is not taken silently" {
	deploy_yml
	run_rb 0 plan deploy.yml -i tag=v4 -o deploy.plan
	run_rb 2 exec deploy.plan --yes -i tag=v5
	[ ! -e live ]
}

@test "plan -o: a preset answer goes with a plan" {
	deploy_yml
	run_rb 0 plan deploy.yml -i tag=v4 -o deploy.plan
	run_rb 0 exec deploy.plan -i sure.answer=yes
	is "$(cat live)" v4
}

@test "plan -o: without a terminal the question of a plan is refused too" {
	deploy_yml
	run_rb 0 plan deploy.yml -i tag=v4 -o deploy.plan
	run_rb 2 exec deploy.plan
	says '--yes' err
}

@test "plan -o: typed inputs come back as they were" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		inputs:
		  d: duration
		  z: size
		  p: percent
		  l: { type: list, of: string }
		  none: { type: string, default: null }
		act:
		  - run: [sh, -c, 'printf "%s|" "$@" >got', x, "${{ inputs.d }}", "${{ inputs.z }}", "${{ inputs.p }}", "${{ inputs.l }}", "${{ show(inputs.none) }}"]
		    rollback: []
	EOF
	run_rb 0 plan s.yml -i d=90s -i z=3KiB -i p=0.25% -i 'l=["a b", "c"]' -o s.plan
	run_rb 0 exec s.plan
	is "$(cat got)" '1m30s|3KiB|0.25%|a b|c|-|'
}

@test "plan: an undo shows its conditions, loops, blocks and modules; a list as an argument is its words" {
	cat >m.yml <<-'EOF'
		runbook: 1
		name: m
		inputs: { x: string }
		steps:
		  - run: [look, "${{ inputs.x }}"]
		    timeout: 5s
		    effect: read
	EOF
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		inputs: { opts: { type: list, default: [-c, a b] }, none: { type: string, default: null }, hosts: { type: list, default: [h1] } }
		defaults: { timeout: 5s }
		preflight:
		  - { id: before, run: [cat, old], effect: read, capture: { v: out } }
		act:
		  - id: w
		    run: [nginx, "${{ inputs.none }}", "${{ inputs.opts }}", -t, "${{ steps.before.v }}"]
		    rollback:
		      - capture: { v: steps.before.v }
		      - if: steps.before.v != 'x'
		        run: [put, "${{ steps.before.v }}"]
		      - if: inputs.none != null
		        run: [never]
		      - foreach: inputs.hosts
		        as: h
		        steps:
		          - run: [reload, "${{ h }}"]
		          - uses: ./m.yml
		            with: { x: deep }
		  - id: f
		    run: ["${{ inputs.opts }}", last]
		    rollback: []
		test:
		  - { run: [true], effect: read }
	EOF
	run_rb 0 plan s.yml
	grep -qFx "       \$ nginx -c 'a b' -t \${{ steps.before.v }}" out
	grep -qFx "       \$ -c 'a b' last" out
	sed -n '/^ACT/,/^TEST/p' out | sed -n '/undo: #/,/look/p' | sed 's/^ *//' >undo
	printf '%s\n' "undo: # only if: steps.before.v != 'x'" 'put ${{ steps.before.v }}' '# for each h in inputs.hosts' 'reload ${{ h }}' 'look deep' >want
	diff want undo
	run_rb 0 plan s.yml --output json
	jq -r '.steps[] | select(.id == "w").rollback[]' out | diff <(sed 's/^undo: //' want) -
}

# A change window of one minute a week; ELSE is what happens outside of it.
window_yml() { # ELSE
	cat >w.yml <<-END
		runbook: 1
		name: w
		window: { days: [wed], from: "03:07", to: "03:08", tz: Asia/Kathmandu, else: $1 }
		roles: { lead: { who: [kim] } }
		plan: [{ id: go, if: false, approve: { from: lead } }]
		act: [{ run: touch live, rollback: [{ run: rm live }] }]
		test: [{ guard: true }]
	END
}

@test "plan --outside-window: exec of the plan goes on outside, and the reason is kept" {
	window_yml confirm
	run_rb 0 plan w.yml -o no.plan
	run_rb 2 exec no.plan
	says '--outside-window REASON' err
	run_rb 0 plan w.yml --outside-window "CR-7: the disk is full" -o w.plan
	says 'goes on outside of it: CR-7: the disk is full' out
	is "$(jq -r .outside_window w.plan)" 'CR-7: the disk is full'
	run_rb 0 exec w.plan
	[ -e live ]
	holds '.[0].outside_window == "CR-7: the disk is full"'
	holds 'any(.t == "window" and .inside == false)'
	holds 'any(.t == "answer" and .what == "window" and .answer == "yes" and .by == "--outside-window" and .why == "CR-7: the disk is full")'
	run_rb 0 replay @last
	run_rb 0 plan w.yml --outside-window "CR-7: the disk is full" --output json
	is "$(jq -r .outside_window out)" 'CR-7: the disk is full'
}

@test "plan --outside-window: the plan's reason is the plan's; one without takes that of exec" {
	window_yml confirm
	run_rb 0 plan w.yml --outside-window first -o w.plan
	run_rb 2 exec w.plan --outside-window second
	says '--outside-window cannot change that' err
	sed 's/"outside_window":"first"/"outside_window":"other"/' w.plan >changed.plan
	run_rb 2 exec changed.plan
	says 'the plan file itself was changed' err
	[ ! -e live ]
	run_rb 0 plan w.yml -o no.plan
	run_rb 0 exec no.plan --outside-window second
	holds '.[0].outside_window == "second"'
}

@test "--outside-window: it needs a reason; where nobody decides it says that it changes nothing" {
	window_yml fail
	run_rb 2 plan w.yml --outside-window ' '
	says 'needs a reason' err
	run_rb 2 exec w.yml --outside-window ''
	says 'needs a reason' err
	run_rb 0 plan w.yml --outside-window fire
	says 'w.yml:3: --outside-window changes nothing' err
	says_not fire out
	run_rb 1 exec w.yml --outside-window fire
	says '--outside-window changes nothing' err
	[ ! -e live ]
}

@test "an approver is told that the run goes on outside of its window" {
	window_yml confirm
	sed -i 's/, if: false//' w.yml
	begin exec w.yml --outside-window "CR-7"
	until_ok sh -c 'grep -q "\"question\"" state/runs/*/journal.jsonl'
	holds 'any(.t == "question" and .what == "approve" and (.text | contains("goes on outside of it: CR-7")))'
	run_rb 0 cancel @last
	ends 143
}

@test "plan: the steps of one undo have an end" {
	{
		printf 'runbook: 1\nname: s\ndefaults: { timeout: 5s }\nact:\n  - run: [w]\n    rollback:\n      - steps:\n'
		for i in $(seq 600); do echo "          - { run: [u, '$i'] }"; done
	} >s.yml
	run_rb 0 plan s.yml --output json
	is "$(jq '.steps[0].rollback | length' out)" 499
	is "$(jq -r '.steps[0].rollback[-1]' out)" '# and more, see the runbook'
}
