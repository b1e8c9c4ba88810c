# expect: error[RB403] 1:12 `main` is a branch of HERE: what it stands for moves
# help: name a tag, or the commit it stands for now (COMMIT), or accept the branch with --moving
book() { printf 'runbook: 1\nname: x\npreflight:\n  - run: [echo, "%s"]\n    effect: read\n' "$1"; }
git init -q -b main .
book one >deploy.yml
git add -A
git commit -qm one
echo check deploy.yml@main
