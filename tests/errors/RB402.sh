# expect: error[RB402] 1:12 HERE has no tag `v1.4.1` and no version that it could stand for
# help: did you mean `v1.4.0`?
book() { printf 'runbook: 1\nname: x\npreflight:\n  - run: [echo, "%s"]\n    effect: read\n' "$1"; }
git init -q -b main .
book one >deploy.yml
git add -A
git commit -qm one
git tag v1.4.0
echo check deploy.yml@v1.4.1
