"""docker.py: a stand-in for docker: images, containers and a registry.

    "docker": {"images": {"name:tag": {"id": "sha256:..."}}, "pushed": {"registry/name:tag": ID},
               "containers": {NAME: {"image": I, "running": true, "health": "healthy", "ports": [], "env": {}}},
               "logins": [REGISTRY], "breaks": ["name:tag"]}

An image in `breaks` starts, and never becomes healthy. The id of an image is the same for
the same name, tag and build arguments. Exit codes: 125 the daemon refused `docker run`, 1 else.
"""
import json

import state

FAULT = ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", 1)
COMMANDS = {
    "build": "file tag:many target build-arg:many no-cache:flag pull:flag platform quiet:flag",
    "push": "quiet:flag", "pull": "quiet:flag", "tag": "", "rmi": "force:flag", "rm": "force:flag volumes:flag",
    "login": "username password-stdin:flag", "logout": "", "version": "format", "info": "format",
    "run": "detach:flag name publish:many env:many restart network label:many rm:flag env-file health-cmd health-interval health-timeout health-retries:int health-start-period",
    "start": "", "stop": "time:int", "restart": "time:int", "rename": "", "inspect": "format type",
    "ps": "all:flag filter:many format quiet:flag", "images": "format quiet:flag", "logs": "tail since",
}
SHORT = {"-t": "tag", "-f": "file", "-d": "detach", "-p": "publish", "-e": "env", "-u": "username", "-a": "all", "-q": "quiet"}


def named(name):
    return name if ":" in name.rsplit("/", 1)[-1] else name + ":latest"


def reads(argv):
    return argv[:1] == ["login"] and "--password-stdin" in argv


def call(world, argv):
    docker = world.state.setdefault("docker", {})
    for part in ("images", "pushed", "containers"):
        docker.setdefault(part, {})
    docker.setdefault("logins", [])
    verb = argv[0] if argv else ""
    if verb not in COMMANDS:
        state.refuse("docker: '%s' is not a docker command.\nSee 'docker --help'" % verb, 1)
    code = 125 if verb == "run" else 1
    short = dict(SHORT, **({"-f": "force"} if verb in ("rm", "rmi") else {"-f": "filter"} if verb == "ps" else {"-t": "time"} if verb in ("stop", "restart") else {}))
    words, tail = argv[1:], []
    if verb == "run":  # options end at the image
        plain, found, words = run_words(words, short)
        tail = words
    else:
        plain, found = state.options(words, COMMANDS[verb],
                                     lambda w: state.refuse("unknown flag: %s\nSee 'docker %s --help'." % (w, verb), 125 if verb == "run" else 1),
                                     lambda n: state.refuse("flag needs an argument: --%s" % n, 1), short)
    return HANDLERS[verb](docker, plain, found, world.input if verb == "login" else tail)


def run_words(words, short):
    """Splits at the first word that is no option and no option's value."""
    flags = [e.split(":")[0] for e in COMMANDS["run"].split() if e.endswith(":flag")]
    i = 0
    while i < len(words) and words[i].startswith("-"):
        name = short.get(words[i], words[i].lstrip("-").split("=")[0])
        i += 1 if name in flags or "=" in words[i] else 2
    plain, found = state.options(words[:i], COMMANDS["run"],
                                 lambda w: state.refuse("unknown flag: %s\nSee 'docker run --help'." % w, 125),
                                 lambda n: state.refuse("flag needs an argument: --%s" % n, 125), short)
    if i >= len(words):
        state.refuse('"docker run" requires at least 1 argument.', 1)
    return [words[i]], found, words[i + 1:]


def image_of(docker, name):
    if named(name) not in docker["images"]:
        state.refuse("Error response from daemon: No such image: %s" % named(name), 1)
    return docker["images"][named(name)]


def container_of(docker, name):
    if name not in docker["containers"]:
        state.refuse("Error response from daemon: No such container: %s" % name, 1)
    return docker["containers"][name]


def build(docker, plain, found, _):
    if len(plain) != 1:
        state.refuse('ERROR: "docker buildx build" requires exactly 1 argument.', 1)
    tags = [named(t) for t in found.get("tag", [])]
    if any("broken-build" in t for t in tags):
        state.refuse("ERROR: failed to solve: process \"/bin/sh -c make\" did not complete successfully: exit code: 2", 1)
    yield
    for t in tags:
        docker["images"][t] = {"id": "sha256:%s" % "+".join([t.rsplit("/", 1)[-1]] + sorted(found.get("build-arg", [])))}
    return "sha256:built"


def tag(docker, plain, found, _):
    if len(plain) != 2:
        state.refuse('"docker tag" requires exactly 2 arguments.', 1)
    image = image_of(docker, plain[0])
    yield
    docker["images"][named(plain[1])] = dict(image)


def push(docker, plain, found, _):
    name = named(plain[0])
    image = docker["images"].get(name) or state.refuse("An image does not exist locally with the tag: %s" % plain[0], 1)
    registry = name.split("/")[0]
    if registry not in docker["logins"]:
        state.refuse("denied: Your authorization token has expired. Reauthenticate and try again.", 1)
    yield
    docker["pushed"][name] = image["id"]
    return "%s: digest: %s size: 1573" % (name.rsplit(":", 1)[1], image["id"])


def pull(docker, plain, found, _):
    name = named(plain[0])
    if name not in docker["pushed"]:
        state.refuse("Error response from daemon: manifest for %s not found: manifest unknown: Requested image not found" % name, 1)
    yield
    docker["images"][name] = {"id": docker["pushed"][name]}
    return "Status: Downloaded newer image for %s" % name


