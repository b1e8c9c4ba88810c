#!/bin/sh
# lang.sh PROGRAM [CASE...]: the runbooks of tests/lang, each run in a scratch
# folder of its own, with comments at the top that say what must happen:
#
#   # exec: [-i, tag=v2, "x y=a b"]   further arguments of `runbook exec FILE`
#   # exit: 3                         its exit code (default 0, if no status is given)
#   # expect: text                    some line of stdout or stderr holds this text,
#                                     after the line of the expect before it
#   # expect-not: text                no line holds this
#   # status: rolled_back             status of the last event of --output json
#   # undone: b a                     what it undid, in this order; `none`
#   # residue: c                      what stands; `none`
#   # before: command                 run by sh in the folder before, and after it:
#   # after: command                  must end with 0
#
# Files in NAME.d/ beside NAME.yml are copied into the folder. Cases that expect
# text run once with text output, those that expect a status once with JSON, each
# time in a fresh folder. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 2
program=${1:?usage: lang.sh PROGRAM [CASE...]}
case $program in /*) ;; *) program=$PWD/$program ;; esac
shift
command -v jq >/dev/null || {
	echo "1..0 # SKIP no jq here"
	exit 0
}
work=$(mktemp -d) || exit 2
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# All values of one header key of $case_file, one per line.
header() {
	awk -v key="# $1: " '!/^#/ { exit } index($0, key) == 1 { print substr($0, length(key) + 1) }' "$case_file"
}

# "[a, b c, "d, e"]" -> one argument per line (quotes may hold commas).
arguments() {
	awk '{
		sub(/^ *\[ */, ""); sub(/ *\] *$/, "")
		while (length($0)) {
			if (match($0, /^"[^"]*"/) || match($0, /^\047[^\047]*\047/)) {
				print substr($0, 2, RLENGTH - 2)
				$0 = substr($0, RLENGTH + 1)
			} else {
				match($0 ",", /,/)
				a = substr($0, 1, RSTART - 1)
				sub(/ *$/, "", a)
				print a
				$0 = substr($0, RSTART)
			}
			sub(/^ *,? */, "")
		}
	}'
}

# Runs the case once; more arguments as given. Sets $exit and $dir; fills $work/out and err.
run_once() {
	dir=$work/$number-$1
	shift
	mkdir -p "$dir/locks"
	cp "$case_file" "$dir/"
	[ ! -d "${case_file%.yml}.d" ] || cp -R "${case_file%.yml}.d/." "$dir/"
	header exec | arguments >"$work/args"
	while IFS= read -r argument; do
		set -- "$@" "$argument"
	done <"$work/args"
	exit=0
	header before | in_dir "before" || return 1
	(cd "$dir" && exec env -i PATH="$PATH" HOME="$dir" RUNBOOK_LOCKS="$dir/locks" ASAN_OPTIONS="${ASAN_OPTIONS:-}" \
		timeout -k 5 60 "$program" exec "${case_file##*/}" --no-input --state "$dir/state" "$@" \
		>"$work/out" 2>"$work/err" </dev/null) || exit=$?
	header after | in_dir "after"
}

# Commands from stdin, each by sh in the folder of the case.
in_dir() {
	while IFS= read -r command; do
		(cd "$dir" && env -i PATH="$PATH" HOME="$dir" sh -c "$command" </dev/null >"$work/said" 2>&1) || {
			echo "$1: \`$command\` ended with $?"
			head -n 20 "$work/said"
			return 1
		}
	done
}

show_output() {
	echo "stdout:"
	tail -n 40 "$work/out" | sed 's/^/  /'
	echo "stderr:"
	tail -n 40 "$work/err" | sed 's/^/  /'
}

check_exit() {
	want=$(header exit)
	[ -n "$want" ] || [ -n "$(header status)" ] || want=0
	[ -z "$want" ] || [ "$want" = "$exit" ] || echo "exit $exit, expected $want"
}

check_text() {
	cat "$work/out" "$work/err" >"$work/all"
	header expect >"$work/wanted"
	# A line of stdout may be waited for after one of stderr: order counts within each stream.
	awk -v wanted="$work/wanted" -v err="$work/err" '
	BEGIN { while ((getline line < wanted) > 0) want[++n] = line }
	{ file = FILENAME == err ? 2 : 1; text[file, ++count[file]] = $0 }
	END {
		at[1] = at[2] = 0
		for (i = 1; i <= n; i++) {
			found = 0
			for (f = 1; f <= 2 && !found; f++)
				for (k = at[f] + 1; k <= count[f]; k++)
					if (index(text[f, k], want[i])) { at[f] = k; found = 1; break }
			if (!found) print "no line (after those before it) holds: " want[i]
		}
	}' "$work/out" "$work/err"
	header expect-not | while IFS= read -r text; do
		! grep -qF -- "$text" "$work/all" || echo "must not appear: $text"
	done
}

check_list() { # KEY FILTER
	want=$(header "$1")
	[ -n "$want" ] || return 0
	[ "$want" != none ] || want=
	got=$(tail -n 1 "$work/out" | jq -r "[$2] | join(\" \")" 2>&1)
	[ "$got" = "$want" ] || echo "$1: ${got:-none}, expected ${want:-none}"
}

check_json() {
	want=$(header status)
	got=$(tail -n 1 "$work/out" | jq -r 'if .t == "run.end" then .status else "(no run.end)" end' 2>/dev/null)
	[ -z "$want" ] || [ "$got" = "$want" ] || echo "status ${got:-(no JSON)}, expected $want"
	check_list undone '.undone[]? | if type == "object" then (.key // .k // .step) else . end'
	check_list residue '.residue[]? | if type == "object" then (.key // .k // .step) else . end'
}

report_wrong() {
	[ -s "$work/wrong" ] || return 0
	cat "$work/wrong"
	show_output
}

run_case() {
	json=$(header status)$(header undone)$(header residue)
	text=$(header expect)$(header expect-not)
	if [ -n "$text" ] || [ -z "$json" ]; then
		run_once text || return
		{
			check_exit
			check_text
		} >"$work/wrong"
		report_wrong
	fi
	if [ -n "$json" ]; then
		run_once json --output json || return
		{
			check_exit
			check_json
			header expect-not | while IFS= read -r text; do
				! grep -qF -- "$text" "$work/out" "$work/err" || echo "must not appear in JSON: $text"
			done
		} >"$work/wrong"
		report_wrong
	fi
}

[ $# -gt 0 ] || set -- tests/lang/*.yml
number=0 failed=0
for case_file in "$@"; do
	[ -e "$case_file" ] || continue
	number=$((number + 1))
	run_case >"$work/why"
	if [ -s "$work/why" ]; then
		failed=$((failed + 1))
		echo "not ok $number - ${case_file##*/}"
		sed 's/^/#   /' "$work/why"
	else
		echo "ok $number - ${case_file##*/}"
	fi
	chmod -R u+rwX "$work" 2>/dev/null
	rm -rf "$work/$number-text" "$work/$number-json"
done
echo "1..$number"
[ $failed -eq 0 ]
