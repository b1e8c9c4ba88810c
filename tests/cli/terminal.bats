load setup

# on_tty CODE STEP... -- ARGS...: runbook on a terminal; what was shown is in `out`.
on_tty() {
	local want=$1 code=0 steps=()
	shift
	while [ "$1" != -- ]; do
		steps+=("$1")
		shift
	done
	shift
	TERM=xterm python3 -SE "$TERMINAL" "${steps[@]}" -- "$RB" "$@" >out || code=$?
	[ "$code" = "$want" ] && return 0
	echo "exit $code, expected $want: runbook $*"
	cat -v out
	return 1
}

# Without colours and what moves the cursor.
plain() { sed "s/$(printf '\033')\[[0-9;]*[A-Za-z]//g" | tr -d '\r'; }

setup_file() {
	python3 -c 'import pty, os; os.waitstatus_to_exitcode' || skip "no python3 with pty"
}

@test "terminal: y goes on" {
	deploy_yml
	on_tty 0 'see Deploy v1? [y/N]' 'type y' -- exec deploy.yml -i tag=v1
	is "$(cat live)" v1
	holds 'any(.t == "step.attempt" and .k == "plan/sure" and .answer == "yes" and .by == "'"$(id -un)"'")'
	holds '.[0].interactive == true'
}

@test "terminal: yes, Y and YES too" {
	for word in yes Y YES ' y '; do
		rm -rf state live
		deploy_yml
		on_tty 0 'see [y/N]' "type $word" -- exec deploy.yml -i tag=v1
		is "$(cat live)" v1
	done
}

@test "terminal: n, no and an empty answer refuse: failed, exit 1" {
	for word in n no ''; do
		rm -rf state
		deploy_yml
		on_tty 1 'see [y/N]' "type $word" -- exec deploy.yml -i tag=v1
		[ ! -e live ]
		holds 'any(.t == "step.attempt" and .answer == "no")'
	done
}

@test "terminal: what is not understood is asked again" {
	deploy_yml
	on_tty 0 'see [y/N]' 'type perhaps' 'see [y/N]' 'type yeah' 'see [y/N]' 'type y' -- exec deploy.yml -i tag=v1
	is "$(cat live)" v1
}

@test "terminal: the end of input is no answer: nothing changes" {
	deploy_yml
	on_tty 5 'see [y/N]' 'key ^D' -- exec deploy.yml -i tag=v1
	[ ! -e live ]
	holds 'any(.t == "held")'
}

@test "terminal: a refusal after a write undoes it" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		act:
		  - { id: one, run: touch made, rollback: [{ run: rm made }] }
		test:
		  - confirm: Keep it?
	EOF
	on_tty 3 'see Keep it? [y/N]' 'type n' -- exec s.yml
	[ ! -e made ]
}

@test "terminal: --yes asks nothing; --no-input and CI refuse" {
	deploy_yml
	on_tty 0 'see asks' 'see Deploy v1?' 'see yes by --yes' -- exec deploy.yml -i tag=v1 --yes
	on_tty 2 'see --yes' -- exec deploy.yml -i tag=v1 --no-input
	CI=true on_tty 2 'see --yes' -- exec deploy.yml -i tag=v1
}

@test "terminal: control characters in a question are escaped" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		inputs: { x: string }
		plan:
		  - confirm: "Sure of ${{ inputs.x }}?"
	EOF
	on_tty 0 'see [y/N]' 'type y' -- exec s.yml -i "x=$(printf 'a\033[2Jb\rc')" --color never
	! grep -q "$(printf '\033\\[2J')" out || false
}

@test "terminal: Ctrl-C during a step cancels, undoes, 130" {
	slow_yml
	on_tty 130 'file ledger' 'see act/long' 'key ^C' 'see cancelled' -- exec slow.yml
	is "$(tr '\n' ' ' <ledger)" "one started -long -one "
	holds 'last | .t == "seal" and .status == "cancelled"'
	is "$(find locks -type f | wc -l)" 0
}

