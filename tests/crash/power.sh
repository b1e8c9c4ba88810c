#!/bin/bash
# States of a disk after a power loss; a million: power.long.sh.
. "$(dirname "$0")/begin.bash"
"$programs/power" "$here/p" 20000
