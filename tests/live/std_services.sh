#!/bin/sh
# std_services.sh: std/service (with the supervisor that stands in for systemd) and
# std/process with a real program and its pid file.
. "$(dirname "$0")/service/lib.sh"
. "$here/service/faults.sh"
need python3 setsid
w=$scratch/w
mkdir -p "$scratch/bin" "$w"
ln -s "$here/service/systemctl" "$scratch/bin/systemctl"
PATH=$scratch/bin:$PATH
cat >"$scratch/services.json" <<X
{"app": {"cmd": ["sleep", "1000"]}}
X
daemon "$scratch/supervisor.log" "$python" -SE "$here/service/supervisor.py" "$scratch/bin/supervisor" "$scratch/services.json"
until_ok 5 test -S "$scratch/bin/supervisor"
export SUPERVISOR="$scratch/bin/supervisor"
fault_tools systemctl setsid mv rm

book() { # FILE: the act on standard input
	{ printf 'runbook: 1\nname: t\ndefaults: { inherit: [SUPERVISOR] }\ninputs: { fail: { type: bool, default: false } }\nact:\n'; cat; printf 'test:\n  - guard: not inputs.fail\n'; } >"$1"
}
for a in start stop restart; do
	printf '  - id: s\n    uses: std/service/%s@1\n    with: { unit: app, within: 3s }\n' $a | book "$scratch/$a.yml"
done
running() { systemctl is-active --quiet app && echo running || echo stopped; }
up() { systemctl start app; }
down() { systemctl stop app; }
for b in start stop restart; do rb 0 "$b: no errors" check "$scratch/$b.yml"; done
faults 'start' down running "$scratch/start.yml"
faults 'stop' up running "$scratch/stop.yml"
faults 'restart of a stopped one' down running "$scratch/restart.yml"
up
rb 3 'restart, and a later failure' exec "$scratch/restart.yml" -i fail=true
is 'it runs as before' "$(running)" running
rb 1 'start of one that runs, and a later failure' exec "$scratch/start.yml" -i fail=true
is 'it was not ours to stop' "$(running)" running
down
rb 1 'stop of one that does not run, and a later failure' exec "$scratch/stop.yml" -i fail=true
is 'it is not started' "$(running)" stopped

# --- programs with a pid file ---
cat >"$w/app" <<'X'
#!/bin/sh
# an app that says its arguments
echo "started with: $*" >>"$APP_LOG"
exec sleep 1000
X
chmod +x "$w/app"
args='command: [env, "APP_LOG='$w/said'", "'$w/app'", "a b", "$(x)"], pidfile: '$w/app.pid', within: 2s'
for a in start stop restart; do
	printf '  - id: p\n    uses: std/process/%s@1\n    with: { %s }\n' $a "$args" | book "$scratch/p$a.yml"
	rb 0 "process/$a: no errors" check "$scratch/p$a.yml"
done
alive() { # the program runs, and the file is about it
	if [ -s "$w/app.pid" ] && read -r p _ <"$w/app.pid" && kill -0 "$p" 2>/dev/null; then echo "runs $(tr '\0' ' ' <"/proc/$p/cmdline")"; else echo "does not run"; fi
	find "$w" -name 'app.pid*' -exec basename {} \; | sort
}
kill_all() {
	[ ! -s "$w/app.pid" ] || { read -r p _ <"$w/app.pid" && kill -KILL "$p" 2>/dev/null; }
	rm -f "$w"/app.pid*
}
pdown() { kill_all; }
pup() {
	kill_all
	"$RB" exec "$scratch/pstart.yml" --no-sync >/dev/null 2>&1
}
faults 'process start' pdown alive "$scratch/pstart.yml"
faults 'process stop' pup alive "$scratch/pstop.yml"
# restart changes only which process it is: the world must be as before after every fault
pup
alive >"$scratch/before"
fault_exec 0 none "$scratch/prestart.yml"
calls=$(cat "$fault_dir/n")
check 'process restart: runs without a fault' test $code -eq 0 -a "$calls" -ge 2
bad=0 undone=0
for how in before after killed; do
	call=1
	while [ $call -le "$calls" ]; do
		pup
		fault_exec $call $how "$scratch/prestart.yml"
		[ $code -eq 0 ] || undone=$((undone + 1))
		alive >"$scratch/after"
		cmp -s "$scratch/before" "$scratch/after" || {
			bad=$((bad + 1))
			echo "exit code $code after a fault ($how) of call $call: $(tail -n 1 "$fault_dir/called")" | note
			diff "$scratch/before" "$scratch/after" | note
		}
		call=$((call + 1))
	done
done
check "process restart: $undone faults left everything as it was" test $bad -eq 0 -a $undone -gt 0
pdown
rb 0 'start' exec "$scratch/pstart.yml"
is 'the arguments are exact' "$(tail -n 1 "$w/said")" 'started with: a b $(x)'
first=$(cat "$w/app.pid")
rb 0 'start again' exec "$scratch/pstart.yml"
is 'nothing is done' "$(cat "$w/app.pid")" "$first"
rb 3 'restart, and a later failure' exec "$scratch/prestart.yml" -i fail=true
check 'it runs again' sh -c "grep -q . '$w/app.pid'"
is 'another process' "$([ "$(cat "$w/app.pid")" = "$first" ] && echo same || echo other)" other
# a number that belongs to somebody else by now
kill_all
echo "$$ 12345" >"$w/app.pid"
rb 0 'a stale pid file' exec "$scratch/pstart.yml"
check 'it is replaced' sh -c "! grep -q '^$$ ' '$w/app.pid'"
kill_all
printf '  - uses: std/process/start@1\n    with: { command: ["false"], pidfile: %s }\n' "$w/f.pid" | book "$scratch/dies.yml"
rb 3 'a program that ends at once' exec "$scratch/dies.yml"
check 'leaves no pid file' test ! -e "$w/f.pid"
finish
