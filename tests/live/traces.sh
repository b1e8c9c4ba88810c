#!/bin/sh
# traces.sh: runs as traces of OpenTelemetry, sent to a server that looks at them as a
# collector does; and what the variables say, and that nothing of it touches a run.
. "$(dirname "$0")/service/lib.sh"
need python3
cd "$scratch" || exit 1
unset $(env | sed -n 's/^\(OTEL_[A-Z_]*\)=.*/\1/p') TRACEPARENT
daemon "$scratch/hooks.out" "$python" -SE "$here/service/hooks.py" "$scratch/hooks.log" "$scratch/port"
until_ok 10 test -s port || { note <hooks.out; echo 'Bail out! the server does not start'; exit 1; }
to=http://127.0.0.1:$(cat port)
cat >good.yml <<'END'
runbook: 1
name: good
inputs: { n: { type: int, default: 1 } }
secrets: { word: { env: WORD } }
act:
  - id: a
    env: { WORD: "${{ secrets.word }}" }
    run: echo "the secret is $WORD"
    rollback: []
    timeout: 5s
  - id: each
    foreach: range(inputs.n)
    run: [echo, "${{ item }}"]
    effect: read
    timeout: 5s
test:
  - guard: true
END
cat >bad.yml <<'END'
runbook: 1
name: bad
act:
  - id: a
    run: [echo, do]
    probe: { run: exit 1 }
    rollback: [{ id: back, run: [echo, undo] }]
    timeout: 5s
  - id: b
    run: exit 3
    rollback: []
    retry: { max: 1, delay: 1ms }
    timeout: 5s
test:
  - guard: true
