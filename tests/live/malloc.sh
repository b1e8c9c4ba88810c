#!/bin/sh
# malloc.sh: the n-th allocation fails, once and for good, at many n: the program
# ends with 70 (or copes), and the journal is never corrupt. calloc is not failed:
# the C library uses it to start threads and streams. TAP.
cd "$(dirname "$0")/../.." || exit 2
bin=${RUNBOOK_BIN:-$PWD/build/runbook}
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT INT TERM
if ! command -v cc >/dev/null; then
	echo "1..0 # SKIP no compiler here"
	exit 0
fi
cc -shared -fPIC -O1 -o "$dir/fail.so" tests/live/failmalloc.c -ldl || exit 2
cat >"$dir/run.yml" <<'X'
runbook: 1
name: malloc
act:
  - id: a
    foreach: [x, y, z]
    run: [sh, -c, 'echo "$0" >> ledger', "${{ item }}"]
    capture: { printed: out }
    timeout: 10s
    rollback: [{ run: [sh, -c, 'echo "undo $0" >> ledger', "${{ item }}"] }]
test:
  - guard: { that: 1 > 2, say: never }
report:
  - render: { to: report.txt, text: "${{ run.status }}" }
X
echo "1..2"
test_mode() { # NAME ENV
	n=1 step=1 bad= points=0 aborted=0
	while :; do
		rm -rf "$dir/state" "$dir/ledger"
		env -i PATH="$PATH" HOME="$dir" RUNBOOK_LOCKS="$dir/locks" FAIL_AT=$n $2 LD_PRELOAD="$dir/fail.so" \
			"$bin" exec "$dir/run.yml" --state "$dir/state" --no-sync >"$dir/out" 2>&1
		rc=$?
		points=$((points + 1))
		[ $rc -eq 70 ] && aborted=$((aborted + 1))
		case $rc in 1 | 2 | 3 | 4 | 70) ;; *) bad="$bad $n:exit-$rc" ;; esac
		if [ -e "$dir/state/runs" ] && ls "$dir"/state/runs/*/journal.jsonl >/dev/null 2>&1; then
			"$bin" show @last --state "$dir/state" >/dev/null 2>"$dir/err"
			[ $? -ne 6 ] || bad="$bad $n:$(cat "$dir/err")"
		fi
		[ $rc -eq 3 ] && [ $aborted -gt 0 ] && [ $n -gt 400 ] && break
		[ $n -gt 5000 ] && break
		[ $n -lt 40 ] || step=$((1 + n / 25))
		n=$((n + step))
	done
	if [ -z "$bad" ] && [ $aborted -gt 5 ]; then
		echo "ok $3 - $1: $points points up to allocation $n, $aborted ended with 70, no journal corrupt"
	else
		echo "not ok $3 - $1:$bad ($aborted of $points ended with 70)"
	fi
}
test_mode "one allocation fails" "" 1
test_mode "all allocations from the n-th fail" FAIL_STICKY=1 2
