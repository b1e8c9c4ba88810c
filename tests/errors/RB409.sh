# expect: error[RB409] 1:1 https://localhost/rb cannot be fetched: the server is not asked (--offline)
# help: nothing of it is in the cache that could be used instead
echo 'check --offline git+https://localhost/rb//deploy.yml@v1'
