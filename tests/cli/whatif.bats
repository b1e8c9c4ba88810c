load setup

# replay --against: what another version of a runbook would have done.

# A runbook with a loop, a capture, a guard, a write with a rollback; $run is its run.
book() {
	cat >book.yml <<-'EOF'
		runbook: 1
		name: book
		inputs:
		  hosts: { type: list, default: [a, b, c] }
		  tag: { type: string, default: v1 }
		defaults: { timeout: 20s }
		preflight:
		  - id: look
		    run: [echo, "30"]
		    effect: read
		    capture: { free: int(trim(out)) }
		  - id: enough
		    guard: { that: steps.look.free > 20, say: too full }
		act:
		  - id: stop
		    foreach: inputs.hosts
		    run: [echo, stop, "${{ item }}"]
		    rollback: [{ run: [echo, start, "${{ item }}"] }]
		  - id: migrate
		    run: [echo, migrate, "${{ inputs.tag }}"]
		    capture: { said: trim(out) }
		    rollback: [{ run: [echo, unmigrate] }]
		  - id: tell
		    run: [echo, "told ${{ steps.migrate.said }}"]
		    rollback: []
		test:
		  - id: check
		    run: [echo, fine]
		    effect: read
		    expect: trim(out) == "fine"
	EOF
}

ran() { # CODE ARGS...
	book
	run_rb "$1" exec book.yml --no-sync "${@:2}"
	run=$(ls state/runs)
}

# changed SED-SCRIPT...: new.yml from book.yml; it must be another one.
changed() {
	sed "$@" book.yml >new.yml
	! cmp -s book.yml new.yml || false
}

# asked CODE ARGS...: as JSON in `out`.
asked() {
	local code=$1
	shift
	run_rb "$code" replay "$run" --against "${source:-new.yml}" -o json "$@"
}

# step KEY: class, whether it runs, how it was and would be.
step() {
	jq -r --arg k "$1" 'first(.steps[] | select(.k == $k)) | [.class, .runs, (.was // "-"), (.status | join("|"))] | join(" ")' out
}

outcomes() {
	jq -r '[.outcomes[].status] | join(" ")' out
}

classes() {
	jq -r '[.classes | to_entries[] | select(.value > 0) | "\(.key) \(.value)"] | join(", ")' out
}

why() {
	jq -r --arg k "$1" 'first(.steps[] | select(.k == $k)) | .why[]' out
}

@test "against: the runbook that ran is the same" {
	ran 0
	source=book.yml asked 0
	is "$(classes)" "SAME 9"
	is "$(outcomes)" ok
	is "$(jq -r '.different, .may_flip, .flips, .exhaustive, .drives, .unknowns' out | tr '\n' ' ')" "false false false true 1 0 "
	run_rb 0 replay $run --against book.yml
	cat >wanted <<-EOF
		run $run against book.yml
		recorded: ok
		predicted:
		  would succeed (ok)
		steps: 9 SAME
	EOF
	diff wanted out
}

@test "against: a failed run, its rollback, the same again" {
	book
	sed 's/echo, fine/echo, bad/' book.yml >bad.yml
	run_rb 3 exec bad.yml --no-sync
	run=$(ls state/runs)
	source=bad.yml asked 0
	is "$(outcomes)" rolled_back
	is "$(jq -r '[.outcomes[0].undone[].k] | join(" ")' out)" "act/migrate act/stop[2] act/stop[1] act/stop[0]"
	is "$(jq -r '.outcomes[0].undone[] | select(.k == "act/stop[1]") | .commands[0]' out)" "echo start b"
	[ "$(jq -r '.outcomes[0].unwound' out)" != null ]
	# what was judged bad then would be good now: nobody knows what comes after, but nothing does
	sed 's/echo, fine/echo, bad/; s/== "fine"/== "bad"/' book.yml >new.yml
	asked 1
	is "$(outcomes)" ok
	is "$(step test/check)" "GUARD-FLIP would failed ok"
	is "$(jq -r .flips out)" true
	is "$(step 'act/stop[0]!undo/#1')" "DROPPED would not ok "
}

