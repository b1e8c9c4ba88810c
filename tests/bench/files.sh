# Files of the benchmarks, sourced by run.sh: what is run, and the same for peers.

sequential() { # STEPS: writes in `act`, so that each intent is synced
	printf 'runbook: 1\nname: bench\nact:\n'
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "- id: s%05d\n  run: [/bin/true]\n  timeout: 60s\n  rollback: []\n", i }'
	printf 'test:\n- run: [/bin/true]\n  effect: read\n'
}

parallel() { # STEPS AT_ONCE
	printf 'runbook: 1\nname: bench\nact:\n- id: all\n  foreach: range(%d)\n  parallel: %d\n  run: [/bin/true]\n' "$1" "$2"
	printf '  timeout: 60s\n  rollback: []\ntest:\n- run: [/bin/true]\n  effect: read\n'
}

loop() { # STEPS
	printf 'runbook: 1\nname: bench\npreflight:\n- id: all\n  foreach: range(%d)\n  run: [/bin/true]\n  effect: read\n' "$1"
}

one_step() {
	printf 'runbook: 1\nname: bench\npreflight:\n- run: [/bin/true]\n  effect: read\n'
}

commit_one() { # one.yml as a file of a repository
	command -v git >/dev/null 2>&1 || return 1
	mkdir -p "$work/repo" && cp "$work/one.yml" "$work/repo" && git -C "$work/repo" init -q &&
		git -C "$work/repo" add one.yml &&
		git -C "$work/repo" -c user.name=bench -c user.email=bench@localhost commit -qm one
}

modules() { # COUNT FOLDER: book.yml there uses m1.yml ..., each of 9 steps and a use of another one
	seq "$1" | awk -v n="$1" 'BEGIN { print "runbook: 1\nname: bench\npreflight:" }
		$1 <= n / 2 { printf "- id: u%d\n  uses: ./m%d.yml\n  with: { name: x%d }\n", $1, $1, $1 }' >"$2/book.yml"
	seq "$1" | while read -r i; do
		{
			printf 'runbook: 1\nname: m%d\ninputs:\n  name: { type: string, pattern: "^[a-z0-9]+$" }\nvars: { path: "/tmp/${{ inputs.name }}" }\nsteps:\n' "$i"
			seq 9 | awk '{ printf "- id: s%d\n  run: [/bin/echo, \"${{ vars.path }}\", \"${{ inputs.name }}\"]\n  effect: read\n  capture: { got: out, n: len(out) }\n  expect: n > 0\n", $1 }'
			[ "$i" -gt $(($1 / 2)) ] || printf -- '- id: below\n  uses: ./m%d.yml\n  with: { name: "${{ inputs.name }}" }\n' $((i + $1 / 2))
			printf 'outputs: { got: steps.s1.got }\n'
		} >"$2/m$i.yml"
	done
}

guards() { # COUNT: 3 records each, then a write that does not end
	printf 'runbook: 1\nname: bench\npreflight:\n'
	seq $(($1 / 100000)) | awk '{ printf "- id: g%d\n  foreach: range(100000)\n  guard: item >= 0\n", $1 }'
	printf 'act:\n- id: last\n  run: [/bin/sleep, "1000"]\n  rollback: []\n'
}

# The modules of `modules`, at v1.0.0 of repositories, which book.yml in FOLDER uses.
locked_modules() { # COUNT FOLDER one|many: of one repository, or each of its own
	mkdir -p "$2" "$2.of"
	modules "$1" "$2.of"
	rm "$2.of/book.yml"
	seq "$1" | while read -r i; do
		[ "$3" = one ] || { mkdir "$2.of/r$i" && mv "$2.of/m$i.yml" "$2.of/r$i/" && sed -i "s|uses: ./m\(.*\).yml|uses: git+file://$2.of/r\1//m\1.yml@v1|" "$2.of/r$i/m$i.yml"; }
	done
	for folder in $([ "$3" = one ] && echo "$2.of" || echo "$2".of/r*); do
		git init -q "$folder"
		git -C "$folder" add -A
		git -C "$folder" -c user.name=bench -c user.email=bench@localhost commit -qm one
		git -C "$folder" tag v1.0.0
	done
	[ "$3" = one ] && from='' || from='/r%d'
	seq "$1" | awk -v f="git+file://$2.of$from//m%d.yml@v1" -v many="$3" 'BEGIN { print "runbook: 1\nname: bench\npreflight:" }
		{ printf "- uses: " (many == "one" ? sprintf(f, $1) : sprintf(f, $1, $1)) "\n  with: { name: x" $1 " }\n" }' >"$2/book.yml"
}

requests() { # COUNT AT_ONCE URL
	printf 'runbook: 1\nname: bench\npreflight:\n- id: all\n  foreach: range(%d)\n  parallel: %d\n' "$1" "$2"
	printf '  http: { url: "%s" }\n  timeout: 10s\n' "$3"
}

