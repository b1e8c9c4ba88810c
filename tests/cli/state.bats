load setup

chain() { # FILE: recomputes every hash from the stored bytes
	local run program h want line
	run=$(head -n 1 "$1" | jq -r .run)
	program=$(head -n 1 "$1" | jq -r .program)
	h=$(printf 'runbook-journal/v1\n%s\n%s\n' "$run" "$program" | sha256sum | cut -d' ' -f1)
	while IFS= read -r line; do
		want=$(printf '%s' "$line" | jq -r .h)
		h=$(printf '%s%s' "$h" "${line%,\"h\":\"????????????????????????????????????????????????????????????????\"\}}" | sha256sum | cut -d' ' -f1)
		is "$h" "$want" || return 1
	done <"$1"
}

@test "journal: the chain is intact, recomputed with sha256sum" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1
	chain "$(journal)"
	rm -rf state
	run_rb 3 exec deploy.yml --yes -i tag=v1 -i broken=true
	chain "$(journal)"
	is "$(jq -r .n "$(journal)" | tr '\n' ' ')" "$(seq -s ' ' "$(wc -l <"$(journal)")") "
	is "$(head -n 1 "$(journal)" | jq -r .program)" "$(sha256sum <deploy.yml | cut -d' ' -f1)"
	is "$(jq -s '[range(1; length) as $i | .[$i].m >= .[$i - 1].m] | all' "$(journal)")" true
}

@test "journal: an intent stands before its attempt, an outcome after" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1
	is "$(jq -r 'select(.k == "act/switch").t' "$(journal)" | tr '\n' ' ')" "step.intent step.attempt step.outcome "
	is "$(tail -n 1 "$(journal)" | jq -r .t)" seal
}

@test "journal: --no-sync is recorded and gives the same records" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1
	holds '.[0].sync == true'
	jq -c '[.t, .k]' "$(journal)" >with
	rm -rf state
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	holds '.[0].sync == false'
	jq -c '[.t, .k]' "$(journal)" | cmp - with
	chain "$(journal)"
}

@test "state: folders are 0700, files 0600, whatever the umask" {
	deploy_yml
	for mask in 000 022 077; do
		umask $mask
		run_rb 0 exec deploy.yml --yes -i tag=v1 --state st
		is "$(find st -type d -not -perm 0700)" ""
		is "$(find st -type f -not -perm 0600)" ""
		is "$(find st -type f -name journal.jsonl | wc -l)" 1
		rm -rf st
	done
}

@test "state: children keep the operator's umask" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		act:
		  - run: umask >mask
		    rollback: []
	EOF
	umask 027
	run_rb 0 exec s.yml
	is "$(cat mask)" 0027
}

@test "state: --state over RUNBOOK_STATE over XDG_STATE_HOME over HOME" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync --state flag
	is "$(ls flag/runs | wc -l)" 1
	[ ! -e state ]
	RUNBOOK_STATE=$PWD/variable XDG_STATE_HOME=$PWD/xdg run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	is "$(ls variable/runs | wc -l)" 1
	unset RUNBOOK_STATE
	XDG_STATE_HOME=$PWD/xdg run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	is "$(ls xdg/runbook/runs | wc -l)" 1
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	is "$(ls .local/state/runbook/runs | wc -l)" 1
	XDG_STATE_HOME=relative run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	is "$(ls .local/state/runbook/runs | wc -l)" 2
}

@test "state: the commands that are suggested work with --state" {
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync --state 'my state'
	grep 'look      ' err
	hint=$(sed -n 's/.*look      runbook \(show .*\)   runbook logs.*/\1/p' err)
	eval "set -- $hint"
	run_rb 0 "$@"
	says act/switch out
}

@test "state: one that cannot be made: 1, nothing runs, the lock is free" {
	slow_yml
	touch go
	: >file
	run_rb 1 exec slow.yml --state file
	says '--state' err
	[ ! -e ledger ]
	is "$(find locks -type f | wc -l)" 0
}

@test "state: a run id sorts by time and is unique" {
	deploy_yml
	for i in 1 2 3 4 5; do
		run_rb 0 exec deploy.yml --yes -i tag=v$i --no-sync
		cut -d' ' -f1 out >>ids
	done
	is "$(sort -u ids)" "$(cat ids)"
}

@test "state: a group makes it 2770 and 0660" {
	deploy_yml
	RUNBOOK_GROUP=$(id -gn) run_rb 0 exec deploy.yml --yes -i tag=v1 --state shared
	is "$(find shared/runs/* -type d -not -perm 2770 -not -name answers)" ""
	is "$(find shared/runs/* -name answers -not -perm 3770)" ""
	is "$(find shared/runs/* -type f -not -perm 0660)" ""
}
