"""CloudFront, Route 53 and ACM."""

import re

from .registry import rule

DISTRIBUTION = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html"
ORIGIN = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Origin.html"
BEHAVIOR = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CacheBehavior.html"
CERTIFICATE = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerCertificate.html"
QUANTITY = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Aliases.html"
CACHE = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CachePolicyConfig.html"
ACCESS = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControlConfig.html"
QUOTAS = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"
RECORDS = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html"
REQUEST = "https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html"
INVALIDATION = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html"
NAMES = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html"
DISTRIBUTIONS = (
    "cloudfront:CreateDistribution",
    "cloudfront:CreateDistributionWithTags",
    "cloudfront:UpdateDistribution",
)
# The hosted zone of every distribution.
CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"


def _config(value):
    return value.get("DistributionConfigWithTags", {}).get("DistributionConfig", value.get("DistributionConfig", {}))


def _items(holder, name):
    return holder.get(name, {}).get("Items", [])


def _behaviors(config):
    return [("Default", config.get("DefaultCacheBehavior", {})), *enumerate(_items(config, "CacheBehaviors"))]


@rule(QUANTITY, "*")
def item_quantity(value, request, path="$"):
    """CloudFront counts its items, and compares."""
    if request.service != "cloudfront":
        return
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from item_quantity(inner, request, f"{path}[{index}]")
    if isinstance(value, dict):
        # Trusted key groups and the like name some of their members elsewhere.
        if "Quantity" in value and value["Quantity"] != len(value.get("Items", [])):
            yield path, (value["Quantity"], len(value.get("Items", []))), "Quantity is the number of Items"
        for name, inner in value.items():
            yield from item_quantity(inner, request, f"{path}.{name}")


@rule(CACHE, "*")
def comments(value, request):
    """A comment of CloudFront has at most 128 characters, whatever it is about."""
    for holder in value.values() if request.service == "cloudfront" else ():
        comment = holder.get("Comment") if isinstance(holder, dict) else None
        if isinstance(comment, str) and len(comment) > 128:
            yield "$.Comment", comment, "a comment has at most 128 characters"


@rule(ACCESS, "cloudfront:CreateOriginAccessControl", "cloudfront:UpdateOriginAccessControl")
def access_control_name(value, _request):
    """At most 64 characters."""
    name = value.get("OriginAccessControlConfig", {}).get("Name", "")
    if len(name) > 64:
        yield "$.OriginAccessControlConfig.Name", name, "has at most 64 characters"


@rule(ORIGIN, *DISTRIBUTIONS)
def distribution_origins(value, _request):
    """Unique ids of at most 128 characters; each behavior leads to one of them; S3 or custom."""
    origins = _items(_config(value), "Origins")
    ids = [each.get("Id", "") for each in origins]
    groups = [each.get("Id") for each in _items(_config(value), "OriginGroups")]
    if len(set(ids)) != len(ids) or not ids or any(len(each) > 128 for each in ids):
        yield "$.Origins", ids, "there are origins, with unique ids of at most 128 characters"
    for which, behavior in _behaviors(_config(value)):
        if behavior.get("TargetOriginId") not in ids + groups:
            yield f"$.{which}.TargetOriginId", behavior.get("TargetOriginId"), f"is one of {ids + groups}"
    for each in origins:
        if len({"S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig"} & set(each)) != 1:
            yield "$.Origins", sorted(each), "an origin is of S3, custom or of a VPC"
        if each.get("OriginAccessControlId") and each.get("S3OriginConfig", {}).get("OriginAccessIdentity"):
            yield "$.Origins", each["Id"], "an origin has an access control or an access identity"


@rule(ORIGIN, *DISTRIBUTIONS)
def origin_numbers(value, _request):
    """Attempts, timeouts and paths of origins."""
    for each in _items(_config(value), "Origins"):
        custom = each.get("CustomOriginConfig", {})
        numbers = [
            (each.get("ConnectionAttempts"), 1, 3),
            (each.get("ConnectionTimeout"), 1, 10),
            (custom.get("OriginReadTimeout"), 1, 120),
            (custom.get("OriginKeepaliveTimeout"), 1, 120),
        ]
        for number, low, high in numbers:
            if number is not None and not low <= number <= high:
                yield f"$.Origins[{each.get('Id')}]", number, f"is from {low} to {high}"
        path = each.get("OriginPath", "")
        if path and (not path.startswith("/") or path.endswith("/")):
            yield f"$.Origins[{each.get('Id')}].OriginPath", path, "begins with a slash and does not end with one"


@rule(BEHAVIOR, *DISTRIBUTIONS)
def distribution_behaviors(value, _request):
    """Unique path patterns; a cache policy or the old settings; two, three or seven methods."""
    patterns = [each.get("PathPattern", "") for each in _items(_config(value), "CacheBehaviors")]
    if len(set(patterns)) != len(patterns) or any(len(each) > 255 for each in patterns):
        yield "$.CacheBehaviors", patterns, "path patterns are unique, of at most 255 characters"
    for which, each in _behaviors(_config(value)):
        if ("CachePolicyId" in each) == ("ForwardedValues" in each):
            yield f"$.{which}", sorted(each), "has one of CachePolicyId and ForwardedValues"
        if "AllowedMethods" in each and len(_items(each, "AllowedMethods")) not in (2, 3, 7):
            yield f"$.{which}.AllowedMethods", _items(each, "AllowedMethods"), "are two, three or seven"


