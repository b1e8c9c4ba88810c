#!/bin/sh
# ion.sh: runbooks/ion: the four scenarios of the drill guide, the decision table, canary,
# and each failure point, with real nginx in front of a canary and a legacy side that
# follows the traffic split of the gcloud stand-in.
. "$(dirname "$0")/service/lib.sh"
. "$top/tests/cloud/state.sh"
. "$top/tests/cloud/points.sh"
. "$here/service/ion.sh"
need nginx curl python3 jq
books=$top/runbooks/ion
book=$books/emergency-rollback.yml
for file in check-monitoring emergency-rollback canary-deploy drill steps/health; do
	rb 0 "$file has no errors" check --output json "$books/$file.yml"
	check "$file has no warnings" jq -e '.diagnostics == []' "$scratch/out"
done
ion_up
ion() { # CODE WHAT ARGS...
	_c=$1 _w=$2
	shift 2
	rb "$_c" "$_w" exec "$book" --inputs "$scratch/ion.yml" "$@"
}
said() { check "it says: $1" sh -c 'cat "$1/out" "$1/err" | grep -qF -e "$2"' sh "$scratch" "$1"; }
side() { get "http://127.0.0.1:$ion_port/" | sed 's/.*"side": "\([a-z]*\)".*/\1/'; }
untouched() {
	ion_state >"$scratch/after" 2>&1
	same "$1: nothing changed" "$scratch/before" "$scratch/after"
}
report() { cat "$(ls -dt "$RUNBOOK_STATE"/runs/*/ | head -n 1)$1.md"; }
until_ok 5 test "$(side)" = canary
ion_state >"$scratch/before" 2>&1
is 'all traffic is on canary' "$(side)" canary

# 1: healthy, dry-run
ion 0 'scenario 1: healthy, dry-run' --dry-run
said 'rollback not needed'
untouched 'scenario 1'
ion 0 'healthy, in earnest: stopped' --yes --no-input
untouched 'healthy'
check 'the report says so' sh -c 'printf "%s" "$1" | grep -q "System is healthy"' sh "$(report rollback)"

# 2: forced, dry-run: all four stages are shown
ion 0 'scenario 2: forced, dry-run' --dry-run -i force=true
for text in 'Stage 1/4' 'Stage 2/4' 'Stage 3/4' 'Stage 4/4' 'gcloud run services update-traffic ion-api' 'Legacy -> 100%'; do
	said "$text"
done
untouched 'scenario 2'
check 'the report says DRY RUN' sh -c 'printf "%s" "$1" | grep -q "DRY RUN - no changes made"' sh "$(report rollback)"
check 'and that it was forced, with next steps' sh -c 'printf "%s" "$1" | grep -q "^FORCE" && printf "%s" "$1" | grep -q "if this were real"' sh "$(report rollback)"

# 3: unhealthy, asked on a terminal
ion_health canary 0.008 450
ask() { # ANSWER: runs on a terminal of its own, prints the exit code
	"$python" "$here/service/terminal.py" "$1" "$RB" exec "$book" --inputs "$scratch/ion.yml" >"$scratch/tty" 2>&1
	echo $?
}
is 'scenario 3: answered no: exit code 1' "$(ask n)" 1
check 'the question names the figures' sh -c 'grep -q "0.8%" "$1" && grep -q 450ms "$1"' sh "$scratch/tty"
untouched 'answered no'
ion 2 'without a terminal and --yes it is refused' --no-input
untouched 'refused'
is 'scenario 3: answered yes: exit code 0' "$(ask y)" 0
is 'traffic is on legacy' "$(side)" legacy
check 'the verdict was minor' sh -c 'printf "%s" "$1" | grep -q "| before | 0.8% | 450ms | minor: watch closely"' sh "$(report rollback)"
ion_reset

# 4: at once
ion_health canary 0.058 1250
ion 0 'scenario 4: at once' -i force=true --yes --no-input
is 'traffic is on legacy' "$(side)" legacy
check 'the verdict was severe' sh -c 'printf "%s" "$1" | grep -q "| before | 5.8% | 1.25s | severe: roll back now"' sh "$(report rollback)"
check 'after is measured on legacy' sh -c 'printf "%s" "$1" | grep -q "| after | 0.1% | 85ms | healthy |"' sh "$(report rollback)"
ion 0 'again: it is done already' -i force=true --yes --no-input
is 'the switch was left out' "$("$RB" eval steps.switch.status --run @last)" '"unchanged"'
ion_reset