nginx_conf() { # PORT FOLDER: one worker, a small JSON answer, connections kept
	cat <<-END
	worker_processes 1;
	pid $2/nginx.pid;
	error_log $2/nginx.log;
	events { worker_connections 256; }
	http {
		access_log off;
		keepalive_requests 1000000;
		client_body_temp_path $2/t1; proxy_temp_path $2/t2; fastcgi_temp_path $2/t3; uwsgi_temp_path $2/t4; scgi_temp_path $2/t5;
		server {
			listen 127.0.0.1:$1;
			location /figure { default_type text/plain; return 200 '7'; }
			location / { default_type application/json; return 200 '{"status":"ok","error_rate":0.001,"p95_ms":180}'; }
		}
	}
	END
}

# The same steps for bash, make, ninja and just; none of them keeps a journal.
shell_lines() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) print "/bin/true" }'; }
makefile() {
	awk -v n="$1" 'BEGIN { printf "all: s%d\ns0:\n\t@/bin/true\n", n - 1
		for (i = 1; i < n; i++) printf "s%d: s%d\n\t@/bin/true\n", i, i - 1 }'
}
ninjafile() {
	awk -v n="$1" 'BEGIN { printf "rule step\n  command = /bin/true\nbuild s0: step\n"
		for (i = 1; i < n; i++) printf "build s%d: step s%d\n", i, i - 1 }'
}
justfile() { awk -v n="$1" 'BEGIN { print "all:"; for (i = 0; i < n; i++) print "    @/bin/true" }'; }

find_just() { # prints its path; from npm into the build folder if it must
	command -v just 2>/dev/null && return
	folder=$(dirname "$program")/npm-bench
	if [ ! -e "$folder/node_modules/rust-just" ] && command -v npm >/dev/null 2>&1; then
		mkdir -p "$folder"
		timeout 300 npm install --silent --no-audit --no-fund --prefix "$folder" rust-just >/dev/null 2>&1
	fi
	find "$folder/node_modules" -type f -name just -perm -u+x 2>/dev/null | head -1
}

# The command of each peer, for sh; empty: not here.
peer_command() { # NAME
	case $1 in
	just) tool=$(find_just) ;;
	*) tool=$(command -v "$1") ;;
	esac
	[ -n "$tool" ] || return
	case $1 in
	dash | bash) echo "$tool $work/steps.sh" ;;
	make) echo "$tool -s -f $work/steps.mk -C $work" ;;
	ninja) echo "$tool -j1 --quiet -C $work" ;;
	just) echo "$tool --justfile $work/justfile" ;;
	esac
}

versions() { # FOLDER FILES TAGS: a repository, packed, with a runbook in d50
	rm -rf "$1"
	mkdir -p "$1"
	(
		cd "$1" || exit
		export GIT_AUTHOR_NAME=b GIT_AUTHOR_EMAIL=b@x GIT_COMMITTER_NAME=b GIT_COMMITTER_EMAIL=b@x
		git init -q
		awk -v n="$2" 'BEGIN { for (i = 0; i < n; i++) { f = "d" i % 100 "/f" i; if (i < 100) system("mkdir -p d" i); print i >f; close(f) } }'
		one_step >d50/run.yml
		git add -A
		git commit -qm files
		i=0
		while [ $i -lt "$3" ]; do
			git commit -q --allow-empty -m $i
			git tag -a -m $i v1.$i.0
			i=$((i + 1))
		done
		git gc -q
	)
}

peers() { # STEPS: all in one measurement, in turns
	sequential "$1" >"$work/seq.yml"
	shell_lines "$1" >"$work/steps.sh"
	makefile "$1" >"$work/steps.mk"
	ninjafile "$1" >"$work/build.ninja"
	justfile "$1" >"$work/justfile"
	here='' all=''
	for name in dash bash make ninja just; do
		command=$(peer_command $name)
		if [ -n "$command" ] && $command >/dev/null 2>"$work/why"; then
			here="$here $name" all="$all :: $name $command"
		else
			say "skipped: $name ($([ -n "$command" ] && head -c 200 "$work/why" || echo not here))"
		fi
	done
	# shellcheck disable=SC2086
	time_of "$rounds" floor "$tools/floor_spawn" "$1" $all :: durable "$program" exec "$work/seq.yml" \
		:: unsynced "$program" exec --no-sync "$work/seq.yml"
	for name in $here durable unsynced; do
		case $name in
		durable) what="runbook, each step durable" ;;
		unsynced) what="runbook --no-sync" ;;
		*) what="$name" ;;
		esac
		row "  $1 steps with $what" "$(per "$(field $name 2)" "$1")" "C floor: $(per "$(field floor 2)" "$1")" "$(field $name 4)" -
	done
}

monitors() { # N EVERY SECONDS SOURCE: N monitors beside a wait
	printf 'runbook: 1\nmonitors:\n'
	seq "$1" | while read -r i; do
		printf '  - { id: m%d, every: %s, timeout: 5s, %s, capture: { n: int(trim(out)) }, rules: [{ when: n > 100 for 5m, then: rollback }, { when: failed for 3 samples, then: notify }] }\n' "$i" "$2" "$4"
	done
	printf 'test:\n  - wait: %ss\n' "$3"
}
