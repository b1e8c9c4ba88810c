# ion.sh: ION in $scratch/ion: a Cloud Run service (the gcloud stand-in) with a canary and
# a legacy revision, and a real nginx as its gateway, which follows the split; sourced
# after lib.sh and cloud/state.sh.
ion_up() {
	ion=$scratch/ion
	mkdir -p "$ion/nginx"
	ion_port=$(free_port) ion_canary=$(free_port) ion_legacy=$(free_port)
	cloud_up gcloud
	cloud_set gcloud <<-END
		{"project": "naeda-genesis", "region": "us-central1", "services": {"ion-api": {"revisions": ["ion-api-00041", "ion-api-00042"],
		 "traffic": [{"revisionName": "ion-api-00042", "percent": 100}, {"revisionName": "ion-api-00042", "tag": "canary"},
		             {"revisionName": "ion-api-00041", "tag": "legacy"}]}}}
	END
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
	# The gateway gets the split whenever gcloud has changed it.
	cat >"$cloud/gcloud-changed" <<-END
		#!/bin/sh
		jq -r '"split_clients \"one client\" \$backend {", (."ion-api".traffic[] | select(.percent) |
		  (if .percent == 100 then "*" else "\(.percent)%" end) + (if .revisionName == "ion-api-00042" then " canary;" else " legacy;" end)),
		  (if any(."ion-api".traffic[]; .percent == 100) then empty else "* legacy;" end), "}"' >$ion/nginx/split.conf
		test ! -s $ion/nginx/nginx.pid || { kill -HUP \$(cat $ion/nginx/nginx.pid); sleep 0.3; }
	END
	chmod +x "$cloud/gcloud-changed"
	cloud_keep
	ion_follow
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
		settle: 50ms
		recheck: 50ms
	END
}
ion_follow() { jq .gcloud.services "$cloud/state.json" | "$cloud/gcloud-changed"; }
# ion_health SIDE ERROR-RATE P95-MS: what this side measures from now on
ion_health() { printf '{"error_rate": %s, "p95_ms": %s, "side": "%s"}\n' "$2" "$3" "$1" >"$ion/$1.json"; }
ion_reset() { # all traffic on canary, as at the start
	cmp -s "$cloud/state.json" "$cloud/kept.json" || { cloud_back; ion_follow; }
}
ion_state() {
	echo '-- traffic'
	for _i in 1 2 3 4 5; do get -w '\n%{http_code}\n' "http://127.0.0.1:$ion_port/"; done
	echo '-- split'
	cloud_view
	cat "$ion/nginx/split.conf"
}
