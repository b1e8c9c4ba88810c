# expect: error[RB436] 3:11 runbook.lock:3: this module is in line 2 already
# help: `runbook mod update` writes it anew
printf '# runbook.lock 1\n' >runbook.lock
printf 'git+https://example.org/ops/rb//health.yml v1.%d.0 commit=%040d tree=sha256:%064d\n' 2 1 2 3 1 2 >>runbook.lock
printf 'runbook: 1\npreflight:\n  - uses: git+https://example.org/ops/rb//health.yml@v1.2\n' >book.yml
echo check book.yml
