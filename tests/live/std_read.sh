#!/bin/sh
# std_read.sh: the std modules that only read: http, tls, host, env.
. "$(dirname "$0")/service/lib.sh"
need openssl curl python3 nginx
w=$scratch/w
mkdir -p "$w/tmp" "$w/www"
port=$(free_port) tls=$(free_port)
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '/O=Test/CN=test.example' -addext 'subjectAltName=DNS:test.example' -keyout "$w/key.pem" -out "$w/cert.pem" 2>/dev/null
cat >"$w/nginx.conf" <<X
$(nginx_user)
pid nginx.pid;
error_log error.log;
events {}
http {
	access_log off;
	client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
	server {
		listen 127.0.0.1:$port;
		listen 127.0.0.1:$tls ssl;
		ssl_certificate cert.pem;
		ssl_certificate_key key.pem;
		default_type application/json;
		location /ok { return 200 '{"status":"ok","n":3,"db":{"state":"up","deep":{"er":true}}}'; }
		location /busy { return 503 "busy"; }
	}
}
X
nginx_up "$w"
until_ok 5 get "http://127.0.0.1:$port/ok"
try() { # CODE WHAT: the step on standard input
	{ printf 'runbook: 1\nname: t\npreflight:\n'; cat; } >"$scratch/t.yml"
	"$RB" check --output json "$scratch/t.yml" >"$scratch/check.json" 2>&1 || { fail "$2: has errors"; note <"$scratch/check.json"; }
	rb "$1" "$2" exec "$scratch/t.yml"
}
try 0 'http: an answer that is right' <<X
  - id: h
    uses: std/http@1
    with:
      url: http://127.0.0.1:$port/ok
      contains: status
      within: 5s
      fields: { status: ok, n: "3", db.state: up, db.deep.er: "true" }
      headers: { content-type: application/json }
  - guard: steps.h.answer_code == 200 and steps.h.time > 0s and contains(steps.h.body, 'deep')
X
try 1 'http: a field that is wrong' <<X
  - uses: std/http@1
    with: { url: "http://127.0.0.1:$port/ok", fields: { status: bad }, retries: 1, delay: 10ms }
X
is 'it was asked again' "$(grep -c '"t":"step.attempt"' "$RUNBOOK_STATE/runs/$(ls "$RUNBOOK_STATE/runs" | tail -n 1)/journal.jsonl")" 2
try 1 'http: a status that is wrong' <<X
  - uses: std/http@1
    with: { url: "http://127.0.0.1:$port/busy", retries: 0 }
X
try 0 'http: a status that is expected' <<X
  - uses: std/http@1
    with: { url: "http://127.0.0.1:$port/busy", codes: [200, 503] }
X
try 0 'http: with an authority of its own' <<X
  - guard: 1 == 1
  - uses: std/tls@1
    id: t
    with: { host: 127.0.0.1, port: $tls, name: test.example, ca: $w/cert.pem, at_least: 20d }
  - guard: steps.t.days in [28, 29, 30] and contains(steps.t.subject, 'test.example') and steps.t.left > 28d
X
try 1 'tls: it ends too soon' <<X
  - uses: std/tls@1
    with: { host: 127.0.0.1, port: $tls, name: test.example, ca: $w/cert.pem, at_least: 60d }
X
try 1 'tls: nobody trusts it' <<X
  - uses: std/tls@1
    with: { host: 127.0.0.1, port: $tls, name: test.example }
X
try 1 'tls: another name' <<X
  - uses: std/tls@1
    with: { host: 127.0.0.1, port: $tls, name: other.example, ca: $w/cert.pem }
X
try 0 'host: plausible numbers' <<X
  - id: h
    uses: std/host@1
    with: { path: $scratch, sample: 50ms }
  - guard:
      - steps.h.cpu >= 0% and steps.h.cpu <= 100%
      - steps.h.memory > 0% and steps.h.memory <= 100% and steps.h.memory_free <= steps.h.memory_total
      - steps.h.disk >= 0% and steps.h.disk <= 100% and steps.h.disk_free <= steps.h.disk_total and steps.h.disk_total > 1MB
      - steps.h.cpus >= 1 and steps.h.load1 >= 0 and steps.h.uptime > 1s and steps.h.inodes <= 100%
X
export STD_A=1
try 0 'env: what the runbook inherits' <<X
  - id: e
    uses: std/env@1
    with: { names: [HOME, STD_A, STD_B], required: false }
  - guard: steps.e.missing == ['STD_A', 'STD_B']
X
sed -i 's/^name: t/name: t\ndefaults: { inherit: ["STD_*"] }/; s/, STD_B]/]/; s/, required: false//; /guard/d' "$scratch/t.yml"
rb 0 'env: nothing is missing' exec "$scratch/t.yml"
unset STD_A
rb 1 'env: one is missing' exec "$scratch/t.yml"
finish
