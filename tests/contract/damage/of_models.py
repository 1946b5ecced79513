"""One damage of each kind that a service model tells, in each protocol that has the kind."""

import json

from .build import Sent

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
RIGHT = {
    "query": (
        "iam",
        "CreateRole",
        {
            "RoleName": "role",
            "AssumeRolePolicyDocument": json.dumps(TRUST),
            "MaxSessionDuration": 3600,
            "Tags": [{"Key": "team", "Value": "media"}],
        },
    ),
    "json": ("events", "PutRule", {"Name": "rule", "ScheduleExpression": "rate(1 day)", "State": "ENABLED"}),
    "rest-json": (
        "lambda",
        "CreateFunction",
        {
            "FunctionName": "submit",
            "Role": "arn:aws:iam::111122223333:role/submit",
            "Code": {"S3Bucket": "bucket", "S3Key": "key"},
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Timeout": 30,
            "MemorySize": 128,
        },
    ),
    "rest-xml": (
        "s3",
        "PutBucketLifecycleConfiguration",
        {
            "Bucket": "bucket",
            "LifecycleConfiguration": {
                "Rules": [{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
            },
        },
    ),
    "smithy-rpc-v2-cbor": (
        "cloudwatch",
        "PutMetricAlarm",
        {
            "AlarmName": "alarm",
            "MetricName": "Errors",
            "Namespace": "AWS/Lambda",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanThreshold",
        },
    ),
}
# Operations whose members have what the others lack.
ACCESS_KEY = ("iam", "UpdateAccessKey", {"AccessKeyId": "A" * 20, "Status": "Active"})
FUNCTION = ("cloudfront", "DescribeFunction", {"Name": "function"})
RECORD = (
    "route53",
    "ChangeResourceRecordSets",
    {
        "HostedZoneId": "Z1",
        "ChangeBatch": {
            "Changes": [
                {
                    "Action": "UPSERT",
                    "ResourceRecordSet": {
                        "Name": "a.example.com.",
                        "Type": "A",
                        "TTL": 60,
                        "ResourceRecords": [{"Value": "192.0.2.1"}],
                    },
                }
            ]
        },
    },
)
READ = ("lambda", "GetFunction", {"FunctionName": "submit"})


def member(**members):
    """Sets members of the body."""
    return lambda sent: sent.edit(lambda value: value.update(members))


def without(name):
    """Takes a member out of the body."""
    return lambda sent: sent.edit(lambda value: value.pop(name))


def text(old, new):
    """Changes a part of the body."""
    return lambda sent: sent.replace(old, new)


def add(more):
    """Adds to the body."""
    return lambda sent: setattr(sent, "body", sent.body + more.encode())


def header(name, value):
    """Sets a header."""
    return lambda sent: sent.headers.__setitem__(name, value)


def cut(sent):
    """Ends the body early."""
    sent.body = sent.body[:-3]


def path(of):
    """Sets the path."""
    return lambda sent: setattr(sent, "path", of)


def parameter(name, value):
    """Adds a parameter to the query."""
    return lambda sent: sent.query.append((name, value))


FORM, TYPE = "application/json", "content-type"
# (protocol, kind, damage, the right request where it is not the protocol's own)
DAMAGES = [
    ("query", "required", text("RoleName=role", "Path=%2F")),
    ("query", "unknown", add("&Nope=1")),
    ("query", "min", text("MaxSessionDuration=3600", "MaxSessionDuration=60")),
    ("query", "max", text("MaxSessionDuration=3600", "MaxSessionDuration=99999")),
    ("query", "pattern", text("RoleName=role", "RoleName=a+role")),
    ("query", "enum", text("Status=Active", "Status=On"), ACCESS_KEY),
    ("query", "type", text("MaxSessionDuration=3600", "MaxSessionDuration=long")),
    ("query", "twice", add("&RoleName=other")),
    ("query", "syntax", lambda sent: setattr(sent, "body", sent.body.replace(b"Tags.member.1", b"Tags.member.2"))),
    ("query", "protocol", text("Version=2010-05-08", "Version=2009-01-01")),
    ("query", "protocol", header(TYPE, FORM)),
    ("query", "operation", text("Action=CreateRole", "Action=MakeRole")),
    ("json", "required", without("Name")),
    ("json", "unknown", member(Nope=1)),
    ("json", "min", member(Name="")),
    ("json", "max", member(Name="x" * 65)),
    ("json", "pattern", member(Name="a rule")),
    ("json", "enum", member(State="ON")),
    ("json", "type", member(State=1)),
    ("json", "null", member(Description=None)),
    ("json", "syntax", cut),
    ("json", "protocol", header(TYPE, FORM)),
    ("json", "protocol", lambda sent: setattr(sent, "body", b"")),
    ("json", "operation", header("x-amz-target", "AWSEvents.MakeRule")),
    ("rest-json", "required", without("Role")),
    ("rest-json", "unknown", member(Nope=1)),
    ("rest-json", "unknown", parameter("Nope", "1")),
    ("rest-json", "min", member(Timeout=0)),
    ("rest-json", "max", member(MemorySize=10**6)),
    ("rest-json", "pattern", member(Role="submit")),
    ("rest-json", "enum", member(Runtime="cobol")),
    ("rest-json", "type", member(Timeout="30")),
    ("rest-json", "null", member(Description=None)),
    ("rest-json", "syntax", cut),
    ("rest-json", "body", add('{"Nope": 1}'), READ),
    ("rest-json", "operation", path("/2015-03-31/programs")),
    ("rest-xml", "required", text("<Status>Enabled</Status>", "")),
    ("rest-xml", "unknown", text("<Status>", "<Nope>1</Nope><Status>")),
    ("rest-xml", "unknown", header("x-amz-nope", "1")),
    ("rest-xml", "unknown", parameter("nope", "1")),
    ("rest-xml", "min", text("<TTL>60", "<TTL>-1"), RECORD),
    ("rest-xml", "max", text("<TTL>60", "<TTL>9999999999"), RECORD),
    ("rest-xml", "pattern", path("/2020-05-31/function/a+b/describe"), FUNCTION),
    ("rest-xml", "enum", text("Enabled", "On")),
    ("rest-xml", "type", text("<Days>1", "<Days>one")),
    ("rest-xml", "twice", text("<Status>", "<Status>Disabled</Status><Status>")),
    ("rest-xml", "syntax", cut),
    ("rest-xml", "deprecated", text("<Filter><Prefix /></Filter>", "<Prefix>a</Prefix>")),
    ("rest-xml", "protocol", text("http://s3.amazonaws.com/doc/2006-03-01/", "http://example.com/")),
    ("rest-xml", "protocol", lambda sent: setattr(sent, "body", sent.body.replace(b"LifecycleConfiguration", b"L"))),
    ("rest-xml", "checksum", header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")),
    ("rest-xml", "checksum", lambda sent: setattr(sent, "has_checksum", False)),
    ("rest-xml", "checksum", header("x-amz-checksum-crc32", "AAAAAA==")),
    ("rest-xml", "checksum", header("x-amz-content-sha256", "0" * 64)),
    ("rest-xml", "checksum", header("x-amz-trailer", "x-amz-checksum-crc32")),
    ("rest-xml", "operation", lambda sent: setattr(sent, "method", "PATCH")),
    ("smithy-rpc-v2-cbor", "required", without("AlarmName")),
    ("smithy-rpc-v2-cbor", "unknown", member(Nope=1)),
    ("smithy-rpc-v2-cbor", "min", member(Period=0)),
    ("smithy-rpc-v2-cbor", "max", member(AlarmName="x" * 256)),
    ("smithy-rpc-v2-cbor", "pattern", member(Namespace=":nope")),
    ("smithy-rpc-v2-cbor", "enum", member(Statistic="Mean")),
    ("smithy-rpc-v2-cbor", "type", member(Period="60")),
    ("smithy-rpc-v2-cbor", "null", member(Unit=None)),
    ("smithy-rpc-v2-cbor", "union", member(EvaluationWindow={})),
    ("smithy-rpc-v2-cbor", "syntax", cut),
    ("smithy-rpc-v2-cbor", "protocol", header(TYPE, FORM)),
    ("smithy-rpc-v2-cbor", "operation", path("/service/CloudWatch/operation/PutAlarm")),
]


def right():
    """Every right request that is damaged here."""
    return [*RIGHT.values(), *(each[3] for each in DAMAGES if len(each) > 3)]


def cases():
    """(what is damaged, the kind to be told, the damaged request)."""
    for protocol, kind, damage, *own in DAMAGES:
        sent = Sent(*(own[0] if own else RIGHT[protocol]))
        damage(sent)
        yield f"{protocol} {kind}", kind, sent
