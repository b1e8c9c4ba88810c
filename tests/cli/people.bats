load setup

# People at other terminals and with other accounts: answer, approve. The second and third
# account are daemon and nobody, by setpriv; without root those tests are skipped.

approve_yml() {
	cat >go.yml <<-'EOY'
		runbook: 1
		name: go
		inputs: { tag: { type: string, default: v1 } }
		roles:
		  lead: { who: [daemon, nobody, root] }
		plan:
		  - id: go
		    about: Releases the shop
		    approve: { from: lead }
		    timeout: 60s
		act:
		  - { id: did, run: "echo ${{ inputs.tag }} >ledger", rollback: [{ run: rm ledger }] }
		test:
		  - { run: "true", effect: read }
	EOY
}

# A state folder for the group of all three; programs that others may run.
site() {
	[ "$(id -u)" = 0 ] || skip "not root"
	command -v setpriv >/dev/null || skip "no setpriv"
	for dir in "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_RUN_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")"; do
		chmod go+x "$dir"
	done
	export RUNBOOK_GROUP=root
	cp "$RB" ./rb
	chmod 755 ./rb
}

# as ACCOUNT CODE ARGS...: runbook by another account of the group.
as() {
	local who=$1 want=$2 code=0
	shift 2
	setpriv --reuid="$who" --regid=0 --clear-groups ./rb "$@" >out 2>err </dev/null || code=$?
	stdout=$(cat out)
	stderr=$(cat err)
	[ "$code" = "$want" ] && return 0
	echo "exit $code, expected $want: $who: runbook $*"
	cat out err
	return 1
}

waits() { # KEY
	until_ok sh -c "grep -q '\"t\":\"question\",\"k\":\"$1\"' state/runs/*/journal.jsonl"
}

# The file that an approval of the open question would be, by the caller.
forge() { # NAME ANSWER [JQ: changes of the object]
	jq -c --arg answer "$2" 'select(.t == "question") | {v: 1, run: "'"$(basename state/runs/*)"'", k, subject, answer: $answer, why: "forged"}' \
		state/runs/*/journal.jsonl | tail -n 1 | jq -c "${3:-.}" >.forged
	chmod 644 .forged
	[ -z "${owner:-}" ] || chown "$owner" .forged
	mv .forged "state/runs/$(basename state/runs/*)/answers/$1.json"
}

@test "people: another account approves; who, why and what are in the journal" {
	site
	approve_yml
	begin exec go.yml -i tag=v2
	waits plan/go
	as daemon 0 approve @last go --why 'reviewed CR-42'
	says taken out
	says 'Releases the shop' err
	says 'input tag = v2' err
	ends 0
	is "$(cat ledger)" v2
	holds 'any(.t == "approval" and .k == "plan/go" and .answer == "yes" and .by == "daemon" and .how == "file" and .uid == 1 and
		.why == "reviewed CR-42" and (.subject | length) == 64)'
	run_rb 0 report @last
	says 'approval plan/go, by daemon (reviewed CR-42)' out
	says 'question plan/go, of daemon, nobody, root' out
	holds 'any(.t == "question" and .k == "plan/go" and (.text | contains("input tag = v2")) and .who == ["daemon", "nobody", "root"])'
}

@test "people: the operator cannot approve, not even with a file" {
	site
	approve_yml
	begin exec go.yml
	waits plan/go
	run_rb 1 approve @last go --why 'I am sure'
	says 'root operates run' err
	forge mine yes
	until_ok grep -q 'who operates a run does not approve it' state/runs/*/journal.jsonl
	forge claimed yes '. + {by: "daemon", uid: 1}'
	until_ok grep -q claimed.json state/runs/*/journal.jsonl
	[ ! -e ledger ]
	as daemon 0 approve @last go --why fine
	ends 0
	is "$(jq -s '[.[] | select(.t == "approval" and .not_taken)] | length' state/runs/*/journal.jsonl)" 2
}

@test "people: --operator does not make an approver of the account that runs it" {
	site
	approve_yml
	begin exec go.yml --operator somebody
	waits plan/go
	forge mine yes
	until_ok grep -q 'who operates a run does not approve it' state/runs/*/journal.jsonl
	as nobody 0 approve @last go --why fine
	ends 0
}

@test "people: a rejection ends the run, with its reason" {
	site
	approve_yml
	begin exec go.yml
	waits plan/go
	as nobody 0 approve @last go --reject --why 'not on a Friday'
	ends 1
	says 'rejected by nobody: not on a Friday' bg.err
	[ ! -e ledger ]
}

@test "people: two of three, the same person once" {
	site
	approve_yml
	sed -i 's/from: lead/from: lead, min: 2/' go.yml
	begin exec go.yml
	waits plan/go
	as daemon 0 approve @last go --why one
	as daemon 1 approve @last go --why again
	says 'the same person counts once' err
	[ ! -e ledger ]
	as nobody 0 approve @last go --why two
	ends 0
}

@test "people: who is not of the role is told so" {
	site
	approve_yml
	sed -i 's/daemon, nobody, root/daemon/' go.yml
	begin exec go.yml
	waits plan/go
	as nobody 1 approve @last go --why fine
	says 'nobody is not among those who may approve' err
	owner=nobody forge sly yes
	until_ok grep -q 'nobody is not in the role lead' state/runs/*/journal.jsonl
	as daemon 0 approve @last go --why fine
	ends 0
}

