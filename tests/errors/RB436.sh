# expect: error[RB436] 3:11 runbook.lock:2: a merge has left a conflict here
# help: keep one line for each module, the higher version, then run `runbook mod update`
printf '# runbook.lock 1\n<<<<<<< HEAD\ngit+https://example.org/ops/rb//health.yml v1.2.0 commit=%040d tree=sha256:%064d\n=======\n' 1 2 >runbook.lock
printf 'runbook: 1\npreflight:\n  - uses: git+https://example.org/ops/rb//health.yml@v1.2\n' >book.yml
echo check book.yml
