#!/bin/sh
# tdev.sh: runbooks/t-developer against stand-ins of aws: what they say, what they change,
# and what is left after every fault.
. "$(dirname "$0")/service/lib.sh"
. "$top/tests/cloud/state.sh"
. "$top/tests/cloud/points.sh"
. "$here/service/tdev.sh"
need python3 jq
books=$top/runbooks/t-developer
for book in "$books"/*.yml "$books"/steps/*.yml; do
	rb 0 "${book#"$top/"} has no errors" check "$book"
	check 'and no warnings' sh -c '"$1" check --output json "$2" | tr -d " \n" | grep -q "\"diagnostics\":\[\]"' sh "$RB" "$book"
done
tdev_up
tdev() { # CODE WHAT BOOK ARGS...
	_c=$1 _w=$2 _b=$3
	shift 3
	rb "$_c" "$_w" exec "$books/$_b.yml" --inputs "$scratch/$_b.yml" --yes --no-input --no-sync "$@"
}
page() { cat "$(ls -dt "$RUNBOOK_STATE"/runs/*/ | head -n 1)$1"; }
says() { # FILE TEXT
	page "$1" >"$scratch/page" 2>&1
	check "the report says: $2" has "$scratch/page" "$2"
}
field() { cloud_view | jq -r "$1"; }
inputs() { # BOOK: those of tdev.yml that the book knows, and more from standard input
	{ grep -E "^($(sed -n '/^inputs:/,/^[a-z]/s/^  \([a-z_]*\):.*/\1/p' "$books/$1.yml" | tr '\n' '|')none):" "$scratch/tdev.yml"; cat; } >"$scratch/$1.yml"
	[ -s "$scratch/$1.yml" ] || echo "{}" >"$scratch/$1.yml"
}
service=.aws.ecs.clusters[\"t-developer-cluster-production\"].services[\"t-developer-service-production\"]
for book in daily-health weekly-report security-daily diagnose backup; do inputs $book </dev/null; done
inputs emergency-rollback <<END
delay: 10ms
END
for book in restore key-compromise; do inputs $book </dev/null; done
inputs scale-out <<END
iterations: 10
users: 5
load_time: 20s
END
inputs incident-p0 <<END
delay: 10ms
checklist: false
END
inputs incident-p1 <<END
delay: 10ms
looks: 2
END
inputs incident-p2 <<END
watch: 1s
END
inputs monthly-maintenance <<END
checklist: false
END

# --- Reading ---------------------------------------------------------------------
cloud_back
tdev 0 'daily health, all well' daily-health
says daily-health.md '4 of 4 tasks, t-developer:42'
says daily-health.md '| storage | 3 objects, 7500B |'
says daily-health.md '| projects of '
is 'it counts the projects of yesterday' "$(page daily-health.md | grep -c 'projects of .* | 2 |')" 1
says daily-health.md '| pipeline P95 (< 45 s) | 38.5s |'
check 'nobody is told' sh -c '! grep -q messages "$1"' sh "$cloud/state.json"
tdev_change "a['cloudwatch']['alarms']['t-developer-latency']['StateValue'] = 'ALARM'; a['cloudwatch']['metrics']['T-Developer/Pipeline/GenerationFailure'][0][1] = 50"
tdev 0 'daily health with warnings' daily-health
says daily-health.md 'Alarms: t-developer-latency'
says daily-health.md 'of the generations failed'
check 'the alerts are told' tdev_told 'Alarms: t-developer-latency'
tdev_change "a['cloudwatch']['metrics'] = {}"
tdev 0 'no figures: no data, a warning' daily-health
says daily-health.md '| pipeline P95 (< 45 s) | no data |'
says daily-health.md 'The pipeline has no figures'
tdev_change "service['running'] = 1"
tdev 1 'tasks are missing: it fails' daily-health
check 'and somebody is told' tdev_told '1 of 4 tasks'
tdev_change "del a['logs']['groups']['/ecs/t-developer-production']"
tdev 1 'a log group that is not there fails the check, it is never well' daily-health
cloud_back
tdev 0 'weekly report' weekly-report
says weekly-report.md '| users | 2 |'
says weekly-report.md '| generations | 798.0 | |'
tdev 0 'security, all well' security-daily
says security.md 'failed log-ins: 1'
tdev_change "a['ec2']['groups']['sg-2']['rules'].append({'IpProtocol': 'tcp', 'FromPort': 22, 'ToPort': 22, 'CidrIp': '0.0.0.0/0'})"
tdev 1 'a new rule in a security group' security-daily
says security.md '+ t-developer-ecs tcp 22-22 0.0.0.0/0'
check 'the security officer is told' tdev_told 't-developer-ecs tcp 22-22'
# Any rule: several ranges, IPv6, a prefix list, another group, all traffic, ICMP, a group without rules.
tdev_change "rules = a['ec2']['groups']['sg-2']['rules']
rules += [dict(rules[0], CidrIp='10.1.0.0/16'), {'IpProtocol': 'tcp', 'FromPort': 8000, 'ToPort': 8000, 'CidrIpv6': '::/0'},
    {'IpProtocol': 'tcp', 'FromPort': 8000, 'ToPort': 8000, 'GroupId': 'sg-1'}, {'IpProtocol': 'tcp', 'FromPort': 8000, 'ToPort': 8000, 'PrefixListId': 'pl-1'},
    {'IpProtocol': '-1', 'GroupId': 'sg-9'}, {'IpProtocol': 'icmp', 'FromPort': -1, 'ToPort': -1, 'CidrIp': '10.0.0.0/8'}]
a['ec2']['groups']['sg-4'] = {'name': 't-developer-empty', 'rules': []}"
tdev 1 'every source of every rule counts' security-daily
for rule in '8000-8000 10.1.0.0/16' '8000-8000 ::/0' '8000-8000 sg-1' '8000-8000 pl-1'; do says security.md "+ t-developer-ecs tcp $rule"; done
says security.md '+ t-developer-ecs all all sg-9'
says security.md '+ t-developer-ecs icmp -1--1 10.0.0.0/8'
is 'and no more' "$(page security.md | grep -c '  + ')" 6
page security-groups.json >"$scratch/approved.json"
tdev 0 'approved: the report is the next baseline' security-daily -i "baseline=$scratch/approved.json"
tdev_change "a['ec2']['groups']['sg-2']['rules'] = [{'IpProtocol': 'tcp', 'FromPort': 8000, 'ToPort': 8000, 'GroupId': 'sg-1'}]"
tdev 1 'the same ports for another source are a new rule' security-daily
says security.md '+ t-developer-ecs tcp 8000-8000 sg-1'
says security.md '- t-developer-ecs tcp 8000-8000 10.0.0.0/16'
cloud_back
tdev 0 'the monthly scan' security-daily -i monthly=true
tdev_change "a['ecr']['repositories']['t-developer-backend-production']['images']['latest']['~scan']['CRITICAL'] = 1"
tdev 3 'a critical finding' security-daily -i monthly=true
cloud_back
tdev 0 'diagnosis' diagnose
says diagnosis.md 'Advice: incident-p2.yml -i agent=search'
says diagnosis.md '- 2 x ERROR search: index not found'
is 'reading changes nothing' "$(cloud_view | sha256sum)" "$(cloud_back; cloud_view | sha256sum)"

# --- Changing: what they do ------------------------------------------------------
unchanged() {
	cloud_view >"$scratch/now"
	cp "$cloud/state.json" "$scratch/as.is"
	cloud_back
	cloud_view >"$scratch/then"
	cp "$scratch/as.is" "$cloud/state.json"
	same "$1: nothing changed" "$scratch/then" "$scratch/now"
}
for book in emergency-rollback restore key-compromise scale-out backup monthly-maintenance; do
	cloud_back
	rb 0 "$book: dry-run" exec "$books/$book.yml" --inputs "$scratch/$book.yml" --dry-run --no-sync
	unchanged "$book, dry-run"
	check "$book: the dry-run shows what would be done" sh -c 'cat "$1/out" "$1/err" | grep -q "would run"' sh "$scratch"
done
cloud_back
tdev 0 'emergency rollback' emergency-rollback
is 'the newest active revision before runs, not the number minus one' "$(field "$service.taskDefinition")" t-developer:40
check 'the alerts are told of it' tdev_told 'from t-developer:42 to t-developer:40'
cloud_back
tdev 0 'to a revision that is named' emergency-rollback -i to=t-developer:39
is 'it runs' "$(field "$service.taskDefinition")" t-developer:39
cloud_back
tdev 1 'a revision that is not active is refused' emergency-rollback -i to=t-developer:41
tdev 1 'the running one is refused' emergency-rollback -i to=t-developer:42
tdev 1 'one that does not exist is refused' emergency-rollback -i to=t-developer:77
unchanged 'refused'
tdev_change "definitions['40']['healthy'] = False; world.save(); import shutil; shutil.copy(home + '/state.json', home + '/kept.json')"
tdev 3 'the old revision is no better: the service gets back what it ran' emergency-rollback
unchanged 'no better'
tdev_seed
tdev_change "service['taskDefinition'] = 't-developer:39'"
tdev 1 'nothing before the first revision' emergency-rollback
check 'it says what to do' sh -c 'cat "$1/out" "$1/err" | grep -q "to=family:revision"' sh "$scratch"

cloud_back
tdev 0 'P0, and all is well: stopped' incident-p0
unchanged 'P0 without an incident'
tdev_change "definitions['42']['healthy'] = False; service['running'] = 0"
tdev 0 'P0, a bad release' incident-p0
is 'the proposal was to roll back' "$(field "$service.taskDefinition")" t-developer:40
says incident.md 'targets fail their health checks'
check 'the pager was triggered' tdev_sent pager '.event_action == "trigger" and (.payload.summary | contains("does not answer"))'
check 'and resolved, under the same key' sh -c 'jq -e "[.web[\"~pager\"][] | .dedup_key] | length == 2 and .[0] == .[1]" "$1"' sh "$cloud/state.json"
check 'Slack heard of it' tdev_sent slack 'tostring | contains("P0")'
tdev_change "w['needs'] = 8"
tdev 0 'P0, too much load' incident-p0
is 'the proposal was to scale up' "$(field "$service.desired")" 10
tdev_change "w['needs'] = 15"
tdev 3 'P0, scaling up does not help' incident-p0
is 'as many tasks as before' "$(field "$service.desired")" 4
tdev_change "w['needs'] = 8"
tdev 0 'P0, only watched' incident-p0 -i action=watch
is 'nothing was scaled' "$(field "$service.desired")" 4
tdev_change "definitions['42']['healthy'] = False; service['running'] = 0; del a['secretsmanager']['secrets']['t-developer/production/slack-webhook']"
tdev 0 'P0 without the secret of Slack: it does not wait for it' incident-p0
check 'and says that a message was not delivered' sh -c 'cat "$1/out" "$1/err" | grep -q "not notified.*channel ops"' sh "$scratch"
cloud_back
tdev 0 'P1, but the pipeline is fast: stopped' incident-p1
unchanged 'P1 without an incident'
tdev_slow="a['cloudwatch']['metrics']['T-Developer/Pipeline/PipelineExecutionTime'] = [[45, 75.0], [50, 12.0], [200, 80.0]]"
tdev_change "$tdev_slow"
tdev 0 'P1' incident-p1
is 'two tasks more' "$(field "$service.desired")" 6
tdev_change "a['cloudwatch']['metrics']['T-Developer/Pipeline/PipelineExecutionTime'] = [[45, 75.0]]"
tdev 3 'P1, no figures afterwards: no success' incident-p1
is 'as many as before' "$(field "$service.desired")" 4
cloud_back
tdev 2 'P2 without the ticket of the patch is refused' incident-p2
tdev 0 'P2' incident-p2 -i patch.ticket=T-12 -i patch.by=tomorrow
says incident.md 'patch: T-12'
is 'the agent was deployed anew' "$(jq -r '.aws.ecs.clusters[].services["t-developer-search-production"]["~deployment"]' "$cloud/state.json")" 2
tdev_change "a['logs']['groups']['/ecs/t-developer-production']['~events'] += [[0.2, 'search/3', 'ERROR search: again']]"
tdev 3 'P2, the restart does not help' incident-p2 -i patch.ticket=T-12 -i patch.by=tomorrow
check 'the backend lead is named' tdev_told '이백엔드'
tdev_change "a['logs']['groups']['/ecs/t-developer-production']['~events'] = []"
tdev 0 'P2 without errors: stopped' incident-p2 -i patch.ticket=T-12 -i patch.by=tomorrow

cloud_back
tdev 0 'restore of the newest backup' restore -i dns=true
is 'the new table has its items' "$(field '.aws.dynamodb.tables | to_entries[] | select(.key | contains("restored")).value.items | length')" 2
is 'the service uses it' "$(field '.aws.ecs.taskDefinitions["t-developer"]["43"].environment.TABLE_NAME' | sed 's/-restored-.*/-restored/')" t-developer-metadata-production-restored
is 'the name points to the other load balancer' "$(field '.aws.route53.zones.Z123456789.records["api.t-developer.com. CNAME"].ResourceRecords[0].Value')" standby-load-balancer.us-west-2.elb.amazonaws.com
tdev_change "list(a['dynamodb']['backups'].values())[0]['~at'] -= 200000"
tdev 1 'a backup that is too old must be named' restore
unchanged 'too old'
tdev 0 'and may be, by name' restore -i backup=arn:aws:dynamodb:us-east-1:123456789012:table/t-developer-metadata-production/backup/0001
cloud_back
tdev 0 'key compromise with a leak' key-compromise -i leak=true
is 'the keys are new' "$(field '.aws.secretsmanager.secrets["t-developer/production/api-keys"].current')" v8
is 'the bucket is closed' "$(field '.aws.s3.buckets[].policy.Statement[0].Sid')" EmergencyDeny
is 'the sessions are ended' "$(field '.web.sessions | length')" 0
is 'the policy before is kept' "$(page policy-before.json | jq -r '.Statement[0].Sid')" App
check 'the security officer and the management are told' tdev_told 'may be compromised'
cloud_back
tdev 0 'scale-out with a larger database' scale-out -i tasks=10 -i database_class=db.r5.2xlarge
check 'k6 sent the load' tdev_told 'Load test: 10 requests'
is 'tasks, floor, class' "$(field "[$service.running, .aws[\"application-autoscaling\"].targets[].MinCapacity, .aws.rds.instances[].class] | join(\" \")")" '10 10 db.r5.2xlarge'
cloud_back
tdev_change "w['~slow'] = 0.05"
tdev 3 'too slow under load: everything back' scale-out -i tasks=10 -i max_p95=10ms
check 'it says what the load test found' sh -c 'cat "$1/out" "$1/err" | grep -q "The load test crossed its limits: P95 [0-9.]*ms (10ms), errors 0%"' sh "$scratch"
is 'as many tasks as before' "$(field "$service.desired")" 4
tdev_change "w['~breaks'] = 3"
tdev 3 'too many errors under load: everything back' scale-out -i tasks=10
check 'it says so' sh -c 'cat "$1/out" "$1/err" | grep -q "crossed its limits: .*errors [1-9]"' sh "$scratch"
cloud_back
tdev 1 'more than the policy allows' scale-out -i tasks=20 -i "cluster=nowhere"
tdev 0 'maintenance with cleaning' monthly-maintenance -i clean=true
is 'old objects are hidden, new ones are not' "$(field '[.aws.s3.buckets[].objects[] | .deleted != null] | map(tostring) | join(" ")')" 'true true false'
is 'logs are kept 30 days' "$(field '[.aws.logs.groups[].retention] | map(tostring) | join(" ")')" 'null 30 30 30'
cloud_back
tdev 0 'backup' backup
is 'it is there' "$(field '[.aws.dynamodb.backups[].items | length] | map(tostring) | join(" ")')" '3 2'
tdev_change "a['s3']['buckets']['t-developer-projects-production']['replication'] = None"
tdev 0 'a bucket that is not replicated: a warning' backup
check 'and it is told' tdev_told 'is not replicated'

# --- Changing: what is left after every fault --------------------------------------
fault() { # BOOK ARGS...
	_b=$1
	shift
	points "$_b" "${tdev_world:-cloud_back}" cloud_view "$books/$_b.yml" --inputs "$scratch/$_b.yml" "$@"
}
tdev_seed
fault emergency-rollback
POINTS_HOW='before half after'
fault scale-out -i tasks=10 -i database_class=db.r5.2xlarge -i iterations=2 -i users=2
fault restore -i dns=true
# By decision: these never go back.
POINTS_STAYS='act/close act/rotate' fault key-compromise -i leak=true
fault backup
fault monthly-maintenance -i clean=true
tdev_change "definitions['42']['healthy'] = False; service['running'] = 0"; cloud_keep
POINTS_SKIP='act/scale*' fault incident-p0
tdev_seed; tdev_change "w['needs'] = 8"; cloud_keep
POINTS_SKIP='act/rollback*' fault incident-p0
tdev_seed; tdev_change "$tdev_slow"; cloud_keep
fault incident-p1
tdev_seed
POINTS_SAME='a scan' fault security-daily -i monthly=true
POINTS_SAME='a restart' fault incident-p2 -i patch.ticket=T-12 -i patch.by=tomorrow -i watch=10ms
finish
