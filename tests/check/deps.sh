#!/bin/sh
# deps.sh SET...: installs the Debian packages of the sets that are missing, and
# nothing else. Sets: build demo check long fuzz bench. As root or by sudo; no service
# is started. Where there is no dpkg it does nothing: the build will tell.
#
# `a|b`: either will do; `?a`: wanted, but go on without.
set -uf
packages_of() {
	case $1 in
	build) echo "gcc libc6-dev libyaml-dev libjansson-dev libpcre2-dev libutf8proc-dev libssl-dev
		libcurl4-openssl-dev libgit2-dev zlib1g-dev ca-certificates" ;;
	demo) echo "nginx-light|nginx|nginx-core|nginx-full|nginx-extras sqlite3 curl" ;;
	check) echo "libcmocka-dev bats strace procps
		nginx-light|nginx|nginx-core|nginx-full|nginx-extras sqlite3 postgresql redis-server curl jq
		?nodejs ?npm|nodejs:npm python3 python3-yaml ?python3-aiosmtpd bash xz-utils git openssl netcat-openbsd
		prometheus ?systemd alembic python3-psycopg2 libxml2-utils ?chromium ?fonts-noto-cjk gnupg gpgv openssh-client
		openssh-server fcgiwrap" ;;
	long) echo "?clang ?libclang-rt-14-dev|libclang-rt-dev valgrind" ;;
	fuzz) echo "clang libclang-rt-14-dev|libclang-rt-dev" ;;
	bench) echo "python3 ninja-build dash bash make git strace sqlite3 nginx-light|nginx|nginx-core|nginx-full|nginx-extras
		?nodejs ?npm|nodejs:npm ?chromium" ;;
	*)
		echo "deps.sh: no such set: $1" >&2
		exit 2
		;;
	esac
}

command -v dpkg-query >/dev/null 2>&1 || exit 0
have() { # PACKAGE, or PACKAGE:COMMAND that a foreign package brings
	case $1 in
	*:*) command -v "${1#*:}" >/dev/null 2>&1 ;;
	*) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
	esac
}
needed='' optional=''
for set in "$@"; do
	list=$(packages_of "$set") || exit 2
	for entry in $list; do
		choice=${entry#\?} found=
		for package in $(echo "$choice" | tr '|' ' '); do
			if have "$package"; then
				found=1
				break
			fi
		done
		[ -z "$found" ] || continue
		case $entry in
		\?*) optional="$optional ${choice%%|*}" ;;
		*) needed="$needed ${choice%%|*}" ;;
		esac
	done
done
# Packages that are wanted only were tried before: not again at every run.
tried=build/deps.tried
if [ -n "$optional" ] && [ -f "$tried" ] && [ "$(cat "$tried")" = "$optional" ]; then
	optional=''
fi
[ -n "$needed$optional" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
	sudo=
elif command -v sudo >/dev/null 2>&1; then
	sudo=sudo
elif [ -z "$needed" ]; then
	exit 0
else
	echo "Missing packages, and neither root nor sudo here. Please run as root:" >&2
	echo "  apt-get install --no-install-recommends$needed" >&2
	exit 1
fi

# No service may start while we install: policy-rc.d forbids it, and what stood
# there before comes back.
policy=/usr/sbin/policy-rc.d saved=
restore() {
	[ -n "$saved" ] || return 0
	if [ "$saved" = none ]; then
		$sudo rm -f "$policy"
	else
		$sudo mv -f "$policy.runbook-saved" "$policy"
	fi
	saved=
}
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if [ -e "$policy" ]; then
	$sudo mv -f "$policy" "$policy.runbook-saved"
	saved=moved
else
	saved=none
fi
printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
$sudo chmod 755 "$policy"

install() {
	$sudo env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -qq -y -o Dpkg::Use-Pty=0 \
		-o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" </dev/null >build/deps.log 2>&1
}
mkdir -p build
echo "installing:$needed$optional" >&2
$sudo apt-get -qq update </dev/null >build/deps.log 2>&1 || echo "apt-get update failed; going on with the lists that are here" >&2
if [ -n "$needed" ]; then
	# shellcheck disable=SC2086
	install $needed || {
		cat build/deps.log >&2
		echo "could not install:$needed" >&2
		exit 1
	}
fi
# shellcheck disable=SC2086
if [ -n "$optional" ] && ! install $optional; then
	for package in $optional; do
		install "$package" || echo "could not install $package; what needs it is skipped" >&2
	done
fi
[ -z "$optional" ] || echo "$optional" >"$tried"
