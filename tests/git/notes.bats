#!/usr/bin/env bats
# Heads of journals as git notes on the commit that ran: setting `anchor`.
load repository

setup_repository() {
	repository r
	export RUNBOOK_ANCHOR=notes
	cd r
	head_of() { tail -n 1 "$RUNBOOK_STATE/runs/$1/journal.jsonl" | jq -r .h; }
}

exec_book() { # SOURCE [CODE]
	run_rb "${2:-0}" exec "$1"
	run=$(cut -d' ' -f1 out)
}

@test "notes: the head at the seal stands on the commit that ran, and git reads it" {
	setup_repository
	exec_book kis/deploy.yml@v1.4.0
	git notes --ref=runbook show v1.4.0 >note
	says "run $run" note
	says "head $(head_of "$run")" note
	says "records $(wc -l <"$RUNBOOK_STATE/runs/$run/journal.jsonl")" note
	is "$(head -n 1 note)" runbook-head/v1
	first=$run
	# A second run of the same commit adds; the history only grows.
	old=$(git rev-parse refs/notes/runbook)
	exec_book kis/deploy.yml@v1.4.0
	git notes --ref=runbook show v1.4.0 >note
	says "run $first" note
	says "run $run" note
	is "$(git rev-parse refs/notes/runbook^)" "$old"
	# A file as it stands has its commit's note.
	exec_book kis/deploy.yml
	git notes --ref=runbook show main >note
	says "run $run" note
	git fsck --strict
	for one in "$first" "$run"; do
		run_rb 0 verify "$one"
		says 'refs/notes/runbook: record' out
	done
	run_rb 0 verify "$first" --repository .
}

@test "notes: off by default; wrong values; no repository, another account, a ref that cannot be written" {
	setup_repository
	unset RUNBOOK_ANCHOR
	exec_book kis/deploy.yml
	! git rev-parse -q --verify refs/notes/runbook || false
	run_rb 0 verify "$run"
	says_not 'refs/notes' out
	run_rb 6 verify "$run" --repository .
	says 'no head of this run' out
	RUNBOOK_ANCHOR=yes run_rb 2 exec kis/deploy.yml
	says 'can be `notes`' err
	export RUNBOOK_ANCHOR=notes
	run_rb 0 exec --dry-run kis/deploy.yml
	! git rev-parse -q --verify refs/notes/runbook || false
	# Nothing of this fails a run.
	mkdir ../plain
	cp kis/deploy.yml ../plain
	exec_book ../plain/deploy.yml
	says 'was not anchored: the runbook is of no commit' err
	run_rb 6 verify "$run" --repository .
	: >.git/refs/notes
	exec_book kis/deploy.yml
	says 'was not anchored' err
	run_rb 0 verify "$run"
	rm .git/refs/notes
	[ "$(id -u)" -ne 0 ] || {
		chown -R 12345 .git
		SUDO_UID=12345 run_rb 0 exec kis/deploy.yml
		says 'belongs to another account' err
		[ ! -e .git/refs/notes ]
	}
}

@test "notes: hooks and configuration of the repository play no part; also in a worktree and bare" {
	setup_repository
	for hook in reference-transaction post-commit pre-commit update; do
		printf '#!/bin/sh\ntouch %s/hooked\nexit 1\n' "$PWD" >.git/hooks/$hook
		chmod +x .git/hooks/$hook
	done
	git config core.notesRef refs/notes/other
	git config user.name evil
	exec_book kis/deploy.yml
	[ ! -e hooked ]
	rm .git/hooks/*
	git notes --ref=runbook show main | grep -q "run $run"
	is "$(git log -1 --format=%an refs/notes/runbook)" "$(id -un)"
	git worktree add -q ../tree v1.5.0
	cd ../tree
	exec_book kis/deploy.yml
	git notes --ref=runbook show v1.5.0 | grep -q "run $run"
	run_rb 0 verify "$run"
	says 'refs/notes/runbook: record' out
	git clone -q --bare ../r ../bare.git
	exec_book "git+file://$BATS_TEST_TMPDIR/bare.git//kis/deploy.yml@v1.4.1"
	git -C ../bare.git notes --ref=runbook show 'v1.4.1^{commit}' | grep -q "run $run"
}

@test "notes: many runs at a time lose none; notes of people stay; a fan-out tree is read" {
	setup_repository
	git notes --ref=runbook add -m "a person's note" main
	pids=
	for i in 1 2 3 4 5 6; do
		"$RB" exec kis/deploy.yml >"out$i" 2>"err$i" </dev/null &
		pids="$pids $!"
	done
	for pid in $pids; do wait "$pid"; done
	cat err?
	git notes --ref=runbook show main >note
	says "a person's note" note
	is "$(grep -c '^run ' note)" 6
	is "$(git rev-list --count refs/notes/runbook)" 7
	# git splits the tree of notes when there are many.
	{
		echo "commit refs/notes/runbook"
		echo "committer a <a@x> 0 +0000"
		echo "data 0"
		echo "from refs/notes/runbook^0"
		i=0
		while [ $i -lt 400 ]; do
			blob=$(printf '%040x' $((i * 7919 + 1)))
			echo "M 100644 inline $(echo "$i" | sha1sum | cut -c1-2)/$(echo "$i$blob" | sha1sum | cut -c1-38)"
			echo "data 1"
			echo x
			i=$((i + 1))
		done
		main=$(git rev-parse main)
		echo "D $main"
		echo "M 100644 inline $(echo "$main" | cut -c1-2)/$(echo "$main" | cut -c3-)"
		printf 'data %s\n' "$(wc -c <note)"
		cat note
		echo
	} | git fast-import --quiet
	run_rb 0 verify @last
	says 'refs/notes/runbook: record' out
	exec_book kis/deploy.yml
	is "$(git notes --ref=runbook show main | grep -c '^run ')" 7
	git fsck --strict
}

@test "notes: a journal made anew, cut, or of another run is caught by the note" {
	setup_repository
	exec_book kis/deploy.yml
	dir=$RUNBOOK_STATE/runs/$run
	cp -r "$dir" "$BATS_TEST_TMPDIR/copy"
	cd "$BATS_TEST_TMPDIR"
	git clone -q r clone
	git -C clone fetch -q origin refs/notes/runbook:refs/notes/runbook
	run_rb 0 verify ./copy --repository clone
	says 'refs/notes/runbook: record' out
	# Somebody with the right to write makes all of it anew, chain and replay good.
	python3 - copy/journal.jsonl <<-'PY'
		import hashlib, json, sys
		lines = open(sys.argv[1], "rb").read().splitlines(keepends=True)
		first = json.loads(lines[0])
		h = hashlib.sha256(("runbook-journal/v1\n%s\n%s\n" % (first["run"], first["program"])).encode()).hexdigest()
		out = []
		for line in lines:
		    body = line[:-73].replace(b'"pid":', b'"pid":1')
		    h = hashlib.sha256(h.encode() + body).hexdigest()
		    out.append(body + b',"h":"' + h.encode() + b'"}\n')
		open(sys.argv[1], "wb").write(b"".join(out))
	PY
	rm copy/report.run.json
	run_rb 6 verify ./copy
	says 'of another journal than this' out
	run_rb 6 verify ./copy --repository clone
	mv r gone
	run_rb 0 verify ./copy
	run_rb 6 verify ./copy --repository clone
	run_rb 6 verify ./copy --repository gone/kis
	# A bundle, too.
	run_rb 0 export "$run" -o b.tar
	run_rb 0 verify b.tar --repository clone
	run_rb 6 verify b.tar --repository "$PWD"
}
