#!/bin/sh
# schedules.sh: the systemd timers of runbooks/*/systemd: systemd-analyze verifies the units,
# their calendar has a next time, each timer has its service, and what it starts is there.
. "$(dirname "$0")/service/lib.sh"
need systemd-analyze python3
units=$scratch/units
mkdir "$units"
for unit in "$top"/runbooks/*/systemd/*.timer "$top"/runbooks/*/systemd/*.service; do
	# The program under test, and the runbooks where they are here.
	sed "s|/usr/local/bin/runbook|$RB|; s|/srv/runbooks/|$top/runbooks/|g" "$unit" >"$units/${unit##*/}"
done
for timer in "$units"/*.timer; do
	name=${timer##*/}
	name=${name%.timer}
	check "$name: systemd accepts timer and service" sh -c '
		out=$(systemd-analyze verify --man=no --recursive-errors=no "$1.timer" "$1.service" 2>&1) && [ -z "$out" ] || { echo "$out"; exit 1; }' sh "$units/$name"
	calendar=$(sed -n 's/^OnCalendar=//p' "$timer")
	if [ "$calendar" ]; then
		check "$name: \"$calendar\" comes" sh -c 'systemd-analyze calendar "$1" | grep -q "Next elapse: [A-Z]"' sh "$calendar"
	else
		check "$name: it says when" grep -q '^On[A-Z][A-Za-z]*Sec\{0,1\}=' "$timer"
	fi
	command=$(sed -n 's/^ExecStart=[^ ]* exec //p' "$units/$name.service")
	# shellcheck disable=SC2086
	set -- $command
	rb 0 "$name: its runbook can be planned as it is started" plan $(printf '%s\n' "$@" | grep -vx -e --no-input -e --yes -e --dry-run)
done
# What is done again and again has its timer.
for book in "$top"/runbooks/*/*daily*.yml "$top"/runbooks/*/*weekly*.yml "$top"/runbooks/*/*monthly*.yml "$top"/runbooks/*/*quarterly*.yml \
	"$top"/runbooks/*/*annually*.yml "$top"/runbooks/*/backup.yml "$top"/runbooks/*/check-*.yml; do
	name=${book#"$top/runbooks/"}
	check "$name is started by a timer" sh -c 'for s; do if grep -q "^ExecStart=.*/$0 \|^ExecStart=.*/$0\$" "$s" && test -e "${s%.service}.timer"; then exit 0; fi; done; exit 1' \
		"$name" "$units"/*.service
done
check 'a wrong calendar is noticed' sh -c '! systemd-analyze calendar "Mon *-*-32" 2>/dev/null'
finish
