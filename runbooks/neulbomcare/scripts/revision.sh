#!/bin/sh
# revision.sh: prints alembic's revision of the database in PGHOST, PGDATABASE...; `base`
# where nothing was migrated yet.
set -eu
there=$(psql -XAtqc "select to_regclass('alembic_version') is not null")
[ "$there" = t ] || { echo base; exit 0; }
found=$(psql -XAtqc 'select version_num from alembic_version')
echo "${found:-base}"