@test "terminal: Ctrl-C at a question" {
	deploy_yml
	on_tty 130 'see [y/N]' 'key ^C' -- exec deploy.yml -i tag=v1
	[ ! -e live ]
}

@test "terminal: children do not get the Ctrl-C of the terminal" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		defaults: { grace: 5s }
		act:
		  - run: |
		      trap 'echo int >>ledger' INT
		      trap 'echo term >>ledger; exit 1' TERM
		      touch started
		      while :; do sleep 0.02; done
		    rollback: []
	EOF
	on_tty 130 'file started' 'key ^C' -- exec s.yml
	is "$(cat ledger)" term
}

undoing_yml() {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		act:
		  - id: one
		    run: [true]
		    rollback: [{ run: echo -one >>ledger }]
		  - id: two
		    run: [true]
		    rollback: [{ run: "touch undoing; while ! test -e go; do sleep 0.02; done; echo -two >>ledger" }]
		  - run: exit 1
		    effect: read
	EOF
}

@test "terminal: Ctrl-C once while undoing is heard and ignored" {
	undoing_yml
	on_tty 3 'file undoing' 'key ^C' 'see the undoing goes on' 'make go' -- exec s.yml
	is "$(tr '\n' ' ' <ledger)" "-two -one "
	is "$(grep -c 'Type `stop`' out)" 0
	holds '[.[] | select(.t == "signal") | .does] == ["nothing"]'
}

@test "terminal: Ctrl-C twice while undoing asks to type stop; stop stops after the undo at hand" {
	undoing_yml
	on_tty 4 'file undoing' 'key ^C' 'see the undoing goes on' 'key ^C' 'see stop' 'type stop' 'make go' \
		'see rollback_incomplete' -- exec s.yml
	is "$(tr '\n' ' ' <ledger)" "-two "
	holds 'last | .residue | map(.k) == ["act/one"] and (.[0].commands | length) == 1'
	holds '[.[] | select(.t == "signal") | .does] == ["nothing", "ask"]'
}

@test "terminal: the Ctrl-C that cancelled the run was the first: the next one asks" {
	undoing_yml
	sed -i '/run: exit 1/,$d' s.yml
	cat >>s.yml <<-'EOF'
		  - run: touch started; sleep 60
		    rollback: []
	EOF
	on_tty 4 'file started' 'key ^C' 'file undoing' 'key ^C' 'see Type `stop`' 'type stop' 'make go' \
		'see rollback_incomplete' -- exec s.yml
	is "$(tr '\n' ' ' <ledger)" "-two "
	holds '[.[] | select(.t == "signal") | .does] == ["cancel", "ask"]'
}

@test "terminal: anything else than stop goes on undoing" {
	undoing_yml
	on_tty 3 'file undoing' 'key ^C' 'see the undoing goes on' 'key ^C' 'see stop' 'type no' 'make go' -- exec s.yml
	is "$(tr '\n' ' ' <ledger)" "-two -one "
}

@test "terminal: a pause asks: skip goes on, rollback undoes, retry repeats, hold holds" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		act:
		  - { id: one, run: echo one >>ledger, rollback: [{ run: echo -one >>ledger }] }
		  - id: two
		    on_fail: pause
		    run: echo two >>ledger; test -e ok
		    rollback: []
		  - { id: three, run: echo three >>ledger, rollback: [] }
	EOF
	on_tty 0 'see retry/skip/rollback/hold' 'type skip' -- exec s.yml
	is "$(tr '\n' ' ' <ledger)" "one two three "
	rm ledger
	on_tty 3 'see retry/skip/rollback/hold' 'type rollback' -- exec s.yml
	is "$(tr '\n' ' ' <ledger)" "one two -one "
	rm ledger
	on_tty 0 'see retry/skip/rollback/hold' 'make ok' 'type retry' -- exec s.yml
	is "$(tr '\n' ' ' <ledger)" "one two two three "
	rm ledger ok
	on_tty 5 'see retry/skip/rollback/hold' 'type hold' -- exec s.yml
	is "$(tr '\n' ' ' <ledger)" "one two "
}

