#!/bin/sh
# interrupt.sh [N]: SIGINT at N moments (20; 200 with RB_LONG=1) spread evenly over the demo's run. After
# each either everything is as before the run, or as after it if it had finished, or
# the exit code is 4 with a list of what is left. No child of the run survives.
# MOMENTS=SECONDS... instead of N takes these moments.
. "$(dirname "$0")/service/lib.sh"
need nginx sqlite3 curl python3
n=${1:-$([ "${RB_LONG:-}" ] && echo 200 || echo 20)}
demo=$top/runbooks/demo
site=$scratch/shop
trap 'sh "$demo/site.sh" down "$site" >/dev/null 2>&1; cleanup' EXIT
sh "$demo/site.sh" up "$site" || { echo 'Bail out! the site does not start'; exit 1; }
# Names of folders hold the run's id.
state() { sh "$demo/site.sh" state "$site" 2>&1 | sed 's|releases/2-[^ /]*|releases/2-RUN|g' >"$scratch/$1"; }
# run_until SECONDS: prints the exit code and how long it ran
run_until() {
	"$python" -SE "$here/service/interrupt.py" "$1" "$scratch/out" "$scratch/err" \
		"$RB" exec "$demo/deploy.yml" --inputs "$site/site.yml" -i release=2 --yes --no-input --output json
}
# Processes that descend from a run here: our TMPDIR and a RUNBOOK_RUN.
survivors() {
	for _e in $(grep -lzsxF "TMPDIR=$TMPDIR" /proc/[0-9]*/environ); do
		grep -qzs '^RUNBOOK_RUN=' "$_e" || continue
		_p=${_e#/proc/}
		echo "${_p%/environ} $(tr '\0' ' ' 2>/dev/null <"${_e%environ}cmdline")"
	done
}

# How long does a run take, and what is it like before and after?
state before
longest=0
for _i in 1 2; do
	set -- $(run_until 60)
	[ "$1" = 0 ] || { fail 'a run without interrupt'; note <"$scratch/err"; finish; }
	took=$2
	longest=$(awk "BEGIN { print ($took > $longest) ? $took : $longest }")
	state after
	sh "$demo/site.sh" reset "$site"
done
state again
same 'the site can be set back' "$scratch/before" "$scratch/again"
echo "# a run takes $longest s"

moment() { # SECONDS
	code=$(run_until "$1")
	code=${code% *}
	left=$(survivors)
	[ -z "$left" ] || { fail "SIGINT at $1 s: a process survives"; echo "$left" | note; return; }
	# nginx's old worker may answer for a moment after the last reload.
	for _t in 1 2 3 4 5 6; do
		state now
		if cmp -s "$scratch/before" "$scratch/now"; then is_now=before; break; fi
		if cmp -s "$scratch/after" "$scratch/now"; then is_now=after; break; fi
		is_now=neither
		sleep 0.25
	done
	case $code/$is_now in
	0/after | 130/before | 2/before)
		pass "SIGINT at $1 s: exit code $code, as $is_now" ;;
	4/*)
		if tail -n 1 "$scratch/out" | "$python" -c 'import json, sys; e = json.loads(sys.stdin.read()); assert e["t"] == "run.end" and e["residue"], e'; then
			pass "SIGINT at $1 s: exit code 4 with a list ($is_now)"
		else
			fail "SIGINT at $1 s: exit code 4 without a list"
		fi ;;
	*)
		fail "SIGINT at $1 s: exit code $code, state $is_now"
		diff "$scratch/before" "$scratch/now" | head -n 12 | note
		tail -n 12 "$scratch/out" | cut -c 1-400 | note
		tail -n 12 "$scratch/err" | note
		rm -rf "$RUNBOOK_LOCKS" ;; # code 7: the run before left its lock
	esac
	[ $is_now = before ] || sh "$demo/site.sh" reset "$site"
}
if [ -n "${MOMENTS:-}" ]; then
	for m in $MOMENTS; do moment "$m"; done
else
	i=0
	while [ $i -lt "$n" ]; do
		moment "$(awk "BEGIN { printf \"%.3f\", $longest * ($i + 0.5) / $n }")"
		i=$((i + 1))
	done
fi
finish
