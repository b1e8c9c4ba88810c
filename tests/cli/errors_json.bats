load setup

# With --output json standard output holds JSON also where a command is refused.

# refused CODE TEXT ARGS...: the error object, and nothing else, on stdout; words on stderr too.
refused() {
	local code=$1 text=$2
	shift 2
	run_rb "$code" "$@"
	is "$(wc -l <out)" 1
	jq -e --arg text "$text" --argjson code "$code" \
		'.v == 1 and .t == "error" and .exit == $code and any(.errors[]; contains($text))' out >/dev/null || {
		cat out
		return 1
	}
	grep -q '^runbook: ' err
}

@test "json errors: options, operands and words" {
	refused 2 'needs one runbook' exec -o json
	refused 2 'unknown option `--bogus`' exec --bogus -o json x.yml
	refused 2 'unknown option `--stats`; did you mean `--status`?' runs --stats --output=json
	refused 2 'needs FORMAT' exec -ojson x.yml --output
	refused 2 'needs at least one runbook' check --output json
	refused 2 'needs one runbook' plan --output json
	refused 2 'is always, never or auto' exec -o json x.yml --color blue
}

@test "json errors: files, inputs, questions" {
	refused 2 'nothing.yml: No such file' exec -o json nothing.yml
	refused 2 'nothing.yml: No such file' plan --output json nothing.yml
	deploy_yml
	refused 2 '-i needs name=value' exec -o json deploy.yml -i tag
	refused 2 '-i needs name=value' plan --output json deploy.yml -i tag
	refused 2 'needs a person' exec -o json deploy.yml -i tag=v1
	refused 2 'no.yml: No such file' exec -o json deploy.yml --inputs no.yml
}

@test "json errors: runs that are not there" {
	refused 1 'no run' show -o json 01nothing
}

@test "json errors: a lock that is held" {
	cat >s.yml <<-'EOF'
		runbook: 1
		name: s
		lock: t
		act:
		  - { run: touch started; until test -e go; do sleep 0.02; done, rollback: [] }
	EOF
	begin exec s.yml
	until_ok test -e started
	refused 7 'held by' exec -o json s.yml
	touch go
	ends 0
}

@test "json errors: diagnostics stay what they are; a file that cannot be read is one" {
	echo 'runbook: 1' >empty.yml
	run_rb 2 exec -o json empty.yml
	jq -e '.diagnostics | length > 0' out
	run_rb 2 check -o json nothing.yml
	jq -e '.errors == 1 and .diagnostics[0].code == "RB006" and .diagnostics[0].file == "nothing.yml"' out
	grep -q 'nothing.yml: No such file' err
	run_rb 2 check -o sarif nothing.yml
	jq -e '.runs[0].results[0].ruleId == "RB006"' out
}

@test "json errors: none without --output json, none on success" {
	run_rb 2 exec nothing.yml
	[ ! -s out ]
	run_rb 0 runs -o json
	[ ! -s out ]
}
