# kis.sh: KIS_CORE_V3 in $scratch/kis, for tests that deploy to it; sourced after
# lib.sh, cloud/state.sh and people.sh. Real nginx, PostgreSQL and Redis; two small services under a supervisor;
# a registry with releases that are good or fail in one way each.

# release SERVICE TAG JSON
kis_release() {
	mkdir -p "$kis/registry/$1/$2"
	printf '{"version": "%s"%s}\n' "$2" "${3:+, $3}" >"$kis/registry/$1/$2/release.json"
	printf '%s %s\n' "$1" "$2" >"$kis/registry/$1/$2/README"
}
# kis_tag TAG ESTIMATOR-JSON AI-JSON: a release of both, with the good migration from stdin
kis_tag() {
	kis_release estimator-service "$1" "$2"
	kis_release erp-ai-service "$1" "$3"
	mkdir -p "$kis/registry/migrations/$1"
	cat >"$kis/registry/migrations/$1/pending.sql"
}

kis_registry() {
	good='SET client_min_messages = warning;
ALTER TABLE kis.estimates ADD COLUMN model_version text NOT NULL DEFAULT '"'v2.3.1'"';
UPDATE kis.estimates SET project = upper(project);
CREATE TABLE kis.predictions (id serial PRIMARY KEY, estimate int REFERENCES kis.estimates, accuracy numeric);
INSERT INTO kis.predictions (estimate, accuracy) SELECT id, 0.9 FROM kis.estimates;
DROP VIEW kis.by_customer;
'
	kis_release estimator-service v2.3.1 '"metrics": {"error_rate": 0.001, "p95_ms": 40}'
	kis_release erp-ai-service v2.3.1
	echo "$good" | kis_tag v2.4.0 '"needs": "model_version"' '"accuracy": 0.97'
	# the service does not come up
	echo "$good" | kis_tag v2.4.1 '"crash": true' ''
	# the migration fails half way, what came before is committed
	printf '%s\nINSERT INTO kis.estimates (id, customer, project) VALUES (1, 1, 1);\n' "$good" | kis_tag v2.4.2 '' ''
	# a smoke test fails: the new model is worse
	echo "$good" | kis_tag v2.4.3 '' '"accuracy": 0.82'
	# requests fail under load
	echo "$good" | kis_tag v2.4.4 '"error_every": 11' ''
	# slower than before
	echo "$good" | kis_tag v2.4.5 '"metrics": {"error_rate": 0.001, "p95_ms": 9000}' ''
	# psql is killed in the middle of the migration
	printf '%s\n\\! kill -9 $PPID\nSELECT pg_sleep(5);\n' "$good" | kis_tag v2.4.6 '' ''
	# the second service does not come up
	echo "$good" | kis_tag v2.4.7 '' '"crash": true'
	# good at first, then users meet errors: only the monitors see it
	echo "$good" | kis_tag v2.4.8 '"metrics": {"error_rate": 0.001, "p95_ms": 40}, "later": {"file": "'"$kis"'/later", "metrics": {"error_rate": 0.05, "p95_ms": 40}}' ''
	# nobody measures any more
	echo "$good" | kis_tag v2.4.10 '"metrics": {"error_rate": 0.001, "p95_ms": 40}, "later": {"file": "'"$kis"'/later", "metrics": {"error_rate": "NaN"}}' ''
	# for after v2.4.0: slower, with a migration of its own; and a good one without a migration
	echo 'ALTER TABLE kis.predictions ADD COLUMN model text; UPDATE kis.predictions SET accuracy = 0;' |
		kis_tag v2.5.0 '"metrics": {"error_rate": 0.001, "p95_ms": 9000}' ''
	# in trouble with users, but under 150 %
	kis_release estimator-service v2.5.2 '"metrics": {"error_rate": 0.001, "p95_ms": 40}, "later": {"file": "'"$kis"'/later", "metrics": {"error_rate": 0.012, "p95_ms": 40, "connections": 4000}}'
	kis_release erp-ai-service v2.5.2
	kis_release estimator-service v2.5.3
	kis_release erp-ai-service v2.5.3
	kis_release estimator-service v2.5.4
	kis_release erp-ai-service v2.5.4
	kis_release estimator-service v2.5.1 '"needs": "model_version"'
	kis_release erp-ai-service v2.5.1
}

