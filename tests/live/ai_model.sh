#!/bin/sh
# ai_model.sh: runbooks/ai-model: the deployment to staging in its seven stages, the go/no-go
# gate, the triggers against a real Prometheus, the rollback by hand, the first day.
. "$(dirname "$0")/service/lib.sh"
. "$top/tests/cloud/state.sh"
. "$here/service/people.sh"
. "$here/service/ai_model.sh"
need nginx curl python3 jq prometheus bash ssh-keygen cc
# 1: a version that is no good. 2: the triggers, with users on it. 3: a good one, its first day, and back by hand.
worlds 3 || finish
books=${AI_BOOKS:-$top/runbooks/ai-model}
people
people_at_work
ai_up
cloud_resident
ai() { # CODE WHAT BOOK ARGS...
	_c=$1 _w=$2 _b=$3
	shift 3
	case $_b in emergency*) ;; *) set -- --inputs "$scratch/deploy.yml" "$@" ;; esac
	case $_b in staging*) set -- --outside-window test -i every=1m "$@" ;; esac # the triggers have tests of their own
	rb "$_c" "$_w" exec "$ai/book/$_b.yml" --inputs "$scratch/ai.yml" --yes --no-input --output json "$@"
}
cause() { is "$1" "$(tail -n 1 "$scratch/out" | jq -r '.cause.k // "none"')" "$2"; } # WHAT KEY
why() { # TEXT: it is in the cause
	_text=$(tail -n 1 "$scratch/out" | jq -r .cause.text)
	case $_text in *"$1"*) pass "the cause: $1" ;; *) is "the cause: $1" "$_text" "$1" ;; esac
}
undone() {
	ai_state >"$scratch/after" 2>&1
	same "$1: everything is as it was" "$scratch/before" "$scratch/after"
}
version() { get "http://127.0.0.1:$ai_port/api/health" | jq -r .version; }
report() { cat "$RUNBOOK_STATE/runs/$(tail -n 1 "$scratch/out" | jq -r .run)/$1"; }
"$ai/follow"
ai_state >"$scratch/before" 2>&1
is 'blue is live' "$(version)" 2.3.0

