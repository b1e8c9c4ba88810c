load setup

@test "lock: the second run is refused with 7; holder, operator, host and command are named" {
	slow_yml
	begin exec slow.yml --operator ann
	until_ok started
	id=$(ls state/runs)
	run_rb 7 exec slow.yml
	says '`target`' err
	says "$id" err
	says 'by ann' err
	says "on $(hostname)" err
	says "runbook cancel $id" err
	is "$stdout" ""
	is "$(ls state/runs)" "$id"
	touch go
	ends 0
	run_rb 0 exec slow.yml
}

@test "lock: another runbook with the same lock, and the same runbook with another" {
	slow_yml
	sed 's/^name: slow/name: other/' slow.yml >other.yml
	sed 's/^lock: target/lock: elsewhere/' slow.yml >elsewhere.yml
	begin exec slow.yml
	until_ok started
	run_rb 7 exec other.yml
	says 'slow' err
	touch go
	run_rb 0 exec elsewhere.yml
	ends 0
}

@test "lock: holds across state directories" {
	slow_yml
	begin exec slow.yml
	until_ok started
	run_rb 7 exec slow.yml --state elsewhere
	touch go
	ends 0
}

@test "lock: not in a dry-run" {
	slow_yml
	begin exec slow.yml
	until_ok started
	run_rb 0 exec slow.yml --dry-run
	touch go
	ends 0
}

@test "lock: a killed run keeps it; the next is told how to end that" {
	slow_yml
	begin exec slow.yml
	until_ok started
	kill -9 $pid
	wait $pid 2>/dev/null || true
	touch go
	until_ok sh -c '"$0" runs -o json | grep -q broken' "$RB"
	run_rb 7 exec slow.yml
	says 'not running any more' err
	says "runbook show $(ls state/runs)" err
}

@test "lock: odd names are one file in the lock directory" {
	for name in ../../evil 'a/b c' .. '' "$(head -c 300 /dev/zero | tr '\0' x)"; do
		cat >s.yml <<-EOF
			runbook: 1
			name: s
			inputs: { n: string }
			lock: \${{ inputs.n }}
			act:
			  - run: find locks -type f >>inside
			    rollback: []
		EOF
		run_rb 0 exec s.yml -i "n=$name" --no-sync
	done
	is "$(sort -u inside | wc -l)" 4
	is "$(find . -name '*evil*' -not -path './locks/*' | wc -l)" 0
	is "$(find locks -type f | wc -l)" 0
}

@test "lock: refused with --output json: stdout holds no text" {
	slow_yml
	begin exec slow.yml
	until_ok started
	run_rb 7 exec slow.yml --output json
	[ -z "$stdout" ] || jq -se . out
	touch go
	ends 0
}
