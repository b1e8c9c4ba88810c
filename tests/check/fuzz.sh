#!/bin/sh
# fuzz.sh: runs each libFuzzer target for FUZZ_SECONDS (default 60) from its seeds in
# tests/fuzz/seeds/NAME; what it finds new is kept in build/fuzz/corpus/NAME, the
# output in build/fuzz/NAME.log, a crash in build/fuzz/NAME-crash-*.
# fuzz.sh NAME...: only these targets.
# fuzz.sh --seeds: each target once over its seeds, as TAP (part of make check).
set -u
cd "$(dirname "$0")/../.." || exit 2
seeds_only=
if [ "${1:-}" = --seeds ]; then
	seeds_only=1
	shift
fi
if ! command -v clang >/dev/null; then
	echo "1..0 # SKIP no clang here"
	exit 0
fi
if [ "$seeds_only" ]; then jobs=1; else jobs=$(nproc); fi
if ! ${MAKE:-make} -s -k -j"$jobs" fuzz-build >build/fuzz-build.log 2>&1; then
	sed 's/^/# /' build/fuzz-build.log
	echo "not ok 1 - build of the fuzz targets"
	echo "1..1"
	exit 1
fi
[ $# -gt 0 ] || set -- $(for f in tests/fuzz/fuzz_*.c; do basename "$f" .c | sed 's/^fuzz_//'; done)
number=0 failed=0
for name in "$@"; do
	number=$((number + 1))
	corpus=build/fuzz/corpus/$name seeds=tests/fuzz/seeds/$name log=build/fuzz/$name.log
	mkdir -p "$corpus"
	set -- -rss_limit_mb=1024 -timeout=10 -artifact_prefix="build/fuzz/$name-"
	[ ! -f "tests/fuzz/$name.dict" ] || set -- "$@" -dict="tests/fuzz/$name.dict"
	if [ "$seeds_only" ]; then
		set -- "$@" -runs=0
	else
		set -- "$@" -max_total_time="${FUZZ_SECONDS:-60}" -print_final_stats=1 "$corpus"
	fi
	[ ! -d "$seeds" ] || set -- "$@" "$seeds"
	if "build/fuzz/fuzz_$name" "$@" >"$log" 2>&1; then
		echo "ok $number - $name: $(grep -o 'cov: [0-9]* ft: [0-9]* corp: [0-9]*' "$log" | tail -n 1)"
	else
		failed=$((failed + 1))
		echo "not ok $number - $name"
		tail -n 40 "$log" | sed 's/^/# /'
	fi
done
echo "1..$number"
[ $failed -eq 0 ]
