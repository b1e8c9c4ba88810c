#!/usr/bin/env bats
# modules: what the command line does with runbooks that use modules: plan, plan
# files, replay, rollback and resume with what the run has kept.
load setup

books() {
	mkdir -p steps
	cat >steps/make.yml <<-'X'
		runbook: 1
		inputs: { file: { type: string }, wait: { type: string, default: "0" } }
		files: [data.txt]
		steps:
		  - id: make
		    run: [cp, data.txt, "${{ inputs.file }}"]
		    timeout: 5s
		    rollback: [{ run: [rm, -f, "${{ inputs.file }}"], timeout: 5s }]
		  - id: wait
		    run: [sleep, "${{ inputs.wait }}"]
		    effect: read
		    idempotent: true
		outputs: { file: inputs.file }
	X
	echo data >steps/data.txt
	cat >book.yml <<-'X'
		runbook: 1
		name: book
		inputs: { dir: { type: string }, wait: { type: string, default: "0" }, fail: { type: bool, default: false } }
		act:
		  - id: one
		    uses: ./steps/make.yml
		    with: { file: "${{ inputs.dir }}/one" }
		  - id: two
		    uses: ./steps/make.yml
		    with: { file: "${{ inputs.dir }}/two", wait: "${{ inputs.wait }}" }
		test:
		  - guard: not inputs.fail and steps.two.file != ''
	X
}

@test "plan shows the steps of modules with what is known" {
	books
	run_rb 0 plan book.yml -i dir=/tmp/d
	[[ $stdout == *"uses ./steps/make.yml"*"cp data.txt /tmp/d/one"*"undo: rm -f /tmp/d/one"*"cp data.txt /tmp/d/two"* ]]
	[[ $stdout == *"ROLLBACK, last first"*"two/make"*"one/make"* ]]
	run_rb 0 plan book.yml -i dir=/tmp/d --output json
	[ "$(jq -r '.steps[] | select(.module) | .k' out | tr '\n' ' ')" = "act/one/make act/one/wait act/two/make act/two/wait " ]
}

@test "a saved plan is refused when a module or its file has changed" {
	books
	run_rb 0 plan book.yml -i dir="$PWD" -o saved.plan
	run_rb 0 exec saved.plan
	rm one two
	echo "# more" >>steps/make.yml
	run_rb 2 exec saved.plan
	[[ $stderr == *"refused"*"modules"* ]]
	sed -i '$d' steps/make.yml
	echo other >steps/data.txt
	run_rb 2 exec saved.plan
}

@test "a file that a module names must be there" {
	books
	rm steps/data.txt
	run_rb 2 exec book.yml -i dir="$PWD"
	[[ $stderr == *"steps/make.yml:3:9: files: data.txt"* ]]
	[ ! -e state/runs ] || [ -z "$(ls state/runs)" ]
}

@test "replay and rollback take the modules that the run has kept" {
	books
	run_rb 0 exec book.yml -i dir="$PWD"
	[ -e one ] && [ -e two ]
	jq -s -e '.[0].modules[0] | .name == "steps/make.yml" and (.files | length) == 1' state/runs/*/journal.jsonl
	rm steps/make.yml
	run_rb 0 replay @last
	[[ $stdout == *identical* ]]
	run_rb 0 rollback @last --yes --why test
	[ ! -e one ] && [ ! -e two ]
	run_rb 0 replay @last
}

@test "a run that was killed inside of a module goes on there" {
	books
	begin exec book.yml -i dir="$PWD" -i wait=1.5
	until_ok sh -c 'grep -q "\"step.intent\",\"k\":\"act/two/wait\"" state/runs/*/journal.jsonl'
	kill -KILL "$pid"
	wait "$pid" || true
	mv steps/make.yml away.yml
	run_rb 0 resume @last --yes
	[[ $stderr == *"act/two/wait"* ]]
	run_rb 0 replay @last
	[[ $stdout == *identical* ]]
}

