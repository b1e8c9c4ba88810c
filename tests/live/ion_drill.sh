#!/bin/sh
# ion_drill.sh: the drill of runbooks/ion with its certificate, and the tasks of the editor.
. "$(dirname "$0")/service/lib.sh"
. "$top/tests/cloud/state.sh"
. "$here/service/ion.sh"
. "$here/service/people.sh"
need nginx curl python3 jq ssh-keygen
books=$top/runbooks/ion
ion_up
people ion-lead eve
ion_state >"$scratch/before" 2>&1
untouched() {
	ion_state >"$scratch/after" 2>&1
	same "$1: nothing changed" "$scratch/before" "$scratch/after"
}
drill() { # ARGS...
	begin "$books/drill.yml" -i "metrics=http://127.0.0.1:$ion_port/metrics/summary" -i "runbook=$RB" "$@"
}
certificate() { cat "$RUNBOOK_STATE/runs/$run/certificate.md"; }
holds() { check "the certificate has: $1" sh -c 'printf "%s" "$1" | grep -qF -e "$2"' sh "$(certificate)" "$1"; }

ION_SLACK_WEBHOOK=http://127.0.0.1:9/nobody
export ION_SLACK_WEBHOOK
drill -i 'trainee.name=김민아' -i judge.decision=keep_watching -i decide.decision=roll_back \
	-i 'closed.report=P95 rose; rolled back; traffic on legacy; hotfix next' -i self.confidence=4
tick test/read_it 3
tick test/editor 3
tick test/skills 12
until_ok 30 asked test/sign
check 'somebody else cannot sign' sh -c '! "$@"' sh "$RB" approve "$run" sign --why x --sign "$scratch/key.eve" --as eve
approve test/sign ion-lead
ended 0 'the drill is completed'
for text in '김민아 has completed the drill' '| Confidence (1-5) | 4 |' 'ion-lead' '[x] Task 1' '[x] Task 2' '[x] Task 3: judged 0%, 49.74ms: keep_watching' \
	'[x] Task 4' 'advanced: knows when to escalate'; do
	holds "$text"
done
is 'the rehearsals are runs of their own' "$("$RB" runs --runbook ion_emergency_rollback --output json | jq -s 'map(select(.dry)) | length')" 2
untouched 'the drill'

ion_health canary 0.02 100
drill -i 'trainee.name=Lee' -i judge.decision=keep_watching -i decide.decision=keep_watching -i closed.report=nothing -i self.confidence=1 -i signed=false
tick test/read_it 3
tick test/editor 3
tick test/skills 12
ended 0 'a wrong judgement is told, not punished'
is 'both are issues' "$(jq -r 'select(.t == "issue") | .text' "$RUNBOOK_STATE/runs/$run/journal.jsonl" | grep -c 'table says\|above their limits')" 2
drill -i 'trainee.name=Lee' -i judge.decision=roll_back -i decide.decision=roll_back -i closed.report=x -i self.confidence=5 -i signed=false
until_ok 30 asked test/read_it
"$RB" answer "$run" test/read_it no --why 'the traffic moved' >/dev/null 2>&1
ended 1 'what was not seen ends the drill'
holds 'NOT COMPLETED'
untouched 'the drills'
ion_health canary 0 49.74

# The editor's tasks: each is run as the editor would
"$python" -c '
import json, sys
for t in json.load(open(sys.argv[1]))["tasks"]:
    assert t["type"] == "process" and t["options"]["cwd"] == "${workspaceFolder}", t
    assert all("\t" not in a for a in t["args"])
    print("\t".join([t["label"], t["command"]] + t["args"]))' "$books/.vscode/tasks.json" >"$scratch/tasks"
check 'the training task is there' grep -q '^Emergency: Rollback Dry-Run (Training)' "$scratch/tasks"
mkdir "$scratch/bin"
ln -s "$RB" "$scratch/bin/runbook"
tab=$(printf '\t')
while IFS=$tab read -r label command arguments; do
	oldifs=$IFS
	IFS=$tab
	# shellcheck disable=SC2086
	set -- $arguments
	IFS=$oldifs
	code=0
	(cd "$books" && PATH=$scratch/bin:$PATH "$command" "$@" --inputs "$scratch/task.yml") >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
	is "task $label" "$code" 0
done <<-END
	$(echo "metrics: http://127.0.0.1:$ion_port/metrics/summary" >"$scratch/task.yml"; grep -v 'asks once' "$scratch/tasks")
END
check 'the task in earnest asks' sh -c '! grep "asks once" "$1" | grep -q -e --yes' sh "$scratch/tasks"
untouched 'the tasks'

finish
