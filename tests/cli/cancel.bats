load setup

@test "cancel: from another terminal; the run undoes, cancel waits and tells" {
	slow_yml
	begin exec slow.yml
	until_ok started
	run_rb 0 cancel @last
	is "$stdout" "$(ls state/runs) cancelled"
	ends 143
	is "$(tr '\n' ' ' <ledger)" "one started -long -one "
	is "$(ls locks | wc -l)" 0
	holds 'any(.t == "signal") and (last | .t == "seal" and .status == "cancelled" and .exit == 143)'
}

@test "cancel --no-wait" {
	slow_yml
	begin exec slow.yml
	until_ok started
	run_rb 0 cancel @last --no-wait
	ends 143
}

@test "cancel: something is left: 4" {
	slow_yml
	sed -i 's/rollback: \[{ run: echo -one.*/rollback: [{ run: [false], retry: 0 }]/' slow.yml
	begin exec slow.yml
	until_ok started
	run_rb 4 cancel @last
	says rollback_incomplete out
	ends 4
}

@test "cancel: a run that has ended: 1" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	run_rb 1 cancel @last
	says 'has ended' err
	run_rb 1 cancel nothing
	run_rb 2 cancel
}

@test "cancel: a broken run needs --why, which frees its lock and is kept" {
	slow_yml
	begin exec slow.yml
	until_ok started
	kill -9 $pid
	wait $pid 2>/dev/null || true
	until_ok sh -c '"$0" runs -o json | grep -q broken' "$RB"
	touch go
	run_rb 4 cancel @last
	says '--why' err
	is "$(ls locks | wc -l)" 1
	run_rb 0 cancel @last --why 'looked at it: nothing was done'
	is "$(ls locks | wc -l)" 0
	grep -rq 'looked at it: nothing was done' state/runs
	run_rb 0 exec slow.yml
}

@test "cancel: a held run" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		lock: target
		act:
		  - run: exit 1
		    on_fail: pause
		    rollback: []
	EOF
	run_rb 5 exec s.yml
	is "$(ls locks | wc -l)" 1
	run_rb 4 cancel @last
	says held err
	run_rb 0 cancel @last --why 'decided to leave it'
	is "$(ls locks | wc -l)" 0
}

@test "cancel --why: the reason and who gave it are in the journal, the report and the show; secrets are not" {
	slow_yml
	sed -i '/^name:/a secrets: { word: { env: WORD } }' slow.yml
	WORD=hunter22 begin exec slow.yml
	until_ok started
	run_rb 0 cancel @last --operator kim --why ' the disk "one" is full: hunter22 '
	ends 143
	says 'by kim: the disk "one" is full: ***' bg.err
	holds 'any(.t == "signal" and .by == "kim" and .uid == '"$(id -u)"' and .why == "the disk \"one\" is full: ***")'
	holds 'last | .t == "seal" and .status == "cancelled" and .cause.text == "cancelled by kim: the disk \"one\" is full: ***"'
	run_rb 0 show @last
	says 'cancelled by kim: the disk "one" is full: ***' out
	for format in text json md html junit; do
		run_rb 0 report @last -f $format
		says 'cancelled by kim' out
	done
	! grep -rq hunter22 state || false
	run_rb 0 replay @last
	says identical out
	run_rb 0 verify @last
	! ls state/runs/*/cancel.* 2>/dev/null || false
}

@test "cancel twice: the second reason is in the journal, too, and the undoing stops by the rules of signals" {
	slow_yml
	sed -i 's/rollback: \[{ run: echo -one.*/rollback: [{ run: "echo undoing >>ledger; while ! test -e go; do sleep 0.05; done" }]/' slow.yml
	begin exec slow.yml
	until_ok started
	run_rb 0 cancel @last --no-wait --operator kim --why first
	until_ok grep -q undoing ledger
	run_rb 0 cancel @last --no-wait --operator lee --why second
	until_ok grep -q '"why":"second"' state/runs/*/journal.jsonl
	touch go
	ends 143
	holds '[.[] | select(.t == "signal") | [.by, .why, .does]] == [["kim", "first", "cancel"], ["lee", "second", "stop after this undo"]]'
	run_rb 0 replay @last
}

@test "cancel: a reason without a signal, and a signal without a reason" {
	slow_yml
	begin exec slow.yml
	until_ok started
	echo '{"v":1,"by":"eve","why":"not sent by her"}' >"$(echo state/runs/*)/cancel.1.json"
	kill -TERM $pid
	ends 143
	holds 'any(.t == "signal" and (has("by") or has("why") | not))'
	holds 'last | .cause.text == "cancelled by signal TERM"'
	run_rb 0 verify @last
}

@test "cancel --why: no text, too much text" {
	slow_yml
	run_rb 2 cancel @last --why ' '
	says 'needs a reason' err
	run_rb 2 cancel @last --why "$(head -c 4097 /dev/zero | tr '\0' x)"
	says '4 KiB' err
}

@test "cancel --why: where the reason cannot be kept, the run is stopped all the same" {
	slow_yml
	begin exec slow.yml
	until_ok started
	(
		trap '' XFSZ
		ulimit -f 0 # nothing can be written to files
		"$RB" cancel @last --no-wait --why quick 2>&1
	) | cat >out
	says 'cannot be kept' out
	ends 143
	holds 'last | .cause.text == "cancelled by signal TERM"'
}
