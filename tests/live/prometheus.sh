#!/bin/sh
# prometheus.sh: `metric` and monitors against a real Prometheus that scrapes a small
# server whose figures the test, and the steps of the runbook, control. Also against
# servers that only look like Prometheus, and none at all.
. "$(dirname "$0")/service/lib.sh"
command -v prometheus >/dev/null || { echo 'Bail out! no prometheus here (apt: prometheus)'; exit 1; }
need curl jq python3
export SHOP=$scratch/shop
mkdir "$SHOP"
daemon "$scratch/figures.log" "$python" -SE "$here/service/figures.py" "$SHOP" "$scratch/port"
figures_pid=$!
until_ok 10 test -s "$scratch/port" || { note <"$scratch/figures.log"; echo 'Bail out! no server'; exit 1; }
figures=http://127.0.0.1:$(cat "$scratch/port")

# figures ERRORS P95: what the shop's exporter says from now on.
set_figures() {
	printf 'shop_error_ratio %s\nshop_p95_ms %s\nshop_in_flight{host="a"} 1\nshop_in_flight{host="b"} NaN\n' "$1" "$2" >"$SHOP/.new"
	mv "$SHOP/.new" "$SHOP/metrics"
}
set_figures 0.001 80

prometheus_up() {
	cat >"$scratch/prometheus.yml" <<-X
		global: { scrape_interval: 200ms }
		scrape_configs: [{ job_name: shop, static_configs: [{ targets: ["${figures#http://}"] }] }]
	X
	for _try in 1 2 3 4 5; do
		_port=$(free_port)
		daemon "$scratch/prometheus.log" prometheus --config.file="$scratch/prometheus.yml" --storage.tsdb.path="$scratch/tsdb" \
			--web.listen-address=127.0.0.1:"$_port" --log.level=warn
		prometheus_pid=$!
		export PROM=http://127.0.0.1:$_port
		until_ok 20 eval 'kill -0 $prometheus_pid && get -f "$PROM/-/ready"' && return
	done
	note <"$scratch/prometheus.log"
	echo 'Bail out! Prometheus does not start'
	exit 1
}
prometheus_up
value() { get -G --data-urlencode "query=$1" "$PROM/api/v1/query" | jq -r '.data.result[0].value[1]'; }
until_ok 20 eval '[ "$(value shop_p95_ms)" = 80 ]' || { echo 'Bail out! Prometheus does not scrape'; exit 1; }

# --- metric ---------------------------------------------------------------------------
last() { cat "$(ls -dt "$RUNBOOK_STATE"/runs/*/ | head -n 1)journal.jsonl"; }
outcome() { last | jq -r --arg k "preflight/$1" 'select(.t == "step.outcome" and .k == $k) | .error // .status'; }
cat >"$scratch/metric.yml" <<'X'
runbook: 1
name: metric
inputs: { prom: string, job: string, over: { type: duration, default: 1m } }
defaults: { timeout: 20s }
preflight:
  - id: p95
    metric: { prometheus: "${{ inputs.prom }}", query: 'max(shop_p95_ms{job="${{ inputs.job }}"})' }
    capture: { p95: "duration(out, 'ms')" }
    expect: p95 < 100ms
  - id: many
    metric: { prometheus: "${{ inputs.prom }}/", query: "shop_in_flight", all: true }
    capture:
      hosts: join(sort_by(map(out, s => s.labels.host), x => x), ',')
      known: len(filter(out, s => s.value != null))
  - id: scalar
    metric: { prometheus: "${{ inputs.prom }}", query: "scalar(count_over_time(shop_p95_ms[${{ inputs.over }}])) * 0 + 2" }
    guard: steps.p95.p95 == 80ms
    expect: out == 2
X
rb 0 'metric: values of a real Prometheus' exec "$scratch/metric.yml" -i prom="$PROM" -i job=shop --no-input
is 'metric: the labels of all series' "$(last | jq -r 'select(.t == "step.outcome" and .k == "preflight/many") | "\(.captures.hosts) \(.captures.known)"')" 'a,b 1'
is 'metric: the query is in the journal' "$(last | jq -r 'select(.t == "step.intent" and .k == "preflight/p95") | .query')" 'max(shop_p95_ms{job="shop"})'
rb 0 'metric: the run replays' replay @last
rb 0 'metric: a duration of a second and a half' exec "$scratch/metric.yml" -i prom="$PROM" -i job=shop -i over=1.5s --no-input
is 'metric: as Prometheus writes it' "$(last | jq -r 'select(.t == "step.intent" and .k == "preflight/scalar") | .query')" 'scalar(count_over_time(shop_p95_ms[1500ms])) * 0 + 2'
rb 1 'metric: a duration that Prometheus does not know' exec "$scratch/metric.yml" -i prom="$PROM" -i job=shop -i over=1500us --no-input
is 'metric: it is not asked' "$(outcome scalar)" 'metric.query: Prometheus knows no duration below a millisecond'
rb 0 'metric: a dry-run asks, too' exec "$scratch/metric.yml" -n -i prom="$PROM" -i job=shop
is 'metric: and had the values' "$(last | jq -r 'select(.t == "step.outcome" and .k == "preflight/many") | .captures.hosts')" 'a,b'
rb 1 'metric: a value is no query' exec "$scratch/metric.yml" -i prom="$PROM" -i job='x"} or vector(1) or up{job="shop' --no-input
is 'metric: it is text of the label' "$(outcome p95)" 'no data: the query gave no series'

