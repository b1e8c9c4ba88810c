#!/bin/bash
# The runner killed at every system call, also while it recovers.
. "$(dirname "$0")/begin.bash"
alone "$programs/kill_matrix" "$program" "$books" "$here/k"
