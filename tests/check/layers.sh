#!/bin/sh
# The rooms of interp/: a folder includes only what its row allows, third-party
# headers stay in their room, and modules have no cycle. A module is x.c and x.h;
# a header x_more.h without a .c of its own is private to module x. Needs awk only. `layers.sh DIR` checks another tree (used by the test of this script).
cd "${1:-$(dirname "$0")/../..}" || exit 2
find interp -name '*.[ch]' | LC_ALL=C sort | LC_ALL=C awk '
BEGIN {
	allow["base"] = ""
	allow["value"] = "base"
	allow["syntax"] = "base value"
	allow["eval"] = "base value syntax"
	allow["host"] = "base value"
	allow["journal"] = "base value"
	allow["plan"] = "base value syntax eval"
	allow["run"] = "base value eval plan host journal"
	allow["report"] = "base value journal"
	allow["cli"] = "base value syntax eval host journal plan run report"
	third["utf8proc.h"] = "base"
	third["jansson.h"] = "value"
	third["yaml.h"] = "syntax"
	third["pcre2.h"] = "eval"
	third["curl"] = "host"
	third["zlib.h"] = "host"
	third["git2.h"] = third["git2"] = "host"
	third["openssl"] = "journal"
}
function bad(what) {
	printf "%s:%d: %s\n", file, line, what
	errors++
}
function module(path,   short) {
	sub(/\.[ch]$/, "", path)
	for (short = path; !((path ".c") in have) && sub(/_[a-z0-9]+$/, "", short);)
		if ((short ".h") in have && (short ".c") in have)
			return short
	return path
}
function quoted(name,   part, target) {
	if (name !~ /^[a-z]+\/([a-z0-9_]+\/)?[a-z0-9_]+\.(h|def)$/) {
		bad("include \"" name "\": write it as \"folder/file.h\"")
		return
	}
	split(name, part, "/")
	if (!(part[1] in allow))
		bad("no such room: " part[1])
	else if (part[1] != room && !index(" " allow[room] " ", " " part[1] " "))
		bad(room "/ may not include " part[1] "/ (it may: " (allow[room] ? allow[room] : "nothing") ")")
	target = module("interp/" name)
	if (name ~ /\.h$/ && target != module(file) && !((module(file), target) in edge)) {
		edge[module(file), target] = file ":" line
		out[module(file)] = out[module(file)] " " target
		seen[module(file)] = seen[target] = 1
	}
}
function angled(name,   top) {
	top = name
	sub(/\/.*/, "", top)
	if ((top in third) && third[top] != room)
		bad("<" name "> belongs to " third[top] "/ only")
}
{
	have[$0] = 1
	list[NR] = $0
}
function check_file(   p, text, name) {
	split(file, p, "/")
	room = p[2]
	line = 0
	if (!(room in allow)) {
		bad("no such room: " room)
		return
	}
	while ((getline text < file) > 0) {
		line++
		if (text !~ /^[ \t]*#[ \t]*include/)
			continue
		name = text
		if (sub(/^[^"<]*"/, "", name)) {
			sub(/".*/, "", name)
			quoted(name)
		} else if (sub(/^[^<]*</, "", name)) {
			sub(/>.*/, "", name)
			angled(name)
		}
	}
	close(file)
	files++
}
# What never runs out of ways to go on is part of, or leads to, a cycle.
function cycles(   changed, m, n, i, to, alive, at, path, been) {
	do {
		changed = 0
		for (m in seen) {
			if (m in done)
				continue
			n = split(out[m], to, " ")
			alive = 0
			for (i = 1; i <= n; i++)
				if (!(to[i] in done))
					alive = 1
			if (!alive) {
				done[m] = 1
				changed = 1
			}
		}
	} while (changed)
	for (m in seen) {
		if ((m in done) || (m in told))
			continue
		split("", been)
		path = ""
		for (at = m; !(at in been) && !(at in told);) {
			been[at] = 1
			path = path " " at
			n = split(out[at], to, " ")
			for (i = 1; i <= n; i++)
				if (!(to[i] in done)) {
					at = to[i]
					break
				}
		}
		for (i in been)
			told[i] = 1
		if (!(at in been))
			continue
		sub(".* " at " ", " " at " ", path)
		n = split(path, to, " ")
		print "cycle of modules:"
		for (i = 1; i <= n; i++)
			printf "  %s: includes %s\n", edge[to[i], to[i % n + 1]], to[i % n + 1]
		errors++
	}
}
END {
	for (k = 1; k <= NR; k++) {
		file = list[k]
		check_file()
	}
	cycles()
	if (errors)
		printf "layers: %d errors in %d files\n", errors, files
	else
		printf "layers: %d files ok\n", files
	exit errors > 0
}'
