#!/bin/bash
# The power fails in the midst of runs and recoveries; more: power_runs.long.sh.
. "$(dirname "$0")/begin.bash"
alone "$programs/power_runs" "$program" "$books" "$here/q" 60
