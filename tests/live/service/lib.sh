# lib.sh: what the live tests share; sourced by ../*.sh. TAP on stdout. A test makes
# everything in $scratch, starts servers with `daemon` and ends with `finish`; the
# servers are stopped by their pids and the scratch folder removed on every way out.
#
# RUNBOOK_BIN  the program to test, build/runbook by default
# RB_KEEP=1    keep the scratch folder
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
RB=${RUNBOOK_BIN:-$top/build/runbook}
case $RB in /*) ;; *) RB=$PWD/$RB ;; esac
LC_ALL=C.UTF-8
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
unset RUNBOOK_BIN GITHUB_ACTIONS CI RUNBOOK_GROUP RUNBOOK_OPERATOR 2>/dev/null
python=/usr/bin/python3
[ -x $python ] || python=$(command -v python3) || python=

count=0 failed=0 pids=
scratch=$(mktemp -d "${TMPDIR:-/tmp}/live.XXXXXX") || exit 1
chmod 711 "$scratch"
# A private TMPDIR marks everything that descends from a run of this test.
mkdir "$scratch/tmp"
TMPDIR=$scratch/tmp
RUNBOOK_STATE=$scratch/state RUNBOOK_LOCKS=$scratch/locks XDG_CONFIG_HOME=$scratch/config
no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
export TMPDIR RUNBOOK_STATE RUNBOOK_LOCKS XDG_CONFIG_HOME no_proxy NO_PROXY

# daemon LOG COMMAND...: starts a server; $! is its pid.
daemon() {
	_log=$1
	shift
	"$@" >>"$_log" 2>&1 </dev/null &
	pids="$! $pids"
}

gone() { # PID: waits up to 5 s for its end
	_n=0
	while kill -0 "$1" 2>/dev/null; do
		_n=$((_n + 1))
		[ $_n -lt 100 ] || return 1
		sleep 0.05
	done
}

own_path=$PATH
cleanup() {
	PATH=$own_path # a test may have put other programs in front
	trap '' INT TERM HUP
	for _p in $pids; do
		kill -TERM "$_p" 2>/dev/null || continue
		kill -INT "$_p" 2>/dev/null # PostgreSQL: do not wait for clients
		gone "$_p" || kill -KILL "$_p" 2>/dev/null
	done
	if [ -n "${RB_KEEP:-}" ]; then echo "# kept: $scratch"; else rm -rf "$scratch"; fi
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP PIPE

# worlds N: goes on in N processes at once, each with its own scratch folder and servers and
# its number in $part; true there. False here, when they have ended: their tests are ours,
# $scratch is their $parent.
worlds() {
	if [ "${RB_PART:-}" ]; then
		part=${RB_PART%% *} parent=${RB_PART#* }
		unset RB_PART
		return 0
	fi
	_i=0 _all=''
	while [ $_i -lt "$1" ]; do
		_i=$((_i + 1))
		daemon "$scratch/part.$_i" env RUNBOOK_BIN="$RB" RB_PART="$_i $scratch" sh "$here/${0##*/}"
		_all="$_all $!"
	done
	_i=0
	for _p in $_all; do
		_i=$((_i + 1)) _code=0
		wait "$_p" || _code=$?
		_seen=$count _bad=$failed _plan=none
		while IFS= read -r _line; do
			case $_line in
			'ok '*) pass "${_line#ok * - }" ;;
			'not ok '*) fail "${_line#not ok * - }" ;;
			1..*) _plan=${_line#1..} ;;
			*) printf '%s\n' "$_line" ;;
			esac
		done <"$scratch/part.$_i"
		[ "$_plan" = $((count - _seen)) ] && [ $((_code == 0)) = $((_bad == failed)) ] || fail "part $_i of this test comes to its end ($_code)"
	done
	return 1
}

note() { sed 's/^/# /'; }
pass() { count=$((count + 1)); echo "ok $count - $1"; }
fail() { count=$((count + 1)); failed=$((failed + 1)); echo "not ok $count - $1"; }
skip() { count=$((count + 1)); echo "ok $count - $1 # SKIP $2"; }
skip_all() { echo "1..0 # SKIP $1"; exit 0; }
finish() { echo "1..$count"; [ $failed -eq 0 ]; exit; }

# check WHAT COMMAND...: passes if the command does; shows its output if not.
check() {
	_what=$1
	shift
	if "$@" >"$scratch/check.log" 2>&1; then
		pass "$_what"
	else
		fail "$_what"
		echo "$*" | note
		head -n 30 "$scratch/check.log" | note
	fi
}
is() { # WHAT GOT WANT
	if [ "$2" = "$3" ]; then pass "$1"; else fail "$1"; printf 'got:  %s\nwant: %s\n' "$2" "$3" | note; fi
}
same() { # WHAT FILE FILE
	if [ -s "$2" ] && cmp -s "$2" "$3"; then
		pass "$1"
	else
		fail "$1"
		diff "$2" "$3" | head -n 30 | note
	fi
}
has() { grep -qF -e "$2" "$1"; } # FILE TEXT