@test "against: GUARD-FLIP, certain: the run would have failed before anything was changed" {
	ran 0
	changed 's/free > 20/free > 40/'
	asked 1
	is "$(outcomes)" failed
	is "$(step preflight/enough)" "GUARD-FLIP would not ok failed"
	is "$(why preflight/enough)" 'guard: `steps.look.free > 20` was true with {"steps.look.free":30}; `steps.look.free > 40` would be false'
	is "$(step act/migrate)" "DROPPED would not ok "
	is "$(why act/migrate)" "the run would not come to it"
	is "$(jq -r '.outcomes[0].cause_step' out)" preflight/enough
	run_rb 1 replay $run --against new.yml
	grep -q '^  would fail before anything is changed (failed)$' out
	grep -q '^  GUARD-FLIP        preflight/enough  would not run; was ok, would be failed  (new.yml:12:5)$' out
}

@test "against: INPUT-CHANGED; its result is unknown, and so is what depends on it" {
	ran 0
	changed 's/echo, migrate,/echo, migrate, --force,/'
	asked 1
	is "$(step act/migrate)" "INPUT-CHANGED would ok ok|failed"
	is "$(why act/migrate)" 'argv[2]: "v1" then, would be "--force"
argv[3]: would be "v1"'
	is "$(step act/tell)" "UNKNOWN may ok ok|failed"
	is "$(why act/tell)" 'it depends on `steps.migrate.said`'
	is "$(step act/stop[1])" "SAME would ok ok"
	is "$(step test/check)" "SAME may ok ok"
	is "$(outcomes)" "ok rolled_back rollback_incomplete"
	is "$(jq -r '.exhaustive, .flips, .may_flip' out | tr '\n' ' ')" "true false true "
	is "$(jq -r '.outcomes[1].if[]' out)" "act/migrate: fails"
	is "$(jq -r '.outcomes[0].usual' out)" true
	run_rb 1 replay $run --against new.yml
	grep -A1 '^  may succeed (ok)$' out | grep -q '^    if all that is not known goes well$'
	grep -q '^  may fail and be undone (rolled_back), the unwinding beginning at 20' out
	grep -q '^        echo unmigrate$' out
}

@test "against: an input that has another value by default is what was recorded" {
	ran 0 -i tag=v7
	changed 's/default: v1/default: v9/'
	asked 0
	is "$(classes)" "SAME 9"
}

@test "against: NEW and DROPPED steps" {
	ran 0
	changed -e 's/id: tell/id: say/' -e 's/echo, "told/echo, "said/'
	asked 1
	is "$(step act/say)" "NEW would - ok|failed"
	is "$(why act/say)" "the runbook had no such step then"
	is "$(step act/tell)" "DROPPED would not ok "
	is "$(why act/tell)" "the runbook has no such step any more"
	is "$(outcomes)" "ok rolled_back rollback_incomplete"
}

@test "against: MOVED, renamed and numbered steps are found again" {
	ran 0
	# the check moves from test to the end of act
	awk '/^test:/ { exit } 1' book.yml >new.yml
	sed -n '/- id: check/,$p' book.yml >>new.yml
	asked 1
	is "$(step act/check)" "MOVED would ok ok"
	is "$(why act/check)" "it was test/check"
	is "$(classes)" "SAME 8, MOVED 1"
	is "$(outcomes)" ok
	# another name for a step that is the same otherwise
	changed 's/id: check/id: verify/'
	asked 0
	is "$(step test/verify)" "SAME would ok ok"
}

@test "against: steps that change places" {
	cat >book.yml <<-'EOF'
		runbook: 1
		name: book
		act:
		  - run: [echo, one]
		    effect: read
		  - run: [echo, two]
		    effect: read
		  - run: [echo, three]
		    effect: read
	EOF
	run_rb 0 exec book.yml --no-sync
	run=$(ls state/runs)
	cat >new.yml <<-'EOF'
		runbook: 1
		name: book
		act:
		  - run: [echo, zero]
		    effect: read
		  # comments and spacing mean nothing
		  - run: [ echo,   "one" ]
		    effect: read
		  - { run: [echo, three], effect: read }
		  - { run: [echo, two], effect: read }
	EOF
	asked 1
	is "$(classes)" "SAME 2, MOVED 1, NEW 1"
	is "$(step act/#1)" "NEW would - ok|failed"
	is "$(step act/#2)" "SAME may ok ok"
	is "$(jq -r '.steps[] | select(.k == "act/#2") | .was_k' out)" "act/#1"
}

