load setup

gh() {
	GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$PWD/summary.md run_rb "$@"
}

@test "github: groups open and close in turn" {
	deploy_yml
	gh 0 exec deploy.yml --yes -i tag=v1
	is "$(grep -c '^::group::' out)" "$(grep -c '^::endgroup::' out)"
	is "$(grep -o '^::group::.*\|^::endgroup::' out | sed 's/^::endgroup::/-/; s/^::group:://' | tr '\n' ' ')" \
		"preflight - plan - act - test - report - "
}

@test "github: a failure is an annotation at its place; rollback is a group" {
	deploy_yml
	gh 3 exec deploy.yml --yes -i tag=v1 -i broken=true
	grep -q '^::error file=deploy.yml,line=24,col=5,title=test/check::guard is false' out
	grep -q '^::group::rollback' out
	is "$(grep -c '^::group::' out)" "$(grep -c '^::endgroup::' out)"
}

@test "github: the step summary says how it ended" {
	deploy_yml
	echo before >summary.md
	gh 3 exec deploy.yml --yes -i tag=v1 -i broken=true
	is "$(head -n 1 summary.md)" before
	says rolled_back summary.md
	says 'act/switch' summary.md
	is "$(grep -c '^```' summary.md)" 2
}

@test "github: the step summary cannot be broken out of" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		preflight:
		  - guard:
		      that: 1 > 2
		      say: |
		        a
		        ```
		        <script>b</script>
	EOF
	gh 1 exec s.yml
	is "$(grep -c '^ *```' summary.md)" 2
}

@test "github: what children print cannot give commands" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		preflight:
		  - id: evil
		    effect: read
		    run: |
		      echo '::set-output name=x::y'
		      echo '##[set-output name=x]y'
		      printf 'a\r::add-mask::b\n'
		      printf '\n::endgroup::\n'
		      echo '::error::x' >&2
		      echo '::stop-commands::z'
		      echo '::z::'
		      printf '::save-state name=n::v'
	EOF
	gh 0 exec s.yml
	# a runner hears only what stands at the start of a line outside of stop-commands
	awk '/^::stop-commands::/ { token = substr($0, 18); next }
		token != "" && $0 == "::" token "::" { token = ""; next }
		token == "" { print }' out >heard
	is "$(grep -E '^[[:space:]]*(::|##\[)' heard | grep -Ev '^::(group::preflight|endgroup::)$' || true)" ""
	lacks '\r' out
	is "$(grep -c '^::set-output' out || true)" 0
}

@test "github: names and values cannot give commands" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		inputs: { x: string }
		preflight:
		  - name: "${{ inputs.x }}"
		    guard: { that: 1 > 1, say: "${{ inputs.x }}" }
	EOF
	gh 1 exec s.yml -i "x=$(printf 'a\n::set-output name=x::y\r\n::warning::z%%0A::b')"
	is "$(grep -c '^::set-output\|^::warning' out || true)" 0
	lacks '\r' out
	says '%250A' out
}

@test "github: stdout has the result; --output text wins" {
	deploy_yml
	gh 0 exec deploy.yml --yes -i tag=v1 --output text
	is "$(grep -c '^::' out || true)" 0
	is "$stdout" "$(ls state/runs) ok"
}

@test "github: an invalid runbook and wrong inputs are annotations" {
	printf 'runbook: 1\nname: s\nact:\n  - run: [true]\n    tiemout: 1s\n' >s.yml
	gh 2 exec s.yml
	grep -q '^::error file=s.yml,line=5' out
	deploy_yml
	gh 2 exec deploy.yml --yes -i tag=x
	grep -q '^::error' out
}

@test "CI: no terminal drawing, one line per event, no carriage returns" {
	deploy_yml
	CI=true run_rb 0 exec deploy.yml --yes -i tag=v1
	lacks '\r' err
	lacks '\033' err
}

@test "github: what a run waits for is a notice with the command that answers" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		roles: { lead: { who: [kim] } }
		defaults: { timeout: 20s }
		plan: [{ id: go, approve: { from: lead }, timeout: 10ms }]
	EOF
	gh 1 exec s.yml --no-input
	grep -q '^::notice title=plan/go::waits: runbook approve [0-9a-z]* plan/go --why TEXT' out
}

@test "github: a monitor that has no data, and has data again, is a line" {
	cat >s.yml <<-'YML'
		runbook: 1
		name: s
		monitors:
		  - { id: load, during: [act], every: 100ms, timeout: 5s, run: cat n, capture: { n: int(out) },
		      rules: [{ when: n > 5, then: notify, say: "load ${{ n }}" }, { when: failed for 1000 samples, then: pause }] }
		act:
		  - id: one
		    timeout: 20s
		    rollback: []
		    run: |
		      seen() { until grep -q "$1" state/runs/*/journal.jsonl; do sleep 0.02; done; }
		      seen '"values":{"n":1}'; echo 9 >m; mv m n; seen '"t":"rule"'; rm n; seen '"error":'; echo 2 >m; mv m n; seen '"values":{"n":2}'
		test: [{ guard: true }]
	YML
	echo 1 >n
	gh 0 exec s.yml --no-sync
	is "$(grep -o '^[a-z ]*  monitors/load' out | sed 's/  .*//' | tr '\n' ' ')" 'watching no data data again recovered '
	is "$(grep -c '^::warning title=monitors/load::load 9' out)" 1
}
