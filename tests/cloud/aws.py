"""aws.py: a stand-in for the AWS command line (version 2): its arguments, its refusals, its
exit codes. The services are in aws_*.py; each has OPERATIONS: (service, operation) ->
(function, options). Only JSON goes out, or with --output text a single value.

Exit codes as the CLI documents them: 252 the arguments are wrong, 254 the service
refused, 255 anything else (lost connections, waiters that give up).
"""
import json
import os

import state

FAULT = ('\nConnection was closed before we received a valid response from endpoint URL: "https://amazonaws.com/".', 255)
GLOBAL = "output region profile no-cli-pager:flag no-paginate:flag cli-read-timeout cli-connect-timeout max-items:int"
MODULES = {"ecs": "aws_ecs", "elbv2": "aws_ecs", "application-autoscaling": "aws_ecs",
           "cloudwatch": "aws_watch", "logs": "aws_watch", "sns": "aws_watch",
           "s3": "aws_data", "s3api": "aws_data", "dynamodb": "aws_data", "rds": "aws_data",
           "route53": "aws_net", "ec2": "aws_net", "secretsmanager": "aws_net", "ecr": "aws_net", "sts": "aws_net"}
STDIN = "file:///dev/stdin"
USAGE = "\nusage: aws [options] <command> <subcommand> [<subcommand> ...] [parameters]\n\n"


def wrong(text):
    state.refuse(USAGE + "aws: error: " + text, 252)


def refused(operation, error, text):
    """The service said no: `operation` as in UpdateService."""
    state.refuse("\nAn error occurred (%s) when calling the %s operation: %s" % (error, operation, text), 254)


def document(text, option):
    """A parameter that is JSON, or file://PATH."""
    if text.startswith("file://"):
        path = text[len("file://"):]
        try:
            with open(path, encoding="utf-8") as f:
                text = f.read()
        except OSError as e:
            wrong("Error parsing parameter '--%s': Unable to load paramfile %s: %s" % (option, "file://" + path, e))
    try:
        return json.loads(text)
    except ValueError as e:
        wrong("Error parsing parameter '--%s': Invalid JSON: %s\nJSON received: %s" % (option, e, text))


def reads(argv):
    return STDIN in argv


def text_of(world, text):
    """A parameter that is text, or file://PATH."""
    if text == STDIN:
        return world.input
    if not text.startswith("file://"):
        return text
    with open(text[len("file://"):], encoding="utf-8") as f:
        return f.read()


def call(world, argv):
    words = [w for w in argv if not w.startswith("-")]
    if not words or words[0] not in MODULES:
        wrong("argument command: Invalid choice, valid choices are: %s" % ", ".join(sorted(MODULES)))
    if argv[0] != words[0]:
        wrong("options stand behind the operation here")
    module = __import__(MODULES[words[0]])
    operation = argv[1] if len(argv) > 1 else ""
    rest = argv[2:]
    if operation == "wait" and rest:
        operation, rest = "wait " + rest[0], rest[1:]
    if (words[0], operation) not in module.OPERATIONS:
        wrong("argument operation: Invalid choice, valid choices are: %s" %
              ", ".join(sorted(o for s, o in module.OPERATIONS if s == words[0])))
    function, spec = module.OPERATIONS[words[0], operation]
    plain, found = state.options(rest, GLOBAL + " " + spec,
                                 lambda w: state.refuse("\nUnknown options: %s" % w, 252),
                                 lambda n: wrong("the following arguments are required: --%s" % n))
    if plain and words[0] != "s3" and operation != "tail":
        state.refuse("\nUnknown options: %s" % ", ".join(plain), 252)
    if plain:
        found["plain"] = plain
    aws = world.state.setdefault("aws", {})
    world.region = found.get("region") or os.environ.get("AWS_REGION") or "us-east-1"
    result = function(world, aws.setdefault(MODULES_STATE.get(words[0], words[0]), {}), found)
    return changing(result) if hasattr(result, "send") else shown(result)


MODULES_STATE = {"s3api": "s3"}


def changing(work):
    return shown((yield from work))


def shown(result):
    return result if isinstance(result, str) else "" if result is None else json.dumps(result, indent=4, ensure_ascii=False)


def view(aws):
    """Revisions that are out of use, figures and the results of scans do not count."""
    aws = json.loads(json.dumps(aws))
    aws.get("cloudwatch", {}).pop("metrics", None)
    for repository in aws.get("ecr", {}).get("repositories", {}).values():
        for image in repository["images"].values():
            image.pop("scan", None)
    for family in aws.get("ecs", {}).get("taskDefinitions", {}).values():
        for revision in [r for r, d in family.items() if d["status"] != "ACTIVE"]:
            del family[revision]
    return aws
