# state.sh: puts the stand-ins of tests/cloud in place; sourced after service/lib.sh.
#
#   cloud_up PROGRAM...   their commands in $cloud/bin, in front of PATH; the state is
#                         $cloud/state.json
#   cloud_resident        the stand-ins so far stay in one process: calls are quicker, and are
#                         no children of the runner (a test that traces does without)
#   cloud_wrap TOOL...    real tools whose calls in writing steps can be made to fail
#   cloud_web FACE        a web server over the state (web.py), on $web_port
#   cloud_relay NAME=HOST:PORT...  stands before real servers, so that their requests can be
#                         made to fail (relay.py); ports are in $cloud/relay.json
#   cloud_file NAME       $cloud_preload: a file of this name that the program writes, too;
#                         after cloud_resident
#   cloud_view            prints the state that counts
#   cloud_set NAME < JSON sets the state of one program
#   cloud_keep, cloud_back  keeps the state, and brings it back: the WORLD of points.sh
cloud_top=$top/tests/cloud
cloud_up() {
	cloud=$scratch/cloud
	mkdir -p "$cloud/bin" "$cloud/pyc"
	for _p; do
		cloud_shim "$_p" "state.main('$_p', '$cloud')"
	done
	PATH=$cloud/bin:$PATH
	export PATH
}
cloud_shim() { # NAME PYTHON
	rm -f "$cloud/bin/$1"
	cat >"$cloud/bin/$1" <<-END
		#!$python -SE
		import sys
		sys.pycache_prefix = '$cloud/pyc'
		sys.path.insert(0, '$cloud_top')
		import state
		sys.exit($2)
	END
	chmod +x "$cloud/bin/$1"
}
cloud_resident() {
	cc -O1 -D_GNU_SOURCE -DCLOUD_HOME="\"$cloud\"" -o "$cloud/resident" "$cloud_top/resident.c" || { echo 'Bail out! resident.c'; exit 1; }
	cloud_programs=$(cd "$cloud/bin" && echo *)
	# shellcheck disable=SC2086
	cloud_stay $cloud_programs
	ln -f "$cloud/resident" "$cloud/bin/cloud-view"
}
cloud_stay() { # PROGRAM | TOOL=PATH ...
	rm -f "$cloud/socket"
	daemon "$scratch/resident.log" env PYTHONPYCACHEPREFIX="$cloud/pyc" "$python" -S "$cloud_top/resident.py" "$cloud" "$@"
	until_ok 10 test -S "$cloud/socket" || { note <"$scratch/resident.log"; echo 'Bail out! the stand-ins do not stay'; exit 1; }
	for _p; do
		ln -f "$cloud/resident" "$cloud/bin/${_p%%=*}"
	done
}
cloud_wrap() {
	_tools=
	for _p; do
		_real=$(command -v "$_p") || continue
		_tools="$_tools $_p=$_real"
		[ -e "$cloud/socket" ] || cloud_shim "$_p" "state.wrap('$_p', '$cloud', '$_real')"
	done
	# shellcheck disable=SC2086
	[ ! -e "$cloud/socket" ] || cloud_stay $cloud_programs $_tools
}
cloud_python() { # CODE ARGS...
	_code=$1
	shift
	"$python" -SE -c "import sys
sys.pycache_prefix = '$cloud/pyc'
sys.path.insert(0, '$cloud_top')
import state, json
home = '$cloud'
$_code" "$@"
}
cloud_view() {
	if [ -x "$cloud/bin/cloud-view" ]; then "$cloud/bin/cloud-view"; else cloud_python 'print(state.view(home))'; fi
}
cloud_set() {
	cloud_python 'world = state.World(home); world.state[sys.argv[1]] = json.load(sys.stdin); world.save()' "$1"
}
cloud_keep() { cp "$cloud/state.json" "$cloud/kept.json"; }
cloud_back() { cp "$cloud/kept.json" "$cloud/state.json"; }
cloud_web() {
	daemon "$scratch/web.log" "$python" -SE "$cloud_top/web.py" "$cloud" "$1" "$scratch/web.port"
	until_ok 10 test -s "$scratch/web.port" || { note <"$scratch/web.log"; echo 'Bail out! the web server does not start'; exit 1; }
	web_port=$(cat "$scratch/web.port")
}
cloud_relay() {
	daemon "$scratch/relay.log" "$python" -SEB "$cloud_top/relay.py" "$cloud" "$RUNBOOK_STATE" "$cloud/relay.json" "$@"
	until_ok 10 test -s "$cloud/relay.json" || { note <"$scratch/relay.log"; echo 'Bail out! the relay does not start'; exit 1; }
}
cloud_file() {
	cc -shared -fPIC -O1 -o "$cloud/failfile.so" "$cloud_top/failfile.c" -ldl || { echo 'Bail out! no failfile'; exit 1; }
	ln -f "$cloud/resident" "$cloud/bin/cloud-file"
	cloud_preload="LD_PRELOAD=$cloud/failfile.so FAIL_FILE=$1 FAIL_ASK=$cloud/bin/cloud-file"
}
