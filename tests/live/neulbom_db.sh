#!/bin/sh
# neulbom_db.sh: those of runbooks/neulbomcare that change the database, against real
# PostgreSQL, Redis and alembic; the firewall of Azure is a stand-in.
. "$(dirname "$0")/service/lib.sh"
. "$top/tests/cloud/state.sh"
. "$top/tests/cloud/points.sh"
. "$here/service/neulbom.sh"
need python3 jq curl psql pg_dump pg_restore redis-server redis-cli alembic postgres
books=$top/runbooks/neulbomcare
PGUSER=postgres
export PGUSER
pg_up
redis_up
neulbom_up
DATABASE_PASSWORD='pw of postgres'
sql() { PGPASSWORD=$DATABASE_PASSWORD psql -XAtq -v ON_ERROR_STOP=1 "$@"; }

# The application's migrations: r1 is in place; r2 is good, r3 fails on production only.
mkdir -p "$scratch/app/alembic/versions" "$scratch/backups"
printf '[alembic]\nscript_location = %s\n' "$scratch/app/alembic" >"$scratch/app/alembic.ini"
cat >"$scratch/app/alembic/env.py" <<END
import os
from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.engine import URL
engine = create_engine(URL.create("postgresql", query={"host": os.environ["PGHOST"]}, port=None), connect_args={})
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
END
revision() { # ID DOWN UP-SQL DOWN-SQL
	cat >"$scratch/app/alembic/versions/$1.py" <<END
from alembic import op
revision, down_revision = "$1", $2
def upgrade():
    op.execute("""$3""")
def downgrade():
    op.execute("""$4""")
END
}
revision r1 None 'CREATE TABLE patients (id serial PRIMARY KEY, name text NOT NULL)' 'DROP TABLE patients'
revision r2 '"r1"' "ALTER TABLE patients ADD COLUMN room int; CREATE TABLE rooms (id int PRIMARY KEY)" 'DROP TABLE rooms; ALTER TABLE patients DROP COLUMN room'
world() { # anew, unless the undo has left all as it was: that was compared
	if [ "${points_as_before:-}" ]; then
		rm -f "$scratch/backups"/backup_* "$scratch/backups"/before-*
		cloud_back
		return
	fi
	sql -d postgres -c "select format('drop database %I with (force);', datname) from pg_database where datname like 'neulbom%' and datname <> 'neulbom_template'" | sql -d postgres >/dev/null
	sql -d postgres -c 'create database neulbomcare template neulbom_template' -c 'create database neulbom_staging template neulbom_template'
	rm -f "$scratch/backups"/backup_* "$scratch/backups"/before-*
	cloud_back
}
state() {
	sql -d postgres -c "select datname from pg_database where datname like 'neulbom%' and datname not like 'neulbomcare_before_%' order by 1"
	for _d in neulbomcare neulbom_staging; do
		PGPASSWORD=$DATABASE_PASSWORD pg_dump "$_d" | grep -v '^\\\(un\)\{0,1\}restrict \|^-- Dumped'
	done
	# Whole backups stay; parts of backups must not.
	ls "$scratch/backups" | grep -v '^before-.*\.dump\(\.json\)\{0,1\}$'
	cloud_view
}
sql -d postgres -c 'create database neulbom_template'
(cd "$scratch/app" && PGDATABASE=neulbom_template PGPASSWORD=$DATABASE_PASSWORD alembic upgrade r1) >"$scratch/alembic.log" 2>&1
sql -d neulbom_template <<'END'
insert into patients (name) values ('김'), ('O''Brien'), (E'two\nlines');
create table care_logs (id serial primary key, patient_id int references patients, note text);
create table schedules (id serial primary key, schedule_date date);
insert into care_logs (patient_id, note) select 1 + i % 3, 'n' || i from generate_series(1, 300) i;
insert into schedules (schedule_date) select date '2025-12-01' + i from generate_series(1, 60) i;
END
is 'the first migration is in place' "$(sql -d neulbom_template -c 'select version_num from alembic_version')" r1
common="db_host: $PGHOST
db_port: $PGPORT
db_name: neulbomcare
db_user: postgres"
inputs db-migrate <<END
$common
app: $scratch/app
staging_host: $PGHOST
staging_name: neulbom_staging
backups: $scratch/backups
max_query: 20s
END
inputs backup <<END
$common
backups: $scratch/backups
min_free: 1B
END
inputs restore <<END
$common
file: $scratch/good.dump
END
inputs slow-api <<END
$common
redis_port: $REDIS_PORT
END
inputs db-unreachable <<END
$common
client_ip: 203.0.113.7
END
inputs checklist-monthly <<END
$common
checklist: false
END
inputs checklist-weekly <<END
source: $scratch/app
backups: $scratch/backups
npm_audit: ['true']
safety: ['true']
max_disk: 100%
END

# --- Migration -------------------------------------------------------------------
migrate() {
	_code=$1 _what=$2
	shift 2
	neulbom "$_code" "$_what" db-migrate --outside-window test "$@"
}
same_as() { # WHAT
	state >"$scratch/after" 2>&1
	same "$1" "$scratch/before" "$scratch/after"
}
world
state >"$scratch/before" 2>&1
check 'the state is really read' grep -q 'COPY public.patients' "$scratch/before"
rb 0 'migration: dry-run' exec "$books/db-migrate.yml" --inputs "$scratch/db-migrate.yml" --dry-run --no-sync --outside-window test
same_as 'the dry-run changes nothing'
migrate 0 'migration' 
is 'staging and production are at the new revision' "$(for d in neulbomcare neulbom_staging; do sql -d $d -c 'select version_num from alembic_version'; done | tr '\n' ' ')" 'r2 r2 '
check 'the backup is there, and is of before' sh -c 'pg_restore --list "$1"/before-*.dump | grep -q "TABLE DATA public patients" && ! pg_restore --list "$1"/before-*.dump | grep -q rooms' sh "$scratch/backups"
migrate 0 'once more: stopped'
world
revision r3 '"r2"' "INSERT INTO patients (id, name) SELECT 1, 'x' WHERE current_database() = 'neulbomcare'" 'SELECT 1'
migrate 3 'a migration that fails on production only'
same_as 'both are as they were'
revision r3 '"r2"' "DELETE FROM care_logs WHERE current_database() = 'neulbomcare' AND id < 10" 'SELECT 1'
migrate 4 'a migration that loses rows is noticed; its downgrade cannot bring them back: it says so'
says migration.md 'runbook exec restore.yml -i file='
rm -f "$scratch/app/alembic/versions/r3.py"
world

