"""aws_ecs.py: ECS, load balancers and scaling targets.

    "ecs": {"clusters": {C: {"services": {S: {"taskDefinition": "family:7", "desired": 2, "running": 2}}}},
            "taskDefinitions": {F: {"7": {"status": "ACTIVE", "image": I, "environment": {}, "healthy": true}}}}
    "elbv2": {"targetGroups": {ARN: {"cluster": C, "service": S}}, "listeners": {ARN: {"forward": TARGET GROUP}}}
    "application-autoscaling": {"targets": {"service/C/S": {"MinCapacity": 2, "MaxCapacity": 20}}}

A deployment goes on by one step each time somebody looks: `~left` counts them. Tasks of a
revision that is not `healthy` never run, and nothing that needs them becomes stable.
"""
import aws
import time

ACCOUNT = "123456789012"
STEPS = 2  # looks until a deployment is complete


def arn(world, kind, rest):
    return "arn:aws:ecs:%s:%s:%s/%s" % (world.region, ACCOUNT, kind, rest)


def cluster_of(ecs, o, operation):
    name = o.get("cluster", "default").split("/")[-1]
    if name not in ecs.get("clusters", {}):
        aws.refused(operation, "ClusterNotFoundException", "Cluster not found.")
    return name, ecs["clusters"][name]


def revision_of(ecs, text, operation, active=True):
    """family:7 of family, family:7 or an ARN; a family alone is its latest active revision."""
    family, _, number = text.split("/")[-1].partition(":")
    revisions = ecs.get("taskDefinitions", {}).get(family, {})
    if not number:
        number = str(max([int(r) for r, d in revisions.items() if d["status"] == "ACTIVE"], default=0))
    if number not in revisions:
        aws.refused(operation, "ClientException", "Unable to describe task definition." if operation == "DescribeTaskDefinition"
                    else "TaskDefinition not found.")
    if active and revisions[number]["status"] != "ACTIVE":
        aws.refused(operation, "ClientException", "TaskDefinition is inactive")
    return family, number, revisions[number]


def step_on(world, ecs, service):
    """Somebody looks: a deployment goes on."""
    left = service.get("~left", 0)
    if left:
        service["~left"] = left - 1
        world.dirty = True
        family, number = service["taskDefinition"].split(":")
        healthy = ecs["taskDefinitions"][family][number].get("healthy", True)
        if service["~left"] == 0:
            if healthy:
                service["running"] = service["desired"]
            else:
                service["~left"] = 1  # for ever
                service["running"] = 0


def described(world, ecs, cluster, name, service):
    definition = arn(world, "task-definition", service["taskDefinition"])
    deployments = [{"id": "ecs-svc/%s" % service.get("~deployment", 1), "status": "PRIMARY", "taskDefinition": definition,
                    "desiredCount": service["desired"], "runningCount": service["running"],
                    "rolloutState": "IN_PROGRESS" if service.get("~left") else "COMPLETED"}]
    if service.get("~left") and service.get("~old"):
        deployments.append({"id": "ecs-svc/old", "status": "ACTIVE", "taskDefinition": arn(world, "task-definition", service["~old"]),
                            "desiredCount": 0, "runningCount": 0, "rolloutState": "COMPLETED"})
    return {"serviceArn": arn(world, "service", "%s/%s" % (cluster, name)), "serviceName": name, "status": "ACTIVE",
            "desiredCount": service["desired"], "runningCount": service["running"],
            "pendingCount": max(0, service["desired"] - service["running"]), "taskDefinition": definition,
            "deployments": deployments, "events": service.get("~events", [])}


def describe_services(world, ecs, o):
    name, cluster = cluster_of(ecs, o, "DescribeServices")
    services, failures = [], []
    for s in (n.split("/")[-1] for n in o["services"]):
        if s not in cluster["services"]:
            failures.append({"arn": arn(world, "service", "%s/%s" % (name, s)), "reason": "MISSING"})
            continue
        step_on(world, ecs, cluster["services"][s])
        services.append(described(world, ecs, name, s, cluster["services"][s]))
    return {"services": services, "failures": failures}


