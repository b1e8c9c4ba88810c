#!/bin/bash
# Three million states of a disk after a power loss; two seeds are those that once found a
# false witness of corruption.
. "$(dirname "$0")/begin.bash"
"$programs/power" "$here/p" 3000000 7 77 78
