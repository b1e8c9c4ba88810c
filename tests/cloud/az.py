"""az.py: a stand-in for the Azure CLI: web apps with slots and deployments, key vaults,
plans, autoscale, metrics and PostgreSQL servers. Words and exit codes are those of
azure-cli 2.5x: 2 wrong arguments, 3 no such resource, 1 anything else.

State:
  {"subscription": {"name", "id"}, "groups": [NAME...],
   "webapps": {NAME: {"group", "plan", "runtime", "state": "Running"|"Stopped", "deployments": [{"id", "package", "slot"}],
       "slots": {"production": {"package", "settings": {N: V}, "sticky": [N...]}, ...}}},
   "vaults": {NAME: {"group", "secrets": {N: [VALUE...]}}},
   "plans": {NAME: {"group", "sku", "workers"}}, "autoscale": {NAME: {"group", "resource", "min", "max", "count"}},
   "metrics": {RESOURCE: {METRIC: [VALUE...]}},
   "servers": {NAME: {"group", "state", "retention", "backups": [{"name", "time"}], "rules": {N: [FROM, TO]}, "source"}}}
A web app with "breaks": [PACKAGE...] refuses these packages when they are deployed. Values
of secrets and settings are shown as the real one does; deployments are numbered, so that
two worlds are the same.
"""
import json
import os

import state

FAULT = ("ERROR: (GatewayTimeout) The gateway did not receive a response from 'Microsoft.Web' within the specified time period.", 1)
SKUS = ("F1", "B1", "B2", "B3", "S1", "S2", "S3", "P1V2", "P2V2", "P3V2", "P1V3", "P2V3", "P3V3")
EVERYWHERE = "query output subscription only-show-errors:flag verbose:flag debug:flag yes:flag"
SHORT = {"-g": "resource-group", "-n": "name", "-o": "output", "-s": "slot", "-y": "yes", "-p": "plan", "-l": "location"}


def lost(kind, name, group):
    state.refuse("ERROR: (ResourceNotFound) The Resource 'Microsoft.%s/%s' under resource group '%s' was not found. For more "
                 "details please go to https://aka.ms/ARMResourceNotFoundFix\nCode: ResourceNotFound" % (kind, name, group), 3)


def named(cloud, table, kind, found, key="name"):
    entry = cloud.setdefault(table, {}).get(found[key])
    if entry is None or entry["group"] != found.get("resource-group", entry["group"]):
        lost(kind, found[key], found.get("resource-group", ""))
    return entry


def webapp(cloud, found):
    return named(cloud, "webapps", "Web/sites", found)


def slot(app, found):
    name = found.get("slot", "production")
    if name not in app["slots"]:
        lost("Web/sites/slots", found["name"] + "/" + name, app["group"])
    return app["slots"][name]


def shown(app, name):
    return {"name": name, "resourceGroup": app["group"], "state": app["state"], "appServicePlanId": app["plan"],
            "defaultHostName": name + ".azurewebsites.net", "siteConfig": {"linuxFxVersion": app["runtime"]},
            "enabled": app["state"] == "Running"}


def webapp_show(world, cloud, found):
    app = webapp(cloud, found)
    if "slot" in found:
        slot(app, found)
    return shown(app, found["name"])


def webapp_list(world, cloud, found):
    return [shown(a, n) for n, a in sorted(cloud.get("webapps", {}).items()) if a["group"] == found.get("resource-group", a["group"])]


def webapp_run(verb):
    def work(world, cloud, found):
        app = webapp(cloud, found)
        yield
        if verb == "restart":
            app["~restarts"] = app.get("~restarts", 0) + 1
        app["state"] = "Stopped" if verb == "stop" else "Running"
        return None
    return work


def deploy(cloud, found, package):
    app = webapp(cloud, found)
    to = slot(app, found)
    if package in app.get("breaks", []):
        state.refuse("ERROR: Deployment failed. Status code: 400, please check the runtime logs", 1)
    yield
    number = len(app["deployments"]) + 1
    app["deployments"].append({"id": "d%d" % number, "package": package, "slot": found.get("slot", "production")})
    yield
    to["package"] = package
    return {"id": "d%d" % number, "active": True, "complete": True, "status": 4, "site_name": found["name"]}


