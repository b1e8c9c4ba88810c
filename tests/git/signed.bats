load repository

setup_file() {
	command -v ssh-keygen >/dev/null || skip "no ssh-keygen"
}

# Keys of ann (trusted) and eve (not); all.yml: runs that are signed in all ways.
keys() {
	for who in ann eve; do
		ssh-keygen -q -t ed25519 -N '' -C "$who@x" -f "$who.key"
	done
	printf 'ann@x namespaces="git" %s\n' "$(cut -d' ' -f1,2 ann.key.pub)" >allowed_signers
	export RUNBOOK_ALLOWED_SIGNERS=$PWD/allowed_signers
}

# git_as KEY ARGS...: signs with it.
git_as() {
	local key=$PWD/$1
	shift
	git -c gpg.format=ssh -c user.signingKey="$key" -C w "$@"
}

@test "ssh: a signed tag, a signed commit, and who signed" {
	keys
	repository w
	git_as ann.key tag -s -m signed v2.0.0 main
	run_rb 0 exec w/kis/deploy.yml@v2.0.0 --require-signed
	is "$(source_of '.source.signature | [.kind, .good, .of, .signer] | @csv')" '"ssh",true,"tag","ann@x"'
	is "$(source_of .source.signature.key)" "$(ssh-keygen -l -f ann.key.pub | cut -d' ' -f2)"
	says 'signed by ann@x' err
	git -C w -c gpg.ssh.allowedSignersFile="$PWD/allowed_signers" verify-tag v2.0.0
	git_as ann.key commit -q -S --allow-empty -m 'signed commit'
	git -C w tag v2.0.1
	run_rb 0 exec w/kis/deploy.yml@v2.0.1 --require-signed
	is "$(source_of '.source.signature | [.kind, .good, .of, .signer] | @csv')" '"ssh",true,"commit","ann@x"'
	run_rb 0 exec "w/kis/deploy.yml@$(git -C w rev-parse v2.0.1)" --require-signed
	run_rb 0 exec w/kis/deploy.yml@2.0 --require-signed
}

@test "ssh: what is refused" {
	keys
	repository w
	git_as eve.key tag -s -m eve v2.0.0 main
	git_as ann.key tag -s -m ann v2.0.1 main
	run_rb 2 exec w/kis/deploy.yml@v1.5.0 --require-signed
	says 'neither the tag nor the commit is signed' err
	run_rb 2 exec w/kis/deploy.yml@v2.0.0 --require-signed
	says 'its key is not in' err
	run_rb 0 exec w/kis/deploy.yml@v2.0.0
	is "$(source_of .source.signature.good)" false
	# an old signed tag under a new name
	git -C w update-ref refs/tags/v3.0.0 "$(git -C w rev-parse v2.0.1)"
	run_rb 2 exec w/kis/deploy.yml@v3.0.0 --require-signed
	says 'was signed as `v2.0.1`' err
	# one bit of what was signed
	git -C w cat-file tag v2.0.1 | sed 's/^tag v2.0.1/tag v4.0.0/' >forged
	git -C w update-ref refs/tags/v4.0.0 "$(git -C w hash-object -t tag -w "$PWD/forged")"
	run_rb 2 exec w/kis/deploy.yml@v4.0.0 --require-signed
	# a key that signs other things, and no file at all
	sed -i 's/namespaces="git"/namespaces="file"/' allowed_signers
	run_rb 2 exec w/kis/deploy.yml@v2.0.1 --require-signed
	unset RUNBOOK_ALLOWED_SIGNERS
	run_rb 2 exec w/kis/deploy.yml@v2.0.1 --require-signed
	says 'name the file of trusted keys' err
	# a file as it stands has no signature
	run_rb 2 exec w/kis/deploy.yml --require-signed
	says 'a file as it stands has no signature' err
}

