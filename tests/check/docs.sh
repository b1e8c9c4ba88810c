#!/bin/sh
# docs.sh [PROGRAM]: what the documents say is so. TAP.
#
#   - the generated tables of docs/language.md are those of the program
#   - blocks ```yaml runbook are whole runbooks that check without any diagnostic
#   - relative links lead somewhere
#   - docs/tutorial.md really works: ```yaml file=NAME blocks are written, the `$ `
#     lines of ```console blocks are run in one shell each, and every line that is
#     shown below must come out, in that order; `...` stands for lines left out.
#     Run ids, digests, times and durations may differ.
#
# docs.sh --write [PROGRAM]: puts the tables into docs/language.md instead.
set -u
cd "$(dirname "$0")/../.." || exit 2
write=
if [ "${1:-}" = --write ]; then
	write=1
	shift
fi
program=${1:-build/runbook}
case $program in /*) ;; *) program=$PWD/$program ;; esac
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
number=0 failed=0

verdict() { # 0|1 NAME; $work/why says why not
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		failed=$((failed + 1))
		echo "not ok $number - $2"
		head -n 60 "$work/why" | sed 's/^/#   /'
	fi
}

# --- std modules: each has a chapter, with all its inputs and outputs ---
for file in stdlib/*.yml stdlib/*/*.yml; do
	name=${file#stdlib/}
	name=std/${name%.yml}
	awk -v h="## $name" '$0 == h { on = 1; next } /^## / { on = 0 } on' docs/std.md >"$work/chapter"
	[ -s "$work/chapter" ] || echo "docs/std.md has no chapter $name"
	awk '/^[a-z]/ { on = /^(inputs|outputs):/ } on && /^  [a-z_]+:/ { sub(/:.*/, ""); print $1 }' "$file" | while read -r word; do
		grep -q "\`$word\`" "$work/chapter" || echo "$name: docs/std.md does not name \`$word\`"
	done
done >"$work/why"
[ ! -s "$work/why" ]
verdict $? "docs/std.md has every std module, input and output"

# --- generated tables ---
keys_table() {
	"$program" schema --markdown
}

functions_table() {
	"$program" explain | sed -n '/^Functions:/,/^$/s/^  \([a-z0-9_]*\) .*/\1/p' | while read -r name; do
		"$program" explain "$name" | awk -v name="$name" '
			# A key of the same name comes first: the signature is the line that begins with the name.
			index($0, name "(") == 1 && !signature { signature = $0; next }
			signature && /\([a-z]*\)$/ {
				group = doc = $0
				sub(/.*\(/, "", group)
				sub(/\)$/, "", group)
				sub(/ \([a-z]*\)$/, "", doc)
				print group "\t" signature "\t" doc
			}'
	done | awk -F '\t' '
		{ gsub(/\|/, "\\|") }
		$1 != group {
			group = $1
			printf "\n%s\n\n| function | value |\n|---|---|\n", toupper(substr(group, 1, 1)) substr(group, 2)
		}
		{ printf "| `%s` | %s |\n", $2, $3 }'
}

# docs/language.md with the table between its markers, from the files $work/keys and functions.
with_tables() {
	awk -v work="$work" '
		/^<!-- [a-z]+:end -->/ { inside = 0; print "" }
		!inside { print }
		/^<!-- [a-z]+:begin/ {
			name = $2
			sub(/:.*/, "", name)
			inside = 1
			while ((getline line < (work "/" name)) > 0) print line
		}' docs/language.md
}

keys_table >"$work/keys"
functions_table >"$work/functions"
with_tables >"$work/language.md"
if [ "$write" ]; then
	[ -s "$work/keys" ] && [ -s "$work/functions" ] || exit 1
	cat "$work/language.md" >docs/language.md
	exit 0
fi
diff docs/language.md "$work/language.md" >"$work/why" && [ -s "$work/keys" ] && [ -s "$work/functions" ]
verdict $? "language.md has the tables of the program (else: sh tests/check/docs.sh --write)"
grep -c '^FN(' interp/eval/functions.def >"$work/want"
grep -c '^| `' "$work/functions" >"$work/got"
diff "$work/want" "$work/got" >"$work/why"
verdict $? "the table has every function"

# --- whole runbooks ---
examples() { # FILE: writes $work/example.N, one per block
	awk -v work="$work" -v file="$1" '
		/^```/ && open { open = 0; close(out); next }
		/^```yaml runbook *$/ { open = 1; out = work "/example." ++n ".yml"; print file ":" FNR > (out ".at"); printf "" > out; next }
		open { print > out }' "$1"
}
for file in README.md docs/*.md; do
	rm -f "$work"/example.*
	examples "$file"
	for example in "$work"/example.*.yml; do
		[ -e "$example" ] || continue
		"$program" check "$example" >"$work/why" 2>&1 </dev/null && ! grep -qE '^(error|warning)\[' "$work/why"
		verdict $? "$(cat "$example.at"): the runbook checks without diagnostics"
	done
done

# --- links ---
: >"$work/why"
for file in README.md docs/*.md docs/errors/README.md; do
	awk '/^```/ { code = !code } !code' "$file" | grep -oE '\]\([^)]+\)' | sed 's/^](//; s/)$//; s/#.*//' |
		grep -vE '^$|^[a-z]+:' | while read -r target; do
		[ -e "$(dirname "$file")/$target" ] || echo "$file: $target is not there"
	done
done >"$work/why"
[ ! -s "$work/why" ]
verdict $? "relative links lead somewhere"

# --- the tutorial ---
# One line for each piece: "F name" and "C command" (with the line number), then "| text".
pieces() {
	awk '
		/^```/ && kind { kind = ""; next }
		/^```yaml file=/ { kind = "file"; name = $2; sub(/^file=/, "", name); print "F " FNR " " name; next }
		/^```console *$/ { kind = "console"; next }
		kind == "console" && /^\$ / { print "C " FNR " " substr($0, 3); next }
		kind { print "| " $0 }' docs/tutorial.md
}

# What may differ from run to run is made equal.
normal() {
	sed -E -e 's/01[0-9a-hjkmnp-tv-z]{24}/RUN/g' -e 's/sha256 [0-9a-f]{12}/sha256 X/' -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?/TIME/g' \
		-e 's/ (in|took) [0-9.hmnus]+$/ \1 T/' -e 's/  +[0-9.]+(ns|us|ms|s)( |$)/ \2/' \
		-e 's/[[:space:]]+/ /g' -e 's/ $//'
}

compare() { # SHOWN OUTPUT: says what of the shown lines did not come
	normal <"$1" >"$work/shown.n"
	normal <"$2" >"$work/output.n"
	awk '
		FNR == NR { out[++n] = $0; next }
		{
			if ($0 ~ /^ ?\.\.\.$/) next
			for (k = at + 1; k <= n && out[k] != $0; k++)
				;
			if (k > n) { print "not in the output (after what was shown before it): " $0; bad = 1 } else at = k
		}
		END { if (bad) { print "the output:"; for (k = 1; k <= n; k++) print "  " out[k] } }' "$work/output.n" "$work/shown.n"
}

run_tutorial() {
	mkdir -p "$work/tutorial" "$work/bin" "$work/home"
	ln -s "$program" "$work/bin/runbook"
	pieces >"$work/pieces"
	total=$(wc -l <"$work/pieces")
	line=1
	while [ $line -le "$total" ]; do
		piece=$(sed -n "${line}p" "$work/pieces")
		line=$((line + 1))
		: >"$work/body"
		while [ $line -le "$total" ]; do
			text=$(sed -n "${line}p" "$work/pieces")
			case $text in '| '*) printf '%s\n' "${text#| }" >>"$work/body" ;; '|') echo >>"$work/body" ;; *) break ;; esac
			line=$((line + 1))
		done
		kind=${piece%% *}
		piece=${piece#* }
		at=${piece%% *} what=${piece#* }
		if [ "$kind" = F ]; then
			cat "$work/body" >"$work/tutorial/$what"
			continue
		fi
		printf '%s\n' "$what" >"$work/command"
		(cd "$work/tutorial" && env -i PATH="$work/bin:$PATH" HOME="$work/home" RUNBOOK_OPERATOR=ann RUNBOOK_LOCKS="$work/locks" \
			ASAN_OPTIONS="${ASAN_OPTIONS:-}" timeout 60 sh "$work/command" >"$work/output" 2>&1 </dev/null)
		compare "$work/body" "$work/output" >"$work/why"
		[ ! -s "$work/why" ]
		verdict $? "tutorial.md:$at: $what"
	done
}
run_tutorial
grep -q '^C .*exec' "$work/pieces"
verdict $? "the tutorial runs something"
echo "1..$number"
[ $failed -eq 0 ]
