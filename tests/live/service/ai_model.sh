# ai_model.sh: the staging of AI model management: stand-ins for AWS, docker, Terraform,
# MongoDB and certbot, a real Prometheus that scrapes the backends, and a real nginx in front
# of them that follows the load balancer's listener; sourced after lib.sh, cloud/state.sh and
# people.sh.
arn=arn:aws:elasticloadbalancing:ap-northeast-2:123456789012
ai_listener=$arn:listener/app/staging-alb/50dc6c495c0c9188/f2f7dc8efc522ab2
ai_blue=$arn:targetgroup/staging-blue/73e2d6bc24d8a067
ai_green=$arn:targetgroup/staging-green/943f017f100becff
ai_away=$arn:targetgroup/staging-maintenance/0123456789abcdef

ai_up() {
	ai=$scratch/ai
	mkdir -p "$ai/nginx" "$ai/prometheus/targets" "$ai/prometheus/rules" "$ai/book"
	GRAFANA_TOKEN=grafana-token-1 STAGING_MONGO_URL='mongodb://admin:p%40ss@db:27017/staging' APP_DB_PASSWORD='app password' APP_MONGO_URL=mongodb://app@db/staging
	REDIS_URL=redis://cache:6379 JWT_SECRET_STAGING=jwt-secret-1
	export GRAFANA_TOKEN STAGING_MONGO_URL APP_DB_PASSWORD APP_MONGO_URL REDIS_URL JWT_SECRET_STAGING
	# Terraform keeps its plans beside its files, and triggers of minutes are for people: a copy of the folder.
	cp -R "${AI_BOOKS:-$top/runbooks/ai-model}/." "$ai/book"
	mkdir -p "$ai/book/backend"
	for _f in staging-deploy first-24h; do
		sed -i 's/ for [0-9]*m, then/ for 700ms, then/' "$ai/book/$_f.yml"
	done
	# A machine that is busy scrapes late, which is no silence yet.
	sed -i 's/failed for 3 samples, then: pause/failed for 20 samples, then: pause/' "$ai/book/staging-deploy.yml"
	cloud_up aws docker terraform mongosh certbot artillery
	ai_load blue 50000 0.0002 180
	ai_load green 50000 0.0002 180
	ai_hosts 0.45 0.6
	daemon "$ai/world.log" "$python" -SE "$here/service/ai_world.py" "$cloud/state.json" "$ai/load.json" "$ai/ports.json"
	until_ok 10 test -s "$ai/ports.json" || { note <"$ai/world.log"; echo 'Bail out! the backends do not start'; exit 1; }
	ai_cloud
	ai_nginx
	# Whoever changes the listener changes where users go.
	mkdir "$ai/bin"
	cat >"$ai/bin/aws" <<-END
		#!/bin/sh
		code=0
		"$cloud/bin/aws" "\$@" || code=\$?
		case "\$2" in modify-listener) "$ai/follow" ;; esac
		exit \$code
	END
	chmod +x "$ai/bin/aws"
	PATH=$ai/bin:$PATH
	ai_prometheus
	daemon "$ai/echo.log" "$python" -SE "$here/service/echo.py" "$ai/echo.jsonl" "$ai/echo.port"
	until_ok 10 test -s "$ai/echo.port"
	SLACK_WEBHOOK_URL=http://127.0.0.1:$(cat "$ai/echo.port")/slack PAGERDUTY_ROUTING_KEY=0123456789abcdef0123456789abcdef
	export SLACK_WEBHOOK_URL PAGERDUTY_ROUTING_KEY
	ai_smtp=$(free_port)
	mkdir -p "$ai/mail"
	daemon "$ai/smtp.log" "$python" -m aiosmtpd -n -l "127.0.0.1:$ai_smtp" -c aiosmtpd.handlers.Mailbox "$ai/mail/box"
	ai_inputs
}

