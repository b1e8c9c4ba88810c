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
