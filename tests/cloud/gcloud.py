"""gcloud.py: a stand-in for `gcloud run services`: describe and update-traffic, and
`gcloud run revisions list`. Words, rules and exit codes are those of Google Cloud SDK
(command_lib/run, api_lib/run/traffic.py): a changed split normalises the targets, with
tags on targets of their own, and scales what was not named.

State: {"project": P, "region": R, "services": {NAME: {"revisions": [NAME...],
"traffic": [{"revisionName", "percent", "tag"}]}}}

HOME/gcloud-changed, if there is one, is run after each change with the services as JSON
on its standard input: a test's gateway follows the split.
"""
import json
import os
import subprocess

import state

FAULT = ("ERROR: (gcloud.run.services.update-traffic) There was a problem refreshing your current auth tokens: "
         "HTTPSConnectionPool: Read timed out", 1)
EVERYWHERE = "project region format quiet:flag verbosity platform account"
COMMANDS = {
    ("run", "services", "describe"): "",
    ("run", "services", "update-traffic"): "to-tags:many to-revisions:many to-latest:flag async:flag",
    ("run", "revisions", "list"): "service limit:int filter sort-by",
}


def call(world, argv):
    words = tuple(w for w in argv if not w.startswith("-"))
    command = next((c for c in COMMANDS if words[:len(c)] == c), None)
    if command is None:
        state.refuse("ERROR: (gcloud) Invalid choice: '%s'." % (words[0] if words else ""), 2)
    name = "gcloud." + ".".join(command)

    def no(text, code=1):
        state.refuse("ERROR: (%s) %s" % (name, text), code)

    rest = list(argv)
    for word in command:
        rest.remove(word)
    plain, found = state.options(rest, COMMANDS[command] + " " + EVERYWHERE,
                                 lambda w: no("unrecognized arguments: " + w, 2),
                                 lambda n: no("argument --%s: expected one argument" % n, 2), {"-q": "quiet"})
    cloud = world.state.setdefault("gcloud", {"services": {}})
    if found.get("project") != cloud.get("project"):
        no("PERMISSION_DENIED: Permission denied on resource project %s (or it may not exist)." % found.get("project", "(unset)"))
    if "region" not in found:
        no("You must specify a region. Either use the `--region` flag or set the run/region property.")
    services = cloud["services"] if found["region"] == cloud.get("region") else {}
    if command[1] == "revisions":
        if plain or found.get("service") not in services:
            no("Cannot find service [%s]" % found.get("service", "") if not plain else "unrecognized arguments: " + plain[0])
        return json.dumps([{"metadata": {"name": r}} for r in services[found["service"]]["revisions"]], indent=2)
    if len(plain) != 1:
        no("argument SERVICE: Must be specified." if not plain else "unrecognized arguments: " + plain[1], 1 if not plain else 2)
    if plain[0] not in services:
        no("Cannot find service [%s]" % plain[0])
    if command[2] == "describe":
        return describe(cloud, plain[0], found, no)
    return update(world, cloud, plain[0], found, no)


def describe(cloud, name, found, no):
    service = cloud["services"][name]
    if found.get("format", "default") != "json":
        no("the stand-in knows --format=json only", 2)
    return json.dumps({"kind": "Service", "metadata": {"name": name, "namespace": cloud["project"]},
                       "status": {"latestReadyRevisionName": service["revisions"][-1], "traffic": service["traffic"]}}, indent=2)


def percentages(texts, no, known, what):
    """A map from revision to percent, of A=1,B=2."""
    wanted = {}
    for pair in ",".join(texts).split(","):
        key, equals, value = pair.partition("=")
        if not equals:
            no("argument --to-%s: Bad syntax for dict arg: [%s]." % (what, pair), 2)
        if not value.isdigit() or int(value) > 100:
            no("Traffic percentage value %s is not between 0 and 100." % value)
        if key not in known:
            no("Revision '%s' is not found." % key if what == "revisions" else "Could not find tag [%s]" % key)
        wanted[known[key]] = wanted.get(known[key], 0) + int(value)
    return wanted


def update(world, cloud, name, found, no):
    service = cloud["services"][name]
    asked = [o for o in ("to-tags", "to-revisions", "to-latest") if o in found]
    if len(asked) > 1:
        no("argument --%s: At most one of --to-latest | --to-revisions | --to-tags can be specified." % asked[0], 2)
    if not asked:
        no("No configuration change requested. Did you mean to include the flags `--to-latest`, `--to-revisions` or `--to-tags`?")
    revisions = {r: r for r in service["revisions"]}
    tags = {t["tag"]: t["revisionName"] for t in service["traffic"] if t.get("tag")}
    if asked == ["to-latest"]:
        wanted = {service["revisions"][-1]: 100}
    elif asked == ["to-tags"]:
        wanted = percentages(found["to-tags"], no, tags, "tags")
    else:
        wanted = percentages(found["to-revisions"], no, revisions, "revisions")
    now = {}
    for t in service["traffic"]:
        if t.get("percent"):
            now[t["revisionName"]] = now.get(t["revisionName"], 0) + t["percent"]
    others = {r: p for r, p in now.items() if r not in wanted}
    left = 100 - sum(wanted.values())
    if left < 0:
        no("Over 100% of traffic is specified.")
    if left and not others:
        no("Every target with traffic is updated but 100% of traffic has not been specified.")
    yield
    if left:
        total = sum(others.values())
        shares = {r: p * left / total for r, p in others.items()}
        whole = {r: int(s) for r, s in shares.items()}
        for r in sorted(shares, key=lambda r: (whole[r] - shares[r], r))[:left - sum(whole.values())]:
            whole[r] += 1
        wanted.update(whole)
    service["traffic"] = [{"revisionName": r, "percent": p} for r, p in sorted(wanted.items()) if p] + \
        [{"revisionName": r, "tag": t} for t, r in sorted(tags.items())]
    hook = world.path("gcloud-changed")
    if os.path.exists(hook):
        subprocess.run([hook], input=json.dumps(cloud["services"]), text=True, check=True, stdout=subprocess.DEVNULL)
    if found.get("format") == "json":
        return json.dumps(service["traffic"], indent=2)
    return "Updating traffic...done.\nTraffic:\n" + "\n".join(
        "  %d%% %s" % (t["percent"], t["revisionName"]) for t in service["traffic"] if t.get("percent"))
