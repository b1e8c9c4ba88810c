#!/bin/sh
# Each header compiles alone, with the flags of the build.
cd "$(dirname "$0")/../.." || exit 2
rc=0 count=0
for header in $(find interp -name '*.h' | LC_ALL=C sort); do
	count=$((count + 1))
	std=c11
	case $header in interp/host/*) std=gnu11 ;; esac
	# Through a file that includes it: compiled by itself, a header is a main file.
	printf '#include "%s"\nextern int headers_sh;\n' "${header#interp/}" |
		${CC:-gcc} -std=$std -Iinterp -D_GNU_SOURCE -include interp/base/banned.h -Wall -Wextra -Wshadow \
			-Wconversion -Wmissing-prototypes -Wstrict-prototypes -Werror -fsyntax-only -x c - || {
		echo "$header does not compile alone"
		rc=1
	}
done
[ $rc -ne 0 ] || echo "headers: $count files ok"
exit $rc
