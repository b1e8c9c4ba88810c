load setup

bad_yml() {
	cat >bad.yml <<-'EOF'
		runbook: 1
		name: bad
		act:
		  - run: [true]
		    tiemout: 3s
		    rollback: []
		  - run: echo ${{ inputs.gone }} 가나다
	EOF
}

@test "check: no errors is 0, warnings too; errors are 2" {
	deploy_yml
	run_rb 0 check deploy.yml
	is "$stdout" ""
	says '1 file checked: 0 errors, 0 warnings' err
	printf 'runbook: 1\nname: w\nact: [{ run: [true] }]\n' >warn.yml
	run_rb 0 check warn.yml
	says 'warning[RB5' err
	bad_yml
	run_rb 2 check bad.yml
}

@test "check: text has place, caret, hint and where to read more" {
	bad_yml
	run_rb 2 check bad.yml
	says ' --> bad.yml:5:5' err
	says '5 |     tiemout: 3s' err
	says '  |     ^^^^^^^' err
	says 'did you mean `timeout`?' err
	says 'more: runbook explain RB101' err
	says ' --> bad.yml:7:26' err
}

@test "check: runs nothing and asks for nothing" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		inputs: { x: string }
		secrets: { t: { run: [touch, ran] } }
		preflight:
		  - run: [touch, ran]
		    effect: read
	EOF
	run_rb 0 check s.yml
	[ ! -e ran ]
	[ ! -e state ]
}

@test "check: several files, one of them unreadable" {
	deploy_yml
	bad_yml
	run_rb 2 check deploy.yml bad.yml
	says '2 files checked' err
	run_rb 2 check deploy.yml nothing.yml
	says 'nothing.yml' err
	run_rb 2 check
}

@test "check: - is standard input" {
	bad_yml
	code=0
	"$RB" check - <bad.yml >out 2>err || code=$?
	is $code 2
	says 'tiemout' err
}

@test "check --output json" {
	bad_yml
	run_rb 2 check bad.yml --output json
	jq -e '.v == 1 and (.diagnostics | type) == "array"' out
	jq -e '.diagnostics[0] | .code == "RB101" and .severity == "error" and .file == "bad.yml" and
		.line == 5 and .column == 5 and .end_line == 5 and .end_column == 12 and
		(.message | type) == "string" and (.hints | type) == "array"' out
	deploy_yml
	run_rb 0 check deploy.yml --output json
	jq -e '.diagnostics == []' out
}

@test "check --output json: columns count code points" {
	printf 'runbook: 1\nname: c\nact:\n  - run: [echo, "가나 ${{ inputs.gone }}"]\n    rollback: []\n' >c.yml
	run_rb 2 check c.yml --output json
	jq -e 'any(.diagnostics[]; .severity == "error" and .line == 4 and .column == 32)' out
}

@test "check --output sarif" {
	bad_yml
	run_rb 2 check bad.yml --output sarif
	jq -e '.version == "2.1.0" and (."$schema" | contains("sarif")) and (.runs | length) == 1' out
	jq -e '.runs[0].tool.driver | .name == "runbook" and (.rules | map(.id) | index("RB101") != null)' out
	jq -e '.runs[0].results[0] | .ruleId == "RB101" and .level == "error" and (.message.text | length) > 0 and
		.locations[0].physicalLocation.artifactLocation.uri == "bad.yml" and
		.locations[0].physicalLocation.region.startLine == 5 and
		.locations[0].physicalLocation.region.startColumn == 5' out
	jq -e '.runs[0].results as $r | .runs[0].tool.driver.rules as $rules |
		all($r[]; .ruleIndex == null or $rules[.ruleIndex].id == .ruleId)' out
	deploy_yml
	run_rb 0 check deploy.yml --output sarif
	jq -e '.runs[0].results == []' out
}

@test "check --output github" {
	bad_yml
	run_rb 2 check bad.yml --output github
	grep -q '^::error file=bad.yml,line=5,.*col=5,.*::' out
	run_rb 2 check bad.yml --output text
	is "$stdout" ""
}

@test "check: in GitHub Actions annotations are the default" {
	bad_yml
	GITHUB_ACTIONS=true run_rb 2 check bad.yml
	grep -q '^::error file=bad.yml,line=5' out
	GITHUB_ACTIONS=true run_rb 2 check bad.yml --output json
	jq -e .v out
}

@test "check --output github: a file name or message cannot inject commands" {
	name='a,b:c%0A::set-output name=x::y.yml'
	printf 'runbook: 1\nname: x\n"::error::x\\n::set-output": 1\n' >"$name"
	run_rb 2 check "$name" --output github
	is "$(grep -c '^::set-output' out || true)" 0
	is "$(grep -vc '^::\(error\|warning\|notice\)' out || true)" 0
}

@test "check: an unknown format is refused" {
	deploy_yml
	run_rb 2 check deploy.yml --output yaml
	says 'yaml' err
}

@test "check: hostile bytes are diagnostics, not crashes" {
	printf 'runbook: 1\0' >nul.yml
	printf 'runbook: 1\nname: "\377"\n' >utf8.yml
	head -c 2000000 /dev/zero | tr '\0' a >big.yml
	head -c 100000 /dev/zero | tr '\0' '[' >deep.yml
	: >empty.yml
	for f in nul utf8 big deep empty; do
		run_rb 2 check $f.yml --output json
		jq -e '.diagnostics | length > 0' out
	done
}
