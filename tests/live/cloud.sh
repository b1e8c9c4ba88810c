#!/bin/sh
# cloud.sh: the stand-ins of tests/cloud themselves: they refuse what the real programs
# refuse, with their exit codes; their state is real; faults come where they are ordered.
. "$(dirname "$0")/service/lib.sh"
. "$top/tests/cloud/state.sh"
. "$here/service/tdev.sh"
need python3 jq
tdev_up
cloud_up docker terraform vercel systemctl
says() { # CODE TEXT COMMAND...: exit code, and part of what it prints
	_code=$1 _text=$2
	shift 2
	_got=$("$@" 2>&1 </dev/null)
	_is=$?
	if [ $_is -eq "$_code" ] && case $_got in *"$_text"*) true ;; *) false ;; esac then
		pass "$*: $_code, $_text"
	else
		fail "$*: $_code, $_text"
		echo "$_is: $_got" | note
	fi
}
cluster=t-developer-cluster-production service=t-developer-service-production
# --- aws: 252 wrong arguments, 254 refused by the service, 255 anything else
says 252 'Invalid choice' aws nosuch list
says 252 'Invalid choice' aws ecs drop-everything
says 252 'Unknown options: --revision' aws ecs update-service --cluster $cluster --service $service --revision 3
says 252 'required: --service' aws ecs update-service --cluster $cluster
says 254 'ClusterNotFoundException' aws ecs update-service --cluster nowhere --service $service --desired-count 3
says 254 'ServiceNotFoundException' aws ecs update-service --cluster $cluster --service nothing --desired-count 3
says 254 'TaskDefinition not found' aws ecs update-service --cluster $cluster --service $service --task-definition t-developer:7
says 254 'TaskDefinition is inactive' aws ecs update-service --cluster $cluster --service $service --task-definition t-developer:41
says 255 'ServicesStable failed' aws ecs wait services-stable --cluster $cluster --services nothing
says 254 'NoSuchBucket' aws s3api get-bucket-policy --bucket nothing
says 254 'MalformedPolicy' aws s3api put-bucket-policy --bucket t-developer-projects-production --policy '{"Statement": [{"Resource": "arn:aws:s3:::other"}]}'
says 252 'Invalid JSON' aws s3api put-bucket-policy --bucket t-developer-projects-production --policy '{'
says 254 'BackupNotFoundException' aws dynamodb restore-table-from-backup --target-table-name x --backup-arn arn:x
says 254 'TableAlreadyExistsException' aws dynamodb restore-table-from-backup --target-table-name t-developer-metadata-production --backup-arn "$(aws dynamodb list-backups | jq -r '.BackupSummaries[0].BackupArn')"
says 254 'must be less than' aws cloudwatch get-metric-statistics --namespace A --metric-name B --start-time 2026-01-02 --end-time 2026-01-01 --period 60
says 254 'retentionInDays' aws logs put-retention-policy --log-group-name /ecs/other --retention-in-days 31
says 254 'InvalidPermission.Duplicate' aws ec2 authorize-security-group-ingress --group-id sg-1 --protocol tcp --port 443 --cidr 0.0.0.0/0
says 254 'ScanNotFoundException' aws ecr describe-image-scan-findings --repository-name t-developer-backend-production --image-id imageTag=latest
is 'none of this changed anything' "$(cloud_view | sha256sum)" "$(cloud_back; cloud_view | sha256sum)"
aws ecs update-service --cluster $cluster --service $service --desired-count 6 >/dev/null
is 'a deployment takes its time' "$(aws ecs describe-services --cluster $cluster --services $service | jq -r '.services[0] | "\(.runningCount) \(.deployments[0].rolloutState)"')" '4 IN_PROGRESS'
aws ecs wait services-stable --cluster $cluster --services $service
is 'and ends' "$(aws ecs describe-services --cluster $cluster --services $service | jq -r '.services[0].runningCount')" 6
# --- docker
says 1 'is not a docker command' docker destroy
says 1 'unknown flag: --tags' docker build --tags x .
says 1 'No such image' docker tag nothing:1 x:1
docker build -t app:1 . >/dev/null && docker build -t app:2 . >/dev/null && docker tag app:2 reg.example/app:2
says 1 'authorization token has expired' docker push reg.example/app:2
says 1 'Cannot perform an interactive login' docker login --username AWS --password-stdin reg.example
# Who writes the password may be a stand-in, too, and late: the state is not locked meanwhile.
{ sleep 0.2; aws ecr get-login-password; } | timeout 20 docker login --username AWS --password-stdin reg.example >/dev/null
is 'the password of another stand-in logs in' "$(jq -c .docker.logins "$cloud/state.json")" '["reg.example"]'
docker push reg.example/app:2 >/dev/null
says 1 'manifest unknown' docker pull reg.example/app:9
docker run -d --name a -p 8001:8000 app:1 >/dev/null
says 125 'is already in use' docker run -d --name a app:1
says 125 'port is already allocated' docker run -d --name b -p 8001:8000 app:2
says 1 'container is running' docker rm a
says 1 'must force' docker rmi app:1
is 'the container runs' "$(docker inspect --format '{{.State.Health.Status}}' a)" healthy
# --- terraform
mkdir "$scratch/tf"
echo '{"variable": {"n": {}}, "resource": {"aws_instance": {"web": {"count": "${var.n}"}, "db": {"size": 1}}}}' >"$scratch/tf/main.tf.json"
says 1 'terraform init' terraform -chdir="$scratch/tf" plan
terraform -chdir="$scratch/tf" init -input=false >/dev/null
says 1 'provided but not defined: -autoapprove' terraform -chdir="$scratch/tf" apply -autoapprove
says 1 'No value for required variable' terraform -chdir="$scratch/tf" plan -input=false
says 2 '2 to add' terraform -chdir="$scratch/tf" plan -var n=3 -detailed-exitcode -out=p
says 0 '2 added' terraform -chdir="$scratch/tf" apply -input=false p
says 1 'plan is stale' terraform -chdir="$scratch/tf" apply -input=false p
says 0 'No changes' terraform -chdir="$scratch/tf" plan -var n=3 -detailed-exitcode
# --- vercel, systemctl
says 1 'No existing credentials' vercel list
export VERCEL_TOKEN=t
says 1 'requires confirmation' vercel deploy --prod
says 1 "Can't find the deployment" vercel rollback nothing --yes
says 1 'unknown or unexpected option: --prd' vercel deploy --prd
echo '{"units": {"a.service": {"active": "active"}}}' | cloud_set systemctl
says 5 'not found' systemctl start b
says 1 'Unknown command verb' systemctl begin a
systemctl stop a
says 3 'inactive' systemctl is-active a
# --- faults
cloud_back
for how in before half after; do
	cloud_back
	rm -f "$cloud/count.json"
	echo "{\"at\": 2, \"how\": \"$how\"}" >"$cloud/fault.json"
	aws cloudwatch disable-alarm-actions --alarm-names t-developer-errors
	aws cloudwatch disable-alarm-actions --alarm-names t-developer-latency other 2>/dev/null
	is "$how: the second call fails" "$?" 255
	aws cloudwatch describe-alarms >/dev/null
	is "$how: its state" "$(jq -c '[.aws.cloudwatch.alarms[] | .ActionsEnabled == false]' "$cloud/state.json")" \
		"$(case $how in before) echo '[true,false,false]' ;; half) echo '[true,true,false]' ;; after) echo '[true,true,true]' ;; esac)"
done
rm "$cloud/fault.json"
finish