END
WORD='a secret of the run'
export WORD
tree() { "$python" -SE "$here/service/traces.py" hooks.log >tree 2>&1; }
sent() { "$python" -SE "$here/service/channels.py" hooks hooks.log "$1"; }
# try CODE WHAT VARIABLE=VALUE... [-- ARGS...]: a run with these variables
try() {
	want=$1 what=$2 vars=
	shift 2
	: >hooks.log
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		export "$1"
		vars="$vars ${1%%=*}"
		shift
	done
	[ $# -eq 0 ] || shift
	[ $# -gt 0 ] || set -- good.yml
	rb "$want" "$what" exec "$@" --no-input
	unset $vars
}

# --- the trace of a run ---
try 0 'good' OTEL_EXPORTER_OTLP_ENDPOINT="$to/"
is 'good: one request to /v1/traces, of JSON' "$(sent '[(x["method"], x["path"], x["headers"]["Content-Type"]) for x in r]')" "[('POST', '/v1/traces', 'application/json')]"
tree
is 'good: run, phases, steps, iterations, attempts' "$(sed 's/^trace [0-9a-f]*/trace X/' tree | grep -v '^resource host\|^resource service.version')" \
	"resource service.name runbook
trace X parent None
runbook good ok 
  act ok 
    a ok 
      attempt 1 - 
    each ok 
      each[0] ok 
        attempt 1 - 
  test ok 
    #1 ok "
check 'good: no secret' sh -c '! grep -q "a secret of" hooks.log'
"$python" -SE "$here/service/traces.py" hooks.log --bytes >sent.json
"$RB" report @last -f otlp >again.json
same 'good: made again from the journal it is the same' sent.json again.json
check 'good: the journal is sound and replays' "$RB" verify @last

try 3 'bad' OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="$to/own?x=1" OTEL_EXPORTER_OTLP_ENDPOINT="$to/not" \
	TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 OTEL_SERVICE_NAME=deployer \
	OTEL_RESOURCE_ATTRIBUTES='service.name=other, team=op%2Cs,host.name=h1' OTEL_EXPORTER_OTLP_HEADERS='authorization=Bearer%20abc,x-y = z' -- bad.yml
is "bad: the address of traces as it is, and the headers" "$(sent '[(x["path"], x["headers"]["authorization"], x["headers"]["x-y"]) for x in r]')" "[('/own?x=1', 'Bearer abc', 'z')]"
tree
is 'bad: part of the trace that it was started in; attempts, probe, unwinding, undo' "$(grep -v '^resource service.version' tree)" \
	'resource service.name deployer
resource host.name h1
resource team op,s
trace 0af7651916cd43dd8448eb211c80319c parent b7ad6b7169203331
runbook bad error exit 3
  act error 
    a ok 
      probe before - 
      attempt 1 - 
      probe after undo - 
    b error exit 3
      attempt 1 - 
      attempt 2 - 
  unwinding ok 
    undo a ok 
      back ok 
        attempt 1 - '
try 0 'many' OTEL_EXPORTER_OTLP_ENDPOINT="$to" -- good.yml -i n=1500
is 'many: more than 2000 spans are several requests' "$(sent 'len(r)')" 2
tree
is 'many: one trace all the same' "$(grep -c '^        attempt' tree)" 1500

# --- a run with two runners is one trace ---
: >hooks.log
cat >pause.yml <<'END'
runbook: 1
name: pause
act:
  - { id: a, run: [echo, a], rollback: [], timeout: 5s }
  - { id: b, run: "test -e go", rollback: [], timeout: 5s, on_fail: pause }
test:
  - guard: true
END
export OTEL_EXPORTER_OTLP_ENDPOINT="$to"
rb 5 'held' exec pause.yml --no-input
is 'held: nothing is sent yet' "$(sent 'len(r)')" 0
touch go
"$RB" answer @last act/b retry --why 'it is there' >out 2>&1 || "$RB" answer @last b retry --why 'it is there' >out 2>&1
rb 0 'resumed' resume @last --no-input
is 'resumed: sent once' "$(sent 'len(r)')" 1
tree
is 'resumed: all of it, from both runners' "$(sed -n '/^runbook/,$p' tree)" \
	'runbook pause ok 
  act ok 
    a ok 
      attempt 1 - 
    b ok 
      attempt 1 - 
      attempt 2 - 
  test ok 
    #1 ok '
unset OTEL_EXPORTER_OTLP_ENDPOINT

# --- what the variables say ---
for off in OTEL_SDK_DISABLED=TRUE OTEL_TRACES_EXPORTER=none OTEL_TRACES_EXPORTER=console OTEL_TRACES_SAMPLER=always_off \
	TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00; do
	try 0 "$off" OTEL_EXPORTER_OTLP_ENDPOINT="$to" "$off"
	is "$off: nothing is sent, nothing said" "$(sent 'len(r)') $(grep -c trace err)" '0 0'
done
try 0 'no endpoint' OTEL_SERVICE_NAME=x
is 'no endpoint: nothing is sent' "$(sent 'len(r)')" 0
for on in OTEL_SDK_DISABLED=false OTEL_TRACES_EXPORTER=console,otlp TRACEPARENT=nonsense TRACEPARENT=00-00000000000000000000000000000000-b7ad6b7169203331-01; do
	try 0 "$on" OTEL_EXPORTER_OTLP_ENDPOINT="$to" "$on"
	tree
	is "$on: sent, a trace of its own" "$(sent 'len(r)') $(grep -c 'parent None' tree)" '1 1'
done
try 0 'always_on' OTEL_EXPORTER_OTLP_ENDPOINT="$to" OTEL_TRACES_SAMPLER=always_on TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00
is 'always_on: whatever the parent says' "$(sent 'len(r)')" 1
try 0 'grpc' OTEL_EXPORTER_OTLP_ENDPOINT="$to" OTEL_EXPORTER_OTLP_PROTOCOL=grpc
check 'grpc: said that it is not spoken' has err 'the trace was not sent: OTEL_EXPORTER_OTLP_PROTOCOL is grpc'
try 0 'wrong headers' OTEL_EXPORTER_OTLP_ENDPOINT="$to" OTEL_EXPORTER_OTLP_HEADERS='secret value'
check 'wrong headers: said so, without them' has err 'the trace was not sent: OTEL_EXPORTER_OTLP_HEADERS is no list'
check 'wrong headers: they are not shown' sh -c '! grep -q "secret value" err'
try 0 'wrong attributes' OTEL_EXPORTER_OTLP_ENDPOINT="$to" OTEL_RESOURCE_ATTRIBUTES='a=b,c'
is 'wrong attributes: left out, and the trace is sent' "$(sent 'len(r)') $(grep -c RESOURCE_ATTRIBUTES err)" '1 1'

# --- a collector in trouble ---
for case in 'brief 2' 'hangup 2' 'gone 1' 'twice 1' 'elsewhere 1' 'partial 1'; do
	set -- $case
	try 0 "$1" OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="$to/$1" OTEL_EXPORTER_OTLP_TIMEOUT=1900
	is "$1: requests" "$(sent 'len(r)')" "$2"
	cp err "err.$1"
done
check 'brief: sent in the end' sh -c '! grep -q "trace was not sent" err.brief'
check 'hangup: sent in the end' sh -c '! grep -q "trace was not sent" err.hangup'
check 'gone: said so' has err.gone 'the trace was not sent: HTTP status 404'
check 'twice: 500 is not tried again, as the protocol says' has err.twice 'the trace was not sent: HTTP status 500'
check 'partial: said so' has err.partial 'the trace was not sent: not all of it was taken: too old'
try 0 'nobody there' OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$(free_port)" OTEL_EXPORTER_OTLP_TIMEOUT=300
check 'nobody there: said so' has err 'the trace was not sent: '
try 0 'silent: the run ends although nobody answers, however long the variable would wait' \
	OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="$to/silent" OTEL_EXPORTER_OTLP_TIMEOUT=86400000
check 'silent: given up' has err 'the trace was not sent: timeout; `runbook report '
is 'silent: it was asked once' "$(sent 'len(r)')" 1
"$RB" $(sed -n 's/.*not sent: .*`runbook \(.*\)` prints it/\1/p' err) >later.json
check 'silent: what is said prints the trace' "$python" -SEc 'import json, sys; assert json.load(open("later.json"))["resourceSpans"]'
try 0 'never' OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="$to/never"
check 'never: one who says to wait for an hour is not waited for' has err 'the trace was not sent: HTTP status 429'
finish
