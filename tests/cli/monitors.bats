#!/usr/bin/env bats
# Monitors over the real program: a runner that dies, people who answer a pause, the
# report and the commands that show what was sampled.
load setup

# The figure stands in the file n; the soak ends when the file go is there.
book() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: book
		lock: target
		defaults: { timeout: 20s }
		monitors:
		  - id: load
		    name: Load of the machine
		    during: [soak]
		    every: 100ms
		    run: cat n
		    capture: { n: int(out) }
		    rules:
		      - { when: n > 50 for 3 samples, then: rollback }
		      - { when: n > 20 for 2 samples, then: pause }
		      - { when: n > 10 for 2 samples, then: notify, say: "load ${{ n }}" }
		act:
		  - id: change
		    run: 'echo on >> ledger'
		    rollback: [{ run: 'echo off >> ledger' }]
		test:
		  - id: soak
		    run: 'echo $$ > soaking; while [ ! -e go ]; do sleep 0.02; done'
		    effect: read
		  - run: 'echo tested >> ledger'
		    effect: read
	YML
	echo 1 >n
}

samples() { # how many there are
	grep -c '"t":"sample"' state/runs/*/journal.jsonl
}
sampled() { # N more than now
	local want=$(($(samples) + $1))
	until_ok eval "[ \"\$(grep -c '\"t\":\"sample\"' state/runs/*/journal.jsonl)\" -ge $want ]"
}
figure() { # written whole: a sample must not read half of it
	echo "$1" >n.new
	mv n.new n
}

@test "monitors: a runner that is killed; the one that takes over watches on" {
	book
	begin exec book.yml
	until_ok test -s soaking
	sampled 3
	kill -9 "$pid"
	wait "$pid" 2>/dev/null || true
	kill -9 "$(cat soaking)"
	figure 99
	run_rb 3 resume @last
	is "$(cat ledger)" "$(printf 'on\noff')"
	holds 'any(.t == "seal" and .cause.k == "monitors/load" and .status == "rolled_back")'
	holds '[.[] | select(.t == "sample" and .ep == 2 and .values.n == 99)] | length >= 3'
	run_rb 0 replay @last
	run_rb 0 verify @last
}

@test "monitors: what a monitor of a dead runner still reads is ended, and not waited for" {
	cat >slow.yml <<-'YML'
		runbook: 1
		name: slow
		monitors:
		  - { id: slow, every: 100ms, timeout: 1h, run: 'echo $$ > reading; exec sleep 3600' }
		test:
		  - { id: soak, run: 'while [ ! -e go ]; do sleep 0.02; done', effect: read, timeout: 60s }
	YML
	begin exec slow.yml
	until_ok test -s reading
	kill -9 "$pid"
	wait "$pid" 2>/dev/null || true
	local reader
	reader=$(cat reading)
	touch go
	run_rb 0 resume @last
	is "$(tr -d '\0' 2>/dev/null <"/proc/$reader/cmdline")" '' # gone, or dead and not yet buried
	run_rb 0 replay @last
}

@test "monitors: rollback of a killed run starts none" {
	book
	begin exec book.yml
	until_ok test -s soaking
	sampled 2
	kill -9 "$pid"
	wait "$pid" 2>/dev/null || true
	kill -9 "$(cat soaking)"
	figure 99
	run_rb 0 rollback @last
	is "$(cat ledger)" "$(printf 'on\noff')"
	holds 'all(.t != "sample" or .ep == 1)'
	run_rb 0 replay @last
}

@test "monitors: a pause without a terminal lets what runs end, and is answered from elsewhere" {
	book
	begin exec book.yml
	until_ok test -s soaking
	figure 30
	until_ok grep -q '"t":"question"' state/runs/*/journal.jsonl
	run_rb 0 show @last
	says 'n > 20 for 2 samples (n 30)' out
	figure 5
	sampled 2
	touch go
	until_ok grep -q '"t":"step.outcome","k":"test/soak"' state/runs/*/journal.jsonl
	ends 5
	is "$(cat ledger)" on # nothing new started
	run_rb 2 answer @last load retry --why x
	says 'continue, rollback or hold' err
	run_rb 0 answer @last load continue --why 'it was a backup'
	run_rb 0 resume @last
	is "$(cat ledger)" "$(printf 'on\ntested')"
	holds 'any(.t == "answer" and .k == "monitors/load" and .answer == "continue" and .how == "file" and .why == "it was a backup")'
	run_rb 0 replay @last
}

@test "monitors: what was sampled is shown" {
	book
	sed -i '/n > 10/a\      - { when: failed for 999 samples, then: notify }' book.yml
	begin exec book.yml
	until_ok test -s soaking
	sampled 2
	figure 15
	until_ok grep -q '"t":"rule"' state/runs/*/journal.jsonl
	rm n
	sampled 2
	figure 2
	sampled 1
	touch go
	ends 0
	run_rb 0 logs @last load
	says '  n 15' out
	says '  failed: exit 1: cat: n: No such file or directory' out
	run_rb 0 show @last load
	says '"t":"rule"' out
	run_rb 0 report @last -f text
	says 'notify: load 15' out
	says 'least 1, most 15, last 2' out
	run_rb 0 report @last -f json
	is "$(jq -r '.monitors[0].figures[0] | "\(.name) \(.least) \(.most) \(.last)"' out)" 'n 1 15 2'
	run_rb 0 report @last -f md
	says '### Monitors' out
	run_rb 0 report @last -f html
	says '<polyline class="l"' out
}

@test "monitors: plan shows them" {
	book
	run_rb 0 plan book.yml
	says 'during soak, every 100ms' out
	says 'when n > 50 for 3 samples: roll back' out
	says "when failed for 3 samples: pause (every monitor's own rule)" out
	run_rb 0 plan book.yml -o saved
	run_rb 0 plan book.yml --output json
	is "$(jq -r '.monitors[0] | "\(.k) \(.during[0]) \(.rules | length)"' out)" 'monitors/load soak 4'
}

@test "monitors: what other rules would have done with what was sampled" {
	book
	sed -i 's/n > 50 for 3 samples/n > 50 for 4 samples/' book.yml
	sed 's/n > 50 for 4 samples/n > 50 for 2 samples/' book.yml >strict.yml
	sed 's/n > 50 for 4 samples/n > 500/' book.yml >loose.yml
	begin exec book.yml
	until_ok test -s soaking
	figure 99
	ends 3
	run_rb 0 replay @last --against book.yml
	run_rb 0 replay @last --against strict.yml # rolled_back, too, but earlier
	says 'because monitors/load: found by a monitor: n > 50 for 2 samples (n 99)' out
	run_rb 1 replay @last --against loose.yml
	says 'be held for a person' out # by the rule that pauses: would, or may if one more sample had begun
}
