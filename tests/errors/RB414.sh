# expect: error[RB414] 1:12 `v1.4.2` and `1.4.2` are the same version of different commits
# help: name the one you mean: @v1.4.2
book() { printf 'runbook: 1\nname: x\npreflight:\n  - run: [echo, "%s"]\n    effect: read\n' "$1"; }
git init -q -b main .
book one >deploy.yml
git add -A
git commit -qm one
git tag v1.4.2
book two >deploy.yml
git commit -qam two
git tag 1.4.2
echo check deploy.yml@1.4
