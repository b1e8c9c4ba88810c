#!/usr/bin/env bats
# export: a run in one file; bundles that were tampered with; the signed statement.
load setup

BUNDLE=$BATS_TEST_DIRNAME/bundle.py

book() {
	cat >book.yml <<-'YML'
		runbook: 1
		name: book
		version: 2.1.0
		files: [data.txt]
		inputs: { n: { type: int, default: 3000 } }
		defaults: { timeout: 20s }
		act:
		  - id: a
		    run: 'seq ${{ inputs.n }}; cat data.txt'
		    parse: lines
		    capture: { n: out.len() }
		    rollback: [{ run: echo undone }]
		  - id: m
		    uses: ./module.yml
		report:
		  - render: { to: end.txt, text: "${{ run.status }} ${{ steps.a.n ?? 0 }}" }
	YML
	cat >module.yml <<-'YML'
		runbook: 1
		name: module
		files: [more.txt]
		steps:
		  - run: [cat, more.txt]
		    effect: read
	YML
	echo data >data.txt
	echo more >more.txt
	run_rb 0 exec book.yml "$@"
	run=$(cut -d' ' -f1 out)
	dir=state/runs/$run
}

# No folder of an unpacked bundle is left.
left_nothing() { ! ls -d "$TMPDIR"/runbook-* 2>/dev/null; }

