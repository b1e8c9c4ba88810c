# points.sh: makes each changing call of a runbook fail in turn, in every way that makes
# sense, and compares what is there afterwards with what was there before; sourced after
# state.sh. RB_LONG=1 adds undos that fail at every point, and the undo of each step.
#
#   points NAME WORLD STATE BOOK ARGS...
#
# WORLD makes everything anew, STATE prints what counts; `runbook exec BOOK ARGS` runs in
# it. First a good run: it finds the changing calls (of stand-ins, wrapped tools and test
# servers) and must succeed. Then for each call: before it does anything, half way (where
# it has a middle), after it has, and the same by a signal (killed); and for the last one
# with the calls after it failing too, so that its undo does not succeed either; and with the
# answer of the call after it lost, too (a repeated call, or its undo). A run
#   exit 0      went on in spite of the fault: the state is as after the good run, or the steps that
#               it went on past (of POINTS_ON) are named, and `runbook rollback` makes it as before
#   exit 1, 3   the state is as before
#   exit 4      says what is left (`residue`), or is irreversible
#   exit 5      is held, and says for whom
# After 4 and 5 `runbook rollback` undoes what is left, now that nothing fails any more: the
# state is then as before, so what was named was all (but see POINTS_STAYS).
# A point at which nothing failed is wrong, and so is a writing step without a point.
# WORLD must make the same each time; $points_as_before is set where the state is known to be
# as before already. POINTS_SKIP: patterns of writing steps that no stand-in
# can see (files of this machine). POINTS_UNDO: how many calls of the undo fail.
# POINTS_HOW: only these ways, where a run is slow (RB_LONG=1: all the same); `turn`: one way
# for each call, and all ways in turn.
# POINTS_LESS: patterns of steps, of modules that have this test already: `before` only.
# POINTS_EXEC: options that exec knows and plan does not.
# POINTS_SAME: why a good run leaves the state that counts as it was (a scan, a restart).
# POINTS_AIM: what makes WORLD as it is after an undo, where that is not as before.
# POINTS_STAYS: keys of steps that cannot be undone later either: irreversible, or with a secret
# that was captured. They must be the only ones that are named again.
# POINTS_EXACT=1: calls of real programs in undos fail, too, and the undo of one step fails until it is given up (RB_LONG=1: of each
# step); then something must be left.
# POINTS_ON: keys of steps with `on_fail: continue` whose failure changes what the run leaves.
# POINTS_GONE: patterns of steps for which that cannot be seen: their effect does not last
# until the end of the run, or is no part of the state.
#
#   points_shards N       at the beginning of a test: N processes, each with a world of its
#                         own and its share of the points; closes with the sums
points() {
	_name=$1 _world=$2 _state=$3
	shift 3
	points_as_before=
	rm -f "$cloud/fault.json"
	"$RB" plan "$@" --output json >"$scratch/plan.json" 2>"$scratch/err" || { fail "$_name: can be planned"; note <"$scratch/err"; return; }
	jq -r '.. | objects | select(.effect? == "write" and .action? != "steps" and .action? != "notify") | .k' "$scratch/plan.json" |
		sed 's/\[[^]]*\]//g' | sort -u >"$scratch/writes"
	cp "$scratch/writes" "$cloud/writes"
	[ ! "${POINTS_EXACT:-}" ] || sed 's/$/!/' "$scratch/writes" >>"$cloud/writes"
	points_run "$_world" 0 "$@"
	points_state done
	cp "$cloud/calls.jsonl" "$scratch/good.jsonl" 2>/dev/null || : >"$scratch/good.jsonl"
	if [ $code -ne 0 ] || { [ ! "${POINTS_SAME:-}" ] && cmp -s "$scratch/before" "$scratch/done"; }; then
		fail "$_name: a good run${POINTS_SAME:+ (as before: $POINTS_SAME)}"
		echo "exit code $code" | note
		{ tail -n 30 "$scratch/err"; tail -n 1 "$scratch/out" | cut -c 1-900; } | note
		return
	fi
	pass "$_name: a good run${POINTS_SAME:+ (as before: $POINTS_SAME)}"
	cp "$scratch/before" "$scratch/aim"
	[ ! "${POINTS_AIM:-}" ] || { $_world; $POINTS_AIM; points_state aim; }
	: >"$scratch/struck.jsonl"
	_calls=$(grep -c . "$scratch/good.jsonl")
	_record=${POINTS_RECORD:-$scratch/points.record}
	[ "${POINTS_RECORD:-}" ] || rm -f "$_record"
	points_writes | sed "s|^|step $_name |" >>"$_record"
	_turn=0 _whole=0 _parts=0 _bad=0 _undone=0
	while read -r _n _half _what; do
		for _how in $(points_ways "$_n" "$_half"); do
			[ $_how = before ] || ! points_less "$_what" || continue
			points_one "{\"at\": $_n, \"how\": \"$_how\"}" "$@"
		done
		# The next ways, of calls with a middle and of the others
		if [ "$_half" -gt 1 ]; then _whole=$((_whole + 1)); else _parts=$((_parts + 1)); fi
		_how=after
		if [ "${RB_LONG:-}" ] || [ "$_n" -eq "$_calls" ]; then
			points_one "{\"at\": $_n, \"how\": \"$_how\", \"until\": $((_n + ${POINTS_UNDO:-4})), \"step\": \"${_what%%:*}\"}" "$@"
			points_one "{\"at\": $_n, \"how\": \"$_how\", \"lost\": $((_n + 1))}" "$@"
		fi
	done <<-END
		$(jq -r '"\(.n) \(.points) \(.step): \(.program) \(.argv | join(" ") | gsub("[[:space:]]+"; " "))"' "$scratch/good.jsonl")
	END
	[ ! "${POINTS_EXACT:-}" ] || points_undos "$@"
	rm -f "$cloud/fault.json" "$cloud/writes"
	[ ! "${POINTS_RECORD:-}" ] || return 0
	points_steps
	points_sum "$_name" "$_record"
}

