load repository
load servers

setup_file() {
	PATH=$PATH:/usr/sbin
	for program in nginx fcgiwrap sshd openssl python3; do
		command -v $program >/dev/null || skip "no $program"
	done
}

# serve: srv/rb.git with the versions of `repository`, by https; $url
serve() {
	mkdir srv
	repository w
	git clone -q --bare w srv/rb.git
	https_server
	url=git+https://localhost:$https/rb.git
}

publish() { git -C w push -q --force ../srv/rb.git --all && git -C w push -q --force ../srv/rb.git --tags; }
unplug() { kill "$(cat nginx.pid)" && until_ok test ! -e nginx.pid; }
cache() { echo .cache/runbook/git/rb_git-*; }
packs() { ls "$(cache | sed 's/ .*//')/objects/pack" | grep -c '\.pack$'; }

@test "https: every form agrees with git; only what is meant is fetched" {
	serve
	run_rb 0 exec "$url//kis/deploy.yml@v1.4.0"
	ran w v1.4.0 kis/deploy.yml
	is "$(source_of .source.repository)" "https://localhost:$https/rb.git"
	is "$(git -C .cache/runbook/git/rb_git-*[0-9a-f] tag)" v1.4.0
	run_rb 0 exec "$url//kis/deploy.yml@1.4"
	ran w v1.4.1 kis/deploy.yml
	run_rb 0 exec "$url//kis/deploy.yml@kis/2.0"
	ran w kis/v2.0.0 kis/deploy.yml
	run_rb 0 exec "$url//kis/deploy.yml@$(git -C w rev-parse v1.5.0)"
	ran w v1.5.0 kis/deploy.yml
	run_rb 0 exec "$url//kis/deploy.yml@$(git -C w rev-parse v1.5.0~1)"
	run_rb 2 exec "$url//kis/deploy.yml@main"
	says RB403 err
	run_rb 0 exec "$url//kis/deploy.yml@main" --moving
	ran w main kis/deploy.yml
	run_rb 2 exec "$url//kis/deploy.yml@v9"
	says 'RB402' err
	run_rb 2 exec "$url//kis/none.yml@v1.4.0"
	says 'RB405' err
	is "$(find .cache -perm /077 ! -type l)" ""
}

@test "https: a commit that no ref is at comes with the branches" {
	serve
	at=$(git -C w rev-parse main~2)
	git -C w commit -q --allow-empty -m more
	publish
	git -C srv/rb.git tag -d v1.4.0 v1.4.1 v1.5.0 kis/v2.0.0 >/dev/null
	run_rb 0 exec "$url//kis/deploy.yml@$at"
	ran w "$at" kis/deploy.yml
	unplug
	run_rb 0 exec "$url//kis/deploy.yml@$at"
}

@test "without the network the cache answers, and says so; a moving branch moves on when it is back" {
	serve
	for version in v1.4.0 1.4 main; do
		run_rb 0 exec "$url//kis/deploy.yml@$version" --moving
	done
	old=$(git -C w rev-parse main)
	git -C w commit -q --allow-empty -m more
	publish
	run_rb 0 exec "$url//kis/deploy.yml@main" --moving
	ran w main kis/deploy.yml
	unplug
	for version in v1.4.0 1.4 main "$old"; do
		run_rb 0 exec "$url//kis/deploy.yml@$version" --moving
		is "$(source_of .source.cached)" true
	done
	run_rb 0 exec "$url//kis/deploy.yml@v1.4.0"
	says 'so the cache answers' err
	run_rb 0 exec "$url//kis/deploy.yml@v1.4.0" --offline
	says_not 'so the cache answers' err
	run_rb 2 exec "$url//kis/deploy.yml@v1.5.0"
	says 'RB409' err
}

@test "a tag that the server moved or took back is refused" {
	serve
	run_rb 0 exec "$url//kis/deploy.yml@v1.4.0"
	git -C srv/rb.git tag -f v1.4.0 v1.5.0 >/dev/null
	run_rb 2 exec "$url//kis/deploy.yml@v1.4.0"
	says 'RB410' err
	says 'has been moved' err
	run_rb 0 exec "$url//kis/deploy.yml@v1.4.0" --offline
	git -C srv/rb.git tag -d v1.4.0 >/dev/null
	run_rb 2 exec "$url//kis/deploy.yml@v1.4.0"
	says 'RB410' err
	# also when the cache is gone: it was run
	git -C srv/rb.git tag v1.4.0 v1.5.0
	rm -rf .cache
	run_rb 2 exec "$url//kis/deploy.yml@v1.4.0"
	says 'when it was last run' err
}

