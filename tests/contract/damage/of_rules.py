"""Damages that the models permit, by the rule that must tell them: operation, where, and what is put there."""

import copy
import json

from .build import Sent
from .right import ALLOW, BEHAVIOR, DISTRIBUTION, VALUES, WIDGET, items, policy

GONE = object()
LIFECYCLE, NOTIFICATION = "s3:PutBucketLifecycleConfiguration", "s3:PutBucketNotificationConfiguration"
FIRST = "LifecycleConfiguration.Rules.0"
ALARM, DASHBOARD = "cloudwatch:PutMetricAlarm", "cloudwatch:PutDashboard"
DISTRIBUTE, CONFIG = "cloudfront:CreateDistribution", "DistributionConfig"
RECORDS, SETS = "route53:ChangeResourceRecordSets", "ChangeBatch.Changes"
FUNCTION, JOB = "lambda:CreateFunction", "mediaconvert:CreateJob"
H264 = "Settings.OutputGroups.0.Outputs.0.VideoDescription.CodecSettings.H264Settings"
PACKAGE = "Settings.OutputGroups.0.OutputGroupSettings.HlsGroupSettings"
CONFIGURATIONS = "NotificationConfiguration.LambdaFunctionConfigurations"
PUBLIC = {**ALLOW, "Principal": "*"}


def widget(**members):
    """A dashboard with one widget that has these members."""
    return json.dumps({"widgets": [{**WIDGET, **members}]})


