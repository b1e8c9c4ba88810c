load setup

echo_yml() {
	cat >echo.yml <<-'EOF'
		runbook: 1
		name: echo
		inputs:
		  s: { type: string, default: none }
		  i: { type: int, default: 1 }
		  f: { type: float, default: 0.5 }
		  b: { type: bool, default: false }
		  d: { type: duration, default: 1s }
		  z: { type: size, default: 1KiB }
		  p: { type: percent, default: 1% }
		  t: { type: time, default: null }
		  l: { type: list, of: int, default: [] }
		  m: { type: map, default: {} }
		report:
		  - id: r
		    render: { to: r.json, json: { s: "${{ inputs.s }}", i: "${{ inputs.i }}", f: "${{ inputs.f }}", b: "${{ inputs.b }}", l: "${{ inputs.l }}", m: "${{ inputs.m }}" } }
	EOF
}
opened() { jq -c "select(.t == \"run.open\").inputs$1" "$(journal)"; }

@test "inputs: -i, -i NAME=VALUE joined, --input=" {
	echo_yml
	run_rb 0 exec echo.yml -i s=a -ii=2 --input=b=true --input f=2.5
	is "$(opened .s)" '"a"'
	is "$(opened .i)" 2
	is "$(opened .b)" true
	is "$(opened .f)" 2.5
}

@test "inputs: a value takes the declared type" {
	echo_yml
	run_rb 0 exec echo.yml -i s=10m -i d=1m30s -i z=2KB -i p=0.5% -i t=2026-11-21T03:00:00+01:00 -i 'l=[1, 2]' -i 'm={"a": "x"}'
	is "$(opened .s)" '"10m"'
	is "$(opened .d)" '{"duration_ns":90000000000}'
	is "$(opened .z)" '{"size":2000}'
	is "$(opened .p)" '{"percent":0.5}'
	is "$(opened .t)" '{"time":"2026-11-21T02:00:00Z"}'
	is "$(opened .l)" '[1,2]'
	is "$(opened .m)" '{"a":"x"}'
}

@test "inputs: text stays as it is: true, 007, 1.10, empty, = and spaces" {
	echo_yml
	for text in true 007 1.10 '' 'a=b c' ' x ' 'null' '${{ inputs.i }}'; do
		rm -rf state
		run_rb 0 exec echo.yml -i "s=$text"
		is "$(jq -r 'select(.t == "run.open").inputs.s' "$(journal)")" "$text"
	done
}

@test "inputs: --inputs files; later ones win, -i wins over all" {
	echo_yml
	printf 's: one\ni: 1\nf: 1.5\n' >one.yml
	printf '{"s": "two", "i": 2}' >two.json
	run_rb 0 exec echo.yml -i s=three --inputs one.yml --inputs two.json
	is "$(opened .s)" '"three"'
	is "$(opened .i)" 2
	is "$(opened .f)" 1.5
}

@test "inputs: the last -i of a name wins" {
	echo_yml
	run_rb 0 exec echo.yml -i s=one -i s=two
	is "$(opened .s)" '"two"'
}

@test "inputs: errors name the input, the value and the place; nothing runs" {
	deploy_yml
	run_rb 2 exec deploy.yml --yes
	says 'input `tag` is required' err
	run_rb 2 exec deploy.yml --yes -i tag=v1 -i nn=3
	says 'this runbook has no input `nn`' err
	says 'did you mean `n`?' err
	run_rb 2 exec deploy.yml --yes -i tag=v1 -i n=x
	says 'RB191' err
	run_rb 2 exec deploy.yml --yes -i tag=v1 -i n=9
	says '`9` is more than 5' err
	run_rb 2 exec deploy.yml --yes -i tag=x1
	says 'tag' err
	run_rb 2 exec deploy.yml --yes -i tag
	says '-i needs name=value' err
	run_rb 2 exec deploy.yml --yes -i tag=v1 --inputs nothing.yml
	says 'nothing.yml' err
	[ ! -e state ] || [ -z "$(ls state/runs)" ]
	[ ! -e live ]
}

@test "inputs: a mistake in an inputs file has its place" {
	deploy_yml
	printf 'tag: v1\nn: many\n' >in.yml
	run_rb 2 exec deploy.yml --yes --inputs in.yml
	says 'in.yml:2:' err
	printf 'tag: v1\nx: 1\n' >in.yml
	run_rb 2 exec deploy.yml --yes --inputs in.yml
	says 'in.yml:2:1' err
	printf 'tag: [v1\n' >in.yml
	run_rb 2 exec deploy.yml --yes --inputs in.yml
	says 'in.yml:' err
}

@test "inputs: all mistakes at once" {
	deploy_yml
	run_rb 2 exec deploy.yml --yes -i nn=3 -i n=9
	says 'RB190' err
	says 'RB192' err
	says 'RB194' err
}

@test "inputs: with --output json the errors are JSON, stdout holds nothing else" {
	deploy_yml
	run_rb 2 exec deploy.yml --yes --output json -i tag=v1 -i n=9
	jq -e '.v == 1 and .diagnostics[0].code == "RB192"' out
	is "$(wc -l <out)" 1
}

@test "inputs: -i STEP.answer for a step that is none" {
	deploy_yml
	run_rb 2 exec deploy.yml -i tag=v1 -i sre.answer=yes
	says 'sre' err
}

@test "inputs: - is standard input" {
	deploy_yml
	"$RB" exec - --yes -i tag=v1 <deploy.yml >out 2>err
	is "$(cat live)" v1
}

@test "inputs: a pipe by name is read once" {
	deploy_yml
	"$RB" exec <(cat deploy.yml) --yes -i tag=v1 >out 2>err </dev/null
	is "$(cat state/runs/*/report.txt)" ok
}

@test "inputs: bytes that are not UTF-8 are refused" {
	echo_yml
	run_rb 2 exec echo.yml -i "s=$(printf 'a\377')"
	says 'UTF-8' err
}

@test "inputs: long ones are recorded whole, or the run is refused" {
	echo_yml
	printf 's: "%s"\n' "$(head -c 150000 /dev/zero | tr '\0' x)" >long.yml
	run_rb 0 exec echo.yml --inputs long.yml
	is "$(jq 'select(.t == "run.open").inputs.s | length' "$(journal)")" 150000
	rm -rf state
	printf 's: "%s"\n' "$(head -c 300000 /dev/zero | tr '\0' x)" >long.yml
	run_rb 1 exec echo.yml --inputs long.yml
	says 'are too long for a journal record' err
	[ -z "$(cat state/runs/*/journal.jsonl 2>/dev/null)" ]
}
