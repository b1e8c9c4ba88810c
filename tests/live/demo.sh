#!/bin/sh
# demo.sh: runbooks/demo: the demo itself, and each way in which its deployment can
# fail. After each: traffic, schema, rows and files are as before.
. "$(dirname "$0")/service/lib.sh"
need nginx sqlite3 curl
site=$scratch/shop
demo=$top/runbooks/demo
trap 'sh "$demo/site.sh" down "$site" >/dev/null 2>&1; cleanup' EXIT

# The demo as `make demo` runs it, from another folder, leaving nothing behind.
mkdir "$scratch/elsewhere"
(cd "$scratch/elsewhere" && timeout 60 sh "$demo/demo.sh" "$RB") >"$scratch/demo.log" 2>&1 </dev/null
code=$?
is 'the demo proves what it says: exit code 0' "$code" 0
[ $code = 0 ] || tail -n 60 "$scratch/demo.log" | note
for text in 'exit code 3' 'traffic  the same' 'schema   the same' 'rows     the same' 'files    the same'; do
	check "the demo shows: $text" has "$scratch/demo.log" "$text"
done
check 'the demo leaves nothing in its temporary folder' test -z "$(ls -A "$TMPDIR")"

sh "$demo/site.sh" up "$site" || { echo 'Bail out! the site does not start'; exit 1; }
port=$(sed -n 's/^port: //p' "$site/site.yml")
state() { sh "$demo/site.sh" state "$site" >"$scratch/$1" 2>&1; }
copy() { # a runbook folder of its own, to break a release in
	rm -rf "$scratch/book"
	cp -R "$demo" "$scratch/book"
}
deploy() { # CODE WHAT ARGS...
	_c=$1 _w=$2
	shift 2
	rb "$_c" "$_w" exec "$scratch/book/deploy.yml" --inputs "$site/site.yml" --yes --no-input "$@"
}
undone() {
	state after
	same "$1: the site is as it was" "$scratch/before" "$scratch/after"
}
state before
copy
rb 0 'the runbook has no errors' check "$demo/deploy.yml"
check 'and no warnings' sh -c '"$1" check --output json "$2" | tr -d " \n" | grep -q "\"diagnostics\":\[\]"' sh "$RB" "$demo/deploy.yml"

deploy 0 'release 1 is live already: stopped' -i release=1
undone 'nothing to do'
deploy 1 'no such release: failed in preflight' -i release=9
undone 'no such release'
rb 2 'a question without a terminal is refused' exec "$scratch/book/deploy.yml" --inputs "$site/site.yml" -i release=2 --no-input
undone 'refused'

# Each failure: name, exit code, and what breaks release 2.
breaks() { # NAME COMMAND
	copy
	(cd "$scratch/book" && eval "$2") || exit 1
	deploy 3 "$1" -i release=2
	undone "$1"
}
breaks 'a migration that fails half way' \
	'sed -i "s/^BEGIN;//; s/^PRAGMA user.*/SELECT * FROM nowhere;/" releases/2/migrate.sql'
breaks 'a migration that hangs' \
	'sed -i "s/^COMMIT;/.shell sleep 60/" releases/2/migrate.sql; sed -i "s/timeout: 20s/timeout: 1s/" deploy.yml'
breaks 'a migration that is killed' \
	'sed -i "s/^COMMIT;/.shell kill -9 \$PPID/" releases/2/migrate.sql'
breaks 'pages that cannot be written' 'echo "exit 7" >releases/2/export.sh'
breaks 'a configuration that nginx refuses' 'echo "nonsense;" >>releases/2/site.conf; sed -i "s/max: 50/max: 5/; s/max: 20/max: 5/" deploy.yml'
breaks 'a page that is missing' 'rm releases/2/public/about.html'
breaks 'a release that says it is another' 'sed -i "s/.release., 2/'"'release'"', 7/" releases/2/export.sh'
deploy 3 'prices that change (release 3)' -i release=3
undone 'prices that change'
check 'the report says what TEST saw' grep -rq --include=report.md rolled_back "$RUNBOOK_STATE"

copy
deploy 0 'release 2' -i release=2
is 'release 2 answers' "$(get "http://127.0.0.1:$port/products.json" | cut -c 1-12)" '{"release":2'
is 'its migration is there' "$(sqlite3 -readonly "$site/data/shop.db" 'PRAGMA user_version; SELECT count(*) FROM deliveries')" "$(printf '2\n5')"
state before
deploy 3 'release 3 over release 2' -i release=3
undone 'release 3 over release 2'
deploy 1 'back to release 1 is refused' -i release=1
undone 'back to release 1'
rb 0 'runs' runs
is 'runs lists each run' "$(grep -c shop_deploy "$scratch/out")" "$(ls "$RUNBOOK_STATE/runs" | wc -l)"
rb 0 'logs' logs @last
rb 0 'show' show @last
finish
