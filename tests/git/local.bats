load repository

@test "every form: the commit shown, the bytes run and git show agree" {
	repository w
	git clone -q --bare w b.git
	git clone -q --bare w packed.git
	git -C packed.git gc -q
	git -C w worktree add -q ../linked v1.4.0
	one=$(git -C w rev-parse v1.4.0)
	for at in w linked b.git packed.git; do
		while read -r version rev tag; do
			run_rb 0 exec "$at/kis/deploy.yml@$version"
			ran w "$rev" kis/deploy.yml
			is "$(source_of '.source.tag // ""')" "$tag"
			run_rb 0 exec "git+file://$PWD/$at//kis/deploy.yml@$version"
			ran w "$rev" kis/deploy.yml
		done <<-EOF
			v1.4.0 v1.4.0 v1.4.0
			1.4 v1.4.1 v1.4.1
			1 v1.5.0 v1.5.0
			kis/2.0 v1.4.0 kis/v2.0.0
			$one v1.4.0
		EOF
	done
	run_rb 0 exec w/kis/deploy.yml@1.4
	is "$(source_of .source.tag_object)" "$(git -C w rev-parse v1.4.1)"
}

@test "over generated repositories all forms agree with git" {
	seed=7
	for round in 1 2 3 4; do
		rm -rf g state
		git init -q -b main g
		for n in 1 2 3 4 5 6 7 8; do
			seed=$(((seed * 1103515245 + 12345) % 2147483648))
			dir=$(printf 'd%d/e%d' $((seed / 7 % 3)) $((seed / 11 % 3)))
			mkdir -p "g/$dir"
			book "round $round commit $n" >"g/$dir/run.yml"
			git -C g add -A
			git -C g commit -qm "$n"
			[ $((seed / 13 % 2)) = 0 ] && flag='-a -m x' || flag=
			git -C g tag $flag "v$((seed / 17 % 2)).$((seed / 19 % 4)).$n"
			[ $((seed / 23 % 3)) != 0 ] || git -C g gc -q
		done
		for tag in $(git -C g tag); do
			for path in $(git -C g ls-tree -r --name-only "$tag"); do
				run_rb 0 exec "g/$path@$tag" --dry-run
				ran g "$tag" "$path"
			done
		done
		git -C g tag | sed 's/^v\([0-9]*\.[0-9]*\).*/\1/' | sort -u | while read -r minor; do
			best=$(git -C g tag -l "v$minor.*" | sort -V | tail -n 1)
			path=$(git -C g ls-tree -r --name-only "$best" | head -n 1)
			run_rb 0 exec "g/$path@$minor" --dry-run
			ran g "$best" "$path"
			is "$(source_of .source.tag)" "$best"
		done
	done
}

@test "a file of that very name wins; without a version the file itself runs" {
	repository w
	cd w/kis
	book 'at file' >deploy.yml@v1.4.0
	run_rb 0 exec deploy.yml@v1.4.0
	says 'at file' err
	is "$(source_of '.source.blob // "none"')" none
	run_rb 0 exec deploy.yml@v1.4.1
	says 'v1.4.1' err
}

@test "a file that is checked out no more, and from another folder" {
	repository w
	git -C w rm -q -r kis
	git -C w commit -qm gone
	run_rb 0 exec w/kis/deploy.yml@v1.4.0
	ran w v1.4.0 kis/deploy.yml
	mkdir -p w/other
	cd w/other
	run_rb 0 exec ../kis/deploy.yml@v1.4.0
	ran .. v1.4.0 kis/deploy.yml
}

@test "provenance of a file: commit, dirty, the differing bytes" {
	repository w
	run_rb 0 exec w/kis/deploy.yml
	is "$(source_of .source.dirty)" false
	ran w main kis/deploy.yml
	book changed >w/kis/deploy.yml
	run_rb 0 exec w/kis/deploy.yml
	is "$(source_of .source.dirty)" true
	is "$(source_of .source.commit)" "$(git -C w rev-parse main)"
	is "$(source_of '.source.changed[0].path')" kis/deploy.yml
	is "$(source_of '.source.changed[0].sha256')" "$(sha256sum <w/kis/deploy.yml | cut -d' ' -f1)"
	"$RB" show @last --source | cmp - w/kis/deploy.yml
	says 'with changes that are not committed' err
	book new >w/new.yml
	run_rb 0 exec w/new.yml
	is "$(source_of '.source | [.dirty, .blob // "none"] | @csv')" 'true,"none"'
	cp w/new.yml outside.yml
	run_rb 0 exec outside.yml
	is "$(source_of '.source | keys | @csv')" '"text"'
	"$RB" exec - <w/new.yml
	is "$(source_of '.source | keys | @csv')" '"text"'
}

