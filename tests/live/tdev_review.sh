#!/bin/sh
# tdev_review.sh: runbooks/t-developer/incident-review.yml: the list of an incident, which waits
# without a lock, is ticked from elsewhere, and tells what was not.
. "$(dirname "$0")/service/lib.sh"
need jq
book=$top/runbooks/t-developer/incident-review.yml
rb 0 'it has no errors' check --output json "$book"
check 'and no warnings' jq -e '.diagnostics == []' "$scratch/out"
cat >"$scratch/p0.yml" <<-'END'
	runbook: 1
	name: tdev_incident_p0
	lock: tdev_service
	preflight:
	  - { run: [true], effect: read, timeout: 5s }
END
rb 0 'an incident' exec "$scratch/p0.yml"
incident=$(cut -d' ' -f1 "$scratch/out")
rb 1 'of another runbook there is no review' exec "$book" -i "incident=$(printf '%026d' 0)" -i "runbook=$RB" --no-input
"$RB" exec "$book" -i "incident=$incident" -i "runbook=$RB" --no-input >"$scratch/review" 2>&1 &
pid=$!
asking=
asks() { asking=$(grep -l '"what":"checklist"' "$RUNBOOK_STATE"/runs/*/journal.jsonl 2>/dev/null); }
until_ok 20 asks
run=$(basename "$(dirname "${asking:-none/none}")")
rb 0 'the service is not locked meanwhile' exec "$scratch/p0.yml"
rb 0 'ticked from elsewhere' answer "$run" list 5 --why 'a full disk'
rb 0 'refused from elsewhere' answer "$run" list no --why 'nobody has the time'
wait "$pid"
is 'the review has ended well' $? 0
review=$RUNBOOK_STATE/runs/$run/review.md
check 'it names the incident' grep -qF "# Review of tdev_incident_p0 $incident" "$review"
check 'what was ticked' grep -q 'root cause is known: .*, a full disk$' "$review"
check 'what was refused' grep -q 'symptoms are known exactly: no, .*, nobody has the time$' "$review"
check 'and what was not ticked' grep -q 'the post-mortem is written: not ticked$' "$review"
finish
