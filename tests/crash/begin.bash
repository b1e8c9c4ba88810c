# begin.bash: for the suites of this folder: builds their drivers; $programs, $books,
# $here (a scratch folder) and alone, which runs a command with processes of its own
# where the system allows it (a look at all processes is then cheap and finds no others).
cd "$(dirname "$0")/../.." || exit 2
if [ "$(uname -m)" != x86_64 ]; then
	echo "1..0 # SKIP the tracer knows x86-64 only"
	exit 0
fi
if ! ${MAKE:-make} -s all crash-build >build/crash-build.log 2>&1; then
	sed 's/^/# /' build/crash-build.log
	echo "Bail out! build"
	exit 1
fi
programs=$PWD/build/crash
books=$PWD/tests/crash/books
program=${RUNBOOK_BIN:-$PWD/build/runbook}
here=$(mktemp -d "${TMPDIR:-/tmp}/rb-crash-XXXXXX") || exit 1
trap 'rm -rf "$here"' EXIT
unset CI GITHUB_ACTIONS XDG_STATE_HOME XDG_CONFIG_HOME RUNBOOK_GROUP RUNBOOK_OPERATOR
export HOME=$here LC_ALL=C.UTF-8
alone() {
	if unshare --pid --fork --mount-proc --kill-child true 2>/dev/null; then
		unshare --pid --fork --mount-proc --kill-child "$@"
	else
		"$@"
	fi
}
