# tdev.sh: T-Developer's cloud in the state of the stand-ins, and its load balancer; sourced
# after lib.sh and cloud/state.sh.
tdev_up() {
	cloud_up aws k6
	cloud_resident
	web_port=0
	tdev_seed
	cloud_web tdev
	tdev_seed
	cat >"$scratch/tdev.yml" <<-END
		balancer: http://127.0.0.1:$web_port
		again: 10ms
		pager_url: http://127.0.0.1:$web_port/pager
	END
}
tdev_topic=arn:aws:sns:us-east-1:123456789012:t-developer-alerts-production
tdev_seed() {
	rm -f "$cloud/state.json"
	cloud_set web <<-END
		{"cluster": "t-developer-cluster-production", "service": "t-developer-service-production", "sessions": ["s1", "s2"], "~cached": 400}
	END
	cloud_set aws <<-END
		{"ecs": {
		  "clusters": {"t-developer-cluster-production": {"services": {
		    "t-developer-service-production": {"taskDefinition": "t-developer:42", "desired": 4, "running": 4},
		    "t-developer-search-production": {"taskDefinition": "t-developer-search:3", "desired": 2, "running": 2}}}},
		  "taskDefinitions": {
		    "t-developer": {
		      "39": {"status": "ACTIVE", "image": "t-developer-backend-production:v39", "environment": {"TABLE_NAME": "t-developer-metadata-production", "MODE": "prod"}},
		      "40": {"status": "ACTIVE", "image": "t-developer-backend-production:v40", "environment": {"TABLE_NAME": "t-developer-metadata-production", "MODE": "prod"}},
		      "41": {"status": "INACTIVE", "image": "t-developer-backend-production:v41", "environment": {}},
		      "42": {"status": "ACTIVE", "image": "t-developer-backend-production:v42", "environment": {"TABLE_NAME": "t-developer-metadata-production", "MODE": "prod"}}},
		    "t-developer-search": {"3": {"status": "ACTIVE", "image": "t-developer-search:v3"}}}},
		 "elbv2": {"targetGroups": {"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t-developer/1":
		    {"cluster": "t-developer-cluster-production", "service": "t-developer-service-production"}}},
		 "application-autoscaling": {"targets": {"service/t-developer-cluster-production/t-developer-service-production": {"MinCapacity": 2, "MaxCapacity": 20}}},
		 "cloudwatch": {
		   "metrics": {"T-Developer/Pipeline/PipelineExecutionTime": [[40, 31.0], [90, 33.0], [4000, 38.5], [90000, 30.0]],
		     "T-Developer/Pipeline/GenerationSuccess": [[3000, 490], [90000, 300]],
		     "T-Developer/Pipeline/GenerationFailure": [[3000, 5], [90000, 3]],
		     "AWS/ECS/CPUUtilization": [[100, 55.0], [2000, 61.5]], "AWS/ECS/MemoryUtilization": [[100, 48.0]]},
		   "alarms": {"t-developer-errors": {"StateValue": "OK"}, "t-developer-latency": {"StateValue": "OK"}, "other": {"StateValue": "ALARM"}}},
		 "logs": {"groups": {
		   "/ecs/t-developer-production": {"retention": 90, "~events": [[600, "search/1", "ERROR search: index not found"], [900, "search/2", "ERROR search: index not found"],
		      [1200, "parser/1", "execution_time 12.4"], [7200, "parser/1", "ERROR parser: timeout"], [3000, "nl-input/1", "authentication failed for kim"]]},
		   "/ecs/t-developer-staging": {"retention": null}, "/ecs/t-developer-search": {"retention": 30}, "/ecs/other": {"retention": null}}},
		 "sns": {"topics": {"$tdev_topic": {}}},
		 "s3": {"buckets": {"t-developer-projects-production": {"versioning": true, "replication": "arn:aws:s3:::t-developer-projects-dr",
		   "policy": {"Version": "2012-10-17", "Statement": [{"Sid": "App", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/app"},
		      "Action": "s3:GetObject", "Resource": "arn:aws:s3:::t-developer-projects-production/*"}]},
		   "objects": {"projects/1.zip": {"size": 1000, "ago": 864000}, "projects/2.zip": {"size": 2500, "ago": 900000}, "projects/3 new.zip": {"size": 4000, "ago": 3600}}}}},
		 "dynamodb": {"tables": {"t-developer-metadata-production": {"items": [
		     {"id": "1", "user_id": "u1", "created_at": "$(TZ=Asia/Seoul date -d yesterday +%F)T10:00:00"},
		     {"id": "2", "user_id": "u2", "created_at": "$(TZ=Asia/Seoul date -d yesterday +%F)T11:00:00"}, {"id": "3", "user_id": "u1", "created_at": "2025-01-01"}]}},
		   "backups": {"arn:aws:dynamodb:us-east-1:123456789012:table/t-developer-metadata-production/backup/0001": {"name": "nightly", "table": "t-developer-metadata-production",
		     "items": [{"id": "1", "user_id": "u1"}, {"id": "3", "user_id": "u1"}], "~at": $(($(date +%s) - 40000))}}},
		 "rds": {"instances": {"t-developer-prod": {"class": "db.r5.large"}}},
		 "route53": {"zones": {"Z123456789": {"records": {"api.t-developer.com. CNAME": {"TTL": 300, "ResourceRecords": [{"Value": "main.elb.amazonaws.com"}]},
		     "www.t-developer.com. CNAME": {"TTL": 300, "ResourceRecords": [{"Value": "web"}]}}}}},
		 "ec2": {"groups": {"sg-1": {"name": "t-developer-alb", "rules": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}]},
		   "sg-2": {"name": "t-developer-ecs", "rules": [{"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000, "CidrIp": "10.0.0.0/16"}]},
		   "sg-3": {"name": "other", "rules": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}]}}},
		 "secretsmanager": {"secrets": {"t-developer/production/api-keys": {"current": "v7", "previous": "v6"},
		   "t-developer/production/slack-webhook": {"current": "v1", "value": "http://127.0.0.1:$web_port/slack"},
		   "t-developer/production/pagerduty-key": {"current": "v1", "value": "0123456789abcdef0123456789abcdef"}}},
		 "ecr": {"repositories": {"t-developer-backend-production": {"images": {"latest": {"digest": "sha256:42", "scan": null, "~scan": {"CRITICAL": 0, "HIGH": 2}}}}}}}
	END
	cloud_keep
}
# tdev_change PYTHON: changes the seed: `a` is the state of aws, `w` that of the web server
tdev_change() {
	cloud_back
	cloud_python "world = state.World(home); a, w = world.state['aws'], world.state['web']
service = a['ecs']['clusters']['t-developer-cluster-production']['services']['t-developer-service-production']
definitions = a['ecs']['taskDefinitions']['t-developer']
$1
world.save()"
}
# tdev_told TEXT: was it said to the alerts?
tdev_sent() { # slack|pager JQ: is it true for a message?
	jq -e ".web[\"~$1\"] // [] | map($2) | any" "$cloud/state.json" >/dev/null
}
tdev_told() { jq -r ".aws.sns.topics[\"$tdev_topic\"][\"~messages\"][]?" "$cloud/state.json" | grep -qF -e "$1"; }