@test "ssh: the policy's signers count, not the operator's" {
	keys
	repository w
	git_as eve.key tag -s -m eve v2.0.0 main
	printf 'eve@x %s\n' "$(cut -d' ' -f1,2 eve.key.pub)" >mine
	RUNBOOK_ALLOWED_SIGNERS=$PWD/mine run_rb 0 exec w/kis/deploy.yml@v2.0.0 --require-signed
	printf 'require_signed: true\nallowed_signers: %s\n' "$PWD/allowed_signers" >policy.yml
	export RUNBOOK_POLICY=$PWD/policy.yml
	RUNBOOK_ALLOWED_SIGNERS=$PWD/mine run_rb 2 exec w/kis/deploy.yml@v2.0.0
	says 'RB412' err
	git_as ann.key tag -s -m ann v2.0.1 main
	run_rb 0 exec w/kis/deploy.yml@v2.0.1
	run_rb 2 exec w/kis/deploy.yml
}

@test "OpenPGP: tag and commit by a key of the keyring" {
	command -v gpg >/dev/null && command -v gpgv >/dev/null || skip "no gpg"
	export GNUPGHOME=$PWD/gnupg
	mkdir -m 700 gnupg
	gpg -q --batch --passphrase '' --quick-generate-key 'Ann <ann@x>' ed25519 sign never 2>/dev/null || skip "gpg makes no key here"
	gpg -q --export >keyring.gpg
	repository w
	git -C w -c user.signingKey=ann@x tag -s -m signed v2.0.0 main
	git -C w -c user.signingKey=ann@x commit -q -S --allow-empty -m signed
	git -C w tag v2.0.1
	export RUNBOOK_KEYRING=$PWD/keyring.gpg
	run_rb 0 exec w/kis/deploy.yml@v2.0.0 --require-signed
	is "$(source_of '.source.signature | [.kind, .good, .of, .signer] | @csv')" '"openpgp",true,"tag","Ann <ann@x>"'
	run_rb 0 exec w/kis/deploy.yml@v2.0.1 --require-signed
	is "$(source_of '.source.signature | [.kind, .good, .of] | @csv')" '"openpgp",true,"commit"'
	git -C w cat-file tag v2.0.0 | sed 's/^signed$/SIGNED/' >forged
	git -C w update-ref refs/tags/v2.0.0 "$(git -C w hash-object -t tag -w "$PWD/forged")"
	rm -rf state
	run_rb 2 exec w/kis/deploy.yml@v2.0.0 --require-signed
	: >empty.gpg
	RUNBOOK_KEYRING=$PWD/empty.gpg run_rb 2 exec w/kis/deploy.yml@v2.0.1 --require-signed
	gpgconf --kill all || true
}

@test "ssh: locked modules must be signed, too; vendored ones are by the runbook's commit" {
	keys
	git init -q -b main w
	printf 'runbook: 1\nsteps:\n  - guard: true\n' >w/m.yml
	git -C w add -A
	git -C w commit -qm one
	git_as ann.key tag -s -m signed v1.0.0
	git_as eve.key tag -s -m other v1.1.0
	git -C w tag v1.2.0
	git init -q -b main book
	for minimum in v1.0 v1.1 v1.2; do
		printf 'runbook: 1\nname: b\npreflight:\n  - uses: git+file://%s/w//m.yml@%s\n' "$PWD" $minimum >book/book.yml
		run_rb 0 mod update book
		git -C book add -A
		git -C book -c gpg.format=ssh -c user.signingKey="$PWD/ann.key" commit -q -S -m "$minimum"
		git -C book tag "$minimum.0"
		run_rb 0 exec "book/book.yml@$minimum.0"
	done
	run_rb 0 exec book/book.yml@v1.0.0 --require-signed
	for version in v1.1.0 v1.2.0; do
		run_rb 2 exec "book/book.yml@$version" --require-signed
		says 'error[RB412]' err
		says "w//m.yml@$version" err
	done
	git -C book checkout -q v1.2.0
	run_rb 0 mod vendor book
	run_rb 2 mod update book --require-signed
	says RB412 err
	git -C book add -A
	git -C book -c gpg.format=ssh -c user.signingKey="$PWD/ann.key" commit -q -S -m vendored
	git -C book tag v2.0.0
	run_rb 0 exec book/book.yml@v2.0.0 --require-signed
	says 'signed by ann@x' err
}
