load repository
load servers

# module DIR VERSION [USES...]: a release of DIR/mod.yml that says its version, after it has used others.
module() {
	local dir=$1 version=$2
	shift 2
	[ -d "$dir" ] || git init -q -b main "$dir"
	{
		printf 'runbook: 1\nfiles: [bin/say.sh]\nsteps:\n'
		for use in "$@"; do
			printf '  - uses: %s\n' "$use"
		done
		printf '  - id: say\n    run: [bin/say.sh, "%s %s"]\n    effect: read\n    capture: { said: out }\n' "$dir" "$version"
		printf 'outputs: { said: steps.say.said }\n'
	} >"$dir/mod.yml"
	mkdir -p "$dir/bin"
	printf '#!/bin/sh\necho "$1"\n' >"$dir/bin/say.sh"
	chmod +x "$dir/bin/say.sh"
	git -C "$dir" add -A
	git -C "$dir" commit -q --allow-empty -m "$version"
	git -C "$dir" tag -a -m "$version" "$version"
}

at() { echo "git+file://$PWD/$1//mod.yml"; }

# app USES...: book.yml
app() {
	printf 'runbook: 1\nname: book\npreflight:\n' >book.yml
	for use in "$@"; do
		printf '  - uses: %s\n' "$use" >>book.yml
	done
}

locked() { sed -n "s|^git+[^ ]*/$1//mod.yml \([^ ]*\) commit=.*|\1|p" runbook.lock | tr '\n' ' '; }

# The digest that docs/versions.md describes, of what git has at a version.
digest() { # DIR VERSION PATH...
	local dir=$1 version=$2
	shift 2
	for path in "$@"; do
		printf '%s %s %s\n' "$(git -C "$dir" ls-tree "$version" "$path" | cut -d' ' -f1)" \
			"$(git -C "$dir" show "$version:$path" | sha256sum | cut -d' ' -f1)" "$path"
	done | sha256sum | cut -d' ' -f1
}

@test "update writes one sorted line for each module; without it nothing runs" {
	module b v1.2.0
	module a v1.0.0 "$(at b)@v1.2"
	app "$(at b)@v1" "$(at a)@v1.0"
	for command in check plan exec; do
		run_rb 2 "$command" book.yml
		says 'error[RB434]' err
		says 'runbook mod update' err
	done
	[ ! -e state/runs ]
	run_rb 0 mod update
	says "+ $(at a) v1.0.0" out
	says '2 modules in runbook.lock' out
	cat >want <<-EOF
		# runbook.lock 1
		$(at a) v1.0.0 commit=$(git -C a rev-parse 'v1.0.0^{commit}') tree=sha256:$(digest a v1.0.0 bin/say.sh mod.yml)
		$(at b) v1.2.0 commit=$(git -C b rev-parse 'v1.2.0^{commit}') tree=sha256:$(digest b v1.2.0 bin/say.sh mod.yml)
	EOF
	cmp want runbook.lock
	run_rb 0 check book.yml
	run_rb 0 plan book.yml
	run_rb 0 exec book.yml
	says 'b v1.2.0' err
	is "$(source_of .source.modules_lock)" "$(sha256sum <runbook.lock | cut -d' ' -f1)"
	is "$(source_of '[.modules[] | select(.name | startswith("git+")) | .name + " " + .commit + " " + (.tree // "")] | sort | join(";")')" \
		"$(at a)@v1.0.0 $(git -C a rev-parse 'v1.0.0^{commit}') sha256:$(digest a v1.0.0 bin/say.sh mod.yml);$(at b)@v1.2.0 $(git -C b rev-parse 'v1.2.0^{commit}') sha256:$(digest b v1.2.0 bin/say.sh mod.yml)"
	run_rb 0 replay @last
	# the same again writes nothing
	touch -d 2001-01-01 runbook.lock
	run_rb 0 mod update book.yml
	is "$(stat -c %Y runbook.lock)" "$(date -d 2001-01-01 +%s)"
	app "$(at b)@v1.2"
	run_rb 0 mod update
	says "- $(at a) v1.0.0" out
	is "$(locked a)$(locked b)" "v1.2.0 "
}

