#!/bin/bash
# The power fails in the midst of runs and recoveries.
. "$(dirname "$0")/begin.bash"
alone "$programs/power_runs" "$program" "$books" "$here/q" 3000 7