# ai_load COLOR REQUESTS-A-SECOND ERRORS MS: what this colour measures from now on
ai_load() {
	[ -s "$ai/load.json" ] || echo '{}' >"$ai/load.json"
	jq --arg c "$1" --argjson rps "$2" --argjson errors "$3" --argjson ms "$4" '.[$c] = {rps: $rps, errors: $errors, ms: $ms}' "$ai/load.json" >"$ai/load.new"
	mv "$ai/load.new" "$ai/load.json"
}
ai_set() { # JQ: changes what the backends and hosts measure
	jq "$1" "$ai/load.json" >"$ai/load.new"
	mv "$ai/load.new" "$ai/load.json"
}
ai_hosts() { ai_set ".hosts = {cpu: $1, memory: $2}"; } # CPU MEMORY, as parts

ai_cloud() {
	_old=$(jq -c '[.blue[] | {key: "backend-\(.)-blue-2.3.0", value: {image: "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/ai-model-backend:staging-2.3.0", running: true, health: "healthy",
		ports: ["127.0.0.1:\(.):8000"], env: {}}}] + [.green[] | {key: "backend-\(.)-green-2.2.0", value: {image: "r/ai-model-backend:staging-2.2.0", running: true,
		health: "healthy", ports: ["127.0.0.1:\(.):8000"], env: {}}}] | from_entries' "$ai/ports.json")
	cloud_set docker <<-END
		{"images": {}, "pushed": {}, "logins": [], "containers": $_old}
	END
	cloud_set aws <<-END
		{"elbv2": {"targetGroups": {"$ai_blue": {}, "$ai_green": {}, "$ai_away": {}}, "listeners": {"$ai_listener": {"forward": "$ai_blue"}}},
		 "ec2": {"groups": {"sg-staging-backend": {"name": "staging-backend", "rules": [
		   {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}, {"IpProtocol": "tcp", "FromPort": 9100, "ToPort": 9100, "CidrIp": "10.1.0.0/16"}]}}},
		 "ecr": {"repositories": {"ai-model-backend": {"images": {
		   "staging-2.4.0": {"digest": "sha256:24", "scan": {"CRITICAL": 0, "HIGH": 0, "LOW": 3}}, "staging-2.4.1": {"digest": "sha256:241", "scan": {"CRITICAL": 1}},
		   "staging-2.4.2": {"digest": "sha256:242", "scan": {}}}}}}}
	END
	cloud_set mongosh <<-END
		{"url": "$STAGING_MONGO_URL", "members": ["PRIMARY", "SECONDARY", "SECONDARY"], "users": {"admin": ["root"]},
		 "collections": {"users": {"indexes": {}, "documents": 12}, "models": {"indexes": {"provider_1_status_1": {"key": {"provider": 1, "status": 1}}}, "documents": 3}}}
	END
	echo '{"certificates": {}, "zones": ["ai-model-mgmt.com"]}' | cloud_set certbot
	cloud_keep
}

ai_nginx() {
	ai_port=$(free_port)
	{
		nginx_user
		cat <<-END
			worker_processes 1;
			pid nginx.pid;
			events { worker_connections 256; }
			http {
			  access_log off;
			  client_body_temp_path tmp/1; proxy_temp_path tmp/2; fastcgi_temp_path tmp/3; uwsgi_temp_path tmp/4; scgi_temp_path tmp/5;
			  upstream blue { $(jq -r '.blue[] | "server 127.0.0.1:\(.);"' "$ai/ports.json" | tr '\n' ' ') }
			  upstream green { $(jq -r '.green[] | "server 127.0.0.1:\(.);"' "$ai/ports.json" | tr '\n' ' ') }
			  server { listen 127.0.0.1:$ai_port; include live.conf; }
			}
		END
	} >"$ai/nginx/nginx.conf"
	cat >"$ai/follow" <<-END
		#!/bin/sh
		case \$(cat "$cloud/state.json") in
		*'"forward": "$ai_blue"'*) line='location / { proxy_pass http://blue; }' ;;
		*'"forward": "$ai_green"'*) line='location / { proxy_pass http://green; }' ;;
		*) line='location / { return 503 maintenance; }' ;;
		esac
		test "\$line" != "\$(cat $ai/nginx/live.conf 2>/dev/null)" || exit 0
		echo "\$line" >$ai/nginx/live.conf
		test -s $ai/nginx/nginx.pid || exit 0
		# Old workers answer for another moment.
		read -r nginx <$ai/nginx/nginx.pid
		old=\$(pgrep -P \$nginx)
		kill -HUP \$nginx
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			case " \$(pgrep -P \$nginx | tr '\n' ' ') " in *" \$old "*) sleep 0.05 ;; *) exit 0 ;; esac
		done
	END
	chmod +x "$ai/follow"
	"$ai/follow"
	nginx_up "$ai/nginx"
	until_ok 10 get -f "http://127.0.0.1:$ai_port/api/health" || { echo 'Bail out! staging does not answer'; exit 1; }
}