def rmi(docker, plain, found, _):
    for name in plain:
        if named(name) not in docker["images"] and not found.get("force"):
            image_of(docker, name)
        users = [c for c, v in docker["containers"].items() if v["image"] == named(name)]
        if users and not found.get("force"):
            state.refuse("Error response from daemon: conflict: unable to remove repository reference \"%s\" (must force) - container %s is using its referenced image" % (name, users[0]), 1)
    yield
    for name in plain:
        docker["images"].pop(named(name), None)
    return "\n".join("Untagged: %s" % named(n) for n in plain)


def login(docker, plain, found, password):
    if not password.strip():
        state.refuse("Error: Cannot perform an interactive login from a non TTY device", 1)
    yield
    if plain[0] not in docker["logins"]:
        docker["logins"].append(plain[0])
    return "Login Succeeded"


def logout(docker, plain, found, _):
    yield
    if plain[0] in docker["logins"]:
        docker["logins"].remove(plain[0])
    return "Removing login credentials for %s" % plain[0]


def run(docker, plain, found, command):
    image_of(docker, plain[0])
    name = found.get("name", "nameless")
    if name in docker["containers"]:
        state.refuse('docker: Error response from daemon: Conflict. The container name "/%s" is already in use.' % name, 125)
    taken = {p.split(":")[-2]: c for c, v in docker["containers"].items() if v["running"] for p in v["ports"]}
    clash = [p.split(":")[-2] for p in found.get("publish", []) if p.split(":")[-2] in taken]
    yield
    docker["containers"][name] = {"image": named(plain[0]), "running": not clash, "ports": found.get("publish", []),
                                  "env": dict((e.split("=", 1) + [""])[:2] for e in found.get("env", []))}
    healthy(docker, name)
    if clash:  # as docker does: the container is there, and does not run
        state.refuse("docker: Error response from daemon: driver failed programming external connectivity on endpoint %s: "
                     "Bind for 0.0.0.0:%s failed: port is already allocated." % (name, clash[0]), 125)
    return "container-%s" % name


def healthy(docker, name):
    one = docker["containers"][name]
    one["health"] = ("unhealthy" if one["image"] in docker.get("breaks", []) else "healthy") if one["running"] else "none"


def rm(docker, plain, found, _):
    for name in plain:
        if name not in docker["containers"] and found.get("force"):
            continue
        if container_of(docker, name)["running"] and not found.get("force"):
            state.refuse("Error response from daemon: cannot remove container \"/%s\": container is running: stop the container before removing or force remove" % name, 1)
    yield
    for i, name in enumerate(plain):
        if i:
            yield
        docker["containers"].pop(name, None)
    return "\n".join(plain)


def power(on):
    def change(docker, plain, found, _):
        for name in plain:
            container_of(docker, name)
        yield
        for i, name in enumerate(plain):
            if i:
                yield
            docker["containers"][name]["running"] = on
            healthy(docker, name)
        return "\n".join(plain)
    return change


def rename(docker, plain, found, _):
    one = container_of(docker, plain[0])
    if plain[1] in docker["containers"]:
        state.refuse('Error response from daemon: Error when allocating new name: Conflict. The container name "/%s" is already in use.' % plain[1], 1)
    yield
    docker["containers"][plain[1]] = one
    del docker["containers"][plain[0]]


def shown(name, one):
    return {"Name": "/" + name, "Config": {"Image": one["image"], "Env": ["%s=%s" % e for e in sorted(one["env"].items())]},
            "State": {"Status": "running" if one["running"] else "exited", "Running": one["running"], "Health": {"Status": one["health"]}}}


def inspect(docker, plain, found, _):
    entries = []
    for name in plain:
        if name in docker["containers"] and found.get("type") != "image":
            entries.append(shown(name, docker["containers"][name]))
        elif named(name) in docker["images"] and found.get("type") != "container":
            entries.append({"Id": docker["images"][named(name)]["id"], "RepoTags": [named(name)]})
        else:
            print("[]")
            state.refuse("Error: No such object: %s" % name, 1)
    if "format" not in found:
        return json.dumps(entries, indent=4)
    texts = []
    for e in entries:
        value = e
        for key in found["format"].strip("{} ").lstrip(".").split("."):
            value = value.get(key) if isinstance(value, dict) else None
        texts.append({True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value))
    return "\n".join(texts)


def ps(docker, plain, found, _):
    names = [f.split("=", 1)[1].strip("^/$") for f in found.get("filter", []) if f.startswith("name=")]
    there = [(n, c) for n, c in sorted(docker["containers"].items())
             if (found.get("all") or c["running"]) and (not names or any(x in n for x in names))]
    return "\n".join(json.dumps({"Names": n, "Image": c["image"], "State": "running" if c["running"] else "exited"}) for n, c in there)


def images(docker, plain, found, _):
    return "\n".join(json.dumps({"Repository": n.rsplit(":", 1)[0], "Tag": n.rsplit(":", 1)[1], "ID": i["id"]}) for n, i in sorted(docker["images"].items()))


HANDLERS = {"build": build, "tag": tag, "push": push, "pull": pull, "rmi": rmi, "rm": rm, "login": login, "logout": logout, "run": run,
            "start": power(True), "stop": power(False), "restart": power(True), "rename": rename, "inspect": inspect, "ps": ps, "images": images,
            "version": lambda *_: "24.0.7", "info": lambda *_: "Server Version: 24.0.7",
            "logs": lambda docker, plain, found, _: "log of %s" % plain[0] if container_of(docker, plain[0]) else ""}
