#!/usr/bin/env bats
# verify: what was tampered with is found; heads that were kept or signed.
load setup

book() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: book
		files: [data.txt]
		defaults: { timeout: 20s }
		act:
		  - id: a
		    run: 'seq 3000; cat data.txt'
		    parse: lines
		    capture: { n: out.len() }
		    rollback: []
		  - id: b
		    run: 'echo b'
		    rollback: []
		report:
		  - render: { to: end.txt, text: "${{ run.status }} ${{ steps.a.n ?? 0 }}" }
	YML
	echo data >data.txt
	run_rb 0 exec book.yml
	run=$(cut -d' ' -f1 out)
	dir=state/runs/$run
}

@test "verify: a run, a copy of its folder, json" {
	book
	run_rb 0 verify "$run"
	says 'verified' out
	mkdir elsewhere
	cp -r "$dir" elsewhere/copy
	run_rb 0 verify elsewhere/copy
	run_rb 0 verify @last --output json
	is "$(jq -r .verified out)" true
	is "$(jq -r .head out)" "$(tail -n 1 "$dir/journal.jsonl" | jq -r .h)"
	run_rb 2 verify
	run_rb 1 verify 00000000000000000000000000
}

@test "verify: each byte of a short stretch flipped, a line dropped, doubled, swapped" {
	book
	cp -r "$dir" saved
	head=$(tail -n 1 "$dir/journal.jsonl" | jq -r .h)
	size=$(stat -c %s saved/journal.jsonl)
	for at in 0 1 100 $((size / 3)) $((size / 2)) $((size - 80)) $((size - 40)) $((size - 2)); do
		python3 - saved/journal.jsonl "$dir/journal.jsonl" "$at" <<-'PY'
			import sys
			b = bytearray(open(sys.argv[1], "rb").read())
			b[int(sys.argv[3])] ^= 4
			open(sys.argv[2], "wb").write(b)
		PY
		run_rb 6 verify "$run" --head "$head"
	done
	for script in 3d '4{p}' '5{h;d};6{G}' '$d'; do
		sed -e "$script" saved/journal.jsonl >"$dir/journal.jsonl"
		run_rb 6 verify "$run" --head "$head"
	done
	cp saved/journal.jsonl "$dir/journal.jsonl"
	run_rb 0 verify "$run" --head "$head"
}

@test "verify: records dropped at the end with the chain made good: the replay and the head see it" {
	book
	head=$(tail -n 1 "$dir/journal.jsonl" | jq -r .h)
	rechain "$dir/journal.jsonl" 's/"t":"seal","status":"ok","exit":0/"t":"seal","status":"ok","exit":3/'
	run_rb 6 verify "$run"
	says 'replay' out
	run_rb 6 verify "$run" --head "$head"
	says 'is not in this journal' out
}

@test "verify: a blob that was changed or is gone; a report that was changed" {
	book
	blob=$(ls -S "$dir/blobs/sha256" | head -n 1)
	cp "$dir/blobs/sha256/$blob" saved
	echo x >>"$dir/blobs/sha256/$blob"
	run_rb 6 verify "$run"
	says 'not those that were stored' out
	rm "$dir/blobs/sha256/$blob"
	run_rb 6 verify "$run"
	cp saved "$dir/blobs/sha256/$blob"
	run_rb 0 verify "$run"
	sed -i 's/"ok"/"OK"/' "$dir/report.run.json"
	run_rb 6 verify "$run"
	says 'report.run.json' out
}

@test "verify: a report that another version of the program made is not compared" {
	book
	rechain "$dir/journal.jsonl" '1s/"version":"[0-9.]*"/"version":"0.0.9"/'
	sed -i 's/"ok"/"OK"/' "$dir/report.run.json"
	run_rb 0 verify "$run"
	says 'report.run.json is of version 0.0.9 of the program: not compared' out
}

@test "verify: neither a seal nor a living runner" {
	book
	sed -i '$d' "$dir/journal.jsonl"
	run_rb 6 verify "$run"
	says 'neither a seal nor a living runner' out
}

@test "verify: signed heads" {
	ssh-keygen -q -t ed25519 -N '' -f key -C ops
	ssh-keygen -q -t ed25519 -N '' -f other -C other
	echo "ops@example $(cat key.pub)" >signers
	export RUNBOOK_SIGN_KEY=$PWD/key
	book
	run_rb 0 verify "$run"
	says 'not checked' out
	run_rb 6 verify "$run" --require-signed
	export RUNBOOK_ALLOWED_SIGNERS=$PWD/signers
	run_rb 0 verify "$run" --require-signed
	says 'signed by ops@example' out
	[ -e "$dir/heads/open.head" ]
	# Signed by a key that nobody trusts.
	echo "other@example $(cat other.pub)" >signers
	run_rb 6 verify "$run" --require-signed
	echo "ops@example $(cat key.pub)" >signers
	# A journal made anew has another head than the one that was signed.
	rechain "$dir/journal.jsonl" 's/"operator":"root"/"operator":"r00t"/;s/"user":"[a-z]*"/"user":"nobody"/'
	run_rb 6 verify "$run"
	says 'another journal' out
}

@test "verify: a rollback run with its parent, and without it" {
	book
	run_rb 0 rollback @last
	run_rb 0 verify @last
	mv "$dir" gone
	run_rb 6 verify @last
	says 'which it undoes' out
}

@test "verify: the folder of a rollback run, with a slash behind, and as the working directory" {
	book
	run_rb 0 rollback @last
	mkdir elsewhere
	cp -r state/runs/* elsewhere
	back=$(ls elsewhere | tail -n 1)
	run_rb 0 verify "elsewhere/$back/"
	cd "elsewhere/$back"
	"$RB" verify ./ >out
	says verified out
}

@test "verify: the head of the beginning is none of the seal" {
	ssh-keygen -q -t ed25519 -N '' -f key -C ops
	echo "ops@example $(cat key.pub)" >signers
	export RUNBOOK_SIGN_KEY=$PWD/key RUNBOOK_ALLOWED_SIGNERS=$PWD/signers
	book
	run_rb 0 verify "$run" --require-signed
	cp "$dir/heads/open.head" "$dir/heads/seal.head"
	cp "$dir/heads/open.head.sig" "$dir/heads/seal.head.sig"
	run_rb 6 verify "$run" --require-signed
	says 'it is not of the seal' out
	run_rb 6 verify "$run"
}

@test "verify: a report that is no file" {
	book
	rm "$dir/report.run.json"
	mkdir "$dir/report.run.json"
	run_rb 6 verify "$run"
	says 'report.run.json' out
}

@test "verify: killed between seal and report, with a report from before" {
	book
	cp "$dir/report.run.json" old.json
	cat >later.yml <<-'YML'
		runbook: 1
		name: later
		defaults: { timeout: 20s }
		act:
		  - { id: a, run: 'echo x >begun; while ! test -e go; do sleep 0.02; done', idempotent: true, rollback: [] }
	YML
	begin exec later.yml
	until_ok test -s begun
	kill -9 "$pid"
	wait "$pid" 2>/dev/null || true
	dir=$(ls -d state/runs/* | tail -n 1)
	cp old.json "$dir/report.run.json" # as one of an earlier hold would be
	begin resume @last
	until_ok test ! -e "$dir/report.run.json"
	touch go
	wait "$pid"
	run_rb 0 verify @last
}
