# faults.sh: makes each command of a run fail in turn: before it does anything, after
# it has, and after it has with its shell killed. Sourced after lib.sh.
#
# fault_tools TOOL...   these commands can be made to fail
# faults WHAT WORLD STATE ARGS...
#     `runbook exec ARGS` in a world that WORLD makes anew and STATE prints. Once
#     without a fault; then once for each call of a tool and each way to fail: the
#     state must be as before, or, where the run went on to succeed, as without it.
fault_dir=$scratch/fault
mkdir -p "$fault_dir/bin"
fault_tools() {
	for _t; do
		_real=$(command -v "$_t") || continue
		cat >"$fault_dir/bin/$_t" <<X
#!/bin/sh
# without these tools in it: they would call themselves
PATH='$PATH'
export PATH
n=\$(cat "$fault_dir/n")
n=\$((n + 1))
echo "\$n" >"$fault_dir/n"
[ "\$n" = "\$(cat "$fault_dir/at")" ] || exec "$_real" "\$@"
echo "$_t \$*" >>"$fault_dir/called"
how=\$(cat "$fault_dir/how")
[ "\$how" != before ] || exit 1
"$_real" "\$@"
if [ "\$how" = killed ]; then
	case \$(cat /proc/\$PPID/comm) in sh | bash | dash) kill -KILL \$PPID ;; esac
fi
exit 1
X
		chmod +x "$fault_dir/bin/$_t"
	done
}

fault_exec() { # CALL HOW ARGS...: sets $code
	echo "$1" >"$fault_dir/at"
	echo "$2" >"$fault_dir/how"
	echo 0 >"$fault_dir/n"
	shift 2
	code=0
	PATH="$fault_dir/bin:$PATH" timeout -k 20 120 "$RB" exec "$@" --no-input --no-sync >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
}

faults() {
	_what=$1 _world=$2 _state=$3
	shift 3
	$_world
	$_state >"$scratch/before" 2>&1
	fault_exec 0 none "$@"
	_calls=$(cat "$fault_dir/n")
	$_state >"$scratch/done" 2>&1
	if [ $code -ne 0 ] || [ "$_calls" -eq 0 ]; then
		fail "$_what: runs without a fault"
		echo "exit code $code, $_calls calls" | note
		tail -n 30 "$scratch/err" | note
		return
	fi
	if cmp -s "$scratch/before" "$scratch/done"; then fail "$_what: changes something"; else pass "$_what: runs without a fault, in $_calls calls"; fi
	_bad=0 _undone=0
	for _how in before after killed; do
		_i=1
		while [ $_i -le "$_calls" ] && [ $_bad -lt 3 ]; do
			$_world
			fault_exec $_i $_how "$@"
			$_state >"$scratch/after" 2>&1
			case $code in 0) _like=done ;; *) _like=before _undone=$((_undone + 1)) ;; esac
			case $code in
			0 | 1 | 3) cmp -s "$scratch/$_like" "$scratch/after" || _bad=$((_bad + 1)) ;;
			*) _bad=$((_bad + 1)) ;;
			esac
			if [ $_bad -gt 0 ]; then
				echo "exit code $code after a fault ($_how) of call $_i: $(tail -n 1 "$fault_dir/called")" | note
				diff "$scratch/$_like" "$scratch/after" | head -n 20 | note
				tail -n 12 "$scratch/err" | note
			fi
			_i=$((_i + 1))
		done
	done
	[ $_undone -gt 0 ] || _bad=1
	if [ $_bad -eq 0 ]; then pass "$_what: $_undone faults left everything as it was"; else fail "$_what: faults leave everything as it was"; fi
}
