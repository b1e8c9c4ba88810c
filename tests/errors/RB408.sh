# expect: error[RB408] 1:1 HERE is a SHA-256 repository, which this program cannot read
# help: runbooks are read from SHA-1 repositories, git's default; or run the file itself
git init -q --object-format=sha256 .
echo check deploy.yml@v1
