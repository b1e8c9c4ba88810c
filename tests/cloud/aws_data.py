"""aws_data.py: S3, DynamoDB and RDS.

    "s3": {"buckets": {B: {"versioning": true, "policy": null | {}, "replication": null | REGION,
                           "objects": {KEY: {"size": 3, "ago": SECONDS, "deleted": null | MARKER}}}}}
    "dynamodb": {"tables": {T: {"items": [{"user_id": "u1", "created_at": "2026-01-01"}]}},
                 "backups": {ARN: {"name": N, "table": T, "items": []}}}
    "rds": {"instances": {I: {"class": "db.r5.large", "url": U}}}

New tables and changed instances become available by and by: `~left` counts the looks.
A marker of deletion gets its number from `~markers`; who knows it can take it away.
"""
import aws
import json
import time

from aws_watch import stamp


def bucket_of(s3, name, operation):
    if name not in s3.get("buckets", {}):
        aws.refused(operation, "NoSuchBucket", "The specified bucket does not exist")
    return s3["buckets"][name]


def s3_ls(world, s3, o):
    place = o.get("plain", [])
    if not place or not place[0].startswith("s3://"):
        aws.wrong("Invalid argument type")
    name, _, prefix = place[0][5:].partition("/")
    bucket, now = bucket_of(s3, name, "ListObjectsV2"), time.time()
    there = [(k, v) for k, v in sorted(bucket["objects"].items()) if k.startswith(prefix) and not v.get("deleted")]
    lines = ["%s %10d %s" % (time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now - v["ago"])), v["size"], k) for k, v in there]
    if o.get("summarize"):
        lines += ["", "Total Objects: %d" % len(there), "   Total Size: %d" % sum(v["size"] for _, v in there)]
    return "\n".join(lines)


def list_objects_v2(world, s3, o):
    bucket, now = bucket_of(s3, o["bucket"], "ListObjectsV2"), time.time()
    there = [{"Key": k, "Size": v["size"], "LastModified": stamp(now - v["ago"]), "StorageClass": "STANDARD"}
             for k, v in sorted(bucket["objects"].items()) if k.startswith(o.get("prefix", "")) and not v.get("deleted")]
    return {"Contents": there, "KeyCount": len(there)} if there else {"KeyCount": 0}


def delete_object(world, s3, o):
    bucket = bucket_of(s3, o["bucket"], "DeleteObject")
    thing = bucket["objects"].get(o["key"])
    yield
    if "version-id" in o:  # takes a marker of deletion away
        if thing and thing.get("deleted") == o["version-id"]:
            del thing["deleted"]
        return {"DeleteMarker": True, "VersionId": o["version-id"]}
    if thing is None:
        return {}
    if not bucket.get("versioning"):
        del bucket["objects"][o["key"]]
        return {}
    bucket["~markers"] = bucket.get("~markers", 0) + 1
    thing["deleted"] = "marker-%d" % bucket["~markers"]
    return {"DeleteMarker": True, "VersionId": thing["deleted"]}


def list_object_versions(world, s3, o):
    bucket = bucket_of(s3, o["bucket"], "ListObjectVersions")
    there = {k: v for k, v in sorted(bucket["objects"].items()) if k.startswith(o.get("prefix", ""))}
    return {"Versions": [{"Key": k, "VersionId": "1", "IsLatest": not v.get("deleted"), "Size": v["size"]} for k, v in there.items()],
            "DeleteMarkers": [{"Key": k, "VersionId": v["deleted"], "IsLatest": True} for k, v in there.items() if v.get("deleted")]}


def get_bucket_policy(world, s3, o):
    bucket = bucket_of(s3, o["bucket"], "GetBucketPolicy")
    if not bucket.get("policy"):
        aws.refused("GetBucketPolicy", "NoSuchBucketPolicy", "The bucket policy does not exist")
    return {"Policy": json.dumps(bucket["policy"])}


def put_bucket_policy(world, s3, o):
    bucket = bucket_of(s3, o["bucket"], "PutBucketPolicy")
    policy = aws.document(o["policy"], "policy")
    if not isinstance(policy, dict) or not policy.get("Statement"):
        aws.refused("PutBucketPolicy", "MalformedPolicy", "Missing required field Statement")
    for statement in policy["Statement"]:
        resources = statement.get("Resource", [])
        for resource in [resources] if isinstance(resources, str) else resources:
            if resource not in ("arn:aws:s3:::%s" % o["bucket"], "arn:aws:s3:::%s/*" % o["bucket"]):
                aws.refused("PutBucketPolicy", "MalformedPolicy", "Policy has invalid resource")
    yield
    bucket["policy"] = policy