@test "terminal: it goes away at a question or beside a step: HUP, everything is undone, 129" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		act:
		  - { id: one, run: echo one >>ledger, rollback: [{ run: echo -one >>ledger }] }
		  - { id: two, run: exit 1, on_fail: pause, rollback: [] }
	EOF
	for _ in 1 2 3; do
		rm -f ledger
		on_tty 129 'see retry/skip/rollback/hold' hang -- exec s.yml
		is "$(tr '\n' ' ' <ledger)" "one -one "
	done
	rm -f ledger
	slow_yml
	on_tty 129 'file ledger' 'see act/long' hang -- exec slow.yml
	is "$(tr '\n' ' ' <ledger)" "one started -long -one "
}

@test "terminal: parallel questions come one after another" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		plan:
		  - parallel: 2
		    steps:
		      - { id: a, confirm: First? }
		      - { id: b, confirm: Second? }
	EOF
	on_tty 0 'see First? [y/N]' 'type y' 'see Second? [y/N]' 'type y' -- exec s.yml
}

asking_yml() {
	cat >ask.yml <<-'EOF'
		runbook: 1
		name: asking
		plan:
		  - id: change
		    about: About this change
		    ask:
		      ticket: { type: string, pattern: '^CR-\d+$', help: The change request }
		      hosts: { type: list, min: 1 }
		      n: { type: int, default: 3 }
		  - id: ready
		    checklist: [Backup taken, Team told]
		act:
		  - run: echo "${{ steps.change.ticket }} ${{ steps.change.hosts.join('+') }} ${{ steps.change.n }}" >ledger
		    rollback: []
	EOF
}

@test "terminal: ask and checklist: typed values, again if they do not fit, notes" {
	asking_yml
	on_tty 0 'see About this change' 'see The change request' 'see ticket (string, like ^CR-\d+$): ' 'type 42' \
		'see `42` does not match' 'see ticket (string' 'type CR-42' \
		'see hosts[0] (list of string, at least 1 of them): ' 'type a' 'see hosts[1] (string, empty: no more): ' 'type b' 'see hosts[2]' 'type ' \
		'see n (int, empty: 3): ' 'type ' \
		'see 1/2  Backup taken [y and a note/n/later] ' 'type y 4 GiB' 'see 2/2  Team told' 'type perhaps' \
		'see a note may follow' 'see 2/2  Team told' 'type yes' -- exec ask.yml
	is "$(cat ledger)" "CR-42 a+b 3"
	holds 'any(.t == "answer" and .k == "plan/ready" and .item == null and .answer == "y 4 GiB" and .how == "terminal")'
}

@test "terminal: a checklist can be left for later; no fails it" {
	asking_yml
	set -- -i change.ticket=CR-1 -i 'change.hosts=["h"]' -i change.n=1
	on_tty 5 'see 1/2' 'type y' 'see 2/2' 'type later' -- exec ask.yml "$@"
	holds 'any(.t == "held" and .k == "plan/ready")'
	rm -rf state
	on_tty 1 'see 1/2' 'type n no space left' 'see item 1 is not done' 'see no space left' -- exec ask.yml "$@"
	[ ! -e ledger ]
}

@test "terminal: nobody can approve at the terminal of the operator; Ctrl-C ends the waiting" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		roles: { lead: { who: [kim, lee] } }
		plan:
		  - { id: go, approve: { from: lead } }
	EOF
	on_tty 130 'see waiting' 'see runbook approve 01' 'see plan/go --why TEXT' 'type y' 'key ^C' 'see cancelled' -- exec s.yml --yes
	holds 'all(.t != "approval")'
}

