#!/bin/sh
# dryrun.sh: strace over `exec --dry-run` of the three runbooks: neither the runner
# nor a child writes, renames, removes, makes or changes anything outside the run's
# folder, signals nobody else, and asks with GET and HEAD only; the logs of nginx,
# PostgreSQL and Redis show no write.
. "$(dirname "$0")/service/lib.sh"
. "$top/tests/cloud/state.sh"
. "$here/service/people.sh"
. "$here/service/kis.sh"
. "$here/service/ion.sh"
need strace nginx sqlite3 curl psql pg_dump redis-server redis-cli python3 postgres bash
strace -qq -o "$scratch/probe" true 2>/dev/null || skip_all 'strace is not allowed here'
demo=$top/runbooks/demo
site=$scratch/shop
trap 'sh "$demo/site.sh" down "$site" >/dev/null 2>&1; cleanup' EXIT
calls=open,openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat
calls=$calls,truncate,ftruncate,chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,utime,utimes,utimensat,futimesat
calls=$calls,mknod,mknodat,mount,umount2,setxattr,kill,tkill,tgkill,connect,execve,bpf,swapon,reboot,sethostname
calls=$(echo $calls | tr , '\n' | while read -r c; do strace -qq -e trace=$c -o /dev/null true 2>/dev/null && printf '%s,' $c; done)

# traced WHAT CODE ALLOWED-PORTS ARGS...
traced() {
	what=$1 want=$2 ports=$3
	shift 3
	strace -f -y -qq -s 300 -e trace="${calls%,}" -e signal=none -o "$scratch/trace" "$RB" exec "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	code=$?
	if [ $code -eq "$want" ]; then pass "$what: exit code $want"; else
		fail "$what: exit code $want"
		echo "got $code" | note
		tail -n 20 "$scratch/err" | note
	fi
	check "$what: no change" "$python" -SE "$here/service/trace.py" "$scratch/trace" "$RUNBOOK_STATE" "$ports"
}
only_reads() { # WHAT ACCESS-LOG
	check "$1: requests were made" test -s "$2"
	check "$1: GET and HEAD only" sh -c '! grep -v "] \"\(GET\|HEAD\) " "$1"' sh "$2"
}

# The tracer finds what it should: a script that does each of it.
cat >"$scratch/bad.sh" <<'END'
cd "$1" && echo x >a; mv a b; ln b c; ln -s b d; mkdir e; rmdir e; rm -f b; touch c; chmod 600 c; kill -0 $2; kill -URG $2
END
strace -f -y -qq -s 300 -e trace="${calls%,}" -e signal=none -o "$scratch/trace" sh "$scratch/bad.sh" "$scratch/tmp" $$ >/dev/null 2>&1
"$python" -SE "$here/service/trace.py" "$scratch/trace" "$RUNBOOK_STATE" '' >"$scratch/found"
for what in 'open.*"a", O_WRONLY' rename 'link.*"c"' symlink mkdir rmdir unlink utimensat chmod 'kill.*SIGURG'; do
	check "the tracer sees $what" grep -q "$what" "$scratch/found"
done

sh "$demo/site.sh" up "$site" || { echo 'Bail out! the site does not start'; exit 1; }
port=$(sed -n 's/^port: //p' "$site/site.yml")
for release in 2 3; do
	sh "$demo/site.sh" state "$site" >"$scratch/before"
	: >"$site/logs/access.log"
	traced "demo, release $release" 0 "$port" "$demo/deploy.yml" --inputs "$site/site.yml" -i release=$release --dry-run
	only_reads "demo, release $release" "$site/logs/access.log"
	sh "$demo/site.sh" state "$site" >"$scratch/after"
	same "demo, release $release: the same state" "$scratch/before" "$scratch/after"
done
traced 'demo, nothing to do' 0 "$port" "$demo/deploy.yml" --inputs "$site/site.yml" -i release=1 --dry-run
traced 'demo, a failing check' 1 "$port" "$demo/deploy.yml" --inputs "$site/site.yml" -i release=8 --dry-run

ion_up
ion_state "$scratch/before"
: >"$ion/nginx/access.log"
traced 'ion, healthy' 0 "$ion_port" "$top/runbooks/ion/emergency-rollback.yml" --inputs "$scratch/ion.yml" --dry-run
traced 'ion, forced' 0 "$ion_port" "$top/runbooks/ion/emergency-rollback.yml" --inputs "$scratch/ion.yml" --dry-run -i force=true
only_reads ion "$ion/nginx/access.log"
ion_state "$scratch/after"
same 'ion: the same state' "$scratch/before" "$scratch/after"

kis_up
kis_state "$scratch/before"
: >"$kis/nginx/access.log"
rm -f "$kis/echo.jsonl"
rcli config resetstat >/dev/null
lines=$(wc -l <"$scratch/pg.log")
traced kis 0 "$kis_port $kis_estimator $kis_ai $REDIS_PORT" "$top/runbooks/kis-core/deploy.yml" --inputs "$scratch/kis.yml" -i tag=v2.4.0 --dry-run
only_reads kis "$kis/nginx/access.log"
check 'kis: no message was sent' test ! -e "$kis/echo.jsonl"
check 'kis: no backup was made' test -z "$(ls -A "$kis/backups")"
tail -n +$((lines + 1)) "$scratch/pg.log" | grep -i 'statement:' >"$scratch/statements"
check 'kis: PostgreSQL was asked' test -s "$scratch/statements"
check 'kis: PostgreSQL was only read' sh -c '! grep -iv "statement: *\(select\|show\|set\|begin\|;\)" "$1"' sh "$scratch/statements"
rcli info commandstats | sed -n 's/^cmdstat_\([a-z|]*\):.*/\1/p' | sort >"$scratch/commands"
check 'kis: Redis was only read' sh -c '! grep -vx "ping\|get\|auth\|hello\|info\|command.*\|config|resetstat\|client.*" "$1"' sh "$scratch/commands"
kis_state "$scratch/after"
same 'kis: the same state' "$scratch/before" "$scratch/after"
finish
