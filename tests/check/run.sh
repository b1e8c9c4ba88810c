#!/bin/bash
# `make check`: builds, runs every suite two at a time, and closes with one line
# "N passed, N failed" (", N skipped"). RB_LONG=1 adds the long suites. Arguments
# choose suites by pattern: run.sh 'unit/*' lang.
#
# A suite is a program that prints TAP, or (check/*) one that is one test. A suite
# that ends with an error without a failed test, or prints no plan or another
# number of tests than planned, counts as a failure more. Outputs are kept in
# build/check/NAME.log.
set -u
cd "$(dirname "$0")/../.." || exit 2
root=$PWD
logs=$root/build/check
limit=${RB_SUITE_LIMIT:-1800} # seconds
unset CI MAKEFLAGS MFLAGS MAKELEVEL GITHUB_ACTIONS B SAN ROOMS T
make=${MAKE:-make}
jobs=$(nproc 2>/dev/null || echo 2)

list_suites() { # NAME<tab>COMMAND
	for script in layers banned headers names coverage selftest; do
		printf 'check/%s\t%s\n' $script "sh tests/check/$script.sh"
	done
	for test in tests/unit/test_*.c; do
		[ -e "$test" ] || continue
		name=$(basename "$test" .c)
		printf 'unit/%s\t%s\n' "${name#test_}" "build/unit/$name"
		printf 'san/%s\t%s\n' "${name#test_}" "build/san/unit/$name"
	done
	for runner in errors lang; do
		[ -n "$(ls tests/$runner 2>/dev/null)" ] || continue
		printf '%s\t%s\n' $runner "sh tests/check/$runner.sh build/runbook"
		printf 'san/%s\t%s\n' $runner "sh tests/check/$runner.sh build/san/runbook"
	done
	for file in tests/cli/*.bats; do
		[ -e "$file" ] || continue
		printf 'cli/%s\t%s\n' "$(basename "$file" .bats)" "bats --tap $file"
	done
	for file in tests/git/*.bats; do
		[ -e "$file" ] || continue
		printf 'git/%s\t%s\n' "$(basename "$file" .bats)" "bats --tap $file"
	done
	for file in tests/live/*.sh; do
		case $file in *.long.sh) [ "${RB_LONG:-}" ] || continue ;; esac
		[ -e "$file" ] || continue
		printf 'live/%s\t%s\n' "$(basename "$file" .sh)" "sh $file"
	done
	for file in tests/crash/*.sh; do
		case $file in *.long.sh) [ "${RB_LONG:-}" ] || continue ;; esac
		[ -e "$file" ] || continue
		printf 'crash/%s\t%s\n' "$(basename "$file" .sh)" "bash $file"
	done
	for file in tests/yaml/run.sh tests/schema/schema.sh tests/report/report.sh tests/limits/run.sh tests/check/docs.sh; do
		[ ! -e "$file" ] || printf '%s\t%s\n' "$(basename "$(dirname "$file")")/$(basename "$file" .sh)" "sh $file"
	done
	printf 'yaml/values\tpython3 tests/yaml/values.py build/runbook\n'
	printf 'san/yaml-values\tpython3 tests/yaml/values.py build/san/runbook\n'
	for suite in golden/golden.sh replay/matrix.sh replay/matrix.long.sh; do
		case $suite in *.long.sh) [ "${RB_LONG:-}" ] || continue ;; esac
		[ ! -e "tests/$suite" ] || printf '%s\tbash tests/%s\n' "${suite%.sh}" "$suite"
	done
	[ ! -e tests/verifier/agree.sh ] || printf 'verifier/agree\tbash tests/verifier/agree.sh\n'
	if ls tests/fuzz/fuzz_*.c >/dev/null 2>&1; then
		printf 'fuzz-seeds\tsh tests/check/fuzz.sh --seeds\n'
	fi
	if [ "${RB_LONG:-}" ]; then
		for test in tests/unit/test_*.c; do
			name=$(basename "$test" .c)
			[ "$name" != test_jail ] || continue # which leaves valgrind itself no calls
			printf 'valgrind/%s\t%s\n' "${name#test_}" "valgrind -q --error-exitcode=99 --leak-check=full build/unit/$name"
		done
	fi
}

# Reads a log, prints "passed failed skipped"; $1 exit status of the suite, $2 its name.
count() {
	awk -v status="$1" -v single="${2:-}" '
	/^ok( |$)/ {
		if (tolower($0) ~ /# *skip/) skipped++; else passed++
	}
	/^not ok( |$)/ {
		if (tolower($0) ~ /# *todo/ || /^not ok [0-9]+ # SKIP /) skipped++; else failed++ # cmocka: skip()
	}
	/^1\.\.[0-9]+/ {
		plan = substr($1, 4) + 0
		planned += plan
		plans++
		if (plan == 0 && tolower($0) ~ /# *skip/) { whole = 1 }
	}
	/^Bail out!/ { bailed = 1 }
	END {
		seen = passed + failed + skipped
		if (single) { passed = status == 0; failed = status != 0; skipped = 0 }
		else if (whole && seen == 0 && status == 0) skipped = 1
		else if (bailed || !plans || planned != seen || (status != 0 && !failed)) failed++
		print passed + 0, failed + 0, skipped + 0
	}'
}

if [ "${1:-}" = --one ]; then
	name=$2
	command=$(list_suites | awk -F '\t' -v n="$name" '$1 == n { print $2 }')
	log=$logs/$(echo "$name" | tr / -)
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/rb-check-XXXXXX") || exit 1
	chmod 711 "$scratch" # servers run as users of their own go through it
	start=$(date +%s)
	# Children of a suite must not find a terminal, our settings or each other.
	CMOCKA_MESSAGE_OUTPUT=TAP RUNBOOK_BIN=$root/build/runbook PATH=$root/build:$PATH TMPDIR=$scratch \
		RUNBOOK_LOCKS=$scratch/locks XDG_STATE_HOME=$scratch/state XDG_CONFIG_HOME=$scratch/config \
		ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1} UBSAN_OPTIONS=print_stacktrace=1 \
		timeout -k 10 "$limit" $command >"$log.log" 2>&1 </dev/null
	status=$?
	times >"$log.times" # of this shell, then of all that it started
	cpu=$(awk 'NR == 2 { gsub(/[ms]/, " "); print int($1 * 60 + $2 + $3 * 60 + $4) }' "$log.times")
	[ $status -ne 124 ] || echo "run.sh: stopped after $limit s" >>"$log.log"
	[ $status -le 1 ] || echo "run.sh: exit status $status" >>"$log.log"
	chmod -R u+rwX "$scratch" 2>/dev/null
	rm -rf "$scratch"
	single=
	case $name in check/selftest) ;; check/*) single=1 ;; esac
	read -r passed failed skipped <<<"$(count $status $single <"$log.log")"
	echo "$passed $failed $skipped" >"$log.count"
	verdict=ok
	[ "$failed" -eq 0 ] || verdict=FAIL
	printf '%-4s %-28s %4d passed %3d failed %3d skipped %5d s, %d of CPU\n' $verdict "$name" "$passed" "$failed" "$skipped" \
		$(($(date +%s) - start)) "$cpu"
	exit 0
fi

rm -rf "$logs"
mkdir -p "$logs"

# Builds come first, one test each. Without them only the checks that need none run.
built=1
build() { # NAME ARGS...
	name=$1 start=$(date +%s)
	shift
	if $make --no-print-directory -j"$jobs" "$@" >"$logs/$name.log" 2>&1; then
		echo "1 0 0" >"$logs/$name.count"
		printf 'ok   %-74s %5d s\n' "$name" $(($(date +%s) - start))
	else
		echo "0 1 0" >"$logs/$name.count"
		printf 'FAIL %s\n' "$name"
		built=
	fi
}
build build -k all unit-build
build build-san -k SAN=1 all unit-build

suites=$(list_suites | cut -f 1)
if [ -z "$built" ]; then
	echo "the build failed: only check/* runs"
	suites=$(printf '%s\n' "$suites" | grep '^check/')
fi
if [ $# -gt 0 ]; then
	suites=$(for name in $suites; do
		for pattern in "$@"; do
			# shellcheck disable=SC2254
			case $name in $pattern) echo "$name" ;; esac
		done
	done | sort -u)
fi
# The longest ones first, and one more than there are processors: many wait most of their time.
long='live/ai_model|live/ai_model_points|live/kis_points|live/tdev|live/neulbom|live/neulbom_db|git/remote|verifier/agree|san/lang|san/whatif|san/takeover|fuzz-seeds|schema/schema|limits/run'
[ -z "$suites" ] || { printf '%s\n' $suites | grep -xE "$long"; printf '%s\n' $suites | grep -vxE "$long"; } |
	xargs -P $((jobs + 1)) -n 1 bash tests/check/run.sh --one

passed=0 failed=0 skipped=0
for file in "$logs"/*.count; do
	read -r p f s <"$file"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	if [ "$f" -gt 0 ]; then
		log=${file%.count}.log
		printf '\n--- %s\n' "${log#"$root"/}"
		if [ "$(wc -l <"$log")" -gt 300 ]; then
			grep -A 12 '^not ok' "$log" | head -n 200
			echo "... the last lines:"
			tail -n 60 "$log"
		else
			cat "$log"
		fi
	fi
done
skips=
[ "$skipped" -eq 0 ] || skips=", $skipped skipped"
printf '\n%d passed, %d failed%s\n' "$passed" "$failed" "$skips"
[ "$failed" -eq 0 ]