# rb CODE WHAT ARGS...: runs the program; its streams are in $scratch/out and err.
rb() {
	_want=$1 _what=$2 code=0
	shift 2
	timeout -k 20 "${RB_TIMEOUT:-120}" "$RB" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
	if [ $code -eq "$_want" ]; then
		pass "$_what: exit code $_want"
	else
		fail "$_what: exit code $_want"
		echo "got $code: runbook $*" | note
		tail -n 40 "$scratch/err" | note
		tail -n 10 "$scratch/out" | cut -c 1-600 | note
	fi
}

# need TOOL...: the whole test is skipped where one is missing.
need() {
	for _t; do
		case $_t in
		python3) [ -n "$python" ] || skip_all 'no python3 here' ;;
		postgres) pg_bin >/dev/null || skip_all 'no PostgreSQL server here (apt: postgresql)' ;;
		*) command -v "$_t" >/dev/null 2>&1 || skip_all "no $_t here" ;;
		esac
	done
	[ -x "$RB" ] || { echo "Bail out! there is no $RB"; exit 1; }
}

free_port() { "$python" -SEc 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

until_ok() { # SECONDS COMMAND...
	_tries=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		_tries=$((_tries - 1))
		[ $_tries -gt 0 ] || return 1
		sleep 0.05
	done
}
get() { curl -sS --noproxy '*' --max-time 10 "$@"; }

pg_bin() {
	for _b in /usr/lib/postgresql/15/bin /usr/lib/postgresql/*/bin; do
		if [ -x "$_b/postgres" ] && [ -x "$_b/initdb" ]; then echo "$_b"; return; fi
	done
	return 1
}

# pg_up: PostgreSQL in $scratch/pg, reached only through a socket in $PGHOST. As root
# it runs as postgres: it never runs as root.
pg_up() {
	_bin=$(pg_bin)
	_as=
	mkdir "$scratch/pg" "$scratch/sock"
	printf '%s\n' 'pw of postgres' >"$scratch/pg.pw"
	if [ "$(id -u)" = 0 ]; then
		id postgres >/dev/null 2>&1 || skip_all 'no user postgres here'
		chown postgres "$scratch/pg" "$scratch/sock" "$scratch/pg.pw"
		_as='setpriv --reuid postgres --regid postgres --init-groups'
	fi
	(cd / && $_as "$_bin/initdb" -D "$scratch/pg/data" -A scram-sha-256 --pwfile="$scratch/pg.pw" -U postgres \
		-E UTF8 --locale=C --no-sync) >"$scratch/initdb.log" 2>&1 || { note <"$scratch/initdb.log"; echo 'Bail out! initdb'; exit 1; }
	cd /
	daemon "$scratch/pg.log" $_as "$_bin/postgres" -D "$scratch/pg/data" -k "$scratch/sock" -c listen_addresses= \
		-c fsync=off -c full_page_writes=off -c max_connections=60 -c log_statement=all -c shared_buffers=16MB
	pg_pid=$!
	cd "$here"
	# The clients themselves: Debian's wrapper of them starts Perl at each call.
	PGHOST=$scratch/sock PGPORT=5432 PATH=$_bin:$PATH
	export PGHOST PGPORT PATH
	until_ok 20 env PGPASSWORD='pw of postgres' psql -Xqc 'SELECT 1' -U postgres postgres ||
		{ note <"$scratch/pg.log"; echo 'Bail out! PostgreSQL does not start'; exit 1; }
}

# redis_up: Redis on 127.0.0.1:$REDIS_PORT with password $REDIS_PASSWORD.
redis_up() {
	REDIS_PASSWORD="it's \$secret"
	for _try in 1 2 3 4 5; do
		REDIS_PORT=$(free_port)
		printf 'requirepass "%s"\n' "$REDIS_PASSWORD" >"$scratch/redis.conf"
		daemon "$scratch/redis.log" redis-server "$scratch/redis.conf" --port "$REDIS_PORT" --bind 127.0.0.1 --save '' --appendonly no \
			--dir "$scratch/tmp"
		redis_pid=$!
		export REDIS_PORT REDIS_PASSWORD
		until_ok 5 eval '[ "$(rcli info server | tr -d "\r" | sed -n "s/^process_id://p")" = $redis_pid ]' && return
	done
	note <"$scratch/redis.log"
	echo 'Bail out! Redis does not start'
	exit 1
}
rcli() { REDISCLI_AUTH=$REDIS_PASSWORD redis-cli -e -h 127.0.0.1 -p "$REDIS_PORT" "$@"; }

# nginx_up FOLDER: nginx with FOLDER/nginx.conf, in the foreground, pid in FOLDER/nginx.pid.
nginx_up() {
	mkdir -p "$1/tmp"
	daemon "$1/start.log" nginx -e "$1/error.log" -p "$1/" -c nginx.conf -g 'daemon off;'
	nginx_pid=$!
	until_ok 5 test -s "$1/nginx.pid" || { note <"$1/start.log"; echo 'Bail out! nginx does not start'; exit 1; }
}
nginx_user() { [ "$(id -u)" != 0 ] || echo 'user root root;'; }
