#!/bin/sh
# newest.sh FOLDER: prints time (seconds since 1970) and name of its newest whole backup.
set -eu
newest=
for file in "$1"/*.dump; do
	[ -s "$file" ] && [ -s "$file.json" ] || continue
	if [ -z "$newest" ] || [ "$file" -nt "$newest" ]; then newest=$file; fi
done
[ -n "$newest" ] || { echo "no backup in $1" >&2; exit 1; }
stat -c '%Y %n' "$newest"
