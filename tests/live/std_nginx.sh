#!/bin/sh
# std_nginx.sh: std/nginx/switch against a real nginx: what it serves and its files.
. "$(dirname "$0")/service/lib.sh"
. "$here/service/faults.sh"
need nginx curl python3
w=$scratch/w
mkdir -p "$w/tmp"
port=$(free_port)
site() { printf 'server { listen 127.0.0.1:%s; location / { return 200 "%s\\n"; } }\n' "$port" "$1"; }
cat >"$w/nginx.conf" <<X
$(nginx_user)
pid nginx.pid;
error_log error.log;
events {}
http {
	access_log off;
	client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
	include site.conf;
}
X
site old >"$w/site.conf"
nginx_up "$w"
answer() { get "http://127.0.0.1:$port/"; }
answers() { [ "$(answer)" = "$1" ]; }
until_ok 5 answers old
fault_tools nginx mv cp cat chmod sync

world() {
	site old >"$w/site.conf"
	rm -f "$w"/site.conf.*
	kill -HUP "$nginx_pid"
	until_ok 5 answers old
}
state() { # a reload takes a moment
	sleep 0.3
	answer
	cat "$w/site.conf"
	ls "$w" | grep -v 'before-\|log$'
}
cat >"$scratch/switch.yml" <<X
runbook: 1
name: t
inputs: { text: { type: string }, fail: { type: bool, default: false } }
act:
  - uses: std/nginx/switch@1
    with: { file: $w/site.conf, text: "\${{ inputs.text }}", nginx: [nginx, -e, $w/error.log, -p, $w/, -c, nginx.conf] }
test:
  - uses: std/http@1
    with: { url: "http://127.0.0.1:$port/", contains: new, retries: 10, delay: 100ms }
  - guard: not inputs.fail
X
rb 0 'no errors' check "$scratch/switch.yml"
faults switch world state "$scratch/switch.yml" -i "text=$(site new)"
world
state >"$scratch/before"
rb 3 'a later failure' exec "$scratch/switch.yml" -i "text=$(site new)" -i fail=true
state >"$scratch/after"
same 'undone' "$scratch/before" "$scratch/after"
rb 3 'a configuration that nginx refuses' exec "$scratch/switch.yml" -i 'text=servr {}'
state >"$scratch/after"
same 'it never came to be' "$scratch/before" "$scratch/after"
finish
