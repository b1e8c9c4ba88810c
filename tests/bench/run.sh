#!/bin/sh
# run.sh PROGRAM (`make bench`): every target of docs/performance.md, measured with
# its floor beside it in the same minute, and the same steps under bash, make,
# ninja and just. Prints a table; a missed target is no error. The programs stand
# in bench/ beside PROGRAM. A few minutes.
#
#   BENCH_DIR=DIR      where it works: a disk (default /var/tmp)
#   BENCH_ROUNDS=N     rounds of the long rows (default 5)
#   BENCH_FULL=1       100,000 steps for the memory row instead of 20,000
#   BENCH_ONLY="load"  these rows only: steps one load modules guard git journal recovery memory report http monitors peers
set -u
cd "$(dirname "$0")/../.." || exit 2
program=${1:-build/runbook}
case $program in /*) ;; *) program=$PWD/$program ;; esac
tools=$(dirname "$program")/bench
only=${BENCH_ONLY:-steps one load modules guard git journal recovery memory report http monitors peers}
rounds=${BENCH_ROUNDS:-5}
# On a disk, for a tmpfs has no sync, and in no git repository: see the row of one in there.
work=$(mktemp -d "${BENCH_DIR:-/var/tmp}/runbook-bench-XXXXXX") || exit 2
mkdir -p "$work/runs" || exit 2
nginx_pid=
clean_up() {
	[ -z "$nginx_pid" ] || kill "$nginx_pid" 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
export RUNBOOK_STATE="$work/runs"

. tests/bench/files.sh

wanted() { case " $only " in *" $1 "*) return 0 ;; esac; return 1; }
say() { echo "$*" >>"$work/notes"; }
time_of() { "$tools/rounds" "$@" >"$work/times" || say "a command failed: $*"; }
# field LABEL N: of the last time_of. 2 median ms, 3 ratio to the first, 4 peak KiB
field() { awk -F'\t' -v l="$1" -v n="$2" '$1 == l { print $n }' "$work/times"; }
per() { awk -v ms="$1" -v n="$2" 'BEGIN { printf "%.3f ms a step", ms / n }'; }
# row WHAT MEASURED FLOOR RATIO TARGET: TARGET is <=N or >=N for RATIO, or -.
row() {
	awk -v what="$1" -v measured="$2" -v floor="$3" -v value="$4" -v target="$5" 'BEGIN {
		limit = substr(target, 3) + 0
		up = substr(target, 1, 2) == ">="
		verdict = ""
		if (value == "") verdict = "not measured"
		else if (target != "-") {
			met = up ? value >= limit : value <= limit
			verdict = met ? "met" : sprintf("missed by %.0f %%", 100 * (up ? limit / value - 1 : value / limit - 1))
		}
		printf "%-40s %-22s %-32s %9s  %-8s %s\n", what, measured, floor, value, target, verdict
	}' | tee -a "$work/table"
}

# Runs FILE once; how often it synced, and how many records it wrote: $syncs, $records
count_syncs() { # FILE
	strace -f -c -o "$work/syncs" -e trace=fsync,fdatasync,sync_file_range "$program" exec "$1" >"$work/out" 2>/dev/null
	syncs=$(awk '$NF == "fsync" || $NF == "fdatasync" { n += $4 } END { print n + 0 }' "$work/syncs")
	run=$(head -c 26 "$work/out")
	records=$(cat "$work"/runs/runs/"${run:-none}"/journal.jsonl 2>/dev/null | wc -l)
}

steps=1000
printf '%-40s %-22s %-32s %9s  %-8s %s\n' what measured beside ratio target result

if wanted steps; then
	sequential $steps >"$work/seq.yml"
	time_of "$rounds" floor "$tools/floor_spawn" $steps :: sync "$tools/floor_spawn" -s "$work/synced" $steps \
		:: durable "$program" exec "$work/seq.yml" :: unsynced "$program" exec --no-sync "$work/seq.yml"
	floor=$(field floor 2)
	row "$steps durable steps" "$(per "$(field durable 2)" $steps)" "C floor: $(per "$floor" $steps)" "$(field durable 4)" '<=1.40'
	ratio=$(awk -F'\t' '{ t[$1] = $2 } END { if (t["sync"]) printf "%.3f", t["durable"] / t["sync"] }' "$work/times")
	row "  beside a floor with its one sync" "$(per "$(field durable 2)" $steps)" "C + fdatasync: $(per "$(field sync 2)" $steps)" "$ratio" -
	row "  the same with --no-sync" "$(per "$(field unsynced 2)" $steps)" "C floor: $(per "$floor" $steps)" "$(field unsynced 4)" '<=1.05'
	say "one fdatasync of an appended record costs $(awk -F'\t' -v n=$steps '{ t[$1] = $2 } END {
		printf "%.0f us here, %.2f of a floor step: no durable run can come below %.2f", (t["sync"] - t["floor"]) / n * 1000,
		(t["sync"] - t["floor"]) / t["floor"], t["sync"] / t["floor"] }' "$work/times")."
	peak=$(field durable 5)
	row "peak memory, $steps steps" "$(awk -v k="$peak" 'BEGIN { printf "%.1f MiB", k / 1024 }')" - "$(awk -v k="$peak" 'BEGIN { printf "%.2f", k / 1024 }')" '<=6'

	parallel 1000 16 >"$work/par.yml"
	if command -v strace >/dev/null 2>&1; then
		count_syncs "$work/seq.yml"
		row "syncs of $steps sequential steps" "$syncs syncs" "$records records" "$(awk -v s="$syncs" -v n=$steps 'BEGIN { printf "%.3f", s / n }')" '<=1.02'
		count_syncs "$work/par.yml"
		row "16 steps in parallel, durable" "$syncs syncs" "$records records" "$(awk -v s="$syncs" -v r="$records" 'BEGIN { if (r) printf "%.3f", s / r }')" '<=0.35'
	else
		say "skipped: syncs a record (needs strace)"
	fi
fi

if wanted one; then
	one_step >"$work/one.yml"
	printf '#!/bin/sh\n/bin/true\n' >"$work/one.sh"
	time_of 101 dash dash "$work/one.sh" :: durable "$program" exec "$work/one.yml" :: unsynced "$program" exec --no-sync "$work/one.yml" \
		:: sync "$tools/floor_spawn" -s "$work/synced" 1
	row "one-step local run" "$(field durable 2) ms" "dash script: $(field dash 2) ms" "$(field durable 4)" '<=2'
	row "  the same with --no-sync" "$(field unsynced 2) ms" "dash script: $(field dash 2) ms" "$(field unsynced 4)" '<=2'
	if commit_one; then
		time_of 51 dash dash "$work/one.sh" :: unsynced "$program" exec --no-sync "$work/repo/one.yml"
		row "  the same, from a git working tree" "$(field unsynced 2) ms" "dash script: $(field dash 2) ms" "$(field unsynced 4)" -
	fi
fi

if wanted load; then
	"$tools/bench_load" 10000 21 >"$work/load"
	row "load + check of 10,000 steps" "$(awk '/^load/ { print $4, $5 }' "$work/load")" "libyaml events: $(awk '/^libyaml/ { print $4, $5 }' "$work/load")" \
		"$(awk '/^ratio/ { print $2 }' "$work/load")" '<=1.30'
fi

if wanted modules; then
	# a runbook that uses 100 modules of 10 steps each, 3 deep
	mkdir "$work/modules"
	modules 100 "$work/modules"
	one_step >"$work/one-line.yml"
	time_of 21 plain "$program" check "$work/one-line.yml" :: modules "$program" check "$work/modules/book.yml"
	row "100 modules: read, resolve, check" "$(field modules 2) ms" "a runbook of one step: $(field plain 2) ms" "$(field modules 2)" '<=100'
	if command -v git >/dev/null 2>&1; then
		# 100 modules of another repository, pinned by runbook.lock; of 100 repositories; vendored
		for n in one many; do
			locked_modules 100 "$work/locked.$n" $n
			(cd "$work/locked.$n" && XDG_CACHE_HOME="$work/cache" "$program" mod update >/dev/null)
		done
		cp -r "$work/locked.many" "$work/vendored"
		(cd "$work/vendored" && "$program" mod vendor >/dev/null)
		time_of 21 one "$program" check "$work/locked.one/book.yml" :: many "$program" check "$work/locked.many/book.yml" \
			:: vendored "$program" check "$work/vendored/book.yml"
		row "  locked, of one repository" "$(field one 2) ms" - "$(field one 2)" '<=100'
		row "  locked, of 100 repositories" "$(field many 2) ms" - "$(field many 2)" '<=100'
		row "  locked and vendored" "$(field vendored 2) ms" - "$(field vendored 2)" '<=100'
	else
		say "skipped: locked modules (needs git)"
	fi
fi

if wanted guard; then
	"$tools/bench_guard" >"$work/guard"
	row "guard, compiled once" "$(awk '{ print $2 }' "$work/guard") ns" "C tree walk: $(awk '{ print $4 }' "$work/guard") ns" "$(awk '{ print $2 }' "$work/guard")" '<=50'
fi

if wanted git; then
	if command -v git >/dev/null 2>&1; then
		versions "$work/repo" 10000 200
		"$tools/bench_git" "$work/repo" v1.100.0 d50/run.yml >"$work/git"
		row "a version, warm" "$(awk '{ print $2, $3 }' "$work/git")" "bare libgit2: $(awk '{ print $5, $6 }' "$work/git")" "$(awk '{ print $2 }' "$work/git")" '<=30'
		outside=$(mktemp -d) # the tree itself is a repository
		cp "$work/repo/d50/run.yml" "$outside/plain.yml"
		time_of 51 show git -C "$work/repo" show v1.100.0:d50/run.yml :: plain "$program" exec --no-sync "$outside/plain.yml" \
			:: inside "$program" exec --no-sync "$work/repo/d50/run.yml" :: version "$program" exec --no-sync "$work/repo/d50/run.yml@v1.100.0"
		rm -rf "$outside"
		above=$(awk -F'\t' '{ t[$1] = $2 } END { printf "%.2f", t["version"] - t["plain"] }' "$work/times")
		row "exec FILE@TAG, cold" "$(field version 2) ms" "the file elsewhere: $(field plain 2) ms" "$above" '<=20'
		row "  the file inside of the repository" "$(field inside 2) ms" "git show: $(field show 2) ms" "$(awk -F'\t' '{ t[$1] = $2 } END { printf "%.2f", t["inside"] - t["plain"] }' "$work/times")" -
	else
		say "skipped: versions (needs git)"
	fi
fi

if wanted journal; then
	"$tools/bench_journal" "$work" >"$work/journal"
	row "journal record, CPU" "$(awk '/no secrets/ { print $5, $6 }' "$work/journal")" "its SHA-256: $(awk '/no secrets/ { print $9, $10 }' "$work/journal")" \
		"$(awk '/no secrets/ { print $5 }' "$work/journal")" '<=1'
	row "verify a journal" "$(awk '/^verify/ { print $2, $3 }' "$work/journal") a record" "its SHA-256: $(awk '/^verify/ { print $8, $9 }' "$work/journal" | tr -d ':')" \
		"$(awk '/^verify/ { print $10 }' "$work/journal" | tr -d x)" '>=0.8'
fi

if wanted recovery; then
	# a runner that is killed in its last step, behind a million records; then its journal is re-driven
	guards 400000 >"$work/guards.yml"
	"$program" exec --no-sync "$work/guards.yml" >"$work/out" 2>/dev/null &
	runner=$!
	until tail -n 1 "$work"/runs/runs/*/journal.jsonl 2>/dev/null | grep -q '"k":"act/last"'; do sleep 0.1; done
	run=$(basename "$(dirname "$(grep -l '"k":"act/last"' "$work"/runs/runs/*/journal.jsonl)")")
	sleeper=$(pgrep -P $runner)
	kill -KILL $runner && wait $runner 2>/dev/null
	kill $sleeper
	records=$(wc -l <"$work/runs/runs/$run/journal.jsonl")
	time_of "$rounds" sum sha256sum "$work/runs/runs/$run/journal.jsonl" :: replay "$program" replay "$run"
	row "replay of $records records" "$(field replay 2) ms" "sha256sum of it: $(field sum 2) ms" \
		"$(awk -v n="$records" -v ms="$(field replay 2)" 'BEGIN { if (ms) printf "%.0f", n / ms }')" '>=300'
	say "the row of replay: thousand records a second"
	time_of 1 rollback "$program" rollback "$run" --yes
	row "takeover behind them" "$(field rollback 2) ms" - "$(awk -v ms="$(field rollback 2)" 'BEGIN { if (ms) printf "%.2f", ms / 1000 }')" '<=5'
fi

if wanted memory; then
	many=20000
	[ -z "${BENCH_FULL:-}" ] || many=100000
	loop $many >"$work/loop.yml"
	time_of 1 few "$program" exec --no-sync "$work/seq.yml" :: many "$program" exec --no-sync "$work/loop.yml"
	peak=$(field many 5)
	if [ $many = 100000 ]; then
		row "peak memory, 100,000 steps" "$(awk -v k="$peak" 'BEGIN { printf "%.1f MiB", k / 1024 }')" - "$(awk -v k="$peak" 'BEGIN { printf "%.1f", k / 1024 }')" '<=100'
	else
		loop 1000 >"$work/loop.yml"
		time_of 1 few "$program" exec --no-sync "$work/loop.yml"
		low=$(field few 5)
		row "peak memory, 100,000 steps" "$(awk -v k="$peak" 'BEGIN { printf "%.1f MiB at 20,000", k / 1024 }')" "extrapolated from 1,000, 20,000" \
			"$(awk -v a="$low" -v b="$peak" 'BEGIN { printf "%.1f", (a + (b - a) / 19 * 99) / 1024 }')" '<=100'
	fi
fi

if wanted report; then
	python3 tests/report/runbooks.py many >"$work/many.yml"
	run=$("$program" exec --no-sync "$work/many.yml" 2>/dev/null | cut -d ' ' -f 1)
	python3 tests/report/runbooks.py rich >"$work/rich.yml"
	small=$("$program" exec --no-sync --yes "$work/rich.yml" 2>/dev/null | cut -d ' ' -f 1)
	"$program" report "$run" -f html >"$work/many.html" && "$program" report "$small" -f html >"$work/small.html"
	time_of "$rounds" json "$program" report "$run" -f json :: html "$program" report "$run" -f html
	row "report of 10,000 steps as HTML" "$(field html 2) ms" "as JSON: $(field json 2) ms" "$(field html 4)" -
	browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
	npm=$(dirname "$program")/npm
	if [ -n "$browser" ] && [ -d "$npm/node_modules/playwright-core" ] &&
		HOME=$work node tests/bench/open.mjs "$npm" "$browser" "$work/small.html" "$work/many.html" >"$work/opened" 2>/dev/null; then
		row "  opens in chromium" "$(sed -n 2p "$work/opened") ms" "of a small run: $(sed -n 1p "$work/opened") ms" \
			"$(sed -n 2p "$work/opened" | awk '{ printf "%.2f", $1 / 1000 }')" '<=2'
	else
		say "skipped: opening the HTML report (needs chromium, node and build/npm/node_modules/playwright-core: see tests/report/report.sh)"
	fi
fi

# nginx on $port, once
nginx_up() {
	[ -z "$nginx_pid" ] || return 0
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null)
	[ -n "$port" ] && PATH=$PATH:/usr/sbin command -v nginx >/dev/null 2>&1 || return 1
	nginx_conf "$port" "$work" >"$work/nginx.conf"
	PATH=$PATH:/usr/sbin nginx -e "$work/nginx.log" -c "$work/nginx.conf" && nginx_pid=$(cat "$work/nginx.pid")
}

if wanted http; then
	if nginx_up; then
		requests 5000 16 "http://127.0.0.1:$port/health" >"$work/http.yml"
		time_of "$rounds" floor "$tools/floor_http" "http://127.0.0.1:$port/health" 5000 16 :: durable "$program" exec "$work/http.yml" \
			:: unsynced "$program" exec --no-sync "$work/http.yml"
		row "5,000 HTTP checks, 16 at once" "$(field durable 2) ms" "curl_multi: $(field floor 2) ms" "$(awk -v r="$(field durable 4)" 'BEGIN { if (r) printf "%.3f", 1 / r }')" '>=0.9'
	else
		say "skipped: HTTP checks (needs nginx and python3)"
	fi
fi

# CPU time of a command and its children, user and system, in ms.
cpu_of() {
	python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
r = resource.getrusage(resource.RUSAGE_CHILDREN)
print("%.1f" % ((r.ru_utime + r.ru_stime) * 1000))' "$@" || say "a command failed: $*"
}

if wanted monitors; then
	# 25 monitors every 1.5 s are 1,000 samples a minute; what a run without them costs is taken off
	if nginx_up; then
		monitors 25 1500ms 30 "http: { url: 'http://127.0.0.1:$port/figure' }" >"$work/monitors.yml"
		monitors 25 1500ms 30 'run: [echo, "7"]' >"$work/monitors-run.yml"
		printf 'runbook: 1\npreflight: [{ http: { url: "http://127.0.0.1:%s/figure" }, expect: int(trim(out)) == 7 }]\ntest: [{ wait: 30s }]\n' "$port" >"$work/plain.yml"
		bare=$(cpu_of "$program" exec "$work/plain.yml")
		for how in http run; do
			file=$work/monitors.yml
			[ $how = http ] || file=$work/monitors-run.yml
			all=$(cpu_of "$program" exec "$file")
			percent=$(awk -v a="$all" -v b="$bare" 'BEGIN { printf "%.3f", (a - b) / 30000 * 100 }')
			row "1,000 samples a minute, $how" "$all ms CPU in 30 s" "a run that only waits: $bare ms" "$percent %" "$([ $how = http ] && echo '<=1' || echo -)"
		done
	else
		say "skipped: monitors (needs nginx and python3)"
	fi
fi

if wanted peers; then
	peers $steps
fi

[ ! -s "$work/notes" ] || { echo; cat "$work/notes"; }
