# dump.sh FILE ARGS...: writes its arguments to FILE, each with a NUL after it.
file=$1
shift
printf '%s\0' "$@" >"$file"
