"""systemctl.py: a stand-in for systemctl with units in the state:

    {"units": {"app.service": {"active": "active", "enabled": true, "breaks": false}}}

active: active, inactive or failed; `breaks`: it cannot be started. Words and exit codes
are those of systemd 252 (systemctl(1), "EXIT STATUS").
"""
import state

FAULT = ("Failed to execute operation: Connection timed out", 1)
VERBS = ("start", "stop", "restart", "reload", "is-active", "is-enabled", "is-failed", "enable", "disable", "show", "list-units",
         "daemon-reload", "status")


def call(world, argv):
    units = world.state.setdefault("systemctl", {}).setdefault("units", {})
    plain, found = state.options(
        argv, "quiet:flag no-pager:flag now:flag no-block:flag property:many type state plain:flag no-legend:flag value:flag",
        lambda w: state.refuse("systemctl: unrecognized option '%s'" % w, 1),
        lambda n: state.refuse("systemctl: option '--%s' requires an argument" % n, 1),
        {"-q": "quiet", "-p": "property", "-t": "type"})
    verb, names = (plain[0] if plain else "list-units"), [n if "." in n else n + ".service" for n in plain[1:]]
    if verb not in VERBS:
        state.refuse("Unknown command verb %s." % verb, 1)
    if verb == "daemon-reload":
        return ""
    if verb == "list-units":
        wanted = found.get("state")
        return "\n".join("%s loaded %s %s" % (n, u["active"], "running" if u["active"] == "active" else "dead")
                         for n, u in sorted(units.items()) if wanted in (None, u["active"], "running" if u["active"] == "active" else ""))
    if not names:
        state.refuse("Too few arguments.", 1)
    if verb in ("is-active", "is-enabled", "is-failed", "show", "status"):
        return ask(units, verb, names, found)
    return change(units, verb, names, found)


def ask(units, verb, names, found):
    texts, good = [], 0
    for name in names:
        unit = units.get(name)
        active = unit["active"] if unit else "inactive"
        if verb == "show":
            values = {"LoadState": "loaded" if unit else "not-found", "ActiveState": active,
                      "SubState": {"active": "running", "failed": "failed"}.get(active, "dead")}
            asked = [p for ps in found.get("property", []) for p in ps.split(",")]
            texts += [v if found.get("value") else "%s=%s" % (k, v) for k, v in values.items() if not asked or k in asked]
            good += 1
        elif verb == "is-enabled":
            if not unit:
                state.refuse("Failed to get unit file state for %s: No such file or directory" % name, 1)
            texts.append("enabled" if unit.get("enabled") else "disabled")
            good += bool(unit.get("enabled"))
        else:
            texts.append(active if verb != "status" else "%s - %s\n     Active: %s" % (name, name, active))
            good += active == ("failed" if verb == "is-failed" else "active")
    text = "" if found.get("quiet") else "\n".join(texts)
    if good == len(names) or (verb in ("is-active", "is-failed") and good):
        return text
    print(text)
    state.refuse("", 4 if verb == "status" and not all(n in units for n in names) else 1 if verb in ("is-failed", "is-enabled") else 3)


def change(units, verb, names, found):
    for name in names:
        if name not in units:
            where = "Failed to %s %s: Unit %s not found." if verb not in ("enable", "disable") else \
                "Failed to %s unit: Unit file %s%s does not exist."
            state.refuse(where % ((verb, name, name) if verb not in ("enable", "disable") else (verb, name, "")), 5 if verb not in ("enable", "disable") else 1)
        if verb == "reload" and units[name]["active"] != "active":
            state.refuse("%s is not active, cannot reload." % name, 1)
    yield
    for i, name in enumerate(names):
        if i:
            yield
        unit = units[name]
        if verb in ("enable", "disable"):
            unit["enabled"] = verb == "enable"
            if not found.get("now"):
                continue
        starts = verb in ("start", "restart", "enable")
        if verb == "restart":
            unit["~restarts"] = unit.get("~restarts", 0) + 1
        if verb in ("start", "restart", "stop", "enable", "disable"):
            unit["active"] = ("failed" if unit.get("breaks") else "active") if starts else "inactive"
    broken = [n for n in names if units[n]["active"] == "failed" and verb in ("start", "restart", "enable")]
    if broken:
        state.refuse("Job for %s failed because the control process exited with error code." % broken[0], 1)
    return ""
