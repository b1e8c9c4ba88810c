#!/bin/sh
# fuzz.sh: runs each libFuzzer target for FUZZ_SECONDS (default 60) from its seeds in
# tests/fuzz/seeds/NAME; what it finds new is kept in build/fuzz/corpus/NAME, the
# output in build/fuzz/NAME.log, a crash in build/fuzz/NAME-crash-*.
# fuzz.sh NAME...: only these targets.
# fuzz.sh --seeds [NAME...]: each target once over its seeds, as TAP, with the
# sanitizers of SAN=1 and without a fuzzer (part of make check).
set -u
cd "$(dirname "$0")/../.." || exit 2
seeds_only=
if [ "${1:-}" = --seeds ]; then
	seeds_only=1
	shift
	set -- build-seeds "$@"
	${MAKE:-make} -s -k SAN=1 seeds-build >build/fuzz-build.log 2>&1
elif command -v clang >/dev/null; then
	set -- build-fuzz "$@"
	${MAKE:-make} -s -k -j"$(nproc)" fuzz-build >build/fuzz-build.log 2>&1
else
	echo "1..0 # SKIP no clang here"
	exit 0
fi || {
	sed 's/^/# /' build/fuzz-build.log
	echo "not ok 1 - ${1#build-}: the build"
	echo "1..1"
	exit 1
}
shift
[ $# -gt 0 ] || set -- $(for f in tests/fuzz/fuzz_*.c; do basename "$f" .c | sed 's/^fuzz_//'; done)
number=0 failed=0
for name in "$@"; do
	number=$((number + 1))
	corpus=build/fuzz/corpus/$name seeds=tests/fuzz/seeds/$name log=build/fuzz/$name.log
	mkdir -p "$corpus"
	if [ "$seeds_only" ]; then
		set -- "build/san/fuzz/seeds_$name" "$seeds"
	else
		set -- "build/fuzz/fuzz_$name" -rss_limit_mb=1024 -timeout=10 -artifact_prefix="build/fuzz/$name-" \
			-max_total_time="${FUZZ_SECONDS:-60}" -print_final_stats=1
		[ ! -f "tests/fuzz/$name.dict" ] || set -- "$@" -dict="tests/fuzz/$name.dict"
		set -- "$@" "$corpus"
		[ ! -d "$seeds" ] || set -- "$@" "$seeds"
	fi
	if "$@" >"$log" 2>&1; then
		echo "ok $number - $name: $(grep -oE '^[0-9]+ seeds|cov: [0-9]* ft: [0-9]* corp: [0-9]*' "$log" | tail -n 1)"
	else
		failed=$((failed + 1))
		echo "not ok $number - $name"
		tail -n 40 "$log" | sed 's/^/# /'
	fi
done
echo "1..$number"
[ $failed -eq 0 ]
