"""Names the action and the resource that AWS authorises a request on, where ministack names none or another.

A request without a resource is held against "*", which only a policy for "*" allows: one that names resources would be
refused here and not on AWS. Follows the Service Authorization Reference.
"""

import json
import re
from urllib.parse import unquote

import cbor2


def fields(body, read=json.loads):
    try:
        data = read(body)
    except (ValueError, cbor2.CBORDecodeError):
        return {}
    return data if isinstance(data, dict) else {}


def one(params, name):
    value = params.get(name, "")
    return value[0] if isinstance(value, list) and value else value or ""


def entry(data):
    """The event of a call of PutEvents. The handlers put one at a time."""
    entries = data.get("Entries")
    return entries[0] if isinstance(entries, list) and entries and isinstance(entries[0], dict) else {}


def operation(headers):
    return headers.get("x-amz-target", "").rsplit(".", 1)[-1]


def events(request):
    data = fields(request["body"])
    if operation(request["headers"]) == "PutEvents":
        bus = entry(data).get("EventBusName") or "default"
        return bus if bus.startswith("arn:") else f"arn:aws:events:{request['region']}:{request['account']}:event-bus/{bus}"
    if arn := data.get("ResourceARN"):
        return arn
    name = data.get("Rule") or (data.get("Name") if operation(request["headers"]).endswith("Rule") else "")
    bus = data.get("EventBusName") or "default"
    place = name if bus == "default" else f"{bus}/{name}"
    return f"arn:aws:events:{request['region']}:{request['account']}:rule/{place}" if name else None


def functions(request):
    if request["method"] != "POST" or not request["path"].rstrip("/").endswith("/functions"):
        return None
    name = fields(request["body"]).get("FunctionName")
    return f"arn:aws:lambda:{request['region']}:{request['account']}:function:{name}"


def logs(request):
    data, called = fields(request["body"]), operation(request["headers"])
    prefix = f"arn:aws:logs:{request['region']}:{request['account']}"
    if called.endswith("DeliverySource"):
        return f"{prefix}:delivery-source:{data.get('name')}"
    if called.endswith("DeliveryDestination"):
        return f"{prefix}:delivery-destination:{data.get('name')}"
    if called in ("CreateDelivery", "GetDelivery", "DeleteDelivery", "UpdateDeliveryConfiguration"):
        return f"{prefix}:delivery:{data.get('id', '*')}"
    return None


def sns(request):
    return one(request["params"], "ResourceArn") or None


def cloudfront(request):
    parts = [part for part in request["path"].split("/") if part][1:]
    if parts[:1] == ["tagging"]:
        return one(request["params"], "Resource")
    prefix = f"arn:aws:cloudfront::{request['account']}"
    kinds = ("distribution", "cache-policy", "response-headers-policy", "origin-access-control")
    if parts[:1] and parts[0] in kinds:
        if len(parts) > 1:
            return f"{prefix}:{parts[0]}/{parts[1]}"
        if request["method"] == "POST" and parts[0] != "origin-access-control":
            return f"{prefix}:{parts[0]}/*"
    return None


def route53(request):
    found = re.search(r"/change/([^/]+)", request["path"])
    return f"arn:aws:route53:::change/{found[1]}" if found else None


def monitoring(request):
    data = fields(request["body"]) or fields(request["body"], cbor2.loads)
    called = operation(request["headers"]) or request["path"].rsplit("/", 1)[-1]
    prefix = f"arn:aws:cloudwatch:{request['region']}:{request['account']}"
    names = data.get("AlarmNames") if called == "DeleteAlarms" else [data.get("AlarmName")]
    boards = data.get("DashboardNames") or [data.get("DashboardName")]
    if data.get("ResourceARN"):
        return data["ResourceARN"]
    if names and names[0]:
        return f"{prefix}:alarm:{names[0]}"
    # ministack would read the body as JSON, which it is not.
    return f"arn:aws:cloudwatch::{request['account']}:dashboard/{boards[0]}" if boards[0] else "*"


def named_role(request):
    """The role with its path. IAM knows no path of a role that does not exist."""
    from ministack.services import iam

    name = one(request["params"], "RoleName")
    if not name:
        return None
    if role := iam._roles.get(name):
        return role["Arn"]
    path = one(request["params"], "Path") if one(request["params"], "Action") == "CreateRole" else ""
    return f"arn:aws:iam::{request['account']}:role{path or '/'}{name}"


def boundary(iam_action, params):
    """The boundary that a call gives to a role, or that the role which it changes has."""
    from ministack.services import iam

    if iam_action in ("iam:CreateRole", "iam:PutRolePermissionsBoundary"):
        found = one(params, "PermissionsBoundary")
    else:
        found = (iam._roles.get(one(params, "RoleName")) or {}).get("PermissionsBoundary")
    return {"iam:permissionsboundary": found} if found else {}


def key(request):
    """The key itself, by whatever name it is called."""
    from ministack.services import kms

    found = kms._resolve_key(fields(request["body"]).get("KeyId") or "")
    return found["Arn"] if found else None