# A module whose undo is a file beside it: undo.sh WHAT.
undo_books() {
	mkdir -p steps
	cat >steps/make.yml <<-'X'
		runbook: 1
		inputs: { file: { type: string }, go: { type: string, default: /dev/null } }
		files: [bin/undo.sh, text]
		steps:
		  - id: make
		    run: [touch, "${{ inputs.file }}"]
		    timeout: 5s
		    rollback: [{ run: [bin/undo.sh, "${{ inputs.file }}"], timeout: 5s }]
		  - id: wait
		    run: 'until [ -e "$1" ]; do sleep 0.02; done'
		    env: { GO: "${{ inputs.go }}" }
		    timeout: 20s
		    effect: read
		    idempotent: true
	X
	sed -i "s/\"\$1\"/\"\$GO\"/" steps/make.yml
	mkdir -p steps/bin
	printf '#!/bin/sh\nrm "$1"; cat text >>"$1.undone"\n' >steps/bin/undo.sh
	chmod +x steps/bin/undo.sh
	echo ours >steps/text
	cat >book.yml <<-'X'
		runbook: 1
		name: book
		inputs: { dir: { type: string }, go: { type: string, default: /dev/null }, then: { type: string, default: "true" } }
		act:
		  - id: one
		    uses: ./steps/make.yml
		    with: { file: "${{ inputs.dir }}/one", go: "${{ inputs.go }}" }
		  - id: two
		    run: [sh, -c, "${{ inputs.then }}"]
		    timeout: 5s
		    effect: read
	X
}

@test "files of a module are those of the run: undone with the recorded bytes" {
	undo_books
	for change in 'echo theirs >steps/text' 'rm steps/text' 'echo exit 1 >steps/bin/undo.sh' 'rm -r steps' 'mv steps/text steps/t; mkdir steps/text'; do
		rm -rf state steps one.undone
		undo_books
		run_rb 0 exec book.yml -i dir="$PWD"
		eval "$change"
		run_rb 0 rollback @last --yes --why test
		says 'the copies that the run kept are used' err
		[ ! -e one ]
		is "$(cat one.undone)" ours
		run_rb 0 replay @last
		says identical out
		run_rb 0 verify @last
	done
	# nothing has changed: nothing is said
	rm -rf state steps
	undo_books
	run_rb 0 exec book.yml -i dir="$PWD"
	run_rb 0 rollback @last --yes --why test
	says_not 'copies that the run kept' err
}