no_good() {
	for file in staging-deploy emergency-rollback first-24h steps/figures; do
		rb 0 "$file has no errors" check --output json "$books/$file.yml"
		check "$file has no warnings" jq -e '.diagnostics == []' "$scratch/out"
	done
	ai 0 'a dry-run' staging-deploy -i tag=2.4.0 --dry-run
	undone 'the dry-run'
	ai 2 'a tag of the wrong form' staging-deploy -i tag=latest
	ai 0 'what is live already: stopped' staging-deploy -i tag=2.3.0

	# No go
	ai_load green 50000 0.002 180
	ai 3 'too many errors: no go' staging-deploy -i tag=2.4.0
	cause 'the gate says so' act/gate
	why 'of the requests fail, must be under 0.1%'
	undone 'too many errors'
	ai_load green 200 0 180
	ai 3 'not enough requests: no go' staging-deploy -i tag=2.4.0
	why 'requests a second, must be over 1000'
	undone 'not enough requests'
	ai_load green 50000 0 700
	ai 3 'too slow: no go' staging-deploy -i tag=2.4.0
	why 'NO GO: P95 is'
	undone 'too slow'
	ai_load green 50000 0.0002 180
	ai 3 'a critical finding in the image: no go' staging-deploy -i tag=2.4.1
	why 'critical and 0 high findings'
	undone 'a critical finding'
	ai_set '.bad = ["2.4.2"]'
	ai 3 'a version that does not become healthy' staging-deploy -i tag=2.4.2
	check 'stage 3 says so' sh -c 'tail -n 1 "$1" | jq -r .cause.k | grep -q act/stage3/healthy' sh "$scratch/out"
	undone 'not healthy'
	ai_load green 50000 0.0002 180
	ai_set '.green.index = 0.5'
	ai 3 'queries without an index: no go' staging-deploy -i tag=2.4.0
	why 'of the queries use an index, must be over 95%'
	undone 'queries without an index'
	ai_set '.logins = 100 | .green.index = 0.99'
	ai 3 'logging in is not limited' staging-deploy -i tag=2.4.0
	cause 'stage 5 says so' 'act/stage5/limited[5]'
	undone 'logging in is not limited'
	ai_set 'del(.logins)'
	ai_set 'del(.green)'
	ai 3 'no figures are no good figures' staging-deploy -i tag=2.4.0
	undone 'no figures'
	ai_load green 50000 0.0002 180
	ai_set '.grafana_fails = true'
	ai 3 'Grafana refuses the dashboard' staging-deploy -i tag=2.4.0
	cause 'stage 4 says so' act/stage4/grafana
	undone 'Grafana refuses'
	ai_set '.grafana_fails = false | .storage_fails = true'
	ai 3 'uploads fail' staging-deploy -i tag=2.4.0
	cause 'stage 7 says so' test/stage7/upload
	undone 'uploads fail'
	ai_set '.storage_fails = false'

	# Terraform would change something
	jq '.terraform.folders |= with_entries(.value.resources["aws_vpc.main"] = {"cidr_block": "10.9.0.0/16"})' "$cloud/state.json" >"$cloud/state.new"
	cp "$cloud/state.json" "$cloud/state.old"
	mv "$cloud/state.new" "$cloud/state.json"
	ai 1 'what cannot be undone is refused' staging-deploy -i tag=2.4.0
	mv "$cloud/state.old" "$cloud/state.json"

	# Undone after users have written with the new version
	ai 0 'a version that users write with' staging-deploy -i tag=2.4.0
	deployed=$(tail -n 1 "$scratch/out" | jq -r .run)
	jq '.mongosh.collections.evaluations.documents = 3' "$cloud/state.json" >"$cloud/state.new"
	mv "$cloud/state.new" "$cloud/state.json"
	rb 4 'undone later' rollback "$deployed" --yes --no-input --output json
	is 'users have the version from before' "$(version)" 2.3.0
	is 'what they have written is kept' "$(jq -c '[.mongosh.collections.evaluations.documents, .mongosh.collections.files]' "$cloud/state.json")" '[3,null]'
	is 'and named' "$(tail -n 1 "$scratch/out" | jq -r '.residue[] | "\(.k): \(.why)"')" \
		'act/stage2/collections[2]: evaluations has 3 documents of users: it is kept. Look at them before you drop it. (guard is false: steps.written.documents == 0)'
}

# The triggers, with users on the new version: each must hold for a while
soaks() { # CODE WHAT JQ-OF-THE-LOAD: it comes when the soak has begun
	begin "$ai/book/staging-deploy.yml" --inputs "$scratch/ai.yml" --inputs "$scratch/deploy.yml" -i tag=2.4.0 -i soak=60s -i window=3s --yes --outside-window test
	until_ok 60 grep -q '"t":"step.intent","k":"test/stage7/soak"' "$scratch/out"
	is "$2: users are on it" "$(version)" 2.4.0
	ai_set "$3"
	ended "$1" "$2"
	# A run that is held keeps the lock: the next test shall fail for its own reasons only.
	if [ "$(cat "$scratch/code")" = 5 ] && [ "$1" != 5 ]; then "$RB" rollback "$run" --no-input >"$scratch/tmp/held" 2>&1 </dev/null; fi
	ai_set '.green = {rps: 50000, errors: 0.0002, ms: 180} | .hosts = {cpu: 0.45, memory: 0.6}'
}
rolls_back() { # WHAT JQ WHY
	soaks 3 "$1: rolled back" "$2"
	why "$3"
	undone "$1"
}
triggers() {
	sed -i 's/duration: 2/duration: 4/' "$ai/book/performance/staging.yml" # longer than the window
	rolls_back 'more than 5% of the requests fail' '.green.errors = 0.2' 'More than 5%'
	rolls_back 'P95 over 2 s' '.green.ms = 4000' 'P95 has been over 2 s'
	rolls_back 'CPU over 90%' '.hosts.cpu = 0.97' 'CPU has been over 90%'
	rolls_back 'memory over 95%' '.hosts.memory = 0.97' 'Memory has been over 95%'
	rolls_back 'three health checks fail' '.green.broken = true' 'Three health checks in a row'
	check 'PagerDuty was called' sh -c 'grep "/pager" "$1" | grep -q event_action' sh "$ai/echo.jsonl"
	check 'mail was sent' sh -c 'test "$(ls "$1/new" | wc -l)" -ge 5' sh "$ai/mail/box"

	# Prometheus goes away while the triggers are armed: neither good nor bad, a person decides
	ai_world
	sleep 3 # the figures of now, not of the stopped containers before
	begin "$ai/book/staging-deploy.yml" --inputs "$scratch/ai.yml" --inputs "$scratch/deploy.yml" -i tag=2.4.0 -i soak=60s -i window=3s --yes --outside-window test
	until_ok 60 grep -q '"t":"step.intent","k":"test/stage7/soak"' "$scratch/out"
	kill "$ai_prom_pid"
	ended 5 'without figures the run is held'
	is 'users keep what they have' "$(version)" 2.4.0
}

