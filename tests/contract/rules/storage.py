"""S3 and S3 Batch Operations."""

import re
import urllib.parse
from itertools import combinations

from .registry import rule

NAMES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"
CREATE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html"
LIFECYCLE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html"
TRANSITIONS = (
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"
)
NOTIFICATIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html"
BATCH = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_LambdaInvokeOperation.html"
CORS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html"
DELETE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"
KEYS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"
TAGGING = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html"
METADATA = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html"

BUCKET = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
RESERVED = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
# Storage classes by how cold they are: an object never comes back up.
ORDER = ["STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]
METHODS = {"GET", "PUT", "POST", "DELETE", "HEAD"}


@rule(NAMES, "s3:CreateBucket")
def bucket_name(value, _request):
    """3 to 63 characters of a host name, none of the reserved beginnings and ends."""
    name = value.get("Bucket", "")
    if not BUCKET.fullmatch(name) or ADDRESS.fullmatch(name) or name.endswith(RESERVED):
        yield "$.Bucket", name, "a bucket's name has 3 to 63 of a-z, 0-9, `.` and `-`, and no reserved part"


@rule(CREATE, "s3:CreateBucket")
def bucket_region(value, request):
    """Outside of us-east-1 the region is named; there it must not be."""
    sent = value.get("CreateBucketConfiguration", {}).get("LocationConstraint")
    wanted = None if request.region == "us-east-1" else request.region
    if sent != wanted:
        yield "$.CreateBucketConfiguration.LocationConstraint", sent, f"is {wanted}, as the request is signed"


@rule(KEYS, "*")
def object_key(value, request):
    """A key has at most 1,024 bytes of UTF-8."""
    if request.service == "s3" and len(value.get("Key", "").encode()) > 1024:
        yield "$.Key", value["Key"], "a key has at most 1,024 bytes"


@rule(DELETE, "s3:DeleteObjects")
def deleted_objects(value, _request):
    """At most 1,000 objects a call."""
    count = len(value.get("Delete", {}).get("Objects", []))
    if not 1 <= count <= 1000:
        yield "$.Delete.Objects", count, "are 1 to 1,000"


@rule(METADATA, "s3:PutObject", "s3:CopyObject", "s3:CreateMultipartUpload")
def user_metadata(value, _request):
    """User-defined metadata has at most 2 KB."""
    size = sum(len(key) + len(text) for key, text in value.get("Metadata", {}).items())
    if size > 2048:
        yield "$.Metadata", f"{size} bytes", "user-defined metadata has at most 2,048 bytes"


@rule(TAGGING, "s3:PutObject", "s3:PutObjectTagging", "s3:CopyObject", "s3:CreateMultipartUpload")
def object_tags(value, _request):
    """An object has at most 10 tags, with unique keys."""
    tags = value.get("Tagging", {})
    if isinstance(tags, str):
        keys = [key for key, _ in urllib.parse.parse_qsl(tags, keep_blank_values=True)]
    else:
        keys = [each.get("Key") for each in tags.get("TagSet", [])]
    if len(keys) > 10 or len(set(keys)) != len(keys):
        yield "$.Tagging", keys, "an object has at most 10 tags, with unique keys"


def _lifecycle(value):
    rules = value.get("LifecycleConfiguration", {}).get("Rules", [])
    return [(f"$.LifecycleConfiguration.Rules[{index}]", each) for index, each in enumerate(rules)]


@rule(LIFECYCLE, "s3:PutBucketLifecycleConfiguration")
def lifecycle_ids(value, _request):
    """At most 1,000 rules, with ids that are unique and have at most 255 characters."""
    ids = [each["ID"] for _, each in _lifecycle(value) if each.get("ID")]
    if len(set(ids)) != len(ids) or any(len(each) > 255 for each in ids):
        yield "$.LifecycleConfiguration.Rules", ids, "the ids of rules are unique, of at most 255 characters"
    if len(_lifecycle(value)) > 1000:
        yield "$.LifecycleConfiguration.Rules", len(_lifecycle(value)), "there are at most 1,000 rules"


@rule(LIFECYCLE, "s3:PutBucketLifecycleConfiguration")
def lifecycle_filter(value, _request):
    """A rule has a filter; `And` has at least two predicates, and stands alone."""
    for path, each in _lifecycle(value):
        if ("Filter" in each) == ("Prefix" in each):
            yield path, sorted(each), "a rule has one of Filter and Prefix"
        chosen = each.get("Filter", {})
        if len(chosen) > 1:
            yield f"{path}.Filter", sorted(chosen), "a filter has one predicate, or And"
        both = chosen.get("And")
        if both is not None and len(both) - ("Tags" in both) + len(both.get("Tags", [])) < 2:
            yield f"{path}.Filter.And", sorted(both), "And has at least two predicates"


@rule(LIFECYCLE, "s3:PutBucketLifecycleConfiguration")
def lifecycle_actions(value, _request):
    """A rule has an action; some actions permit no tags, no size, and no second one."""
    actions = {
        "Expiration",
        "Transitions",
        "NoncurrentVersionExpiration",
        "NoncurrentVersionTransitions",
        "AbortIncompleteMultipartUpload",
    }
    for path, each in _lifecycle(value):
        if not actions & set(each):
            yield path, sorted(each), "a rule has an action"
        chosen = each.get("Filter", {})
        narrowed = {**chosen, **chosen.get("And", {})}
        if "AbortIncompleteMultipartUpload" in each and set(narrowed) - {"Prefix", "And"}:
            yield f"{path}.Filter", sorted(narrowed), "incomplete uploads have no tags and no size"
        expiration = each.get("Expiration", {})
        if "Expiration" in each and len(expiration) != 1:
            yield f"{path}.Expiration", expiration, "has one of Days, Date and ExpiredObjectDeleteMarker"
        if "ExpiredObjectDeleteMarker" in expiration and {"Tag", "Tags"} & set(narrowed):
            yield f"{path}.Filter", sorted(narrowed), "delete markers have no tags"


@rule(TRANSITIONS, "s3:PutBucketLifecycleConfiguration")
def lifecycle_order(value, _request):
    """Down the classes as time passes, 30 days before infrequent access, and expiration last."""
    for path, each in _lifecycle(value):
        yield from _ordered(
            f"{path}.Transitions", each.get("Transitions", []), "Days", each.get("Expiration", {}).get("Days")
        )
        expiration = each.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays")
        moved = each.get("NoncurrentVersionTransitions", [])
        yield from _ordered(f"{path}.NoncurrentVersionTransitions", moved, "NoncurrentDays", expiration)


def _ordered(path, transitions, unit, expiration):
    steps = [(each.get("StorageClass"), each[unit]) for each in transitions if unit in each]
    for name, days in steps:
        if name in ("STANDARD_IA", "ONEZONE_IA") and days < 30:
            yield path, days, f"an object is 30 days old before it comes to {name}"
        if expiration is not None and expiration <= days:
            yield path, (days, expiration), "an object expires after its last transition"
    steps = [(ORDER.index(name), days) for name, days in steps if name in ORDER]
    for (one, days), (other, later) in combinations(sorted(steps), 2):
        if one == other or later <= days:
            yield path, steps, "colder classes come later, each once"


def _notifications(value):
    settings = value.get("NotificationConfiguration", {})
    for kind in ("LambdaFunctionConfigurations", "QueueConfigurations", "TopicConfigurations"):
        for index, each in enumerate(settings.get(kind, [])):
            yield f"$.NotificationConfiguration.{kind}[{index}]", each


def _filters(each):
    rules = each.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return [(rule.get("Name", "").lower(), rule.get("Value", "")) for rule in rules]


@rule(BATCH, "s3control:CreateJob")
def batch_arguments(value, _request):
    """Lambda gets arguments of the user only with the second schema."""
    invoke = value.get("Operation", {}).get("LambdaInvoke", {})
    if invoke.get("UserArguments") and invoke.get("InvocationSchemaVersion") != "2.0":
        yield "$.Operation.LambdaInvoke.UserArguments", sorted(invoke), "have InvocationSchemaVersion 2.0"


@rule(NOTIFICATIONS, "s3:PutBucketNotificationConfiguration")
def notification_filters(value, _request):
    """At most one prefix and one suffix each."""
    for path, each in _notifications(value):
        names = [name for name, _ in _filters(each)]
        if len(set(names)) != len(names) or set(names) - {"prefix", "suffix"}:
            yield f"{path}.Filter", names, "a filter has at most one prefix and one suffix"


@rule(NOTIFICATIONS, "s3:PutBucketNotificationConfiguration")
def notification_overlap(value, _request):
    """Two configurations may not be for the same events of the same objects."""
    for (_, one), (path, other) in combinations(_notifications(value), 2):
        filters = dict(_filters(one)), dict(_filters(other))
        shares_events = any(_overlap(a, b) for a in one["Events"] for b in other["Events"])
        if shares_events and _shares_keys(*filters):
            yield path, filters, "no other configuration is for the same event of an object"


def _overlap(one, other):
    """Whether two kinds of events share one: `s3:ObjectCreated:*` has `s3:ObjectCreated:Put`."""
    return any(a == b or a.endswith("*") and b.startswith(a[:-1]) for a, b in ((one, other), (other, one)))


def _shares_keys(one, other):
    """Whether a key can have the prefix and the suffix of both."""
    begins = [each.get("prefix", "") for each in (one, other)]
    ends = [each.get("suffix", "") for each in (one, other)]
    has_both = begins[0].startswith(begins[1]) or begins[1].startswith(begins[0])
    return has_both and (ends[0].endswith(ends[1]) or ends[1].endswith(ends[0]))


@rule(CORS, "s3:PutBucketCors")
def cors_rules(value, _request):
    """At most 100 rules; one wildcard an origin and a header; five methods."""
    rules = value.get("CORSConfiguration", {}).get("CORSRules", [])
    if len(rules) > 100:
        yield "$.CORSConfiguration.CORSRules", len(rules), "there are at most 100 rules"
    for index, each in enumerate(rules):
        path = f"$.CORSConfiguration.CORSRules[{index}]"
        for text in each.get("AllowedOrigins", []) + each.get("AllowedHeaders", []):
            if text.count("*") > 1:
                yield path, text, "an origin or a header has at most one `*`"
        if set(each.get("AllowedMethods", [])) - METHODS:
            yield f"{path}.AllowedMethods", each["AllowedMethods"], f"a method is one of {sorted(METHODS)}"
        if any("*" in text for text in each.get("ExposeHeaders", [])):
            yield f"{path}.ExposeHeaders", each["ExposeHeaders"], "an exposed header has no `*`"