@test "files of a module are those of the run: a killed run goes back and on with them, twice" {
	undo_books
	begin exec book.yml -i dir="$PWD" -i go="$PWD/go" -i then=false
	until_ok sh -c 'grep -q "\"step.intent\",\"k\":\"act/one/wait\"" state/runs/*/journal.jsonl'
	kill -KILL "$pid"
	wait "$pid" || true
	echo theirs >steps/text
	# another runner takes over, waits in the module, and is killed, too
	begin resume @last --yes --kill
	until_ok grep -q '"epoch.open"' state/runs/*/journal.jsonl
	kill -KILL "$pid"
	wait "$pid" || true
	holds 'map(select(.t == "epoch.open")) | .[0].dirs["steps/make.yml"] | endswith("/files.1")'
	undo_books # as it was again
	touch go
	run_rb 3 resume @last --yes --kill
	[ ! -e one ]
	is "$(cat one.undone)" ours
	holds 'map(select(.t == "epoch.open")) | .[1] | has("dirs") | not'
	run_rb 0 replay @last
	says identical out
}

@test "what is left of a module names the folder where its files are" {
	command -v git >/dev/null || skip "no git here"
	undo_books
	echo 'exit 1' >steps/bin/undo.sh
	run_rb 0 exec book.yml -i dir="$PWD"
	rm -r steps
	run_rb 4 rollback @last --yes --why test
	says '/files.1 && bin/undo.sh' err
	run_rb 0 replay @last
	says identical out
	# of a commit
	undo_books
	echo 'exit 1' >steps/bin/undo.sh
	git init -q .
	git add book.yml steps
	git -c user.name=t -c user.email=t@example.org commit -qm one
	git tag v1
	run_rb 4 exec book.yml@v1 -i dir="$PWD" -i then=false
	says '/files.1 && bin/undo.sh' err
	run_rb 0 replay @last
	says identical out
}

@test "check reports mistakes in modules once, with their place, and warnings of our own" {
	books
	sed -i 's/    timeout: 5s$//' steps/make.yml
	run_rb 0 check book.yml
	[ "$(grep -c 'warning\[RB502\]' err)" = 1 ]
	grep -q 'steps/make.yml:6' err
	sed -i 's/type: string }, wait/type: strin }, wait/' steps/make.yml
	run_rb 2 check book.yml
	[ "$(grep -c 'error\[RB104\]' err)" = 1 ]
}

@test "a runbook at a tag uses the modules and files of its commit" {
	command -v git >/dev/null || skip "no git here"
	books
	git init -q .
	git add book.yml steps
	git -c user.name=t -c user.email=t@example.org commit -qm one
	git tag v1.0.0
	echo changed >steps/data.txt
	rm steps/make.yml
	run_rb 0 exec book.yml@v1.0.0 -i dir="$PWD"
	[ "$(cat one)" = data ]
	run_rb 0 replay @last
	run_rb 0 rollback @last --yes --why test
	[ ! -e one ] && [ ! -e two ]
	run_rb 2 exec book.yml -i dir="$PWD"
	[[ $stderr == *"error[RB420]"* ]]
}

@test "a module of another repository is named by its commit" {
	command -v git >/dev/null || skip "no git here"
	mkdir -p other/lib
	cat >other/outer.yml <<-'X'
		runbook: 1
		inputs: { file: { type: string } }
		files: [lib/data.txt]
		steps:
		  - id: in
		    uses: ./lib/inner.yml
		    with: { file: "${{ inputs.file }}", data: v1 }
		  - run: [test, -s, lib/data.txt]
		    effect: read
		outputs: { said: steps.in.said }
	X
	cat >other/lib/inner.yml <<-'X'
		runbook: 1
		inputs: { file: { type: string }, data: { type: string } }
		steps:
		  - id: w
		    run: |
		      echo ${{ inputs.data }} >${{ inputs.file }}
		      echo done
		    timeout: 5s
		    capture: { said: out }
		    rollback: [{ run: [rm, -f, "${{ inputs.file }}"], timeout: 5s }]
		outputs: { said: steps.w.said }
	X
	echo data >other/lib/data.txt
	git init -q other
	git -C other add .
	git -C other -c user.name=t -c user.email=t@example.org commit -qm one
	git -C other tag v1.0.0
	commit=$(git -C other rev-parse HEAD)
	sed -i 's/echo done/echo tampered/' other/lib/inner.yml
	git -C other -c user.name=t -c user.email=t@example.org commit -qam two
	git -C other tag -f v1.0.0 >/dev/null
	cat >book.yml <<-X
		runbook: 1
		name: book
		act:
		  - id: m
		    uses: git+file://$PWD/other//outer.yml@$commit
		    with: { file: $PWD/made }
		test:
		  - guard: steps.m.said == 'done'
	X
	run_rb 0 check book.yml
	run_rb 0 exec book.yml
	[ "$(cat made)" = v1 ]
	jq -s -e --arg c "$commit" '.[0].modules | map(.name) | index("git+file://" + env.PWD + "/other//lib/inner.yml@" + $c)' state/runs/*/journal.jsonl
	rm -rf other
	run_rb 0 replay @last
	run_rb 0 rollback @last --yes --why test
	[ ! -e made ]
	run_rb 2 exec book.yml
	[[ $stderr == *"error[RB40"* ]]
}

@test "a module above its repository, and one of a commit that is not there" {
	command -v git >/dev/null || skip "no git here"
	mkdir other
	printf 'runbook: 1\nsteps:\n  - uses: ../../etc/passwd\n' >other/up.yml
	git init -q other
	git -C other add .
	git -C other -c user.name=t -c user.email=t@example.org commit -qm one
	printf 'runbook: 1\npreflight:\n  - uses: git+file://%s/other//up.yml@%s\n' "$PWD" "$(git -C other rev-parse HEAD)" >book.yml
	run_rb 2 check book.yml
	[[ $stderr == *"error[RB422]"*"up.yml@"* ]]
	printf 'runbook: 1\npreflight:\n  - uses: git+file://%s/other//up.yml@%040d\n' "$PWD" 7 >book.yml
	run_rb 2 check book.yml
	[[ $stderr == *"error[RB402]"* ]]
}