kis_up() {
	kis=$scratch/kis
	cloud_up k6
	people lead-architect chungwon-lee security-officer
	people_at_work
	mkdir -p "$kis/nginx" "$kis/app/config" "$kis/backups"
	pg_up
	redis_up
	rcli mset kis:model:active v2.3.1 kis:greeting '안녕 "x"' >/dev/null
	rcli hset kis:settings rate 7 unit won >/dev/null
	DATABASE_PASSWORD="p'w \"of\" \$kis" JWT_SECRET=jwt-secret-1 OPENAI_API_KEY=sk-openai-test SMOKE_TEST_PASSWORD='test\123"x'
	export DATABASE_PASSWORD JWT_SECRET OPENAI_API_KEY SMOKE_TEST_PASSWORD
	PGPASSWORD='pw of postgres' psql -Xq -v ON_ERROR_STOP=1 -v "pw=$DATABASE_PASSWORD" -U postgres postgres <<-'END' ||
		CREATE ROLE kis_user LOGIN PASSWORD :'pw';
		CREATE DATABASE kis_db OWNER kis_user;
	END
		{ echo 'Bail out! cannot make the database'; exit 1; }
	export PGUSER=kis_user PGDATABASE=kis_db
	PGPASSWORD=$DATABASE_PASSWORD psql -Xq -v ON_ERROR_STOP=1 <<-'END' || { echo 'Bail out! cannot make the tables'; exit 1; }
		CREATE SCHEMA kis;
		CREATE TABLE kis.estimates (id serial PRIMARY KEY, customer text NOT NULL, project text NOT NULL,
		  made timestamptz NOT NULL DEFAULT '2025-09-22T10:30:00Z', CHECK (customer <> ''));
		CREATE INDEX estimates_customer ON kis.estimates (customer);
		CREATE VIEW kis.by_customer AS SELECT customer, count(*) FROM kis.estimates GROUP BY 1;
		CREATE FUNCTION kis.total() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM kis.estimates';
		INSERT INTO kis.estimates (customer, project) VALUES ('한빛', 'Werkstatt "A"'), ('O''Brien', E'two\nlines'), ('third', '\N');
	END
	kis_registry
	for svc in estimator-service erp-ai-service; do
		mkdir -p "$kis/app/$svc/releases"
		cp -R "$kis/registry/$svc/v2.3.1" "$kis/app/$svc/releases/v2.3.1-first"
		ln -s releases/v2.3.1-first "$kis/app/$svc/current"
	done
	printf '{"rate": 7}\n' >"$kis/app/config/production.json"
	echo 'MODE=test' >"$kis/app/.env"
	kis_estimator=$(free_port) kis_ai=$(free_port) kis_port=$(free_port)
	cat >"$kis/services.json" <<-END
		{"estimator-service": {"python": ["$here/service/app.py", "$kis_estimator", "$kis/app/estimator-service/current/release.json"],
		  "env": {"PGPASSWORD": $(kis_json "$DATABASE_PASSWORD")}},
		 "erp-ai-service": {"python": ["$here/service/app.py", "$kis_ai", "$kis/app/erp-ai-service/current/release.json"],
		  "env": {"PGPASSWORD": $(kis_json "$DATABASE_PASSWORD")}},
		 "postgresql": {"pidfile": "$scratch/pg/data/postmaster.pid"},
		 "redis": {"pidfile": "$scratch/redis.pid"},
		 "api-gateway": {"pidfile": "$kis/nginx/nginx.pid"}}
	END
	echo "$redis_pid" >"$scratch/redis.pid"
	mkdir "$kis/bin"
	cp "$here/service/systemctl" "$kis/bin/systemctl"
	daemon "$kis/supervisor.log" "$python" -SE "$here/service/supervisor.py" "$kis/bin/supervisor" "$kis/services.json"
	daemon "$kis/echo.log" "$python" -SE "$here/service/echo.py" "$kis/echo.jsonl" "$kis/echo.port"
	kis_nginx
	until_ok 10 test -s "$kis/echo.port"
	kis_smtp=$(free_port)
	daemon "$kis/smtp.log" "$python" -m aiosmtpd -n -l "127.0.0.1:$kis_smtp" -c aiosmtpd.handlers.Mailbox "$kis/mail"
	kis_inputs
	until_ok 10 kis_healthy || { note <"$kis/services.json.estimator-service.log"; echo 'Bail out! the services do not answer'; exit 1; }
}
kis_json() { "$python" -SEc 'import json, sys; print(json.dumps(sys.argv[1]))' "$1"; }
kis_healthy() {
	get -f "http://127.0.0.1:$kis_port/api/v1/health" && get -f "http://127.0.0.1:$kis_ai/health"
}