@test "against: ROLLBACK-CHANGED; the rollback that would run is shown" {
	ran 0
	changed 's/echo, unmigrate/echo, restore/'
	asked 1
	is "$(classes)" "SAME 8, ROLLBACK-CHANGED 1"
	is "$(step act/migrate)" "ROLLBACK-CHANGED would ok ok"
	is "$(jq -r '.steps[] | select(.k == "act/migrate") | .was_rollback[0], .rollback[0]' out)" "echo unmigrate
echo restore"
	is "$(outcomes)" ok
	run_rb 1 replay $run --against new.yml
	grep -q '^      - echo unmigrate$' out
	grep -q '^      + echo restore$' out
}

@test "against: iterations are matched by their item" {
	ran 0
	changed 's/default: \[a, b, c\]/default: [a, b, c]/; s/foreach: inputs.hosts/foreach: ["c", "x", "a"]/'
	asked 1
	is "$(step 'act/stop[0]')" "SAME would ok ok"
	is "$(jq -r '.steps[] | select(.k == "act/stop[0]") | .was_k' out)" "act/stop[2]"
	is "$(step 'act/stop[1]')" "NEW would - ok|failed"
	is "$(why 'act/stop[1]')" "its loop had no such item then"
	is "$(jq -r '.steps[] | select(.k == "act/stop[2]") | .was_k' out)" "act/stop[0]"
	is "$(jq -r '.steps[] | select(.class == "DROPPED") | .was_k' out)" "act/stop[1]"
}

@test "against: UNKNOWN: guards and conditions over what is not recorded are driven both ways" {
	ran 0
	changed -e 's/echo, "30"/echo, "31"/'
	asked 1
	is "$(step preflight/look)" "INPUT-CHANGED would ok ok|failed"
	is "$(step preflight/enough)" "UNKNOWN may ok ok|failed"
	is "$(why preflight/enough)" 'guard: `steps.look.free > 20` depends on something that is not known: {"steps.look.free":{"unknown":"steps.look.free"}}'
	is "$(outcomes)" "ok failed"
	is "$(step act/migrate)" "SAME may ok ok"
	# an `if` over it: the step may run
	sed -e 's/echo, "30"/echo, "31"/' -e 's/- id: tell/- id: tell\n    if: steps.look.free > 5/' book.yml >new.yml
	asked 1
	is "$(step act/tell)" "UNKNOWN may ok ok|skipped"
}

@test "against: expect, retry and timeout: the same command ends otherwise" {
	cat >book.yml <<-'EOF'
		runbook: 1
		name: book
		defaults: { timeout: 20s }
		act:
		  - id: flaky
		    run: echo >>tries; test "$(wc -l <tries)" -ge 3
		    idempotent: true
		    retry: { max: 3, delay: 0s }
		    rollback: []
		  - id: nap
		    run: [sleep, "0.3"]
		    effect: read
	EOF
	run_rb 0 exec book.yml --no-sync
	run=$(ls state/runs)
	source=book.yml asked 0
	changed 's/max: 3/max: 1/'
	asked 1
	is "$(step act/flaky)" "INPUT-CHANGED would ok failed"
	is "$(outcomes)" rolled_back
	sed 's/effect: read/effect: read\n    timeout: 100ms/' book.yml >new.yml
	asked 1
	is "$(step act/nap)" "INPUT-CHANGED would ok timeout"
	is "$(why act/nap)" "its timeout is shorter now than it took"
}

