#!/bin/bash
# add.sh [NAME...]: records golden runs: those of recipes.bash (or of them, NAME) that
# have no bundle yet. A bundle that is there is never made anew: see README.md.
# For root on a machine with unshare(1): runs are recorded under a neutral folder and
# host name, so that they do not tell of the machine.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
if [ -z "${RB_GOLDEN:-}" ]; then
	exec unshare --mount --uts --propagation private env -i RB_GOLDEN=1 PATH="$PATH" TERM=dumb bash "$here/add.sh" "$@"
fi
hostname golden
mount -t tmpfs none /srv
mkdir /srv/golden
install -m 755 "$root/build/runbook" /srv/runbook
export HOME=/srv/golden LC_ALL=C.UTF-8 TZ=UTC RB=/srv/runbook RUNBOOK_STATE=/srv/golden/state RUNBOOK_LOCKS=/srv/golden/locks
umask 022

# runbook with an expected exit code.
rb() { # CODE ARGS...
	local want=$1 code=0
	shift
	"$RB" "$@" >out 2>err </dev/null || code=$?
	[ "$code" = "$want" ] || {
		echo "$name: exit $code, not $want: runbook $*"
		cat out err
		exit 1
	}
}
begin() {
	"$RB" "$@" >bg.out 2>bg.err </dev/null &
	pid=$!
}
ends() {
	local code=0
	wait "$pid" || code=$?
	[ "$code" = "$1" ] || {
		echo "$name: exit $code, not $1"
		cat bg.out bg.err
		exit 1
	}
}
until_ok() {
	local n=0
	until "$@" 2>/dev/null; do
		n=$((n + 1))
		[ $n -lt 500 ] || {
			echo "$name: never true: $*"; cat bg.out bg.err
			exit 1
		}
		sleep 0.02
	done
}
journal_has() { cat state/runs/*/journal.jsonl | grep -q "$1"; }

. "$here/recipes.bash"
names=$*
[ -n "$names" ] || names=$(declare -F | sed -n 's/^declare -f golden_//p' | tr _ -)
for name in $names; do
	[ ! -e "$here/$name.tar" ] || continue
	rm -rf /srv/golden
	mkdir /srv/golden
	cd /srv/golden
	(
		set -eu
		"golden_${name//-/_}"
	)
	rm -f state/runs/*/report.run.json
	rb 0 export @last -o bundle.tar
	rb 0 verify ./bundle.tar
	install -m 644 bundle.tar "$here/$name.tar"
	(cd "$here" && sha256sum "$name.tar" >>golden.sha256 && sort -k 2 -o golden.sha256 golden.sha256)
	echo "added $name"
done
