# ion.sh: ION in $scratch/ion: a gateway (nginx) in front of canary and legacy, all
# traffic on canary; sourced after lib.sh.
ion_up() {
	ion=$scratch/ion
	mkdir -p "$ion/nginx"
	ion_port=$(free_port) ion_canary=$(free_port) ion_legacy=$(free_port)
	cat >"$ion/nginx/nginx.conf" <<-END
		$(nginx_user)
		worker_processes 1;
		pid nginx.pid;
		events { worker_connections 256; }
		http {
		  access_log access.log;
		  client_body_temp_path tmp/1; proxy_temp_path tmp/2; fastcgi_temp_path tmp/3; uwsgi_temp_path tmp/4; scgi_temp_path tmp/5;
		  upstream canary { server 127.0.0.1:$ion_canary; }
		  upstream legacy { server 127.0.0.1:$ion_legacy; }
		  include split.conf;
		  server { listen 127.0.0.1:$ion_port; location / { proxy_pass http://\$backend; } }
		}
	END
	printf '# canary 100%%\nsplit_clients "$request_id" $backend { * canary; }\n' >"$ion/split.first"
	cp "$ion/split.first" "$ion/nginx/split.conf"
	ion_health canary 0 49.74
	ion_health legacy 0.001 85
	for side in canary legacy; do
		eval "port=\$ion_$side"
		daemon "$ion/$side.log" "$python" -SE "$here/service/ion_side.py" "$port" "$ion/$side.json"
	done
	nginx_up "$ion/nginx"
	until_ok 10 get -f "http://127.0.0.1:$ion_legacy/" && until_ok 10 get -f "http://127.0.0.1:$ion_port/" || { echo 'Bail out! ION does not answer'; exit 1; }
	cat >"$scratch/ion.yml" <<-END
		metrics: http://127.0.0.1:$ion_port/metrics/summary
		nginx: $ion/nginx
		nginx_pid: $ion/nginx/nginx.pid
		settle: 50ms
		recheck: 50ms
	END
}
# ion_health SIDE ERROR-RATE P95-MS: what this side measures from now on
ion_health() { printf '{"error_rate": %s, "p95_ms": %s, "side": "%s"}\n' "$2" "$3" "$1" >"$ion/$1.json"; }
ion_reset() {
	cp "$ion/split.first" "$ion/nginx/split.conf"
	kill -HUP "$nginx_pid"
	sleep 0.3
}
ion_state() {
	{
		echo '-- traffic'
		for _i in 1 2 3 4 5; do get -w '\n%{http_code}\n' "http://127.0.0.1:$ion_port/"; done
		echo '-- files'
		cd "$ion"
		find nginx \( -name '*.log' -o -path nginx/tmp \) -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
		cd "$here"
	} >"$1" 2>&1
}