@test "against: --assume" {
	ran 0
	source=book.yml asked 1 --assume migrate=fail
	is "$(step act/migrate)" "UNKNOWN would ok failed"
	is "$(why act/migrate)" "assumed to fail"
	is "$(outcomes)" "rolled_back rollback_incomplete"
	is "$(jq -r '.flips, .assumed.migrate' out | tr '\n' ' ')" "true fail "
	is "$(jq -r '[.outcomes[0].undone[].k] | join(" ")' out)" "act/migrate act/stop[2] act/stop[1] act/stop[0]"
	# every step of the way back as well: then it is certain
	source=book.yml asked 1 --assume 'act/stop[1]=fail' --assume 'act/stop!undo/#1=ok'
	is "$(outcomes)" rolled_back
	is "$(step 'act/stop[1]')" "UNKNOWN would ok failed"
	is "$(step 'act/stop[2]')" "DROPPED would not ok "
	# what is not recorded is assumed to go well: nothing but its values is unknown then
	changed 's/echo, migrate,/echo, migrate, --force,/'
	asked 1 --assume migrate=ok --assume act/tell=ok
	is "$(outcomes)" ok
	is "$(jq -r '.may_flip' out)" false
}

@test "against: --assume is checked" {
	ran 0
	run_rb 2 replay $run --against book.yml --assume migrat=fail
	is "$(head -n 1 err)" 'runbook: --assume: SOURCE has no step `migrat`; did you mean `migrate`?'
	run_rb 2 replay $run --against book.yml --assume 'act/stop[9]!undo/#2=fail'
	is "$(head -n 1 err)" 'runbook: --assume: SOURCE has no step `act/stop[9]!undo/#2`'
	run_rb 2 replay $run --against book.yml --assume '#1=fail'
	run_rb 1 replay $run --against book.yml --assume 'act/migrate=fail' --assume 'act/migrate!undo/#1=ok' --assume 'act/stop!undo/#1=ok'
	run_rb 2 replay $run --against book.yml --assume enough=fail
	is "$(head -n 1 err)" 'runbook: --assume: `enough` starts nothing that could fail: name a step that runs, requests, renders or asks'
	run_rb 2 replay $run --against book.yml --assume migrate
	is "$(head -n 1 err)" 'runbook: --assume needs STEP=fail or STEP=ok, this is `migrate`'
	run_rb 2 replay $run --assume migrate=ok
	is "$(head -n 1 err)" 'runbook: --assume, --corpus and --fail-on need --against SOURCE'
}

@test "against: blocks, modules and always steps" {
	mkdir lib
	cat >lib/m.yml <<-'EOF'
		runbook: 1
		inputs: { who: { type: string } }
		steps:
		  - id: greet
		    run: [echo, hello, "${{ inputs.who }}"]
		    rollback: [{ run: [echo, bye, "${{ inputs.who }}"] }]
	EOF
	cat >book.yml <<-'EOF'
		runbook: 1
		name: book
		defaults: { timeout: 20s }
		act:
		  - id: both
		    steps:
		      - id: one
		        uses: ./lib/m.yml
		        with: { who: kim }
		      - id: two
		        uses: ./lib/m.yml
		        with: { who: lee }
		        always: [{ run: [echo, after] }]
	EOF
	run_rb 0 exec book.yml --no-sync
	run=$(ls state/runs)
	source=book.yml asked 0
	changed 's/who: lee/who: choi/'
	asked 1
	is "$(step act/both/one/greet)" "SAME would ok ok"
	is "$(step act/both/two/greet)" "INPUT-CHANGED would ok ok|failed"
	is "$(step 'act/both/two!always/#1')" "SAME would ok ok"
	is "$(outcomes)" "ok rolled_back rollback_incomplete"
	# the module changes, the runbook does not: its steps are others, in every use
	sed -i 's/hello/hi/' lib/m.yml
	source=book.yml asked 1
	is "$(jq -r '.classes["INPUT-CHANGED"]' out)" 2
	sed -i 's/hi,/hello,/; s/bye/farewell/' lib/m.yml
	source=book.yml asked 1
	is "$(jq -r '.classes["ROLLBACK-CHANGED"]' out)" 2
}

@test "against: a person's answers, and what was not asked then" {
	cat >book.yml <<-'EOF'
		runbook: 1
		name: book
		defaults: { timeout: 20s }
		act:
		  - id: sure
		    confirm: Go on?
		  - id: size
		    ask: { n: int }
		  - id: work
		    run: [echo, "${{ steps.size.n }}"]
		    rollback: []
	EOF
	run_rb 0 exec book.yml --no-sync --yes -i size.n=5
	run=$(ls state/runs)
	source=book.yml asked 0
	is "$(outcomes)" ok
	changed 's/Go on/Really go on/'
	asked 1
	is "$(step act/sure)" "INPUT-CHANGED would ok ok|failed"
	is "$(why act/sure)" 'text: "Go on?" then, would be "Really go on?"'
	is "$(step act/work)" "SAME may ok ok"
	is "$(outcomes)" "ok failed"
}

