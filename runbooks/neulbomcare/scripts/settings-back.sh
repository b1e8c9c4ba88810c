#!/bin/sh
# settings-back.sh APP GROUP SLOT: sets the settings of a slot to the list in standard input
# (as `appsettings list` prints it), and deletes those that are not in it.
set -eu
old=$(jq -c .)
now=$(az webapp config appsettings list --name "$1" --resource-group "$2" --slot "$3")
gone=$(jq -rn --argjson old "$old" --argjson now "$now" '($now | map(.name)) - ($old | map(.name)) | .[]')
if [ -n "$gone" ]; then
	# Names of settings have no spaces.
	# shellcheck disable=SC2086
	az webapp config appsettings delete --name "$1" --resource-group "$2" --slot "$3" --setting-names $gone --output none
fi
printf '%s' "$old" | jq -r '.[] | "\(.name)=\(.value)"' |
	xargs -r -d '\n' az webapp config appsettings set --name "$1" --resource-group "$2" --slot "$3" --output none --settings
