#!/bin/sh
# site.sh: the site that the demo deploys to. Everything lies in one folder.
#
#   site.sh up DIR       makes DIR with release 1 live, starts nginx on a free port,
#                        writes DIR/site.yml (the inputs root and port)
#   site.sh state DIR    prints what customers, the database and the files look like
#   site.sh reset DIR    back to release 1 as `up` made it, same port
#   site.sh down DIR     stops nginx; deletes nothing
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=${2:?usage: site.sh up|state|reset|down DIR}
nginx=$(PATH=$PATH:/usr/sbin:/sbin command -v nginx) || { echo "site.sh: there is no nginx" >&2; exit 2; }

make_tree() {
	mkdir -p "$dir/nginx" "$dir/tmp" "$dir/logs" "$dir/data" "$dir/backups" "$dir/releases"
	cp -R "$here/releases/1" "$dir/releases/1-first"
	ln -sfn releases/1-first "$dir/current"
	rm -f "$dir/data/shop.db"
	sqlite3 -bail "$dir/data/shop.db" <"$here/releases/1/migrate.sql"
	sh -eu "$here/releases/1/export.sh" "$dir/data/shop.db" "$dir/current/public"
	cat >"$dir/nginx/maintenance.conf" <<-'END'
		# What nginx serves while the shop is closed.
		location / { add_header Retry-After 60 always; return 503 "Back in a minute.\n"; }
	END
	ln -sfn ../current/site.conf "$dir/nginx/active.conf"
}

write_conf() { # PORT
	user=
	[ "$(id -u)" != 0 ] || user='user root root;' # so that it may read a private folder
	cat >"$dir/nginx/nginx.conf" <<-END
		$user
		worker_processes 1;
		pid nginx/nginx.pid;
		error_log logs/error.log;
		events { worker_connections 64; }
		http {
		  access_log logs/access.log;
		  client_body_temp_path tmp/body;
		  proxy_temp_path tmp/proxy;
		  fastcgi_temp_path tmp/fastcgi;
		  uwsgi_temp_path tmp/uwsgi;
		  scgi_temp_path tmp/scgi;
		  server {
		    listen 127.0.0.1:$1;
		    include active.conf;
		  }
		}
	END
}

# nginx itself finds out whether a port is free: on a taken one it does not start.
start() {
	tries=0
	port=$((20000 + ($$ * 37 + $(date +%S | sed 's/^0//') * 151) % 12000))
	while :; do
		write_conf "$port"
		if "$nginx" -e logs/error.log -p "$dir/" -c nginx/nginx.conf >"$dir/logs/start" 2>&1 </dev/null; then
			break
		fi
		tries=$((tries + 1))
		if [ $tries -ge 20 ] || ! grep -qs 'Address already in use' "$dir/logs/start" "$dir/logs/error.log"; then
			cat "$dir/logs/start" >&2
			exit 1
		fi
		port=$((port + 7))
	done
	printf 'root: %s\nport: %s\n' "$dir" "$port" >"$dir/site.yml"
	wait_answer
}

port() { sed -n 's/^port: //p' "$dir/site.yml"; }

wait_answer() { # until the live pages answer
	n=0
	until get products.json >/dev/null 2>&1 && [ "$(code products.json)" = 200 ]; do
		n=$((n + 1))
		[ $n -lt 100 ] || { echo "site.sh: nginx does not answer" >&2; exit 1; }
		sleep 0.05
	done
}

get() { curl -sS --noproxy '*' --max-time 5 "http://127.0.0.1:$(port)/$1"; }
code() { curl -sS --noproxy '*' --max-time 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$(port)/$1"; }

state() {
	cd "$dir"
	echo '-- traffic'
	for page in '' about.html products.json stock.json nothing.html; do
		curl -sS --noproxy '*' --max-time 5 -w "\n%{http_code} %{content_type} X-Release=%header{x-release} /$page\n" \
			"http://127.0.0.1:$(port)/$page" || echo "no answer /$page"
	done
	echo '-- schema'
	sqlite3 -readonly data/shop.db .schema 'PRAGMA user_version'
	echo '-- rows'
	sqlite3 -readonly data/shop.db .dump
	# The database's own file is left out: a restored copy counts its changes anew.
	# Backups stay on purpose; logs grow.
	echo '-- files'
	find . \( -path ./backups -o -path ./logs -o -path ./data/shop.db \) -prune -o -type f -print0 |
		LC_ALL=C sort -z | xargs -0 sha256sum
	find . -type l -printf '%p -> %l\n' | LC_ALL=C sort
	find . -path './backups/*' -prune -o -type d -print | LC_ALL=C sort
}

case $1 in
up)
	mkdir -p "$dir"
	dir=$(cd "$dir" && pwd)
	make_tree
	start
	;;
state) state ;;
reset)
	rm -rf "$dir/releases" "$dir/data" "$dir/backups"
	make_tree
	kill -HUP "$(cat "$dir/nginx/nginx.pid")"
	sleep 0.3 # nginx lets its old worker answer for another moment
	n=0
	until get products.json | grep -q '"release":1,' && [ "$(code stock.json)" = 404 ]; do
		n=$((n + 1))
		[ $n -lt 100 ] || { echo "site.sh: release 1 does not come back" >&2; exit 1; }
		sleep 0.05
	done
	;;
down)
	if [ -s "$dir/nginx/nginx.pid" ]; then
		pid=$(cat "$dir/nginx/nginx.pid")
		kill -TERM "$pid" 2>/dev/null || :
		n=0
		while kill -0 "$pid" 2>/dev/null && [ $n -lt 100 ]; do
			n=$((n + 1))
			sleep 0.05
		done
	fi
	;;
*)
	echo "usage: site.sh up|state|reset|down DIR" >&2
	exit 2
	;;
esac