def webapp_deploy(world, cloud, found):
    if not os.path.isfile(found["src-path"]):
        state.refuse("ERROR: argument --src-path: '%s' is not a valid local file path" % found["src-path"], 2)
    return (yield from deploy(cloud, found, os.path.basename(found["src-path"])))


def webapp_up(world, cloud, found):
    app = webapp(cloud, found)
    if found.get("runtime", app["runtime"]).replace(":", "|") != app["runtime"].replace(":", "|"):
        state.refuse("ERROR: Existing web app runtime '%s' cannot be changed" % app["runtime"], 1)
    return (yield from deploy(cloud, found, os.path.basename(os.getcwd())))


def deployments(world, cloud, found):
    app = webapp(cloud, found)
    slot(app, found)
    return [d for d in reversed(app["deployments"]) if d["slot"] == found.get("slot", "production")]


def log_tail(world, cloud, found):
    return "\n".join(webapp(cloud, found).get("log", []))


def pairs(settings, sticky):
    return [{"name": n, "slotSetting": n in sticky, "value": v} for n, v in sorted(settings.items())]


def settings_list(world, cloud, found):
    to = slot(webapp(cloud, found), found)
    return pairs(to["settings"], to.get("sticky", []))


def settings_set(world, cloud, found):
    to = slot(webapp(cloud, found), found)
    new = []
    for key in ("settings", "slot-settings"):
        for word in found.get(key, []):
            name, equals, value = word.partition("=")
            if not equals:
                state.refuse("ERROR: invalid setting format: '%s'. Use KEY=VALUE" % word, 1)
            new.append((name, value, key == "slot-settings"))
    if not new:
        state.refuse("ERROR: Usage Error: --settings |--slot-settings", 2)
    yield
    for i, (name, value, sticks) in enumerate(new):
        if i:
            yield
        to["settings"][name] = value
        if sticks and name not in to.setdefault("sticky", []):
            to["sticky"].append(name)
    return pairs(to["settings"], to.get("sticky", []))


def settings_delete(world, cloud, found):
    to = slot(webapp(cloud, found), found)
    yield
    for name in found["setting-names"]:
        to["settings"].pop(name, None)
    return pairs(to["settings"], to.get("sticky", []))


def slot_list(world, cloud, found):
    return [{"name": n, "state": "Running"} for n in sorted(webapp(cloud, found)["slots"]) if n != "production"]


def slot_create(world, cloud, found):
    app = webapp(cloud, found)
    source = app["slots"]["production"] if found.get("configuration-source") else {"settings": {}}
    if cloud.get("plans", {}).get(app["plan"], {}).get("sku", "S1")[0] in "FB":
        state.refuse("ERROR: Cannot complete the operation because the site will exceed the number of slots allowed for the 'Basic' SKU.", 1)
    yield
    app["slots"].setdefault(found["slot"], {"package": None, "settings": dict(source["settings"]), "sticky": []})
    return {"name": found["slot"], "state": "Running"}


def slot_delete(world, cloud, found):
    app = webapp(cloud, found)
    slot(app, found)
    if found["slot"] == "production":
        state.refuse("ERROR: (BadRequest) Cannot delete the production slot.", 1)
    yield
    del app["slots"][found["slot"]]
    return None


def slot_swap(world, cloud, found):
    app = webapp(cloud, found)
    one = slot(app, found)
    other = slot(app, {"name": found["name"], "slot": found.get("target-slot", "production")})
    if one is other:
        state.refuse("ERROR: (Conflict) Cannot swap a slot with itself.", 1)
    yield
    one["package"], other["package"] = other["package"], one["package"]
    mine, theirs = ({n: v for n, v in s["settings"].items() if n not in s.get("sticky", [])} for s in (one, other))
    for to, gone, new in ((one, mine, theirs), (other, theirs, mine)):
        to["settings"] = {**{n: v for n, v in to["settings"].items() if n not in gone}, **new}
    return None


