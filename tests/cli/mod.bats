#!/usr/bin/env bats
# mod: the command line of runbook.lock; what it does with repositories is in tests/git/lock.bats.
load setup

@test "mod: subcommands, folders, and runbooks without modules of other repositories" {
	deploy_yml
	run_rb 2 mod
	says 'mod needs update, verify, vendor, list or why' err
	run_rb 2 mod tidy
	run_rb 2 mod why
	run_rb 2 mod update . .
	run_rb 2 mod update none
	says 'none: not there' err
	mkdir empty
	run_rb 2 mod update empty
	says 'there is no runbook in' err
	run_rb 0 mod update
	is "$stdout" '0 modules in runbook.lock'
	[ ! -e runbook.lock ]
	run_rb 0 mod list deploy.yml
	is "$stdout" ''
	run_rb 0 mod list --output json
	is "$stdout" '[]'
	run_rb 1 mod why std/http
	says 'is not used' err
	run_rb 0 mod vendor
	[ ! -e runbook.vendor ]
}

@test "mod: a lock that nothing needs any more is emptied; one that cannot be read is written anew" {
	deploy_yml
	printf '# runbook.lock 1\ngit+https://example.org/a//b.yml v1.0.0 commit=%040d tree=sha256:%064d\n' 1 2 >runbook.lock
	run_rb 2 mod verify
	says 'runbook.lock:2: nothing uses this module' err
	run_rb 0 mod update
	says '- git+https://example.org/a//b.yml v1.0.0' out
	is "$(cat runbook.lock)" '# runbook.lock 1'
	run_rb 0 mod verify
	for bad in '# runbook.lock 2' nonsense ''; do
		printf '%s\n' "$bad" >runbook.lock
		run_rb 0 mod update
		says 'note: runbook.lock:1:' err
		is "$(cat runbook.lock)" '# runbook.lock 1'
	done
	for bad in 'git+https://example.org/a//b.yml v1 commit=1 tree=sha256:2' 'b.yml v1.0.0 commit=x tree=y' 'one' \
		"git+https://u:p@example.org/a//b.yml v1.0.0 commit=$(printf %040d 1) tree=sha256:$(printf %064d 1)" \
		"git+https://example.org/a//b.yml stable commit=$(printf %040d 1) tree=sha256:$(printf %064d 1)" \
		"git+https://example.org/a//../b.yml v1.0.0 commit=$(printf %040d 1) tree=sha256:$(printf %064d 1)"; do
		printf '# runbook.lock 1\n\n# a remark\n%s\n' "$bad" >runbook.lock
		run_rb 0 mod update
		says 'note: runbook.lock:4:' err
	done
}
