load setup

# report FORMAT: of the last run, into the file r.FORMAT
report() {
	run_rb 0 report @last --format "$1" || return 1
	cp out "r.$1"
}

# A run with much in it: loops, attempts, guards that saw something, an undo that fails.
rich_yml() {
	cat >rich.yml <<-'EOF'
		runbook: 1
		name: rich
		title: 배포 보고서
		version: 1.0.0
		inputs: { tag: { type: string, default: v1 } }
		defaults: { timeout: 20s }
		preflight:
		  - id: load
		    run: 'echo 81'
		    effect: read
		    capture: { cpu: percent(int(out)) }
		  - guard:
		      - { that: steps.load.cpu <= 80%, else: warn, say: "CPU ${{ steps.load.cpu }}" }
		plan:
		  - id: sure
		    confirm: Deploy ${{ inputs.tag }}?
		act:
		  - id: stop
		    foreach: [a, b]
		    run: [echo, "stop", "${{ item }}"]
		    probe: { run: exit 1 }
		    rollback: [{ run: "echo start ${{ item }}" }]
		  - id: migrate
		    run: echo up
		    rollback: [{ run: exit 4, retry: 0 }]
		test:
		  - id: good
		    run: echo healthy
		    effect: read
		    capture: { api: out, p95: 120ms, errors: 0.5% }
		  - id: health
		    run: 'echo attempt $RUNBOOK_ATTEMPT; exit 7'
		    effect: read
		    retry: { max: 1, delay: 10ms }
		always:
		  - run: echo bye
		    effect: read
	EOF
}

@test "report: the twelve lines first, always in this form" {
	rich_yml
	run_rb 4 exec rich.yml --yes --no-sync
	run_rb 0 report @last
	head -n 14 out | sed -E 's/[0-9]{4}-[0-9-]+T[0-9:.]+Z/TIME/; s/ID: [0-9a-z]{26}/ID: RUN/; s/Duration: [^)]*/Duration: TOOK/' >summary
	cat >wanted <<-'EOF'
		rich Deployment Report - TIME
		============================================
		Deployment ID: RUN
		Status: rollback_incomplete (Duration: TOOK)
		Smoke Tests: 1/2 passed
		Performance: UNKNOWN
		Critical Issues: 1
		API Health: healthy
		Database: Unknown
		Cache: Unknown
		Error Rate: 0.5%
		Response Time P95: 120ms
		============================================
		Overall: FAILED
	EOF
	diff wanted summary
}

@test "report: text names guards with what they saw, attempts, undo, what is left" {
	rich_yml
	run_rb 4 exec rich.yml --yes --no-sync
	report text
	says 'guard  false  steps.load.cpu <= 80%   saw steps.load.cpu = 81%' r.text
	says 'attempt 1  exit 7' r.text
	says 'attempt 2  exit 7' r.text
	says '| attempt 2' r.text
	says 'probe before: no  exit 1' r.text
	says 'undo_failed migrate' r.text
	says 'LEFT: what a person must still do' r.text
	says 'act/migrate: exit 4' r.text
	grep -q "sh -eu -c 'exit 4'" r.text
	says 'stop[1] (b)' r.text
	says '배포 보고서' r.text
}