RESOURCES = {
    "cloudfront": cloudfront,
    "events": events,
    "iam": named_role,
    "kms": key,
    "lambda": functions,
    "logs": logs,
    "monitoring": monitoring,
    "route53": route53,
    "sns": sns,
}


def as_if_by_tls(iam_evaluator):
    """The loopback stands for AWS's HTTPS: policies that refuse anything else mean other callers."""
    pin = iam_evaluator.pin_request_origin
    iam_evaluator.pin_request_origin = lambda source_ip, secure_transport: pin(source_ip, True)


def use_the_keys_of_buckets(iam_actions, iam_evaluator, s3):
    """Who reads or writes an object of a bucket with a KMS key needs the key, by S3."""
    from ministack.services import kms

    checks, enforce = iam_actions.s3_additional_checks, iam_evaluator.enforce
    key_id = "x-amz-server-side-encryption-aws-kms-key-id"

    def key_of(bucket):
        named = s3._bucket_default_sse_headers(bucket).get(key_id)
        found = named and kms._resolve_key(named)
        return found["Arn"] if found else named

    def aliases(arn):
        named = ((alias, kms._resolve_key(key)) for alias, key in kms._aliases.items())
        return [alias[alias.index("alias/"):] for alias, found in named if found and found["Arn"] == arn]

    def with_keys(method, path, headers, body, params):
        found = checks(method, path, headers, body, params)
        parts = [part for part in path.split("/") if part]
        action = iam_actions._s3_action(method, path, params)
        if len(parts) < 2 or not action:
            return found
        own, source = key_of(parts[0]), unquote(headers.get("x-amz-copy-source", "")).lstrip("/").split("/")[0]
        if action in ("GetObject", "GetObjectVersion") and method == "GET" and own:
            found = [*found, ("kms:Decrypt", own)]
        if action == "PutObject" and own:
            found = [*found, ("kms:GenerateDataKey", own)]
        if action == "PutObject" and source and key_of(source):
            found = [*found, ("kms:Decrypt", key_of(source))]
        return found

    def enforced(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        if iam_action.startswith("kms:"):
            by = {} if service == "kms" else {"kms:ViaService": f"{service}.{region}.amazonaws.com"}
            named = {"kms:ResourceAliases": found} if (found := aliases(resource_arn)) else {}
            service, service_context = "kms", {**(service_context or {}), **by, **named}
        return enforce(access_key_id, iam_action, service, region, resource_arn=resource_arn, service_context=service_context)

    iam_actions.s3_additional_checks, iam_evaluator.enforce = with_keys, enforced


def as_aws_does(iam_actions, tagging, acm):
    resource, action, tags = iam_actions.extract_resource_arn, iam_actions.extract_iam_action, iam_actions.request_tag_context

    def resource_of(service, method, path, headers, body, query_params, region, account_id):
        request = {"method": method, "path": unquote(path), "headers": headers, "body": body}
        request |= {"params": query_params, "region": region, "account": account_id}
        found = RESOURCES[service](request) if service in RESOURCES else None
        return found or resource(service, method, path, headers, body, query_params, region, account_id)

    def action_of(service, method, path, headers, body, query_params):
        if service == "monitoring" and "/operation/" in path:
            return "cloudwatch:" + path.rsplit("/", 1)[-1]
        if service == "lambda" and path.rstrip("/").endswith("/event-invoke-config"):
            verb = {"GET": "Get", "DELETE": "Delete"}.get(method, "Put")
            return f"lambda:{verb}FunctionEventInvokeConfig"
        if service == "lambda" and path.rstrip("/").endswith("/concurrency") and method == "DELETE":
            return "lambda:DeleteFunctionConcurrency"
        found = action(service, method, path, headers, body, query_params)
        # Creation with tags is no action of its own.
        return "cloudfront:CreateDistribution" if found == "cloudfront:CreateDistributionWithTags" else found

    def tags_of(service, iam_action, body, params):
        if iam_action == "events:PutEvents":
            event = entry(fields(body))
            return {"events:source": event.get("Source", ""), "events:detail-type": event.get("DetailType", "")}
        if service == "iam":
            return tags(service, iam_action, body, params) | boundary(iam_action, params)
        if service != "cloudfront":
            return tags(service, iam_action, body, params)
        pairs = re.findall(r"<Key>([^<]*)</Key>\s*<Value>([^<]*)</Value>", body.decode("utf-8", "replace"))
        return {f"aws:requesttag/{key}".lower(): value for key, value in pairs}

    def certificates():
        for arn, certificate in acm._certificates.items():
            yield arn, certificate.get("Tags") or []

    iam_actions.extract_resource_arn = resource_of
    iam_actions.extract_iam_action = action_of
    iam_actions.request_tag_context = tags_of
    tagging._RESOURCE_TAG_COLLECTORS |= {"acm": certificates, "cloudfront": tagging._collect_cloudfront}
