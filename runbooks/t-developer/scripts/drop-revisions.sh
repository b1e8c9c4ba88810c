#!/bin/sh
# drop-revisions.sh FAMILY REVISION TABLE: takes the revisions of FAMILY above REVISION
# that use TABLE out of use. For the undo of use-table.sh, whose answer may be lost.
set -eu
list=$(aws ecs list-task-definitions --family-prefix "$1" --status ACTIVE --sort DESC --output json)
for arn in $(printf '%s' "$list" | jq -r '.taskDefinitionArns[]'); do
	name=${arn##*/}
	[ "${name%:*}" = "$1" ] || continue
	[ "${name##*:}" -gt "$2" ] || continue
	one=$(aws ecs describe-task-definition --task-definition "$name" --output json)
	table=$(printf '%s' "$one" | jq -r '.taskDefinition.containerDefinitions[0].environment[] | select(.name == "TABLE_NAME").value')
	[ "$table" = "$3" ] || continue
	aws ecs deregister-task-definition --task-definition "$name" --output json >/dev/null
done