@test "terminal: outside of the window a person is asked, and may refuse" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		window: { days: [wed], from: "03:07", to: "03:08", tz: Asia/Kathmandu, else: confirm }
		act:
		  - { run: touch made, rollback: [] }
	EOF
	on_tty 1 'see outside the change window (wed 03:07-03:08 Asia/Kathmandu)' 'see Go on? [y/N]' 'type n' -- exec s.yml --yes
	[ ! -e made ]
	rm -rf state
	on_tty 0 'see Go on? [y/N]' 'type y' -- exec s.yml
	[ -e made ]
}

@test "terminal: a question can be answered from elsewhere meanwhile" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		act:
		  - { id: one, on_fail: pause, run: "test -e ok", rollback: [] }
		  - { id: sure, confirm: Sure? }
	EOF
	(until_ok sh -c "grep -qs '\"what\":\"pause\"' state/runs/*/journal.jsonl" && touch ok && until_ok "$RB" answer @last one retry --why 'mended' &&
		until_ok "$RB" answer @last sure yes --why 'looked at it') >other.out 2>&1 &
	on_tty 0 'see retry/skip/rollback/hold' 'see Sure? [y/N]' 'see done (exit 0)' -- exec s.yml
	wait
	holds 'any(.t == "answer" and .k == "act/one" and .answer == "retry" and .how == "file" and .why == "mended")'
	holds 'any(.t == "step.attempt" and .k == "act/sure" and .answer == "yes" and .how == "file")'
}

@test "terminal: a live line shows a running step and its last output" {
	slow_yml
	on_tty 0 'file ledger' 'see ...' 'see waiting' 'make go' 'see done (exit 0)' -- exec slow.yml
}

@test "terminal: a hidden cursor or raw mode is not left behind" {
	deploy_yml
	on_tty 0 'see [y/N]' 'type y' -- exec deploy.yml -i tag=v1
	! grep -q "$(printf '\033\\[?25l')" out || false
}

@test "terminal: a monitor's pause: continue; rollback" {
	cat >s.yml <<-'YML'
		runbook: 1
		name: s
		monitors:
		  - { id: load, during: [act], every: 100ms, timeout: 5s, run: [echo, "9"], capture: { n: int(out) },
		      rules: [{ when: n > 5 for 2 samples, then: pause, say: "load ${{ n }}" }] }
		act:
		  - { id: one, run: "touch made; while [ ! -e go ]; do sleep 0.02; done", timeout: 20s, rollback: [{ run: rm made }] }
		  - { id: two, run: touch more, timeout: 20s, rollback: [{ run: rm more }] }
	YML
	touch go
	sed -i 's/run: "touch made; /run: "touch made; sleep 1; /' s.yml
	on_tty 0 'see paused by monitors/load: load 9' 'see rollback  undo what the run did' 'see [continue/rollback/hold]' 'type c' -- exec s.yml
	[ -e made ] && [ -e more ]
	rm -rf state made more
	on_tty 3 'see [continue/rollback/hold]' 'type rollback' -- exec s.yml
	[ ! -e made ] && [ ! -e more ]
	holds 'any(.t == "seal" and (.cause.text | test("chose rollback")))'
	holds 'all(.k != "act/two")'
}

@test "terminal: what is no answer is told what is one; the step that asks is named" {
	deploy_yml
	on_tty 0 'see asks' 'see plan/sure' 'see Deploy v1? [y/N]' 'type perhaps' 'see that is no answer; type y or n' 'see Deploy v1? [y/N]' 'type y' -- \
		exec deploy.yml -i tag=v1
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		defaults: { timeout: 20s }
		act:
		  - { id: one, run: touch made, rollback: [{ run: rm made }] }
		  - { id: two, run: test -e ok, rollback: [], on_fail: pause }
		test: [{ guard: true }]
	EOF
	on_tty 3 'see act/two failed: exit 1' 'see retry     run the step again' 'see hold      stop here and undo nothing' 'see [retry/skip/rollback/hold]' 'type r' \
		'see that is no answer; type retry, skip, rollback or hold' 'see [retry/skip/rollback/hold]' 'type roll' -- exec s.yml
	is "$(grep -c 'failed: exit 1' out)" 1 # not again with each try
}