@test "of each module and major version the highest that anything asks for, whatever the order" {
	for n in 0 1 2 3 9; do
		module c "v1.$n.0"
	done
	module c v1.2.1
	module c v2.0.0
	module c v1.9.1-rc.1
	module b v1.0.0 "$(at c)@v1.1"
	module b v1.1.0 "$(at c)@v1.3"
	module a v1.0.0 "$(at b)@v1.0" "$(at c)@v1.2"
	module d v1.0.0 "$(at b)@v1.1.0" "$(at c)@v2"
	app "$(at a)@v1"
	run_rb 0 mod update
	is "$(locked b)" 'v1.0.0 '
	is "$(locked c)" 'v1.2.0 '
	app "$(at a)@v1" "$(at d)@v1"
	run_rb 0 mod update
	cp runbook.lock one
	is "$(locked b)" 'v1.1.0 '
	is "$(locked c)" 'v1.3.0 v2.0.0 '
	app "$(at d)@v1" "$(at a)@v1"
	run_rb 0 mod update
	cmp one runbook.lock
	run_rb 0 exec book.yml
	says 'c v1.3.0' err
	says 'c v2.0.0' err
	says_not 'c v1.2.0' err
	run_rb 0 mod why "$(at c)"
	says "git+file://$PWD/b//mod.yml@v1.1.0:4 asks for v1.3, used by git+file://$PWD/d//mod.yml@v1.0.0:4, used by book.yml:4" out
	says "asks for v1.2, used by book.yml:5" out
	# a release that is not there yet: the next one stands for it; a pre-release only by its name
	app "$(at c)@v1.4"
	run_rb 0 mod update
	is "$(locked c)" 'v1.9.0 '
	app "$(at c)@v1.9.1-rc.1"
	run_rb 0 mod update
	is "$(locked c)" 'v1.9.1-rc.1 '
	app "$(at c)@v3"
	run_rb 2 mod update
	says "book.yml:4: error[RB402]" err
	is "$(locked c)" 'v1.9.1-rc.1 '
}

@test "all runbooks of a folder share its lock; several runbooks of one repository have versions of their own" {
	module a v1.0.0
	module a kis/v1.5.0
	app "$(at a)@v1"
	mv book.yml one.yml
	mkdir lib
	printf 'runbook: 1\nsteps:\n  - uses: %s@kis/v1.2\n' "$(at a)" >lib/local.yml
	printf 'runbook: 1\nname: two\npreflight:\n  - uses: ./lib/local.yml\n' >two.yml
	echo 'some: other file' >values.yml
	run_rb 0 mod update one.yml
	is "$(locked a)" 'v1.0.0 kis/v1.5.0 '
	run_rb 0 exec one.yml
	says 'a v1.0.0' err
	run_rb 0 exec two.yml
	says 'a kis/v1.5.0' err
	run_rb 0 mod list --output json
	is "$(jq -r 'map(.version + " " + .from) | join(";")' out)" 'v1.0.0 repository;kis/v1.5.0 repository'
	run_rb 0 mod list "$PWD"
	says "$(at a) v1.0.0 $(git -C a rev-parse --short=12 'v1.0.0^{commit}') repository" out
}

@test "a tag that was moved after locking is refused by everything" {
	module a v1.0.0
	app "$(at a)@v1"
	run_rb 0 mod update
	was=$(git -C a rev-parse 'v1.0.0^{commit}')
	echo 'echo evil' >>a/bin/say.sh
	git -C a commit -qam evil
	git -C a tag -f v1.0.0 2>/dev/null >&2
	for command in check plan exec; do
		run_rb 2 "$command" book.yml
		says 'error[RB410]' err
		says "$was" err
	done
	run_rb 2 mod verify
	says 'RB410' err
	cp runbook.lock before
	run_rb 2 mod update
	says 'runbook.lock:2: error[RB410]' err
	cmp before runbook.lock
	git -C a tag -d v1.0.0 >/dev/null
	run_rb 2 exec book.yml
	says 'it is gone' err
	git -C a tag v1.0.0 "$was"
	run_rb 0 exec book.yml
	sed -i 2d runbook.lock
	git -C a tag -f v1.0.0 main >/dev/null
	run_rb 0 mod update
	run_rb 0 exec book.yml
	says evil err
	# bytes of another digest, whatever the commit says
	sed -i 's/tree=sha256:..../tree=sha256:0000/' runbook.lock
	run_rb 2 exec book.yml
	says 'error[RB435]' err
	run_rb 2 mod verify
	says 'RB435' err
}