def delete_bucket_policy(world, s3, o):
    bucket = bucket_of(s3, o["bucket"], "DeleteBucketPolicy")
    yield
    bucket["policy"] = None


def get_bucket_replication(world, s3, o):
    bucket = bucket_of(s3, o["bucket"], "GetBucketReplication")
    if not bucket.get("replication"):
        aws.refused("GetBucketReplication", "ReplicationConfigurationNotFoundError", "The replication configuration was not found")
    return {"ReplicationConfiguration": {"Rules": [{"Status": "Enabled", "Destination": {"Bucket": bucket["replication"]}}]}}


def get_bucket_versioning(world, s3, o):
    return {"Status": "Enabled"} if bucket_of(s3, o["bucket"], "GetBucketVersioning").get("versioning") else None


def table_of(dynamo, name, operation):
    if name not in dynamo.get("tables", {}):
        aws.refused(operation, "ResourceNotFoundException", "Requested resource not found: Table: %s not found" % name)
    return dynamo["tables"][name]


def look_at(world, thing):
    if thing.get("~left"):
        thing["~left"] -= 1
        world.dirty = True
    return not thing.get("~left")


def scan(world, dynamo, o):
    table = table_of(dynamo, o["table-name"], "Scan")
    items = table["items"]
    if "filter-expression" in o:
        values = {k: v["S"] for k, v in aws.document(o.get("expression-attribute-values", "{}"), "expression-attribute-values").items()}
        words = o["filter-expression"].split()
        if len(words) != 5 or words[1].upper() != "BETWEEN" or words[2] not in values or words[4] not in values:
            aws.refused("Scan", "ValidationException", "Invalid FilterExpression: Syntax error; token: \"%s\"" % o["filter-expression"])
        items = [i for i in items if values[words[2]] <= i.get(words[0], "") <= values[words[4]]]
    if o.get("select") == "COUNT":
        return {"Count": len(items), "ScannedCount": len(table["items"])}
    wanted = [w.strip() for w in o["projection-expression"].split(",")] if "projection-expression" in o else None
    return {"Items": [{k: {"S": v} for k, v in i.items() if wanted is None or k in wanted} for i in items],
            "Count": len(items), "ScannedCount": len(table["items"])}


def describe_table(world, dynamo, o):
    table = table_of(dynamo, o["table-name"], "DescribeTable")
    return {"Table": {"TableName": o["table-name"], "TableStatus": "ACTIVE" if look_at(world, table) else "CREATING",
                      "ItemCount": len(table["items"])}}


def wait_table(there):
    def wait(world, dynamo, o):
        table = dynamo.get("tables", {}).get(o["table-name"])
        if (table is not None) != there:
            aws.state.refuse("\nWaiter Table%sExists failed: Max attempts exceeded" % ("" if there else "Not"), 255)
        if table:
            table.pop("~left", None)
            world.dirty = True
    return wait


def delete_table(world, dynamo, o):
    table_of(dynamo, o["table-name"], "DeleteTable")
    yield
    del dynamo["tables"][o["table-name"]]
    return {"TableDescription": {"TableName": o["table-name"], "TableStatus": "DELETING"}}


def create_backup(world, dynamo, o):
    table = table_of(dynamo, o["table-name"], "CreateBackup")
    backups = dynamo.setdefault("backups", {})
    dynamo["~backups"] = dynamo.get("~backups", 0) + 1
    yield
    name = "arn:aws:dynamodb:%s:123456789012:table/%s/backup/%017d" % (world.region, o["table-name"], dynamo["~backups"])
    backups[name] = {"name": o["backup-name"], "table": o["table-name"], "items": list(table["items"]), "~at": time.time(), "~left": 1}
    return {"BackupDetails": summary(world, name, backups[name])}


def summary(world, name, backup):
    return {"BackupArn": name, "BackupName": backup["name"], "TableName": backup["table"], "BackupType": "USER",
            "BackupStatus": "AVAILABLE" if look_at(world, backup) else "CREATING", "BackupSizeBytes": len(json.dumps(backup["items"])),
            "BackupCreationDateTime": stamp(backup.get("~at", 0))}


def backup_of(dynamo, o, operation):
    if o["backup-arn"] not in dynamo.get("backups", {}):
        aws.refused(operation, "BackupNotFoundException", "Backup not found: %s" % o["backup-arn"])
    return dynamo["backups"][o["backup-arn"]]


def list_backups(world, dynamo, o):
    return {"BackupSummaries": [summary(world, n, b) for n, b in sorted(dynamo.get("backups", {}).items())
                                if b["table"] == o.get("table-name", b["table"])]}