def vault(cloud, found, key="vault-name"):
    return named(cloud, "vaults", "KeyVault/vaults", {**found, "name": found[key]})


def vault_create(world, cloud, found):
    if found["resource-group"] not in cloud.get("groups", []):
        state.refuse("ERROR: (ResourceGroupNotFound) Resource group '%s' could not be found." % found["resource-group"], 3)
    if found["name"] in cloud.setdefault("vaults", {}):
        state.refuse("ERROR: The vault name '%s' is already in use." % found["name"], 1)
    yield
    cloud["vaults"][found["name"]] = {"group": found["resource-group"], "secrets": {}}
    return {"name": found["name"]}


def vault_show(world, cloud, found):
    return {"name": found["name"], "resourceGroup": vault(cloud, found, "name")["group"]}


def secret_id(found, n):
    return "https://%s.vault.azure.net/secrets/%s/%d" % (found["vault-name"], found["name"], n)


def secret_show(world, cloud, found):
    versions = vault(cloud, found)["secrets"].get(found["name"])
    n = int(found.get("version", len(versions or [])))
    if not versions or not 1 <= n <= len(versions):
        state.refuse("ERROR: (SecretNotFound) A secret with (name/id) %s was not found in this key vault." % found["name"], 3)
    return {"id": secret_id(found, n), "name": found["name"], "value": versions[n - 1], "attributes": {"enabled": True}}


def secret_set(world, cloud, found):
    secrets = vault(cloud, found)["secrets"]
    if ("value" in found) == ("file" in found):
        state.refuse("ERROR: Usage Error: --value | --file", 2)
    value = found.get("value")
    if value is None:
        with open(found["file"], encoding="utf-8") as f:
            value = f.read()
    yield
    secrets.setdefault(found["name"], []).append(value)
    return {"id": secret_id(found, len(secrets[found["name"]])), "name": found["name"], "value": value}


def secret_list(world, cloud, found):
    return [{"name": n, "id": secret_id({**found, "name": n}, len(v))} for n, v in sorted(vault(cloud, found)["secrets"].items())]


def secret_versions(world, cloud, found):
    return [{"name": found["name"], "id": secret_id(found, i + 1)}
            for i in range(len(vault(cloud, found)["secrets"].get(found["name"], [])))]


def plan_of(found, plan):
    return {"name": found["name"], "resourceGroup": plan["group"], "sku": {"name": plan["sku"], "capacity": plan["workers"]},
            "numberOfWorkers": plan["workers"], "status": "Ready"}


def plan_show(world, cloud, found):
    return plan_of(found, named(cloud, "plans", "Web/serverfarms", found))


def plan_update(world, cloud, found):
    plan = named(cloud, "plans", "Web/serverfarms", found)
    sku = found.get("sku", plan["sku"]).upper()
    if sku not in SKUS:
        state.refuse("ERROR: Invalid sku(pricing tier), please refer to command help for valid values", 1)
    yield
    plan["sku"], plan["workers"] = sku, found.get("number-of-workers", plan["workers"])
    return plan_of(found, plan)


def autoscale_create(world, cloud, found):
    name = found.get("name", found["resource"])
    least, most, count = found["min-count"], found["max-count"], found["count"]
    if not 1 <= least <= count <= most:
        state.refuse("ERROR: (BadRequest) The capacity of the profile is not valid: minimum <= default <= maximum", 1)
    yield
    cloud.setdefault("autoscale", {})[name] = {"group": found["resource-group"], "resource": found["resource"],
                                              "min": least, "max": most, "count": count}
    return {"name": name, "enabled": True}


def autoscale_show(world, cloud, found):
    a = named(cloud, "autoscale", "Insights/autoscalesettings", found)
    return {"name": found["name"], "targetResourceUri": a["resource"], "profiles": [
        {"capacity": {"minimum": str(a["min"]), "maximum": str(a["max"]), "default": str(a["count"])}}]}


def autoscale_delete(world, cloud, found):
    named(cloud, "autoscale", "Insights/autoscalesettings", found)
    yield
    del cloud["autoscale"][found["name"]]
    return None


