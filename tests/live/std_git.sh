#!/bin/sh
# std_git.sh: std/git/checkout and std/git/tag with real repositories.
. "$(dirname "$0")/service/lib.sh"
. "$here/service/faults.sh"
need git
export HOME="$scratch" GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.org GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.org
git config --global user.name t
git config --global user.email t@example.org
git config --global init.defaultBranch main
fault_tools git mv rm printf cat

w=$scratch/w
git init -q "$scratch/origin"
(cd "$scratch/origin" && echo one >app && git add app && git commit -qm one && git tag -a -m 1 v1.0.0 && echo two >app && git commit -qam two && git tag v2.0.0)
head=$(git -C "$scratch/origin" rev-parse 'v1.0.0^{commit}')
world() {
	rm -rf "$w" "$scratch/remote.git"
	mkdir "$w"
	git clone -q --bare "$scratch/origin" "$scratch/remote.git"
	git clone -q "$scratch/remote.git" "$w/repo"
}
state() {
	refs='%(refname) %(objecttype) %(objectname) %(*objectname)' # a new tag's own id holds the time
	(cd "$w" && ls -A . && for r in repo "$scratch/remote.git"; do git -C "$r" for-each-ref --format="$refs" | sed '/v3.0.0/s/tag [0-9a-f]* /tag /'; done
	[ ! -e "$w/release" ] || cat "$w/release/app")
}
cat >"$scratch/checkout.yml" <<X
runbook: 1
name: t
inputs: { fail: { type: bool, default: false } }
act:
  - id: r
    uses: std/git/checkout@1
    with: { repository: $scratch/remote.git, version: v1.0.0, path: $w/release }
test:
  - guard: not inputs.fail and steps.r.commit == '$head'
X
cat >"$scratch/tag.yml" <<X
runbook: 1
name: t
inputs: { fail: { type: bool, default: false } }
act:
  - id: r
    uses: std/git/tag@1
    with: { repository: $w/repo, tag: v3.0.0, message: "-a release", remote: origin }
test:
  - guard: not inputs.fail
X
for b in checkout tag; do
	rb 0 "$b: no errors" check "$scratch/$b.yml"
	faults "$b" world state "$scratch/$b.yml"
	world
	state >"$scratch/before"
	rb 3 "$b, and a later failure" exec "$scratch/$b.yml" -i fail=true
	state >"$scratch/after"
	same "$b: undone" "$scratch/before" "$scratch/after"
done
world
rb 0 'checkout' exec "$scratch/checkout.yml"
is 'the release' "$(cat "$w/release/app")" one
rb 0 'again' exec "$scratch/checkout.yml"
check 'it is there already' sh -c '"$1" show @last | grep -q unchanged' sh "$RB"
rb 0 'tag' exec "$scratch/tag.yml"
is 'the tag is annotated, and at the remote' "$(git -C "$scratch/remote.git" cat-file -t v3.0.0)" tag
rb 1 'a tag that is there' exec "$scratch/tag.yml"
is 'it stays' "$(git -C "$w/repo" cat-file -t v3.0.0)" tag
sed -i 's/version: v1.0.0/version: v9/' "$scratch/checkout.yml"
rm -rf "$w/release"
rb 3 'a version that does not exist' exec "$scratch/checkout.yml"
is 'nothing is left' "$(ls "$w")" repo
finish
