#!/bin/bash
# A journal changed in every simple way.
. "$(dirname "$0")/begin.bash"
alone "$programs/tamper" "$program" "$books" "$here/t"
