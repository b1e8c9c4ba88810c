#!/bin/sh
# Shape of the tree: every diagnostic code has a page and a case, every C file a
# head comment and its own header first, every header a guard of the right name.
# No file has more than 600 lines, no function more than 80. Prints what is wrong; needs sh and awk only.
cd "${1:-$(dirname "$0")/../..}" || exit 2
rc=0
bad() {
	echo "$*"
	rc=1
}

# --- diagnostic codes ---
codes=0 last=0
for def in interp/base/codes/[0-9]xx.def; do
	hundred=${def##*/}
	hundred=${hundred%xx.def}
	# RB(214, DIAG_ERROR, "title") -> 214 DIAG_ERROR "title"
	sed -n 's/^RB( *\([0-9]*\) *, *\(DIAG_[A-Z]*\) *, *\("[^"]*"\) *)$/\1 \2 \3/p' "$def" >"${TMPDIR:-/tmp}/names.$$"
	rows=$(grep -c '^RB(' "$def")
	[ "$rows" -eq "$(wc -l <"${TMPDIR:-/tmp}/names.$$")" ] || bad "$def: a row is not RB(code, severity, \"title\")"
	while read -r code severity title; do
		name=$(printf 'RB%03d' "$code")
		codes=$((codes + 1))
		[ "$code" -gt "$last" ] || bad "$def: $name is not in ascending order"
		[ "$((code / 100))" -eq "$hundred" ] || bad "$def: $name does not belong here"
		last=$code
		page=docs/errors/$name.md
		if [ ! -f "$page" ]; then
			bad "$name $title has no page $page"
		else
			head -n 1 "$page" | grep -q "^# $name: ." || bad "$page: the first line must be \`# $name: title\`"
		fi
		[ -n "$(find tests/errors -name "$name.*" -o -name "$name-*")" ] || bad "$name $title has no case tests/errors/$name*.yml"
		case $severity in DIAG_ERROR | DIAG_WARNING) ;; *) bad "$def: $name: severity $severity" ;; esac
	done <"${TMPDIR:-/tmp}/names.$$"
	rm -f "${TMPDIR:-/tmp}/names.$$"
done
for file in docs/errors/RB*.md tests/errors/RB*; do
	[ -e "$file" ] || continue
	name=$(basename "$file" | sed 's/^\(RB[0-9]*\).*/\1/')
	number=$(echo "$name" | sed 's/^RB0*//')
	grep -q "^RB( *$number *," interp/base/codes/*.def || bad "$file: there is no code $name"
done
# A code that no source gives can be in no message.
for code in $(sed -n 's/^RB( *\([0-9]*\) *,.*/\1/p' interp/base/codes/*.def); do
	grep -rqw --include='*.[ch]' --include='*.def' --exclude-dir=codes "$code" interp || bad "$(printf 'RB%03d' "$code"): no source speaks of it"
done

# --- C files ---
files=0
for file in $(find interp -name '*.[ch]' | LC_ALL=C sort); do
	files=$((files + 1))
	long=$(awk '/^\{/ { from = NR } /^[a-z].*\) \{$/ { from = NR }
		/^}/ { if (from && NR - from >= 80) print FILENAME ":" from ": a function of " NR - from + 1 " lines"; from = 0 }
		END { if (NR > 600) print FILENAME " has " NR " lines: split it by subject" }' "$file")
	[ -z "$long" ] || bad "$long"
	case $file in
	*.h)
		guard=$(echo "${file#interp/}" | tr 'a-z/.' 'A-Z__')
		head -n 1 "$file" | grep -qx "#ifndef RB_$guard" || bad "$file: the first line must be #ifndef RB_$guard"
		head -n 3 "$file" | grep -q '^/\*' || bad "$file: no comment at its head"
		;;
	*)
		own=${file#interp/}
		own=${own%.c}.h
		# A header of the same name has the comment already.
		[ -f "interp/$own" ] || head -n 25 "$file" | grep -q '^/\*' || bad "$file: no comment at its head"
		if [ -f "interp/$own" ]; then
			sed -n '/^#include/{p;q;}' "$file" | grep -qx "#include \"$own\"" || bad "$file: its own header must come first"
		fi
		;;
	esac
	case $(basename "$file") in util* | common* | helper* | misc*) bad "$file: name it after its subject" ;; esac
done
[ $rc -ne 0 ] || echo "names: $codes codes, $files files ok"
exit $rc
