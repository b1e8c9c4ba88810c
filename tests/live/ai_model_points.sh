#!/bin/sh
# ai_model_points.sh: runbooks/ai-model: each call that changes something fails in turn.
# RB_LONG=1: in every way; else each after it has done its work, which is the hardest to undo.
. "$(dirname "$0")/service/lib.sh"
. "$top/tests/cloud/state.sh"
. "$top/tests/cloud/points.sh"
. "$here/service/people.sh"
. "$here/service/ai_model.sh"
need nginx curl python3 jq prometheus bash ssh-keygen
people
people_at_work
ai_up
POINTS_HOW='after' POINTS_EXEC='--outside-window test'
# files and servers of this machine: their failures are in ai_model.sh and std_file.sh
POINTS_SKIP='act/stage4/* test/stage7/upload act/armed test/stage7/upload!always*'
points staging-deploy ai_world ai_state "$ai/book/staging-deploy.yml" --inputs "$scratch/ai.yml" --inputs "$scratch/deploy.yml" -i tag=2.4.0 -i soak=10ms \
	-i warm_up=1ms
ai_world
rb 0 'a version is live' exec "$ai/book/staging-deploy.yml" --inputs "$scratch/ai.yml" --inputs "$scratch/deploy.yml" -i tag=2.4.0 -i soak=10ms --outside-window test \
	--yes --no-input
# One of the old containers is stopped: the rollback starts it.
old=$(jq -r '.docker.containers | keys[] | select(endswith("blue-2.3.0"))' "$cloud/state.json" | head -n 1)
docker stop "$old" >/dev/null
cp "$cloud/state.json" "$cloud/kept.json"
live_world() {
	cloud_back
	"$ai/follow"
}
POINTS_HOW='before after' POINTS_EXEC=
points emergency-rollback live_world ai_state "$ai/book/emergency-rollback.yml" --inputs "$scratch/ai.yml"
finish
