# points.sh: makes each changing call of a runbook fail in turn, in every way that makes
# sense, and compares what is there afterwards with what was there before; sourced after
# state.sh. RB_LONG=1 adds undos that fail at every point.
#
#   points NAME WORLD STATE BOOK ARGS...
#
# WORLD makes everything anew, STATE prints what counts; `runbook exec BOOK ARGS` runs in
# it. First a good run: it finds the changing calls (of stand-ins, wrapped tools and test
# servers) and must succeed. Then for each call: before it does anything, half way (where
# it has a middle), after it has, and the same by a signal (killed); and for the last one
# with the calls after it failing too, so that its undo does not succeed either; and with the
# answer of the call after it lost, too (a repeated call, or its undo). A run
#   exit 0      went on in spite of the fault: the state is as after the good run
#   exit 1, 3   the state is as before
#   exit 4      says what is left (`residue`), or is irreversible
#   exit 5      is held, and says for whom
# After 4 and 5 `runbook rollback` undoes what is left, now that nothing fails any more: the
# state is then as before, so what was named was all (but see POINTS_STAYS).
# A point at which nothing failed is wrong, and so is a writing step without a point.
# WORLD must make the same each time; $points_as_before is set where the state is known to be
# as before already. POINTS_SKIP: patterns of writing steps that no stand-in
# can see (files of this machine). POINTS_UNDO: how many calls of the undo fail.
# POINTS_HOW: only these ways, where a run is slow (RB_LONG=1: all the same).
# POINTS_LESS: patterns of steps, of modules that have this test already: `before` only.
# POINTS_EXEC: options that exec knows and plan does not.
# POINTS_STAYS: keys of steps that cannot be undone later either: irreversible, or with a secret
# that was captured. They must be the only ones that are named again.
# POINTS_SAME: why a good run leaves the state that counts as it was (a scan, a restart).
points() {
	_name=$1 _world=$2 _state=$3
	shift 3
	points_as_before=
	rm -f "$cloud/fault.json"
	"$RB" plan "$@" --output json >"$scratch/plan.json" 2>"$scratch/err" || { fail "$_name: can be planned"; note <"$scratch/err"; return; }
	jq -r '.. | objects | select(.effect? == "write" and .action? != "steps" and .action? != "notify") | .k' "$scratch/plan.json" |
		sed 's/\[[^]]*\]//g' | sort -u >"$scratch/writes"
	cp "$scratch/writes" "$cloud/writes"
	points_run "$_world" 0 none 0 "$@"
	points_state done
	cp "$cloud/calls.jsonl" "$scratch/good.jsonl" 2>/dev/null || : >"$scratch/good.jsonl"
	if [ $code -ne 0 ] || { [ ! "${POINTS_SAME:-}" ] && cmp -s "$scratch/before" "$scratch/done"; }; then
		fail "$_name: a good run${POINTS_SAME:+ (as before: $POINTS_SAME)}"
		echo "exit code $code" | note
		tail -n 30 "$scratch/err" | note
		return
	fi
	pass "$_name: a good run${POINTS_SAME:+ (as before: $POINTS_SAME)}"
	: >"$scratch/struck.jsonl"
	_calls=$(grep -c . "$scratch/good.jsonl")
	_hows=${POINTS_HOW:-before half after killed}
	[ ! "${RB_LONG:-}" ] || _hows='before half after killed'
	_points=0 _same=0 _went=0 _left=0 _bad=0 _undone=0
	while read -r _n _half _what; do
		for _how in $_hows; do
			[ $_how != half ] || [ "$_half" -gt 1 ] || continue
			[ $_how = before ] || ! points_less "$_what" || continue
			points_one "$_n" "$_n" "$@"
		done
		[ "${RB_LONG:-}" ] || [ "$_n" -eq "$_calls" ] || continue
		_how=after
		points_one "$_n" $((_n + ${POINTS_UNDO:-4})) "$@"
		_how=lost
		points_one "$_n" "$_n" "$@"
	done <<-END
		$(jq -r '"\(.n) \(.points) \(.step): \(.program) \(.argv | join(" "))"' "$scratch/good.jsonl" | tr '\n' '\r' | sed 's/\r\([0-9]* [0-9]* \)/\n\1/g; s/\r/ /g')
	END
	rm -f "$cloud/fault.json" "$cloud/writes"
	points_steps
	echo "# $_name: $_points failure points: $_same as before, $_went went on, $_left say what is left ($_undone of them undone later)"
	if [ $_points -gt 0 ] && [ $_bad -eq 0 ]; then
		pass "$_name: after each of $_points failure points the state is as before, or what is left is named"
	else
		fail "$_name: $_points failure points, $_bad leave something behind"
	fi
}

points_less() { # STEP: is tested enough elsewhere
	[ ! "${RB_LONG:-}" ] || return 1
	for _less in ${POINTS_LESS:-}; do
		# shellcheck disable=SC2254
		case $1 in $_less*) return 0 ;; esac
	done
	return 1
}

