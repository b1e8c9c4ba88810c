#!/bin/sh
# integrity.sh: prints one line for each table: name and number of rows.
set -eu
psql -XAtq -v ON_ERROR_STOP=1 -F ' ' <<'SQL'
select format('select %L, count(*) from %I.%I', schemaname || '.' || tablename, schemaname, tablename)
from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1 \gexec
SQL
