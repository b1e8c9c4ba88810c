#!/bin/sh
# run.sh [PROGRAM] [NAME...]: crosses each limit of docs/limits.md: one step inside it
# is good, one step outside gives the code (or what happens instead). The values come
# from the table; a row without a test fails, a test without a row too. What takes
# half a minute runs with RB_LONG=1 only. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 2
program=${1:-build/runbook}
case $program in /*) ;; *) program=$PWD/$program ;; esac
[ $# -eq 0 ] || shift
root=$PWD
here=$PWD/tests/limits
work=$(mktemp -d) || exit 2
server=
cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
cd "$work" || exit 2
export RUNBOOK_STATE="$work/state" RUNBOOK_LOCKS="$work/locks" HOME="$work" XDG_CONFIG_HOME="$work/config"
unset CI GITHUB_ACTIONS http_proxy HTTP_PROXY https_proxy all_proxy ALL_PROXY
export no_proxy=127.0.0.1

# --- tools ---
repeat() { # TEXT COUNT
	awk -v s="$1" -v n="$2" 'BEGIN { for (i = 0; i < n; i++) printf "%s", s }'
}
zeros() { # COUNT: as many letters x
	head -c "$1" /dev/zero | tr '\0' x
}
book() { # FILE: the head, then standard input
	{
		printf 'runbook: 1\nname: limit\ndefaults: { timeout: 60s }\n'
		cat
	} >"$1"
}
check() { "$program" check "$1" >out 2>&1 </dev/null; }
run() { "$program" exec "$@" --no-input >out 2>&1 </dev/null; }
last() { echo "$work/state/runs/$(ls "$work/state/runs" | LC_ALL=C sort | tail -n 1)"; }

# Verdicts of the test at hand: the first one that does not hold is shown.
say() { [ -s why ] || { echo "$*"; echo "the output:"; cut -c 1-300 out | head -n 30; } >why; }
good() { "$@" || say "within the limit it must go: $*"; }
bad() { ! "$@" || say "past the limit it must not go: $*"; }
says() { grep -qF -- "$1" out || say "this was not said: $1"; }
says_not() { ! grep -qF -- "$1" out || say "this must not be said: $1"; }

# A guard in a runbook of its own.
guard() { # EXPRESSION
	{
		printf 'preflight:\n  - guard: >-\n      '
		printf '%s\n' "$1"
	} | book guard.yml
}

# --- the tests: limit_NAME VALUE CODE ---
limit_runbook_size() {
	book file.yml <<-X
		preflight: [{ guard: 'true' }]
	X
	size=$(wc -c <file.yml)
	{ printf '#'; zeros $(($1 - size - 2)); echo; } >>file.yml
	[ "$(wc -c <file.yml)" -eq "$1" ] || say "the test is wrong"
	good check file.yml
	echo >>file.yml
	bad check file.yml
	says "$2"
}
limit_inputs_file_size() {
	printf 'inputs: { a: string }\npreflight: [{ guard: "true" }]\n' | book file.yml
	{ printf 'a: b\n#'; zeros $(($1 - 7)); echo; } >in.yml
	good run file.yml --inputs in.yml
	echo >>in.yml
	bad run file.yml --inputs in.yml
	says 'in.yml: larger than'
}
limit_nesting() {
	nested() { # LEVELS in all: the map, meta, a
		printf 'meta: { a: %s%s }\npreflight: [{ guard: "true" }]\n' "$(repeat '[' $(($1 - 2)))" "$(repeat ']' $(($1 - 2)))" | book file.yml
	}
	nested "$1"
	good check file.yml
	nested $(($1 + 1))
	bad check file.yml
	says "$2"
}
limit_key_length() {
	keyed() { printf 'meta:\n  %s: 1\npreflight: [{ guard: "true" }]\n' "$(zeros "$1")" | book file.yml; }
	keyed "$1"
	good check file.yml
	keyed $(($1 + 1))
	bad check file.yml
	says "$2"
}
limit_diagnostics_shown() {
	{ echo preflight:; repeat '  - { rum: x }
' $(($1 + 1)); } | book file.yml
	bad check file.yml
	[ "$(grep -c '^error\[' out)" -eq "$1" ] || say "not $1 errors are shown"
	says "$(($1 + 1)) errors"
}
limit_name_length() {
	named() { printf 'preflight:\n  - id: %s\n    guard: true\n' "$(zeros "$1")" | book file.yml; }
	named "$1"
	good check file.yml
	named $(($1 + 1))
	bad check file.yml
	says "$2"
}
limit_holes() {
	holes() { printf 'preflight:\n  - run: [a, "%s"]\n    effect: read\n' "$(repeat '${{ run.id }}' "$1")" | book file.yml; }
	holes "$1"
	good check file.yml
	holes $(($1 + 1))
	bad check file.yml
	says "$2"
}
limit_expression_size() {
	sized() { guard "$(printf "'%s' != ''" "$(zeros $(($1 - 8)))")"; }
	sized "$1"
	good check guard.yml
	sized $(($1 + 1))
	bad check guard.yml
	says "$2"
}
limit_expression_depth() {
	deep() { guard "$(repeat 'not ' $(($1 - 1)))true"; }
	deep "$1"
	good check guard.yml
	deep $(($1 + 1))
	bad check guard.yml
	says "$2"
}
limit_function_arguments() {
	many() { guard "max(1$(repeat ', 1' $(($1 - 1)))) == 1"; }
	many "$1"
	good check guard.yml
	many $(($1 + 1))
	bad check guard.yml
	says "$2"
}
limit_int() {
	guard "$1 > 0"
	good check guard.yml
	guard "9223372036854775808 > 0"
	bad check guard.yml
	says "$2"
	guard "$1 + 1 > 0"
	bad run guard.yml
}
limit_duration() {
	guard "$1d > 0s"
	good check guard.yml
	guard "$(($1 + 1))d > 0s"
	bad check guard.yml
	says "$2"
}
limit_percent_digits() {
	guard "0.$(repeat 0 $(($1 - 1)))1% > 0%"
	good check guard.yml
	guard "0.$(repeat 0 "$1")1% > 0%"
	bad check guard.yml
	says "$2"
}
pattern() { printf 'inputs: { a: { type: string, default: x, pattern: "%s" } }\npreflight: [{ guard: "true" }]\n' "$1" | book file.yml; }
limit_pattern_size() {
	pattern "x|$(zeros $(($1 - 2)))"
	good check file.yml
	pattern "x|$(zeros $(($1 - 1)))"
	bad check file.yml
	says RB172
	guard "'x' matches 'x|$(zeros $(($1 - 1)))'"
	bad check guard.yml
}
limit_pattern_nesting() {
	pattern "$(repeat '(' $(($1 - 1)))x$(repeat ')' $(($1 - 1)))"
	good check file.yml
	pattern "$(repeat '(' $(($1 + 1)))x$(repeat ')' $(($1 + 1)))"
	bad check file.yml
	says RB172
	guard "'x' matches '$(repeat '(' $(($1 + 1)))x$(repeat ')' $(($1 + 1)))'"
	bad check guard.yml
	says RB237
}
limit_script_nesting() {
	script() {
		printf 'preflight:\n  - effect: read\n    run: |\n      %strue%s\n      echo ${{ 1 }}\n' "$(repeat '( ' "$1")" "$(repeat ' )' "$1")" | book file.yml
	}
	script $(($1 / 2 - 2))
	good check file.yml
	script $(($1 + 1))
	bad check file.yml
	says RB302
}
limit_here_documents() {
	heredocs() {
		{
			printf 'preflight:\n  - effect: read\n    run: |\n      cat'
			awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf " <<E%d", i; print ""; for (i = 0; i < n; i++) print "      E" i }'
			printf '      echo ${{ 1 }}\n'
		} | book file.yml
	}
	heredocs "$1"
	good check file.yml
	heredocs $(($1 + 1))
	bad check file.yml
	says RB302
}
# COUNT modules m1.yml ..., each used by the runbook.
many_modules() {
	{
		echo 'preflight:'
		seq "$1" | sed 's/.*/  - uses: .\/m&.yml/'
	} | book file.yml
	seq "$1" | while read -r i; do printf 'runbook: 1\nsteps: [{ guard: true }]\n' >"m$i.yml"; done
}
windows() { # COUNT
	printf 'window: [%s{ from: 02:00, to: 04:00 }]\nact: [{ run: "true", rollback: [] }]\n' "$(repeat '{ days: [sun] }, ' $(($1 - 1)))" | book file.yml
}
limit_change_windows() {
	windows "$1"
	good check file.yml
	windows $(($1 + 1))
	bad check file.yml
	says "$2"
}
limit_modules() {
	many_modules "$1"
	good check file.yml
	many_modules $(($1 + 1))
	bad check file.yml
	says "$2"
}
# m1 uses m2 ... uses mCOUNT.
deep_modules() {
	printf 'preflight: [{ uses: ./m1.yml }]\n' | book file.yml
	seq $(($1 - 1)) | while read -r i; do printf 'runbook: 1\nsteps: [{ uses: ./m%d.yml }]\n' $((i + 1)) >"m$i.yml"; done
	printf 'runbook: 1\nsteps: [{ guard: true }]\n' >"m$1.yml"
}
limit_module_depth() {
	deep_modules "$1"
	good check file.yml
	deep_modules $(($1 + 1))
	bad check file.yml
	says "$2"
}
limit_module_text() {
	# comments of a MiB each
	count=$(($1 >> 20))
	many_modules $((count + 1))
	zeros 1048540 | fold -w 100 | sed "s/^/#/" | head -c 1048540 >comment
	seq "$count" | while read -r i; do cat comment >>"m$i.yml"; done
	bad check file.yml
	says "$2"
	sed -i '$d' file.yml
	good check file.yml
}
limit_environment_entries() {
	entries() { # of a step that adds one to 4,999 of defaults; steps that add none share them
		{
			printf 'preflight:\n'
			repeat '  - { run: "true", effect: read, env: { A: x } }
' "$1"
		} >steps
		{
			printf 'runbook: 1\nname: limit\ndefaults:\n  env:\n'
			awk 'BEGIN { for (i = 0; i < 4999; i++) print "    V" i ": a" }'
			cat steps
		} >file.yml
	}
	entries $(($1 / 5000))
	good check file.yml
	entries $(($1 / 5000 + 1))
	bad check file.yml
	says "$2"
}
limit_evaluation_steps() {
	guard "range($(($1 / 2))).len() > 0"
	good run guard.yml
	guard "range($(($1 + 1))).len() > 0"
	bad run guard.yml
	says '1,000,000 steps'
}
limit_evaluation_results() {
	mib=$(($1 / 1048576))
	results() {
		printf 'vars: { k: "%s" }\npreflight:\n  - guard: range(%d).map(x => vars.k + vars.k).len() > 0\n' "$(zeros 65536)" "$1" | book guard.yml
	}
	results $((mib * 4))
	good run guard.yml
	results $((mib * 8 + 1))
	bad run guard.yml
	says 'MiB'
}
limit_pattern_steps() {
	printf 'inputs: { a: { type: string, default: %s! } }\npreflight: [{ guard: "not (inputs.a matches '"'^(a+)+$'"')" }]\n' "$(repeat a 12)" | book file.yml
	good run file.yml
	bad run file.yml -i "a=$(repeat a 40)!"
	says "more than $1 steps"
}
limit_pad_width() {
	printf 'inputs: { n: int }\npreflight: [{ guard: "pad('"'x'"', inputs.n).len() > 0" }]\n' | book file.yml
	good run file.yml -i "n=$1"
	bad run file.yml -i "n=$(($1 + 1))"
	says "$1 columns"
}
limit_json_nesting() {
	printf 'preflight:\n  - { run: [cat, a.json], effect: read, parse: json, capture: { x: to_json(out) } }\n' | book file.yml
	{ repeat '[' "$1"; repeat ']' "$1"; } >a.json
	good run file.yml
	{ repeat '[' $(($1 + 1)); repeat ']' $(($1 + 1)); } >a.json
	bad run file.yml
	says 'parse: json'
}
limit_matrix() {
	# An axis is a list of 1,000 or so; the first loop has a guard that ends it after one iteration.
	matrix() {
		printf 'inputs: { n: int }\npreflight:\n  - foreach: { a: "${{ range(inputs.n) }}", b: "${{ range(1000) }}" }\n    guard: item.a < 0\n' | book file.yml
	}
	matrix
	bad run file.yml -i "n=$(($1 / 1000))"
	says 'guard is false'
	bad run file.yml -i "n=$(($1 / 1000 + 1))"
	says 'combinations'
}
limit_parallel() {
	printf 'preflight:\n  - { foreach: "range(%d)", parallel: %d, wait: 300ms }\n' $(($1 + 10)) $(($1 * 2)) | book file.yml
	good run file.yml
	begun=$(awk '/"t":"step.outcome"/ { exit } /"t":"step.intent"/ { n++ } END { print n + 0 }' "$(last)/journal.jsonl")
	[ "$begun" -eq "$1" ] || say "$begun began before the first one ended, not $1"
}
limit_argument_or_variable() {
	printf 'inputs: { a: string }\npreflight:\n  - { run: [echo, -n, "${{ inputs.a }}"], effect: read, capture: { n: out.len() }, expect: "n == inputs.a.len()" }\n' | book file.yml
	{ printf 'a: '; zeros $(($1 - 100)); echo; } >in.yml
	good run file.yml --inputs in.yml
	{ printf 'a: '; zeros "$1"; echo; } >in.yml
	bad run file.yml --inputs in.yml
	says '128 KiB'
	printf 'inputs: { a: string }\npreflight:\n  - { run: wc -c, stdin: "${{ inputs.a }}", effect: read, expect: "int(out.trim()) == inputs.a.len()" }\n' | book file.yml
	good run file.yml --inputs in.yml
}
limit_command_shown() {
	printf 'inputs: { a: string }\nact:\n  - run: exit 1\n    rollback: [{ run: [sh, -c, exit 1, "${{ inputs.a }}"], retry: 0 }]\n' | book file.yml
	left() { jq -r 'select(.t == "seal").residue[0].commands[0]' "$(last)/journal.jsonl" | cut -c 1-40 >out; }
	{ printf 'a: '; zeros $(($1 - 100)); echo; } >in.yml
	bad run file.yml --inputs in.yml
	left
	says 'xxxxxxxxxx'
	{ printf 'a: '; zeros $(($1 + 1)); echo; } >in.yml
	bad run file.yml --inputs in.yml
	left
	says '# longer than 64 KiB'
}
limit_output_in_expressions() {
	printf 'inputs: { n: int }\npreflight:\n  - { run: "head -c ${{ inputs.n }} a.bin", effect: read, capture: { n: len(raw) }, expect: n == inputs.n }\n' | book file.yml
	zeros $(($1 + 1)) >a.bin
	good run file.yml -i "n=$1"
	bad run file.yml -i "n=$(($1 + 1))"
	says '16 MiB'
}
limit_output_in_the_journal() {
	printf 'inputs: { n: int }\npreflight:\n  - { run: "head -c ${{ inputs.n }} a.bin", effect: read }\n' | book file.yml
	zeros $(($1 + 1)) >a.bin
	good run file.yml -i "n=$1"
	grep -q '"out":{"n":'"$1"',"text"' "$(last)/journal.jsonl" || say "it is not in the journal"
	good run file.yml -i "n=$(($1 + 1))"
	grep -q '"out":{"n":'"$(($1 + 1))"',"blob"' "$(last)/journal.jsonl" || say "it is not in a blob"
}
limit_output_stored() {
	printf 'inputs: { n: int }\npreflight:\n  - { run: "head -c ${{ inputs.n }} /dev/zero", effect: read }\n' | book file.yml
	good run file.yml -i "n=$1"
	grep -q '"out":{"n":'"$1"',"blob"' "$(last)/journal.jsonl" || say "it is not in a blob"
	good run file.yml -i "n=$(($1 + 1))"
	grep -q '"out":{"n":'"$(($1 + 1))"',"head".*"truncated":true' "$(last)/journal.jsonl" || say "it is not cut"
}

