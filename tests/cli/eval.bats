load setup

ev() { # RESULT EXPR...
	local want=$1
	shift
	run_rb 0 eval "$@"
	is "$stdout" "$want"
}

@test "eval: values print as JSON, typed ones in their long form" {
	ev 3 '1 + 2'
	ev '"a b"' "'a' + ' b'"
	ev true "'a' in ['a', 'b']"
	ev null null
	ev '[1,2]' '[1, 2]'
	ev '{"duration_ns":2700000000000}' '90m / 2'
	ev '{"size":1536}' 1.5KiB
	ev '{"percent":1.2}' 'ratio(0.012)'
	ev '{"time":"2026-11-21T02:00:00Z"}' "time('2026-11-21T03:00:00+01:00')"
	ev 2.5 '5 / 2'
}

@test "eval: precedence and words" {
	ev true 'not false and (1 < 2 or false)'
	ev 7 '1 + 2 * 3'
	ev 5 'null ?? 5'
	ev '"yes"' "if 2 > 1 then 'yes' else 'no'"
	ev '["b","c"]' "['a', 'b', 'c'].filter(x => x > 'a')"
}

@test "eval --context: names are the top-level keys, the whole is context" {
	printf 'a: 3\nname: x\nd: 90s\nlist: [1, 2]\n' >c.yml
	ev 6 'a * 2' --context c.yml
	ev '{"duration_ns":90000000000}' d --context c.yml
	ev 2 'context.list.len()' -c c.yml
	printf '{"a": 3, "deep": {"b": [true, null]}}' >c.json
	ev true 'deep.b[0]' --context c.json
	printf '[1, 2]' >l.json
	ev 2 'context[1]' --context l.json
}

@test "eval: a wrong expression is 2 and is shown" {
	run_rb 2 eval '1 +'
	says error err
	is "$stdout" ""
	run_rb 2 eval '1% < 0.5'
	says 'RB214' err
	run_rb 2 eval nothing
	says '`nothing`' err
	run_rb 2 eval
	run_rb 2 eval 1 2
	run_rb 2 eval 1 --context nothing.yml
	run_rb 2 eval 1 --context x --run y
}

@test "eval: an error of evaluation is 1" {
	printf 'zero: 0\nbig: 9223372036854775807\nlist: [1, 2]\n' >c.yml
	run_rb 1 eval '1 / zero' -c c.yml
	says 'division by zero' err
	is "$stdout" ""
	run_rb 1 eval 'list[5]' -c c.yml
	run_rb 1 eval 'big + 1' -c c.yml
	run_rb 2 eval '1 / 0'
	says 'this always fails: division by zero' err
}

@test "eval: bounded in time and memory" {
	run_rb 1 eval 'range(100000).map(x => range(1000).sum()).sum()'
	run_rb 1 eval "range(1000000).map(x => 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa').join('')"
}

@test "eval: purity: no environment, no files" {
	run_rb 2 eval 'env.HOME'
	run_rb 2 eval "file('/etc/passwd')"
}

@test "eval --run: inputs, steps and run of a past run" {
	deploy_yml
	run_rb 3 exec deploy.yml --yes -i tag=v1 -i broken=true --no-sync
	ev '"v1"' inputs.tag --run @last
	ev '"looking at v1"' steps.look.seen --run @last
	ev '"failed"' steps.check.status --run @last
	ev '"undone"' steps.switch.status --run @last
	ev '"rolled_back"' run.status --run @last
	ev true 'run.took > 0s' --run @last
	ev 0 steps.look.code --run @last
	run_rb 1 eval 1 --run nothing
}
