"""aws_watch.py: CloudWatch metrics and alarms, logs, SNS.

    "cloudwatch": {"metrics": {"NAMESPACE/NAME": [[SECONDS AGO, VALUE]]},
                   "alarms": {NAME: {"StateValue": "OK", "ActionsEnabled": true}}}
    "logs": {"groups": {NAME: {"retention": 30, "~events": [[SECONDS AGO, STREAM, MESSAGE]]}}}
    "sns": {"topics": {ARN: {"~messages": [TEXT]}}}
"""
import aws
import calendar
import time


def moment(text, option):
    """Seconds since 1970 of a date, RFC 3339 or a number."""
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"):
        try:
            return calendar.timegm(time.strptime(text.split(".")[0] + "Z" if "." in text else text, form))
        except ValueError:
            pass
    if text.isdigit():
        return int(text)
    aws.state.refuse("\nInvalid timestamp \"%s\" (--%s)" % (text, option), 252)


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def get_metric_statistics(world, watch, o):
    start, end, period = moment(o["start-time"], "start-time"), moment(o["end-time"], "end-time"), o["period"]
    if start >= end:
        aws.refused("GetMetricStatistics", "InvalidParameterCombination", "The parameter StartTime must be less than the parameter EndTime.")
    if period % 60:
        aws.refused("GetMetricStatistics", "InvalidParameterValue", "The parameter Period must be a multiple of 60.")
    kinds = {"Average": lambda v: sum(v) / len(v), "Sum": sum, "Maximum": max, "Minimum": min, "SampleCount": len}
    for kind in o.get("statistics", []):
        if kind not in kinds:
            aws.refused("GetMetricStatistics", "InvalidParameterValue", "The parameter Statistics.member.1 must be a value in the set [...].")
    now, buckets = time.time(), {}
    for ago, value in watch.get("metrics", {}).get("%s/%s" % (o["namespace"], o["metric-name"]), []):
        if start <= now - ago < end:
            buckets.setdefault(int((now - ago - start) // period), []).append(value)
    points = []
    for bucket, values in sorted(buckets.items()):
        point = {"Timestamp": stamp(start + bucket * period), "Unit": "None"}
        for kind in o.get("statistics", []):
            point[kind] = kinds[kind](values)
        points.append(point)
    return {"Label": o["metric-name"], "Datapoints": points}


def describe_alarms(world, watch, o):
    found = []
    for name, alarm in sorted(watch.get("alarms", {}).items()):
        if name.startswith(o.get("alarm-name-prefix", "")) and name in o.get("alarm-names", [name]) and \
                o.get("state-value", alarm["StateValue"]) == alarm["StateValue"]:
            found.append(dict(alarm, AlarmName=name))
    return {"MetricAlarms": found, "CompositeAlarms": []}


def alarm_actions(enabled):
    def change(world, watch, o):
        alarms = watch.setdefault("alarms", {})
        yield
        for i, name in enumerate(o["alarm-names"]):
            if i:
                yield
            if name in alarms:
                alarms[name]["ActionsEnabled"] = enabled
    return change


def group_of(logs, o, operation):
    name = o["log-group-name"]
    if name not in logs.get("groups", {}):
        aws.refused(operation, "ResourceNotFoundException", "The specified log group does not exist.")
    return logs["groups"][name]


def filter_log_events(world, logs, o):
    group, now = group_of(logs, o, "FilterLogEvents"), time.time()
    start, end = o.get("start-time", 0) / 1000, o.get("end-time", 10 ** 15) / 1000
    pattern, events = o.get("filter-pattern", "").strip('"'), []
    for ago, stream, message in sorted(group.get("~events", []), reverse=True):
        if start <= now - ago < end and pattern in message:
            events.append({"logStreamName": stream, "timestamp": int((now - ago) * 1000), "message": message, "eventId": str(ago)})
    return {"events": events[:o.get("limit", 10000)], "searchedLogStreams": []}


def tail(world, logs, o):
    since = o.get("since", "10m")
    ago = int(since[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}.get(since[-1], 0)
    group = group_of(logs, {"log-group-name": o["plain"][0]}, "FilterLogEvents")
    now = time.time()
    return "\n".join("%s %s %s" % (stamp(now - a), s, m) for a, s, m in sorted(group.get("~events", []), reverse=True) if a < ago)


def describe_log_groups(world, logs, o):
    found = []
    for name, group in sorted(logs.get("groups", {}).items()):
        if name.startswith(o.get("log-group-name-prefix", "")):
            one = {"logGroupName": name, "storedBytes": 1024 * len(group.get("~events", []))}
            if group.get("retention"):
                one["retentionInDays"] = group["retention"]
            found.append(one)
    return {"logGroups": found}


def put_retention_policy(world, logs, o):
    group, days = group_of(logs, o, "PutRetentionPolicy"), o["retention-in-days"]
    if days not in (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653):
        aws.refused("PutRetentionPolicy", "InvalidParameterException", "1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint" % days)
    yield
    group["retention"] = days


def delete_retention_policy(world, logs, o):
    group = group_of(logs, o, "DeleteRetentionPolicy")
    yield
    group["retention"] = None


def publish(world, sns, o):
    """A message cannot be undone: it is no failure point."""
    if o["topic-arn"] not in sns.get("topics", {}):
        aws.refused("Publish", "NotFound", "Topic does not exist")
    messages = sns["topics"][o["topic-arn"]].setdefault("~messages", [])
    messages.append(aws.text_of(world, o["message"]))
    world.dirty = True
    return {"MessageId": "00000000-0000-0000-0000-%012d" % len(messages)}


OPERATIONS = {
    ("cloudwatch", "get-metric-statistics"): (
        get_metric_statistics, "namespace! metric-name! start-time! end-time! period:int! statistics:list dimensions:list unit"),
    ("cloudwatch", "describe-alarms"): (describe_alarms, "alarm-names:list alarm-name-prefix state-value"),
    ("cloudwatch", "enable-alarm-actions"): (alarm_actions(True), "alarm-names:list!"),
    ("cloudwatch", "disable-alarm-actions"): (alarm_actions(False), "alarm-names:list!"),
    ("logs", "filter-log-events"): (filter_log_events, "log-group-name! start-time:int end-time:int filter-pattern limit:int"),
    ("logs", "tail"): (tail, "since follow:flag format"),
    ("logs", "describe-log-groups"): (describe_log_groups, "log-group-name-prefix"),
    ("logs", "put-retention-policy"): (put_retention_policy, "log-group-name! retention-in-days:int!"),
    ("logs", "delete-retention-policy"): (delete_retention_policy, "log-group-name!"),
    ("sns", "publish"): (publish, "topic-arn! message! subject"),
}