good() {
	# Go
	ai 0 'a good version' staging-deploy -i tag=2.4.0
	is 'users get it' "$(version)" 2.4.0
	is 'the old one still runs' "$(jq '[.docker.containers | to_entries[] | select(.key | endswith("blue-2.3.0")) | .value.running] | all' "$cloud/state.json")" true
	is 'the indexes are there' "$(jq '[.mongosh.collections[].indexes | length] | add' "$cloud/state.json")" 6
	for text in '2.4.0: deployed' 'blue -> green, before 2.3.0' '| 7 verification | ok |' 'Users on' '| critical, high findings | 0, 0 |' 'next: runbook exec first-24h.yml -i tag=2.4.0' '| database: by index | 99% | 99% | > 95% |'; do
		case $text in Users*) continue ;; esac
		check "the report: $text" sh -c 'printf "%s" "$1" | grep -qF -e "$2"' sh "$(report staging.md)" "$text"
	done
	check 'who ticked what is there' sh -c 'printf "%s" "$1" | grep -q "백업 및 롤백 계획 수립 - backup and rollback plan are made"' sh "$(report staging.md)"
	is 'Prometheus watches both colours' "$(get -G "http://127.0.0.1:$ai_prom/api/v1/query" --data-urlencode 'query=count by (color) (up{job="backend-services"})' |
		jq -c '[.data.result[] | [.metric.color, .value[1]]] | sort')" '[["blue","3"],["green","3"]]'
	check 'the alert rules are loaded' sh -c 'curl -s "$1/api/v1/rules" | jq -e ".data.groups[0].rules | length == 4"' sh "http://127.0.0.1:$ai_prom"
	check 'the dashboard is there' jq -e '.["ai-model-staging"].panels | length == 3' "$ai/load.json.grafana"
	cp "$cloud/state.json" "$ai/deployed.json"

	# The first day
	grep '^smtp\|^pagerduty' "$scratch/ai.yml" "$scratch/deploy.yml" | sed 's/^[^:]*://' >"$scratch/ai_mail.yml"
	cat >"$scratch/day.yml" <<-END
		prometheus: http://127.0.0.1:$ai_prom
		window: 1s
		every: 500ms
		between: 150ms
		checkpoints: 3
	END
	day() { # CODE WHAT ARGS...
		_c=$1 _w=$2
		shift 2
		rb "$_c" "$_w" exec "$ai/book/first-24h.yml" -i tag=2.4.0 -i "api=http://127.0.0.1:$ai_port" --inputs "$scratch/ai_mail.yml" --inputs "$scratch/day.yml" --yes --no-input --output json "$@"
	}
	day 0 'the first day'
	for text in '3 of 3 checkpoints with figures, 0 outside of the aims' '| 3 | ' 'Ready for production (프로덕션 배포 준비도): yes'; do
		check "the closing report: $text" sh -c 'printf "%s" "$1" | grep -qF -e "$2"' sh "$(report first-24h.md)" "$text"
	done
	ai_load green 50000 0.003 180
	sleep 1.2
	day 0 'a day with too many errors'
	check 'is not ready for production' sh -c 'printf "%s" "$1" | grep -q "Ready for production (프로덕션 배포 준비도): NO"' sh "$(report first-24h.md)"
	for text in '^| 500 | - | [1-9]' '^- 3 checkpoints were outside of the aims' '^- the most frequent error: | 500 '; do
		check "the closing report: $text" sh -c 'printf "%s" "$1" | grep -q -e "$2"' sh "$(report first-24h.md)" "$text"
	done
	ai_load green 50000 0.0002 180

	begin "$ai/book/first-24h.yml" -i tag=2.4.0 -i "api=http://127.0.0.1:$ai_port" --inputs "$scratch/ai_mail.yml" --inputs "$scratch/day.yml" -i between=60s --yes
	until_ok 60 grep -q '"t":"step.intent","k":"test/day' "$scratch/out"
	ai_set '.green.errors = 0.2'
	ended 3 'a trigger in the first day: users go back'
	for text in 'Users were sent BACK to the version from before (rolled_back).' '0 of 3 checkpoints' 'Ready for production (프로덕션 배포 준비도): NO'; do
		check "the closing report, before the first checkpoint: $text" sh -c 'printf "%s" "$1" | grep -qF -e "$2"' sh "$(report first-24h.md)" "$text"
	done
	check 'the team is told' grep -q 'Staging 2.4.0: first day rolled_back' "$ai/echo.jsonl"
	is 'users have the version from before' "$(version)" 2.3.0
	ai_load green 50000 0.0002 180
	cp "$ai/deployed.json" "$cloud/state.json"
	"$ai/follow"
	begin "$ai/book/first-24h.yml" -i tag=2.4.0 -i "api=http://127.0.0.1:$ai_port" --inputs "$scratch/ai_mail.yml" --inputs "$scratch/day.yml" -i between=60s --yes
	until_ok 60 grep -q '"t":"step.intent","k":"test/day' "$scratch/out"
	ai_set '.hosts.cpu = 0.97'
	ended 3 'the CPU is over 90% in the first day: users go back'
	why 'CPU has been over 90%'
	is 'they have the version from before' "$(version)" 2.3.0
	ai_hosts 0.45 0.6
	cp "$ai/deployed.json" "$cloud/state.json"
	"$ai/follow"

	# Prometheus is away: the trigger is blind, the others and the checkpoints go on, and a person is called
	rm -f "$ai/echo.jsonl"
	sed "s|^prometheus:.*|prometheus: http://127.0.0.1:$(free_port)|" "$scratch/day.yml" >"$scratch/blind.yml"
	begin "$ai/book/first-24h.yml" -i tag=2.4.0 -i "api=http://127.0.0.1:$ai_port" --inputs "$scratch/ai_mail.yml" --inputs "$scratch/blind.yml" -i between=60s --yes
	until_ok 60 grep -q '"t":"issue".*monitors/memory_used\|"k":"monitors/memory_used".*"t":"issue"' "$scratch/out"
	until_ok 60 grep -q /pager "$ai/echo.jsonl"
	check 'PagerDuty was told that nothing is seen' grep -q 'this trigger sees nothing' "$ai/echo.jsonl"
	# The rollback by hand is refused meanwhile: the day itself sends users back
	first=$run
	ai 7 'a rollback by hand during the first day' emergency-rollback
	check 'is refused, with the command' grep -q "runbook cancel $first" "$scratch/out" "$scratch/err"
	check 'which sends users back' "$RB" cancel "$first"
	ended 143 'the first day, cancelled'
	is 'users have the version from before' "$(version)" 2.3.0
	cp "$ai/deployed.json" "$cloud/state.json"
	"$ai/follow"

	# Back by hand
	ai 0 'rehearsal of the rollback' emergency-rollback --dry-run
	is 'nothing changed' "$(version)" 2.4.0
	ai 0 'the rollback' emergency-rollback
	is 'users have the version from before' "$(version)" 2.3.0
	for text in '1 block the traffic | ok' '2 previous version up' '3 health checks | ok' '4 traffic back | ok' '(planned 4m)'; do
		check "the report: $text" sh -c 'printf "%s" "$1" | grep -qF -e "$2"' sh "$(report rollback.md)" "$text"
	done
	for text in 'Staging: rolled back to blue' 'Users have blue (2.3.0).'; do
		check "the report: $text" sh -c 'printf "%s" "$1" | grep -qF -e "$2"' sh "$(report rollback.md)" "$text"
	done
	is 'the new version is stopped' "$(jq '[.docker.containers | to_entries[] | select(.key | endswith("green-2.4.0")) | .value.running] | any' "$cloud/state.json")" false
	cp "$ai/deployed.json" "$cloud/state.json"
	"$ai/follow"
	ai_set '.blue.broken = true'
	ai 3 'the version from before is not well: nothing moves' emergency-rollback
	is 'users keep what they have' "$(version)" 2.4.0
	for text in 'Staging: NOT rolled back' 'Users have what they had before this: green.'; do
		check "the report: $text" sh -c 'printf "%s" "$1" | grep -qF -e "$2"' sh "$(report rollback.md)" "$text"
	done
	ai_set '.blue.broken = false'
	printf '#!/bin/sh\n[ "$1" != stop ] || { echo "no answer" >&2; exit 1; }\nexec "%s/bin/docker" "$@"\n' "$cloud" >"$ai/bin/docker"
	chmod +x "$ai/bin/docker"
	ai 0 'what goes cannot be stopped: users have the version from before all the same' emergency-rollback
	rm "$ai/bin/docker"
	is 'they have' "$(version)" 2.3.0
	check 'what still runs is named' sh -c 'printf "%s" "$1" | grep -c "^Still running: docker stop backend-.*-green-2.4.0" | grep -qx 3' sh "$(report rollback.md)"

	# A rollback that ended half way has left the maintenance page
	aws elbv2 modify-listener --listener-arn "$ai_listener" --default-actions "Type=forward,TargetGroupArn=$ai_away" --region ap-northeast-2 --output json >"$scratch/tmp/away"
	ai 1 'neither colour is live' emergency-rollback
	why 'Users have the maintenance page.'
	why 'runbook resume RUN'

	# The week
	cp "$ai/deployed.json" "$cloud/state.json"
	"$ai/follow"
	rb 0 'the weekly report has no errors' check --output json "$books/weekly-report.yml"
	check 'and no warnings' jq -e '.diagnostics == []' "$scratch/out"
	week() { # CODE WHAT ARGS...
		_c=$1 _w=$2
		shift 2
		rb "$_c" "$_w" exec "$ai/book/weekly-report.yml" -i window=1s -i today=1s -i "smtp=127.0.0.1:$ai_smtp" --no-input --output json "$@"
	}
	week 0 'the weekly report' -i "prometheus=http://127.0.0.1:$ai_prom"
	check 'has the figures of the week and of the day' sh -c 'printf "%s" "$1" | grep -q "^| error rate | 0.02% | 0.02% |"' sh "$(report weekly.md)"
	sed -i 's/max: 5, delay: 2s/max: 1, delay: 50ms/' "$ai/book/steps/figures.yml"
	week 1 'without figures' -i "prometheus=http://127.0.0.1:$(free_port)"
	check 'it says so' sh -c 'printf "%s" "$1" | grep -q "^- Figures of the week: "' sh "$(report weekly.md)"
	check 'also in the mail' sh -c 'cat "$1"/new/* | tr -d "\r\n" | grep -q "NOT COMPLETE"' sh "$ai/mail/box"
}

case $part in
1) no_good ;;
2) triggers ;;
3) good ;;
esac
for secret in "$STAGING_MONGO_URL" "$APP_DB_PASSWORD" "$GRAFANA_TOKEN" "$JWT_SECRET_STAGING"; do
	check 'no secret in the files of the runs' sh -c '! grep -rqF -e "$1" "$2"' sh "$secret" "$RUNBOOK_STATE"
done
finish
