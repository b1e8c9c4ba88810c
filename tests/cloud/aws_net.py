"""aws_net.py: Route 53, EC2 security groups, secrets, ECR and STS.

    "route53": {"zones": {ID: {"records": {"NAME TYPE": {"TTL": 60, "ResourceRecords": [{"Value": V}]}}}}}
    "ec2": {"groups": {ID: {"name": N, "rules": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}]}}}
             a rule's source is CidrIp, CidrIpv6, PrefixListId or GroupId; "-1" has no ports
    "secretsmanager": {"secrets": {ID: {"current": "v2", "previous": "v1"}}}
    "ecr": {"repositories": {R: {"images": {TAG: {"digest": D, "scan": null | {"CRITICAL": 0}}}}}}
"""
import aws
import time

from aws_watch import stamp


def zone_of(route, o, operation):
    name = o["hosted-zone-id"].split("/")[-1]
    if name not in route.get("zones", {}):
        aws.refused(operation, "NoSuchHostedZone", "No hosted zone found with ID: %s" % name)
    return route["zones"][name]["records"]


def list_record_sets(world, route, o):
    records = zone_of(route, o, "ListResourceRecordSets")
    return {"ResourceRecordSets": [dict(r, Name=k.split()[0], Type=k.split()[1]) for k, r in sorted(records.items())
                                   if k.split()[0] == o.get("start-record-name", k.split()[0])]}


def change_record_sets(world, route, o):
    records = zone_of(route, o, "ChangeResourceRecordSets")
    changes = aws.document(o["change-batch"], "change-batch").get("Changes") or aws.wrong("Missing required parameter in ChangeBatch: \"Changes\"")
    work = []
    for change in changes:  # all or nothing
        entry = dict(change["ResourceRecordSet"])
        key = "%s %s" % (entry.pop("Name"), entry.pop("Type"))
        if change["Action"] == "CREATE" and key in records:
            aws.refused("ChangeResourceRecordSets", "InvalidChangeBatch", "[Tried to create resource record set [name='%s'] but it already exists]" % key)
        if change["Action"] == "DELETE" and records.get(key) != entry:
            aws.refused("ChangeResourceRecordSets", "InvalidChangeBatch", "[Tried to delete resource record set [name='%s'] but it was not found]" % key)
        if change["Action"] not in ("CREATE", "DELETE", "UPSERT"):
            aws.wrong("Invalid choice for Action: %s" % change["Action"])
        work.append((change["Action"], key, entry))
    yield
    for action, key, entry in work:
        if action == "DELETE":
            del records[key]
        else:
            records[key] = entry
    return {"ChangeInfo": {"Id": "/change/C1", "Status": "PENDING", "SubmittedAt": stamp(time.time())}}


def record_sets_changed(world, route, o):
    return None


