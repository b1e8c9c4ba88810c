#!/bin/sh
# demo.sh RUNBOOK: deploys a good and a bad release to a small shop, with real
# nginx and SQLite, and proves that the bad one left no trace. `make demo` runs it.
# Needs nginx, sqlite3 and curl; no root, no network, no terminal. Everything lies
# in a scratch folder that is removed at the end, also after Ctrl-C.
set -eu
program=${1:?usage: demo.sh PROGRAM}
program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
unset GITHUB_ACTIONS
site=$scratch/shop
failures=0

cleanup() {
	trap '' INT TERM HUP
	sh "$here/site.sh" down "$site" || :
	rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Runs and locks of this demo stay in the scratch folder.
export RUNBOOK_STATE="$scratch/state" RUNBOOK_LOCKS="$scratch/locks" XDG_CONFIG_HOME="$scratch/config"
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
cd "$here"

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi
heading() { printf '\n%s== %s%s\n' "$bold" "$1" "$plain"; }
explain() { printf '   %s\n' "$@"; }

# runbook ARGS: shows the command as a person would type it, runs it, keeps its exit code.
runbook() {
	printf '\n%s$ runbook %s%s\n' "$bold" "$*" "$plain" | sed "s|$scratch/||"
	code=0
	"$program" "$@" 2>&1 || code=$?
	echo "   exit code $code"
}

want() { # CODE WHAT
	if [ "$code" -ne "$1" ]; then
		echo "   NOT AS IT SHOULD BE: $2 should end with exit code $1"
		failures=$((failures + 1))
	fi
}

shop() { # what a customer sees, in three lines
	port=$(sed -n 's/^port: //p' "$site/site.yml")
	echo "   http://127.0.0.1:$port/products.json"
	curl -sS --noproxy '*' --max-time 5 "http://127.0.0.1:$port/products.json" | cut -c 1-100 | sed 's/^/     /'
	for page in about.html stock.json; do
		printf '   /%s: ' $page
		curl -sS --noproxy '*' --max-time 5 -o "$scratch/page" -w '%{http_code} ' "http://127.0.0.1:$port/$page"
		[ $page = stock.json ] && grep '^{' "$scratch/page" || echo
	done
	echo "   products: $(sqlite3 -readonly "$site/data/shop.db" 'SELECT group_concat(name, " | ") FROM pragma_table_info("products")')"
	echo "   folder:   $(readlink "$site/current" | sed 's/-.*//')-..."
}

state() { sh "$here/site.sh" state "$site" >"$scratch/$1"; }
part() { sed -n "/^-- $2\$/,/^-- /p" "$scratch/$1" | grep -v '^-- '; }

same() { # BEFORE AFTER: compares traffic, schema, rows and files
	for what in traffic schema rows files; do
		part "$1" $what >"$scratch/a"
		part "$2" $what >"$scratch/b"
		if cmp -s "$scratch/a" "$scratch/b" && [ -s "$scratch/a" ]; then
			printf '   %-8s the same (%s lines, sha256 %.12s)\n' $what \
				"$(grep -c '' "$scratch/a")" "$(sha256sum <"$scratch/a")"
		else
			printf '   %-8s DIFFERENT\n' $what
			diff "$scratch/a" "$scratch/b" | sed 's/^/     /' | head -20
			failures=$((failures + 1))
		fi
	done
}

heading 'A shop, release 1'
explain 'nginx serves pages, SQLite holds the products. The runbook is runbooks/demo/deploy.yml.'
sh "$here/site.sh" up "$site"
cp "$site/site.yml" "$scratch/site.yml"
shop

heading 'First run: release 2, a good one'
explain 'Five phases: preflight, plan, act, test, report. --yes answers the question in `plan`.'
runbook exec deploy.yml --inputs "$scratch/site.yml" -i release=2 --yes --no-input
want 0 'a good release'
echo
shop

heading 'Second run: release 3, a bad one'
explain 'Its migration divides prices by 100 and loses the cents. It installs, migrates and' \
	'opens without any error; only TEST sees it. Look for: the failed guard, then the undo' \
	'of every step, last one first.'
state before
runbook exec deploy.yml --inputs "$scratch/site.yml" -i release=3 --yes --no-input
want 3 'a failed release that was undone'

heading 'Is it really undone?'
explain 'Compared with before the second run: answers of five addresses, .schema, .dump, and' \
	'every file, link and folder of the site.'
state after
same before after
echo
shop

heading 'What happened, afterwards'
explain 'Every run keeps a journal: runs lists them, logs shows what programs printed.'
runbook runs
want 0 '`runbook runs`'
runbook logs @last
want 0 '`runbook logs`'
report=$(find "$scratch/state" -name report.md | LC_ALL=C sort | tail -n 1)
if [ -n "$report" ]; then
	printf '\n   The report of the second run (report.md in its folder):\n\n'
	sed 's/^/     /; s|'"$scratch"'/||' "$report"
else
	echo '   NOT AS IT SHOULD BE: there is no report.md'
	failures=$((failures + 1))
fi

heading 'And without changing anything: the dry-run'
explain 'Reads run, writes are shown with what would undo them.'
runbook exec deploy.yml --inputs "$scratch/site.yml" -i release=3 --dry-run
want 0 'a dry-run'
state dry
same after dry

heading 'Done'
if [ $failures -eq 0 ]; then
	explain 'Release 2 is live, release 3 left no trace. Next: read runbooks/demo/deploy.yml.'
else
	explain "$failures things are not as they should be."
	exit 1
fi
