# expect: error[RB405] 1:1 there is no `Deploy.yml` in this version of HERE
book() { printf 'runbook: 1\nname: x\npreflight:\n  - run: [echo, "%s"]\n    effect: read\n' "$1"; }
git init -q -b main .
book one >deploy.yml
git add -A
git commit -qm one
git tag v1
echo check Deploy.yml@v1
