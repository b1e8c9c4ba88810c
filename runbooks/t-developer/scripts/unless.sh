#!/bin/sh
# unless.sh WORD COMMAND...: runs the command; it is also well if it fails and its error
# names WORD. For undos: deleting what was never made is no failure.
#   unless.sh ResourceNotFoundException aws dynamodb delete-table --table-name x
set -u
word=$1
shift
if error=$("$@" 2>&1); then exit 0; fi
case $error in *"$word"*) exit 0 ;; esac
printf '%s\n' "$error" >&2
exit 1