# The undo of one step fails, however often it is repeated: of each step with RB_LONG=1, else of one.
points_undos() { # BOOK ARGS...
	_n=$_calls
	points_run "$_world" "{\"at\": $_n, \"how\": \"after\"}" "$@"
	jq -r 'select(.n > '"$_n"' and .phase == "rollback") | .step' "$cloud/calls.jsonl" | sed 's/!undo.*//' | sort -u >"$scratch/undos"
	_of=$(grep -c . "$scratch/undos") _i=0
	for _undo in $(cat "$scratch/undos"); do
		_i=$((_i + 1))
		[ "${RB_LONG:-}" ] || [ $_i -eq $((_of / 2 + 1)) ] || continue
		_what="$_undo: its undo" _how=after
		case $((_i % 3)) in 0) _as=after ;; 1) _as=before ;; *) _as=killed ;; esac
		points_one "{\"at\": $_n, \"how\": \"after\", \"undo\": \"$_undo\", \"as\": \"$_as\"}" "$@"
	done
}

points_ways() { # N HALF: the ways in which this call fails
	_ways=${POINTS_HOW:-before half after killed}
	if [ "${RB_LONG:-}" ] || { [ "$_ways" = turn ] && [ "$_calls" -lt 4 ]; }; then
		_ways='before half after killed'
	elif [ "$_ways" = turn ] && [ "$2" -gt 1 ]; then
		case $((_whole % 4)) in 0) _ways=half ;; 1) _ways=before ;; 2) _ways=after ;; *) _ways=killed ;; esac
	elif [ "$_ways" = turn ]; then
		case $((_parts % 3)) in 0) _ways=before ;; 1) _ways=after ;; *) _ways=killed ;; esac
	fi
	for _way in $_ways; do
		[ $_way = half ] && [ "$2" -le 1 ] || echo $_way
	done
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

