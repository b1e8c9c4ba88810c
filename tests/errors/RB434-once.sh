# expect: error[RB434] 4:11 `git+https://example.org/ops/rb//health.yml@v2` is not in runbook.lock
printf '# runbook.lock 1\n' >runbook.lock
printf 'runbook: 1\npreflight:\n  - id: m\n    uses: git+https://example.org/ops/rb//health.yml@v2\n  - guard: steps.m.said == 1\n' >book.yml
echo check book.yml
