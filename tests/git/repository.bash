# repository.bash: what the tests with repositories share: `load repository`.
load ../cli/setup

export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=ann GIT_AUTHOR_EMAIL=ann@x GIT_COMMITTER_NAME=ann GIT_COMMITTER_EMAIL=ann@x
unset RUNBOOK_POLICY RUNBOOK_ALLOWED_SIGNERS RUNBOOK_KEYRING RUNBOOK_GIT_FETCH XDG_CACHE_HOME

# book TEXT: a runbook whose one step prints it.
book() {
	printf 'runbook: 1\nname: book\npreflight:\n  - id: say\n    run: [echo, "%s"]\n    effect: read\n' "$1"
}

# repository DIR: kis/deploy.yml in versions v1.4.0, v1.4.1 (annotated), v1.5.0, and `main` after them.
repository() {
	git init -q -b main "$1"
	mkdir -p "$1/kis/scripts"
	for version in v1.4.0 v1.4.1 v1.5.0; do
		book "$version" >"$1/kis/deploy.yml"
		printf '#!/bin/sh\necho script %s\n' "$version" >"$1/kis/scripts/go.sh"
		chmod +x "$1/kis/scripts/go.sh"
		git -C "$1" add -A
		git -C "$1" commit -qm "$version"
		case $version in v1.4.1) git -C "$1" tag -a -m "$version" "$version" ;; *) git -C "$1" tag "$version" ;; esac
	done
	git -C "$1" tag kis/v2.0.0 v1.4.0
	book main >"$1/kis/deploy.yml"
	git -C "$1" commit -qam main
}

# source_of FILTER: from the first record of the last run.
source_of() {
	"$RB" show @last --output json | head -n 1 | jq -r "$1"
}

# ran REPOSITORY REV PATH: what ran last, what the journal says of it and what git shows are the same.
ran() {
	local want
	want=$(git -C "$1" rev-parse "$2^{commit}") || return 1
	is "$(source_of .source.commit)" "$want" || return 1
	is "$(source_of .source.tree)" "$(git -C "$1" rev-parse "$want^{tree}")" || return 1
	is "$(source_of .source.blob)" "$(git -C "$1" rev-parse "$want:$3")" || return 1
	"$RB" show @last --source >ran.bytes
	git -C "$1" show "$want:$3" | cmp - ran.bytes || return 1
	is "$(source_of .program)" "$(sha256sum <ran.bytes | cut -d' ' -f1)" || return 1
	says "commit $want" err
}