@rule(QUOTAS, *DISTRIBUTIONS)
def distribution_limits(value, _request):
    """128 characters of comment; 25 origins, 75 behaviors, 100 aliases; a root object without a slash."""
    config = _config(value)
    if len(config.get("Comment", "")) > 128:
        yield "$.Comment", config["Comment"], "a comment has at most 128 characters"
    for name, most in (("Origins", 25), ("CacheBehaviors", 75), ("Aliases", 100)):
        if len(_items(config, name)) > most:
            yield f"$.{name}", len(_items(config, name)), f"there are at most {most}"
    if config.get("DefaultRootObject", "").startswith("/"):
        yield "$.DefaultRootObject", config["DefaultRootObject"], "does not begin with a slash"


@rule(CERTIFICATE, *DISTRIBUTIONS)
def viewer_certificate(value, _request):
    """Aliases need a certificate of us-east-1; there is one certificate, and a way to serve it."""
    config = _config(value)
    sent = config.get("ViewerCertificate", {})
    arn = sent.get("ACMCertificateArn")
    if arn and arn.split(":")[3:4] != ["us-east-1"]:
        yield "$.ViewerCertificate.ACMCertificateArn", arn, "is in us-east-1"
    if arn and (sent.get("CloudFrontDefaultCertificate") or "SSLSupportMethod" not in sent):
        yield "$.ViewerCertificate", sorted(sent), "a certificate has SSLSupportMethod, and is no default one"
    if _items(config, "Aliases") and not arn and not sent.get("IAMCertificateId"):
        yield "$.Aliases", _items(config, "Aliases"), "aliases have a certificate"


@rule(CACHE, "cloudfront:CreateCachePolicy", "cloudfront:UpdateCachePolicy")
def cache_times(value, _request):
    """The shortest time is not longer than the usual, and that not longer than the longest."""
    config = value.get("CachePolicyConfig", {})
    low, usual, high = config.get("MinTTL", 0), config.get("DefaultTTL", 86400), config.get("MaxTTL", 31536000)
    if not max(low, 0) <= max(usual, low) <= max(high, low) or high < low or usual > max(high, low):
        yield "$.CachePolicyConfig", (low, usual, high), "MinTTL, DefaultTTL and MaxTTL rise"


@rule(INVALIDATION, "cloudfront:CreateInvalidation")
def invalidation_paths(value, _request):
    """Encoded paths that begin with a slash; a `*` ends one."""
    for path in _items(value.get("InvalidationBatch", {}), "Paths"):
        if not re.fullmatch(r"/[!-)+-~]*\*?", path):
            yield "$.InvalidationBatch.Paths", path, "begins with a slash, is URL-encoded, and has `*` at its end only"


def _is_name(name):
    labels = name.rstrip(".").split(".")
    return len(name) <= 255 and all(1 <= len(label) <= 63 for label in labels)


@rule(NAMES, "route53:ChangeResourceRecordSets")
def record_names(value, _request):
    """Labels of 1 to 63 characters, 255 in all."""
    for index, change in enumerate(value.get("ChangeBatch", {}).get("Changes", [])):
        record = change.get("ResourceRecordSet", {})
        for name in [record.get("Name", ""), record.get("AliasTarget", {}).get("DNSName", "a")]:
            if not _is_name(name):
                demand = "a name has labels of 1 to 63 characters, 255 in all"
                yield f"$.ChangeBatch.Changes[{index}].ResourceRecordSet", name, demand


@rule(RECORDS, "route53:ChangeResourceRecordSets")
def record_sets(value, _request):
    """An alias or records with a time to live; one CNAME; quoted texts; CloudFront's zone."""
    for index, change in enumerate(value.get("ChangeBatch", {}).get("Changes", [])):
        record, path = change.get("ResourceRecordSet", {}), f"$.ChangeBatch.Changes[{index}].ResourceRecordSet"
        values = [each.get("Value", "") for each in record.get("ResourceRecords", [])]
        if ("AliasTarget" in record) == bool(values) or bool(values) != ("TTL" in record):
            yield path, sorted(record), "has AliasTarget, or ResourceRecords and TTL"
        if record.get("Type") == "CNAME" and len(values) > 1:
            yield path, values, "a CNAME has one value"
        if record.get("Type") == "TXT" and not all(re.fullmatch(r'("([^"\\]|\\.)*"\s*)+', each) for each in values):
            yield path, values, "the strings of a TXT record are quoted"
        target = record.get("AliasTarget", {})
        is_cloudfront = target.get("DNSName", "").rstrip(".").endswith(".cloudfront.net")
        if is_cloudfront and (target.get("HostedZoneId") != CLOUDFRONT_ZONE or target.get("EvaluateTargetHealth")):
            yield f"{path}.AliasTarget", target, f"of a distribution is in {CLOUDFRONT_ZONE}, without health"


@rule(REQUEST, "acm:RequestCertificate")
def certificate_names(value, _request):
    """The first name has at most 64 characters: it is the common name. The others are names of DNS."""
    for other in value.get("SubjectAlternativeNames", []):
        if not _is_name(other) or len(other) > 253:
            yield "$.SubjectAlternativeNames", other, "has labels of 1 to 63 characters, 253 in all"
    name = value.get("DomainName", "")
    if len(name) > 64 or "*" in name.lstrip("*") or name.startswith("**"):
        yield "$.DomainName", name, "has at most 64 characters, and a `*` only as its first label"