@test "the vendor folder: no repository is needed, and every changed byte is refused" {
	module b v1.0.0
	module a v1.0.0 "$(at b)@v1"
	app "$(at a)@v1"
	run_rb 0 mod update
	run_rb 0 mod vendor
	says '2 modules in runbook.vendor' out
	mv a a.away
	mv b b.away
	run_rb 0 exec book.yml
	says 'a v1.0.0' err
	says 'b v1.0.0' err
	run_rb 0 mod list
	is "$(grep -c vendored out)" 2
	run_rb 0 replay @last
	at=runbook.vendor/file$PWD/a@v1.0.0
	cp -a runbook.vendor good
	for change in "echo '# x' >>$at/mod.yml" "echo '# x' >>$at/bin/say.sh" "chmod -x $at/bin/say.sh" "rm $at/bin/say.sh"; do
		eval "$change"
		run_rb 2 exec book.yml
		grep -q 'error\[RB435\]\|error\[RB405\]' err
		rm -rf runbook.vendor
		cp -a good runbook.vendor
	done
	run_rb 0 exec book.yml
	rm -r runbook.vendor
	run_rb 2 exec book.yml
	mv a.away a
	mv b.away b
	mkdir -p runbook.vendor/old
	run_rb 0 mod vendor
	[ ! -e runbook.vendor/old ] && [ ! -e runbook.vendor.new ]
	diff -r good runbook.vendor
	# a runbook at a version takes lock and vendor folder of its commit
	git init -q -b main .
	git add book.yml runbook.lock runbook.vendor
	git commit -qm one
	git tag v7
	rm -rf runbook.vendor runbook.lock a b
	run_rb 0 exec book.yml@v7
	says 'b v1.0.0' err
	is "$(source_of .source.modules_lock)" "$(git show v7:runbook.lock | sha256sum | cut -d' ' -f1)"
}

