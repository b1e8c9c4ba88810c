#!/bin/sh
# Prints the load of this host as JSON: {"cpu": 12.5, "memory": 40.1, "disk": 71}
# in percent. CPU is measured over a short while; memory leaves caches out.
set -eu
cpu() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 + $9, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9; exit }' /proc/stat; }
before=$(cpu)
sleep 0.2
after=$(cpu)
cpu=$(echo "$before $after" | awk '{ all = $4 - $2; printf "%.1f", (all > 0 ? 100 * ($3 - $1) / all : 0) }')
memory=$(awk '/^MemTotal:/ { t = $2 } /^MemAvailable:/ { a = $2 } END { printf "%.1f", 100 * (t - a) / t }' /proc/meminfo)
disk=$(df -P "${1:-/}" | awk 'NR == 2 { sub("%", "", $5); print $5 }')
printf '{"cpu": %s, "memory": %s, "disk": %s}\n' "$cpu" "$memory" "$disk"