def services_stable(world, ecs, o):
    name, cluster = cluster_of(ecs, o, "DescribeServices")
    for s in (n.split("/")[-1] for n in o["services"]):
        if s not in cluster["services"]:
            aws.state.refuse('\nWaiter ServicesStable failed: Waiter encountered a terminal failure state: For expression "failures[].reason" '
                             'we matched expected path: "MISSING" at least once', 255)
        service = cluster["services"][s]
        for _ in range(STEPS + 1):
            step_on(world, ecs, service)
        if service.get("~left") or service["running"] != service["desired"]:
            world.save()
            aws.state.refuse("\nWaiter ServicesStable failed: Max attempts exceeded", 255)


def update_service(world, ecs, o):
    name, cluster = cluster_of(ecs, o, "UpdateService")
    s = o["service"].split("/")[-1]
    if s not in cluster["services"]:
        aws.refused("UpdateService", "ServiceNotFoundException", "Service not found.")
    service = cluster["services"][s]
    if "task-definition" in o:
        family, number, _ = revision_of(ecs, o["task-definition"], "UpdateService")
    if o.get("desired-count", 0) < 0:
        aws.refused("UpdateService", "InvalidParameterException", "desiredCount must be 0 or more.")
    yield
    if "task-definition" in o:
        service["~old"], service["taskDefinition"] = service["taskDefinition"], "%s:%s" % (family, number)
    if "desired-count" in o:
        service["desired"] = o["desired-count"]
    service["~deployment"] = service.get("~deployment", 1) + 1
    service["~left"] = STEPS
    service.setdefault("~events", []).insert(0, {"createdAt": time.time(), "message": "(service %s) has begun a deployment" % s})
    return {"service": described(world, ecs, name, s, service)}


def definition(world, family, number, d):
    return {"taskDefinitionArn": arn(world, "task-definition", "%s:%s" % (family, number)), "family": family, "revision": int(number),
            "status": d["status"], "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "1024", "memory": "2048",
            "containerDefinitions": [{"name": family, "image": d["image"], "essential": True,
                                      "environment": [{"name": k, "value": v} for k, v in sorted(d.get("environment", {}).items())]}]}


def describe_task_definition(world, ecs, o):
    return {"taskDefinition": definition(world, *revision_of(ecs, o["task-definition"], "DescribeTaskDefinition", active=False))}


def list_task_definitions(world, ecs, o):
    status, found = o.get("status", "ACTIVE"), []
    for family, revisions in sorted(ecs.get("taskDefinitions", {}).items()):
        if family.startswith(o.get("family-prefix", "")):
            found += [(family, int(r)) for r, d in revisions.items() if d["status"] == status]
    found.sort(reverse=o.get("sort") == "DESC")
    return {"taskDefinitionArns": [arn(world, "task-definition", "%s:%d" % f) for f in found]}


def register_task_definition(world, ecs, o):
    given = aws.document(o["cli-input-json"], "cli-input-json")
    containers = given.get("containerDefinitions") or aws.refused("RegisterTaskDefinition", "ClientException", "Container list cannot be empty.")
    for key in given:
        if key not in ("family", "containerDefinitions", "requiresCompatibilities", "networkMode", "cpu", "memory", "executionRoleArn", "taskRoleArn"):
            aws.wrong("Parameter validation failed:\nUnknown parameter in input: \"%s\"" % key)
    family = given["family"]
    revisions = ecs.setdefault("taskDefinitions", {}).setdefault(family, {})
    number = str(max([int(r) for r in revisions], default=0) + 1)
    yield
    environment = {e["name"]: e["value"] for e in containers[0].get("environment", [])}
    revisions[number] = {"status": "ACTIVE", "image": containers[0]["image"], "environment": environment,
                         "healthy": "broken" not in containers[0]["image"]}
    return {"taskDefinition": definition(world, family, number, revisions[number])}


def deregister_task_definition(world, ecs, o):
    if ":" not in o["task-definition"].split("/")[-1]:
        aws.refused("DeregisterTaskDefinition", "ClientException", "TaskDefinition should contain a revision.")
    family, number, d = revision_of(ecs, o["task-definition"], "DeregisterTaskDefinition", active=False)
    yield
    d["status"] = "INACTIVE"
    return {"taskDefinition": definition(world, family, number, d)}


def target_group(elb, o, operation):
    if o["target-group-arn"] not in elb.get("targetGroups", {}):
        aws.refused(operation, "TargetGroupNotFound", "One or more target groups not found")
    return elb["targetGroups"][o["target-group-arn"]]