@test "report: a name that stands twice in a condition is one key of what it saw" {
	cat >twice.yml <<-'EOY'
		runbook: 1
		name: twice
		inputs: { n: { type: int, default: 3 }, m: { type: int, default: 4 } }
		test:
		  - { id: a, run: "true", effect: read, if: inputs.n > 1 and inputs.n < 5 and inputs.m != inputs.n }
	EOY
	run_rb 0 exec twice.yml
	python3 - state/runs/*/journal.jsonl <<-'PY'
		import json, sys
		def once(pairs):
		    names = [n for n, _ in pairs]
		    assert len(names) == len(set(names)), names
		    return dict(pairs)
		saw = [r["items"][0]["saw"] for r in (json.loads(l, object_pairs_hook=once) for l in open(sys.argv[1])) if r["t"] == "guard"]
		assert saw == [{"inputs.n": 3, "inputs.m": 4}], saw
	PY
	run_rb 0 replay @last
}

@test "report: JSON has the tree, the rollback and the figures" {
	rich_yml
	run_rb 4 exec rich.yml --yes --no-sync
	report json
	is "$(jq -r '.v, .run.status, .run.exit, .figures.tests_passed, .figures.p95' r.json | tr '\n' ' ')" "1 rollback_incomplete 4 1 120ms "
	is "$(jq -r '.phases[].k' r.json | tr '\n' ' ')" "preflight plan act test always "
	is "$(jq -r '.phases[2].steps[0].steps[1].item' r.json)" b
	is "$(jq -r '.phases[2].steps[0].steps[1].steps[0].steps[0].what' r.json)" "echo start b"
	is "$(jq -r '.phases[3].steps[1].attempts | length' r.json)" 2
	is "$(jq -r '.rollback.planned[0], .rollback.undone[0]' r.json | tr '\n' ' ')" "act/migrate act/stop[1] "
	is "$(jq -r '.rollback.residue[0].k' r.json)" act/migrate
	is "$(jq -r '.journal.head' r.json)" "$(tail -n 1 "$(journal)" | jq -r .h)"
	is "$(jq -r '[.. | objects | select(.kind == "foreach") | .of] | add' r.json)" 2
}

@test "report: the run leaves report.run.json, and it is what the command prints" {
	rich_yml
	run_rb 4 exec rich.yml --yes --no-sync
	report json
	cmp r.json state/runs/*/report.run.json
	is "$(stat -c %a state/runs/*/report.run.json)" 600
	[ -z "$(ls state/runs/*/*.tmp 2>/dev/null)" ]
}

@test "report: the same bytes whatever zone, locale, folder and time" {
	rich_yml
	run_rb 4 exec rich.yml --yes --no-sync
	for format in text json md html junit otlp; do
		report $format
		mkdir -p elsewhere
		mv state elsewhere/
		(cd / && TZ=Asia/Seoul LC_ALL=ko_KR.UTF-8 LANG=ko_KR.UTF-8 "$RB" report @last --format $format --state "$OLDPWD/elsewhere/state" >"$OLDPWD/again")
		mv elsewhere/state .
		cmp again r.$format
	done
}

@test "report: JUnit counts, and what was passed over in a good run is no failure" {
	rich_yml
	run_rb 4 exec rich.yml --yes --no-sync
	report junit
	grep -q '<testsuites name="rich" tests="[0-9]*" failures="2" errors="1"' r.junit
	grep -q '<testcase name="test/health" classname="rich.test"' r.junit
	cat >over.yml <<-'EOF'
		runbook: 1
		name: over
		preflight:
		  - id: x
		    run: exit 3
		    effect: read
		    on_fail: continue
		  - id: no
		    if: 1 > 2
		    run: echo
		    effect: read
	EOF
	run_rb 0 exec over.yml --no-sync
	report junit
	grep -q 'failures="0" errors="0" skipped="2"' r.junit
	grep -q '<skipped message="exit 3"' r.junit
}

@test "report: hostile text stays text in every format" {
	cat >evil.yml <<-'EOF'
		runbook: 1
		name: evil
		title: '<script>alert(1)</script>'
		inputs: { x: string }
		preflight:
		  - name: '"><img src=x onerror=alert(1)> ${{ inputs.x }}'
		    run: |
		      printf '<script>alert(2)</script>\033[31m\001]]>\r\n```\n</pre> ${RB}\n' RB=1
		      printf '\357\277\276\357\277\277 \342\200\256gnp.exe & "q"\n' >&2
		      exit 1
		    env: { RB: x }
		    effect: read
	EOF
	run_rb 1 exec evil.yml --no-sync -i "x=$(printf 'a|b\n# c ``` @someone &amp; \002')"
	for format in text md html junit otlp; do
		report $format
		lacks '\033' r.$format
		lacks '\001' r.$format
		lacks '\342\200\256' r.$format
	done
	says_not '<script' r.html
	says_not '<img' r.html
	says_not '<script' r.junit
	lacks '\357\277\276' r.junit
	lacks '\357\277\277' r.junit
	says '&lt;script&gt;alert(2)&lt;/script&gt;' r.html
	# the fence of a block is longer than any run of backticks in it
	is "$(grep -c '^````' r.md)" 2
	is "$(grep -c '^# c' r.md || true)" 0
	if command -v xmllint >/dev/null; then xmllint --noout r.junit; fi
	python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' r.junit
}