@test "terminal: a question that is broken off ends its line, by ^C and by ^D" {
	deploy_yml
	on_tty 130 'see Deploy v1? [y/N]' 'key ^C' -- exec deploy.yml -i tag=v1
	plain <out | grep -q '^  signal  ' || { cat -v out; return 1; }
	on_tty 5 'see Deploy v1? [y/N]' 'key ^D' -- exec deploy.yml -i tag=v1
	[ ! -e live ]
	on_tty 130 'see Deploy v1? [y/N]' 'key ^C' -- exec deploy.yml -i tag=v1 --output json
	plain <out | grep -q '^{.*"t":"signal"' || { cat -v out; return 1; }
}

@test "terminal: a question is shown again when other lines came behind it" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		defaults: { timeout: 20s }
		act:
		  - parallel: 2
		    steps:
		      - { id: sure, confirm: Go on? }
		      - { id: slow, run: "until test -e go; do sleep 0.02; done; echo a line", rollback: [] }
		test: [{ guard: true }]
	EOF
	on_tty 0 'see Go on? [y/N]' 'make go' 'see a line' 'see Go on? [y/N]' 'type y' -- exec s.yml
	plain <out | grep -q '^    act/#1/slow | a line' || { cat -v out; return 1; }
}

@test "terminal: control characters of values do not reach it, in no kind of question" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		inputs: { v: string }
		defaults: { timeout: 20s }
		plan:
		  - { confirm: "sure ${{ inputs.v }}?" }
		  - { id: given, about: "about ${{ inputs.v }}", ask: { n: { type: int, min: 1, max: 5 } } }
		  - { checklist: ["item ${{ inputs.v }}"] }
		act:
		  - { id: fails, run: 'echo "$V"; exit 1', env: { V: "${{ inputs.v }}" }, rollback: [], on_fail: pause }
		test: [{ guard: true }]
	EOF
	on_tty 3 'see sure' 'type y' 'see about' 'see n (int, at least 1, at most 5): ' 'type 9' 'see more than 5' 'type 2' 'see 1/1' 'type y' \
		'see [retry/skip/rollback/hold]' 'type rollback' -- exec s.yml -i "v=$(printf 'a\033]0;owned\007\033[2Jb')"
	lacks '\033]0;' out
	lacks '\007' out
	lacks '\033[2J' out
	# what was typed here is not said twice
	is "$(grep -c 'more than 5' out)" 1
	says_not 'not taken' out
}

@test "terminal: a monitor has a live line, and a line for each change" {
	cat >s.yml <<-'YML'
		runbook: 1
		name: s
		monitors:
		  - { id: load, during: [act], every: 100ms, timeout: 5s, run: cat n, capture: { n: int(out) },
		      rules: [{ when: n > 5 for 2 samples, then: notify, say: "load ${{ n }}" }] }
		act:
		  - { id: one, run: "while [ ! -e go ]; do sleep 0.02; done", timeout: 20s, rollback: [] }
		test: [{ guard: true }]
	YML
	echo 1 >n
	on_tty 0 'see watching' 'see monitors/load  healthy: n 1' 'sh echo 9 >m; mv m n' 'see firing' 'see load 9' 'see FIRING n > 5 for 2 samples' \
		'sh rm n' 'see no data' 'sh echo 1 >m; mv m n' 'see recovered' 'see monitors/load  healthy: n 1' 'make go' -- exec s.yml
	run_rb 0 show @last
	is "$(grep 'monitors/load' out | sed 's/^  //; s/  .*//' | uniq | tr '\n' ' ' | sed 's/data again //')" 'watching firing no data recovered '
	run_rb 0 logs @last load
	says 'fires, notify: load 9' out
	says 'holds no more: n > 5 for 2 samples' out
	run_rb 0 replay @last
}
