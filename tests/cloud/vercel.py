"""vercel.py: a stand-in for Vercel's command line, for one project.

    "vercel": {"project": "neulbomcare", "production": "dpl_3", "next": 4,
               "deployments": {"dpl_3": {"url": "neulbomcare-3.vercel.app", "state": "READY", "target": "production", "good": true}},
               "env": {"production": {"NEXT_PUBLIC_API_URL": "..."}}}

`vercel deploy` builds the folder that it stands in: a file BROKEN_BUILD there makes the
build fail, BROKEN makes a deployment that is READY and answers 500. A deployment that was
made stays in the list; `production` says which one serves the domain.
"""
import json
import os

import state

FAULT = ("Error: Request timed out (fetch failed)", 1)
COMMANDS = {"deploy": "prod:flag skip-domain:flag yes:flag force:flag token env:many build-env:many meta:many", "list": "yes:flag token environment status meta:many",
            "inspect": "token wait:flag timeout format", "rollback": "yes:flag timeout token", "promote": "yes:flag timeout token",
            "remove": "yes:flag safe:flag token", "whoami": "token", "env": "token yes:flag"}
ALIASES = {"ls": "list", "rm": "remove"}


def call(world, argv):
    vercel = world.state.setdefault("vercel", {"deployments": {}, "production": None, "next": 1, "project": "project"})
    words = [w for w in argv if not w.startswith("-")]
    verb = ALIASES.get(words[0], words[0]) if words and (words[0] in COMMANDS or words[0] in ALIASES) else "deploy"
    rest = list(argv)
    if words and words[0] in (verb, *ALIASES):
        rest.remove(words[0])
    plain, found = state.options(rest, COMMANDS[verb],
                                 lambda w: state.refuse("Error: unknown or unexpected option: %s" % w, 1),
                                 lambda n: state.refuse("Error: option requires argument: --%s" % n, 1), {"-y": "yes", "-m": "meta"})
    if not (found.get("token") or os.environ.get("VERCEL_TOKEN")):
        state.refuse("Error: No existing credentials found. Please run `vercel login` or pass \"--token\"", 1)
    return HANDLERS[verb](vercel, plain, found)


def of(vercel, name):
    name = name.replace("https://", "").rstrip("/")
    if name == vercel["project"] + ".vercel.app" and vercel["production"]:
        name = vercel["production"]
    for i, d in vercel["deployments"].items():
        if name in (i, d["url"]):
            return i, d
    state.refuse("Error: Can't find the deployment \"%s\" under the context \"team\"" % name, 1)


def deploy(vercel, plain, found):
    folder = plain[0] if plain else "."
    if not os.path.isdir(folder):
        state.refuse("Error: Could not find “%s”" % folder, 1)
    if not found.get("yes"):
        state.refuse("Error: Command `vercel deploy` requires confirmation. Use option \"--yes\" to confirm.", 1)
    yield
    name = "dpl_%d" % vercel["next"]
    vercel["next"] += 1
    one = vercel["deployments"][name] = {"url": "%s-%s.vercel.app" % (vercel["project"], name[4:]), "state": "BUILDING",
                                        "target": "production" if found.get("prod") else None, "good": True,
                                        "meta": found.get("meta", [])}
    yield
    if os.path.exists(os.path.join(folder, "BROKEN_BUILD")):
        one["state"] = "ERROR"
        state.refuse("Error: Command \"npm run build\" exited with 1", 1)
    one["state"] = "READY"
    one["good"] = not os.path.exists(os.path.join(folder, "BROKEN"))
    if found.get("prod") and not found.get("skip-domain"):
        vercel["production"] = name
    return "https://" + one["url"]


def listed(vercel, plain, found):
    ones = [dict(d, uid=i) for i, d in vercel["deployments"].items()]
    if "environment" in found:
        ones = [d for d in ones if (d["target"] or "preview") == found["environment"]]
    if "status" in found:
        ones = [d for d in ones if d["state"] == found["status"]]
    for pair in found.get("meta", []):
        ones = [d for d in ones if pair in d.get("meta", [])]
    ones.sort(key=lambda d: -int(d["uid"][4:]))
    return "\n".join("https://" + d["url"] for d in ones)


def inspect(vercel, plain, found):
    name, one = of(vercel, plain[0])
    if found.get("format") != "json":
        state.refuse("Error: the stand-in knows --format json only", 1)
    return json.dumps({"id": name, "url": one["url"], "readyState": one["state"], "target": one["target"],
                       "aliases": ["%s.vercel.app" % vercel["project"]] if vercel["production"] == name else []})


def point(verb):
    def change(vercel, plain, found):
        if plain and plain[0] == "status":
            return "No deployment %s in progress" % verb
        if not plain:
            state.refuse("Error: Missing deployment id or url", 1)
        name, one = of(vercel, plain[0])
        if one["state"] != "READY":
            state.refuse("Error: The deployment %s is not ready (%s)" % (one["url"], one["state"]), 1)
        if one["target"] != "production":
            state.refuse("Error: The deployment %s is no production deployment" % one["url"], 1)
        if name == vercel["production"]:
            state.refuse("Error: The deployment %s is already the current production deployment" % one["url"], 1)
        yield
        vercel["production"] = name
        return "Success! %s was %s to %s" % (vercel["project"], "rolled back" if verb == "rollback" else "promoted", one["url"])
    return change


def remove(vercel, plain, found):
    name, one = of(vercel, plain[0])
    if not found.get("yes"):
        state.refuse("Error: requires confirmation", 1)
    if name == vercel["production"] and found.get("safe"):
        state.refuse("Error: The deployment %s is aliased" % one["url"], 1)
    yield
    del vercel["deployments"][name]
    if name == vercel["production"]:
        vercel["production"] = None
    return "Success! Removed 1 deployment"


def env(vercel, plain, found):
    if plain[:1] != ["ls"]:
        state.refuse("Error: Invalid subcommand: %s" % " ".join(plain), 1)
    return "\n".join("%s Encrypted %s" % (k, plain[1] if len(plain) > 1 else "") for k in sorted(vercel.get("env", {}).get(plain[1] if len(plain) > 1 else "production", {})))


HANDLERS = {"deploy": deploy, "list": listed, "inspect": inspect, "rollback": point("rollback"), "promote": point("promote"), "remove": remove,
            "whoami": lambda *_: "operator", "env": env}


def view(vercel):
    vercel = json.loads(json.dumps(vercel))
    vercel.pop("next", None)
    return vercel