@test "report: HTML is one file that asks for nothing" {
	rich_yml
	run_rb 4 exec rich.yml --yes --no-sync
	report html
	says "default-src 'none'" r.html
	is "$(grep -cE '(src|href)="[^#]' r.html || true)" 0
	says_not '<script' r.html
	says_not 'url(' r.html
	says_not '@import' r.html
}

@test "report: large output is cut, with a note; a missing or damaged blob is said to be so" {
	cat >big.yml <<-'EOF'
		runbook: 1
		name: big
		preflight:
		  - id: big
		    run: seq 20000; exit 1
		    effect: read
	EOF
	run_rb 1 exec big.yml --no-sync
	report html
	grep -q '[0-9]* bytes between are left out' r.html
	[ "$(stat -c %s r.html)" -lt 60000 ]
	report text
	says 'bytes left out ...' r.text
	says '| 20000' r.text
	blob=$(find state/runs -path '*sha256*' -type f -size +50k)
	echo x >>"$blob"
	report text
	says 'the stored output is damaged' r.text
	rm "$blob"
	report html
	says 'the stored output is missing' r.html
}

@test "report: of a dry-run, a held and a broken run" {
	rich_yml
	run_rb 0 exec rich.yml -n --no-sync
	report text
	says 'dry-run' r.text
	says 'ARMED: what would be undone' r.text
	says 'would run' r.text
	report html
	says 'Dry-run: nothing was changed.' r.html
	slow_yml
	begin exec slow.yml
	until_ok started
	report text
	says 'Status: unfinished' r.text
	says 'Overall: IN PROGRESS' r.text
	says 'running     long' r.text
	kill -9 $pid
	wait $pid 2>/dev/null || true
	touch go
	report json
	is "$(jq -r '.run.status, .journal.sealed' r.json | tr '\n' ' ')" "unfinished false "
}

@test "report: of a run that was taken over, and of one that undoes another" {
	slow_yml
	begin exec slow.yml
	until_ok started
	kill -9 $pid
	wait $pid 2>/dev/null || true
	touch go
	code=0
	"$RB" rollback @last >out 2>err </dev/null || code=$?
	report json
	is "$(jq -r '.run.runners' r.json)" 2
	cmp r.json state/runs/*/report.run.json
	rm -rf state go ledger
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	first=$(cut -d' ' -f1 out)
	run_rb 0 rollback $first
	report text
	says "Undoes     run $first" r.text
	report html
	says "<dt>Undoes run</dt><dd>$first</dd>" r.html
}

@test "report: secrets are masked in all formats" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		secrets: { token: { env: TOKEN } }
		preflight:
		  - run: echo "it is $T"; exit 1
		    env: { T: "${{ secrets.token }}" }
		    effect: read
	EOF
	TOKEN=hunter2hunter2 run_rb 1 exec s.yml --no-sync
	for format in text json md html junit otlp; do
		report $format
		says_not hunter2 r.$format
	done
	says 'it is ***' r.html
}

@test "report: usage" {
	run_rb 2 report
	run_rb 1 report @last
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	run_rb 2 report @last --format pdf
	says 'text, json, md, html, junit or otlp' err
	run_rb 0 report @last -o md
	says '## ` deploy `: ` ok `' out
	sed -i '5s/"m":/"m":1/' "$(journal)"
	run_rb 6 report @last
}