points_run() { # WORLD FAULT BOOK ARGS...
	$1
	rm -f "$cloud/calls.jsonl" "$cloud/count.json" "$cloud/fault.json"
	[ "$2" != 0 ] || points_state before
	[ "$2" = 0 ] || echo "$2" >"$cloud/fault.json"
	shift 2
	code=0
	# shellcheck disable=SC2086
	env ${cloud_preload:-} timeout -k 20 120 "$RB" exec "$@" ${POINTS_EXEC:-} --yes --no-input --no-sync --output json >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
	rm -f "$cloud/fault.json"
}

points_writes() { # the writing steps of the plan, but for those that are known to write nothing that can fail
	while read -r _step; do
		for _skip in ${POINTS_SKIP:-}; do
			# shellcheck disable=SC2254
			case $_step in $_skip) continue 2 ;; esac
		done
		echo "$_step"
	done <"$scratch/writes"
}

# Each of them must have been made to fail.
points_steps() {
	jq -r 'select(.phase != "rollback") | .step' "$scratch/struck.jsonl" | sed 's/\[[^]]*\]//g' | sort -u >"$scratch/hit"
	_missing=
	for _step in $(points_writes); do
		grep -qxF -e "$_step" "$scratch/hit" || grep -qF -e "$_step/" "$scratch/hit" || points_web "$_step" || _missing="$_missing $_step"
	done
	is "$_name: each writing step is among the failure points" "${_missing:-none}" none
}

points_web() { # STEP: a request, which the server knows by its path only
	for _path in $(jq -r 'select(.program == "web" and .step == "") | .argv[0]' "$scratch/struck.jsonl"); do
		! jq -e --arg k "$1" --arg path "$_path" '.. | objects | select(.k? == $k and .action? == "http") | .command | contains($path)' \
			"$scratch/plan.json" >/dev/null || return 0
	done
	return 1
}

# What is left, and was named, is undone, once nothing fails any more.
points_left() {
	tail -n 1 "$scratch/out" | jq -e "${POINTS_LEFT:-(.residue | length) > 0 or .status == \"held\"}" >/dev/null || { _wrong='it does not say what is left'; return; }
	# A step that was done, and whose undo failed before it did anything, must have left something.
	case $_fault in *'"as": "before"'*) points_gone "$_what" || ! cmp -s "$scratch/aim" "$scratch/after" || _wrong='it says that something is left, but nothing is' ;; esac
	if points_later; then
		_undone=$((_undone + 1))
	elif ! tail -n 1 "$scratch/undo" | jq -e --arg stays "${POINTS_STAYS:-}" '.exit == 4 and (.residue | length > 0 and all(.k as $k | $stays | split(" ") | index($k)))' >/dev/null; then
		_wrong="what is left is not all that it names: undone later (exit code $_undo), the state is not as before"
		cp "$scratch/later" "$scratch/after"
		{ cat "$scratch/undo.err"; tail -n 1 "$scratch/undo"; } >>"$scratch/err"
	fi
}

# It went on past the failure of a step that may fail, and says so: all of it can be undone later.
points_continued() {
	_ons=$(jq -r 'select(.t == "seal") | .continued[]? | gsub("\\[[0-9]+\\]"; "")' "$scratch/out" | sort -u)
	[ "$_ons" ] || { _wrong='it went on, but not to the same end'; return; }
	for _on in $_ons; do
		case " ${POINTS_ON:-} " in *" $_on "*) ;; *) _wrong="it went on past $_on, which must not be missing"; return ;; esac
	done
	points_later || _wrong="it went on past $_ons; undone later (exit code $_undo), the state is not as before"
}

# `runbook rollback` of the run, now that nothing fails any more. False: the state is not as before.
points_later() {
	_undo=0
	timeout -k 20 120 "$RB" rollback "$(head -n 1 "$scratch/out" | jq -r .run)" --yes --no-input --output json >"$scratch/undo" 2>"$scratch/undo.err" </dev/null || _undo=$?
	points_state later
	_last=later
	cmp -s "$scratch/aim" "$scratch/later"
}

points_gone() { # STEP: its effect does not last, or does not show
	for _maybe in ${POINTS_GONE:-}; do
		# shellcheck disable=SC2254
		case $1 in $_maybe*) return 0 ;; esac
	done
	return 1
}