@test "files: come from the same commit and are where the children run" {
	repository w
	cat >w/kis/deploy.yml <<-'EOF'
		runbook: 1
		name: files
		files: [scripts/go.sh, ./data.txt]
		preflight:
		  - run: ./scripts/go.sh; cat data.txt
		    effect: read
	EOF
	echo committed >w/kis/data.txt
	git -C w add -A
	git -C w commit -qm files
	git -C w tag v3.0.0
	echo dirty >w/kis/data.txt
	rm -rf w/kis/scripts
	run_rb 0 exec w/kis/deploy.yml@v3.0.0
	says 'script v1.5.0' err
	says 'committed' err
	dir=$(source_of .dir)
	is "$dir" "$(echo "$RUNBOOK_STATE"/runs/*)/files"
	is "$(cat "$dir/data.txt")" committed
	is "$(source_of '.files | map([.path, .program // false] | @csv) | join(" ")')" '"scripts/go.sh",true "./data.txt",false'
	is "$(find "$RUNBOOK_STATE" -perm /077)" ""
	# a file that this commit has not is found before anything runs
	git -C w rm -q -r --cached kis/data.txt
	git -C w commit -qm 'without data'
	git -C w tag v3.0.1
	run_rb 2 exec w/kis/deploy.yml@v3.0.1
	says 'w/kis/deploy.yml@v3.0.1:3:24: files: ./data.txt: there is no `kis/data.txt`' err
	is "$(ls "$RUNBOOK_STATE/runs" | wc -l)" 1
}

@test "--moving: a branch, and the commit it stood for" {
	repository w
	run_rb 2 exec w/kis/deploy.yml@main
	says 'RB403' err
	run_rb 0 exec w/kis/deploy.yml@main --moving
	ran w main kis/deploy.yml
	is "$(source_of .source.branch)" main
	run_rb 0 check w/kis/deploy.yml@main --moving
	run_rb 0 plan w/kis/deploy.yml@main --moving
}

@test "--require-clean, and the policy that makes it the rule" {
	repository w
	cp w/kis/deploy.yml outside.yml
	run_rb 0 exec w/kis/deploy.yml --require-clean
	run_rb 0 exec w/kis/deploy.yml@v1.4.0 --require-clean
	run_rb 2 exec outside.yml --require-clean
	says 'it is in no git repository' err
	book changed >w/kis/deploy.yml
	run_rb 2 exec w/kis/deploy.yml --require-clean
	says 'RB411' err
	"$RB" exec - --require-clean <w/kis/deploy.yml 2>err && return 1
	says 'it is in no git repository' err
	echo 'require_clean: true' >policy.yml
	RUNBOOK_POLICY=$PWD/policy.yml run_rb 2 exec w/kis/deploy.yml
	says 'RB411' err
	echo 'require_clean: false' >policy.yml
	RUNBOOK_POLICY=$PWD/policy.yml run_rb 2 exec w/kis/deploy.yml --require-clean
	RUNBOOK_POLICY=$PWD/policy.yml run_rb 0 exec w/kis/deploy.yml
}

@test "--require-clean: modules above the runbook's folder and beside it, and their files" {
	mkdir -p top/ops/deploy top/lib/health top/ops/other
	git init -q -b main top
	printf 'runbook: 1\nfiles: [x.sh]\nsteps:\n  - uses: ../lib/health/b.yml\n' >top/ops/a.yml
	printf 'runbook: 1\nfiles: [y.sh]\nsteps:\n  - guard: true\n' >top/lib/health/b.yml
	printf 'runbook: 1\nsteps:\n  - guard: true\n' >top/ops/other/c.yml
	echo x >top/ops/x.sh
	echo y >top/lib/health/y.sh
	printf 'runbook: 1\nname: deploy\npreflight:\n  - uses: ../a.yml\n  - uses: ../other/c.yml\n' >top/ops/deploy/deploy.yml
	git -C top add -A
	git -C top commit -qm one
	run_rb 0 exec top/ops/deploy/deploy.yml --require-clean
	is "$(source_of .source.dirty)" false
	for file in ops/a.yml ops/x.sh lib/health/b.yml lib/health/y.sh ops/other/c.yml ops/deploy/deploy.yml; do
		echo '# more' >>"top/$file"
		run_rb 2 exec top/ops/deploy/deploy.yml --require-clean
		says RB411 err
		says "\`$file\` differs from commit" err
		run_rb 0 exec top/ops/deploy/deploy.yml
		is "$(source_of '.source.changed | map(.path) | join(" ")')" "$file"
		is "$(source_of '.source.changed[0].sha256')" "$(sha256sum <"top/$file" | cut -d' ' -f1)"
		git -C top checkout -q .
	done
	# not in the commit at all
	echo new >top/lib/health/new.sh
	sed -i 's/y.sh/new.sh/' top/lib/health/b.yml
	run_rb 0 exec top/ops/deploy/deploy.yml
	is "$(source_of '.source.changed | map(.path) | sort | join(" ")')" 'lib/health/b.yml lib/health/new.sh'
	# a repository below: its files are none of the runbook's commit
	git -C top checkout -q .
	git init -q top/ops/other
	git -C top/ops/other add -A
	git -C top/ops/other commit -qm inner
	run_rb 0 exec top/ops/deploy/deploy.yml --require-clean
	echo '# more' >>top/ops/other/c.yml
	git -C top/ops/other commit -qam inner
	run_rb 2 exec top/ops/deploy/deploy.yml --require-clean
	says 'ops/other/c.yml' err
}