# AI_SCRAPE: how often Prometheus looks, which is also how long it waits for an answer
ai_prometheus() {
	cat >"$ai/prometheus/first.json" <<-END
		[{"targets": $(jq -c '[.blue[] | "127.0.0.1:\(.)"]' "$ai/ports.json"), "labels": {"color": "blue"}}]
	END
	cp "$ai/prometheus/first.json" "$ai/prometheus/targets/blue.json"
	cat >"$ai/prometheus/prometheus.yml" <<-END
		global: { scrape_interval: ${AI_SCRAPE:-300ms}, evaluation_interval: 1s }
		rule_files: [rules/*.yml]
		scrape_configs:
		  - job_name: backend-services
		    file_sd_configs: [{ files: [targets/*.json], refresh_interval: 1s }]
		  - job_name: node-exporter
		    static_configs: [{ targets: ["127.0.0.1:$(jq .exporter "$ai/ports.json")"] }]
	END
	ai_prom=$(free_port)
	daemon "$ai/prometheus.log" prometheus --config.file="$ai/prometheus/prometheus.yml" --storage.tsdb.path="$ai/tsdb" \
		--web.listen-address="127.0.0.1:$ai_prom" --web.enable-lifecycle --log.level=warn
	ai_prom_pid=$!
	until_ok 20 get -f "http://127.0.0.1:$ai_prom/-/ready" || { note <"$ai/prometheus.log"; echo 'Bail out! Prometheus does not start'; exit 1; }
}

ai_inputs() {
	cat >"$scratch/ai.yml" <<-END
		api: http://127.0.0.1:$ai_port
		host: 127.0.0.1
		blue_ports: $(jq -c .blue "$ai/ports.json")
		green_ports: $(jq -c .green "$ai/ports.json")
		health_delay: 200ms
		pagerduty: http://127.0.0.1:$(cat "$ai/echo.port")/pager
	END
	cat >"$scratch/deploy.yml" <<-END
		source: $ai/book/backend
		prometheus: http://127.0.0.1:$ai_prom
		prometheus_dir: $ai/prometheus
		grafana: http://127.0.0.1:$(jq .grafana "$ai/ports.json")
		window: 1s
		warm_up: 50ms
		soak: 300ms
		every: 500ms
		smtp: 127.0.0.1:$ai_smtp
	END
	# Longer than the window, as in earnest: a rate is of the whole window, also if there was nothing at its beginning.
	sed -i 's/duration: 360/duration: 2/; s/arrivalRate: .*/arrivalRate: 5/' "$ai/book/performance/staging.yml"
}

# Everything as it was at the start.
ai_world() {
	cloud_back
	"$ai/follow"
	rm -rf "$ai/load.json.grafana" "$ai/prometheus/rules/"* "$ai/prometheus/targets/"*
	cp "$ai/prometheus/first.json" "$ai/prometheus/targets/blue.json"
	rm -rf "$ai/book/infra/.terraform"
	get -o "$scratch/tmp/gone" -X DELETE "http://127.0.0.1:$ai_port/api/files"
}
ai_state() {
	# The registry keeps images with tags of their own; a login ends by itself.
	cloud_view | jq -S 'del(.docker.logins, .docker.pushed) | .aws.ec2.groups[].rules |= sort | .terraform.folders = ((.terraform.folders // {}) | with_entries(select(.value.resources != {})))
		| if .terraform.folders == {} then del(.terraform) else . end'
	for _path in /api/health /api/models /api/files; do get -w '\n%{http_code}\n' "http://127.0.0.1:$ai_port$_path"; done
	jq -S . "$ai/load.json.grafana" 2>/dev/null || echo '{}'
	(cd "$ai/prometheus" && find targets rules -type f | LC_ALL=C sort | xargs -r sha256sum)
}
