#!/bin/sh
# password.sh: prints the password of the database, from the key vault of the environment:
# NEULBOM_VAULT, neulbomcare-kv by default. `az login` first.
set -eu
exec az keyvault secret show --vault-name "${NEULBOM_VAULT:-neulbomcare-kv}" --name DatabasePassword --query value --output tsv