points_state() { # FILE: ids of runs and times are not the same twice
	$_state 2>&1 | sed -E 's/01[0-9a-hjkmnp-tv-z]{24}/RUN/g; s/20[0-9-]{8}T[0-9:.]{8,}Z/TIME/g' >"$scratch/$1"
}

points_run() { # WORLD AT HOW UNTIL BOOK ARGS...
	$1
	rm -f "$cloud/calls.jsonl" "$cloud/count.json" "$cloud/fault.json"
	[ "$2" != 0 ] || points_state before
	case $3 in
	none) ;;
	lost) echo "{\"at\": $2, \"how\": \"after\", \"lost\": $(($2 + 1))}" >"$cloud/fault.json" ;;
	*) echo "{\"at\": $2, \"how\": \"$3\", \"until\": $4}" >"$cloud/fault.json" ;;
	esac
	shift 4
	code=0
	timeout -k 20 120 "$RB" exec "$@" ${POINTS_EXEC:-} --yes --no-input --no-sync --output json >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
	rm -f "$cloud/fault.json"
}

# Every writing step of the plan must have been made to fail, or be known to write nothing
# that can be.
points_steps() {
	jq -r 'select(.phase != "rollback") | .step' "$scratch/struck.jsonl" | sed 's/\[[^]]*\]//g' | sort -u >"$scratch/hit"
	_missing=
	while read -r _step; do
		for _skip in ${POINTS_SKIP:-}; do
			# shellcheck disable=SC2254
			case $_step in $_skip) continue 2 ;; esac
		done
		grep -qxF -e "$_step" "$scratch/hit" || grep -qF -e "$_step/" "$scratch/hit" || points_web "$_step" || _missing="$_missing $_step"
	done <"$scratch/writes"
	is "$_name: each writing step is among the failure points" "${_missing:-none}" none
}

points_web() { # STEP: a request, which the server knows by its path only
	for _path in $(jq -r 'select(.program == "web") | .argv[0]' "$scratch/struck.jsonl"); do
		! jq -e --arg k "$1" --arg path "$_path" '.. | objects | select(.k? == $k and .action? == "http") | .command | contains($path)' \
			"$scratch/plan.json" >/dev/null || return 0
	done
	return 1
}

points_one() { # AT UNTIL BOOK ARGS...: with $_how
	_at=$1 _until=$2
	shift 2
	points_run "$_world" "$_at" "$_how" "$_until" "$@"
	points_state after
	_points=$((_points + 1))
	_wrong= _last=after
	jq -c --argjson n "$_at" --arg how "${_how#lost}" 'select(.n == $n and .fault == (if $how == "" then "after" else $how end))' "$cloud/calls.jsonl" >"$scratch/strike" 2>/dev/null
	cat "$scratch/strike" >>"$scratch/struck.jsonl"
	case $code in
	0)
		_went=$((_went + 1))
		cmp -s "$scratch/done" "$scratch/after" || _wrong='it went on, but not to the same end'
		;;
	1 | 3)
		_same=$((_same + 1))
		cmp -s "$scratch/before" "$scratch/after" || _wrong='the state is not as before'
		;;
	4 | 5)
		_left=$((_left + 1))
		if tail -n 1 "$scratch/out" | jq -e "${POINTS_LEFT:-(.residue | length) > 0 or .status == \"held\"}" >/dev/null; then
			points_undo
		else
			_wrong='it does not say what is left'
		fi
		;;
	*) _wrong='an exit code that is none of ours' ;;
	esac
	points_as_before=
	if [ ! "$_wrong" ] && [ $code -ne 0 ] && cmp -s "$scratch/before" "$scratch/$_last"; then points_as_before=1; fi
	[ -s "$scratch/strike" ] || _wrong="nothing failed${_wrong:+, and $_wrong}"
	[ "$_wrong" ] || return 0
	_bad=$((_bad + 1))
	[ $_bad -le 3 ] || return 0
	echo "exit code $code: $_wrong; after a fault ($_how, until $_until) of call $_n, $_what" | cut -c 1-500 | note
	diff "$scratch/before" "$scratch/after" | head -n 20 | note
	tail -n 14 "$scratch/err" | note
}

# What is left is undone, once nothing fails any more.
points_undo() {
	_undo=0
	timeout -k 20 120 "$RB" rollback "$(head -n 1 "$scratch/out" | jq -r .run)" --yes --no-input --output json >"$scratch/undo" 2>"$scratch/undo.err" </dev/null || _undo=$?
	points_state later
	_last=later
	if cmp -s "$scratch/before" "$scratch/later"; then
		_undone=$((_undone + 1))
	elif ! tail -n 1 "$scratch/undo" | jq -e --arg stays "${POINTS_STAYS:-}" '.exit == 4 and (.residue | length > 0 and all(.k as $k | $stays | split(" ") | index($k)))' >/dev/null; then
		_wrong="what is left is not all that it names: undone later (exit code $_undo), the state is not as before"
		cp "$scratch/later" "$scratch/after"
		cat "$scratch/undo.err" >>"$scratch/err"
	fi
}
