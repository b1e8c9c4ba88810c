#!/bin/sh
# The checks checked: each script of this folder must find what it is there for. TAP.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
number=0 failed=0

verdict() { # 0|1 NAME
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		failed=$((failed + 1))
		echo "not ok $number - $2"
		sed 's/^/#   /' "$work/out"
	fi
}

# --- layers, banned: a tree of one good file, then one fault at a time ---
fresh() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree/interp/base" "$work/tree/interp/value" "$work/tree/interp/run" "$work/tree/interp/cli"
	cd "$work/tree/interp" || exit 2
	echo '#include "base/a.h"' >base/a.c
	echo '/* strcpy(a, b) in a comment */ const char *s = "gets(x)"; /*' >base/a.h
	echo 'strcpy(over, lines) */ void x(void) { t->popen(1); my_strcpy(2); }' >>base/a.h
	echo '#include "value/v.h"' >value/v.c
	printf '#include <jansson.h>\n#include "base/a.h"\n' >value/v.h
	cd "$work" || exit 2
}
finds() { # SCRIPT NAME PATTERN
	if sh "$here/$1.sh" "$work/tree" >"$work/out" 2>&1; then
		verdict 1 "$2"
	else
		grep -q "$3" "$work/out"
		verdict $? "$2"
	fi
}
fresh
sh "$here/layers.sh" "$work/tree" >"$work/out" 2>&1
verdict $? "layers: a good tree is good"
sh "$here/banned.sh" "$work/tree" >"$work/out" 2>&1
verdict $? "banned: comments, strings and members are not calls"
echo '#include "value/v.h"' >>"$work/tree/interp/base/a.h"
finds layers "layers: an upward include" 'base/a.h:3: base/ may not include value/'
fresh
echo '# include  <jansson.h>' >>"$work/tree/interp/base/a.c"
finds layers "layers: a foreign library" '<jansson.h> belongs to value/'
fresh
echo '#include <curl/curl.h>' >>"$work/tree/interp/run/r.c"
finds layers "layers: a library by folder" 'belongs to host/'
fresh
echo '#include "v.h"' >>"$work/tree/interp/value/v.c"
finds layers "layers: a path without room" 'write it as'
fresh
echo '#include "base/b.h"' >>"$work/tree/interp/base/a.c"
echo '#include "base/c.h"' >"$work/tree/interp/base/b.h"
echo '#include "base/a.h"' >"$work/tree/interp/base/c.c"
: >"$work/tree/interp/base/c.h"
finds layers "layers: a cycle over three modules" 'cycle of modules'
fresh
echo 'int f(void) { return atoi (x); }' >>"$work/tree/interp/value/v.c"
finds banned "banned: atoi" 'value/v.c:2: atoi'
fresh
echo 'void f(void) { printf("x"); }' >>"$work/tree/interp/value/v.c"
finds banned "banned: a library that prints" 'never print'
fresh
echo 'int main(void) { printf("x"); }' >>"$work/tree/interp/cli/main.c"
sh "$here/banned.sh" "$work/tree" >"$work/out" 2>&1
verdict $? "banned: the command line may print"

fresh
mkdir -p "$work/tree/tests/cli"
printf '@test "x" {\n\t! true\n\ttrue\n}\n' >"$work/tree/tests/cli/x.bats"
finds banned "banned: a line of a bats test that cannot fail" 'x.bats:2:.*cannot fail'

# --- names: how long files and functions may be ---
body() { # LINES: a function of so many lines
	printf 'void f(void)\n{\n'
	yes '	f();' | head -n $(($1 - 2))
	echo '}'
}
fresh
body 80 >>"$work/tree/interp/base/a.c"
sh "$here/names.sh" "$work/tree" >"$work/out" 2>&1
! grep -q 'a function of\|has .* lines' "$work/out"
verdict $? "names: a function of 80 lines"
body 81 >>"$work/tree/interp/base/a.c"
finds names "names: a function of 81 lines" 'base/a.c:84: a function of 81 lines'
fresh
yes '/* a line */' | head -n 600 >>"$work/tree/interp/base/a.c"
finds names "names: a file of 601 lines" 'base/a.c has 601 lines'

