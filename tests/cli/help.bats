load setup

@test "help: --help and help list all commands; no argument is 2" {
	run_rb 0 --help
	for command in cancel check config eval exec explain logs plan runs schema show; do
		grep -q "^  $command " out
	done
	cp out full
	run_rb 0 help
	cmp out full
	run_rb 0 -h
	run_rb 2
	is "$(cat out err)" "$(cat full)"
}

@test "help: of each command, short and full; of `help COMMAND`" {
	for command in cancel check config eval exec explain logs plan runs schema show; do
		run_rb 0 $command -h
		says "usage: runbook $command" out
		run_rb 0 $command --help
		says "usage: runbook $command" out
		cp out full
		run_rb 0 help $command
		cmp out full
	done
	run_rb 0 exec -h
	says_not 'Exit codes' out
	run_rb 0 exec --help
	says 'Exit codes' out
}

@test "help: wins over what else stands there" {
	run_rb 0 exec --yes nothing.yml --help
	says 'usage: runbook exec' out
	run_rb 2 help nothing
}

@test "version" {
	run_rb 0 --version
	grep -q '^runbook [0-9]*\.[0-9]*\.[0-9]*$' out
}

@test "unknown commands and options: 2 with a suggestion" {
	run_rb 2 exce
	says 'did you mean `exec`?' err
	run_rb 2 zzzzzz
	says 'runbook --help' err
	run_rb 2 exec --dryrun x.yml
	says 'did you mean `--dry-run`?' err
	run_rb 2 check --outptu json x.yml
	says 'did you mean `--output`?' err
	run_rb 2 exec --zzzzzzzz x.yml
	says 'unknown option `--zzzzzzzz`' err
	says_not 'did you mean' err
	run_rb 2 exec -Z x.yml
	says '`-Z`' err
	is "$stdout" ""
}

@test "options: arguments missing or too much" {
	run_rb 2 exec x.yml --inputs
	says '`--inputs` needs FILE' err
	run_rb 2 exec x.yml --yes=no
	says 'takes no argument' err
	run_rb 2 exec x.yml --output=
	run_rb 2 exec x.yml --output xml
	says 'xml' err
}

@test "options: -- ends them; they may stand anywhere" {
	deploy_yml ./-odd.yml
	run_rb 0 check -- -odd.yml
	run_rb 2 check -odd.yml
	deploy_yml
	run_rb 0 exec --yes deploy.yml -i tag=v1 --no-sync
	run_rb 0 exec -y -i tag=v1 deploy.yml --no-sync
	run_rb 0 exec -n -itag=v1 deploy.yml
}

@test "options: --color takes always, never, auto" {
	deploy_yml
	run_rb 2 check deploy.yml --color sometimes
	says sometimes err
}

@test "explain: a code, a key, a function; something like it; nothing" {
	run_rb 0 explain RB214
	says 'RB214' out
	run_rb 0 explain rollback
	says rollback out
	run_rb 0 explain percentile
	says percentile out
	run_rb 1 explain RB999
	run_rb 1 explain rolback
	says '`rollback`' err
	run_rb 0 explain
}

@test "explain: each code that check can give has a page" {
	for page in "$BATS_TEST_DIRNAME"/../../docs/errors/RB*.md; do
		code=$(basename "$page" .md)
		run_rb 0 explain $code
		says "$code" out
	done
}

@test "schema: draft-07 JSON; --markdown is the key reference" {
	run_rb 0 schema
	jq -e '."$schema" | contains("draft-07")' out
	jq -e '.properties | has("runbook") and has("act") and has("rollback")' out
	run_rb 0 schema --markdown
	says '`irreversible`' out
}

@test "config: flags over variables over the user's file over defaults; --show-origin" {
	mkdir -p .config/runbook xdg/runbook
	unset RUNBOOK_STATE RUNBOOK_LOCKS
	run_rb 0 config
	grep -q "^state *$PWD/.local/state/runbook$" out
	printf 'state: /srv/a\nlocks: /srv/locks\noperator: file\n' >.config/runbook/config.yml
	run_rb 0 config --show-origin
	grep -q "^state  */srv/a  *($PWD/.config/runbook/config.yml)" out
	printf 'state: /srv/xdg\n' >xdg/runbook/config.yml
	XDG_CONFIG_HOME=$PWD/xdg run_rb 0 config --show-origin
	grep -q '^state  */srv/xdg ' out
	RUNBOOK_STATE=/srv/b run_rb 0 config --show-origin
	grep -q '^state  */srv/b  *(RUNBOOK_STATE)' out
	grep -q '^operator  *file ' out
	RUNBOOK_STATE=/srv/b run_rb 0 config --show-origin --state /srv/c
	grep -q '^state  */srv/c  *(--state)' out
	run_rb 0 config -o json
	jq -e '.state == {"value": "/srv/a", "origin": "'"$PWD"'/.config/runbook/config.yml"}' out
	run_rb 2 config extra
}

@test "config: a setting that is none: 2, with file and line" {
	mkdir -p .config/runbook
	printf 'state: /srv/a\nstaet: /srv/b\n' >.config/runbook/config.yml
	run_rb 2 config
	says 'config.yml:2' err
	says staet err
	printf 'state: [\n' >.config/runbook/config.yml
	run_rb 2 config
	deploy_yml
	run_rb 2 exec deploy.yml --yes -i tag=v1
	[ ! -e live ]
}
