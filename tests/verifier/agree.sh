#!/bin/bash
# agree.sh: the program's `verify` and the second verifier (verify.py, which was written from
# docs/journal.md alone) judge real runs and some hundred tampered copies of them, and must agree.
# Arguments choose ways of tampering: agree.sh flips orders.
set -u
cd "$(dirname "$0")/../.." || exit 2
here=$PWD/tests/verifier books=$PWD/tests/verifier/books RB=${RUNBOOK_BIN:-$PWD/build/runbook}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rb-agree-XXXXXX") || exit 1
# shellcheck source=tests/verifier/runs.bash
. "$here/runs.bash"
trap 'rm -rf "$scratch"' EXIT
make_runs
PYTHONDONTWRITEBYTECODE=1 python3 "$here/agree.py" "$RB" "$scratch" "$@"