@test "export: a bundle verifies and can be read where the run never was" {
	export TMPDIR=$PWD
	book
	run_rb 0 verify "$run"
	cp out verified
	run_rb 0 show "$run"
	cp out shown
	run_rb 0 report "$run" --format html
	cp out report.html
	run_rb 0 logs "$run"
	cp out logged
	run_rb 0 export "$run" -o b.tar
	says "exported to b.tar: " out
	says "sha256 $(sha256sum <b.tar | cut -d' ' -f1)" out
	mv state hidden
	run_rb 0 verify b.tar
	cmp out verified
	run_rb 0 replay b.tar
	says identical out
	run_rb 0 show b.tar
	sed 's/^\(  reports .*\)  in .*/\1/' shown | cmp out -
	run_rb 0 report b.tar --format html
	cmp out report.html
	run_rb 0 logs b.tar
	cmp out logged
	run_rb 0 eval 'steps.a.n' --run ./b.tar
	is "$stdout" 3001
	run_rb 0 diff b.tar b.tar
	run_rb 0 verify b.tar --head "$(tar xOf b.tar "$run/journal.jsonl" | tail -n 1 | jq -r .h)"
	run_rb 6 verify b.tar --head "$(printf '%064d' 0)"
	left_nothing
	# Whoever has tar and no runbook can look into it.
	tar xf b.tar
	is "$(jq -r .run bundle.json)" "$run"
	run_rb 0 verify "./$run"
	for file in $(jq -r '.files[] | .sha256 + "=" + .path' bundle.json); do
		is "$(sha256sum <"${file#*=}" | cut -d' ' -f1)" "${file%%=*}"
	done
}

@test "export: the same run gives the same bytes; standard output; the default name" {
	book
	run_rb 0 export "$run" -o a.tar
	run_rb 0 export @last
	cmp a.tar "$run.tar"
	"$RB" export "$run" -o - >c.tar
	cmp a.tar c.tar
	python3 "$BUNDLE" hostile a.tar d.tar same
	cmp a.tar d.tar
	is "$(stat -c %a a.tar)" 600
	run_rb 1 export "$run" -o no/such/folder.tar
	run_rb 1 export 00000000000000000000000000
	run_rb 2 export
	! ls ./*.tmp || false
}

@test "export: a pipe or a device is written into, and stays what it is" {
	book
	run_rb 0 export "$run" -o a.tar
	mkfifo pipe
	cat pipe >b.tar &
	run_rb 0 export "$run" -o pipe
	wait $!
	cmp a.tar b.tar
	test -p pipe
	"$RB" plan book.yml -o pipe 2>/dev/null >/dev/null &
	grep -q '"runbook":"book"' pipe
	wait $!
	test -p pipe
	ln -s a.tar link
	run_rb 0 export "$run" -o link
	test -L link
	run_rb 1 export "$run" -o .
}

@test "export: commands that act refuse a bundle" {
	book
	run_rb 0 export "$run" -o b.tar
	for command in resume rollback cancel export; do
		run_rb 2 $command b.tar
		says 'can only be read' err
	done
	run_rb 2 resolve b.tar a --done --why x
	run_rb 2 answer b.tar a yes
	echo text >text.txt
	run_rb 6 verify text.txt
	says 'is not a bundle' err
	run_rb 1 verify nothing.tar
	says 'nothing.tar: No such file' err
	run_rb 6 show ./state
	says 'is not a bundle' err
}

@test "export: a run that undoes another one brings that along" {
	book
	run_rb 0 rollback "$run"
	run_rb 0 export @last -o b.tar
	mv state hidden
	run_rb 0 verify b.tar
	run_rb 0 replay b.tar
	is "$(tar tf b.tar | grep -c journal.jsonl)" 2
}

@test "export: without a seal it is made, and verify says so; a living run is refused; damage, too" {
	slow_yml
	begin exec slow.yml
	until_ok started
	run_rb 1 export @last
	says 'is not over' err
	kill -KILL "$pid"
	touch go
	until_ok "$RB" export @last -o broken.tar
	run_rb 0 export @last -o broken.tar
	says 'has no seal' err
	run_rb 6 verify broken.tar
	says 'neither a seal nor a living runner' out
	book
	blob=$(ls -S "$dir/blobs/sha256" | head -n 1)
	cp "$dir/blobs/sha256/$blob" saved
	echo x >>"$dir/blobs/sha256/$blob"
	run_rb 6 export "$run" -o b.tar
	says 'not those that were stored' err
	[ ! -e b.tar ]
	cp saved "$dir/blobs/sha256/$blob"
	rm "$dir/blobs/sha256/$blob"
	run_rb 6 export "$run" -o b.tar
	cp saved "$dir/blobs/sha256/$blob"
	sed -i 5d "$dir/journal.jsonl"
	run_rb 6 export "$run" -o b.tar
	says 'is damaged' err
}

@test "export: no secret is in it, nor an answer's file that has one" {
	cat >secret.yml <<-'YML'
		runbook: 1
		name: secret
		roles: { lead: { who: [kim], notify: log } }
		channels: { log: { run: [true] } }
		secrets: { token: { env: TOKEN } }
		act:
		  - id: a
		    run: 'echo out $T; echo err $T >&2; seq 2000; echo end $T'
		    env: { T: "${{ secrets.token }}" }
		    rollback: []
		  - id: sure
		    checklist: [one, two]
		    timeout: 30s
	YML
	export TOKEN=geheim-0815-geheim
	begin exec secret.yml
	until_ok sh -c 'cat state/runs/*/journal.jsonl | grep -q \"question\"'
	run_rb 0 answer @last sure 1 --why "it was $TOKEN there"
	run_rb 0 answer @last sure 2 --why "all well"
	ends 0
	grep -rqF "$TOKEN" state/runs/*/answers
	run_rb 0 export @last -o b.tar
	lacks "$TOKEN" b.tar
	is "$(tar tf b.tar | grep -c answers/)" 1
	run_rb 0 verify b.tar
}

@test "bundle: every hostile one is refused, with a reason, and leaves nothing" {
	export TMPDIR=$PWD/tmp
	mkdir tmp
	book
	run_rb 0 export "$run" -o b.tar
	n=0
	for kind in $(python3 "$BUNDLE" kinds); do
		python3 "$BUNDLE" hostile b.tar bad.tar "$kind"
		run_rb 6 verify bad.tar || { echo "$kind"; return 1; }
		[ "$kind" = other-run ] || says 'is not a sound bundle' err || { echo "$kind"; return 1; }
		left_nothing || { echo "$kind"; return 1; }
		n=$((n + 1))
	done
	[ $n -ge 26 ]
	[ ! -e tmp/evil ] && [ ! -e evil ]
	# Cut off anywhere, and grown.
	size=$(stat -c %s b.tar)
	for at in 0 1 511 512 600 5000 $((size / 2)) $((size - 1024)) $((size - 1)); do
		head -c "$at" b.tar >bad.tar
		run_rb 6 verify bad.tar
	done
	left_nothing
}

@test "bundle: a flipped bit anywhere is seen" {
	export TMPDIR=$PWD
	book -i n=3
	run_rb 0 export "$run" -o b.tar
	size=$(stat -c %s b.tar)
	at=0 n=0
	while [ $at -lt "$size" ]; do
		python3 "$BUNDLE" flip b.tar bad.tar $at
		run_rb 6 verify bad.tar || { echo "byte $at"; return 1; }
		at=$((at + 97)) n=$((n + 1))
	done
	[ $n -gt 100 ]
	left_nothing
}

@test "statement: in-toto in DSSE, checked by ssh-keygen and python alone" {
	ssh-keygen -q -t ed25519 -N '' -f key -C ops
	echo "ops@example namespaces=\"runbook-statement,runbook-head\" $(cut -d' ' -f1,2 key.pub)" >signers
	book
	run_rb 2 export "$run" --statement
	says sign_key err
	export RUNBOOK_SIGN_KEY=$PWD/key
	book
	run_rb 0 export "$run" --statement -o s.json
	mkdir parts
	python3 "$BUNDLE" statement s.json parts
	ssh-keygen -Y verify -f signers -I ops@example -n runbook-statement -s parts/sig <parts/pae
	! ssh-keygen -Y verify -f signers -I ops@example -n runbook-head -s parts/sig <parts/pae || false
	is "$(jq -r ._type parts/payload)" https://in-toto.io/Statement/v1
	is "$(jq -r .predicateType parts/payload)" urn:runbook:run:v1
	is "$(jq -r '.subject[0].digest.sha256' parts/payload)" "$(sha256sum <"$dir/journal.jsonl" | cut -d' ' -f1)"
	is "$(jq -r '.subject[0].digest.runbookJournalV1' parts/payload)" "$(tail -n 1 "$dir/journal.jsonl" | jq -r .h)"
	is "$(jq -r '.subject[1].digest.sha256' parts/payload)" "$(sha256sum <"$dir/report.run.json" | cut -d' ' -f1)"
	is "$(jq -r '.subject[2].digest.sha256' parts/payload)" "$(sha256sum <book.yml | cut -d' ' -f1)"
	is "$(jq -r '.predicate.status + .predicate.runbook_version' parts/payload)" ok2.1.0
	is "$(jq -r '.predicate.records' parts/payload)" "$(wc -l <"$dir/journal.jsonl")"
	run_rb 0 export "$run" --statement
	cmp out s.json
}

@test "statement: in a bundle; a wrong one, a wrong key, a key that cannot sign" {
	ssh-keygen -q -t ed25519 -N '' -f key -C ops
	ssh-keygen -q -t ed25519 -N '' -f other -C other
	echo "ops@example $(cat key.pub)" >signers
	export RUNBOOK_SIGN_KEY=$PWD/key
	book
	run_rb 0 export "$run" -o b.tar
	tar xOf b.tar "$run/statement.dsse.json" >s.json
	run_rb 0 verify b.tar
	says 'statement.dsse.json: signature not checked' out
	export RUNBOOK_ALLOWED_SIGNERS=$PWD/signers
	run_rb 0 verify b.tar --require-signed
	says 'statement.dsse.json: signed by ops@example' out
	# The hint names the key, and says that nobody vouches for it.
	tar xOf b.tar "$run/signers.hint" >hint
	is "$(cut -d' ' -f3 hint)" "$(cut -d' ' -f2 key.pub)"
	RUNBOOK_ALLOWED_SIGNERS=$PWD/hint run_rb 0 verify b.tar
	says 'signed by key-in-this-bundle' out
	# Of another run; not an envelope; with a payload that somebody changed.
	tar xf b.tar
	mv "$run" copy
	run_rb 0 verify ./copy
	book
	run_rb 0 export "$run" --statement -o copy/statement.dsse.json
	run_rb 6 verify ./copy
	says 'does not say what the run gives' out
	echo '{}' >copy/statement.dsse.json
	run_rb 6 verify ./copy
	says 'no DSSE envelope' out
	jq -c '.payload |= (@base64d | sub("\"status\":\"ok\""; "\"status\":\"OK\"") | @base64)' s.json >copy/statement.dsse.json
	run_rb 6 verify ./copy
	jq -c '.payload |= (@base64d | sub("\"status\":\"ok\""; "\"status\":\"ok\"") | @base64) | .signatures[0].sig |= "AAAA"' s.json >copy/statement.dsse.json
	run_rb 0 verify ./copy
	says 'signature not checked' out
	export RUNBOOK_SIGN_KEY=$PWD/missing
	run_rb 1 export "$run" -o c.tar
	says 'was not signed with' err
	[ ! -e c.tar ]
}
