load setup

@test "runs: newest first, with status, operator, runbook" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	run_rb 3 exec deploy.yml --yes -i tag=v2 -i broken=true --operator ann --no-sync
	run_rb 0 runs
	is "$(wc -l <out)" 3
	sed -n 2p out | grep -q "rolled_back .*ann .*deploy 1.2.0"
	sed -n 3p out | grep -q " ok .*deploy 1.2.0"
}

@test "runs: filters by status, runbook, time; JSON lines" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	run_rb 3 exec deploy.yml --yes -i tag=v2 -i broken=true --no-sync
	run_rb 0 runs --status rolled_back -o json
	is "$(jq -r '.status + " " + (.exit | tostring)' out)" "rolled_back 3"
	run_rb 0 runs --runbook other -o json
	is "$stdout" ""
	run_rb 0 runs --runbook deploy -o json
	is "$(wc -l <out)" 2
	run_rb 0 runs --since 1h -o json
	is "$(wc -l <out)" 2
	run_rb 0 runs --since 2099-01-01T00:00:00Z -o json
	is "$stdout" ""
	run_rb 2 runs --since yesterday
	run_rb 2 runs extra
}

@test "runs: none is no failure" {
	run_rb 0 runs
	is "$stdout" ""
	says 'no runs in' err
	run_rb 0 runs -o json
	is "$stdout" ""
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	run_rb 0 runs --status held
	is "$stdout" ""
	says 'none of the 1 runs' err
}

@test "runs: a living run is running, one whose runner died is broken" {
	slow_yml
	begin exec slow.yml
	until_ok started
	run_rb 0 runs -o json
	is "$(jq -r .status out)" running
	kill -9 $pid
	wait $pid 2>/dev/null || true
	until_ok sh -c '"$0" runs -o json | grep -q broken' "$RB"
	touch go
	run_rb 0 show @last
	says broken out
	says 'act/long' out
}

@test "RUN: a whole id, a unique prefix, @last; what is unknown or not unique is 1" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	first=$(cut -d' ' -f1 out)
	run_rb 0 exec deploy.yml --yes -i tag=v2 --no-sync
	last=$(cut -d' ' -f1 out)
	run_rb 0 show $first -o json
	is "$(head -n 1 out | jq -r .inputs.tag)" v1
	run_rb 0 show @last -o json
	is "$(head -n 1 out | jq -r .inputs.tag)" v2
	n=1
	while [ "$(echo $first | cut -c -$n)" = "$(echo $last | cut -c -$n)" ]; do n=$((n + 1)); done
	run_rb 0 show "$(echo $first | cut -c -$n)" -o json
	is "$(head -n 1 out | jq -r .inputs.tag)" v1
	run_rb 1 show "$(echo $first | cut -c 1)"
	says "$first" err
	says "$last" err
	run_rb 1 show nothing
	says 'runbook runs' err
	run_rb 1 show ../../etc
	run_rb 2 show
}

@test "show: what the run itself showed, on stdout" {
	deploy_yml
	run_rb 3 exec deploy.yml --yes -i tag=v1 -i broken=true --no-sync
	run_rb 0 show @last
	says 'act/switch' out
	says 'rolled_back' out
	says 'undone    act/switch' out
	says 'guard is false: not inputs.broken' out
	is "$stderr" ""
}

@test "show: a step by id, by key, an iteration; an unknown one is 1" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		preflight:
		  - id: each
		    foreach: [a, b]
		    run: [echo, "${{ item }}"]
		    effect: read
	EOF
	run_rb 0 exec s.yml --no-sync
	run_rb 0 show @last each
	is "$(jq -r 'select(.t == "step.intent").k' out | tr '\n' ' ')" "preflight/each[0] preflight/each[1] "
	run_rb 0 show @last 'preflight/each[1]'
	is "$(jq -r 'select(.t == "step.intent").item' out)" b
	run_rb 1 show @last eachh
	says 'eachh' err
}

@test "show --source: the bytes that ran" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	cp deploy.yml ran.yml
	echo '# changed' >>deploy.yml
	run_rb 0 show @last --source
	cmp out ran.yml
}

@test "show: a damaged journal is 6 and names the record" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	sed -i '5s/"m":/"m":1/' "$(journal)"
	run_rb 6 show @last
	says '5' err
	run_rb 6 logs @last
	run_rb 6 eval 'steps.look.seen' --run @last
	run_rb 0 runs
	says damaged out
}

@test "show: damaged bytes of the runbook are noticed" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	blob=$(find state/runs -path '*blobs*' -type f)
	echo x >>"$blob"
	run_rb 6 show @last --source
	is "$stdout" ""
}

@test "logs: lines marked with their step; standard error with !" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		preflight:
		  - id: one
		    run: echo to out; echo to err >&2; printf 'no newline'
		    effect: read
		  - id: two
		    run: printf 'a\033[1mb\n'
		    effect: read
	EOF
	run_rb 0 exec s.yml --no-sync
	run_rb 0 logs @last
	says 'preflight/one | to out' out
	says 'preflight/one | no newline' out
	says 'preflight/one ! to err' out
	says 'preflight/two | a' out
	lacks '\033' out
	run_rb 0 logs @last one
	is "$stdout" "$(printf 'to out\nno newline\nto err')"
	run_rb 1 logs @last three
}

@test "logs: all attempts, probes and undos; large output comes from its blob" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		act:
		  - id: big
		    run: seq 5000
		    rollback: [{ run: echo undone }]
		  - id: try
		    run: 'echo attempt $RUNBOOK_ATTEMPT; test $RUNBOOK_ATTEMPT = 2'
		    retry: { max: 1, delay: 10ms }
		    rollback: []
		  - run: exit 1
		    effect: read
	EOF
	run_rb 3 exec s.yml --no-sync
	run_rb 0 logs @last big
	seq 5000 | cmp - out
	run_rb 0 logs @last try
	is "$stdout" "$(printf 'attempt 1\nattempt 2')"
	run_rb 0 logs @last
	says 'act/big!undo/#1 | undone' out
}

@test "logs -f: follows a running run to its end" {
	slow_yml
	begin exec slow.yml
	until_ok started
	"$RB" logs @last -f >follow.out 2>follow.err </dev/null &
	follow=$!
	background="$background $follow"
	until_ok grep -q 'act/one | line one' follow.out
	kill -0 $follow
	touch go
	ends 0
	code=0
	wait $follow || code=$?
	is $code 0
	says 'act/long | done waiting' follow.out
}

@test "logs -f: of a run that has ended" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	run_rb 0 logs -f @last
	says 'act/switch | switched' out
}

@test "logs -f: ends when the runner dies" {
	slow_yml
	begin exec slow.yml
	until_ok started
	"$RB" logs @last -f >follow.out 2>&1 </dev/null &
	follow=$!
	background="$background $follow"
	until_ok grep -q 'line one' follow.out
	kill -9 $pid
	wait $pid 2>/dev/null || true
	timeout 10 tail --pid=$follow -f /dev/null
	touch go
}

@test "runs --prune: removes sealed runs that are older; a tombstone stays" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	id=$(ls state/runs)
	head=$(tail -n 1 "$(journal)" | jq -r .h)
	run_rb 0 runs --prune 1h
	is "$(ls state/runs)" "$id"
	slow_yml
	begin exec slow.yml
	until_ok started
	run_rb 0 runs --prune 0s
	[ ! -e "state/runs/$id" ]
	is "$(ls state/runs | wc -l)" 1
	is "$(jq -r '.run + " " + .head' state/pruned.jsonl)" "$id $head"
	touch go
	ends 0
	run_rb 2 runs --prune old
}
