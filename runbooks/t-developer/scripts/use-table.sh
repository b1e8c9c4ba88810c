#!/bin/sh
# use-table.sh FAMILY:REVISION TABLE: registers a copy of a task definition whose
# containers have TABLE_NAME=TABLE, and prints its family:revision.
set -eu
old=$(aws ecs describe-task-definition --task-definition "$1" --output json)
new=$(printf '%s' "$old" | jq -c --arg table "$2" '.taskDefinition
	| {family, containerDefinitions, requiresCompatibilities, networkMode, cpu, memory}
	| .containerDefinitions[].environment |= (map(select(.name != "TABLE_NAME")) + [{name: "TABLE_NAME", value: $table}])')
answer=$(aws ecs register-task-definition --cli-input-json "$new" --output json)
printf '%s' "$answer" | jq -r '.taskDefinition | "\(.family):\(.revision)"'