@test "against: secrets: what is the same stays so, what would need them is unknown" {
	export TOKEN=very-secret-token
	cat >book.yml <<-'EOF'
		runbook: 1
		name: book
		secrets: { token: { env: TOKEN } }
		defaults: { timeout: 20s }
		act:
		  - id: login
		    run: [sh, -c, 'echo "session $T"']
		    env: { T: "${{ secrets.token }}" }
		    effect: read
		    capture: { session: trim(out) }
		  - id: long
		    guard: len(steps.login.session) > 10
		  - id: work
		    run: [sh, -c, 'echo "$S"']
		    env: { S: "${{ steps.login.session }}" }
		    rollback: []
	EOF
	run_rb 0 exec book.yml --no-sync
	run=$(ls state/runs)
	unset TOKEN
	source=book.yml asked 0
	is "$(classes)" "SAME 3"
	changed 's/) > 10/) > 30/'
	asked 1
	is "$(jq -r '.steps[] | select(.k == "act/long") | .class' out)" UNKNOWN
	is "$(outcomes)" "ok failed"
	# the output was not stored with its secret: another capture of it is unknown
	changed 's/session: trim(out)/session: upper(trim(out))/'
	asked 1
	is "$(step act/login)" "UNKNOWN would ok ok|failed"
	# another source of the secret: another command
	changed 's/env: TOKEN/env: OTHER/'
	asked 1
	is "$(jq -r '.steps[] | select(.k == "act/login") | .class' out)" INPUT-CHANGED
	run_rb 1 replay $run --against new.yml
	! grep -r 'very-secret' out err || false
}

@test "against: files of the runbook belong to the commands that name them" {
	book
	echo 'echo working' >work.sh
	cat >book.yml <<-'EOF'
		runbook: 1
		name: book
		files: [work.sh]
		defaults: { timeout: 20s }
		act:
		  - id: work
		    run: sh ./work.sh
		    rollback: []
		  - id: other
		    run: [echo, other]
		    rollback: []
	EOF
	run_rb 0 exec book.yml --no-sync
	run=$(ls state/runs)
	source=book.yml asked 0
	echo 'echo working harder' >work.sh
	source=book.yml asked 1
	is "$(step act/work)" "INPUT-CHANGED would ok ok|failed"
	is "$(step act/other)" "SAME may ok ok"
	why act/work | grep -q '^file work.sh: '
}

@test "against: inputs that came, went, or do not fit any more" {
	ran 0
	# a new one without default is unknown
	changed -e 's/^inputs:/inputs:\n  zone: { type: string }/' -e 's/echo, fine/echo, fine, "${{ inputs.zone }}"/'
	asked 1
	is "$(step test/check)" "UNKNOWN would ok ok|failed"
	is "$(why test/check)" 'it depends on `inputs.zone`'
	# the old value is refused now: it would not start
	changed 's/tag: { type: string,/tag: { type: string, pattern: "^v[0-9][0-9]$",/; s/default: v1/default: v10/'
	asked 1
	jq -r .refused out | grep -q '^input `tag`: '
	is "$(jq -r '.flips, (.outcomes | length)' out | tr '\n' ' ')" "true 0 "
	run_rb 1 replay $run --against new.yml
	grep -q '^  would not start: input `tag`: ' out
}

@test "against: a version of the runbook in git" {
	book
	git init -q -b main . && git config user.name t && git config user.email t@example.org
	git add book.yml && git commit -qm one && git tag v1
	sed -i 's/free > 20/free > 40/' book.yml
	git commit -qam two && git tag v2
	git checkout -q v1
	run_rb 0 exec book.yml@v1 --no-sync
	run=$(ls state/runs)
	source=book.yml@v1 asked 0
	source=book.yml asked 0
	source=book.yml@v2 asked 1
	is "$(outcomes)" failed
	run_rb 2 replay $run --against book.yml@v3
	grep -q 'RB4' err
	run_rb 2 replay $run --against book.yml@main
	run_rb 1 replay $run --against book.yml@main --moving
	run_rb 2 replay $run --against book.yml@v1 --require-signed
}