points_one() { # FAULT BOOK ARGS...: with $_what, $_how; its share of the points only
	_turn=$((_turn + 1))
	[ ! "${POINTS_SHARD:-}" ] || [ $((_turn % ${POINTS_SHARD#* })) -eq "${POINTS_SHARD% *}" ] || return 0
	_fault=$1
	shift
	points_run "$_world" "$_fault" "$@"
	points_state after
	_wrong='' _end='' _last=after
	jq -c --argjson f "$_fault" 'select(.n == $f.at and .fault == $f.how)' "$cloud/calls.jsonl" >"$scratch/strike" 2>/dev/null
	cat "$scratch/strike" >>"$scratch/struck.jsonl"
	case $code in
	0)
		_end=went
		cmp -s "$scratch/done" "$scratch/after" || points_continued
		;;
	1 | 3)
		_end=same
		cmp -s "$scratch/aim" "$scratch/after" || _wrong='the state is not as before'
		;;
	4 | 5)
		_end=left
		points_left
		;;
	*) _wrong='an exit code that is none of ours' ;;
	esac
	points_as_before=
	if [ ! "$_wrong" ] && [ $code$_last != 0after ] && cmp -s "$scratch/before" "$scratch/$_last"; then points_as_before=1; fi
	[ -s "$scratch/strike" ] || _wrong="nothing failed${_wrong:+, and $_wrong}"
	_key=${_what%%:*}
	echo "point $_name ${_key:-request} $_how ${_end:-none}${_wrong:+ wrong}" | sed 's/\[[^] ]*\]//g' >>"$_record"
	[ "$_wrong" ] || return 0
	_bad=$((_bad + 1))
	[ $_bad -le "${POINTS_SHOW:-3}" ] || return 0
	echo "exit code $code: $_wrong; after a fault ($_fault) of $_what" | cut -c 1-500 | note
	if [ $code -eq 0 ]; then diff "$scratch/done" "$scratch/after"; else diff "$scratch/aim" "$scratch/after"; fi | head -n 20 | note
	{ tail -n 14 "$scratch/err"; tail -n 1 "$scratch/out" | cut -c 1-900; } | note
}

# Lines of a record: `step NAME STEP` of the writing steps, `point NAME STEP HOW END [wrong]`.
points_sum() { # NAME RECORD...
	_name=$1
	shift
	cat "$@" >"$scratch/sum" 2>/dev/null
	awk -v name="$_name" '
	$2 != name { next }
	$1 == "step" { steps[$3] = 1 }
	$1 == "point" {
		n++
		step[$3] = 1
		how[$4]++
		end[$5]++
		if ($NF == "wrong") wrong++
	}
	END {
		for (s in steps) {
			found = 0
			for (t in step) if (t == s || index(t, s "/") == 1 || index(t, s "!") == 1) found = 1
			all++
			if (!found) missing = missing " " s
		}
		printf "%d failure points in %d writing steps (%d before, %d half way, %d after, %d killed): %d as before, %d went on, %d say what is left\n", n, all, how["before"], how["half"], how["after"], how["killed"], end["same"], end["went"], end["left"]
		print n + 0
		print wrong + 0
		print missing ? substr(missing, 2) : "none"
	}' "$scratch/sum" >"$scratch/sums"
	{ read -r _line; read -r _points; read -r _bad; read -r _missing; } <"$scratch/sums"
	echo "# $_name: $_line${_undone:+ ($_undone of them undone later)}"
	if [ "$_points" -gt 0 ] && [ "$_bad" -eq 0 ]; then
		pass "$_name: after each of $_points failure points the state is as before, or what is left is named"
	else
		fail "$_name: $_points failure points, $_bad leave something behind"
	fi
}

points_shards() { # NUMBER
	if worlds "$1"; then
		POINTS_SHARD="$((part - 1)) $1" POINTS_RECORD=$parent/record.$part
		return
	fi
	for _one in $(awk '{ print $2 }' "$scratch"/record.* | sort -u); do
		points_sum "$_one" "$scratch"/record.*
		is "$_one: each writing step was made to fail" "$_missing" none
	done
	finish
}
