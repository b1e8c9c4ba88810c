# expect: error[RB413] 1:1 the site's policy does not allow the source `HERE/deploy.yml`
# help: allowed: git+https://git.example.org/*
book() { printf 'runbook: 1\nname: x\npreflight:\n  - run: [echo, "%s"]\n    effect: read\n' "$1"; }
git init -q -b main .
book one >deploy.yml
git add -A
git commit -qm one
git tag v1
mkdir -p .config/runbook
echo "policy: $PWD/policy.yml" >.config/runbook/config.yml
echo 'sources: ["git+https://git.example.org/*"]' >policy.yml
echo check deploy.yml@v1
