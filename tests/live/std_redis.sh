#!/bin/sh
# std_redis.sh: std/redis against a real server.
. "$(dirname "$0")/service/lib.sh"
. "$here/service/faults.sh"
need redis-server redis-cli python3
redis_up
fault_tools redis-cli
world() { rcli config set maxmemory 100mb >/dev/null; rcli set k 1 >/dev/null; }
state() { rcli config get maxmemory; rcli dbsize; }
book() {
	{
		printf 'runbook: 1\nname: t\nsecrets: { pw: { env: REDIS_PASSWORD } }\ninputs: { fail: { type: bool, default: false } }\nact:\n'
		cat
		printf 'test:\n  - guard: not inputs.fail\n'
	} >"$1"
}
srv="port: $REDIS_PORT, password: \"\${{ secrets.pw }}\""
book "$scratch/ready.yml" <<X
  - id: r
    uses: std/redis/ready@1
    with: { $srv, retries: 1, delay: 100ms }
    expect: count == 1
X
book "$scratch/config.yml" <<X
  - id: c
    uses: std/redis/config@1
    with: { $srv, name: maxmemory, value: 200mb }
    expect: previous == '104857600' and value == '209715200'
X
world
rb 0 'no errors' check "$scratch/ready.yml" "$scratch/config.yml"
rb 0 'ready' exec "$scratch/ready.yml"
sed "s/port: $REDIS_PORT/port: 1/" "$scratch/ready.yml" >"$scratch/not.yml"
rb 1 'a server that is not there' exec "$scratch/not.yml"
faults config world state "$scratch/config.yml"
world
state >"$scratch/before"
rb 3 'config, and a later failure' exec "$scratch/config.yml" -i fail=true
state >"$scratch/after"
same 'undone' "$scratch/before" "$scratch/after"
sed 's/value: 200mb/value: much/' "$scratch/config.yml" >"$scratch/wrong.yml"
rb 3 'a value that Redis refuses' exec "$scratch/wrong.yml"
check 'the password is nowhere' sh -c '! grep -rqF "$1" "$2"' sh "$REDIS_PASSWORD" "$RUNBOOK_STATE"
finish
