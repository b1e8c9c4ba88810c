#!/bin/sh
# secrets.sh: secrets from the environment, a file and a program; children, http
# answers and reports show them raw and in every escaped form, split at every byte
# over two writes. No file of a run and no stream contains a piece of them.
. "$(dirname "$0")/service/lib.sh"
need python3
mkdir "$scratch/book"
daemon "$scratch/echo.log" "$python" -SE "$here/service/echo.py" "$scratch/echo.jsonl" "$scratch/echo.port"
until_ok 10 test -s "$scratch/echo.port" || { echo 'Bail out! the echo server does not start'; exit 1; }
cp "$here/service/secrets.py" "$scratch/book/"
"$python" -SE "$here/service/secrets.py" make "$scratch/book" "$(cat "$scratch/echo.port")" || exit 1
LIVE_SECRET=$(cat "$scratch/book/one")
export LIVE_SECRET
cd "$scratch/book"
last_run() { ls -dt "$RUNBOOK_STATE"/runs/*/ | head -n 1; }
scan() { # WHAT FILES...
	_w=$1
	shift
	check "$_w: no secret" "$python" -SE "$here/service/secrets.py" scan "$scratch/book" "$@"
}
# The scanner finds what it should.
"$python" -SE secrets.py plain >"$scratch/leak" <one
check 'the scanner sees a leak' sh -c '! "$1" -SE secrets.py scan . "$2"' sh "$python" "$scratch/leak"
is 'in every form' "$("$python" -SE secrets.py scan . "$scratch/leak" | grep -c 'in the form')" "$("$python" -SE secrets.py forms)"

for format in text json github; do
	for mode in whole joined paused; do
		[ $format/$mode != github/paused ] || continue
		rb 0 "$format, $mode" exec secrets.yml --output $format --no-input -i mode=$mode
		scan "$format, $mode" "$scratch/out" "$scratch/err" "$(last_run)"
		check "$format, $mode: something was masked" grep -rqF '***' "$(last_run)"
	done
done
rb 1 'a step that fails and prints them' exec secrets.yml --no-input -i mode=fail
scan 'a step that fails' "$scratch/out" "$scratch/err" "$(last_run)"
rb 0 'a dry-run' exec secrets.yml --no-input -i mode=whole --dry-run
scan 'a dry-run' "$scratch/out" "$scratch/err" "$(last_run)"
for command in 'logs @last' 'show @last' 'show @last --output json' runs 'plan secrets.yml -i mode=whole'; do
	"$RB" $command >"$scratch/out" 2>"$scratch/err" </dev/null
	scan "$command" "$scratch/out" "$scratch/err"
done
check 'the server got the secret' grep -qF "$(printf %s "$LIVE_SECRET" | "$python" -SEc 'import json, sys; print(json.dumps("Bearer " + sys.stdin.buffer.read().decode("latin-1"))[1:-1])')" "$scratch/echo.jsonl"
check 'the children got the secret' test -s "$scratch/book/got"
is 'as it is' "$(cat "$scratch/book/got")" "$(cat one)"
finish