@test "policy: allowed sources, no --moving; a policy that is wrong or missing stops everything" {
	repository w
	export RUNBOOK_POLICY=$PWD/policy.yml
	printf 'allow_moving: false\nsources:\n  - "git+file://%s/w//kis/*"\n  - "%s/allowed/*"\n' "$PWD" "$(realpath .)" >policy.yml
	run_rb 0 exec "git+file://$PWD/w//kis/deploy.yml@v1.4.0"
	run_rb 2 exec w/kis/deploy.yml@v1.4.0
	says 'RB413' err
	run_rb 2 exec w/kis/deploy.yml
	says 'RB413' err
	"$RB" exec - <w/kis/deploy.yml 2>err && return 1
	says 'RB413' err
	run_rb 2 exec "git+file://$PWD/w//kis/deploy.yml@main" --moving
	says 'does not allow --moving' err
	run_rb 2 check "git+https://evil.example/git+file://$PWD/w/x//kis/deploy.yml@v1.4.0"
	mkdir allowed
	cp w/kis/deploy.yml allowed/
	run_rb 0 exec allowed/deploy.yml
	(cd allowed && run_rb 0 exec deploy.yml)
	for text in 'require_signed: maybe' 'sources: x' 'sources: []' 'unknown: true' '- x' 'keyring: relative' 'a: [' ''; do
		echo "$text" >policy.yml
		run_rb 2 exec w/kis/deploy.yml
	done
	rm policy.yml
	run_rb 2 exec w/kis/deploy.yml
	says 'without the policy nothing is run' err
}

@test "a tag that was moved since it was last run is refused, whatever names it" {
	repository w
	run_rb 0 exec w/kis/deploy.yml@v1.4.1
	git -C w tag -f v1.4.1 v1.4.0 >/dev/null
	run_rb 2 exec w/kis/deploy.yml@v1.4.1
	says 'RB410' err
	run_rb 2 exec w/kis/deploy.yml@1.4
	run_rb 2 check w/kis/deploy.yml@1.4
	run_rb 2 plan w/kis/deploy.yml@1.4
	run_rb 0 exec "w/kis/deploy.yml@$(git -C w rev-parse v1.4.0)"
	# the same commit under a new tag object is a new tag, too
	git -C w tag -f v1.4.0 -a -m new v1.4.0 >/dev/null
	run_rb 0 exec w/kis/deploy.yml@v1.4.0
	git -C w tag -f v1.4.0 -a -m newer v1.4.0^{commit} >/dev/null
	run_rb 2 exec w/kis/deploy.yml@v1.4.0
	# accepted for good
	sed -i '/\tv1.4.1\t/d' state/tags
	run_rb 0 exec w/kis/deploy.yml@v1.4.1
	is "$(stat -c %a state/tags)" 600
}

@test "plan -o keeps the commit: it runs exactly, or is refused" {
	repository w
	run_rb 0 plan w/kis/deploy.yml@1.4 -o p.plan
	mkdir elsewhere
	(cd elsewhere && run_rb 0 exec ../p.plan && ran ../w v1.4.1 kis/deploy.yml)
	git -C w tag v1.4.9 main
	(cd elsewhere && run_rb 0 exec ../p.plan && ran ../w v1.4.1 kis/deploy.yml)
	rm -rf state
	git -C w tag -f v1.4.1 v1.4.0 >/dev/null
	run_rb 2 exec p.plan
	says 'has changed since' err
	git -C w tag -d v1.4.1 >/dev/null
	run_rb 2 exec p.plan
	says 'its source is not there as it was' err
	run_rb 0 plan w/kis/deploy.yml@main --moving -o b.plan
	at=$(git -C w rev-parse main)
	git -C w commit -q --allow-empty -m more
	run_rb 0 exec b.plan
	ran w "$at" kis/deploy.yml
}