def metrics_list(world, cloud, found):
    values = cloud.get("metrics", {}).get(found["resource"], {}).get(found["metric"])
    if values is None:
        state.refuse("ERROR: (BadRequest) Failed to find metric configuration for provider: Microsoft.Web, metric: %s" % found["metric"], 1)
    return {"value": [{"name": {"value": found["metric"]}, "timeseries": [{"data": [{"average": v} for v in values]}]}]}


def metrics_known(world, cloud, found):
    return [{"name": {"value": m}} for m in sorted(cloud.get("metrics", {}).get(found["resource"], {}))]


def server(cloud, found, key="name"):
    return named(cloud, "servers", "DBforPostgreSQL/flexibleServers", found, key)


def server_show(world, cloud, found):
    s = server(cloud, found)
    return {"name": found["name"], "state": s["state"], "backup": {"backupRetentionDays": s["retention"]},
            "fullyQualifiedDomainName": found["name"] + ".postgres.database.azure.com"}


def server_backups(world, cloud, found):
    return [{"name": b["name"], "completedTime": b["time"]} for b in server(cloud, found)["backups"]]


def server_restore(world, cloud, found):
    source = server(cloud, found, "source-server")
    if found["name"] in cloud["servers"]:
        state.refuse("ERROR: (ServerNameAlreadyExists) Specified server name is already used.", 1)
    yield
    new = {**json.loads(json.dumps(source)), "state": "Ready", "backups": [], "source": [found["source-server"], found.get("restore-time", "latest")]}
    cloud["servers"][found["name"]] = new
    return {"name": found["name"], "state": new["state"]}


def server_delete(world, cloud, found):
    server(cloud, found)
    yield
    del cloud["servers"][found["name"]]
    return None


def rule_list(world, cloud, found):
    return [{"name": n, "startIpAddress": a, "endIpAddress": b} for n, (a, b) in sorted(server(cloud, found)["rules"].items())]


def rule_create(world, cloud, found):
    rules = server(cloud, found)["rules"]
    yield
    rules[found["rule-name"]] = [found["start-ip-address"], found.get("end-ip-address", found["start-ip-address"])]
    return {"name": found["rule-name"]}


def rule_delete(world, cloud, found):
    rules = server(cloud, found)["rules"]
    if found["rule-name"] not in rules:
        lost("DBforPostgreSQL/flexibleServers/firewallRules", found["rule-name"], found["resource-group"])
    yield
    del rules[found["rule-name"]]
    return None


