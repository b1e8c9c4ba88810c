#!/bin/bash
# A million states of a disk after a power loss.
. "$(dirname "$0")/begin.bash"
"$programs/power" "$here/p" 1000000 7