@test "TLS: an authority that is not trusted, and the wrong name, are refused" {
	serve
	unset SSL_CERT_FILE
	run_rb 2 exec "$url//kis/deploy.yml@v1.4.0"
	says 'RB409' err
	export SSL_CERT_FILE=$PWD/ca.crt
	run_rb 2 exec "git+https://127.0.0.1:$https/rb.git//kis/deploy.yml@v1.4.0"
	says 'RB409' err
	run_rb 0 exec "$url//kis/deploy.yml@v1.4.0"
}

@test "a server that sends garbage, another page, a password prompt, a redirect, a bad pack" {
	serve
	for bad in garbage html badpack private elsewhere none; do
		run_rb 2 exec "git+https://localhost:$https/$bad/rb.git//kis/deploy.yml@v1.4.0"
		says 'RB409' err
		is "$(find .cache -name '*.pack' -o -name 'pack_*' -o -name 'tmp_*' | wc -l)" 0
	done
	run_rb 2 exec "git+https://localhost:$https/elsewhere/rb.git//kis/deploy.yml@v1.4.0"
	says 'redirect' err
	run_rb 2 exec "git+https://localhost:$https/private/rb.git//kis/deploy.yml@v1.4.0"
	says 'RUNBOOK_GIT_FETCH=git' err
	[ ! -d state/runs ] || is "$(ls state/runs | wc -l)" 0
}

@test "a server that stalls is given up in time" {
	mkdir srv
	authority
	port=$(free_port)
	cat >stall.py <<-'EOF'
		import socket, ssl, sys, time
		c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		c.load_cert_chain("cert.pem", "key.pem")
		s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
		open("listens", "w").close()
		while True:
		    t = c.wrap_socket(s.accept()[0], server_side=True)
		    t.recv(4096)
		    t.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\nContent-Length: 1000\r\n\r\n001e#")
		    time.sleep(60)
	EOF
	python3 stall.py "$port" &
	background="$background $!"
	until_ok test -e listens
	export SSL_CERT_FILE=$PWD/ca.crt
	start=$(date +%s)
	run_rb 2 exec "git+https://localhost:$port/rb.git//kis/deploy.yml@v1.4.0"
	says 'RB409' err
	says 'in time' err
	[ $(($(date +%s) - start)) -lt 40 ]
}

@test "a server that lists its refs and stalls with the pack is given up" {
	mkdir srv
	repository w
	git clone -q --bare w srv/rb.git
	authority
	port=$(free_port)
	cat >stall.py <<-'EOF'
		import socket, ssl, subprocess, sys, time
		c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		c.load_cert_chain("cert.pem", "key.pem")
		s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
		refs = subprocess.run(["git", "upload-pack", "--advertise-refs", "--stateless-rpc", "srv/rb.git"], capture_output=True).stdout
		body = b"001e# service=git-upload-pack\n0000" + refs
		open("listens", "w").close()
		while True:
		    t = c.wrap_socket(s.accept()[0], server_side=True)
		    while True:
		        asked = t.recv(65536)
		        if not asked:
		            break
		        if asked.startswith(b"POST"):
		            open("posted", "w").close()
		            t.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-result\r\nContent-Length: 100000\r\n\r\n0008NAK\n")
		            time.sleep(90)
		        t.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
	EOF
	python3 stall.py "$port" &
	background="$background $!"
	until_ok test -e listens
	export SSL_CERT_FILE=$PWD/ca.crt
	run_rb 2 exec "git+https://localhost:$port/rb.git//kis/deploy.yml@v1.4.0"
	[ -e posted ]
	says 'RB409' err
	says 'the server stalled' err
	is "$(find .cache -name '*.pack' | wc -l)" 0
}

