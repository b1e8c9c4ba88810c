"""terraform.py: a stand-in for terraform. A folder's resources stand in its *.tf.json files:

    {"resource": {"aws_instance": {"web": {"count": 3}}}, "variable": {"size": {}}}

    "terraform": {"folders": {DIR: {"initialised": true, "resources": {"aws_instance.web": {...}}, "serial": 4}},
                  "fails": ["aws_db_instance.main"]}

Values may be "${var.NAME}". `apply` makes one resource after the other (a failure leaves
the first ones made); one in `fails` cannot be made. `plan -detailed-exitcode`: 0 nothing
to do, 2 changes, 1 an error.
"""
import glob
import json
import os

import state

FAULT = ("Error: error configuring S3 Backend: connection reset by peer", 1)
COMMANDS = {
    "init": "input no-color:flag upgrade:flag reconfigure:flag backend-config:many",
    "validate": "no-color:flag json:flag",
    "plan": "var-file:many var:many out input no-color:flag detailed-exitcode:flag destroy:flag lock-timeout refresh",
    "apply": "var-file:many var:many auto-approve:flag input no-color:flag lock-timeout target:many",
    "destroy": "var-file:many var:many auto-approve:flag input no-color:flag lock-timeout target:many",
    "output": "json:flag no-color:flag raw:flag",
    "show": "json:flag no-color:flag",
    "state": "", "version": "json:flag",
}


def call(world, argv):
    folders = world.state.setdefault("terraform", {}).setdefault("folders", {})
    where = os.getcwd()
    argv = list(argv)
    while argv and argv[0].startswith("-chdir="):
        where = os.path.join(where, argv.pop(0)[len("-chdir="):])
    verb = argv[0] if argv else ""
    if verb not in COMMANDS:
        state.refuse("Terraform has no command named \"%s\"." % verb, 1)
    words = [w if not w.startswith("-") or w.startswith("--") else "-" + w for w in argv[1:]]  # -var is --var
    plain, found = state.options(words, COMMANDS[verb],
                                 lambda w: state.refuse("Error: Failed to parse command-line flags\n\nflag provided but not defined: %s" % w[1:], 1),
                                 lambda n: state.refuse("Error: Failed to parse command-line flags\n\nflag needs an argument: -%s" % n, 1))
    where = os.path.realpath(where)
    if not os.path.isdir(where):
        state.refuse("Error handling -chdir option: chdir %s: no such file or directory" % where, 1)
    folder = folders.setdefault(where, {"initialised": False, "resources": {}, "serial": 0})
    if verb == "version":
        return "Terraform v1.5.7"
    if verb != "init" and not folder["initialised"]:
        state.refuse('Error: Backend initialization required, please run "terraform init"', 1)
    return HANDLERS[verb](world, where, folder, plain, found)


def wanted(where, found):
    values, resources = {}, {}
    for path in sorted(glob.glob(os.path.join(where, "*.tf.json"))):
        try:
            with open(path, encoding="utf-8") as f:
                part = json.load(f)
        except ValueError as e:
            state.refuse("Error: Invalid JSON in %s: %s" % (os.path.basename(path), e), 1)
        for name, variable in part.get("variable", {}).items():
            values.setdefault(name, variable.get("default"))
        for kind, ones in part.get("resource", {}).items():
            for name, body in ones.items():
                resources["%s.%s" % (kind, name)] = body
    for path in found.get("var-file", []):
        full = os.path.join(where, path)
        if not os.path.exists(full):
            state.refuse("Error: Failed to read variables file\n\nGiven variables file %s does not exist." % path, 1)
        with open(full, encoding="utf-8") as f:
            for line in f:
                if "=" in line and not line.lstrip().startswith("#"):
                    name, _, value = line.partition("=")
                    values[name.strip()] = json.loads(value)
    for given in found.get("var", []):
        name, _, value = given.partition("=")
        if name not in values:
            state.refuse("Error: Value for undeclared variable\n\nA variable named \"%s\" was assigned on the command line" % name, 1)
        values[name] = value
    for name, value in values.items():
        if value is None:
            state.refuse("Error: No value for required variable\n\nThe root module input variable \"%s\" is not set" % name, 1)

    def filled(v):
        if isinstance(v, dict):
            return {k: filled(x) for k, x in v.items()}
        if isinstance(v, str) and v.startswith("${var.") and v.endswith("}"):
            return values[v[6:-1]]
        return v
    return {k: filled(v) for k, v in resources.items()}


