#!/bin/bash
# golden.sh [PROGRAM]: every run that was ever recorded here still verifies, replays and
# can be reported on. TAP. See README.md.
set -u
cd "$(dirname "$0")/../.." || exit 2
program=${1:-build/runbook}
case $program in /*) ;; *) program=$PWD/$program ;; esac
here=$PWD/tests/golden
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
export RUNBOOK_STATE="$work/state" RUNBOOK_LOCKS="$work/locks" HOME="$work" TMPDIR="$work"
unset RUNBOOK_ALLOWED_SIGNERS RUNBOOK_SIGN_KEY XDG_CONFIG_HOME GITHUB_ACTIONS
number=0 failed=0

verdict() { # 0|1 NAME; $work/why says why not
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		failed=$((failed + 1))
		echo "not ok $number - $2"
		head -n 20 "$work/why" | sed 's/^/#   /'
	fi
}

# --- they are what they were ---
(cd "$here" && sha256sum --strict -c golden.sha256) >"$work/why" 2>&1
verdict $? "no bundle is gone or changed (golden.sha256)"
(cd "$here" && ls ./*.tar) | sed 's|^\./||' | LC_ALL=C sort >"$work/there"
sed 's/^[0-9a-f]*  //' "$here/golden.sha256" | LC_ALL=C sort | diff - "$work/there" >"$work/why" 2>&1
verdict $? "every bundle is in golden.sha256"

# --- they hold ---
for bundle in "$here"/*.tar; do
	name=$(basename "$bundle" .tar)
	{
		"$program" verify "$bundle" || echo "verify: exit $?"
		"$program" replay "$bundle" | grep identical || echo "replay: not identical"
		for format in text json md html junit; do
			"$program" report "$bundle" --format $format >"$work/report" || echo "report $format: exit $?"
			[ -s "$work/report" ] || echo "report $format: empty"
		done
		"$program" show "$bundle" >"$work/shown" || echo "show: exit $?"
	} >"$work/why" 2>&1
	! grep -qE 'exit [0-9]|not identical|: empty|NOT verified' "$work/why"
	verdict $? "$name: verifies, replays, reports"
	tar xOf "$bundle" --wildcards '*/journal.jsonl' | sed -n 's/.*"m":[0-9]*,"t":"\([a-z._]*\)".*/\1/p' >>"$work/types"
done
! ls -d "$work"/runbook-* >"$work/why" 2>/dev/null
verdict $? "nothing that was unpacked is left"

# --- they are of everything ---
LC_ALL=C sort -u "$work/types" >"$work/have"
missing=
for type in run.open epoch.open phase.open phase.close guard probe step.intent step.attempt timer step.outcome issue note question \
	answer approval window message doubt resolve low held signal comp.plan comp.intent comp.outcome seal torn; do
	grep -qx "$type" "$work/have" || missing="$missing $type"
done
echo "no golden run has the record:$missing" >"$work/why"
[ -z "$missing" ]
verdict $? "each type of record of the first version is in some golden run"
sed -n 's/^| `\([a-z.]*\)`\(, `\([a-z.]*\)`\)* |.*/\1 \3/p' docs/journal.md | tr ' ' '\n' | sed '/^$/d' | LC_ALL=C sort -u >"$work/named"
new=$(grep -vxF -f "$work/have" "$work/named" | grep '\.\|^[a-z]*$' | grep -vxE 'n|b|ep|w|m|t|h|anchor' | tr '\n' ' ')
[ -z "$new" ] || echo "# no golden run has yet: $new"
echo "1..$number"
[ $failed -eq 0 ]
