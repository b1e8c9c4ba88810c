# people.sh: the people of a run, for tests whose runbooks ask them; sourced after lib.sh.
# They sign with keys of their own, since they all work through the tester's account.
people() { # NAME...: gives each a key
	for _p; do
		ssh-keygen -qt ed25519 -N '' -f "$scratch/key.$_p" </dev/null
		printf '%s namespaces="runbook-approval" %s\n' "$_p" "$(cat "$scratch/key.$_p.pub")" >>"$scratch/signers"
	done
	RUNBOOK_ALLOWED_SIGNERS=$scratch/signers
	export RUNBOOK_ALLOWED_SIGNERS
}

# begin ARGS...: `runbook exec ARGS` beside the test; its run is $run.
begin() {
	rm -f "$scratch/out" "$scratch/code"
	{
		_code=0
		timeout -k 20 120 "$RB" exec "$@" --no-input --output json >"$scratch/out" 2>"$scratch/err" </dev/null || _code=$?
		echo $_code >"$scratch/code"
	} &
	until_ok 20 eval 'test -s "$scratch/out"' || true
	run=$(head -n 1 "$scratch/out" | jq -r '.run // empty')
}
ended() { # CODE WHAT: waits for the end of what began
	until_ok 60 test -s "$scratch/code"
	is "$2: exit code $1" "$(cat "$scratch/code")" "$1"
	[ "$(cat "$scratch/code")" = "$1" ] || { tail -n 30 "$scratch/err" | note; tail -n 2 "$scratch/out" | cut -c 1-800 | note; }
}
asked() { grep -q "\"t\":\"question\",\"k\":\"$1\"" "$scratch/out" || [ -s "$scratch/code" ]; } # KEY

approve() { # KEY PERSON
	until_ok 30 asked "$1"
	check "$2 approves $1" "$RB" approve "$run" "$1" --why 'looked at it' --sign "$scratch/key.$2" --as "$2"
}
tick() { # KEY N: ticks all N items of a checklist
	until_ok 30 asked "$1"
	_i=1
	while [ $_i -le "$2" ]; do
		"$RB" answer "$run" "$1" $_i --why done --no-wait >>"$scratch/tick.log" 2>&1 || true
		_i=$((_i + 1))
	done
}

# people_at_work: from now on everybody approves and ticks at once, in all runs.
people_at_work() {
	daemon "$scratch/people.log" "$python" -SE "$here/service/people.py" "$RB" "$RUNBOOK_STATE" "$scratch/signers"
	people_pid=$!
}
people_rest() { # they stop answering
	kill "$people_pid"
	wait "$people_pid" 2>/dev/null
	return 0
}
