# expect: error[RB434] 3:11 `git+https://example.org/ops/rb//health.yml@v2` is not in runbook.lock
# help: `runbook mod update` writes it
printf '# runbook.lock 1\ngit+https://example.org/ops/rb//health.yml v1.2.0 commit=%040d tree=sha256:%064d\n' 1 2 >runbook.lock
printf 'runbook: 1\npreflight:\n  - uses: git+https://example.org/ops/rb//health.yml@v2\n' >book.yml
echo check book.yml
