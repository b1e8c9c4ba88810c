# expect: error[RB412] 1:1 `deploy.yml@v1` must be signed, and is not: neither the tag nor the commit is signed
# help: name the file of trusted keys: `allowed_signers` (ssh) or `keyring` (OpenPGP) in the configuration
book() { printf 'runbook: 1\nname: x\npreflight:\n  - run: [echo, "%s"]\n    effect: read\n' "$1"; }
git init -q -b main .
book one >deploy.yml
git add -A
git commit -qm one
git tag v1
echo check --require-signed deploy.yml@v1
