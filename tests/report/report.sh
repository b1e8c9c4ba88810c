#!/bin/sh
# report.sh [PROGRAM]: reports as those who read them do: JUnit against a schema and
# by two other readers, HTML in Debian's chromium (playwright-core), the GitHub summary
# by a Markdown reader. TAP. The npm packages go to build/npm-report (another suite beside it has its own); what is not there is skipped.
set -u
cd "$(dirname "$0")/../.." || exit 2
program=${1:-${RUNBOOK_BIN:-build/runbook}}
case $program in /*) ;; *) program=$PWD/$program ;; esac
npm_dir=$PWD/build/npm-report
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
export RUNBOOK_STATE="$work/state" RUNBOOK_LOCKS="$work/locks"
unset GITHUB_ACTIONS GITHUB_STEP_SUMMARY
number=0 rc=0

verdict() { # 0|1 NAME; $work/why says why not
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		head -n 40 "$work/why" | sed 's/^/# /'
		rc=1
	fi
}
skip() { # NAME WHY
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# --- runs to report on ---
for name in rich hostile many; do
	python3 tests/report/runbooks.py $name >"$work/$name.yml" || exit 2
	(cd "$work" && "$program" exec $name.yml --yes --no-sync) >"$work/$name.out" 2>"$work/$name.err"
	run=$(tail -n 1 "$work/$name.out" | cut -d ' ' -f 1)
	for format in html junit md json; do
		"$program" report "$run" -f $format >"$work/$name.$format" 2>>"$work/$name.err" || {
			echo "Bail out! report of $name"
			cat "$work/$name.err"
			exit 2
		}
	done
done

# --- JUnit ---
if command -v xmllint >/dev/null; then
	bad=0
	for name in rich hostile many; do
		xmllint --noout --nonet --schema tests/report/junit.xsd "$work/$name.junit" >>"$work/why" 2>&1 || bad=1
	done
	verdict $bad "JUnit: valid by its schema"
	: >"$work/why"
	bad=0
	for change in 's/ tests="[0-9]*"//' 's/<testcase name="[^"]*"/<testcase/' 's/<failure /<fault /' 's/ time="[0-9.]*"/ time="soon"/'; do
		sed "$change" "$work/rich.junit" >"$work/wrong.junit"
		xmllint --noout --nonet --schema tests/report/junit.xsd "$work/wrong.junit" >/dev/null 2>&1 && echo "taken: $change" >>"$work/why" && bad=1
	done
	verdict $bad "JUnit: the schema refuses what is wrong"
else
	skip "JUnit: valid by its schema" "no xmllint here"
	skip "JUnit: the schema refuses what is wrong" "no xmllint here"
fi
python3 tests/report/junit.py "$work" >"$work/why" 2>&1
verdict $? "JUnit: counts are those of the report"

# --- the browser ---
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
why=
[ -n "$chromium" ] || why="no chromium here"
if [ -z "$why" ] && { ! command -v node >/dev/null || ! command -v npm >/dev/null; }; then why="no node here"; fi
if [ -z "$why" ] && [ ! -d "$npm_dir/node_modules/playwright-core" ]; then
	mkdir -p "$npm_dir"
	timeout 120 npm install --silent --no-audit --no-fund --no-save --prefix "$npm_dir" playwright-core@1.48.2 >"$work/npm.log" 2>&1 ||
		why="npm cannot reach its registry"
	[ -d "$npm_dir/node_modules/playwright-core" ] || why="npm cannot reach its registry"
fi
if [ -n "$why" ]; then
	skip "HTML in a browser" "$why"
	echo "1..$number"
	exit $rc
fi
HOME=$work timeout 300 node tests/report/browser.mjs "$npm_dir" "$chromium" "$work" "$number" >"$work/browser" 2>"$work/why"
code=$?
cat "$work/browser"
number=$((number + $(grep -c '^ok \|^not ok ' "$work/browser")))
grep -q '^not ok' "$work/browser" && rc=1
[ $code -le 1 ] && [ -s "$work/browser" ] || verdict 1 "browser.mjs ended with $code"
echo "1..$number"
exit $rc
