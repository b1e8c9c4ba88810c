# expect: error[RB402] 1:12 HERE has no tag `abcdef12`
# help: a commit is named by all its 40 digits: `git rev-parse abcdef12`
book() { printf 'runbook: 1\nname: x\npreflight:\n  - run: [echo, "%s"]\n    effect: read\n' "$1"; }
git init -q -b main .
book one >deploy.yml
git add -A
git commit -qm one
echo check deploy.yml@abcdef12