cat >"$scratch/probe.yml" <<'X'
runbook: 1
inputs: { prom: string, most: int }
act:
  - id: scale
    run: touch "$SHOP/scaled"
    timeout: 5s
    rollback: []
    probe: { metric: { prometheus: "${{ inputs.prom }}", query: max(shop_p95_ms) }, expect: out < inputs.most, timeout: 20s }
defaults: { inherit: [SHOP] }
X
rb 0 'metric: a probe that says yes' exec "$scratch/probe.yml" -i prom="$PROM" -i most=100 --no-input
is 'metric: nothing was to do' "$(last | jq -r 'select(.t == "step.outcome") | .status')" unchanged
rb 0 'metric: a probe that says no' exec "$scratch/probe.yml" -i prom="$PROM" -i most=50 --no-input
check 'metric: so it was done' test -e "$SHOP/scaled"
rb 1 'metric: a probe that cannot tell: the step fails, nothing was done' exec "$scratch/probe.yml" -i prom="$figures/fake/none" -i most=50 --no-input

failing() { # WHAT SERVER QUERY WORDS [MORE]
	printf 'runbook: 1\npreflight:\n  - id: m\n    timeout: 20s\n    metric: { prometheus: "%s", query: %s%s }\n' "$2" "'$3'" "${5:-}" >"$scratch/f.yml"
	rb 1 "metric: $1" exec "$scratch/f.yml" --no-input
	case $(outcome m) in *"$4"*) pass "metric: $1: said why" ;; *) fail "metric: $1: said why"; outcome m | note ;; esac
}
failing 'no series' "$PROM" 'nothing_at_all' 'no data: the query gave no series'
failing 'several series' "$PROM" 'shop_in_flight' 'the query gave 2 series'
failing 'not a number' "$PROM" 'shop_in_flight{host="b"}' 'the value is NaN: that is no figure'
failing 'an infinity' "$PROM" 'shop_p95_ms / 0' 'the value is +Inf: that is no figure'
failing 'a query that is wrong' "$PROM" 'shop_p95_ms{' 'HTTP status 400: bad_data: '
failing 'a range' "$PROM" 'shop_p95_ms[1m]' 'the query gave a matrix'
failing 'a text' "$PROM" '"text"' 'the query gave a string'
printf '<html>it works</html>' >"$SHOP/html"
printf '{"status":"success"}' >"$SHOP/empty"
printf '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"0x10"]}]}}' >"$SHOP/odd"
printf '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1},"value":["1"]}]}}' >"$SHOP/shape"
printf '503\n{"status":"error","errorType":"timeout","error":"query timed out"}' >"$SHOP/slow"
failing 'a page' "$figures/fake/html" up 'not one of Prometheus: no JSON'
failing 'an answer without data' "$figures/fake/empty" up 'not one of Prometheus'
failing 'a value that is none' "$figures/fake/odd" up 'the value is no number'
failing 'a series that is none' "$figures/fake/shape" up 'not one of Prometheus'
failing 'an error of the server' "$figures/fake/slow" up 'HTTP status 503: timeout: query timed out'
failing 'nobody there' "http://127.0.0.1:$(free_port)" up 'onnect'
is 'metric: only GET' "$(jq -r .method "$SHOP/log" | sort -u)" GET
cat >"$scratch/auth.yml" <<X
runbook: 1
secrets: { token: { env: TOKEN } }
preflight:
  - id: m
    timeout: 20s
    metric: { prometheus: $figures/auth, query: up, auth: { bearer: "\${{ secrets.token }}" } }
X
TOKEN="its \$secret" rb 0 'metric: with a secret' exec "$scratch/auth.yml" --no-input
TOKEN=wrong rb 1 'metric: with a wrong one' exec "$scratch/auth.yml" --no-input
is 'metric: refused' "$(outcome m)" 'HTTP status 401: unauthorized: who are you'
check 'metric: the secret is nowhere' sh -c '! grep -rqF "its \$secret" "$1"' sh "$RUNBOOK_STATE"

