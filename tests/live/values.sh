#!/bin/sh
# values.sh: values with quotes, $(...), backticks, newlines, globs, leading dashes,
# control characters and Unicode reach programs byte for byte: from -i, --inputs,
# vars, loop items and captures; in argv, sh, bash, env, stdin and http.
. "$(dirname "$0")/service/lib.sh"
need python3 bash
daemon "$scratch/echo.log" "$python" -SE "$here/service/echo.py" "$scratch/echo.jsonl" "$scratch/echo.port"
until_ok 10 test -s "$scratch/echo.port" || { echo 'Bail out! the echo server does not start'; exit 1; }
mkdir "$scratch/values"
"$python" -SE "$here/service/values.py" make "$scratch/values" "$(cat "$scratch/echo.port")" "$here/service/dump.sh" || exit 1
cd "$scratch/values"
rb 0 'the runbook of one value has no errors' check one.yml
rb 0 'the runbook of many values has no errors' check many.yml

# Each value by itself, once as -i and once from a file.
for file in inputs/*.yml; do
	i=$(basename "$file" .yml)
	"$RB" exec one.yml --inputs "$file" -i "source=file" --no-input >out.$i 2>err.$i </dev/null ||
		{ fail "value $i from --inputs"; tail -n 15 err.$i | note; continue; }
	# $(...) of a shell drops newlines at the end: python starts the program.
	"$python" -SE "$here/service/values.py" exec "$i" "$RB" exec one.yml --inputs rest.yml -i source=option --no-input >out.$i 2>err.$i </dev/null ||
		{ fail "value $i from -i"; tail -n 15 err.$i | note; continue; }
done
rb 0 'loop items and captures' exec many.yml --inputs many-inputs.yml --no-input
"$python" -SE "$here/service/values.py" compare "$scratch/values" "$scratch/echo.jsonl" >"$scratch/tap"
while IFS= read -r line; do
	case $line in
	'ok '*) pass "${line#ok }" ;;
	'not ok '*) fail "${line#not ok }" ;;
	*) printf '%s\n' "$line" | note ;;
	esac
done <"$scratch/tap"
is 'all values were compared' "$(grep -c '^\(not \)\{0,1\}ok ' "$scratch/tap")" "$("$python" -SE "$here/service/values.py" count)"
check 'no value was run' test -z "$(find "$scratch" / "$here" -maxdepth 1 -name 'PWNED*' 2>/dev/null; find "$scratch" -name 'PWNED*')"
finish
