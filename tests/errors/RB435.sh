# expect: error[RB435] 3:11 `git+https://example.org/ops/rb//health.yml@v1.3` needs at least v1.3, and line 2 of runbook.lock has v1.2.0
# help: `runbook mod update` writes it
printf '# runbook.lock 1\ngit+https://example.org/ops/rb//health.yml v1.2.0 commit=%040d tree=sha256:%064d\n' 1 2 >runbook.lock
printf 'runbook: 1\npreflight:\n  - uses: git+https://example.org/ops/rb//health.yml@v1.3\n' >book.yml
echo check book.yml