# --- the runners, with a program that says what it is told ---
cat >"$work/program" <<'X'
#!/bin/sh
case $1 in
check) cat "${4%/*}/said.json"; exit "$(cat "${4%/*}/code")" ;;
exec) . ./act ;;
esac
X
chmod +x "$work/program"
errors_case() { # NAME WANT(0|1) HEADER DIAGNOSTICS EXIT
	mkdir -p "$work/errors"
	printf '%s\n' "$3" >"$work/errors/RB101.yml"
	printf '{"v":1,"diagnostics":[%s]}\n' "$4" >"$work/errors/said.json"
	echo "$5" >"$work/errors/code"
	sh "$here/errors.sh" "$work/program" "$work/errors/RB101.yml" >"$work/out" 2>&1
	[ $? -eq "$2" ]
	verdict $? "errors: $1"
}
d='{"code":"RB101","severity":"error","message":"m","line":2,"column":1,"hints":["a","b"]}'
w='{"code":"RB501","severity":"warning","message":"w","line":3,"column":1,"hints":[]}'
if command -v jq >/dev/null; then
	errors_case "as expected" 0 "# expect: error[RB101] 2:1 m" "$d" 2
	errors_case "a help" 0 "# expect: error[RB101] 2:1 m
# help: b" "$d" 2
	errors_case "a help that is not there" 1 "# expect: error[RB101] 2:1 m
# help: c" "$d" 2
	errors_case "another place" 1 "# expect: error[RB101] 2:2 m" "$d" 2
	errors_case "one too many" 1 "# expect: error[RB101] 2:1 m" "$d,$w" 2
	errors_case "one missing" 1 "# expect: error[RB101] 2:1 m
# expect: warning[RB501] 3:1 w" "$d" 2
	errors_case "order counts" 1 "# expect: warning[RB501] 3:1 w
# expect: error[RB101] 2:1 m" "$d,$w" 2
	errors_case "a wrong exit code" 1 "# expect: error[RB101] 2:1 m" "$d" 1
	errors_case "not named after what it expects" 1 "# expect: warning[RB501] 3:1 w" "$w" 0
	errors_case "nothing expected" 1 "a: b" "" 0

	lang_case() { # NAME WANT HEADER ACT
		mkdir -p "$work/lang/case.d"
		printf '%s\n' "$3" >"$work/lang/case.yml"
		printf '%s\n' "$4" >"$work/lang/case.d/act"
		sh "$here/lang.sh" "$work/program" "$work/lang/case.yml" >"$work/out" 2>&1
		[ $? -eq "$2" ]
		verdict $? "lang: $1"
	}
	end='{"t":"run.end","status":"rolled_back","undone":["b","a"],"residue":[]}'
	lang_case "lines in order" 0 "# expect: two
# expect: three" 'echo one; echo two; echo three'
	lang_case "lines in the wrong order" 1 "# expect: three
# expect: two" 'echo one; echo two; echo three'
	lang_case "what must not appear" 1 "# expect-not: thre" 'echo three >&2'
	lang_case "exit code" 0 "# exit: 3" 'exit 3'
	lang_case "another exit code" 1 "# exit: 3" 'exit 4'
	lang_case "no exit code means 0" 1 "# expect: x" 'echo x; exit 1'
	lang_case "arguments" 0 '# exec: [-i, "a=b c, d", x]
# expect: <-i><a=b c, d><x>' 'shift 5; printf "<%s>" "$@"'
	lang_case "status, undone, residue" 0 "# status: rolled_back
# undone: b a
# residue: none" "echo '$end'"
	lang_case "another status" 1 "# status: ok" "echo '$end'"
	lang_case "another order of undoing" 1 "# undone: a b" "echo '$end'"
	lang_case "residue that is not expected" 1 "# residue: c" "echo '$end'"
	lang_case "after" 1 "# after: test -e made" 'echo x'
	lang_case "before and after" 0 "# before: touch made
# after: test -e made.too" 'mv made made.too'
	lang_case "a scratch home and nothing else of ours" 0 '# expect: HOME=yes USER=' \
		'[ "$HOME" = "$PWD" ] && echo "HOME=yes USER=${USER:-}"'
fi

# --- run.sh counts ---
tap() { # NAME WANT LINES STATUS
	sed -n '/^count() {/,/^}/p' "$here/run.sh" >"$work/count.sh"
	printf '%b' "$3" | sh -c '. "$1"; count "$2"' sh "$work/count.sh" "$4" >"$work/out" 2>&1
	[ "$(cat "$work/out")" = "$2" ]
	verdict $? "run: $1"
}
tap "passed, failed, skipped" "1 1 1" '1..3\nok 1\nnot ok 2 - b\nok 3 # SKIP why\n' 1
tap "what cmocka says of skip()" "1 0 1" '1..2\nok 1 - a\nnot ok 2 # SKIP b\n' 0
tap "no plan" "1 1 0" 'ok 1\n' 0
tap "a plan not kept" "1 1 0" '1..2\nok 1\n' 0
tap "a crash after the last test" "1 1 0" '1..1\nok 1\n' 139
tap "several plans" "3 0 0" '1..1\nok 1\n1..2\nok 1\nok 2\n' 0
tap "a skipped suite" "0 0 1" '1..0 # SKIP no jq\n' 0
tap "nothing at all" "0 1 0" '' 0
tap "bail out" "1 1 0" '1..1\nok 1\nBail out!\n' 0
echo "1..$number"
[ $failed -eq 0 ]