def permissions(rules):
    """As EC2 tells them: one entry for a protocol and ports, with all its sources; all
    traffic (-1) has no ports."""
    entries = {}
    for r in rules:
        key = (r["IpProtocol"], r.get("FromPort"), r.get("ToPort"))
        entry = entries.setdefault(key, {"IpProtocol": r["IpProtocol"], "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []})
        if "FromPort" in r:
            entry["FromPort"], entry["ToPort"] = r["FromPort"], r["ToPort"]
        if "CidrIp" in r:
            entry["IpRanges"].append({"CidrIp": r["CidrIp"]})
        elif "CidrIpv6" in r:
            entry["Ipv6Ranges"].append({"CidrIpv6": r["CidrIpv6"]})
        elif "PrefixListId" in r:
            entry["PrefixListIds"].append({"PrefixListId": r["PrefixListId"], "Description": "none"})
        else:
            entry["UserIdGroupPairs"].append({"GroupId": r["GroupId"], "UserId": "123456789012"})
    return list(entries.values())


def describe_security_groups(world, ec2, o):
    found = []
    patterns = [v for f in o.get("filters", []) if f.startswith("Name=group-name,Values=") for v in f.split("Values=")[1].split(",")]
    for name, group in sorted(ec2.get("groups", {}).items()):
        wanted = not patterns or any(p.strip("*") in group["name"] if "*" in p else p == group["name"] for p in patterns)
        if wanted and name in o.get("group-ids", [name]):
            found.append({"GroupId": name, "GroupName": group["name"], "OwnerId": "123456789012", "VpcId": "vpc-1",
                          "IpPermissions": permissions(group["rules"])})
    for name in o.get("group-ids", []):
        if name not in ec2.get("groups", {}):
            aws.refused("DescribeSecurityGroups", "InvalidGroup.NotFound", "The security group '%s' does not exist" % name)
    return {"SecurityGroups": found}


def ingress(adds):
    operation = "AuthorizeSecurityGroupIngress" if adds else "RevokeSecurityGroupIngress"

    def change(world, ec2, o):
        if o["group-id"] not in ec2.get("groups", {}):
            aws.refused(operation, "InvalidGroup.NotFound", "The security group '%s' does not exist" % o["group-id"])
        rules = ec2["groups"][o["group-id"]]["rules"]
        low, _, high = o["port"].partition("-")
        if ("cidr" in o) == ("source-group" in o):
            aws.refused(operation, "MissingParameter", "Exactly one of cidrIp, sourceGroup must be specified")
        rule = {"IpProtocol": o["protocol"], "FromPort": int(low), "ToPort": int(high or low)}
        rule.update({"CidrIp": o["cidr"]} if "cidr" in o else {"GroupId": o["source-group"]})
        if adds and rule in rules:
            aws.refused(operation, "InvalidPermission.Duplicate", "the specified rule \"peer: %s\" already exists" % o.get("cidr", o.get("source-group")))
        if not adds and rule not in rules:
            aws.refused(operation, "InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
        yield
        if adds:
            rules.append(rule)
        else:
            rules.remove(rule)
        return {"Return": True}
    return change


def secret_of(manager, o, operation):
    if o["secret-id"] not in manager.get("secrets", {}):
        aws.refused(operation, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    return manager["secrets"][o["secret-id"]]


def secret_shown(o, secret):
    stages = {secret["current"]: ["AWSCURRENT"]}
    if secret.get("previous"):
        stages[secret["previous"]] = ["AWSPREVIOUS"]
    return {"ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:%s" % o["secret-id"], "Name": o["secret-id"],
            "RotationEnabled": True, "VersionIdsToStages": stages}


def rotate_secret(world, manager, o):
    secret = secret_of(manager, o, "RotateSecret")
    yield
    secret["previous"], secret["current"] = secret["current"], "v%d" % (int(secret["current"][1:]) + 1)
    return dict(secret_shown(o, secret), VersionId=secret["current"])


def secret_value(world, manager, o):
    secret = secret_of(manager, o, "GetSecretValue")
    if (o.get("query"), o.get("output")) != ("SecretString", "text"):
        aws.wrong("the stand-in knows --query SecretString --output text only")
    return secret.get("value", "")


def repository_of(ecr, o, operation):
    name = o["repository-name"]
    if name not in ecr.get("repositories", {}):
        aws.refused(operation, "RepositoryNotFoundException", "The repository with name '%s' does not exist in the registry" % name)
    return ecr["repositories"][name]["images"]


def image_of(ecr, o, operation):
    images = repository_of(ecr, o, operation)
    given = dict(p.split("=", 1) for p in o["image-id"].split(","))
    tag = given.get("imageTag", "")
    if set(given) != {"imageTag"} or tag not in images:
        aws.refused(operation, "ImageNotFoundException", "The image with imageId {imageDigest:'null', imageTag:'%s'} does not exist" % tag)
    return tag, images[tag]


def findings(world, ecr, o):
    tag, image = image_of(ecr, o, "DescribeImageScanFindings")
    if image.get("scan") is None:
        aws.refused("DescribeImageScanFindings", "ScanNotFoundException", "Image scan does not exist for the image with '%s'" % tag)
    left = image.get("~left", 0)
    if left:
        image["~left"] = left - 1
        world.dirty = True
    return {"repositoryName": o["repository-name"], "imageId": {"imageDigest": image["digest"], "imageTag": tag},
            "imageScanStatus": {"status": "IN_PROGRESS" if left else "COMPLETE"},
            "imageScanFindings": {"findingSeverityCounts": {k: v for k, v in image["scan"].items() if v}}}


def start_image_scan(world, ecr, o):
    tag, image = image_of(ecr, o, "StartImageScan")
    yield
    image["scan"] = image.get("scan") or image.get("~scan", {})
    image["~left"] = 2
    return {"imageScanStatus": {"status": "IN_PROGRESS"}, "imageId": {"imageTag": tag}}


def describe_images(world, ecr, o):
    images = repository_of(ecr, o, "DescribeImages")
    return {"imageDetails": [{"imageDigest": i["digest"], "imageTags": [t], "repositoryName": o["repository-name"]} for t, i in sorted(images.items())]}


def batch_delete_image(world, ecr, o):
    images = repository_of(ecr, o, "BatchDeleteImage")
    tags = [dict(p.split("=", 1) for p in i.split(","))["imageTag"] for i in o["image-ids"]]
    yield
    gone = [t for t in tags if images.pop(t, None) is not None]
    return {"imageIds": [{"imageTag": t} for t in gone],
            "failures": [{"imageId": {"imageTag": t}, "failureCode": "ImageNotFound"} for t in tags if t not in gone]}


def login_password(world, ecr, o):
    return "login-password-of-" + world.region


def caller(world, sts, o):
    return {"UserId": "AIDAEXAMPLE", "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/operator"}


OPERATIONS = {
    ("route53", "list-resource-record-sets"): (list_record_sets, "hosted-zone-id! start-record-name start-record-type"),
    ("route53", "change-resource-record-sets"): (change_record_sets, "hosted-zone-id! change-batch!"),
    ("route53", "wait resource-record-sets-changed"): (record_sets_changed, "id!"),
    ("ec2", "describe-security-groups"): (describe_security_groups, "filters:list group-ids:list"),
    ("ec2", "authorize-security-group-ingress"): (ingress(True), "group-id! protocol! port! cidr source-group"),
    ("ec2", "revoke-security-group-ingress"): (ingress(False), "group-id! protocol! port! cidr source-group"),
    ("secretsmanager", "describe-secret"): (lambda w, m, o: secret_shown(o, secret_of(m, o, "DescribeSecret")), "secret-id!"),
    ("secretsmanager", "get-secret-value"): (secret_value, "secret-id! query"),
    ("secretsmanager", "rotate-secret"): (rotate_secret, "secret-id!"),
    ("ecr", "describe-image-scan-findings"): (findings, "repository-name! image-id!"),
    ("ecr", "start-image-scan"): (start_image_scan, "repository-name! image-id!"),
    ("ecr", "describe-images"): (describe_images, "repository-name!"),
    ("ecr", "batch-delete-image"): (batch_delete_image, "repository-name! image-ids:list!"),
    ("ecr", "get-login-password"): (login_password, ""),
    ("sts", "get-caller-identity"): (caller, ""),
}
