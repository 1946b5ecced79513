"""Policies: their sizes, and the grammar of IAM."""

import json
import re
from functools import wraps

from .registry import rule

SIZES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
GRAMMAR = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
BUCKET = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html"
ELEMENTS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}
ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
# Where a policy is sent: operation, path of the member, whether it is of a resource and so names principals.
PLACES = {
    "iam:CreateRole": ("AssumeRolePolicyDocument", "trust"),
    "iam:UpdateAssumeRolePolicy": ("PolicyDocument", "trust"),
    "iam:PutRolePolicy": ("PolicyDocument", "identity"),
    "iam:CreatePolicy": ("PolicyDocument", "identity"),
    "s3:PutBucketPolicy": ("Policy", "resource"),
    "sqs:CreateQueue": ("Attributes.Policy", "resource"),
    "sqs:SetQueueAttributes": ("Attributes.Policy", "resource"),
    "sns:CreateTopic": ("Attributes.Policy", "resource"),
    "logs:PutResourcePolicy": ("policyDocument", "resource"),
    "logs:PutDeliveryDestinationPolicy": ("deliveryDestinationPolicy", "resource"),
}
MAXIMUM = {
    "iam:CreateRole": 2048,
    "iam:UpdateAssumeRolePolicy": 2048,
    "iam:PutRolePolicy": 10240,
    "iam:CreatePolicy": 6144,
}


def _sent(value, path):
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _statements(document):
    statements = document.get("Statement", []) if isinstance(document, dict) else []
    return statements if isinstance(statements, list) else [statements]


def _parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def policy_rule(source, operations):
    """Enters a function of (text, path, kind, operation) as a rule of these operations, which send policies."""

    def enter(judge):
        for operation in operations:
            path, kind = PLACES[operation]

            @wraps(judge)
            def of_place(value, _request, path=path, kind=kind, operation=operation):
                text = _sent(value, path)
                if text:
                    yield from judge(text, f"$.{path}", kind, operation)

            rule(source, operation)(of_place)
        return judge

    return enter


@policy_rule(SIZES, MAXIMUM)
def policy_size(text, path, _kind, operation):
    """IAM counts no white space."""
    size, most = len(re.sub(r"\s", "", text)), MAXIMUM[operation]
    if size > most:
        yield path, f"{size} characters", f"a policy has at most {most} characters without white space"


@rule(BUCKET, "s3:PutBucketPolicy")
def bucket_policy_size(value, _request):
    """A bucket policy has at most 20 KB."""
    size = len(value.get("Policy", "").encode())
    if size > 20 * 1024:
        yield "$.Policy", f"{size} bytes", "a bucket policy has at most 20,480 bytes"


@policy_rule(GRAMMAR, PLACES)
def policy_grammar(text, path, kind, _operation):
    """Version, statements, their elements, and who may name principals."""
    document = _parsed(text)
    if not isinstance(document, dict):
        yield path, text, "a policy is a JSON object"
        return
    if document.get("Version") not in ("2012-10-17", "2008-10-17"):
        yield f"{path}.Version", document.get("Version"), "the version is 2012-10-17"
    if set(document) - {"Version", "Id", "Statement"}:
        yield path, sorted(document), "a policy has Version, Id and Statement"
    if not _statements(document):
        yield path, text, "a policy has a statement"
    for index, statement in enumerate(_statements(document)):
        yield from _statement(statement, f"{path}.Statement[{index}]", kind)


def _statement(statement, path, kind):
    if not isinstance(statement, dict):
        yield path, statement, "a statement is an object"
        return
    if set(statement) - ELEMENTS:
        yield path, sorted(set(statement) - ELEMENTS), f"a statement has {' '.join(sorted(ELEMENTS))}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"{path}.Effect", statement.get("Effect"), "the effect is Allow or Deny"
    wanted = {"Action": 1, "Resource": 0 if kind == "trust" else 1, "Principal": 0 if kind == "identity" else 1}
    for name, count in wanted.items():
        if (name in statement) + (f"Not{name}" in statement) != count:
            demand = f"one of {name} and Not{name}" if count else f"no {name} in a policy of this kind"
            yield f"{path}.{name}", sorted(statement), demand
    actions = statement.get("Action", [])
    for action in [actions] if isinstance(actions, str) else actions:
        if not ACTION.fullmatch(action):
            yield f"{path}.Action", action, "an action is `*` or service:Name"


@policy_rule(GRAMMAR, PLACES)
def statement_ids(text, path, kind, _operation):
    """Ids of statements are unique; those of IAM have letters and digits alone."""
    ids = [each.get("Sid") for each in _statements(_parsed(text)) if isinstance(each, dict) and each.get("Sid")]
    if len(set(ids)) != len(ids):
        yield path, ids, "the ids of statements are unique"
    for sid in ids:
        if kind != "resource" and not re.fullmatch(r"[A-Za-z0-9]+", sid):
            yield path, sid, "the id of a statement has letters and digits alone"
