#!/bin/sh
# ai_model_points.sh: runbooks/ai-model: each call, request and script that changes something
# fails in turn, in one way (RB_LONG=1: in every way).
. "$(dirname "$0")/service/lib.sh"
. "$top/tests/cloud/state.sh"
. "$top/tests/cloud/points.sh"
. "$here/service/people.sh"
. "$here/service/ai_model.sh"
need nginx curl python3 jq prometheus bash ssh-keygen cc
points_shards 3
AI_SCRAPE=300ms
people
people_at_work
ai_up
cloud_resident
cloud_relay "api=127.0.0.1:$ai_port" "prometheus=127.0.0.1:$ai_prom" "grafana=127.0.0.1:$(jq .grafana "$ai/ports.json")"
cloud_wrap sh bash cat cp mv rm
for _one in api prometheus grafana; do
	sed -i "s|^$_one: .*|$_one: http://127.0.0.1:$(jq ".$_one" "$cloud/relay.json")|" "$scratch/ai.yml" "$scratch/deploy.yml"
done
POINTS_HOW=turn POINTS_EXACT=1 POINTS_EXEC='--outside-window test'
# `tidy` has removed the upload, an index goes with its collection, `reloaded` does nothing itself.
POINTS_GONE='test/stage7/upload act/stage2/indexes act/stage4/reloaded'
points staging-deploy ai_world ai_state "$ai/book/staging-deploy.yml" --inputs "$scratch/ai.yml" --inputs "$scratch/deploy.yml" -i tag=2.4.0 -i soak=10ms \
	-i warm_up=1ms -i every=1m
ai_world
rb 0 'a version is live' exec "$ai/book/staging-deploy.yml" --inputs "$scratch/ai.yml" --inputs "$scratch/deploy.yml" -i tag=2.4.0 -i soak=10ms -i every=1m --outside-window test \
	--yes --no-input
live_world() {
	cloud_back
	"$ai/follow"
}
POINTS_EXEC=

# The first day: users have the version from before when anything fails after it has begun.
cloud_keep
first_aim() {
	aws elbv2 modify-listener --listener-arn "$ai_listener" --default-actions "Type=forward,TargetGroupArn=$ai_blue" --region ap-northeast-2 --output json >"$scratch/tmp/aim"
}
POINTS_AIM=first_aim
POINTS_SAME='it watches'
grep -h '^smtp\|^prometheus:' "$scratch/deploy.yml" >"$scratch/day.yml"
grep -h '^api\|^pagerduty' "$scratch/ai.yml" >>"$scratch/day.yml"
points first-24h live_world ai_state "$ai/book/first-24h.yml" --inputs "$scratch/day.yml" -i tag=2.4.0 -i window=1s -i between=10ms -i checkpoints=2 -i every=1m
POINTS_AIM='' POINTS_SAME=''

# One of the old containers is stopped: the rollback starts it.
live_world
old=$(jq -r '.docker.containers | keys[] | select(endswith("blue-2.3.0"))' "$cloud/state.json" | head -n 1)
docker stop "$old" >/dev/null
cloud_keep
POINTS_ON=test/stop # one that does not stop is no reason to send users back to it
points emergency-rollback live_world ai_state "$ai/book/emergency-rollback.yml" --inputs "$scratch/ai.yml"
finish
