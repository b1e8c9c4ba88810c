# expect: error[RB407] 1:1 the file `big.yml` COMMIT of HERE has 1048577 bytes; at most 1048576 are read
book() { printf 'runbook: 1\nname: x\npreflight:\n  - run: [echo, "%s"]\n    effect: read\n' "$1"; }
git init -q -b main .
book one >deploy.yml
git add -A
git commit -qm one
head -c 1048577 /dev/zero >big.yml
git add -A
git commit -qm big
git tag v1
echo check big.yml@v1