@test "against: a bad SOURCE, a run of another runbook, a run that undoes another one" {
	ran 0
	run_rb 2 replay $run --against missing.yml
	is "$stderr" "runbook: missing.yml: No such file or directory"
	changed 's/expect:/expekt:/'
	run_rb 2 replay $run --against new.yml
	grep -q 'RB1' err
	changed 's/name: book/name: other/'
	run_rb 2 replay $run --against new.yml
	is "$stderr" "runbook: run $run: it is a run of runbook \`book\`, and SOURCE is \`other\`"
	run_rb 2 replay nosuchrun --against book.yml
	run_rb 2 replay --against book.yml
	run_rb 2 replay $run --against book.yml --speed 3
	run_rb 0 rollback $run
	run_rb 2 replay @last --against book.yml
	grep -q "it undoes run $run" err
}

@test "against: a damaged run" {
	ran 0
	sed -i 's/"free":30/"free":31/' state/runs/$run/journal.jsonl
	run_rb 6 replay $run --against book.yml
}

@test "against: a run that was killed: what comes after its end is unknown" {
	cat >book.yml <<-'EOF'
		runbook: 1
		name: book
		defaults: { timeout: 20s }
		act:
		  - id: one
		    run: [echo, one]
		    rollback: []
		  - id: two
		    run: touch two; until [ -e go ]; do sleep 0.05; done
		    rollback: []
		  - id: three
		    run: [echo, three]
		    rollback: []
	EOF
	begin exec book.yml --no-sync
	until_ok [ -e two ]
	kill -9 $pid
	wait $pid || true
	touch go
	run=$(ls state/runs)
	source=book.yml asked 1
	is "$(jq -r .recorded out)" broken
	is "$(step act/one)" "SAME would ok ok"
	is "$(step act/two)" "UNKNOWN would not ended ok|failed"
	is "$(why act/two)" "the record does not say how it ended"
	is "$(step act/three)" "UNKNOWN may - ok|failed"
	# gone on with, it is the same again, the crash included
	run_rb 4 resume $run
	run_rb 0 resolve $run act/two --done --why seen
	run_rb 0 resume $run
	source=book.yml asked 0
	is "$(outcomes)" ok
}

@test "against: monitors see what they saw, and their rules are applied anew" {
	cat >book.yml <<-'EOF'
		runbook: 1
		name: book
		defaults: { timeout: 20s }
		monitors:
		  - id: load
		    every: 100ms
		    during: [act]
		    run: [echo, "50"]
		    capture: { used: int(trim(out)) }
		    rules: [{ when: used > 90, then: rollback }]
		act:
		  - id: work
		    run: sleep 1
		    rollback: [{ run: [echo, undone] }]
	EOF
	run_rb 0 exec book.yml --no-sync
	run=$(ls state/runs)
	source=book.yml asked 0
	is "$(step monitors/load)" "SAME would ok ok"
	changed 's/used > 90/used > 40/'
	asked 1
	is "$(step monitors/load)" "GUARD-FLIP would ok ok"
	is "$(step act/work)" "INPUT-CHANGED would ok cancelled"
	jq -r '[.outcomes[].status] | index("rolled_back") != null' out | grep -q true
	# other samples: nobody knows what they would have said
	changed 's/echo, "50"/echo, "51"/'
	asked 1
	is "$(jq -r '.exhaustive, .flips, .may_flip' out | tr '\n' ' ')" "false false true "
	is "$(jq -r '.steps[] | select(.k == "monitors/load") | .class' out)" INPUT-CHANGED
}

@test "against: a run in a bundle" {
	ran 0
	run_rb 0 export $run -o run.bundle
	rm -r state
	run_rb 0 replay ./run.bundle --against book.yml
	grep -q '^run '$run' against book.yml$' out
	changed 's/free > 20/free > 40/'
	run_rb 1 replay ./run.bundle --against new.yml
}