def describe_target_health(world, elb, o):
    group = target_group(elb, o, "DescribeTargetHealth")
    ecs = world.state["aws"]["ecs"]
    service = ecs["clusters"][group["cluster"]]["services"][group["service"]]
    family, number = service["taskDefinition"].split(":")
    sick = 0 if ecs["taskDefinitions"][family][number].get("healthy", True) else service["desired"]
    targets = []
    for i in range(max(service["running"], sick)):
        health = {"State": "healthy"} if i >= sick else {"State": "unhealthy", "Reason": "Target.FailedHealthChecks",
                                                         "Description": "Health checks failed"}
        targets.append({"Target": {"Id": "10.0.0.%d" % (10 + i), "Port": 8000}, "HealthCheckPort": "8000", "TargetHealth": health})
    return {"TargetHealthDescriptions": targets}


def listener(elb, o, operation):
    if o["listener-arn"] not in elb.get("listeners", {}):
        aws.refused(operation, "ListenerNotFound", "One or more listeners not found")
    return elb["listeners"][o["listener-arn"]]


def describe_listeners(world, elb, o):
    found = []
    for name in o["listener-arns"]:
        found.append({"ListenerArn": name, "DefaultActions": [
            {"Type": "forward", "TargetGroupArn": listener(elb, {"listener-arn": name}, "DescribeListeners")["forward"]}]})
    return {"Listeners": found}


def modify_listener(world, elb, o):
    one = listener(elb, o, "ModifyListener")
    action = o["default-actions"][0]
    to = aws.document(action, "default-actions")[0]["TargetGroupArn"] if action.startswith("[") else \
        dict(p.split("=", 1) for p in action.split(",")).get("TargetGroupArn", "")
    target_group(elb, {"target-group-arn": to}, "ModifyListener")
    yield
    one["forward"] = to
    return describe_listeners(world, elb, {"listener-arns": [o["listener-arn"]]})


def describe_scalable_targets(world, scaling, o):
    targets = scaling.get("targets", {})
    return {"ScalableTargets": [dict(t, ServiceNamespace="ecs", ResourceId=i, ScalableDimension="ecs:service:DesiredCount")
                                for i, t in sorted(targets.items()) if i in o.get("resource-ids", targets)]}


def register_scalable_target(world, scaling, o):
    one = scaling.setdefault("targets", {}).get(o["resource-id"])
    if one is None:
        aws.refused("RegisterScalableTarget", "ValidationException", "ECS service doesn't exist: %s" % o["resource-id"])
    low, high = o.get("min-capacity", one["MinCapacity"]), o.get("max-capacity", one["MaxCapacity"])
    if low > high:
        aws.refused("RegisterScalableTarget", "ValidationException", "Maximum capacity cannot be less than minimum capacity")
    yield
    one["MinCapacity"], one["MaxCapacity"] = low, high
    cluster, name = o["resource-id"].split("/")[1:]
    service = world.state["aws"]["ecs"]["clusters"][cluster]["services"][name]
    if service["desired"] < low:  # the scaler lifts it at once
        service["desired"], service["~left"] = low, STEPS
    return {"ScalableTargetARN": "arn:aws:application-autoscaling:%s:%s:scalable-target/1" % (world.region, ACCOUNT)}


OPERATIONS = {
    ("ecs", "describe-services"): (describe_services, "cluster services:list! include:list"),
    ("ecs", "wait services-stable"): (services_stable, "cluster services:list!"),
    ("ecs", "update-service"): (update_service, "cluster service! task-definition desired-count:int force-new-deployment:flag"),
    ("ecs", "describe-task-definition"): (describe_task_definition, "task-definition!"),
    ("ecs", "list-task-definitions"): (list_task_definitions, "family-prefix status sort"),
    ("ecs", "register-task-definition"): (register_task_definition, "cli-input-json!"),
    ("ecs", "deregister-task-definition"): (deregister_task_definition, "task-definition!"),
    ("elbv2", "describe-target-health"): (describe_target_health, "target-group-arn!"),
    ("elbv2", "describe-listeners"): (describe_listeners, "listener-arns:list!"),
    ("elbv2", "modify-listener"): (modify_listener, "listener-arn! default-actions:list!"),
    ("application-autoscaling", "describe-scalable-targets"): (describe_scalable_targets, "service-namespace! resource-ids:list"),
    ("application-autoscaling", "register-scalable-target"): (
        register_scalable_target, "service-namespace! resource-id! scalable-dimension! min-capacity:int max-capacity:int"),
}
