#!/bin/sh
# set-secret.sh VAULT NAME: the value is in standard input. Does nothing if the newest
# version has it already (so an undo may run after a step that never happened).
set -eu
umask 077
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/new"
[ -s "$dir/new" ] || { echo 'no value' >&2; exit 1; }
az keyvault secret show --vault-name "$1" --name "$2" --query value --output tsv >"$dir/now"
new=$(cat "$dir/new")
now=$(cat "$dir/now")
[ "$new" != "$now" ] || exit 0
az keyvault secret set --vault-name "$1" --name "$2" --file "$dir/new" >/dev/null
