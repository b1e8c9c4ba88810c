# runs.bash: makes the runs that agree.sh judges. Sourced; wants $RB, $books, $scratch.
# Each run's folder is copied to $scratch/runs/NAME.
export RUNBOOK_STATE=$scratch/state RUNBOOK_LOCKS=$scratch/locks
export XDG_CONFIG_HOME=$scratch/config RUNBOOK_ALLOWED_SIGNERS=$scratch/signers
unset CI GITHUB_ACTIONS RUNBOOK_SIGN_KEY RUNBOOK_OPERATOR RUNBOOK_POLICY RUNBOOK_KEYRING
mkdir -p "$scratch/runs" "$scratch/locks" "$scratch/config"
for key in ops kim eve; do
	ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$scratch/$key"
done
{
	echo "ops namespaces=\"runbook-head\" $(cut -d' ' -f1,2 "$scratch/ops.pub")"
	echo "kim namespaces=\"runbook-approval\" $(cut -d' ' -f1,2 "$scratch/kim.pub")"
} >"$scratch/signers"

bail() {
	echo "Bail out! $*"
	exit 1
}
last() { # the newest run's folder
	for _run in "$RUNBOOK_STATE"/runs/*/; do :; done
	echo "${_run%/}"
}
keep() { # NAME [FOLDER]: copies a run
	cp -R "${2:-$(last)}" "$scratch/runs/$1" || bail "no run $1"
}
rb() { # EXIT ARGS...: the program must end with this code
	_want=$1
	shift
	timeout 300 "$RB" "$@" >"$scratch/out.log" 2>&1 </dev/null
	_code=$?
	[ $_code = "$_want" ] || {
		sed 's/^/# /' "$scratch/out.log"
		bail "runbook $*: exit code $_code, not $_want"
	}
}
run() { # EXIT BOOK ARGS...
	_exit=$1 _book=$2
	shift 2
	rb "$_exit" exec "$books/$_book.yml" --no-input "$@"
}
place() { # NAME: an empty folder
	where=$scratch/places/$1
	mkdir -p "$where"
}
until_there() { # FILE: waits for it
	for _ in $(seq 300); do
		[ ! -e "$1" ] || return 0
		sleep 0.1
	done
	bail "$1 does not come"
}
record() { # PATTERN: waits until the newest journal has it
	for _ in $(seq 300); do
		! grep -q "$1" "$(last)/journal.jsonl" 2>/dev/null || return 0
		sleep 0.1
	done
	bail "no record $1"
}
killed() { # BOOK ARGS...: starts it, and kills its runner while its second step runs
	_book=$1
	shift
	"$RB" exec "$books/$_book.yml" --no-input -i where="$where" "$@" >/dev/null 2>&1 </dev/null &
	_pid=$!
	until_there "$where/begun"
	record 'step.intent","k":"act/long"'
	kill -9 $_pid
	wait $_pid 2>/dev/null
	: >"$where/go"
}

make_runs() {
	place ok && run 0 shop -i where="$where" && keep ok
	place undo && run 3 shop -i where="$where" -i code=1 && keep undo
	place signed && RUNBOOK_SIGN_KEY=$scratch/ops run 3 shop -i where="$where" -i code=1 && keep signed
	place nest && run 0 nest -i where="$where" && keep nest
	place unnest && run 3 nest -i where="$where" -i code=1 && keep unnest
	place dry && run 0 shop -i where="$where" --dry-run && keep dry
	place nosync && run 0 shop -i where="$where" --no-sync && keep nosync
	run 0 odd && keep odd
	run 0 stop && keep stop
	run 0 late && keep late

	place back && run 0 shop -i where="$where" && rb 0 rollback @last --why 'a mistake' --no-input && keep back

	place pause && run 5 pause -i where="$where" && keep held
	: >"$where/key"
	rb 0 answer @last door retry --why 'there it is' --no-wait
	rb 0 resume @last --no-input && keep resumed
	place pause2 && run 5 pause -i where="$where" && rb 0 rollback @last --why 'not today' --no-input && keep unheld

	place slow && killed slow && keep broken && rb 0 resume @last --no-input && keep killed
	place slow2 && killed slow && rb 0 rollback @last --why no --no-input && keep killback
	place torn && RUNBOOK_SIGN_KEY=$scratch/ops killed slow
	truncate -s -40 "$(last)/journal.jsonl"
	RUNBOOK_SIGN_KEY=$scratch/ops rb 0 resume @last --no-input && keep torn
	place doubt && killed doubt && rb 4 resume @last --no-input && keep doubt
	rb 0 resolve @last act/long --done --why 'I looked' && rb 0 resume @last --no-input && keep resolved
	place doubt2 && killed doubt && rb 4 resume @last --no-input
	rb 0 resolve @last act/long --not-done --why 'I looked' && rb 0 resume @last --no-input && keep again

	place term
	"$RB" exec "$books/slow.yml" --no-input -i where="$where" >/dev/null 2>&1 </dev/null &
	_pid=$!
	until_there "$where/begun"
	kill -TERM $_pid
	wait $_pid
	keep cancelled

	place watched && run 3 watched -i where="$where" && keep watched

	place stuck && run 4 stuck -i where="$where" && keep stuck
	run 4 stuck -i where="$where" -i point=true && keep point

	python3 "$here/server.py" >"$scratch/port" &
	server=$!
	until_there "$scratch/port"
	while [ ! -s "$scratch/port" ]; do sleep 0.1; done
	run 0 web -i url="http://127.0.0.1:$(cat "$scratch/port")" && keep web
	kill $server

	run 0 parts && keep parts
	run 3 parts -i code=1 && keep unparts

	"$RB" exec "$books/people.yml" -i sure.answer=yes -i change.ticket=CR-1 >"$scratch/people.log" 2>&1 </dev/null &
	_pid=$!
	record '"question","k":"plan/go"'
	rb 0 approve @last go --why 'read it' --sign "$scratch/kim" --as kim
	record '"question","k":"plan/list"'
	rb 0 answer @last list 1 --why 'a note'
	rb 0 answer @last list 2
	wait $_pid || { sed 's/^/# /' "$scratch/people.log"; bail people; }
	keep people

	WORD=Sesame-123 run 3 secret && keep secret
	run 0 big -i bytes=70000000 && keep big
}