def describe_backup(world, dynamo, o):
    backup = backup_of(dynamo, o, "DescribeBackup")
    return {"BackupDescription": {"BackupDetails": summary(world, o["backup-arn"], backup),
                                  "SourceTableDetails": {"TableName": backup["table"], "ItemCount": len(backup["items"])}}}


def delete_backup(world, dynamo, o):
    backup_of(dynamo, o, "DeleteBackup")
    yield
    del dynamo["backups"][o["backup-arn"]]


def restore_table_from_backup(world, dynamo, o):
    backup = backup_of(dynamo, o, "RestoreTableFromBackup")
    if not look_at(world, backup):
        aws.refused("RestoreTableFromBackup", "BackupInUseException", "Backup is being created: %s" % o["backup-arn"])
    name = o["target-table-name"]
    if name in dynamo["tables"]:
        aws.refused("RestoreTableFromBackup", "TableAlreadyExistsException", "Table already exists: %s" % name)
    yield
    dynamo["tables"][name] = {"items": list(backup["items"]), "~left": 3}
    return {"TableDescription": {"TableName": name, "TableStatus": "CREATING"}}


def instance_of(rds, o, operation):
    name = o["db-instance-identifier"]
    if name not in rds.get("instances", {}):
        aws.refused(operation, "DBInstanceNotFound", "DBInstance %s not found." % name)
    return rds["instances"][name]


def instance_shown(world, name, one):
    return {"DBInstanceIdentifier": name, "DBInstanceClass": one["class"], "Engine": "postgres",
            "DBInstanceStatus": "available" if look_at(world, one) else "modifying", "PendingModifiedValues": {}}


def describe_db_instances(world, rds, o):
    return {"DBInstances": [instance_shown(world, o["db-instance-identifier"], instance_of(rds, o, "DescribeDBInstances"))]}


def modify_db_instance(world, rds, o):
    one = instance_of(rds, o, "ModifyDBInstance")
    if not o.get("db-instance-class", "db.").startswith("db."):
        aws.refused("ModifyDBInstance", "InvalidParameterValue", "Invalid DB Instance class: %s" % o["db-instance-class"])
    if one.get("~left"):
        aws.refused("ModifyDBInstance", "InvalidDBInstanceState", "Database instance is not in available state.")
    yield
    one["class"] = o.get("db-instance-class", one["class"])
    one["~left"] = 2
    return {"DBInstance": instance_shown(world, o["db-instance-identifier"], one)}


def wait_instance(world, rds, o):
    instance_of(rds, o, "DescribeDBInstances").pop("~left", None)
    world.dirty = True


OPERATIONS = {
    ("s3", "ls"): (s3_ls, "recursive:flag human-readable:flag summarize:flag"),
    ("s3api", "list-objects-v2"): (list_objects_v2, "bucket! prefix"),
    ("s3api", "delete-object"): (delete_object, "bucket! key! version-id"),
    ("s3api", "list-object-versions"): (list_object_versions, "bucket! prefix"),
    ("s3api", "get-bucket-policy"): (get_bucket_policy, "bucket!"),
    ("s3api", "put-bucket-policy"): (put_bucket_policy, "bucket! policy!"),
    ("s3api", "delete-bucket-policy"): (delete_bucket_policy, "bucket!"),
    ("s3api", "get-bucket-replication"): (get_bucket_replication, "bucket!"),
    ("s3api", "get-bucket-versioning"): (get_bucket_versioning, "bucket!"),
    ("dynamodb", "scan"): (scan, "table-name! select filter-expression expression-attribute-values projection-expression"),
    ("dynamodb", "describe-table"): (describe_table, "table-name!"),
    ("dynamodb", "wait table-exists"): (wait_table(True), "table-name!"),
    ("dynamodb", "wait table-not-exists"): (wait_table(False), "table-name!"),
    ("dynamodb", "delete-table"): (delete_table, "table-name!"),
    ("dynamodb", "create-backup"): (create_backup, "table-name! backup-name!"),
    ("dynamodb", "list-backups"): (list_backups, "table-name"),
    ("dynamodb", "describe-backup"): (describe_backup, "backup-arn!"),
    ("dynamodb", "delete-backup"): (delete_backup, "backup-arn!"),
    ("dynamodb", "restore-table-from-backup"): (restore_table_from_backup, "target-table-name! backup-arn!"),
    ("rds", "describe-db-instances"): (describe_db_instances, "db-instance-identifier!"),
    ("rds", "modify-db-instance"): (modify_db_instance, "db-instance-identifier! db-instance-class apply-immediately:flag"),
    ("rds", "wait db-instance-available"): (wait_instance, "db-instance-identifier!"),
}