# --- monitors -------------------------------------------------------------------------
# The release is the figures that the shop's exporter gives: a bad one makes errors.
printf 'shop_error_ratio 0.09\nshop_p95_ms 95\n' >"$SHOP/bad"
printf 'shop_error_ratio 0.002\nshop_p95_ms 90\n' >"$SHOP/good"
cat >"$scratch/release.yml" <<'X'
runbook: 1
name: release
rto: 1m
inputs: { prom: string, release: string, soak: { type: duration, default: 60s } }
monitors:
  - id: errors
    name: Errors of the shop
    every: 200ms
    timeout: 5s
    metric: { prometheus: "${{ inputs.prom }}", query: max(shop_error_ratio) }
    capture: { errors: ratio(out) }
    rules:
      - { when: errors > 5% for 1s, then: rollback }
      - { when: errors > steps.before.errors * 30 + 2% for 3 samples, then: notify }
  - id: latency
    every: 500ms
    timeout: 5s
    metric: { prometheus: "${{ inputs.prom }}", query: max(shop_p95_ms) }
    capture: { p95: "duration(out, 'ms')" }
    rules:
      - { when: p95 > 2s for 1s, then: rollback }
preflight:
  - id: before
    timeout: 5s
    metric: { prometheus: "${{ inputs.prom }}", query: max(shop_error_ratio) }
    capture: { errors: ratio(out) }
act:
  - id: switch
    run: |
      cp "$SHOP/metrics" "$SHOP/old"
      cp "$SHOP"/${{ inputs.release }} "$SHOP/.new"
      mv "$SHOP/.new" "$SHOP/metrics"
    timeout: 10s
    rollback:
      - run: mv "$SHOP/old" "$SHOP/metrics"
test:
  - id: soak
    wait: ${{ inputs.soak }}
report:
  - render: { to: seen.txt, text: "errors ${{ show(steps.errors.errors) }}, ${{ run.status }}" }
X
sed -i 's/^rto: 1m/defaults: { inherit: [SHOP] }\nrto: 1m/' "$scratch/release.yml"
check 'monitors: the runbook checks without warnings' sh -c '"$1" check --output json "$2" | tr -d " \n" | grep -q "\"diagnostics\":\[\]"' sh "$RB" "$scratch/release.yml"
cp "$SHOP/metrics" "$scratch/before"
rb 3 'monitors: a release that makes errors is undone' exec "$scratch/release.yml" -i prom="$PROM" -i release=bad --no-input
same 'monitors: the system is as it was' "$scratch/before" "$SHOP/metrics"
is 'monitors: the cause is the monitor' "$(last | jq -r 'select(.t == "seal") | "\(.cause.k) \(.status)"')" 'monitors/errors rolled_back'
check 'monitors: it says what it found' eval 'last | jq -se ".[-1].cause.text == \"found by a monitor: errors > 5% for 1s (errors 9%)\""'
check 'monitors: the wait did not run to its end' eval 'last | jq -se "any(.t == \"step.outcome\" and .k == \"test/soak\" and .status == \"cancelled\")"'
check 'monitors: it held at every sample across a second' eval 'last | jq -se "[.[] | select(.t == \"sample\" and .k == \"monitors/errors\" and .values.errors.percent == 9)] | length >= 2 and (.[-1].m - .[0].m) >= 1000000"'
check 'monitors: somebody was told before' eval 'last | jq -se "[.[] | select(.t == \"rule\") | .then] == [\"notify\", \"rollback\"]"'
check 'monitors: the report knows the last figure' grep -qx 'errors 9%, rolled_back' "$(ls -dt "$RUNBOOK_STATE"/runs/*/ | head -n 1)seen.txt"
rb 0 'monitors: the run replays' replay @last
rb 0 'monitors: and is verified' verify @last
rb 0 'monitors: a chart in the report' report @last -f html
check 'monitors: it is there' eval 'has "$scratch/out" "<h2 id=\"monitors\">" && has "$scratch/out" polyline'
rb 0 'monitors: a good release stays' exec "$scratch/release.yml" -i prom="$PROM" -i release=good -i soak=3s --no-input
is 'monitors: nothing fired' "$(last | grep -c '"t":"rule"')" 0
same 'monitors: the release is there' "$SHOP/good" "$SHOP/metrics"
rb 0 'monitors: a dry-run starts none' exec "$scratch/release.yml" -n -i prom="$PROM" -i release=bad
is 'monitors: no sample' "$(last | grep -c '"t":"sample"')" 0

