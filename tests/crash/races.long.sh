#!/bin/bash
# Kills and several resumes at once.
. "$(dirname "$0")/begin.bash"
alone "$programs/races" "$program" "$books" "$here/r" 400 7
