#!/bin/sh
# Is every function, key and command of the program spoken of by a test? Functions
# in tests/lang, tests/unit or tests/errors; keys of the file and of a step in a
# runbook that runs (tests/lang, tests/live, runbooks); commands in tests/cli.
cd "$(dirname "$0")/../.." || exit 2
rc=0
bad() {
	echo "$*"
	rc=1
}
functions=0
for name in $(sed -n 's/^FN(\([a-z0-9_]*\),.*/\1/p' interp/eval/functions.def); do
	functions=$((functions + 1))
	grep -rqE "(^|[^a-z0-9_])$name\(" tests/lang tests/unit tests/errors || bad "no test calls $name()"
done
keys=0
for key in $(sed -n '/K_LATER/d; s/^KEY(\(TOP\|STEP\), *\([a-z_-]*\),.*/\2/p' interp/syntax/keys.def | sort -u); do
	keys=$((keys + 1))
	grep -rqE --include='*.yml' --include='*.sh' --include='*.bats' "(^|[ {,-])$key:" tests/lang tests/live tests/cli runbooks || bad "no runbook of a test has the key $key:"
done
commands=0
for name in $(sed -n 's/^	\.name = "\([a-z]*\)",$/\1/p' interp/cli/*.c | sort -u); do
	commands=$((commands + 1))
	grep -rqwE -- "$name" tests/cli || bad "no test in tests/cli runs the command $name"
done
[ $rc -ne 0 ] || echo "coverage: $functions functions, $keys keys, $commands commands ok"
exit $rc
