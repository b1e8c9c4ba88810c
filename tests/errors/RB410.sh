# expect: error[RB410] 1:12 the tag `v1` of HERE was moved: it stood for commit COMMIT when it was last run, now for COMMIT
# help: ask who moved it; name the commit that you mean (@COMMIT), or take its line out of HERE/state/tags
book() { printf 'runbook: 1\nname: x\npreflight:\n  - run: [echo, "%s"]\n    effect: read\n' "$1"; }
git init -q -b main .
book one >deploy.yml
git add -A
git commit -qm one
git tag v1
"$program" exec deploy.yml@v1 >&2
book two >deploy.yml
git commit -qam two
git tag -f v1 >&2
echo check deploy.yml@v1