# The table: each limit by itself, on the limit and above
verdict() { # ERRORS P95 EXIT-CODE WANT
	ion_health canary "$1" "$2"
	rb "$3" "errors $1, P95 $2" exec "$books/check-monitoring.yml" -i "metrics=http://127.0.0.1:$ion_port/metrics/summary"
	is "errors $1, P95 $2: $4" "$("$RB" eval steps.health.verdict --run @last)" "\"$4\""
}
verdict 0.005 200 0 healthy
verdict 0.0051 200 0 minor
said 'every 10 minutes'
verdict 0.005 200.1 0 minor
verdict 0.01 500 0 minor
verdict 0.0101 100 1 severe
said 'Roll back now: runbook exec emergency-rollback.yml'
verdict 0 500.5 1 severe

# Failures
ion_health canary 0.058 1250
ion_health legacy 0.03 90
ion 4 'legacy is no better: nothing goes back by itself' --yes --no-input
is 'traffic stays on legacy' "$(side)" legacy
said 'putting canary back is a new decision'
check 'the report sends to level 2' sh -c 'printf "%s" "$1" | grep -q "escalate to level 2"' sh "$(report rollback)"
ion_reset
ion_health legacy 0.001 85
ion 1 'metrics that do not answer: failed, nothing changed' --yes --no-input -i "metrics=http://127.0.0.1:$(free_port)/"
untouched 'no metrics'
ion_health canary 0.008 '"fast"'
ion 1 'metrics that are no numbers: failed, not healthy' --yes --no-input
rb 1 'nor does the check call it healthy' exec "$books/check-monitoring.yml" -i "metrics=http://127.0.0.1:$ion_port/metrics/summary"
ion_health canary 0.058 1250
ion 5 'a service that is not there: a person is asked; without a terminal the run is held' --yes --no-input -i service=ion-apy
"$RB" rollback @last --no-input >/dev/null 2>&1 # frees the lock
untouched 'no such service'
# Forced, with metrics that are down: the rollback is done, only its verification fails.
ion 4 'forced, without metrics: traffic goes to legacy all the same' --yes --no-input -i force=true -i "metrics=http://127.0.0.1:$(free_port)/"
is 'traffic is on legacy' "$(side)" legacy
ion_reset

# Canary again
ion_health canary 0 49.74
legacy_world() {
	ion_reset
	gcloud run services update-traffic ion-api --to-tags legacy=100 --region us-central1 --project naeda-genesis >/dev/null
}
legacy_world
cat >"$scratch/canary.yml" <<-END
	metrics: http://127.0.0.1:$ion_port/metrics/summary
	settle: 50ms
	soak: 50ms
END
rb 0 'canary from 5%' exec "$books/canary-deploy.yml" --inputs "$scratch/canary.yml" --yes --no-input
is 'the split is 95 to 5' "$(jq -c '[.gcloud.services["ion-api"].traffic[].percent // empty]' "$cloud/state.json")" '[95,5]'
rb 0 'and again: stopped' exec "$books/canary-deploy.yml" --inputs "$scratch/canary.yml" --yes --no-input
cp "$cloud/state.json" "$scratch/five"
# Healthy before (legacy answers), not with all traffic on canary.
ion_health canary 0.02 400
until_ok 5 test "$(side)" = legacy
rb 3 'a canary that is not healthy with all traffic goes back' exec "$books/canary-deploy.yml" --inputs "$scratch/canary.yml" -i percent=100 --yes --no-input
check 'to 5%' sh -c 'test "$(jq -S .gcloud.services "$1")" = "$(jq -S .gcloud.services "$2")"' sh "$cloud/state.json" "$scratch/five"

# A canary that turns bad while it soaks is not left alone until the end of the soak.
ion_health canary 0 49.74
(
	until_ok 20 sh -c 'grep -q "\"k\":\"test/soak\"" "$(ls -dt "$1"/runs/*/ | head -n 1)journal.jsonl"' sh "$RUNBOOK_STATE"
	ion_health canary 0.02 400
) &
rb 3 'a canary that turns bad while it soaks goes back' exec "$books/canary-deploy.yml" --inputs "$scratch/canary.yml" -i percent=100 -i soak=10m -i every=100ms --yes --no-input
wait $!
said 'found by a monitor: errors > inputs.max_errors or p95 > inputs.max_p95 for 3 samples'
check 'to 5% again' sh -c 'test "$(jq -S .gcloud.services "$1")" = "$(jq -S .gcloud.services "$2")"' sh "$cloud/state.json" "$scratch/five"

# Each write fails in turn
ion_health canary 0.058 1250
points emergency-rollback ion_reset ion_state "$book" --inputs "$scratch/ion.yml"
ion_health canary 0 49.74
points canary-deploy legacy_world ion_state "$books/canary-deploy.yml" --inputs "$scratch/canary.yml"
finish
