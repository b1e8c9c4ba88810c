#!/bin/sh
# kis_points.sh: runbooks/kis-core/deploy.yml: each program, request, script and file that
# changes something fails in turn, in one way (RB_LONG=1: in every way). Traffic, schema, rows,
# Redis keys and files are then as before.
. "$(dirname "$0")/service/lib.sh"
. "$top/tests/cloud/state.sh"
. "$top/tests/cloud/points.sh"
. "$here/service/people.sh"
. "$here/service/kis.sh"
need nginx psql pg_dump redis-server redis-cli curl gzip python3 postgres bash jq ssh-keygen cc
points_shards 3
kis_up
cloud_resident
PATH=$kis/bin:$PATH
cloud_wrap sh bash systemctl psql pg_dump redis-cli ln cp rm
cloud_file backup_metadata.json
cloud_relay "api=127.0.0.1:$kis_port"
PATH=$cloud/bin:$PATH
export PATH
sed -i '/^systemctl:/d; s|^api: .*|api: http://127.0.0.1:'"$(jq .api "$cloud/relay.json")"'|; s/^soak: .*/soak: 10ms/; s/^load_iterations: .*/load_iterations: 2/' "$scratch/kis.yml"
pg_kis() { PGPASSWORD=$DATABASE_PASSWORD "$@"; }
pg_kis pg_dump --schema=kis >"$scratch/first.sql"
state() {
	kis_state "$scratch/state.txt"
	cat "$scratch/state.txt"
}
world() {
	# After an undo that left everything as it was there is nothing to make anew.
	[ ! "${points_as_before:-}" ] || return 0
	"$kis/bin/systemctl" stop estimator-service
	"$kis/bin/systemctl" stop erp-ai-service
	pg_kis psql -Xq -o /dev/null -v ON_ERROR_STOP=1 --single-transaction -c 'SET client_min_messages = error' -c 'DROP SCHEMA IF EXISTS kis CASCADE' -f "$scratch/first.sql"
	rcli set kis:model:active v2.3.1 >/dev/null
	for svc in estimator-service erp-ai-service; do
		ln -sfn releases/v2.3.1-first "$kis/app/$svc/current"
		find "$kis/app/$svc/releases" -mindepth 1 -maxdepth 1 ! -name v2.3.1-first -exec rm -rf {} +
		"$kis/bin/systemctl" start $svc
	done
	ln -sfn production.conf "$kis/nginx/nginx.conf"
	kill -HUP "$nginx_pid"
	sleep 0.3
	until_ok 10 kis_healthy
}
POINTS_HOW=turn POINTS_EXACT=1 POINTS_EXEC='--outside-window test' POINTS_UNDO=8 POINTS_GONE=test/estimate # `tidy` removes it
points deploy world state "$top/runbooks/kis-core/deploy.yml" --inputs "$scratch/kis.yml" -i tag=v2.4.0 -i request.change=CR-2025-007 -i every=1m
finish
