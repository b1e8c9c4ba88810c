#!/bin/bash
# A sample of the kill matrix; all points: kill.long.sh.
. "$(dirname "$0")/begin.bash"
alone "$programs/kill_matrix" "$program" "$books" "$here/k" --sample 300