@test "against: a dry-run, which knows nothing of its writes" {
	ran 0 --dry-run
	source=book.yml asked 0
	changed 's/echo, unmigrate/echo, restore/'
	asked 1
	is "$(step act/migrate)" "ROLLBACK-CHANGED would not_run not_run"
}

@test "corpus: a table of runs, and exit codes for CI" {
	ran 0
	run_rb 0 exec book.yml --no-sync -i tag=v2
	run_rb 0 exec book.yml --no-sync --dry-run
	sed 's/echo, fine/echo, bad/' book.yml >bad.yml
	run_rb 3 exec bad.yml --no-sync
	sed 's/name: book/name: other/' book.yml >other.yml
	run_rb 0 exec other.yml --no-sync
	run_rb 1 replay --against book.yml --corpus state
	is "$(grep -c ' same ' out)" 2
	grep -q ' rolled_back .* may flip .*1 INPUT-CHANGED' out
	is "$(tail -n 2 out)" "3 runs: 2 the same, 1 otherwise; 1 may end otherwise, 0 would
left out: 1 of other runbooks, 1 dry-runs"
	# only a certain flip fails
	run_rb 0 replay --against book.yml --corpus state/runs --fail-on flip
	run_rb 1 replay --against book.yml --corpus state/runs --fail-on may
	run_rb 1 replay --against book.yml --corpus state -o json
	is "$(jq -r '.t, .asked, .different, .may_flip, .flips, .damaged, .left_out.other, .left_out.dry' out | tr '\n' ' ')" "whatif.corpus 3 1 1 0 0 1 1 "
	is "$(jq -r '[.runs[].recorded] | join(" ")' out)" "ok ok rolled_back"
	# all of them flip
	changed 's/free > 20/free > 40/'
	run_rb 1 replay --against new.yml --corpus state --fail-on flip
	is "$(grep -c ' flips ' out)" 3
	# the rollback reads differently: a difference, but none of the outcome
	changed 's/echo, unmigrate/echo, restore/'
	run_rb 0 replay --against new.yml --corpus state --fail-on flip
	run_rb 1 replay --against new.yml --corpus state
}

@test "corpus: damaged runs, no runs, wrong options" {
	ran 0
	sed -i 's/"free":30/"free":31/' state/runs/$run/journal.jsonl
	run_rb 6 replay --against book.yml --corpus state
	grep -q "run $run: " err
	mkdir -p empty/runs
	run_rb 2 replay --against book.yml --corpus empty
	is "$stderr" 'runbook: --corpus empty: no run there of runbook `book` has ended'
	run_rb 2 replay --against book.yml --corpus nowhere
	is "$stderr" "runbook: --corpus nowhere: No such file or directory"
	run_rb 2 replay $run --against book.yml --corpus state
	run_rb 2 replay --against book.yml --corpus state --fail-on never
	is "$(head -n 1 err)" 'runbook: --fail-on needs different, may or flip, this is `never`'
	run_rb 2 replay $run --against book.yml --fail-on flip
}

@test "against: nothing can happen: no program, no file, no socket" {
	command -v strace >/dev/null || skip "no strace here"
	ran 0
	strace -f -qq -o calls "$RB" replay $run --against book.yml >out
	# the new version is read before the kernel closes the door, the run behind it
	sed -n '/PR_SET_SECCOMP/,$p' calls >jailed
	grep -q 'openat.*journal.jsonl' jailed
	! grep -q 'execve\|clone\|fork\|socket\|connect\|O_WRONLY\|O_RDWR\|O_CREAT\|unlink\|rename' jailed || false
	! grep -v 'execve("[^"]*runbook"' calls | grep -q 'execve\|clone\|fork\|connect' || false
}

@test "whatif: a wait where a person was asked does not end by the answer" {
	printf 'runbook: 1\nname: w\nact:\n  - { id: a, confirm: "Go on?" }\n  - { run: touch done, rollback: [] }\n' >old.yml
	printf 'runbook: 1\nname: w\nact:\n  - { id: a, wait: 0s }\n  - { run: touch done, rollback: [] }\n' >new.yml
	run_rb 0 exec old.yml --yes
	run_rb 1 replay @last --against new.yml # it is another runbook
	says 'would succeed (ok)' out
}
