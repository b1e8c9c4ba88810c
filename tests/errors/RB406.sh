# expect: error[RB406] 1:1 `link.yml` of HERE is a symbolic link
# help: links are not followed: name the file itself
book() { printf 'runbook: 1\nname: x\npreflight:\n  - run: [echo, "%s"]\n    effect: read\n' "$1"; }
git init -q -b main .
book one >deploy.yml
git add -A
git commit -qm one
ln -s deploy.yml link.yml
git add -A
git commit -qm link
git tag v1
rm link.yml
echo check link.yml@v1
