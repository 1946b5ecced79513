"""Writes members.json: the shapes of the answers that the adapters get, from AWS's published service models (botocore).

Run it with a Python that has botocore, after a new operation is read or botocore is newer:

    python3 tests/aws_facts/members.py > tests/aws_facts/members.json
"""

import json

import botocore.session

# What adapters read, and the changes that facts speak of.
OPERATIONS = {
    "acm": "DescribeCertificate ListCertificates ListTagsForCertificate"
    " DeleteCertificate",
    "cloudformation": "DescribeStackSet ListStackInstances",
    "cloudfront": "GetCachePolicy GetDistribution GetKeyGroup GetMonitoringSubscription GetOriginAccessControl"
    " GetPublicKey GetResponseHeadersPolicy ListCachePolicies ListDistributions ListKeyGroups ListOriginAccessControls"
    " ListPublicKeys ListResponseHeadersPolicies ListTagsForResource CreateCachePolicy CreateKeyGroup"
    " CreateOriginAccessControl CreatePublicKey CreateResponseHeadersPolicy DeleteCachePolicy DeleteKeyGroup"
    " DeleteOriginAccessControl DeletePublicKey DeleteResponseHeadersPolicy",
    "cloudwatch": "DescribeAlarms GetDashboard ListTagsForResource",
    "events": "DeleteRule DescribeRule ListTagsForResource ListTargetsByRule PutRule PutTargets RemoveTargets",
    "iam": "CreateRole DeleteRole DetachRolePolicy GetRole GetRolePolicy ListAttachedRolePolicies"
    " ListInstanceProfilesForRole ListRolePolicies DeleteRolePolicy PutRolePolicy AttachRolePolicy",
    "lambda": "GetFunction GetFunctionEventInvokeConfig GetPolicy ListFunctionUrlConfigs"
    " AddPermission CreateFunctionUrlConfig DeleteFunction DeleteFunctionEventInvokeConfig DeleteFunctionUrlConfig"
    " PutFunctionEventInvokeConfig RemovePermission",
    "logs": "DescribeDeliveries DescribeLogGroups DescribeSubscriptionFilters GetDelivery GetDeliveryDestination"
    " GetDeliverySource ListTagsForResource CreateLogGroup DeleteDelivery DeleteDeliveryDestination"
    " DeleteDeliverySource DeleteLogGroup DeleteSubscriptionFilter PutDeliverySource PutRetentionPolicy",
    "mediaconvert": "CreateJobTemplate CreateQueue GetJobTemplate GetQueue ListTagsForResource",
    "route53": "ListResourceRecordSets",
    "s3": "GetBucketCors GetBucketEncryption GetBucketLifecycleConfiguration GetBucketLogging"
    " GetBucketNotificationConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketReplication"
    " GetBucketTagging GetBucketVersioning GetPublicAccessBlock ListMultipartUploads ListObjectVersions"
    " DeleteBucket DeleteBucketPolicy",
    "sns": "GetSubscriptionAttributes GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource"
    " DeleteTopic SetTopicAttributes Subscribe",
    "sqs": "CreateQueue DeleteQueue GetQueueAttributes ListQueueTags SetQueueAttributes",
}

# The shape of answers without members.
NOTHING = "Nothing"

# The root elements of S3's answers, which botocore's models do not name: from the API reference of each operation.
ROOTS = {
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectVersions": "ListVersionsResult",
}


def name_of(shape):
    """A shape's name. Scalars of which there is no more to say share the name of their type."""
    plain = shape.type_name not in ("structure", "list", "map") and set(described(shape)) == {"is"}
    return shape.type_name if plain else shape.name


def member(shape):
    """How a structure holds a member: its shape, and what the wire needs to know."""
    says = shape.serialization
    held = {"shape": name_of(shape)}
    if "name" in says:
        held["name"] = says["name"]
    if "location" in says:
        held["location"] = says["location"]
    if says.get("xmlAttribute"):
        held["attribute"] = True
    if says.get("flattened"):
        held["flattened"] = True
    return held


def described(shape, is_key=False):
    kind = shape.type_name
    if kind == "structure":
        held = {"members": {name: member(inner) for name, inner in shape.members.items()}}
        if shape.required_members:
            held["required"] = shape.required_members
        if shape.is_tagged_union:
            held["union"] = True
        if "payload" in shape.serialization:
            held["payload"] = shape.serialization["payload"]
        return held
    if kind == "list":
        return {"list": member(shape.member)}
    if kind == "map":
        return {"key": member(shape.key), "value": member(shape.value)}
    if kind == "string" and getattr(shape, "enum", None):
        # A few values are enough to change one into another. The keys of a map are all wanted.
        return {"is": kind, "enum": shape.enum if is_key else shape.enum[:4]}
    if kind == "timestamp" and "timestampFormat" in shape.serialization:
        return {"is": kind, "format": shape.serialization["timestampFormat"]}
    return {"is": kind}


def gather(shape, into, is_key=False):
    """Notes a shape and all that it leads to."""
    if name_of(shape) in into:
        return
    into[name_of(shape)] = described(shape, is_key)
    kind = shape.type_name
    if kind == "map":
        gather(shape.key, into, is_key=True)
        gather(shape.value, into)
    for each in {"structure": lambda: shape.members.values(), "list": lambda: [shape.member]}.get(kind, list)():
        gather(each, into)


def service(name, operations):
    model = botocore.session.get_session().get_service_model(name)
    shapes, calls = {NOTHING: {"members": {}}}, {}
    for operation in sorted(operations.split()):
        found = model.operation_model(operation)
        if found.output_shape:
            gather(found.output_shape, shapes)
        output = found.output_shape.name if found.output_shape else NOTHING
        calls[operation] = {"method": found.http["method"], "uri": found.http["requestUri"], "output": output}
        if operation in ROOTS:
            calls[operation]["root"] = ROOTS[operation]
        if found.output_shape and "resultWrapper" in found.output_shape.serialization:
            calls[operation]["wrapper"] = found.output_shape.serialization["resultWrapper"]
    held = {"protocol": model.metadata["protocol"], "signing": model.signing_name, "operations": calls}
    return held, shapes


def main():
    lines = []
    for name, operations in sorted(OPERATIONS.items()):
        held, shapes = service(name, operations)
        head = json.dumps(held)[:-1]
        inner = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in sorted(shapes.items()))
        lines.append(f'"{name}": {head}, "shapes": {{\n{inner}\n}}}}')
    print("{\n" + ",\n".join(lines) + "\n}")


main()
