#!/bin/sh
# ion.sh: runbooks/ion: the four scenarios of the drill guide, against real nginx
# with a canary and a legacy side.
. "$(dirname "$0")/service/lib.sh"
. "$here/service/ion.sh"
need nginx curl python3
book=$top/runbooks/ion/emergency-rollback.yml
rb 0 'the runbook has no errors' check "$book"
check 'and no warnings' sh -c '"$1" check --output json "$2" | tr -d " \n" | grep -q "\"diagnostics\":\[\]"' sh "$RB" "$book"
ion_up
ion() { # CODE WHAT ARGS...
	_c=$1 _w=$2
	shift 2
	rb "$_c" "$_w" exec "$book" --inputs "$scratch/ion.yml" "$@"
}
side() { get "http://127.0.0.1:$ion_port/" | sed 's/.*"side": "\([a-z]*\)".*/\1/'; }
untouched() {
	ion_state "$scratch/after"
	same "$1: nothing changed" "$scratch/before" "$scratch/after"
}
report() { cat "$(ls -dt "$RUNBOOK_STATE"/runs/*/ | head -n 1)rollback.md"; }
until_ok 5 test "$(side)" = canary
ion_state "$scratch/before"
is 'all traffic is on canary' "$(side)" canary

# 1: healthy, dry-run
ion 0 'scenario 1: healthy, dry-run' --dry-run
check 'it says that no rollback is needed' sh -c 'cat "$1/out" "$1/err" | grep -q "rollback not needed"' sh "$scratch"
untouched 'scenario 1'
ion 0 'healthy, in earnest: stopped' --yes --no-input
untouched 'healthy'
check 'the report says so' sh -c 'printf "%s" "$1" | grep -q "System is healthy"' sh "$(report)"

# 2: forced, dry-run: all four stages are shown
ion 0 'scenario 2: forced, dry-run' --dry-run -i force=true
for text in 'Stage 1/4' 'Stage 2/4' 'Stage 3/4' 'Stage 4/4' 'rollback_phase4_canary' 'Legacy -> 100%'; do
	check "the dry-run shows: $text" sh -c 'cat "$1/out" "$1/err" | grep -qF -e "$2"' sh "$scratch" "$text"
done
untouched 'scenario 2'
check 'the report says DRY RUN' sh -c 'printf "%s" "$1" | grep -q "DRY RUN - no changes made"' sh "$(report)"

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
check 'the verdict was minor' sh -c 'printf "%s" "$1" | grep -q "| before | 0.8% | 450ms | minor: watch closely"' sh "$(report)"
ion_reset

# 4: at once
ion_health canary 0.058 1250
ion 0 'scenario 4: at once' -i force=true --yes --no-input -i drill=true
is 'traffic is on legacy' "$(side)" legacy
check 'the verdict was severe' sh -c 'printf "%s" "$1" | grep -q "| before | 5.8% | 1.25s | severe: roll back now"' sh "$(report)"
check 'after is measured on legacy' sh -c 'printf "%s" "$1" | grep -q "| after | 0.1% | 85ms |"' sh "$(report)"
check 'the certificate is there' sh -c 'printf "%s" "$1" | grep -q "^## Certificate"' sh "$(report)"
ion_reset

# The table: each limit by itself, on the limit and above
verdict() { # ERRORS P95 WANT
	ion_health canary "$1" "$2"
	ion 0 "errors $1, P95 $2: dry-run" --dry-run -i force=true
	is "errors $1, P95 $2: $3" "$("$RB" eval steps.health.verdict --run @last)" "\"$3\""
}
verdict 0.005 200 healthy
verdict 0.0051 200 minor
verdict 0.005 200.1 minor
verdict 0.01 500 minor
verdict 0.0101 100 severe
verdict 0 500.5 severe

# Failures
ion_health canary 0.058 1250
ion_health legacy 0.03 90
ion 4 'legacy is no better: nothing goes back by itself' --yes --no-input
is 'traffic stays on legacy' "$(side)" legacy
check 'what stands is named' sh -c 'cat "$1/out" "$1/err" | grep -q "putting canary back is a new decision"' sh "$scratch"
check 'the report sends to level 2' sh -c 'printf "%s" "$1" | grep -q "escalate to level 2"' sh "$(report)"
ion_reset
ion_health legacy 0.001 85
ion 1 'metrics that do not answer: failed, nothing changed' --yes --no-input -i "metrics=http://127.0.0.1:$(free_port)/"
ion_health canary 0.008 '"fast"'
ion 1 'metrics that are no numbers: failed, not healthy' --yes --no-input
ion_health canary 0.058 1250
ion 5 'a switch that fails asks; without a terminal the run is held' --yes --no-input -i "nginx_pid=$scratch/nowhere"
finish
