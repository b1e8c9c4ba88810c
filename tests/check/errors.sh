#!/bin/sh
# errors.sh PROGRAM [CASE...]: the cases of tests/errors. Each says at its top what
# `check` must find, all of it and in order:
#
#   # expect: error[RB214] 38:24 cannot compare percent with float
#   # help: write `1%`
#
# (help lines are optional: each must be one of the hints of the diagnostic before
# it). NAME.bin, for bytes that can carry no comment, has these lines in
# NAME.expect. NAME.sh makes what a source needs (repositories) in a folder of its own
# and prints the arguments of runbook; in messages HERE is that folder and COMMIT an
# id. `# expect: nothing` alone: no diagnostic at all. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 2
program=${1:?usage: errors.sh PROGRAM [CASE...]}
case $program in /*) ;; *) program=$PWD/$program ;; esac
shift
command -v jq >/dev/null || {
	echo "1..0 # SKIP no jq here"
	exit 0
}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# What is expected, as "E error[RB214] 38:24 text" and "H text" lines.
expected() {
	case $1 in *.bin) from=${1%.bin}.expect ;; *) from=$1 ;; esac
	awk '/^#? ?expect: / { sub(/^#? ?expect: /, ""); print "E " $0; next }
	     /^#? ?help: / { sub(/^#? ?help: /, ""); print "H " $0; next }
	     /^#/ { next }
	     { exit }' "$from"
}

# What check said, in the same form; line ends in messages show as \n.
actual() {
	jq -r '.diagnostics[] | "E \(.severity)[\(.code)] \(.line // 0):\(.column // 0) \(.message | gsub("\n"; "\\n"))",
		(.hints[] | "H " + gsub("\n"; "\\n"))' "$1"
}

compare() { # EXPECTED ACTUAL: prints the differences
	awk '
	FNR == NR {
		if (/^E /) want[++wants] = substr($0, 3)
		else help[wants, ++helps[wants]] = substr($0, 3)
		next
	}
	/^E / { got[++gots] = substr($0, 3); next }
	{ hint[gots, substr($0, 3)] = 1; hints[gots] = hints[gots] "\n  help was: " substr($0, 3) }
	END {
		if (wants == 1 && want[1] == "nothing") wants = 0
		for (i = 1; i <= wants || i <= gots; i++) {
			if (i > gots) print "missing:  " want[i]
			else if (i > wants) print "too much: " got[i] hints[i]
			else if (want[i] != got[i]) print "expected: " want[i] "\n     got: " got[i]
			for (k = 1; i <= wants && i <= gots && k <= helps[i]; k++)
				if (!((i, help[i, k]) in hint)) print "missing help: " help[i, k] hints[i]
		}
	}' "$1" "$2"
}

run_script() {
	rm -rf "$work/here"
	mkdir "$work/here"
	script=$PWD/$1
	(
		cd "$work/here" || exit 2
		env -i PATH="$PATH" HOME="$PWD" RUNBOOK_STATE="$PWD/state" RUNBOOK_LOCKS="$PWD/locks" program="$program" \
			GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@x GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@x \
			ASAN_OPTIONS="${ASAN_OPTIONS:-}" sh -e "$script" >"$work/arguments" 2>"$work/err" </dev/null || exit 2
		# shellcheck disable=SC2046
		env -i PATH="$PATH" HOME="$PWD" RUNBOOK_STATE="$PWD/state" RUNBOOK_LOCKS="$PWD/locks" ASAN_OPTIONS="${ASAN_OPTIONS:-}" \
			timeout 20 "$program" $(tail -n 1 "$work/arguments") --output json >"$work/raw" 2>>"$work/err" </dev/null
	)
	code_of_run=$?
	sed -E -e "s|$work/here|HERE|g" -e 's/[0-9a-f]{40}/COMMIT/g' "$work/raw" >"$work/out"
	return $code_of_run
}

run_case() {
	file=$1 name=${file##*/}
	expected "$file" >"$work/want"
	if [ ! -s "$work/want" ]; then
		echo "no # expect: line at its top"
		return
	fi
	code=$(expr "$name" : '\(RB[0-9]*\)')
	grep -qF "[$code]" "$work/want" || grep -qx 'E nothing' "$work/want" || echo "it does not expect $code, which it is named after"
	want_exit=0
	if grep -q '^E error' "$work/want"; then want_exit=2; fi
	case $name in
	*.sh) run_script "$file" ;;
	*)
		env -i PATH="$PATH" HOME="$work" ASAN_OPTIONS="${ASAN_OPTIONS:-}" \
			timeout 20 "$program" check --output json "$file" >"$work/out" 2>"$work/err" </dev/null
		;;
	esac
	exit=$?
	if ! actual "$work/out" >"$work/got" 2>"$work/jq"; then
		echo "exit $exit, and no JSON on stdout:"
		head -n 20 "$work/out" "$work/err"
		return
	fi
	compare "$work/want" "$work/got"
	[ $exit -eq $want_exit ] || {
		echo "exit $exit, expected $want_exit"
		head -n 40 "$work/err"
	}
}

[ $# -gt 0 ] || set -- tests/errors/RB*.yml tests/errors/RB*.bin tests/errors/RB*.sh
number=0 failed=0
for file in "$@"; do
	[ -e "$file" ] || continue
	number=$((number + 1))
	run_case "$file" >"$work/why"
	if [ -s "$work/why" ]; then
		failed=$((failed + 1))
		echo "not ok $number - ${file##*/}"
		sed 's/^/#   /' "$work/why"
	else
		echo "ok $number - ${file##*/}"
	fi
done
echo "1..$number"
[ $failed -eq 0 ]
