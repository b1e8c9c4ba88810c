#!/bin/sh
# schema.sh [PROGRAM]: the JSON Schema. Is the file in schemas/ what the program
# prints; do ajv and `check` agree on every runbook of the tree and on mutations of
# them; does yaml-language-server complete and complain with it; are journals, plans
# and reports as their schemas say. TAP. The npm
# packages go to build/npm; without a registry those tests are skipped.
set -u
cd "$(dirname "$0")/../.." || exit 2
program=${1:-${RUNBOOK_BIN:-build/runbook}}
case $program in /*) ;; *) program=$PWD/$program ;; esac
npm_dir=$PWD/build/npm
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

if "$program" schema >"$work/schema.json" 2>"$work/err" && cmp -s "$work/schema.json" schemas/runbook.schema.json; then
	echo "ok 1 - schemas/runbook.schema.json is what the program prints"
else
	echo "not ok 1 - schemas/runbook.schema.json is what the program prints"
	echo "# make it anew: build/runbook schema >schemas/runbook.schema.json"
	diff "$work/schema.json" schemas/runbook.schema.json | head -n 10 | sed 's/^/# /'
fi

skip() {
	echo "ok 2 - ajv and check agree # SKIP $1"
	echo "ok 3 - yaml-language-server # SKIP $1"
	echo "ok 4 - journals, plans and reports # SKIP $1"
	echo "1..4"
	exit 0
}
command -v node >/dev/null && command -v npm >/dev/null || skip "no node here"
if [ ! -d "$npm_dir/node_modules/yaml-language-server" ] || [ ! -d "$npm_dir/node_modules/ajv" ]; then
	mkdir -p "$npm_dir"
	timeout 120 npm install --silent --no-audit --no-fund --no-save --prefix "$npm_dir" \
		ajv@8 yaml@2 yaml-language-server@1.25.0 >"$work/npm.log" 2>&1 || skip "npm cannot reach its registry"
fi
rc=0
run() { # NUMBER TITLE SCRIPT
	if timeout 600 node "tests/schema/$3" "$npm_dir" "$program" schemas/runbook.schema.json "$work" >"$work/out" 2>&1; then
		echo "ok $1 - $2: $(tail -n 1 "$work/out")"
	else
		echo "not ok $1 - $2"
		tail -n 60 "$work/out" | sed 's/^/# /'
		rc=1
	fi
}
run 2 "ajv and check agree" compare.mjs
run 3 "yaml-language-server completes and complains" language_server.mjs
run 4 "journals, plans and reports are as their schemas say" written.mjs
echo "1..4"
exit $rc