kis_nginx() {
	for mode in production maintenance; do
		{
			nginx_user
			cat <<-END
				worker_processes 1;
				pid nginx.pid;
				events { worker_connections 256; }
				http {
				  access_log access.log;
				  client_body_temp_path tmp/1; proxy_temp_path tmp/2; fastcgi_temp_path tmp/3; uwsgi_temp_path tmp/4; scgi_temp_path tmp/5;
				  server {
				    listen 127.0.0.1:$kis_port;
				    location = /openai { return 200 "{}"; }
				    location = /textin { return 404; }
			END
			if [ $mode = production ]; then
				cat <<-END
					    location / { proxy_pass http://127.0.0.1:$kis_estimator; }
					    location /api/v1/predict { proxy_pass http://127.0.0.1:$kis_ai; }
				END
			else
				echo '    location / { return 503 "maintenance\n"; }'
			fi
			echo '  } }'
		} >"$kis/nginx/$mode.conf"
	done
	ln -s production.conf "$kis/nginx/nginx.conf"
	nginx_up "$kis/nginx"
}

# The environment's file for --inputs.
kis_inputs() {
	cat >"$scratch/kis.yml" <<-END
		environment: test
		api: http://127.0.0.1:$kis_port
		estimator: http://127.0.0.1:$kis_estimator
		ai: http://127.0.0.1:$kis_ai
		openai: http://127.0.0.1:$kis_port/openai
		textin: http://127.0.0.1:$kis_port/textin
		app: $kis/app
		registry: $kis/registry
		backups: $kis/backups
		nginx: $kis/nginx
		nginx_pid: $kis/nginx/nginx.pid
		systemctl: $kis/bin/systemctl
		db_host: $PGHOST
		db_port: $PGPORT
		redis_host: 127.0.0.1
		redis_port: $REDIS_PORT
		max_cpu: 100%
		max_memory: 100%
		max_disk: 100%
		drain: 50ms
		settle: 100ms
		health_delay: 100ms
		noise: 8s
		max_p95: 30s
		load_users: 2
		load_time: 20s
		load_iterations: 6
		soak: 100ms
		smtp: 127.0.0.1:$kis_smtp
		every: 250ms
	END
	SLACK_WEBHOOK_URL=http://127.0.0.1:$(cat "$kis/echo.port")/slack
	export SLACK_WEBHOOK_URL
}

# kis_state FILE: what customers, the database, Redis and the files look like.
kis_state() {
	{
		echo '-- traffic'
		for path in / /api/v1/health /api/v1/estimates /api/v1/templates /nothing; do
			get -w '\n%{http_code}\n' "http://127.0.0.1:$kis_port$path"
		done
		get -w '\n%{http_code}\n' -d '{}' "http://127.0.0.1:$kis_port/api/v1/predict"
		get -w '\n%{http_code}\n' "http://127.0.0.1:$kis_ai/health"
		for svc in estimator-service erp-ai-service; do "$kis/bin/systemctl" is-active $svc; done
		echo '-- schema'
		PGPASSWORD=$DATABASE_PASSWORD pg_dump --schema-only | grep -v '^\\\(un\)\{0,1\}restrict '
		echo '-- rows'
		PGPASSWORD=$DATABASE_PASSWORD pg_dump --data-only | grep -v '^\\\(un\)\{0,1\}restrict '
		echo '-- redis'
		rcli --scan | LC_ALL=C sort | while read -r key; do
			echo "$key $(rcli ttl "$key") $(rcli --no-raw dump "$key")"
		done
		echo '-- files'
		cd "$kis"
		find app nginx registry \( -name '*.log' -o -path nginx/tmp \) -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
		find app nginx -type l -printf '%p -> %l\n' | LC_ALL=C sort
		find app nginx -type d -print | LC_ALL=C sort
		cd "$here"
	} >"$1" 2>&1
}
