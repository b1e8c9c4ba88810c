#!/bin/sh
# signals.sh [N]: INT, TERM and HUP at random moments (15 runs; 200 with RB_LONG=1) of a
# run that has everything at once: a parallel block, loops, a retried block, a step that
# ignores TERM, children left behind, a block with its own rollback, always blocks.
. "$(dirname "$0")/service/lib.sh"
need python3
n=${1:-$([ "${RB_LONG:-}" ] && echo 200 || echo 15)}
mkdir "$scratch/run" && cd "$scratch/run" || exit 1
cp "$here/service/signals.yml" . || exit 1
"$python" -SE "$here/service/signals.py" "$n" "$RB" signals.yml
