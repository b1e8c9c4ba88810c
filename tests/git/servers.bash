# servers.bash: a git server by https (git http-backend behind nginx, fcgiwrap, a
# CA of its own) and one by ssh (sshd); on free ports, stopped by pid. For `load`.

unset CURL_CA_BUNDLE GIT_SSL_CAINFO SSL_CERT_FILE SSL_CERT_DIR http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# authority: ca.crt, and cert.pem and key.pem for localhost.
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 2 -subj '/CN=test CA' \
		-addext basicConstraints=critical,CA:true 2>openssl.log
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.csr -subj /CN=localhost 2>>openssl.log
	printf 'subjectAltName=DNS:localhost\n' >cert.ext
	openssl x509 -req -in cert.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile cert.ext -out cert.pem 2>>openssl.log
}

# nginx_conf [DIRECTIVE]: the directive stands where repositories are served.
nginx_conf() {
	{
		[ "$(id -u)" != 0 ] || echo "user root;"
		cat <<-EOF
			pid $PWD/nginx.pid;
			error_log $PWD/nginx.log;
			worker_processes 1;
			events { worker_connections 64; }
			http {
				access_log $PWD/access.log;
				client_body_temp_path $PWD/t1; proxy_temp_path $PWD/t2; fastcgi_temp_path $PWD/t3; uwsgi_temp_path $PWD/t4; scgi_temp_path $PWD/t5;
				server {
					listen 127.0.0.1:$https ssl;
					server_name localhost;
					ssl_certificate $PWD/cert.pem;
					ssl_certificate_key $PWD/key.pem;
					location /garbage/ {
						types { } default_type application/x-git-upload-pack-advertisement;
						return 200 "001e# service=git-upload-pack\n0000zzzz this is no packet";
					}
					location /html/ { types { } default_type text/html; return 200 "<html>log in</html>"; }
					location /private/ { auth_basic private; auth_basic_user_file $PWD/users; }
					location /elsewhere/ { rewrite ^/elsewhere/(.*) https://127.0.0.1:$https/\$1 redirect; }
					location ~ ^/badpack/.*/git-upload-pack\$ {
						types { } default_type application/x-git-upload-pack-result;
						return 200 "0008NAK\nPACK this is no pack";
					}
					location / {
						${1:-}
						rewrite ^/badpack/(.*) /\$1 break;
						fastcgi_pass unix:$PWD/fcgi.sock;
						fastcgi_param SCRIPT_FILENAME $(git --exec-path)/git-http-backend;
						fastcgi_param GIT_PROJECT_ROOT $PWD/srv;
						fastcgi_param GIT_HTTP_EXPORT_ALL 1;
						fastcgi_param HOME $PWD;
						fastcgi_param PATH_INFO \$uri;
						fastcgi_param QUERY_STRING \$query_string;
						fastcgi_param REQUEST_METHOD \$request_method;
						fastcgi_param CONTENT_TYPE \$content_type;
						fastcgi_param CONTENT_LENGTH \$content_length;
						fastcgi_param HTTP_CONTENT_ENCODING \$http_content_encoding;
					}
				}
			}
		EOF
	} >nginx.conf
}

# https_server: serves srv/*.git at https://localhost:$https/ .
https_server() {
	PATH=$PATH:/usr/sbin
	authority
	https=$(free_port)
	: >users
	nginx_conf
	fcgiwrap -s "unix:$PWD/fcgi.sock" >fcgi.log 2>&1 &
	background="$background $!"
	nginx -e "$PWD/nginx.log" -c "$PWD/nginx.conf"
	until_ok test -s nginx.pid
	background="$background $(cat nginx.pid)"
	until_ok test -S fcgi.sock
	export SSL_CERT_FILE=$PWD/ca.crt
}

# ssh_server: serves the same at ssh://$USER@localhost:$ssh$PWD/srv/*.git, for the key .ssh/id_ed25519.
ssh_server() {
	PATH=$PATH:/usr/sbin
	ssh=$(free_port)
	mkdir -p -m 700 .ssh
	[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f host.key
	ssh-keygen -q -t ed25519 -N '' -f .ssh/id_ed25519
	cp .ssh/id_ed25519.pub authorized
	cat >sshd.conf <<-EOF
		Port $ssh
		ListenAddress 127.0.0.1
		HostKey $PWD/host.key
		AuthorizedKeysFile $PWD/authorized
		StrictModes no
		UsePAM no
		PermitRootLogin prohibit-password
		PasswordAuthentication no
		PidFile $PWD/sshd.pid
	EOF
	"$(command -v sshd)" -f "$PWD/sshd.conf" -E "$PWD/sshd.log"
	until_ok test -s sshd.pid
	background="$background $(cat sshd.pid)"
	printf '[localhost]:%s %s\n' "$ssh" "$(cut -d' ' -f1,2 host.key.pub)" >.ssh/known_hosts
	export USER=${USER:-$(id -un)}
	unset SSH_AUTH_SOCK
}