APP = "name! resource-group! slot "
SECRET = "vault-name! name! "
COMMANDS = {
    "account show": ("", lambda w, c, f: c.get("subscription") or state.refuse("ERROR: Please run 'az login' to setup account.", 1)),
    "group list": ("tag", lambda w, c, f: [{"name": g} for g in c.get("groups", [])]),
    "webapp show": (APP, webapp_show),
    "webapp list": ("resource-group", webapp_list),
    "webapp start": (APP, webapp_run("start")),
    "webapp stop": (APP, webapp_run("stop")),
    "webapp restart": (APP, webapp_run("restart")),
    "webapp up": (APP + "runtime plan location sku", webapp_up),
    "webapp deploy": (APP + "src-path! type async clean restart timeout:int", webapp_deploy),
    "webapp log tail": (APP + "provider", log_tail),
    "webapp log deployment list": (APP, deployments),
    "webapp config appsettings list": (APP, settings_list),
    "webapp config appsettings set": (APP + "settings:list slot-settings:list", settings_set),
    "webapp config appsettings delete": (APP + "setting-names:list!", settings_delete),
    "webapp deployment slot list": ("name! resource-group!", slot_list),
    "webapp deployment slot create": ("name! resource-group! slot! configuration-source", slot_create),
    "webapp deployment slot delete": ("name! resource-group! slot!", slot_delete),
    "webapp deployment slot swap": ("name! resource-group! slot! target-slot action", slot_swap),
    "keyvault create": ("name! resource-group! location sku", vault_create),
    "keyvault show": ("name! resource-group", vault_show),
    "keyvault secret show": (SECRET + "version", secret_show),
    "keyvault secret set": (SECRET + "value file encoding description", secret_set),
    "keyvault secret list": ("vault-name! maxresults:int", secret_list),
    "keyvault secret list-versions": (SECRET, secret_versions),
    "appservice plan show": ("name! resource-group!", plan_show),
    "appservice plan update": ("name! resource-group! sku number-of-workers:int", plan_update),
    "monitor autoscale create": ("resource-group! resource! resource-type resource-namespace name count:int! min-count:int! max-count:int!",
                                 autoscale_create),
    "monitor autoscale show": ("name! resource-group!", autoscale_show),
    "monitor autoscale delete": ("name! resource-group!", autoscale_delete),
    "monitor metrics list": ("resource! metric! resource-group resource-type interval aggregation:list start-time end-time", metrics_list),
    "monitor metrics list-definitions": ("resource! resource-group resource-type", metrics_known),
    "postgres flexible-server show": ("name! resource-group!", server_show),
    "postgres flexible-server backup list": ("name! resource-group!", server_backups),
    "postgres flexible-server restore": ("name! resource-group! source-server! restore-time", server_restore),
    "postgres flexible-server delete": ("name! resource-group!", server_delete),
    "postgres flexible-server firewall-rule list": ("name! resource-group!", rule_list),
    "postgres flexible-server firewall-rule create": ("name! resource-group! rule-name! start-ip-address! end-ip-address", rule_create),
    "postgres flexible-server firewall-rule delete": ("name! resource-group! rule-name!", rule_delete),
}


def call(world, argv):
    length = next((i for i, w in enumerate(argv) if w.startswith("-")), len(argv))
    command = " ".join(argv[:length])
    if command not in COMMANDS:
        group = " ".join(argv[:max(length - 1, 0)])
        state.refuse("ERROR: '%s' is misspelled or not recognized by the system." % (argv[length - 1] if length else "az") +
                     ("\nSee `az %s --help`" % group if group else ""), 2)
    spec, work = COMMANDS[command]
    plain, found = state.options(argv[length:], spec + " " + EVERYWHERE,
                                 lambda w: state.refuse("ERROR: unrecognized arguments: " + w, 2),
                                 lambda n: state.refuse("ERROR: the following arguments are required: --" + n, 2), SHORT)
    if plain:
        state.refuse("ERROR: unrecognized arguments: " + " ".join(plain), 2)
    if found.get("output", "json") not in ("json", "tsv", "none"):
        state.refuse("ERROR: argument --output/-o: the stand-in knows json, tsv and none", 2)
    cloud = world.state.setdefault("az", {})
    result = work(world, cloud, found)
    if hasattr(result, "send"):
        return changing(result, found)
    return text(result, found)


def changing(work, found):
    return text((yield from work), found)


def text(value, found):
    """The value as --query and --output want it."""
    if value is None or found.get("output") == "none":
        return ""
    if isinstance(value, str):
        return value
    for part in found.get("query", "").split(".") if found.get("query") else []:
        name, _, index = part.partition("[")
        if name:
            value = value.get(name) if isinstance(value, dict) else None
        if index.startswith("]"):
            state.refuse("ERROR: the stand-in's --query knows names and [n] only", 2)
        if index:
            n = int(index.rstrip("]"))
            value = value[n] if isinstance(value, list) and -len(value) <= n < len(value) else None
    if found.get("output") == "tsv":
        rows = value if isinstance(value, list) else [value]
        return "\n".join("\t".join(str(x) for x in r.values()) if isinstance(r, dict) else str(r) for r in rows if r is not None)
    return json.dumps(value, indent=2, ensure_ascii=False)


def view(cloud):
    """The history of deployments and the versions of a secret before the newest do not count."""
    cloud = json.loads(json.dumps(cloud))
    for app in cloud.get("webapps", {}).values():
        app.pop("deployments", None)
    for vault in cloud.get("vaults", {}).values():
        vault["secrets"] = {n: v[-1:] for n, v in vault["secrets"].items()}
    return cloud
