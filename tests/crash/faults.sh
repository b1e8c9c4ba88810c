#!/bin/bash
# A sample of the faults; all: faults.long.sh.
. "$(dirname "$0")/begin.bash"
alone "$programs/faults" "$program" "$books" "$here/f" --sample 120
