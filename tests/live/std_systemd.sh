#!/bin/sh
# std_systemd.sh: std/service with a real systemd, which runs as process 1 of
# namespaces of its own; `systemctl` goes in there. Needs root.
. "$(dirname "$0")/service/lib.sh"
. "$here/service/faults.sh"
init=/lib/systemd/systemd
[ -x $init ] || skip_all 'no systemd here (apt: systemd)'
[ "$(id -u)" = 0 ] || skip_all 'needs root'
need unshare nsenter systemctl
w=$scratch/w
mkdir -p "$w" "$scratch/bin"
cat >"$scratch/boot.sh" <<X
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/lock || exit 1
mount -t tmpfs tmpfs /sys/fs/cgroup && mkdir /sys/fs/cgroup/systemd || exit 1
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd || mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 1
printf '[Unit]\nDefaultDependencies=no\n' >/run/systemd/system/test.target
unit() { { printf '[Unit]\nDefaultDependencies=no\nStartLimitIntervalSec=0\n[Service]\n'; cat; } >/run/systemd/system/\$1.service; }
# app counts its starts; hinder: its next start fails
unit app <<Y
ExecStartPre=/bin/sh -c 'if mv $w/hinder $w/hindered 2>/dev/null; then exit 1; fi; echo start >>$w/starts'
ExecStart=/bin/sleep 1000
Y
printf 'Type=forking\nExecStart=/bin/sh -c "sleep 1000 &"\nExecStartPre=/bin/sleep 1\n' | unit slow
printf 'ExecStart=/bin/false\n' | unit broken
printf 'ExecStart=/bin/sleep 1000\n' | unit inst@
export container=test
echo \$\$ >$scratch/booted
exec $init --unit=test.target --log-target=console --show-status=no
X
daemon "$scratch/systemd.log" unshare -pfmC --kill-child=KILL --mount-proc --propagation private sh "$scratch/boot.sh"
holder=$!
pid_of() { cat "/proc/$holder/task/$holder/children" 2>/dev/null | tr -d ' '; }
inside() { nsenter -t "$(pid_of)" -m -p -C "$@"; }
ready() { [ -n "$(pid_of)" ] && [ "$(cat "/proc/$(pid_of)/comm")" = systemd ] && inside systemctl show -p Version >/dev/null 2>&1; }
until_ok 10 ready || skip_all "systemd cannot run here: $(tail -n 1 "$scratch/systemd.log")"
cat >"$scratch/bin/systemctl" <<X
#!/bin/sh
exec nsenter -t $(pid_of) -m -p -C $(command -v systemctl) "\$@"
X
chmod +x "$scratch/bin/systemctl"
PATH=$scratch/bin:$PATH
fault_tools systemctl

book() { # UNIT: the act on standard input
	{ printf 'runbook: 1\nname: t\ninputs: { fail: { type: bool, default: false } }\nact:\n'; cat; printf 'test:\n  - guard: not inputs.fail\n'; }
}
for a in start stop restart; do
	for unit in app slow broken inst@7; do
		printf '  - id: s\n    uses: std/service/%s@1\n    with: { unit: "%s", within: 4s }\n' $a $unit | book >"$scratch/$a.$unit.yml"
	done
done
state_of() { systemctl show -p ActiveState,SubState "$1" | sort | tr '\n' ' '; }
running() { state_of app; }
up() {
	rm -f "$w/hinder"
	systemctl start app
}
down() { systemctl stop app; }
stopped='ActiveState=inactive SubState=dead '
active='ActiveState=active SubState=running '

down
is 'it is stopped at first' "$(running)" "$stopped"
faults 'start' down running "$scratch/start.app.yml"
faults 'stop' up running "$scratch/stop.app.yml"
faults 'restart of a stopped one' down running "$scratch/restart.app.yml"
# what restart changes is which process it is, so its world is compared by hand
up
for how in before after killed; do
	for call in 1 2 3; do
		up
		fault_exec $call $how "$scratch/restart.app.yml"
		is "restart, fault ($how) of call $call: runs as before (exit $code)" "$(running)" "$active"
	done
done
rb 3 'restart, and a later failure' exec "$scratch/restart.app.yml" -i fail=true
is 'it runs as before' "$(running)" "$active"
was=$(systemctl show -p MainPID app)
rb 0 'restart' exec "$scratch/restart.app.yml"
check 'it is another process' test "$(systemctl show -p MainPID app)" != "$was"
# half way: stopped, and its start fails
touch "$w/hinder"
rb 3 'restart whose start fails' exec "$scratch/restart.app.yml"
check 'the start was hindered' test -e "$w/hindered"
is 'it runs as before' "$(running)" "$active"
down
touch "$w/hinder"
rb 3 'start that fails half way' exec "$scratch/start.app.yml"
is 'it does not run, as before' "$(systemctl is-active app)" failed
systemctl reset-failed app
# probe: what is so already is left alone
up
: >"$w/starts"
rb 1 'start of one that runs, and a later failure' exec "$scratch/start.app.yml" -i fail=true
is 'it was not started' "$(cat "$w/starts")" ''
is 'it was not ours to stop' "$(running)" "$active"
down
rb 1 'stop of one that does not run, and a later failure' exec "$scratch/stop.app.yml" -i fail=true
is 'it is not started' "$(running)" "$stopped"
# one that takes its time, one that never runs, an instance, none
rb 0 'start of a slow one' exec "$scratch/start.slow.yml"
is 'it runs' "$(state_of slow)" "$active"
rb 0 'stop of it' exec "$scratch/stop.slow.yml"
rb 3 'start of one that cannot run' exec "$scratch/start.broken.yml"
check 'it does not run' test "$(systemctl is-active broken)" != active
rb 0 'start of an instance' exec "$scratch/start.inst@7.yml"
is 'it runs' "$(state_of inst@7)" "$active"
rb 0 'stop of an instance' exec "$scratch/stop.inst@7.yml"
printf '  - uses: std/service/start@1\n    with: { unit: none, within: 1s }\n' | book >"$scratch/none.yml"
rb 3 'start of a unit that does not exist' exec "$scratch/none.yml"
printf '  - uses: std/service/restart@1\n    with: { unit: none, within: 1s }\n' | book >"$scratch/none.yml"
rb 3 'restart of a unit that does not exist' exec "$scratch/none.yml"
# a failed unit does not run: it is started, and stopped again when the run is undone
touch "$w/hinder"
systemctl start app 2>/dev/null
is 'the unit has failed' "$(systemctl is-active app)" failed
rb 3 'restart of a failed one, and a later failure' exec "$scratch/restart.app.yml" -i fail=true
is 'it does not run, as before' "$(running)" "$stopped"
touch "$w/hinder"
systemctl start app 2>/dev/null
rb 0 'start of a failed one' exec "$scratch/start.app.yml"
is 'it runs' "$(running)" "$active"
finish