@test "a merge of two updates works, or conflicts on the line of that module" {
	for name in a b c d e f g; do
		module $name v1.0.0
		module $name v1.1.0
		module $name v1.2.0
	done
	books() { # VERSIONS of a to g, "-": not used
		local n=0
		for name in a b c d e f g; do
			n=$((n + 1))
			[ "${!n}" = - ] || printf 'runbook: 1\nname: %s\npreflight:\n  - uses: %s@v%s\n' $name "$(at $name)" "${!n}" >$name.yml
		done
	}
	printf '%s\n' a/ b/ c/ d/ e/ f/ g/ state locks out err .gitignore want good >.gitignore
	git init -q -b main .
	update() { run_rb 0 mod update && git add ./*.yml runbook.lock && git commit -qm "$1"; }
	books 1.0 - 1.0 1.0 - 1.0 1.0
	update base
	git checkout -q -b left
	books 1.1 - 1.0 1.0 - 1.0 1.0
	update left
	git checkout -q -b right main
	books 1.0 - 1.0 1.0 - 1.0 1.1
	update right
	# one module each: it works, and what comes of it is what an update would write
	git checkout -q left
	git merge -q -m merge right
	is "$(locked a)$(locked g)$(locked c)" 'v1.1.0 v1.1.0 v1.0.0 '
	run_rb 0 mod verify
	cp runbook.lock want
	run_rb 0 mod update
	cmp want runbook.lock
	run_rb 0 exec a.yml
	# a new module each
	git checkout -q -b left2 main
	books 1.0 1.0 1.0 1.0 - 1.0 1.0
	update left2
	git checkout -q -b right2 main
	books 1.0 - 1.0 1.0 1.0 1.0 1.0
	update right2
	git merge -q -m merge left2
	run_rb 0 mod verify
	# the same module: the conflict is that one line
	git checkout -q -b left3 main
	sed -i 's/@v1.0/@v1.1/' d.yml
	update left3
	git checkout -q -b right3 main
	printf 'runbook: 1\nname: d2\npreflight:\n  - uses: %s@v1.2\n' "$(at d)" >d2.yml
	update right3
	run git merge -q -m merge left3
	[ "$status" -ne 0 ]
	is "$(git diff --name-only --diff-filter=U)" runbook.lock
	is "$(sed -n '/^<<<<<<</,/^>>>>>>>/p' runbook.lock | grep -c '^git+')" 2
	is "$(sed -n '/^<<<<<<</,/^>>>>>>>/p' runbook.lock | grep -c '/d//mod.yml')" 2
	run_rb 2 exec d.yml
	says 'error[RB436]' err
	says 'a merge has left a conflict here' err
	# both lines kept by hand
	sed -i '/^[<=>]/d' runbook.lock
	run_rb 2 exec d.yml
	says 'error[RB436]' err
	run_rb 0 mod update
	is "$(locked d)" 'v1.2.0 '
	run_rb 0 exec d.yml
	# the lower line kept by hand: what needs more says so
	sed -i "s|.*/d//mod.yml .*|$(git show main:runbook.lock | grep '/d//mod.yml')|" runbook.lock
	run_rb 2 exec d2.yml
	says 'error[RB435]' err
}

@test "verify finds lines that nothing uses; --require-clean looks at the lock, too" {
	module a v1.0.0
	app "$(at a)@v1"
	printf 'a/\nstate/\nlocks/\nout\nerr\n' >.gitignore
	git init -q -b main .
	run_rb 0 mod update
	git add .
	git commit -qm one
	run_rb 0 exec book.yml --require-clean
	run_rb 0 mod verify
	says '1 module as locked' out
	sed -n 's/mod.yml/other.yml/;2p' runbook.lock >>runbook.lock
	run_rb 2 mod verify
	says 'runbook.lock:3: nothing uses this module' err
	run_rb 2 exec book.yml --require-clean
	says 'RB411' err
	says 'runbook.lock' err
	run_rb 0 exec book.yml
	is "$(source_of '.source.changed | map(.path) | join(" ")')" runbook.lock
	run_rb 1 mod why "$(at none)"
	run_rb 2 mod
	run_rb 2 mod tidy
	run_rb 2 mod update nowhere
}

@test "what cannot be locked: branches, other tags, cycles, two tags for one version, files above the root" {
	module a v1.0.0
	git -C a tag stable
	for version in main stable; do
		app "$(at a)@$version"
		run_rb 2 mod update
		says 'book.yml:4: error[RB432]' err
		run_rb 2 check book.yml
		says 'error[RB432]' err
	done
	module x v1.0.0 "$(at y)@v1"
	module y v1.0.0 "$(at x)@v1"
	app "$(at x)@v1"
	run_rb 0 mod update
	run_rb 2 check book.yml
	says 'error[RB423]' err
	git -C a commit -q --allow-empty -m twin
	git -C a tag 1.0.0
	app "$(at a)@v1"
	run_rb 2 mod update
	says 'error[RB414]' err
	module up v1.0.0 ../up.yml
	app "$(at up)@v1"
	run_rb 0 mod update
	run_rb 2 check book.yml
	says 'error[RB422]' err
	# a policy that allows other sources only
	module p v1.0.0
	app "$(at p)@v1"
	printf 'sources: ["%s/*", "git+https://*"]\n' "$PWD" >policy.yml
	RUNBOOK_POLICY=$PWD/policy.yml run_rb 2 mod update
	says 'RB413' err
	run_rb 0 mod update
	RUNBOOK_POLICY=$PWD/policy.yml run_rb 2 exec book.yml
	says 'RB413' err
	run_rb 0 mod vendor
	RUNBOOK_POLICY=$PWD/policy.yml run_rb 2 exec book.yml
	says 'RB413' err
	run_rb 0 exec book.yml
}

@test "a module under attack: links, submodules, names that fold, tags with control characters" {
	module a v1.0.0
	ln -s /etc/passwd a/data
	sed -i 's,bin/say.sh\],bin/say.sh\, data],' a/mod.yml
	git -C a add -A
	git -C a commit -qm link
	git -C a tag v1.1.0
	app "$(at a)@v1.1"
	run_rb 2 mod update
	says 'RB406' err
	[ ! -e runbook.lock ]
	git -C a rm -q --cached data
	git -C a update-index --add --cacheinfo "160000,$(git -C a rev-parse HEAD),data"
	git -C a commit -qm submodule
	git -C a tag v1.2.0
	app "$(at a)@v1.2"
	run_rb 2 mod update
	says 'RB406' err
	git -C a rm -q --cached data
	for name in data Data; do
		git -C a update-index --add --cacheinfo "100644,$(git -C a hash-object -w mod.yml),$name"
	done
	sed -i 's/, data\]/, data, Data]/' a/mod.yml
	git -C a add mod.yml
	git -C a commit -qm folds
	git -C a tag v1.3.0
	app "$(at a)@v1.3"
	run_rb 2 mod update
	says 'in the case of letters only' err
	git -C a checkout -q -f v1.0.0
	echo "$(git -C a rev-parse HEAD) refs/tags/v1.4.0$(printf '\033')[31m" >>a/.git/packed-refs
	app "$(at a)@v1.0"
	run_rb 0 mod update
	is "$(locked a)" 'v1.0.0 '
	lacks '\033' runbook.lock
	# objects of another repository do not count
	mkdir -p a/.git/objects/info
	git clone -q a thief
	module thief v5.0.0
	echo "$PWD/thief/.git/objects" >a/.git/objects/info/alternates
	app "$(at a)@$(git -C thief rev-parse HEAD)"
	run_rb 2 check book.yml
	says 'error[RB40' err
}

@test "https: what was locked runs from the cache; a cold cache refuses a moved tag" {
	PATH=$PATH:/usr/sbin
	for program in nginx fcgiwrap openssl python3; do
		command -v $program >/dev/null || skip "no $program"
	done
	mkdir srv
	module w v1.0.0
	module w v1.1.0
	git clone -q --bare w srv/w.git
	https_server
	at() { echo "git+https://localhost:$https/$1.git//mod.yml"; }
	app "$(at w)@v1.0"
	run_rb 0 mod update
	run_rb 0 exec book.yml
	says 'w v1.0.0' err
	run_rb 0 mod list
	says ' cache' out
	run_rb 0 mod verify
	# nobody is asked for a commit that is there
	: >access.log
	run_rb 0 exec book.yml
	[ ! -s access.log ]
	git -C srv/w.git tag -f v1.0.0 v1.1.0 >/dev/null
	run_rb 0 exec book.yml # its bytes are known; the tag does not count
	says 'w v1.0.0' err
	run_rb 2 mod verify
	says 'RB410' err
	mv .cache away
	run_rb 2 exec book.yml
	says 'error[RB410]' err
	rm -rf .cache
	mv away .cache
	kill "$(cat nginx.pid)"
	until_ok test ! -e nginx.pid
	run_rb 0 exec book.yml
	run_rb 0 exec book.yml --offline
	run_rb 0 mod vendor --offline
	rm -rf .cache
	run_rb 0 exec book.yml
	run_rb 0 mod list --offline
	says ' vendored' out
	rm -rf runbook.vendor
	run_rb 2 exec book.yml
	says 'error[RB409]' err
}

@test "files and modules of a locked module are undone with the bytes that ran" {
	git init -q -b main m
	cat >m/mod.yml <<-'X'
		runbook: 1
		inputs: { to: { type: string } }
		files: [undo.sh]
		steps:
		  - id: make
		    run: [touch, "${{ inputs.to }}"]
		    timeout: 5s
		    rollback: [{ run: [sh, undo.sh, "${{ inputs.to }}"], timeout: 5s }]
	X
	echo 'rm "$1"; echo v1 >>"$1.undone"' >m/undo.sh
	git -C m add -A
	git -C m commit -qm one
	git -C m tag v1.0.0
	printf 'runbook: 1\nname: b\nact:\n  - uses: %s@v1\n    with: { to: "%s/made" }\ntest:\n  - guard: true\n' "$(at m)" "$PWD" >book.yml
	run_rb 0 mod update
	run_rb 0 exec book.yml
	[ -e made ]
	rm -rf m runbook.lock
	run_rb 0 rollback @last --yes --why test
	[ ! -e made ]
	is "$(cat made.undone)" v1
}
