# expect: error[RB406] 1:1 `lfs.yml` of HERE is a pointer of Git LFS, not the file
# help: its bytes are not in the repository: commit the file itself, or fetch the data in a step
git init -q -b main .
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 12345\n' 0 >lfs.yml
git add -A
git commit -qm one
git tag v1
echo check lfs.yml@v1
