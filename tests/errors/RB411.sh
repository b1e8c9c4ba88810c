# expect: error[RB411] 1:1 `deploy.yml` differs from commit COMMIT
# help: commit it, or run a version: deploy.yml@v1.4.0
book() { printf 'runbook: 1\nname: x\npreflight:\n  - run: [echo, "%s"]\n    effect: read\n' "$1"; }
git init -q -b main .
book one >deploy.yml
git add -A
git commit -qm one
book two >deploy.yml
echo exec --require-clean deploy.yml