DAMAGES = {
    "policy_size": [
        ("iam:PutRolePolicy", "PolicyDocument", policy({**ALLOW, "Resource": "a" * 10300})),
        ("iam:CreateRole", "AssumeRolePolicyDocument", policy({**ALLOW, "Sid": "a" * 2100})),
    ],
    "bucket_policy_size": [("s3:PutBucketPolicy", "Policy", policy({**PUBLIC, "Resource": "a" * 20480}))],
    "policy_grammar": [
        ("iam:PutRolePolicy", "PolicyDocument", "{"),
        ("iam:PutRolePolicy", "PolicyDocument", policy(ALLOW, Version="2026-01-01")),
        ("iam:PutRolePolicy", "PolicyDocument", policy(ALLOW, Nope=1)),
        ("iam:PutRolePolicy", "PolicyDocument", policy()),
        ("iam:PutRolePolicy", "PolicyDocument", policy("Allow")),
        ("iam:PutRolePolicy", "PolicyDocument", policy({**ALLOW, "Effect": "Permit"})),
        ("iam:PutRolePolicy", "PolicyDocument", policy({**ALLOW, "Nope": 1})),
        ("iam:PutRolePolicy", "PolicyDocument", policy({**ALLOW, "Action": "GetObject"})),
        ("iam:PutRolePolicy", "PolicyDocument", policy(PUBLIC)),
        ("iam:CreateRole", "AssumeRolePolicyDocument", policy(PUBLIC)),
        ("s3:PutBucketPolicy", "Policy", policy(ALLOW)),
        ("sqs:CreateQueue", "Attributes.Policy", policy(ALLOW)),
        ("sns:CreateTopic", "Attributes", {"Policy": policy(ALLOW)}),
    ],
    "statement_ids": [
        ("iam:PutRolePolicy", "PolicyDocument", policy({**ALLOW, "Sid": "an id"})),
        ("s3:PutBucketPolicy", "Policy", policy({**PUBLIC, "Sid": "a"}, {**PUBLIC, "Sid": "a"})),
    ],
    "tag_keys": [
        ("iam:CreateRole", "Tags", [{"Key": "aws:team", "Value": "media"}]),
        ("iam:CreateRole", "Tags", [{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "c"}]),
        ("logs:CreateLogGroup", "tags", {"aws:team": "media"}),
    ],
    "tag_characters": [
        (FUNCTION, "Tags", {"team": "a,b"}),
        ("sqs:CreateQueue", "tags", {"team": "a" * 257}),
    ],
    "tag_count": [("events:PutRule", "Tags", [{"Key": f"k{n}", "Value": ""} for n in range(51)])],
    "bucket_name": [
        ("s3:CreateBucket", "Bucket", name) for name in ("ab", "UPPER", "a..b", "192.0.2.1", "xn--a", "a-s3alias")
    ],
    "bucket_region": [
        ("s3:CreateBucket", "CreateBucketConfiguration", GONE),
        ("s3:CreateBucket", "CreateBucketConfiguration.LocationConstraint", "us-west-2"),
    ],
    "object_key": [("s3:DeleteObject", "Key", "ü" * 513)],
    "deleted_objects": [
        ("s3:DeleteObjects", "Delete.Objects", [{"Key": str(n)} for n in range(1001)]),
        ("s3:DeleteObjects", "Delete.Objects", []),
    ],
    "batch_arguments": [("s3control:CreateJob", "Operation.LambdaInvoke.UserArguments", {"a": "b"})],
    "object_tags": [
        ("s3:PutObject", "Tagging", "&".join(f"k{n}=" for n in range(11))),
        ("s3:PutObjectTagging", "Tagging.TagSet", [{"Key": f"k{n}", "Value": ""} for n in range(11)]),
    ],
    "user_metadata": [("s3:PutObject", "Metadata", {"a": "b" * 2048})],
    "lifecycle_ids": [(LIFECYCLE, f"{FIRST}.ID", "up"), (LIFECYCLE, f"{FIRST}.ID", "x" * 256)],
    "lifecycle_filter": [
        (LIFECYCLE, f"{FIRST}.Filter", GONE),
        (LIFECYCLE, f"{FIRST}.Filter.ObjectSizeGreaterThan", 1),
        (LIFECYCLE, f"{FIRST}.Filter", {"And": {"Prefix": "a/"}}),
    ],
    "lifecycle_actions": [
        (LIFECYCLE, "LifecycleConfiguration.Rules.1.Expiration", GONE),
        (LIFECYCLE, f"{FIRST}.Filter", {"Tag": {"Key": "a", "Value": "b"}}),
        (LIFECYCLE, f"{FIRST}.Expiration", {"Days": 365, "ExpiredObjectDeleteMarker": True}),
    ],
    "lifecycle_order": [
        (LIFECYCLE, f"{FIRST}.Transitions.0.Days", 29),
        (LIFECYCLE, f"{FIRST}.Transitions.1.Days", 30),
        (LIFECYCLE, f"{FIRST}.Expiration.Days", 90),
        (LIFECYCLE, f"{FIRST}.Transitions.1.StorageClass", "STANDARD_IA"),
    ],
    "notification_filters": [
        (NOTIFICATION, f"{CONFIGURATIONS}.0.Filter.Key.FilterRules", [{"Name": "suffix", "Value": n} for n in "ab"]),
    ],
    "notification_overlap": [
        (NOTIFICATION, f"{CONFIGURATIONS}.1.Filter.Key.FilterRules.0.Value", "a.mp4"),
        (NOTIFICATION, f"{CONFIGURATIONS}.1.Filter", GONE),
    ],
    "cors_rules": [
        ("s3:PutBucketCors", "CORSConfiguration.CORSRules.0.AllowedOrigins", ["https://*.*.com"]),
        ("s3:PutBucketCors", "CORSConfiguration.CORSRules.0.AllowedMethods", ["PATCH"]),
        ("s3:PutBucketCors", "CORSConfiguration.CORSRules.0.ExposeHeaders", ["x-*"]),
    ],
    "queue_name": [("sqs:CreateQueue", "QueueName", "a.b"), ("sqs:CreateQueue", "QueueName", "x" * 81)],
    "queue_attributes": [
        ("sqs:CreateQueue", "Attributes.VisibilityTimeout", "43201"),
        ("sqs:CreateQueue", "Attributes.RedrivePolicy", '{"maxReceiveCount": 3}'),
        ("sqs:CreateQueue", "Attributes", {"SqsManagedSseEnabled": "true", "KmsMasterKeyId": "k"}),
    ],
    "topic_name": [("sns:CreateTopic", "Name", "a b")],
    "subscription_endpoint": [("sns:Subscribe", "Endpoint", "on-call"), ("sns:Subscribe", "Protocol", "pigeon")],
    "event_pattern": [
        ("events:PutRule", "EventPattern", GONE),
        ("events:PutRule", "EventPattern", "{"),
        ("events:PutRule", "EventPattern", '{"source": "aws.s3"}'),
        ("events:PutRule", "EventPattern", json.dumps({"source": ["x" * 2048]})),
    ],
    "rule_targets": [
        ("events:PutTargets", "Targets", VALUES["events:PutTargets"]["Targets"] * 2),
        ("events:PutTargets", "Targets.0.Arn", "submit"),
    ],
    "function_environment": [
        (FUNCTION, "Environment.Variables", {"AWS_REGION": "eu-west-1"}),
        (FUNCTION, "Environment.Variables", {"LONG": "x" * 4096}),
    ],
    "function_limits": [(FUNCTION, "Timeout", 901), (FUNCTION, "MemorySize", 10241)],
    "function_code": [(FUNCTION, "Code.ZipFile", b"zip"), (FUNCTION, "Code.S3Key", GONE)],
    "permission_account": [("lambda:AddPermission", "SourceAccount", GONE)],
    "alarm_periods": [(ALARM, "Period", 45), (ALARM, "EvaluationPeriods", 1441), (ALARM, "DatapointsToAlarm", 2)],
    "alarm_subject": [
        (ALARM, "Statistic", GONE),
        (ALARM, "ExtendedStatistic", "p90"),
        (ALARM, "Threshold", GONE),
        (ALARM, "Metrics", [{"Id": "a", "Expression": "1"}]),
    ],
    "alarm_words": [
        (ALARM, "TreatMissingData", "good"),
        (ALARM, "ExtendedStatistic", "median"),
        (ALARM, "AlarmActions", ["alarms"]),
    ],
    "metric_queries": [
        ("cloudwatch:GetMetricData", "MetricDataQueries.0.Id", "A"),
        ("cloudwatch:GetMetricData", "MetricDataQueries.0.Expression", GONE),
    ],
    "dashboard_name": [(DASHBOARD, "DashboardName", "a b")],
    "dashboard_body": [
        (DASHBOARD, "DashboardBody", body)
        for body in (
            "{",
            widget(type="graph"),
            widget(x=24),
            widget(x=20),
            widget(height=0),
            widget(properties={"metrics": []}),
            widget(properties={"region": "eu-west-1"}),
            json.dumps({"widgets": [WIDGET] * 501}),
        )
    ],
    "retention_days": [("logs:PutRetentionPolicy", "retentionInDays", 8)],
    "log_group_name": [("logs:CreateLogGroup", "logGroupName", "aws/mine")],
    "comments": [("cloudfront:CreateCachePolicy", "CachePolicyConfig.Comment", "x" * 129)],
    "access_control_name": [("cloudfront:CreateOriginAccessControl", "OriginAccessControlConfig.Name", "x" * 65)],
    "item_quantity": [(DISTRIBUTE, f"{CONFIG}.Aliases.Quantity", 2)],
    "distribution_origins": [
        (DISTRIBUTE, f"{CONFIG}.DefaultCacheBehavior.TargetOriginId", "other"),
        (DISTRIBUTE, f"{CONFIG}.Origins", items(*DISTRIBUTION[CONFIG]["Origins"]["Items"] * 2)),
        (DISTRIBUTE, f"{CONFIG}.Origins.Items.0.S3OriginConfig", GONE),
        (DISTRIBUTE, f"{CONFIG}.Origins.Items.0.S3OriginConfig.OriginAccessIdentity", "e"),
    ],
    "origin_numbers": [
        (DISTRIBUTE, f"{CONFIG}.Origins.Items.0.ConnectionAttempts", 4),
        (DISTRIBUTE, f"{CONFIG}.Origins.Items.0.OriginPath", "/a/"),
    ],
    "distribution_behaviors": [
        (DISTRIBUTE, f"{CONFIG}.CacheBehaviors", items(*[{"PathPattern": "/a/*", **BEHAVIOR}] * 2)),
        (DISTRIBUTE, f"{CONFIG}.DefaultCacheBehavior.CachePolicyId", GONE),
        (DISTRIBUTE, f"{CONFIG}.DefaultCacheBehavior.AllowedMethods", items("GET")),
    ],
    "distribution_limits": [
        (DISTRIBUTE, f"{CONFIG}.Comment", "x" * 129),
        (DISTRIBUTE, f"{CONFIG}.DefaultRootObject", "/index.html"),
        (DISTRIBUTE, f"{CONFIG}.Aliases", items(*(f"v{n}.example.com" for n in range(101)))),
    ],
    "viewer_certificate": [
        (DISTRIBUTE, f"{CONFIG}.ViewerCertificate.ACMCertificateArn", "arn:aws:acm:eu-west-1:111122223333:x/c"),
        (DISTRIBUTE, f"{CONFIG}.ViewerCertificate.SSLSupportMethod", GONE),
        (DISTRIBUTE, f"{CONFIG}.ViewerCertificate", {"CloudFrontDefaultCertificate": True}),
    ],
    "cache_times": [("cloudfront:CreateCachePolicy", "CachePolicyConfig.MinTTL", 4)],
    "invalidation_paths": [
        ("cloudfront:CreateInvalidation", "InvalidationBatch.Paths", items(path)) for path in ("a", "/a*b", "/a b")
    ],
    "record_names": [
        (RECORDS, f"{SETS}.0.ResourceRecordSet.Name", "a..example.com."),
        (RECORDS, f"{SETS}.0.ResourceRecordSet.Name", f"{'a' * 64}.example.com."),
    ],
    "record_sets": [
        (RECORDS, f"{SETS}.0.ResourceRecordSet.TTL", 60),
        (RECORDS, f"{SETS}.0.ResourceRecordSet.AliasTarget.HostedZoneId", "Z1"),
        (RECORDS, f"{SETS}.1.ResourceRecordSet.ResourceRecords", [{"Value": "b."}, {"Value": "c."}]),
        (RECORDS, f"{SETS}.1.ResourceRecordSet.TTL", GONE),
        (RECORDS, f"{SETS}.2.ResourceRecordSet.ResourceRecords.0.Value", "bare"),
    ],
    "certificate_names": [
        ("acm:RequestCertificate", "DomainName", f"{'a' * 60}.example.com"),
        ("acm:RequestCertificate", "SubjectAlternativeNames", [f"{'a' * 64}.example.com"]),
    ],
    "rate_control": [(JOB, f"{H264}.MaxBitrate", GONE), (JOB, f"{H264}.RateControlMode", "CBR")],
    "frame_rate": [
        (JOB, f"{H264}.FramerateDenominator", GONE),
        (JOB, f"{H264}.FramerateControl", "INITIALIZE_FROM_SOURCE"),
    ],
    "output_names": [(JOB, "Settings.OutputGroups.0.Outputs.0.NameModifier", "-b")],
    "last_segment": [
        (JOB, f"{PACKAGE}.MinFinalSegmentLength", 0.5),
        (JOB, f"{PACKAGE}.MinFinalSegmentLength", 6),
    ],
    "audio_sources": [
        (JOB, "Settings.OutputGroups.0.Outputs.0.AudioDescriptions.0.AudioSourceName", "Audio Selector 2"),
        (JOB, "Settings.Inputs.0.AudioSelectors", GONE),
    ],
    "user_metadata_pairs": [
        (JOB, "UserMetadata", {str(n): "" for n in range(11)}),
        (JOB, "UserMetadata", {"key": "a (1).mp4"}),
        (JOB, "UserMetadata", {"key": "x" * 257}),
    ],
}


def damaged(value, path, new):
    """A copy of a value that has something else at this path."""
    copied = copy.deepcopy(value)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    holder = copied
    for step in way:
        holder = holder[step]
    if new is GONE:
        del holder[last]
    else:
        holder[last] = new
    return copied


def right():
    """Every right request that is damaged here."""
    return [(*operation.split(":"), value) for operation, value in VALUES.items()]


def cases():
    """(what is damaged, the rule that must tell it, the damaged request)."""
    for rule, damages in DAMAGES.items():
        for operation, path, new in damages:
            sent = Sent(*operation.split(":"), damaged(VALUES[operation], path, new))
            yield f"{operation} {path}", rule, sent
