#!/bin/sh
# Names that may not be used, beyond those that interp/base/banned.h poisons.
# Comments and strings are left out. `banned.sh DIR` checks another tree.
cd "${1:-$(dirname "$0")/../..}" || exit 2
# In a bats test `! command` fails nothing, unless it is the last line.
idle=$(grep -HnE '^[[:space:]]+! ' tests/*/*.bats 2>/dev/null | grep -v '|| false$')
if [ "$idle" ]; then
	printf '%s\n' "$idle" | sed 's/$/: cannot fail: write `|| false` behind it/'
	exit 1
fi
find interp tests/unit tests/fuzz tests/bench -name '*.[ch]' 2>/dev/null | LC_ALL=C sort | LC_ALL=C awk '
BEGIN {
	always = "strcpy strcat sprintf vsprintf strtok strncpy strncat gets alloca tmpnam tempnam mktemp longjmp"
	# In the program itself: a shell, static buffers, numbers without errors.
	program = "system popen gmtime localtime ctime asctime atoi atol atof atoll setjmp"
	n = split(program, w, " ")
	for (i = 1; i <= n; i++)
		ours[w[i]] = 1
	# Libraries never print or exit; interp/cli and tests may.
	quiet = "printf puts putchar perror exit abort vprintf"
	n = split(always, w, " ")
	for (i = 1; i <= n; i++)
		banned[w[i]] = 1
	n = split(quiet, w, " ")
	for (i = 1; i <= n; i++)
		silent[w[i]] = 1
}
# Blanks out comments, strings and character constants; `inside` is a comment over lines.
function strip(s,   out, c, i, n) {
	out = ""
	n = length(s)
	for (i = 1; i <= n; i++) {
		c = substr(s, i, 1)
		if (inside) {
			if (substr(s, i, 2) == "*/") {
				inside = 0
				i++
			}
		} else if (substr(s, i, 2) == "/*") {
			inside = 1
			i++
		} else if (substr(s, i, 2) == "//") {
			break
		} else if (c == "\"" || c == "\047") {
			for (i++; i <= n && substr(s, i, 1) != c; i++)
				if (substr(s, i, 1) == "\\")
					i++
			out = out c c
		} else
			out = out c
	}
	return out
}
{
	file = $0
	inner = file ~ /^interp\//
	library = file ~ /^interp\// && file !~ /^interp\/cli\//
	poison = file == "interp/base/banned.h"
	inside = line = 0
	while (!poison && (getline text < file) > 0) {
		line++
		text = strip(text)
		if (text ~ /^[ \t]*#[ \t]*include/)
			continue
		while (match(text, /[A-Za-z_][A-Za-z_0-9]*[ \t]*\(/)) {
			word = substr(text, RSTART, RLENGTH - 1)
			before = RSTART > 1 ? substr(text, RSTART - 1, 1) : ""
			sub(/[ \t]+$/, "", word)
			text = substr(text, RSTART + RLENGTH)
			if (before == "." || before == ">")
				continue
			if (word in banned || (inner && word in ours) || (library && word in silent)) {
				printf "%s:%d: %s() is banned%s\n", file, line, word,
					(word in silent) ? " here: libraries never print or exit" : ""
				errors++
			}
		}
	}
	close(file)
	files++
}
END {
	if (errors)
		printf "banned: %d errors in %d files\n", errors, files
	else
		printf "banned: %d files ok\n", files
	exit errors > 0
}'
