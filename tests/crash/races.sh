#!/bin/bash
# Kills and several resumes at once; more rounds: races.long.sh.
. "$(dirname "$0")/begin.bash"
alone "$programs/races" "$program" "$books" "$here/r" 15