@test "nothing of git is loaded when a run does not need it" {
	command -v strace >/dev/null || skip "no strace"
	traced() { strace -f -e trace=openat,execve -o trace "$RB" "$@" >out 2>err </dev/null; }
	loads_not() { is "$(grep -c "$1" trace)" 0; }
	book plain >plain.yml
	traced exec plain.yml
	loads_not 'libgit2\|libmbed'
	repository w
	traced check w/kis/deploy.yml
	loads_not 'libgit2'
	# the commit of a file as it stands is read by ourselves, loose and packed
	traced exec w/kis/deploy.yml
	loads_not 'libgit2\|libmbed'
	ran w main kis/deploy.yml
	git -C w gc -q
	traced exec w/kis/deploy.yml
	loads_not 'libgit2\|libmbed'
	ran w main kis/deploy.yml
	# what is unusual is left to libgit2, with the same answer
	git -C w -c pack.indexVersion=1 repack -qadf
	traced exec w/kis/deploy.yml
	grep -q 'libgit2' trace
	ran w main kis/deploy.yml
	# and of a version: no configuration, no CA bundle, no other program
	printf '[include]\n\tpath = %s/included\n' "$PWD" >>w/.git/config
	printf '[include]\n\tpath = %s/included\n' "$PWD" >.gitconfig
	touch included
	traced check w/kis/deploy.yml@v1.4.0
	grep -q 'libgit2' trace
	loads_not 'included\|gitconfig\|/etc/ssl\|ca-certificates'
	is "$(grep -c 'execve(' trace)" 1
	is "$(grep -c '\.git/config' trace)" 1
}

@test "a repository of somebody else is not trusted" {
	[ "$(id -u)" = 0 ] || skip "needs root to give a folder away"
	repository w
	chown -R nobody w/.git
	run_rb 2 exec w/kis/deploy.yml@v1.4.0
	says 'belongs to somebody else' err
	run_rb 2 exec "git+file://$PWD/w//kis/deploy.yml@v1.4.0"
	says 'belongs to somebody else' err
	# the file itself is the operator's to choose; its commit is then not known
	run_rb 0 exec w/kis/deploy.yml
	is "$(source_of '.source.commit // "none"')" none
	source_of .source.unknown | grep -q 'somebody else'
	run_rb 2 exec w/kis/deploy.yml --require-clean
	SUDO_UID=$(id -u nobody) run_rb 0 exec w/kis/deploy.yml@v1.4.0
}

@test "messages of hostile names do not reach the terminal raw" {
	repository w
	run_rb 2 exec "$(printf 'w/kis/deploy.yml@v1\033[31m')"
	lacks '\033[31m' err
	run_rb 2 check 'git+https://ann:geheim@host/rb//deploy.yml@v1'
	says_not geheim err
	run_rb 2 check 'git+https://ann:geheim@host/rb//deploy.yml@v1' --output json
	says_not geheim out
}

@test "a run of a version is replayed and undone without its repository" {
	repository w
	cat >w/kis/deploy.yml <<-'EOF'
		runbook: 1
		name: undoable
		files: [scripts/go.sh]
		secrets: { token: { file: token } }
		defaults: { timeout: 20s }
		act:
		  - id: do
		    run: ./scripts/go.sh >>"$HOME/ledger"
		    env: { TOKEN: "${{ secrets.token }}" }
		    rollback: [{ run: "./scripts/go.sh >>$HOME/ledger; echo undone ${#TOKEN} >>$HOME/ledger" }]
		test:
		  - guard: 2 > 1
	EOF
	git -C w add -A
	git -C w commit -qm undoable
	git -C w tag v3.0.0
	echo geheimnis >token # a secret is no part of a commit: it is read from where we are
	run_rb 0 exec w/kis/deploy.yml@v3.0.0
	rm -rf w
	mkdir elsewhere
	cd elsewhere
	run_rb 0 replay @last
	run_rb 0 rollback @last
	is "$(tr '\n' ' ' <../ledger)" "script v1.5.0 script v1.5.0 undone 9 "
}