def init(world, where, folder, plain, found):
    if not glob.glob(os.path.join(where, "*.tf.json")):
        return "Terraform initialized in an empty directory!"
    if folder["initialised"]:
        return "Terraform has been successfully initialized!"

    def change():
        yield
        folder["initialised"] = True
        return "Terraform has been successfully initialized!"
    return change()


def differences(where, folder, found, destroy=False):
    now, then = folder["resources"], {} if destroy else wanted(where, found)
    if "target" in found:  # what is not named stays as it is
        then = {**{r: v for r, v in now.items() if r not in found["target"]}, **{r: v for r, v in then.items() if r in found["target"]}}
    add, gone = [r for r in then if r not in now], [r for r in now if r not in then]
    change = [r for r in then if r in now and now[r] != then[r]]
    return add, change, gone, then


def plan(world, where, folder, plain, found):
    add, change, gone, then = differences(where, folder, found, found.get("destroy", False))
    if "out" in found:
        state.write_json(os.path.join(where, found["out"]), {"resources": then, "serial": folder["serial"]})
    text = "Plan: %d to add, %d to change, %d to destroy." % (len(add), len(change), len(gone)) if add or change or gone else \
        "No changes. Your infrastructure matches the configuration."
    if found.get("detailed-exitcode") and (add or change or gone):
        print(text)
        state.refuse("", 2)
    return text


def apply(world, where, folder, plain, found, destroy=False):
    if plain:
        saved = state.read_json(os.path.join(where, plain[0])) or state.refuse("Error: Failed to load \"%s\" as a plan file" % plain[0], 1)
        if saved["serial"] != folder["serial"]:
            state.refuse("Error: Saved plan is stale\n\nThe given plan file can no longer be applied because the state was changed by another operation after the plan was created.", 1)
        then = saved["resources"]
    else:
        if not found.get("auto-approve"):
            state.refuse("Error: error asking for approval: EOF", 1)
        then = differences(where, folder, found, destroy)[3]
    now = folder["resources"]
    work = [r for r in now if r not in then][::-1] + [r for r in then if now.get(r) != then[r]]
    counts = [sum(r in then and r not in now for r in work), sum(r in then and r in now for r in work), sum(r not in then for r in work)]
    if not work:
        return "Apply complete! Resources: 0 added, 0 changed, 0 destroyed."
    yield
    folder["serial"] += 1
    for i, name in enumerate(work):
        if i:
            yield
        if name in world.state["terraform"].get("fails", []) and name in then:
            state.refuse("Error: creating %s: operation error: InsufficientInstanceCapacity" % name, 1)
        if name in then:
            now[name] = then[name]
        else:
            del now[name]
    return ("Destroy complete! Resources: %d destroyed." % counts[2]) if destroy else \
        "Apply complete! Resources: %d added, %d changed, %d destroyed." % tuple(counts)


def output(world, where, folder, plain, found):
    return json.dumps({name: {"value": body} for name, body in sorted(folder["resources"].items())})


def listed(world, where, folder, plain, found):
    if plain != ["list"]:
        state.refuse("Usage: terraform state list", 1)
    return "\n".join(sorted(folder["resources"]))


HANDLERS = {"init": init, "plan": plan, "apply": apply, "destroy": lambda w, d, f, p, o: apply(w, d, f, p, o, True), "output": output,
            "show": lambda w, d, f, p, o: json.dumps({"values": {"root_module": {"resources": f["resources"]}}}), "state": listed,
            "validate": lambda w, d, f, p, o: "Success! The configuration is valid." if wanted(d, {"var": []}) is not None else ""}


def view(terraform):
    """The serial number of the state grows by each change; it does not count."""
    terraform = json.loads(json.dumps(terraform))
    for folder in terraform.get("folders", {}).values():
        folder.pop("serial", None)
    return terraform
