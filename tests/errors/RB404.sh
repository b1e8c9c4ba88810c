# expect: error[RB404] 1:1 `deploy.yml` is in no git repository, so it has no versions
# help: without `@v1` the file itself is meant
echo check deploy.yml@v1
