#!/bin/bash
# Every system call of the runner fails, with each error, once and always.
. "$(dirname "$0")/begin.bash"
alone "$programs/faults" "$program" "$books" "$here/f"
