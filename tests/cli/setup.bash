# setup.bash: what the tests of the command line share: `load setup`.
#
# Each test has a folder, a state and a lock directory of its own and an
# environment without the variables that change how runbook behaves.

RB=${RUNBOOK_BIN:-$BATS_TEST_DIRNAME/../../build/runbook}
case $RB in /*) ;; *) RB=$PWD/$RB ;; esac
TERMINAL=$BATS_TEST_DIRNAME/terminal.py

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	unset CI GITHUB_ACTIONS GITHUB_STEP_SUMMARY NO_COLOR CLICOLOR_FORCE XDG_STATE_HOME XDG_CONFIG_HOME \
		RUNBOOK_GROUP RUNBOOK_OPERATOR TRACEPARENT
	export HOME=$PWD RUNBOOK_STATE=$PWD/state RUNBOOK_LOCKS=$PWD/locks LC_ALL=C.UTF-8
	umask 022
	background=
}

teardown() {
	for pid in $background; do
		kill "$pid" 2>/dev/null || true
	done
}

# run_rb CODE ARGS...: the program without a terminal; $stdout and $stderr hold what it said.
run_rb() {
	local want=$1 code=0
	shift
	"$RB" "$@" >out 2>err </dev/null || code=$?
	stdout=$(cat out)
	stderr=$(cat err)
	[ "$code" = "$want" ] && return 0
	echo "exit $code, expected $want: runbook $*"
	sed 's/^/out: /' out
	sed 's/^/err: /' err
	return 1
}

# begin ARGS...: runbook in the background; $pid. Its output is in bg.out and bg.err.
begin() {
	"$RB" "$@" >bg.out 2>bg.err </dev/null &
	pid=$!
	background="$background $pid"
}

# ends CODE: waits for what `begin` started.
ends() {
	local code=0
	wait "$pid" || code=$?
	[ "$code" = "$1" ] && return 0
	echo "exit $code, expected $1"
	cat bg.out bg.err
	return 1
}

# until_ok COMMAND...: until it succeeds, at most 10 s.
until_ok() {
	local n=0
	until "$@" 2>/dev/null; do
		n=$((n + 1))
		[ $n -lt 500 ] || {
			echo "never true: $*"
			return 1
		}
		sleep 0.02
	done
}

# says TEXT FILE: some line holds the text, literally.
says() {
	grep -qF -- "$1" "$2" && return 0
	echo "no line of $2 holds: $1"
	cat "$2"
	return 1
}

says_not() {
	! grep -F -- "$1" "$2"
}

# lacks BYTES FILE: as printf writes them.
lacks() {
	! grep -F -- "$(printf "$1")" "$2" >/dev/null
}

# is A B
is() {
	[ "$1" = "$2" ] && return 0
	printf 'got:      %s\nexpected: %s\n' "$1" "$2"
	return 1
}

# The journal of the only run, and a filter over all its records.
journal() { echo "$RUNBOOK_STATE"/runs/*/journal.jsonl; }
holds() { # FILTER
	jq -se "$1" "$(journal)" >/dev/null && return 0
	echo "the journal does not hold: $1"
	jq -c 'del(.h)' "$(journal)"
	return 1
}
last_event() { tail -n 1 out | jq -r "$1"; }

# A deployment with everything: inputs, a question, a write that is undone, a report.
deploy_yml() {
	cat >"${1:-deploy.yml}" <<-'EOF'
		runbook: 1
		name: deploy
		version: 1.2.0
		inputs:
		  tag: { type: string, pattern: '^v\d+$' }
		  n: { type: int, default: 2, min: 1, max: 5 }
		  broken: { type: bool, default: false }
		defaults: { timeout: 20s }
		preflight:
		  - id: look
		    run: [echo, "looking at ${{ inputs.tag }}"]
		    effect: read
		    capture: { seen: out }
		plan:
		  - id: sure
		    confirm: Deploy ${{ inputs.tag }}?
		act:
		  - id: switch
		    name: Switch to ${{ inputs.tag }}
		    run: echo ${{ inputs.tag }} >live; echo switched
		    preview: old -> ${{ inputs.tag }}
		    rollback: [{ run: rm -f live }]
		test:
		  - id: check
		    guard: not inputs.broken
		    run: [test, -e, live]
		    effect: read
		report:
		  - id: summary
		    render: { to: report.txt, text: "${{ run.status }}" }
	EOF
}

# A run that waits for the file `go`, holds a lock and can be undone.
slow_yml() {
	cat >slow.yml <<-'EOF'
		runbook: 1
		name: slow
		lock: target
		defaults: { timeout: 30s, grace: 200ms }
		act:
		  - id: one
		    run: echo one >>ledger; echo line one
		    rollback: [{ run: echo -one >>ledger }]
		  - id: long
		    run: |
		      echo started >>ledger
		      echo waiting
		      while ! test -e go; do sleep 0.02; done
		      echo done waiting
		    rollback: [{ run: echo -long >>ledger }]
		test:
		  - guard: 2 > 1
	EOF
}
started() { grep -q started ledger; }

# Makes the chain anew after an edit: a forger who may write the folder.
rechain() { # FILE SED-SCRIPT
	python3 - "$1" "$2" <<-'PY'
		import hashlib, json, subprocess, sys
		path, script = sys.argv[1:]
		lines = open(path, "rb").read().splitlines(keepends=True)
		first = json.loads(lines[0])
		h = hashlib.sha256(("runbook-journal/v1\n%s\n%s\n" % (first["run"], first["program"])).encode()).hexdigest()
		bodies = subprocess.run(["sed", "-e", script], input=b"\n".join(l[:-73] for l in lines), stdout=subprocess.PIPE).stdout.split(b"\n")
		out = []
		for body in bodies:
		    h = hashlib.sha256(h.encode() + body).hexdigest()
		    out.append(body + b',"h":"' + h.encode() + b'"}\n')
		open(path, "wb").write(b"".join(out))
	PY
}
