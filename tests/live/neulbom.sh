#!/bin/sh
# neulbom.sh: those of runbooks/neulbomcare that change Vercel and Azure, against stand-ins;
# those of the database are in neulbom_db.sh.
. "$(dirname "$0")/service/lib.sh"
. "$top/tests/cloud/state.sh"
. "$top/tests/cloud/points.sh"
. "$here/service/neulbom.sh"
need python3 jq curl
books=$top/runbooks/neulbomcare
for book in "$books"/*.yml "$books"/steps/*.yml; do
	rb 0 "${book#"$top/"} has no errors" check "$book"
	check 'and no warnings' sh -c '"$1" check --output json "$2" | tr -d " \n" | grep -q "\"diagnostics\":\[\]"' sh "$RB" "$book"
done
neulbom_up
inputs frontend-deploy <<END
source: $scratch/front
build: [sh, -c, 'test ! -e BROKEN_HERE']
audit: ['true']
END
inputs backend-deploy <<END
source: $scratch/back
tests: [sh, -c, 'test ! -e FAILING']
audit: ['true']
soak: 50ms
look: 100ms
END
for book in api-down out-of-memory disaster-recovery key-rotation checklist-daily; do inputs $book </dev/null; done
get_page() { get "http://127.0.0.1:$web_port$1"; }

# --- Front end -------------------------------------------------------------------
cloud_back
rb 0 'front end: dry-run' exec "$books/frontend-deploy.yml" --inputs "$scratch/frontend-deploy.yml" --dry-run --no-sync
unchanged 'front end, dry-run'
neulbom 0 'front end' frontend-deploy
is 'the new deployment has the domain' "$(field .vercel.production)" dpl_4
touch "$scratch/front/BROKEN_HERE"
cloud_back
neulbom 3 'the build fails here: nothing is deployed' frontend-deploy
unchanged 'build fails here'
rm "$scratch/front/BROKEN_HERE"
touch "$scratch/front/BROKEN_BUILD"
neulbom 3 'the build fails there' frontend-deploy
unchanged 'build fails there'
rm "$scratch/front/BROKEN_BUILD"
touch "$scratch/front/BROKEN"
neulbom 3 'it is ready and does not answer: the domain goes back' frontend-deploy
unchanged 'does not answer'
rm "$scratch/front/BROKEN"
neulbom 0 'known weaknesses are shown, and no obstacle' frontend-deploy -i 'audit=["false"]'
says frontend.md 'audit failed'
(unset VERCEL_TOKEN; "$RB" exec "$books/frontend-deploy.yml" --inputs "$scratch/frontend-deploy.yml" --yes --no-input >"$scratch/out" 2>&1 </dev/null)
is 'without a token nothing runs' $? 1

# --- Back end --------------------------------------------------------------------
cloud_back
rb 0 'back end: dry-run' exec "$books/backend-deploy.yml" --inputs "$scratch/backend-deploy.yml" -i version=v12 --dry-run --no-sync
unchanged 'back end, dry-run'
neulbom 0 'back end' backend-deploy -i version=v12
is 'the new version is in production, the old one in the slot' "$(field '[.az.webapps[].slots | .production.package, .staging.package] | join(" ")')" 'v12.zip v11.zip'
is 'with its settings, which name the secret and do not hold it' "$(field '.az.webapps[].slots.production.settings.SECRET_KEY')" '@Microsoft.KeyVault(SecretUri=https://neulbomcare-kv.vault.azure.net/secrets/SecretKey/)'
cloud_back
neulbom 0 'the running version: stopped' backend-deploy -i version=v11
neulbom 1 'a version without a package' backend-deploy -i version=v99
touch "$scratch/back/FAILING"
neulbom 1 'the tests fail: nothing is deployed' backend-deploy -i version=v12
unchanged 'tests fail'
rm "$scratch/back/FAILING"
neulbom 3 'a version that is sick in the slot' backend-deploy -i version=v14
unchanged 'sick in the slot'
neulbom 3 'a version that is sick in production' backend-deploy -i version=v13
unchanged 'sick in production'

neulbom_change "web['~turns_sick'] = {'v12': 4}"
neulbom 3 'a version that becomes sick when it is watched' backend-deploy -i version=v12 -i soak=5m
is 'the version before is back' "$(field '[.az.webapps[].slots | .production.package, .staging.package] | join(" ")')" 'v11.zip v10.zip'
check 'the monitor says why' sh -c 'cat "$1/out" "$1/err" | grep -q "The new version does not answer"' sh "$scratch"

# --- Incidents -------------------------------------------------------------------
cloud_back
neulbom 0 'API down, and it answers: stopped' api-down
unchanged 'it answers'
neulbom_change "app['state'] = 'Stopped'"
neulbom 0 'API stopped: started' api-down
is 'it runs' "$(field '.az.webapps[].state')" Running
neulbom_change "web['hung'] = 0"
neulbom 0 'API hung: restarted' api-down
neulbom_change "app['state'] = 'Stopped'; web['sick'].append('v11')"
neulbom 3 'it does not help: stopped as before' api-down
is 'it is stopped' "$(field '.az.webapps[].state')" Stopped
neulbom_change "web['hung'] = 0; app['log'].append('psycopg2.OperationalError: could not connect to server')"
neulbom 1 'the log complains of the database: nothing is restarted' api-down
check 'and the right runbook is named' sh -c 'cat "$1/out" "$1/err" | grep -q db-unreachable.yml' sh "$scratch"
cloud_back
neulbom 0 'out of memory: restart' out-of-memory
says memory.md '93% used (limit 80%), rising: true'
neulbom_change "az['metrics']['neulbomcare-plan']['MemoryPercentage'] = [40, 41]"
neulbom 0 'enough memory: stopped' out-of-memory
neulbom_change "az['metrics']['neulbomcare-plan']['MemoryPercentage'] = []"
neulbom 1 'no figures are no good figures' out-of-memory
cloud_back
neulbom 0 'a larger plan, and scaling' out-of-memory -i sku=P1V2 -i autoscale=true
is 'they are there' "$(field '[.az.plans[].sku, .az.autoscale[].max] | map(tostring) | join(" ")')" 'P1V2 10'
cloud_back
neulbom 0 'a new key' key-rotation
is 'it is the newest' "$(field '.az.vaults[].secrets.AzureOpenaiKey[0]')" "$NEW_KEY"
check 'no secret in the files of the runs' sh -c '! grep -rqF -e "$1" "$2"' sh "$NEW_KEY" "$RUNBOOK_STATE"
check 'nor the old one' sh -c '! grep -rqF -e "old key" "$1"' sh "$RUNBOOK_STATE"
neulbom_change "web['hung'] = 3"
neulbom 3 'the API does not come up with it: the old one is back, and it says so' key-rotation
is 'the old key' "$(field '.az.vaults[].secrets.AzureOpenaiKey[0]')" 'old key'

# --- Disaster recovery -------------------------------------------------------------
all='parts=["frontend", "backend", "database"]'
cloud_back
rb 0 'recovery: the drill is a dry-run' exec "$books/disaster-recovery.yml" --inputs "$scratch/disaster-recovery.yml" -i "$all" --dry-run --no-sync
unchanged 'drill'
says recovery.md '# Disaster recovery: DRILL'
neulbom 0 'recovery, and everything answers: stopped' disaster-recovery
unchanged 'no disaster'
neulbom_change "vercel['deployments']['dpl_3']['good'] = False"
neulbom 0 'the front end is broken' disaster-recovery
is 'the deployment before has the domain; a failed one is passed over' "$(field .vercel.production)" dpl_1
neulbom_change "web['sick'].append('v11')"
neulbom 0 'the back end is broken' disaster-recovery
is 'the version before runs' "$(field '.az.webapps[].slots.production.package')" v10.zip
neulbom_change "az['servers']['prod-server']['state'] = 'Stopped'"
neulbom 0 'the database is broken' disaster-recovery
check 'the API uses the new server' sh -c 'printf "%s" "$1" | grep -q "^prod-server-[0-9a-z]*\.postgres"' sh "$(field '.az.webapps[].slots.production.settings.DATABASE_HOST')"
says recovery.md 'RPO 15m: kept'
neulbom 0 'older than the RPO: it says so' disaster-recovery -i "parts=[\"database\"]" -i back=40m
says recovery.md 'RPO 15m: MISSED'
neulbom 1 'an unknown part' disaster-recovery -i 'parts=["all"]'
neulbom_change "web['sick'] += ['v11', 'v10']"
neulbom 3 'the version before is no better: everything back' disaster-recovery
is 'the version that ran' "$(field '.az.webapps[].slots.production.package')" v11.zip

# --- Daily -----------------------------------------------------------------------
cloud_back
neulbom 0 'daily, all well' checklist-daily
neulbom_change "az['metrics']['neulbomcare-api']['Http5xx'] = [40, 60]"
neulbom 1 'too many errors' checklist-daily
check 'it says so' sh -c 'cat "$1/out" "$1/err" | grep -q "The error rate is 4.5"' sh "$scratch"
neulbom_change "az['metrics']['neulbomcare-api']['HttpResponseTime'] = [0.4, 0.9]"
neulbom 1 'too slow' checklist-daily
neulbom_change "az['metrics']['neulbomcare-api']['Http5xx'] = []"
neulbom 1 'no figures are no good figures' checklist-daily
neulbom_change "app['log'].append('ERROR KeyError: patient')"
neulbom 0 'lines with errors: a warning' checklist-daily
says daily.md '1 lines with errors'

# --- What is left after every fault --------------------------------------------------
neulbom_seed
POINTS_SKIP=act/build fault frontend-deploy
fault backend-deploy -i version=v12
fault out-of-memory -i sku=P1V2 -i autoscale=true
# The old key was never stored: later nobody can put it back.
POINTS_STAYS=act/set fault key-rotation
fault disaster-recovery -i "$all"
neulbom_change "app['state'] = 'Stopped'"; cloud_keep
POINTS_SKIP=act/restart fault api-down
neulbom_seed; neulbom_change "web['hung'] = 0"; cloud_keep
POINTS_SAME='a restart' POINTS_SKIP=act/start fault api-down
finish
