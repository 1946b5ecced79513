"""SQS, SNS and EventBridge."""

import json
import re

from .registry import rule

QUEUE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"
QUEUE_NAME = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"
TOPIC = "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html"
SUBSCRIBE = "https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html"
PATTERN = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html"
QUOTAS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"
ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12})?:\S+")

RANGES = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1024, 1048576),
    "MessageRetentionPeriod": (60, 1209600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43200),
    "KmsDataKeyReusePeriodSeconds": (60, 86400),
}


def is_arn(text):
    """Whether a text is an ARN."""
    return ARN.fullmatch(text) is not None


@rule(QUEUE_NAME, "sqs:CreateQueue")
def queue_name(value, _request):
    """At most 80 letters, digits, hyphens and underscores."""
    if not re.fullmatch(r"(?=.{1,80}$)[A-Za-z0-9_-]+(\.fifo)?", value.get("QueueName", "")):
        yield "$.QueueName", value.get("QueueName"), "has at most 80 letters, digits, `-` and `_`"


@rule(QUEUE, "sqs:CreateQueue", "sqs:SetQueueAttributes")
def queue_attributes(value, _request):
    """Numbers in their ranges; one kind of encryption; a redrive policy that leads to a queue."""
    attributes = value.get("Attributes", {})
    for name, (low, high) in RANGES.items():
        text = attributes.get(name)
        if text is not None and not (text.isdigit() and low <= int(text) <= high):
            yield f"$.Attributes[{name}]", text, f"is a number from {low} to {high}"
    if attributes.get("SqsManagedSseEnabled") == "true" and attributes.get("KmsMasterKeyId"):
        yield "$.Attributes[SqsManagedSseEnabled]", "true", "is false with a KMS key"
    redrive = attributes.get("RedrivePolicy")
    if redrive and not _leads_to_a_queue(redrive):
        yield "$.Attributes[RedrivePolicy]", redrive, "names deadLetterTargetArn and maxReceiveCount from 1 to 1,000"


def _leads_to_a_queue(text):
    try:
        policy = json.loads(text)
        return is_arn(policy["deadLetterTargetArn"]) and 1 <= int(policy["maxReceiveCount"]) <= 1000
    except (ValueError, KeyError, TypeError):
        return False


@rule(TOPIC, "sns:CreateTopic")
def topic_name(value, _request):
    """At most 256 letters, digits, hyphens and underscores."""
    if not re.fullmatch(r"(?=.{1,256}$)[A-Za-z0-9_-]+(\.fifo)?", value.get("Name", "")):
        yield "$.Name", value.get("Name"), "has at most 256 letters, digits, `-` and `_`"


@rule(SUBSCRIBE, "sns:Subscribe")
def subscription_endpoint(value, _request):
    """The endpoint is what the protocol sends to."""
    protocol, endpoint = value.get("Protocol", ""), value.get("Endpoint", "")
    forms = {
        "email": r"[^@\s]+@[^@\s]+",
        "email-json": r"[^@\s]+@[^@\s]+",
        "https": r"https://\S+",
        "http": r"http://\S+",
        "sqs": r"arn:\S+:sqs:\S+",
        "lambda": r"arn:\S+:lambda:\S+",
        "firehose": r"arn:\S+:firehose:\S+",
        "sms": r"\+?\d+",
        "application": r"arn:\S+",
    }
    if protocol not in forms:
        yield "$.Protocol", protocol, f"is one of {' '.join(forms)}"
    elif not re.fullmatch(forms[protocol], endpoint):
        yield "$.Endpoint", endpoint, f"is what {protocol} sends to"


@rule(PATTERN, "events:PutRule")
def event_pattern(value, _request):
    """A pattern or a schedule; in a pattern each value is in a list; at most 2,048 characters."""
    if not value.get("EventPattern") and not value.get("ScheduleExpression"):
        yield "$", sorted(value), "a rule has an event pattern or a schedule"
    text = value.get("EventPattern")
    if not text:
        return
    if len(text) > 2048:
        yield "$.EventPattern", f"{len(text)} characters", "an event pattern has at most 2,048 characters"
    try:
        pattern = json.loads(text)
    except ValueError as error:
        yield "$.EventPattern", text, f"is JSON: {error}"
        return
    yield from _pattern(pattern, "$.EventPattern")


def _pattern(pattern, path):
    if not isinstance(pattern, dict) or not pattern:
        yield path, pattern, "is an object with members"
        return
    for name, inner in pattern.items():
        if isinstance(inner, dict):
            yield from _pattern(inner, f"{path}.{name}")
        elif not isinstance(inner, list) or not inner:
            yield f"{path}.{name}", inner, "is a list of values"


@rule(QUOTAS, "events:PutTargets")
def rule_targets(value, _request):
    """At most five targets a rule, with unique ids and ARNs."""
    targets = value.get("Targets", [])
    ids = [each.get("Id") for each in targets]
    if len(targets) > 5 or len(set(ids)) != len(ids):
        yield "$.Targets", ids, "a rule has at most five targets, with unique ids"
    for index, each in enumerate(targets):
        if not is_arn(each.get("Arn", "")):
            yield f"$.Targets[{index}].Arn", each.get("Arn"), "is an ARN"
