"""mongosh.py: a stand-in for `mongosh --nodb --quiet --file SCRIPT`: users, collections and
indexes of one database. It does not run JavaScript: it reads scripts of one call a line
(`db = connect(...)`, `db.createUser({...})`, `db.getCollection(X).createIndex(K, O)`,
`print(EJSON.stringify(CALL))` ...), whose arguments are literals, process.env.NAME and
EJSON.parse(...). Anything else is refused. Words of the errors are those of mongosh 2.

State: {"url": URL, "members": [STATE...], "users": {NAME: ROLES}, "collections": {NAME:
{"indexes": {NAME: {"key": K, "unique": true}}, "documents": N}}, "duplicates": [NAME...]}
A unique index on a collection in `duplicates` cannot be made.
"""
import json
import os
import re

import state

FAULT = ("MongoServerSelectionError: connection <monitor> to 10.1.10.7:27017 closed", 1)


def error(text):
    state.refuse(text, 1)


def value(text):
    """The value of one argument."""
    text = text.strip()
    m = re.fullmatch(r"process\.env\.(\w+)", text)
    if m:
        if m.group(1) not in os.environ:
            error("MongoInvalidArgumentError: %s is undefined" % text)
        return os.environ[m.group(1)]
    m = re.fullmatch(r"EJSON\.parse\((.*)\)", text)
    if m:
        try:
            return json.loads(value(m.group(1)))
        except ValueError as e:
            error("SyntaxError: %s" % e)
    if text.startswith("{"):
        pairs = {}
        for part in split(text[1:-1]):
            key, _, what = part.partition(":")
            pairs[key.strip().strip('"')] = value(what)
        return pairs
    try:
        return json.loads(text)
    except ValueError:
        error("SyntaxError: Unexpected token: %s" % text)


def split(text):
    """Splits at the commas that stand outside of brackets and quotes."""
    parts, depth, quoted, last = [], 0, False, 0
    for i, c in enumerate(text):
        if c == '"':
            quoted = not quoted
        elif not quoted and c in "([{":
            depth += 1
        elif not quoted and c in ")]}":
            depth -= 1
        elif not quoted and c == "," and depth == 0:
            parts.append(text[last:i])
            last = i + 1
    return [p for p in parts + [text[last:]] if p.strip()]


def call(world, argv):
    plain, found = state.options(argv, "nodb:flag quiet:flag file norc:flag", lambda w: error("Error parsing command line: unrecognized option: " + w),
                                 lambda n: error("Error parsing command line: not enough arguments following: " + n), {"-f": "file"})
    if plain or not found.get("nodb") or "file" not in found:
        error("the stand-in wants --nodb --quiet --file SCRIPT")
    try:
        with open(found["file"], encoding="utf-8") as f:
            lines = [line.strip().rstrip(";") for line in f if line.strip() and not line.lstrip().startswith("//")]
    except OSError:
        error("Error: Could not load file: %s" % found["file"])
    mongo = world.state.setdefault("mongosh", {"users": {}, "collections": {}})
    m = re.fullmatch(r"db = connect\((.*)\)", lines[0])
    if not m:
        error("MongoshInvalidInputError: [COMMON-10003] db is not connected")
    if value(m.group(1)) != mongo.get("url"):
        error("MongoServerError: Authentication failed.")
    if len(lines) != 2:
        error("the stand-in wants one call")
    m = re.fullmatch(r"print\(EJSON\.stringify\((.*)\)\)", lines[1])
    if m:
        return json.dumps(ask(mongo, m.group(1)))
    return change(mongo, lines[1])


def ask(mongo, text):
    if text == "db.getUsers()":
        return {"users": [{"user": u, "roles": r} for u, r in sorted(mongo["users"].items())], "ok": 1}
    if text == "db.getCollectionNames()":
        return sorted(mongo["collections"])
    if text == "rs.status()":
        return {"set": "rs0", "ok": 1, "members": [{"name": "db-%d:27017" % i, "stateStr": s} for i, s in enumerate(mongo["members"])]}
    m = re.fullmatch(r"db\.getCollection\((.*)\)\.countDocuments\(\{\}\)", text)
    if m:
        return mongo["collections"].get(value(m.group(1)), {}).get("documents", 0)
    m = re.fullmatch(r"db\.getCollection\((.*)\)\.getIndexes\(\)", text)
    if not m:
        error("TypeError: %s is not a function" % text)
    one = mongo["collections"].get(value(m.group(1)))
    return [] if one is None else [{"v": 2, "key": {"_id": 1}, "name": "_id_"}] + [
        dict({"v": 2, "key": i["key"], "name": n}, **({"unique": True} if i.get("unique") else {})) for n, i in sorted(one["indexes"].items())]


def change(mongo, text):
    m = re.fullmatch(r"db\.(createUser|dropUser|createCollection)\((.*)\)", text)
    if m:
        return {"createUser": create_user, "dropUser": drop_user, "createCollection": create_collection}[m.group(1)](mongo, value(m.group(2)))
    m = re.fullmatch(r"db\.getCollection\((.*?)\)\.(drop|createIndex|dropIndex)\((.*)\)", text)
    if not m:
        error("TypeError: %s is not a function" % text)
    return {"drop": drop, "createIndex": create_index, "dropIndex": drop_index}[m.group(2)](
        mongo, value(m.group(1)), *[value(a) for a in split(m.group(3))])


def create_user(mongo, user):
    if user["user"] in mongo["users"]:
        error('MongoServerError: User "%s@db" already exists' % user["user"])
    if len(user["pwd"]) < 8:
        error("MongoServerError: password is too short")
    yield
    mongo["users"][user["user"]] = user["roles"]
    return "{ ok: 1 }"


def drop_user(mongo, name):
    if name not in mongo["users"]:
        error("MongoServerError: User '%s@db' not found" % name)
    yield
    del mongo["users"][name]
    return "{ ok: 1 }"


def create_collection(mongo, name):
    if name in mongo["collections"]:
        error("MongoServerError: Collection db.%s already exists." % name)
    yield
    mongo["collections"][name] = {"indexes": {}, "documents": 0}
    return "{ ok: 1 }"


def drop(mongo, name):
    yield
    gone = mongo["collections"].pop(name, None)
    return "true" if gone is not None else "false"


def create_index(mongo, name, keys, options=None):
    index = "_".join("%s_%s" % k for k in keys.items())
    if (options or {}).get("unique") and name in mongo.get("duplicates", []):
        error("MongoServerError: E11000 duplicate key error collection: db.%s index: %s" % (name, index))
    yield
    one = mongo["collections"].setdefault(name, {"indexes": {}, "documents": 0})
    one["indexes"][index] = dict({"key": keys}, **(options or {}))
    return index


def drop_index(mongo, name, index):
    if name not in mongo["collections"]:
        error("MongoServerError: ns not found db.%s" % name)
    if index not in mongo["collections"][name]["indexes"]:
        error("MongoServerError: index not found with name [%s]" % index)
    yield
    del mongo["collections"][name]["indexes"][index]
    return "{ ok: 1 }"
