# expect: error[RB435] 3:11 git+https://example.org/ops/rb//health.yml@v1.2.0 is not what runbook.lock says: the folder runbook.vendor has other bytes
# help: `runbook mod vendor` writes the folder anew
printf '# runbook.lock 1\ngit+https://example.org/ops/rb//health.yml v1.2.0 commit=%040d tree=sha256:%064d\n' 1 2 >runbook.lock
printf 'runbook: 1\npreflight:\n  - uses: git+https://example.org/ops/rb//health.yml@v1.2\n' >book.yml
mkdir -p runbook.vendor/https/example.org/ops/rb@v1.2.0
printf 'runbook: 1\nsteps:\n  - guard: true\n' >runbook.vendor/https/example.org/ops/rb@v1.2.0/health.yml
echo check book.yml