@test "an interrupted fetch leaves nothing that hinders the next one" {
	serve
	head -c 3000000 /dev/urandom >w/big
	git -C w add big
	git -C w commit -qm big
	git -C w tag v2.0.0
	publish
	run_rb 0 exec "$url//kis/deploy.yml@v1.4.0"
	nginx_conf 'limit_rate 200k;'
	kill -HUP "$(cat nginx.pid)"
	sleep 0.3
	begin exec "$url//kis/deploy.yml@v2.0.0"
	until_ok eval 'ls .cache/runbook/git/rb_git-*/objects/pack/ | grep -v "^pack-"'
	kill -9 "$pid"
	wait "$pid" || true
	run_rb 0 exec "$url//kis/deploy.yml@v1.4.0" --offline
	nginx_conf
	kill -HUP "$(cat nginx.pid)"
	sleep 0.3
	run_rb 0 exec "$url//kis/deploy.yml@v2.0.0"
	ran w v2.0.0 kis/deploy.yml
	is "$(ls .cache/runbook/git/rb_git-*/objects/pack/ | grep -cv '^pack-[0-9a-f]*\.\(pack\|idx\)$')" 0
}

@test "many at once: one writes, all run" {
	serve
	pids=
	for n in 1 2 3 4 5 6; do
		"$RB" exec "$url//kis/deploy.yml@v1.4.0" >"many.$n" 2>&1 </dev/null &
		pids="$pids $!"
	done
	for p in $pids; do
		wait "$p"
	done
	is "$(ls .cache/runbook/git/rb_git-*/objects/pack/*.pack | wc -l)" 1
	is "$(ls state/runs | wc -l)" 6
}

@test "RUNBOOK_GIT_FETCH=git: with the user's credentials, which are kept nowhere" {
	serve
	printf 'ann:%s\n' "$(openssl passwd -apr1 geheim)" >users
	mkdir srv/private
	git clone -q --bare w srv/private/rb.git
	sed -i "s#location /private/ {#location ~ ^/private/ { fastcgi_pass unix:$PWD/fcgi.sock; fastcgi_param SCRIPT_FILENAME $(git --exec-path)/git-http-backend; fastcgi_param GIT_PROJECT_ROOT $PWD/srv; fastcgi_param GIT_HTTP_EXPORT_ALL 1; fastcgi_param HOME $PWD; fastcgi_param PATH_INFO \$uri; fastcgi_param QUERY_STRING \$query_string; fastcgi_param REQUEST_METHOD \$request_method; fastcgi_param CONTENT_TYPE \$content_type; fastcgi_param CONTENT_LENGTH \$content_length; fastcgi_param REMOTE_USER \$remote_user;#" nginx.conf
	kill -HUP "$(cat nginx.pid)"
	sleep 0.3
	private=git+https://localhost:$https/private/rb.git
	export RUNBOOK_GIT_FETCH=git GIT_SSL_CAINFO=$PWD/ca.crt
	run_rb 2 exec "$private//kis/deploy.yml@v1.4.0"
	says 'RB409' err
	cat >.gitconfig <<-EOF
		[credential]
		helper = "!f() { echo username=ann; echo password=geheim; }; f"
	EOF
	run_rb 0 exec "$private//kis/deploy.yml@v1.4.0"
	ran w v1.4.0 kis/deploy.yml
	run_rb 0 exec "$private//kis/deploy.yml@1.4"
	run_rb 0 exec "$private//kis/deploy.yml@main" --moving
	run_rb 0 exec "$private//kis/deploy.yml@$(git -C w rev-parse v1.4.0)"
	is "$(grep -rl geheim .cache state out err)" ""
	unset RUNBOOK_GIT_FETCH
	run_rb 0 exec "$private//kis/deploy.yml@v1.4.0" --offline
}

@test "ssh: a key of the user; an unknown host and an unknown key are refused" {
	mkdir srv
	repository w
	git clone -q --bare w srv/rb.git
	ssh_server
	url=git+ssh://$USER@localhost:$ssh$PWD/srv/rb.git
	run_rb 0 exec "$url//kis/deploy.yml@v1.4.0"
	ran w v1.4.0 kis/deploy.yml
	run_rb 0 exec "$url//kis/deploy.yml@1.4"
	ran w v1.4.1 kis/deploy.yml
	RUNBOOK_GIT_FETCH=git GIT_SSH_COMMAND="ssh -i $PWD/.ssh/id_ed25519 -o UserKnownHostsFile=$PWD/.ssh/known_hosts" \
		run_rb 0 exec "$url//kis/deploy.yml@1"
	ran w v1.5.0 kis/deploy.yml
	mv .ssh/known_hosts known
	rm -rf .cache
	run_rb 2 exec "$url//kis/deploy.yml@v1.4.0"
	says 'RB409' err
	mv known .ssh/known_hosts
	: >authorized
	run_rb 2 exec "$url//kis/deploy.yml@v1.4.0"
	says 'accepts none of the keys' err
	kill "$(cat sshd.pid)"
}
