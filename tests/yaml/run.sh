#!/bin/sh
# The yaml-test-suite against node_read; prints TAP. The suite is looked for in
# $YAML_SUITE, then in ../shared/data/yaml-test-suite beside the project; without
# it the test is skipped. B is the build folder, LIB the library in it.
set -eu
cd "$(dirname "$0")/../.."
B=${B:-build}
LIB=${LIB:-$B/librunbook.a}
suite=${YAML_SUITE:-../shared/data/yaml-test-suite}
if [ ! -d "$suite" ]; then
	echo "1..0 # SKIP no yaml-test-suite (set YAML_SUITE)"
	exit 0
fi
[ -f "$LIB" ] || make -s lib B="$B"
mkdir -p "$B/tests"
# CFLAGS: for a library built with sanitizers.
# shellcheck disable=SC2086
${CC:-gcc} -std=c11 -O1 -g -Wall -Wextra -Iinterp -D_GNU_SOURCE ${CFLAGS:-} \
	-o "$B/tests/yaml_suite" tests/yaml/suite.c "$LIB" -lyaml -lutf8proc
set --
for folder in "$suite"/*/; do
	[ -f "$folder/in.yaml" ] && set -- "$@" "${folder%/}"
done
exec "$B/tests/yaml_suite" "$@"