# A server that gives what the path asks for: /body/N bytes, /head/N bytes of
# headers, /count/N headers, /hop/N redirects, /series/N of Prometheus; what is posted
# goes into the file `posted`.
serve() {
	[ -z "$server" ] || return 0
	python3 "$here/server.py" >port &
	server=$!
	tries=0
	while [ ! -s port ] && [ $tries -lt 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
}
limit_http_answer() {
	serve
	printf 'inputs: { n: int }\npreflight:\n  - { http: { url: "http://127.0.0.1:%s/body/${{ inputs.n }}" } }\n' "$(cat port)" | book file.yml
	good run file.yml -i "n=$1"
	good run file.yml -i "n=$(($1 + 1))"
	printf 'inputs: { n: int }\npreflight:\n  - { http: { url: "http://127.0.0.1:%s/body/${{ inputs.n }}" }, expect: len(raw) > 0 }\n' "$(cat port)" | book file.yml
	bad run file.yml -i "n=$(($1 + 1))"
	says '16 MiB'
}
limit_http_headers() {
	serve
	printf 'inputs: { n: int }\npreflight:\n  - { http: { url: "http://127.0.0.1:%s/head/${{ inputs.n }}" }, expect: "has(headers, '"'content-length'"')" }\n' "$(cat port)" | book file.yml
	good run file.yml -i "n=$(($1 - 2048))"
	bad run file.yml -i "n=$(($1 + 2048))"
}
limit_http_header_count() {
	serve
	printf 'inputs: { n: int }\npreflight:\n  - { http: { url: "http://127.0.0.1:%s/count/${{ inputs.n }}" }, expect: "has(headers, '"'content-length'"')" }\n' "$(cat port)" | book file.yml
	good run file.yml -i "n=$(($1 - 3))"
	bad run file.yml -i "n=$1"
}
limit_metric_series() {
	serve
	for n in "$1" $(($1 + 1)); do
		printf 'preflight:\n  - metric: { prometheus: "http://127.0.0.1:%s/series/%s", query: up, all: true }\n    expect: len(out) == %s\n' \
			"$(cat port)" "$n" "$n" | book "metric.$n.yml"
	done
	good run "metric.$1.yml"
	bad run "metric.$(($1 + 1)).yml"
	says "at most $1 are taken"
}
limit_monitor_interval() {
	for every in "$1ms" "$(($1 - 1))ms"; do
		book "every.$every.yml" <<-X
			monitors: [{ every: $every, run: [true] }]
			test: [{ wait: 0s }]
		X
	done
	good check "every.$1ms.yml"
	bad check "every.$(($1 - 1))ms.yml"
	says "$2"
}
limit_sample_figures() {
	for n in 4094 4095; do # with its quotes
		zeros $n >figure
		book sample.yml <<-'X'
			monitors: [{ every: 200ms, run: [cat, "${{ vars.here }}/figure"], capture: { f: out }, rules: [{ when: failed, then: notify }] }]
			vars: { here: HERE }
			test: [{ wait: 500ms }]
		X
		sed -i "s#HERE#$PWD#" sample.yml
		good run sample.yml
		grep -q '"t":"sample".*`f` is too long for a sample' "$(last)/journal.jsonl" && [ $n -eq 4094 ] && say "4094 bytes did not fit"
		grep -q '"t":"sample".*`f` is too long for a sample' "$(last)/journal.jsonl" || [ $n -eq 4094 ] || say "4095 bytes did fit"
	done
}
limit_redirects() {
	serve
	printf 'inputs: { n: int }\npreflight:\n  - { http: { url: "http://127.0.0.1:%s/hop/${{ inputs.n }}", follow: 1000 } }\n' "$(cat port)" | book file.yml
	good run file.yml -i "n=$1"
	bad run file.yml -i "n=$(($1 + 1))"
}
limit_rendered_json() {
	# Every quote takes two bytes in JSON.
	printf 'inputs: { n: int }\npreflight:\n  - { id: a, run: "head -c ${{ inputs.n }} a.bin", effect: read, capture: { t: out } }\n  - { render: { to: a.json, json: "${{ steps.a.t }}" } }\n' | book file.yml
	head -c "$1" /dev/zero | tr '\0' '"' >a.bin
	good run file.yml -i "n=$(($1 / 2 - 10))"
	bad run file.yml -i "n=$(($1 / 2 + 10))"
	says '16 MiB'
}
secret() { printf 'secrets: { a: { file: %s } }\npreflight:\n  - { run: [echo, hello], effect: read }\n' "$work/secret.txt" | book file.yml; }
limit_secret_least() {
	secret
	zeros "$1" >secret.txt
	good run file.yml
	zeros $(($1 - 1)) >secret.txt
	bad run file.yml
	says 'secret `a`'
}
limit_secret_most() {
	secret
	zeros "$1" >secret.txt
	good run file.yml
	zeros $(($1 + 1)) >secret.txt
	bad run file.yml
	says 'secret `a`'
}
limit_secret_program_time() {
	printf 'secrets: { a: { run: [sh, -c, "sleep %d; echo secret"] } }\npreflight:\n  - { run: [echo, hello], effect: read }\n' $(($1 + 5)) | book file.yml
	bad run file.yml
	says "did not end within $1 s"
}
limit_channel_time() {
	printf 'channels: { a: { run: [sleep, "%d"] } }\npreflight:\n  - { notify: { to: a, say: hello } }\n' $(($1 + 5)) | book file.yml
	good run file.yml
	says 'not notified: timeout'
}
# post KIND PATH: a run that sends its input `say` through a channel; the server keeps it in `posted`.
post() {
	serve
	printf 'secrets: { hook: { file: hook } }\nchannels: { a: { %s: hook } }\ninputs: { say: string }\npreflight:\n  - { notify: { to: a, say: "${{ inputs.say }}" } }\n' "$1" | book file.yml
	printf 'http://127.0.0.1:%s/%s' "$(cat port)" "$2" >hook
	printf 'say: "%s"\n' "$(cat text)" >in.yml
	rm -f posted
	good run file.yml --inputs in.yml
}
limit_message_tries() {
	echo hello >text
	post webhook busy
	says "not notified: HTTP status 503 (channel a, $1 tries)"
}
limit_message_text() {
	zeros "$1" >text
	post webhook keep
	jq -r .text posted >out
	says_not "$2"
	zeros $(($1 + 1)) >text
	post webhook keep
	jq -r .text posted >out
	says '(cut: the message was longer)'
}
limit_text_in_Slack() {
	zeros $(($1 * 3000)) >text
	post slack keep
	jq -r '.attachments[0].blocks[] | .text.text // empty' posted >out
	[ "$(grep -c '^x*$' out)" -eq "$1" ] || say "not $1 pieces"
	says_not '(cut:'
	zeros $(($1 * 3000 + 1)) >text
	post slack keep
	jq -r '.attachments[0].blocks[] | .text.text // empty' posted >out
	[ "$(grep -c '^x*$' out)" -eq "$1" ] || say "not $1 pieces"
	says '(cut: the rest stands in the run'
}
# A run that waits for its checklist; waits until it asks.
begin_list() {
	printf 'preflight:\n  - { id: list, checklist: [one], timeout: 20s }\n' | book file.yml
	rm -rf "$work/state"
	"$program" exec file.yml --no-input --no-sync >bg.out 2>&1 </dev/null &
	waiting=$!
	n=0
	until grep -qs '"t":"question"' "$work"/state/runs/*/journal.jsonl; do
		n=$((n + 1))
		[ $n -lt 500 ] || return 1
		sleep 0.02
	done
}
end_list() {
	kill $waiting 2>/dev/null
	wait $waiting
}
answer() { "$program" answer @last list "$@" >out 2>&1 </dev/null; }
limit_reason_of_a_cancel() {
	book file.yml <<-X
		act:
		  - { run: 'touch began; sleep 60', rollback: [] }
	X
	"$program" exec file.yml --no-input >bg 2>&1 </dev/null &
	pid=$!
	until test -e began; do sleep 0.02; done
	bad "$program" cancel @last --why "$(zeros $(($1 + 1)))" >out 2>&1
	says 'at most 4 KiB'
	good "$program" cancel @last --why "$(zeros "$1")" >out 2>&1
	wait "$pid"
	[ "$(sed -n 's/.*"t":"signal".*"why":"\(x*\)".*/\1/p' "$(last)/journal.jsonl" | tr -d '\n' | wc -c)" = "$1" ] || say "the reason is not whole"
}
limit_answer_file() {
	begin_list
	bad answer 1 --why "$(zeros $(($1 + 1)))"
	says 'longer than 64 KiB'
	good answer 1 --why "$(zeros $(($1 - 500)))"
	end_list
}
limit_answer_files() {
	for n in $(($1 - 1)) $(($1)); do
		begin_list
		i=0
		while [ $i -lt $n ]; do
			i=$((i + 1))
			echo "no answer" >"$(last)/answers/$i.json"
		done
		n=0
		until [ "$(grep -c '"refused":' "$(last)/journal.jsonl")" -ge $i ] || [ $n -gt 500 ]; do
			n=$((n + 1))
			sleep 0.02
		done
		if [ $i -lt "$1" ]; then
			good answer 1
			wait $waiting || say "the run should have gone on"
		else
			answer 1 --no-wait
			sleep 0.5
			grep -q '"status":"ok"' "$(last)/journal.jsonl" && say "the answer should not have been looked at"
			end_list
		fi
	done
}
limit_approval_text() {
	approval() { # BYTES of `about`
		{
			printf 'roles: { lead: { who: [kim] } }\nplan:\n  - approve: { from: lead }\n    timeout: 50ms\n    about: '
			zeros "$1"
			echo
		} | book file.yml
		run file.yml
		cat "$(last)/journal.jsonl" >out
	}
	approval $(($1 - 2048))
	says_not 'cut here'
	approval "$1"
	says 'cut here'
}
limit_asked_list() {
	printf 'plan:\n  - { id: q, ask: { l: list } }\n' | book file.yml
	listed() { # ELEMENTS
		set -- "$1" 0
		i=0
		steps=
		while [ $i -lt "$1" ]; do
			steps="$steps|see l[$i]|type x"
			i=$((i + 1))
		done
		IFS='|'
		# shellcheck disable=SC2086
		TERM=xterm python3 -SE "$root/tests/cli/terminal.py" ${steps#|} 'see no more): ' 'type ' -- "$program" exec file.yml --no-sync >out
		code=$?
		unset IFS
		return $code
	}
	good listed "$1"
	says_not 'elements at most'
	listed $(($1 + 1)) || true
	says 'elements at most'
}
limit_inputs_in_all() {
	printf 'inputs: { a: string, b: string, c: string, d: string }\npreflight: [{ guard: "true" }]\n' | book file.yml
	four() { # BYTES in all
		for letter in a b c d; do
			printf '%s: ' $letter
			zeros $(($1 / 4))
			echo
		done >in.yml
	}
	four $(($1 - 4096))
	good run file.yml --inputs in.yml
	four $(($1 + 4096))
	bad run file.yml --inputs in.yml
	says 'are too long for a journal record'
}
limit_file_beside_the_runbook() {
	printf 'files: [big.bin]\npreflight: [{ guard: "true" }]\n' | book file.yml
	truncate -s "$1" big.bin
	good run file.yml
	truncate -s $(($1 + 1)) big.bin
	bad run file.yml
	says 'big.bin'
}
limit_value_in_a_record() {
	printf 'inputs: { n: int }\npreflight:\n  - { run: "head -c ${{ inputs.n }} a.bin", effect: read, capture: { t: out } }\n' | book file.yml
	zeros $(($1 + 1)) >a.bin
	good run file.yml -i "n=$(($1 - 2))"
	grep -q '"captures":{"t":"xxxx' "$(last)/journal.jsonl" || say "it is not in the journal"
	good run file.yml -i "n=$(($1 - 1))"
	grep -q '"captures":{"t":"(long)"' "$(last)/journal.jsonl" || say "it does not say (long)"
}
limit_text_in_a_record() {
	printf 'preflight:\n  - { guard: { that: 1 > 2, else: warn, say: %sEND } }\n' "$(zeros $(($1 - 3)))" | book file.yml
	good run file.yml
	grep -q '"t":"issue".*xEND"' "$(last)/journal.jsonl" || say "it is not whole"
	printf 'preflight:\n  - { guard: { that: 1 > 2, else: warn, say: %sEND } }\n' "$(zeros "$1")" | book file.yml
	good run file.yml
	! grep -q '"t":"issue".*END"' "$(last)/journal.jsonl" || say "it is not cut"
}
limit_run_steps() {
	printf 'inputs: { n: int }\npreflight:\n  - { foreach: range(inputs.n), if: item < 0, guard: "true" }\nreport:\n  - { render: { to: n.txt, text: "${{ run.steps.len() }}" } }\n' | book file.yml
	good run file.yml -i "n=$(($1 - 1))" --no-sync
	[ "$(cat "$(last)/n.txt")" = "$1" ] || say "there are $(cat "$(last)/n.txt") records, not $1"
	good run file.yml -i "n=$(($1 + 10))" --no-sync
	[ "$(cat "$(last)/n.txt")" = "$1" ] || say "there are $(cat "$(last)/n.txt") records, not $1"
}
limit_report_at_the_end() { # a step of about 5 KiB in the journal, and small ones around it
	printf 'inputs: { n: int }\npreflight:\n  - { foreach: range(inputs.n), run: "head -c 4000 /dev/zero | tr %s x", effect: read }\n' "'\\\\0'" | book file.yml
	good run file.yml --no-sync -i "n=$(($1 / 5200))"
	[ "$(stat -c %s "$(last)/journal.jsonl")" -le "$1" ] || say "the journal is too long for this test"
	[ -f "$(last)/report.run.json" ] || say "there is no report"
	good run file.yml --no-sync -i "n=$(($1 / 4000))"
	[ "$(stat -c %s "$(last)/journal.jsonl")" -gt "$1" ] || say "the journal is too short for this test"
	[ ! -f "$(last)/report.run.json" ] || say "there is a report"
	good "$program" report @last -f json >out
}
limit_spans_in_a_request() { # the run, its phase, the loop; two for each iteration
	printf 'inputs: { n: int }\npreflight:\n  - { foreach: range(inputs.n), run: ["true"], effect: read }\n' | book file.yml
	good run file.yml --no-sync -i "n=$((($1 - 3) / 2))"
	[ "$("$program" report @last -f otlp | grep -c '')" -eq 1 ] || say 'not one request'
	good run file.yml --no-sync -i "n=$((($1 - 1) / 2))"
	[ "$("$program" report @last -f otlp | grep -c '')" -eq 2 ] || say 'not two requests'
}
limit_output_in_a_report() {
	printf 'inputs: { n: int }\npreflight:\n  - { run: "head -c ${{ inputs.n }} /dev/zero | tr %s x", effect: read }\n' "'\\\\0'" | book file.yml
	good run file.yml -i "n=$1"
	"$program" report @last -f html >out
	says_not 'are left out: see'
	good run file.yml -i "n=$(($1 + 1))"
	"$program" report @last -f html >out
	says '1 bytes between are left out: see'
}
limit_steps_in_a_report() {
	printf 'inputs: { n: int }\npreflight:\n  - { foreach: range(inputs.n), capture: { x: item } }\n' | book file.yml
	good run file.yml --no-sync -i "n=$1" # and a phase and the loop: two too many
	"$program" report @last -f md >whole
	"$program" report @last -f text | tail -n 1 >out
	says 'further steps and records are left out'
	good run file.yml --no-sync -i "n=$(($1 - 10))"
	"$program" report @last -f text | tail -n 1 >out
	says_not 'left out'
}
limit_steps_in_the_seal() {
	printf 'act:\n  - { foreach: range(%d), parallel: 8, run: [/bin/true], rollback: [{ guard: 2 > 1 }] }\ntest: [{ run: [/bin/false], effect: read }]\n' $(($1 + 1)) | book file.yml
	bad run file.yml --no-sync
	seal=$(tail -n 1 "$(last)/journal.jsonl")
	[ "$(echo "$seal" | grep -o '"undone":\[[^]]*\]*' | grep -o '"act/#1\[[0-9]*' | sort -u | wc -l)" -le "$1" ] || say "there are more than $1 in the seal"
	case $seal in *'"undone_count":'"$(($1 + 1))"*) ;; *) say "not all are counted" ;; esac
}
limit_journal_read() {
	printf 'preflight: [{ guard: "true" }]\n' | book file.yml
	good run file.yml
	truncate -s $(($1 + 1)) "$(last)/journal.jsonl" || say "no such large file here"
	"$program" show @last >out 2>&1 && say "it was read"
	rm -rf "$(last)"
}
limit_context_of_eval() {
	{ printf '{"a":1,"b":"'; zeros $(($1 - 14)); printf '"}'; } >a.json
	[ "$(wc -c <a.json)" -eq "$1" ] || say "the test is wrong"
	"$program" eval a --context a.json >out 2>&1 || say "within the limit it must go"
	echo >>a.json
	! "$program" eval a --context a.json >out 2>&1 || say "past the limit it must not go"
}
# A repository in r with a runbook at PATH and the tag v1.
git_book() { # PATH
	export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@x GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@x
	git init -q r
	mkdir -p "r/$(dirname "$1")"
	printf 'preflight:\n  - guard: true\n' | book "r/$1"
	git -C r add -A
	git -C r commit -qm one
	git -C r tag v1
}
limit_source_text() {
	git_book deploy.yml
	dots=$(repeat ./ $((($1 - 15) / 2)))
	good check "${dots}r/deploy.yml@v1"
	bad check "$dots././r/deploy.yml@v1"
	says "$2"
}
limit_version_text() {
	git_book deploy.yml
	long=$(zeros "$1")
	# 255 bytes and `.lock` are more than a file's name may have: a packed ref has room
	printf '# pack-refs with: peeled fully-peeled sorted \n%s refs/tags/%s\n' "$(git -C r rev-parse HEAD)" "$long" >r/.git/packed-refs
	good check "r/deploy.yml@$long"
	bad check "r/deploy.yml@${long}x"
	says "$2"
}
limit_path_in_a_repository() {
	git_book "$(repeat d/ $(($1 - 1)))deploy.yml"
	good check "r/$(repeat d/ $(($1 - 1)))deploy.yml@v1"
	bad check "r/$(repeat d/ "$1")deploy.yml@v1"
	says "$2"
}
limit_runbook_in_a_commit() {
	git_book deploy.yml
	size=$(wc -c <r/deploy.yml)
	{ printf '#'; zeros $(($1 - size - 2)); echo; } >>r/deploy.yml
	git -C r commit -qam edge
	git -C r tag v2
	good check r/deploy.yml@v2
	echo >>r/deploy.yml
	git -C r commit -qam over
	git -C r tag v3
	bad check r/deploy.yml@v3
	says "$2"
}
limit_folder_in_a_commit() {
	git_book deploy.yml
	blob=$(git -C r rev-parse v1:deploy.yml)
	# an entry has mode, a space, name, NUL and 20 bytes: names of 222 bytes make 250
	entries() { awk -v n="$1" -v b="$blob" 'BEGIN { for (i = 0; i < n; i++) printf "100644 blob %s\t%0222d\n", b, i }'; }
	tree=$({ printf '100644 blob %s\tdeploy.yml\n' "$blob"; entries $((($1 - 38) / 250)); } | git -C r mktree)
	git -C r tag v2 "$(git -C r commit-tree -m x "$tree")"
	good check r/deploy.yml@v2
	tree=$({ printf '100644 blob %s\tdeploy.yml\n' "$blob"; entries $(($1 / 250 + 1)); } | git -C r mktree)
	git -C r tag v3 "$(git -C r commit-tree -m x "$tree")"
	bad check r/deploy.yml@v3
	says "$2"
}
limit_tags_of_tags() {
	git_book deploy.yml
	n=0
	last=v1
	while [ $n -le "$1" ]; do
		n=$((n + 1))
		git -C r -c advice.nestedTag=false tag -a -m x "t$n" $last
		last=t$n
	done
	good check "r/deploy.yml@t$1"
	bad check "r/deploy.yml@t$(($1 + 1))"
	says "$2"
}
# A book with a module from runbook.vendor; its digest is wrong, which is seen when it has been read.
vendored_book() {
	printf 'preflight: [{ uses: git+https://example.org/rb//m.yml@v1 }]\n' | book file.yml
	echo '# runbook.lock 1' >runbook.lock
	printf 'git+https://example.org/rb//m.yml v1.0.0 commit=%040d tree=sha256:%064d\n' 1 2 >>runbook.lock
	mkdir -p runbook.vendor/https/example.org/rb@v1.0.0
	printf 'runbook: 1\nsteps: [{ guard: true }]\n' >runbook.vendor/https/example.org/rb@v1.0.0/m.yml
}
limit_lock_lines() {
	vendored_book
	seq $(($1 - 1)) | sed "s|.*|git+https://example.org/rb//m&.yml v1.0.0 commit=$(printf %040d 1) tree=sha256:$(printf %064d 2)|" >>runbook.lock
	bad check file.yml
	says_not "$2"
	echo "git+https://example.org/rb//n.yml v1.0.0 commit=$(printf %040d 1) tree=sha256:$(printf %064d 2)" >>runbook.lock
	bad check file.yml
	says "$2"
}
limit_lock_size() {
	vendored_book
	{ printf '#'; zeros $(($1 - $(wc -c <runbook.lock) - 1)); echo; } >>runbook.lock
	bad check file.yml
	says_not "$2"
	echo >>runbook.lock
	bad check file.yml
	says "$2"
}
limit_files_of_a_locked_module() {
	vendored_book
	cd runbook.vendor/https/example.org/rb@v1.0.0
	seq $(($1 - 1)) | while read -r i; do : >"f$i"; done
	printf 'runbook: 1\nfiles: [%s]\nsteps: [{ guard: true }]\n' "$(seq -s, -f f%.0f $(($1 - 1)))" >m.yml
	cd - >/dev/null
	bad check file.yml
	says RB435
	cd runbook.vendor/https/example.org/rb@v1.0.0
	: >one
	sed -i 's/f1,/f1,one,/' m.yml
	cd - >/dev/null
	bad check file.yml
	says "$2"
}
limit_bytes_of_a_locked_module() {
	vendored_book
	cd runbook.vendor/https/example.org/rb@v1.0.0
	printf 'runbook: 1\nfiles: [a, b, c, d]\nsteps: [{ guard: true }]\n' >m.yml
	for f in a b c; do truncate -s 67108864 $f; done
	truncate -s $(($1 - 3 * 67108864 - $(wc -c <m.yml))) d
	cd - >/dev/null
	bad check file.yml
	says RB435
	echo x >>runbook.vendor/https/example.org/rb@v1.0.0/d
	bad check file.yml
	says "$2"
}
limit_policy_size() {
	printf 'preflight:\n  - guard: true\n' | book file.yml
	{ printf 'require_clean: false\n#'; zeros $(($1 - 23)); echo; } >policy.yml
	export RUNBOOK_POLICY="$PWD/policy.yml"
	good run file.yml
	echo >>policy.yml
	bad run file.yml
	says 'without the policy nothing is run'
	unset RUNBOOK_POLICY
}
# Steps that may each go well or not: two ways for one, four for two ...
limit_ways_of_a_what_if() {
	printf 'act: [{ run: [echo, x], effect: read }]\n' | book file.yml
	run file.yml || say "no run"
	id=$(basename "$(last)")
	ways=1 steps=
	while [ $ways -lt "$1" ]; do
		ways=$((ways * 2))
		steps="$steps, { run: [echo, new$ways], effect: read, on_fail: continue }"
	done
	printf 'act: [{ run: [echo, x], effect: read }%s]\n' "$steps" | book edge.yml
	"$program" replay "$id" --against edge.yml -o json >out 2>&1
	says '"exhaustive":true'
	says "\"drives\":$1,"
	printf 'act: [{ run: [echo, x], effect: read }%s, { run: [echo, over], effect: read, on_fail: continue }]\n' "$steps" | book over.yml
	"$program" replay "$id" --against over.yml -o json >out 2>&1
	says '"exhaustive":false'
	says "\"drives\":$1,"
	"$program" replay "$id" --against over.yml >out 2>&1
	says 'may end otherwise, too: 256 ways were tried, and there are more'
}
limit_saved_plan() {
	printf 'preflight: [{ guard: "true" }]\n' | book file.yml
	"$program" plan file.yml -o a.plan >out 2>&1 || say "no plan"
	good run a.plan
	cp a.plan b.plan
	head -c $(($1 - $(wc -c <a.plan))) /dev/zero | tr '\0' ' ' >>b.plan
	bad run b.plan
	says 'was changed'
	echo >>b.plan
	bad run b.plan
	says_not 'was changed'
}

# A bundle that is only its list: FILES of SIZE bytes each, then BLANKS in it.
bundle() { # FILES SIZE BLANKS
	python3 - "$@" <<-'X'
		import sys
		files, size, blanks = map(int, sys.argv[1:])
		run = "0" * 26
		rows = ",\n".join('{"path":"%s/blobs/sha256/%064x","bytes":%d,"sha256":"%064x"}' % (run, i, size, i) for i in range(files))
		text = ('{"v":1,"format":"runbook-bundle","run":"%s","files":[\n%s\n]}\n' % (run, rows)).encode() + b" " * blanks
		h = bytearray(512)
		h[0:11] = b"bundle.json"
		h[100:156] = b"0000600\0" b"0000000\0" b"0000000\0" + b"%011o\0" % len(text) + b"00000000000\0" + b" " * 8
		h[156:157], h[257:265] = b"0", b"ustar\x0000"
		h[329:345] = b"0000000\0" * 2
		h[148:156] = b"%06o\0 " % sum(h)
		open("b.tar", "wb").write(bytes(h) + text + bytes(-len(text) % 512))
	X
	! "$program" verify ./b.tar >out 2>&1 || say "it was taken"
}
limit_bundle_files() {
	bundle "$1" 1 0
	says 'no journal of its run'
	bundle $(($1 + 1)) 1 0
	says "more than $1 files"
}
limit_bundle_list() {
	bundle 1 1 0
	list=$(head -c 512 b.tar | tail -c +125 | head -c 11)
	bundle 1 1 $(($1 - 0$list))
	says 'not written as it should be'
	bundle 1 1 "$1"
	says "more than $1 bytes"
}
limit_bundle_size() {
	bundle 2 $(($1 / 2)) 0
	says 'no journal of its run'
	bundle 2 $(($1 / 2 + 1)) 0
	says "more than $1 bytes"
}

limit_note_on_a_commit() {
	git init -q r
	printf 'preflight: [{ guard: "true" }]\n' | book r/file.yml
	git -C r add file.yml
	git -C r -c user.name=a -c user.email=a@x commit -qm a
	noted() { # BYTES of note that are there
		zeros "$1" >note
		git -C r -c user.name=a -c user.email=a@x notes --ref=runbook add -f -F ../note
		RUNBOOK_ANCHOR=notes "$program" exec r/file.yml --no-input >out 2>&1 || say "the run failed"
	}
	noted $(($1 - 1000))
	says_not 'was not anchored'
	noted $(($1 - 50))
	says 'is full'
}

# --- the table ---
awk -F ' *\\| *' '/^\| name \|/ { on = 1; next } /^\|---/ { next } on && /^\|/ { print $2 "\t" $3 "\t" $4 "\t" $5; next } on { exit }' \
	"$root/docs/limits.md" >table
number_of() { # "16 MiB" -> 16777216
	echo "$1" | awk '{ n = $1; if ($2 == "KiB") n *= 1024; if ($2 == "MiB") n *= 1048576; if ($2 == "GiB") n *= 1073741824
		if ($1 ~ /^[0-9]+$/ && $2 !~ /iB$/) print $1; else printf "%.0f\n", n }'
}
number=0 failed=0
verdict() { # NAME
	number=$((number + 1))
	if [ ! -s why ]; then
		echo "ok $number - $1"
	else
		failed=$((failed + 1))
		echo "not ok $number - $1"
		sed 's/^/#   /' why
	fi
}
function_of() { echo "limit_$1" | sed 's/,//g; s/[^A-Za-z0-9_]/_/g'; }
: >tested
while IFS='	' read -r name value where code; do
	function=$(function_of "$name")
	echo "$function" >>tested
	if [ $# -gt 0 ]; then
		wanted=
		for chosen in "$@"; do [ "$chosen" != "$name" ] || wanted=1; done
		[ "$wanted" ] || continue
	fi
	: >why
	: >out
	# The place in the source is still there.
	file=${where%% *} constant=${where#"${where%% *}"}
	[ -f "$root/interp/$file" ] || say "there is no interp/$file"
	[ -z "$constant" ] || grep -qw "${constant# }" "$root/interp/$file" || say "interp/$file has no$constant"
	case $function in
	limit_secret_program_time | limit_channel_time)
		if [ -z "${RB_LONG:-}" ]; then
			number=$((number + 1))
			echo "ok $number - $name: $value # SKIP takes $value; RB_LONG=1"
			continue
		fi
		;;
	limit_http_* | limit_redirects | limit_asked_list | limit_message_* | limit_text_in_Slack | limit_bundle_*)
		if ! command -v python3 >/dev/null; then
			number=$((number + 1))
			echo "ok $number - $name: $value # SKIP no python3 here"
			continue
		fi
		;;
	esac
	if command -v "$function" >/dev/null; then
		"$function" "$(number_of "$value")" "${code%%,*}" </dev/null
	else
		say "no test: tests/limits/run.sh has no $function"
	fi
	verdict "$name: $value"
	find . -mindepth 1 -maxdepth 1 ! -name table ! -name tested ! -name port ! -name why ! -name out -exec rm -rf {} +
done <table
if [ $# -eq 0 ]; then
	: >why
	: >out
	sed -n 's/^\(limit_[a-z_]*\)() {.*/\1/p' "$here/run.sh" | while read -r function; do
		grep -qx "$function" tested || echo "no row of docs/limits.md is about $function"
	done >why
	[ -s table ] || echo "there is no table" >why
	verdict "each test has its row"
fi
echo "1..$number"
[ $failed -eq 0 ]
