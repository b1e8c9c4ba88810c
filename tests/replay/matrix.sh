#!/bin/bash
# matrix.sh [long]: generated runbooks (gen.py) run in the scripted world (matrix.c), their
# journals are the same bytes from every build; replayed, every record and every report is
# the same, too: across builds, time zones, locales and folders. TAP.
# Here 300 runbooks and the builds that `make check` has; `long` (matrix.long.sh): 10,000,
# by gcc and clang with -O0 and -O3. RB_REPLAY_SEEDS=N runs N, RB_REPLAY_FROM=N begins there.
set -u
cd "$(dirname "$0")/../.." || exit 2
mode=${1:-}
many=${RB_REPLAY_SEEDS:-$([ "$mode" = long ] && echo 10000 || echo 300)}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
number=0 failed=0

verdict() { # 0|1 NAME; $work/why says why not
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		failed=$((failed + 1))
		echo "not ok $number - $2"
		head -n 30 "$work/why" | cut -c 1-500 | sed 's/^/#   /'
	fi
}
digest() { sed -n 's/^digest //p' "$1"; }

# --- builds ---
if ! ${MAKE:-make} -s all >"$work/why" 2>&1; then
	cat "$work/why"
	echo "Bail out! build"
	exit 1
fi
builds=
build() { # NAME MAKE-ARGUMENTS...
	local name=$1
	shift
	if ${MAKE:-make} -s "$@" replay-build >"$work/why" 2>&1; then
		builds="$builds $name"
	else
		sed -i "/^CC /d" "$work/why"
		verdict 1 "the build $name"
	fi
}
if [ "$mode" = long ]; then
	for compiler in gcc clang; do
		if ! command -v $compiler >/dev/null; then
			echo "# no $compiler here: its half of the matrix is left out"
			continue
		fi
		for level in O0 O3; do
			# -O3 has warnings of its own; static libraries do not go with -O0.
			set -- CC=$compiler OPT="-$level -g" B="build/replay-$compiler-$level" LIBS="-lyaml -ljansson -lpcre2-8 -lutf8proc -lcrypto -lz -lm -ldl"
			[ $level = O0 ] || set -- "$@" WARN=-w
			build "replay-$compiler-$level" "$@"
		done
	done
else
	build . B=build
	build san SAN=1
fi
program() { echo "$PWD/build/$1/replay/matrix"; }

# --- runbooks, with everything in them ---
python3 tests/replay/gen.py "${RB_REPLAY_FROM:-0}" "$many" "$work/books" >"$work/why"
verdict $? "$many runbooks, in them every key of the key table, every function, every modifier beside every action"
cat "$work/why"

# --- the same journals from every build ---
want=
for name in $builds; do
	state=$work/made-$name
	mkdir "$state"
	"$(program "$name")" make "$work/books" "$state" >"$work/why" 2>&1 || echo "exit $?" >>"$work/why"
	got=$(digest "$work/why")
	[ -n "$want" ] || { want=$got; grep '^#' "$work/why"; }
	[ -n "$got" ] && [ "$got" = "$want" ] && [ "$(find "$state/runs" -name journal.jsonl | wc -l)" -eq "$many" ]
	verdict $? "$many journals made by the build $name: ${got:0:16}"
	[ "$name" = "${builds##* }" ] || rm -rf "$state"
done
mv "$work/made-${builds##* }" "$work/state"

# --- the same replays and reports everywhere ---
locales="C C.UTF-8"
mkdir "$work/locales"
for one in tr_TR.UTF-8 de_DE.UTF-8 ko_KR.EUC-KR; do
	if localedef -i "${one%%.*}" -f "${one#*.}" "$work/locales/$one" 2>/dev/null || [ -e "$work/locales/$one/LC_CTYPE" ]; then
		locales="$locales $one"
	fi
done
[ "$locales" != "C C.UTF-8" ] || echo "# no sources of other locales here (package locales)"
want=
cell() { # BUILD TZ LOCALE FOLDER
	local place=$work/$4
	[ -e "$place" ] || mv "$work/state" "$place"
	(cd "$place" && TZ=$2 LC_ALL=$3 LOCPATH=$work/locales "$(cd "$OLDPWD" && program "$1")" replay .) >"$work/why" 2>&1 || echo "exit $?" >>"$work/why"
	[ "$place" = "$work/state" ] || mv "$place" "$work/state"
	got=$(digest "$work/why")
	[ -n "$want" ] || { want=$got; grep '^#' "$work/why" | tail -n 2; }
	grep -q "^# $many runs replayed, $many identical" "$work/why" && [ "$got" = "$want" ] && ! grep -q '^exit' "$work/why"
	verdict $? "$many replayed: build $1, TZ $2, locale $3, in $4: ${got:0:16}"
}
zones=(UTC Asia/Kathmandu America/St_Johns Pacific/Apia :/nonexistent)
folders=(state "another folder" "더 깊은/곳")
mkdir -p "$work/더 깊은"
i=0
for name in $builds; do
	here=$locales
	[ "$mode" != long ] || [ "${name##*-}" != O0 ] || here=$(set -- $locales && echo "$1 ${!#}") # slow
	for locale in $here; do
		cell "$name" "${zones[$((i % 5))]}" "$locale" "${folders[$((i % 3))]}"
		i=$((i + 1))
	done
done

# --- and the program itself, on a few of them ---
export RUNBOOK_STATE="$work/state" RUNBOOK_LOCKS="$work/locks" HOME="$work"
for dir in $(ls -d "$work"/state/runs/* | awk -v n="$many" 'NR % int(n / 20 + 1) == 1'); do
	build/runbook replay "$(basename "$dir")" >>"$work/said" 2>&1 || echo "exit $?: $dir" >>"$work/said"
done
cp "$work/said" "$work/why"
[ "$(grep -c identical "$work/said")" -gt 5 ] && ! grep -q 'exit [0-9]' "$work/said"
verdict $? "$(grep -c identical "$work/said") of them by \`runbook replay\`"
echo "1..$number"
[ $failed -eq 0 ]
