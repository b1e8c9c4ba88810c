#!/bin/sh
# std_postgres.sh: std/postgres against a real server: ready, backup, restore, run.
. "$(dirname "$0")/service/lib.sh"
. "$here/service/faults.sh"
need psql pg_dump pg_restore python3 postgres
pg_up
export PW='pw of postgres'
sql() { PGPASSWORD=$PW psql -XAtq -U postgres -v ON_ERROR_STOP=1 "$@"; }
w=$scratch/w
fault_tools pg_dump pg_restore psql createdb stat sha256sum sync mv cat grep date

world() {
	rm -rf "$w"
	mkdir "$w"
	sql -d postgres -c "select 'drop database \"' || datname || '\" with (force);' from pg_database where datname like 'shop%'" | sql -d postgres
	sql -d postgres -c 'create database shop'
	sql -d shop -c 'create table item (id int primary key, name text); insert into item select i, $$n$$ || i from generate_series(1, 200) i'
	cp "$scratch/good.dump" "$w/good.dump" 2>/dev/null
	printf 'create table extra (a int);\ninsert into extra select generate_series(1, 5);\ninsert into item values (1000, $$x$$);\n' >"$w/up.sql"
	printf 'drop table extra;\ndelete from item where id = 1000;\n' >"$w/down.sql"
}
state() {
	sql -d postgres -c "select datname from pg_database where datname like 'shop%' and datname not like 'shop_before%' order by 1"
	PGPASSWORD=$PW pg_dump -U postgres shop | grep -v '^\\\(un\)\?restrict\|^-- Dumped'
	ls "$w"
}
book() { # FILE: step's lines on standard input
	{
		printf 'runbook: 1\nname: t\nsecrets: { pw: { env: PW } }\ninputs: { fail: { type: bool, default: false } }\nact:\n'
		cat
		printf 'test:\n  - guard: not inputs.fail\n'
	} >"$1"
}
db="host: $PGHOST, password: \"\${{ secrets.pw }}\", database: shop"
book "$scratch/ready.yml" <<X
  - id: r
    uses: std/postgres/ready@1
    with: { $db, retries: 2, delay: 100ms }
    expect: not replica and bytes > 1MiB
X
book "$scratch/backup.yml" <<X
  - id: b
    uses: std/postgres/backup@1
    with: { $db, file: $w/shop.dump, keep: false }
    expect: tables == 1 and bytes > 500B and len(digest) == 64
X
book "$scratch/restore.yml" <<X
  - id: r
    uses: std/postgres/restore@1
    with: { $db, file: $w/good.dump }
X
book "$scratch/run.yml" <<X
  - id: m
    uses: std/postgres/run@1
    with: { $db, file: $w/up.sql, undo: $w/down.sql, applied: "select to_regclass('public.extra') is not null" }
X
world
sql -d shop -c "update item set name = 'as it was'"
PGPASSWORD=$PW pg_dump -U postgres -Fc -f "$scratch/good.dump" shop
for b in ready backup restore run; do rb 0 "$b: no errors" check "$scratch/$b.yml"; done
rb 0 'ready' exec "$scratch/ready.yml"
sed 's/database: shop/database: nowhere/' "$scratch/ready.yml" >"$scratch/not.yml"
rb 1 'a database that is not there' exec "$scratch/not.yml"
for b in backup restore run; do
	faults "$b" world state "$scratch/$b.yml"
	world
	state >"$scratch/before"
	rb 3 "$b, and a later failure" exec "$scratch/$b.yml" -i fail=true
	state >"$scratch/after"
	same "$b: undone" "$scratch/before" "$scratch/after"
done
world
rb 0 'backup' exec "$scratch/backup.yml"
is 'its digest is in its description' "$("$python" -SEc 'import json, sys; print(json.load(open(sys.argv[1]))["sha256"])' "$w/shop.dump.json")" "$(sha256sum <"$w/shop.dump" | cut -c 1-64)"
is 'nobody else reads it' "$(stat -c %a "$w/shop.dump")" 600
rb 1 'a file that is there is not overwritten' exec "$scratch/backup.yml"
sed 's/keep: false/keep: true/; s/shop.dump/kept.dump/' "$scratch/backup.yml" >"$scratch/keep.yml"
rb 3 'keep, and a later failure' exec "$scratch/keep.yml" -i fail=true
check 'the backup stays' test -s "$w/kept.dump" -a -s "$w/kept.dump.json"
rb 0 'restore' exec "$scratch/restore.yml"
is 'the rows of the backup' "$(sql -d shop -c 'select distinct name from item')" 'as it was'
is 'what was there is kept beside it' "$(sql -d postgres -c "select count(*) from pg_database where datname like 'shop_before%'")" 1
sql -d shop -c 'select pg_sleep(100)' >/dev/null 2>&1 &
sleeper=$!
world
rb 0 'restore while a client is connected' exec "$scratch/restore.yml"
wait $sleeper 2>/dev/null
head -c 1000 "$scratch/good.dump" >"$w/good.dump"
rb 1 'a backup that is cut off' exec "$scratch/restore.yml"
world
rb 0 'run' exec "$scratch/run.yml"
rb 0 'run again' exec "$scratch/run.yml"
is 'it was not run twice' "$(sql -d shop -c 'select count(*) from extra')" 5
world
echo 'insert into nowhere values (1);' >>"$w/up.sql"
state >"$scratch/before"
rb 3 'SQL that fails at its end' exec "$scratch/run.yml"
state >"$scratch/after"
same 'nothing of it is there' "$scratch/before" "$scratch/after"
check 'the password is nowhere' sh -c '! grep -rqF "$1" "$2"' sh "$PW" "$RUNBOOK_STATE"
finish
