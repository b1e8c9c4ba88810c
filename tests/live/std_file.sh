#!/bin/sh
# std_file.sh: std/file/write, link and template: what they do, and that each
# command of theirs may fail without a trace.
. "$(dirname "$0")/service/lib.sh"
. "$here/service/faults.sh"
need awk
fault_tools cat cp mv chmod chown sync ln readlink id

w=$scratch/w
state() { # every name with kind, mode, owner, contents; the names of this run's backups are not the state before
	(cd "$w" && find . ! -name . -exec sh -c 'for f; do
		case $f in *.before-*) continue ;; esac
		printf "%s %s " "$f" "$(stat -c "%F %a %u:%g" "$f")"
		if [ -L "$f" ]; then readlink "$f"; elif [ -f "$f" ]; then sha256sum <"$f"; else echo; fi
	done' sh {} + | sort)
}
leftovers() { find "$w" -name '*.new-*' -o -name '*.part' | wc -l; }
world() {
	rm -rf "$w"
	mkdir "$w" "$w/v1" "$w/v2"
	printf 'old\n' >"$w/conf"
	chmod 640 "$w/conf"
	ln -s v1 "$w/current"
	printf 'listen {{port}};\nname {{ name }};\n' >"$w/site.tmpl"
}
book() { # FILE: a runbook with the step on standard input
	{ printf 'runbook: 1\nname: t\ninputs: { fail: { type: bool, default: false } }\nact:\n'; cat; printf 'test:\n  - guard: not inputs.fail\n'; } >"$1"
}
book "$scratch/write.yml" <<X
  - id: w
    uses: std/file/write@1
    with: { path: $w/conf, text: "new \$(touch x) '\"\\\\\n" }
X
book "$scratch/new.yml" <<X
  - id: w
    uses: std/file/write@1
    with: { path: $w/fresh, text: hello, mode: "600" }
X
book "$scratch/link.yml" <<X
  - uses: std/file/link@1
    with: { path: $w/current, to: v2 }
X
book "$scratch/newlink.yml" <<X
  - uses: std/file/link@1
    with: { path: $w/other, to: v2 }
X
book "$scratch/template.yml" <<X
  - id: t
    uses: std/file/template@1
    with: { template: $w/site.tmpl, path: $w/site, values: { port: "80", name: "{{port}} & \\\\1 \$x" } }
X
for b in write new link newlink template; do
	rb 0 "$b: no errors" check "$scratch/$b.yml"
	faults "$b" world state "$scratch/$b.yml"
	world
	state >"$scratch/before"
	rb 3 "$b, and a later failure" exec "$scratch/$b.yml" -i fail=true
	state >"$scratch/after"
	same "$b: undone" "$scratch/before" "$scratch/after"
	is "$b: nothing is left beside it" "$(leftovers)" 0
done
world
rb 0 'write' exec "$scratch/write.yml"
is 'the text is exact' "$(cat "$w/conf")" "new \$(touch x) '\"\\"
is 'the mode is that of the old file' "$(stat -c %a "$w/conf")" 640
is 'what was there lies beside it' "$(cat "$w"/conf.before-*)" old
rb 0 'new' exec "$scratch/new.yml"
is 'a new file with its mode' "$(stat -c %a "$w/fresh")$(cat "$w/fresh")" 600hello
rb 0 'template' exec "$scratch/template.yml"
is 'values are not looked into' "$(cat "$w/site")" "listen 80;
name {{port}} & \\1 \$x;"
rb 0 'link' exec "$scratch/link.yml"
is 'the link is switched' "$(readlink "$w/current")" v2
rb 0 'again' exec "$scratch/link.yml"
check 'it was in place already' sh -c '"$1" show @last | grep -q unchanged' sh "$RB"
sed -i 's/port: "80"/prt: "80"/' "$scratch/template.yml"
rb 1 'a name without a value' exec "$scratch/template.yml"
check 'both are named' sh -c 'grep -q "no value for {{port}}" "$1" && grep -q "has no {{prt}}" "$1"' sh "$scratch/err"
ln -s /etc "$w/etc"
sed -i "s|$w/conf|$w/etc|" "$scratch/write.yml"
rb 1 'a link is no plain file' exec "$scratch/write.yml"
finish
