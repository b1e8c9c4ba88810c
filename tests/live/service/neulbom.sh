# neulbom.sh: Neulbom Care in the state of the stand-ins; sourced after lib.sh and
# cloud/state.sh.
neulbom_up() {
	cloud_up az vercel
	cloud_resident
	cat >"$cloud/bin/logger" <<-END
		#!/bin/sh
		cat >>"$scratch/told"
	END
	mkdir -p "$scratch/packages" "$scratch/front" "$scratch/back"
	for _v in v10 v11 v12 v13 v14; do echo "package $_v" >"$scratch/packages/$_v.zip"; done
	neulbom_seed
	cloud_web neulbom
	VERCEL_TOKEN=vercel-token-1 NEW_KEY='n3w "key"' STAGING_DATABASE_PASSWORD='pw of postgres'
	export VERCEL_TOKEN NEW_KEY STAGING_DATABASE_PASSWORD
	cat >"$scratch/neulbom.yml" <<-END
		api: http://127.0.0.1:$web_port
		url: http://127.0.0.1:$web_port
		page: http://127.0.0.1:$web_port
		slot_url: http://127.0.0.1:$web_port/staging
		packages: $scratch/packages
		again: 10ms
	END
}
neulbom_seed() {
	rm -f "$cloud/state.json"
	cloud_set web <<-END
		{"app": "neulbomcare-api", "sick": ["v13"], "sick_in_slot": ["v14"]}
	END
	cloud_set vercel <<-END
		{"project": "neulbomcare", "production": "dpl_3", "next": 4, "deployments": {
		  "dpl_1": {"url": "neulbomcare-1.vercel.app", "state": "READY", "target": "production", "good": true},
		  "dpl_2": {"url": "neulbomcare-2.vercel.app", "state": "ERROR", "target": "production", "good": false},
		  "dpl_3": {"url": "neulbomcare-3.vercel.app", "state": "READY", "target": "production", "good": true}}}
	END
	cloud_set az <<-END
		{"subscription": {"name": "neulbomcare", "id": "s-1"}, "groups": ["neulbomcare-rg"],
		 "webapps": {"neulbomcare-api": {"group": "neulbomcare-rg", "plan": "neulbomcare-plan", "runtime": "PYTHON|3.10", "state": "Running", "deployments": [],
		   "slots": {"production": {"package": "v11.zip", "settings": {"DEBUG": "False", "LOG_LEVEL": "INFO", "DATABASE_HOST": "prod-server.postgres.database.azure.com"}},
		             "staging": {"package": "v10.zip", "settings": {"DEBUG": "True", "OLD": "1 of 2", "DATABASE_HOST": "prod-server.postgres.database.azure.com"}}},
		   "log": ["INFO started", "INFO GET /health 200"]}},
		 "vaults": {"neulbomcare-kv": {"group": "neulbomcare-rg", "secrets": {"DatabaseURL": ["postgresql://x"], "AzureOpenaiKey": ["old key"], "SecretKey": ["s3cret"],
		   "DatabasePassword": ["pw of postgres"]}}},
		 "autoscale": {}, "plans": {"neulbomcare-plan": {"group": "neulbomcare-rg", "sku": "S1", "workers": 1}},
		 "metrics": {"neulbomcare-plan": {"MemoryPercentage": [70, 88, 93]},
		   "neulbomcare-api": {"Requests": [1000, 1200], "Http5xx": [2, 4], "HttpResponseTime": [0.2, 0.31]}},
		 "servers": {"prod-server": {"group": "neulbomcare-rg", "state": "Ready", "retention": 35, "backups": [], "rules": {"azure": ["0.0.0.0", "0.0.0.0"], "office": ["198.51.100.4", "198.51.100.4"]}}}}
	END
	cloud_keep
}
# neulbom_change PYTHON: changes the seed: az, vercel, web; app, slots
neulbom_change() {
	cloud_back
	cloud_python "world = state.World(home); az, vercel, web = (world.state[k] for k in ('az', 'vercel', 'web'))
app = az['webapps']['neulbomcare-api']
slots = app['slots']
$1
world.save()"
}
neulbom() { # CODE WHAT BOOK ARGS...
	_c=$1 _w=$2 _b=$3
	shift 3
	rb "$_c" "$_w" exec "$books/$_b.yml" --inputs "$scratch/$_b.yml" --yes --no-input --no-sync "$@"
}
inputs() { # BOOK: those of neulbom.yml that the book knows, and more from standard input
	{ grep -E "^($(sed -n '/^inputs:/,/^[a-z]/s/^  \([a-z_]*\):.*/\1/p' "$books/$1.yml" | tr '\n' '|')none):" "$scratch/neulbom.yml"; cat; } >"$scratch/$1.yml"
	[ -s "$scratch/$1.yml" ] || echo '{}' >"$scratch/$1.yml"
}
page() { cat "$(ls -dt "$RUNBOOK_STATE"/runs/*/ | head -n 1)$1"; }
says() { # FILE TEXT
	page "$1" >"$scratch/page" 2>&1
	check "the report says: $2" has "$scratch/page" "$2"
}
field() { cloud_view | jq -r "$1"; }
unchanged() {
	cloud_view >"$scratch/now"
	cp "$cloud/state.json" "$scratch/as.is"
	cloud_back
	cloud_view >"$scratch/then"
	cp "$scratch/as.is" "$cloud/state.json"
	same "$1: nothing changed" "$scratch/then" "$scratch/now"
}
fault() { # BOOK ARGS...
	_b=$1
	shift
	points "$_b" cloud_back cloud_view "$books/$_b.yml" --inputs "$scratch/$_b.yml" "$@"
}