# --- Backup and restore ------------------------------------------------------------
neulbom 0 'backup' backup
is 'a file and what it is' "$(ls "$scratch/backups" | sed 's/.*\.dump/F/' | sort | tr '\n' ' ')" 'F F.json '
neulbom 0 'weekly, with a fresh backup' checklist-weekly -i 'max_memory=95%'
neulbom 1 'weekly, findings' checklist-weekly -i 'npm_audit=["false"]' -i 'max_memory=95%'
check 'they are named' sh -c 'cat "$1/out" "$1/err" | grep -q "npm audit has findings"' sh "$scratch"
neulbom 1 'weekly, memory' checklist-weekly
cp "$scratch/backups"/backup_*.dump "$scratch/good.dump"
cp "$scratch/backups"/backup_*.dump.json "$scratch/good.dump.json"
rm "$scratch/backups"/backup_*
neulbom 1 'weekly, without a backup' checklist-weekly -i 'max_memory=95%'
neulbom_change "az['servers']['prod-server']['retention'] = 7"
neulbom 0 'Azure keeps its own too short: a warning' backup
check 'it is told' sh -c 'cat "$1/out" "$1/err" | grep -q "Azure keeps its backups 7 days"' sh "$scratch"
world
sql -d neulbomcare -c 'drop table care_logs' -c "insert into patients (name) values ('new')"
neulbom 0 'restore' restore
is 'the table is back, what was new is not' "$(sql -d neulbomcare -c 'select count(*) from care_logs' -c 'select count(*) from patients' | tr '\n' ' ')" '300 3 '
says restore.md 'public.care_logs 300'
rb 0 'and back again' rollback @last --yes
is 'the broken one' "$(sql -d neulbomcare -c "select count(*), to_regclass('care_logs') is null from patients")" '4|t'
world
printf 'x' >>"$scratch/good.dump"
neulbom 1 'a backup that was changed is refused' restore
head -c -1 "$scratch/good.dump" >"$scratch/g" && mv "$scratch/g" "$scratch/good.dump"

# --- Slow, unreachable, monthly -----------------------------------------------------
neulbom 0 'slow API' slow-api
is 'the indexes are there' "$(sql -d neulbomcare -c "select count(*) from pg_indexes where indexname in ('idx_patient_id', 'idx_schedule_date')")" 2
neulbom 0 'once more: nothing is missing' slow-api
world
REDIS_PASSWORD=wrong-one neulbom 0 'a cache that does not answer is a warning' slow-api -i indexes=false
check 'it is named' sh -c 'cat "$1/out" "$1/err" | grep -q "The cache does not answer"' sh "$scratch"
neulbom 0 'monthly' checklist-monthly
neulbom 0 'the database answers: stopped' db-unreachable
# From here on psql gets through only with a rule of the firewall.
real_psql=$(command -v psql)
behind_firewall() {
	cat >"$cloud/bin/psql" <<-END
		#!/bin/sh
		jq -e '[.az.servers["prod-server"].rules[][0]] | index("203.0.113.7")' "$cloud/state.json" >/dev/null || {
			echo 'psql: error: connection to server failed: Connection timed out' >&2
			exit 2
		}
		exec "$real_psql" "\$@"
	END
	chmod +x "$cloud/bin/psql"
}
behind_firewall
neulbom 0 'unreachable: a rule is made' db-unreachable
is 'it is for this address' "$(field '[.az.servers[].rules[][0]] | index("203.0.113.7") != null')" true
neulbom_change "az['servers']['prod-server']['state'] = 'Stopped'"
neulbom 1 'the server is stopped: no rule is made' db-unreachable
check 'it says so' sh -c 'cat "$1/out" "$1/err" | grep -q "The server is Stopped"' sh "$scratch"
cloud_back
fault db-unreachable
rm "$cloud/bin/psql"

# --- What is left after every fault --------------------------------------------------
POINTS_HOW='before after'
cloud_wrap psql pg_dump pg_restore createdb alembic
db_fault() { # BOOK ARGS...
	_b=$1
	shift
	points "$_b" world state "$books/$_b.yml" --inputs "$scratch/$_b.yml" "$@"
}
db_fault backup
world_broken() {
	world
	sql -d neulbomcare -c 'set client_min_messages = error; drop table if exists care_logs'
}
points restore world_broken state "$books/restore.yml" --inputs "$scratch/restore.yml"
POINTS_LESS=act/backup POINTS_EXEC='--outside-window test' db_fault db-migrate
db_fault slow-api
POINTS_SAME='rows stay as they are' db_fault checklist-monthly
for secret in "$DATABASE_PASSWORD" "$REDIS_PASSWORD" "$VERCEL_TOKEN"; do
	check 'no secret in the files of the runs' sh -c '! grep -rqF -e "$1" "$2"' sh "$secret" "$RUNBOOK_STATE"
done
finish