# A source that is gone is not healthy, and does not undo by itself: a person decides.
printf 'up 1\n' >"$SHOP/none"
rb 5 'monitors: figures that are gone pause the run, nobody is there: held' exec "$scratch/release.yml" -i prom="$PROM" -i release=none --no-input
check 'monitors: no data is what it says' eval 'last | jq -se "[.[] | select(.t == \"sample\" and .error == \"no data: the query gave no series\")] | length >= 3"'
check 'monitors: the default rule paused' eval 'last | jq -se "[.[] | select(.t == \"rule\")][0] | .then == \"pause\" and .when == \"failed for 3 samples\""'
check 'monitors: the release still stands' cmp -s "$SHOP/none" "$SHOP/metrics"
key=$(last | jq -r 'select(.t == "held") | .k' | tail -n 1)
rb 2 'monitors: a word that is no choice' answer @last "$key" retry --why x
check 'monitors: the choices are named' has "$scratch/err" 'continue, rollback or hold'
rb 0 'monitors: a person says: back' answer @last "$key" rollback --why 'no figures'
rb 3 'monitors: resume goes back' resume @last --no-input
same 'monitors: undone' "$SHOP/good" "$SHOP/metrics"
rb 0 'monitors: the journal of both runners replays' replay @last

# Prometheus itself dies and comes back: held, then continued; the figures of the second runner count anew.
cat >"$scratch/outage.yml" <<'X'
runbook: 1
name: outage
inputs: { prom: string, pid: string }
monitors:
  - id: errors
    every: 200ms
    metric: { prometheus: "${{ inputs.prom }}", query: max(shop_error_ratio) }
    capture: { errors: ratio(out) }
    rules: [{ when: errors > 50% for 1s, then: rollback }]
test:
  - { id: kill, run: [kill, -KILL, "${{ inputs.pid }}"], timeout: 5s, effect: read }
  - { id: soak, wait: 2s }
X
rb 5 'monitors: Prometheus is gone: held' exec "$scratch/outage.yml" -i prom="$PROM" -i pid="$prometheus_pid" --no-input
check 'monitors: nobody answers is what it says' eval 'last | jq -se "[.[] | select(.t == \"sample\" and (.error // \"\" | test(\"onnect|eply\")))] | length >= 2"'
rb 0 'monitors: a person says: go on' answer @last monitors/errors continue --why 'it comes back'
rb 0 'monitors: resume goes on' resume @last --no-input
rb 0 'monitors: and all of it replays' replay @last

# --- http and run ---------------------------------------------------------------------
printf '{"error_rate": 0.001, "p95_ms": 120}' >"$SHOP/json"
cat >"$scratch/http.yml" <<X
runbook: 1
name: http
monitors:
  - id: live
    every: 150ms
    http: { url: "$figures/json" }
    parse: json
    capture: { errors: ratio(out.error_rate), p95: "duration(out.p95_ms, 'ms')" }
    rules:
      - { when: errors > 1% for 3 samples, then: rollback }
      - { when: failed for 3 samples, then: rollback, say: "three checks failed: HTTP \${{ code ?? 0 }}" }
  - id: disk
    every: 300ms
    run: 'printf "%s" 17'
    capture: { used: percent(int(out)) }
    rules: [{ when: used > 95% for 3 samples, then: pause }]
act:
  - { id: break, run: 'SET', timeout: 5s, rollback: [{ run: 'printf "{\"error_rate\": 0.001, \"p95_ms\": 120}" >"$SHOP/json"' }] }
test:
  - wait: 60s
X
breaks() { # SCRIPT
	awk -v s="$1" '{ i = index($0, "SET"); if (i) $0 = substr($0, 1, i - 1) s substr($0, i + 3); print }' "$scratch/http.yml" >"$scratch/h.yml"
}
breaks 'printf "{\\"error_rate\\": 0.5, \\"p95_ms\\": 1}" >"'"$SHOP"'/json"'
rb 3 'http: errors undo' exec "$scratch/h.yml" --no-input
is 'http: both sources were sampled' "$(last | jq -r 'select(.t == "sample") | .k' | sort -u | tr '\n' ' ')" 'monitors/disk monitors/live '
breaks 'rm "'"$SHOP"'/json"'
rb 3 'http: three failed checks in a row undo, where asked' exec "$scratch/h.yml" --no-input
is 'http: what it said' "$(last | jq -r 'select(.t == "rule") | .text')" 'three checks failed: HTTP 503'
breaks 'printf "{\\"error_rate\\": \\"NaN\\"}" >"'"$SHOP"'/json"'
rb 3 'http: garbage is a failed sample' exec "$scratch/h.yml" --no-input
rb 0 'http: it replays' replay @last
finish