@test "people: files that are no valid answers are refused and reported, each once" {
	site
	approve_yml
	begin exec go.yml
	waits plan/go
	forge run yes '.run = "01m7ydxrwv3k4t9g2c5s8n0qzb"'
	forge step yes '.k = "plan/other"'
	forge subject yes '.subject = ("0" * 64)'
	forge word perhaps
	forge version yes '.v = 2'
	dir=$(echo state/runs/*/answers)
	echo 'no json' >.text
	mv .text "$dir/text.json"
	: >"$dir/empty.json"
	ln -s /etc/passwd "$dir/link.json"
	mkdir "$dir/folder.json"
	mkfifo "$dir/pipe.json"
	forge open yes
	cp "$dir/open.json" "$dir/wide.json.tmp"
	chmod 666 "$dir/wide.json.tmp"
	mv "$dir/wide.json.tmp" "$dir/wide.json"
	cp "$dir/open.json" .second
	ln .second "$dir/linked.json"
	head -c 70000 /dev/zero | tr '\0' ' ' >.long
	mv .long "$dir/long.json"
	until_ok test "$(jq -s '[.[] | select(.t == "approval") | .file] | unique | length' state/runs/*/journal.jsonl)" = 14
	as daemon 0 approve @last go --why fine
	ends 0
	is "$(jq -rs '[.[] | select(.t == "approval" and .refused) | "\(.file): \(.refused)"] | sort | .[]' state/runs/*/journal.jsonl)" \
		"empty.json: it is empty
folder.json: it is no regular file
link.json: it is a symbolic link
linked.json: it has several names
long.json: it is longer than 64 KiB
pipe.json: it is no regular file
run.json: it is for another run
step.json: \`plan/other\` does not wait for an answer
subject.json: it is for something else: the plan, the inputs or the text have changed, or the question is an earlier one
text.json: it is not JSON
version.json: it is not of version 1
wide.json: others than its owner may write it
word.json: \`perhaps\` is none of the answers"
	is "$(jq -s '[.[] | select(.t == "issue" and (.text | contains("was refused")))] | length' state/runs/*/journal.jsonl)" 13
	says 'an answer by root was refused: it is for another run' bg.err
}

@test "people: an approval of one run serves for no other" {
	site
	approve_yml
	begin exec go.yml
	waits plan/go
	as daemon 0 approve @last go --why fine
	ends 0
	old=$(ls state/runs/*/answers/*.json)
	mv state/runs/* old
	cp -p old/answers/*.json replayed
	begin exec go.yml
	waits plan/go
	mv replayed "$(echo state/runs/*/answers)/replayed.json"
	until_ok grep -q 'it is for another run' state/runs/*/journal.jsonl
	as daemon 0 approve @last go --why fine
	ends 0
	[ -n "$old" ]
}

@test "people: the answers folder keeps others from removing files" {
	site
	approve_yml
	begin exec go.yml
	waits plan/go
	until_ok sh -c 'test "$(stat -c %a state/runs/*/answers)" = 3770'
	as daemon 0 approve @last go --why fine
	ends 0
	! setpriv --reuid=nobody --regid=0 --clear-groups rm -f state/runs/*/answers/*.json 2>rm.err || false
}

@test "people: signed approvals, by the names of the signers file" {
	command -v ssh-keygen >/dev/null || skip "no ssh-keygen"
	approve_yml
	sed -i 's/daemon, nobody, root/kim, lee/' go.yml
	for who in kim lee eve; do ssh-keygen -q -t ed25519 -N '' -C $who -f key.$who; done
	{
		echo "kim namespaces=\"runbook-approval\" $(cat key.kim.pub)"
		echo "lee $(cat key.lee.pub)"
	} >signers
	export RUNBOOK_ALLOWED_SIGNERS=$PWD/signers
	begin exec go.yml
	waits plan/go
	run_rb 1 approve @last go --why fine --sign key.eve --as kim
	says 'its signature by kim is not valid' err
	run_rb 1 approve @last go --why fine --sign key.eve --as eve
	says 'eve is not among those who may approve' err
	run_rb 0 approve @last go --why fine --sign key.kim --as kim
	ends 0
	holds 'any(.t == "approval" and .by == "kim" and .how == "ssh" and (has("refused") | not))'
	holds 'any(.t == "approval" and .refused == "its signature by kim is not valid")'
}

@test "people: a signature without known signers is refused" {
	command -v ssh-keygen >/dev/null || skip "no ssh-keygen"
	approve_yml
	sed -i 's/daemon, nobody, root/kim/' go.yml
	ssh-keygen -q -t ed25519 -N '' -f key
	begin exec go.yml
	waits plan/go
	run_rb 1 approve @last go --why fine --sign key --as kim
	says 'names no signers' err
	kill "$pid"
	ends 143
}

@test "people: the site says who has a role" {
	site
	approve_yml
	mkdir -p "$HOME/.config/runbook"
	echo 'roles: { lead: { who: [nobody] }, other: { who: [x], notify: y } }' >"$HOME/.config/runbook/config.yml"
	begin exec go.yml
	waits plan/go
	as daemon 1 approve @last go --why fine
	says 'daemon is not among those who may approve' err
	as nobody 0 approve @last go --why fine
	ends 0
	holds '.[0].roles == {lead: {who: ["nobody"], notify: ""}}'
	echo 'roles: { lead: { whom: [nobody] } }' >"$HOME/.config/runbook/config.yml"
	run_rb 2 exec go.yml
	says 'a role has `who` and `notify`' err
}

@test "people: a checklist is ticked by several, in any order, with notes" {
	site
	cat >list.yml <<-'EOY'
		runbook: 1
		name: list
		preflight:
		  - id: list
		    checklist: [Backup taken, Traffic drained, Team told]
		    timeout: 60s
		report:
		  - render: { to: list.txt, text: "${{ steps.list.text ?? '' }}" }
	EOY
	begin exec list.yml
	waits preflight/list
	as daemon 0 answer @last list 3
	as nobody 0 answer @last list 1 --why 'pg_dump, 4 GiB'
	as nobody 1 answer @last list 3
	says 'item 3 is ticked already' err
	run_rb 2 answer @last list maybe
	says 'answer the number of an item that is done' err
	run_rb 0 answer @last preflight/list 2
	ends 0
	is "$(sed 's/ 20[0-9TZ:.-]*/ AT/' state/runs/*/list.txt)" "Backup taken: nobody AT, pg_dump, 4 GiB
Traffic drained: root AT
Team told: daemon AT"
}

@test "people: no to a checklist fails it" {
	cat >list.yml <<-'EOY'
		runbook: 1
		name: list
		preflight:
		  - { id: list, checklist: [Backup taken], timeout: 60s }
	EOY
	begin exec list.yml
	waits preflight/list
	run_rb 0 answer @last list no --why 'the disk is full'
	ends 1
	says 'item 1 is not done' bg.err
	says 'the disk is full' bg.err
}

@test "people: what does not wait is said, with what does" {
	approve_yml
	begin exec go.yml
	waits plan/go
	run_rb 1 answer @last did yes --why x
	says '`did` does not wait for an answer' err
	says 'plan/go  approve' err
	run_rb 2 answer @last go perhaps --why x
	run_rb 2 approve @last go
	says 'say why: --why TEXT' err
	run_rb 2 approve @last go --why x --sign key
	kill "$pid"
	ends 143
	run_rb 1 approve @last go --why late
	says 'waits for no answer' err
}

@test "people: --yes never approves" {
	approve_yml
	sed -i 's/60s/200ms/' go.yml
	run_rb 1 exec go.yml --yes
	says 'not answered in time' err
	[ ! -e ledger ]
}

@test "people: a role's channel is told what to type" {
	site
	approve_yml
	sed -i 's/who: \[daemon/notify: file, &/; /^roles:/i channels: { file: { run: [sh, -c, "cat >>told"] } }' go.yml
	begin exec go.yml
	waits plan/go
	until_ok grep -q "runbook approve $(basename state/runs/*) plan/go --why TEXT" told
	as daemon 0 approve @last go --why fine
	ends 0
	says 'Releases the shop' told
}

# The runner dies: what was answered stays answered, and what comes meanwhile is taken.
killed() {
	kill -9 "$pid"
	wait "$pid" || true
}

@test "people: an approval that comes when the runner is dead is taken by the next one, once" {
	site
	approve_yml
	sed -i 's/from: lead/from: lead, min: 2/' go.yml
	begin exec go.yml
	waits plan/go
	as daemon 0 approve @last go --why one
	killed
	as nobody 0 approve @last go --why two
	says 'has no runner now' err
	run_rb 0 resume @last
	is "$(cat ledger)" v1
	is "$(jq -s '[.[] | select(.t == "approval")] | length' state/runs/*/journal.jsonl)" 2
	holds 'map(select(.t == "approval")) | map(.by) == ["daemon", "nobody"] and all(has("refused") or has("not_taken") | not)'
	run_rb 0 replay @last
	says identical out
}

@test "people: who takes a run over approves it no more" {
	site
	approve_yml
	begin exec go.yml
	waits plan/go
	killed
	chmod -R g+w state
	setpriv --reuid=daemon --regid=0 --clear-groups ./rb resume @last >bg.out 2>bg.err </dev/null &
	pid=$!
	background="$background $pid"
	until_ok sh -c "grep -q epoch.open state/runs/*/journal.jsonl"
	as daemon 1 approve @last go --why 'me again' --no-wait || true
	owner=daemon forge sly yes
	until_ok sh -c "grep -q 'who operates a run does not approve it' state/runs/*/journal.jsonl"
	as nobody 0 approve @last go --why fine
	wait "$pid" || true
	holds 'any(.t == "approval" and .by == "nobody" and (has("not_taken") | not))'
}

@test "people: a checklist goes on after a kill; what is ticked stays ticked" {
	cat >list.yml <<-'EOY'
		runbook: 1
		name: list
		preflight:
		  - { id: list, checklist: [one, two, three], timeout: 60s }
	EOY
	begin exec list.yml
	waits preflight/list
	run_rb 0 answer @last list 2
	killed
	run_rb 0 answer @last list 1
	run_rb 0 answer @last list 3
	run_rb 0 resume @last
	is "$(jq -s '[.[] | select(.t == "answer")] | length' state/runs/*/journal.jsonl)" 3
	run_rb 0 replay @last
}

@test "people: a held pause is answered by a file, and resumed" {
	cat >s.yml <<-'EOY'
		runbook: 1
		name: s
		act:
		  - { id: one, on_fail: pause, run: "test -e ok", rollback: [] }
	EOY
	run_rb 5 exec s.yml
	run_rb 5 resume @last
	run_rb 2 answer @last one maybe --why x
	touch ok
	run_rb 0 answer @last one retry --why 'mended'
	run_rb 0 resume @last
	holds 'any(.t == "answer" and .k == "act/one" and .answer == "retry" and .how == "file" and .why == "mended")'
	run_rb 0 replay @last
}

@test "held: the end says with which commands it goes on, and they do" {
	cat >s.yml <<-'END'
		runbook: 1
		name: s
		defaults: { timeout: 20s }
		act:
		  - { id: one, run: touch one, rollback: [{ run: rm one }] }
		  - { id: two, run: test -e ok, rollback: [], on_fail: pause }
		test: [{ guard: true }]
	END
	run_rb 5 exec s.yml
	says '  go on     runbook resume ' err
	local command
	command=$(sed -n 's/^  without a terminal, before that: runbook \(.*\) ANSWER --why TEXT$/\1/p' err)
	touch ok
	eval "run_rb 0 $command retry --why 'it is there'"
	run_rb 0 resume @last
	holds 'any(.t == "answer" and .k == "act/two" and .answer == "retry" and .why == "it is there")'
}

@test "people: an approver sees scripts whole; in a plan too long for that, their first lines" {
	cat >go.yml <<-'EOY'
		runbook: 1
		name: go
		roles: { lead: { who: [daemon] } }
		plan:
		  - { id: go, timeout: 60s, approve: { from: lead } }
		act:
		  - id: did
		    run: |
		      echo first
		      rm -rf /srv/old

		      echo last
		    rollback:
		      - run: |
		          mkdir /srv/old
		          echo restored
		test:
		  - { run: "true", effect: read }
	EOY
	cp go.yml long.yml
	printf '  - run: |\n' >>long.yml
	for i in $(seq 1500); do echo "      echo a line of a long script"; done >>long.yml
	printf '    effect: read\n' >>long.yml
	begin exec go.yml
	waits plan/go
	jq -r 'select(.t == "question").text' state/runs/*/journal.jsonl >seen
	for line in '       $ echo first' '         rm -rf /srv/old' '         echo last' '       undo: mkdir /srv/old' '             echo restored'; do
		grep -qFx -- "$line" seen
	done
	run_rb 0 cancel @last
	ends 143
	run_rb 0 replay @last
	rm -rf state
	begin exec long.yml
	waits plan/go
	jq -r 'select(.t == "question").text' state/runs/*/journal.jsonl >seen
	grep -qFx '       $ echo first ...' seen
	says_not 'cut here' seen
	run_rb 0 cancel @last
	ends 143
}
