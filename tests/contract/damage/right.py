"""Right requests, from which the damaged ones of the rules are made."""

import json

from .of_models import RIGHT as OF_PROTOCOLS
from .of_models import TRUST

ACCOUNT, ROLE = "111122223333", "arn:aws:iam::111122223333:role/submit"
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}


def policy(*statements, **members):
    """A policy as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **members})


def items(*members):
    """A list of CloudFront."""
    return {"Quantity": len(members), "Items": list(members)} if members else {"Quantity": 0}


BEHAVIOR = {
    "TargetOriginId": "bucket",
    "ViewerProtocolPolicy": "https-only",
    "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
}
DISTRIBUTION = {
    "DistributionConfig": {
        "CallerReference": "once",
        "Comment": "videos",
        "Enabled": True,
        "Aliases": items("v.example.com"),
        "Origins": items(
            {
                "Id": "bucket",
                "DomainName": "bucket.s3.eu-west-1.amazonaws.com",
                "S3OriginConfig": {"OriginAccessIdentity": ""},
                "OriginAccessControlId": "E1",
                "ConnectionAttempts": 3,
            }
        ),
        "DefaultCacheBehavior": BEHAVIOR,
        "CacheBehaviors": items({"PathPattern": "/a/*", **BEHAVIOR}),
        "ViewerCertificate": {
            "ACMCertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/c",
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        },
    }
}
LIFECYCLE = {
    "Bucket": "bucket",
    "LifecycleConfiguration": {
        "Rules": [
            {
                "ID": "down",
                "Status": "Enabled",
                "Filter": {"Prefix": "a/"},
                "Transitions": [
                    {"Days": 30, "StorageClass": "STANDARD_IA"},
                    {"Days": 90, "StorageClass": "GLACIER"},
                ],
                "Expiration": {"Days": 365},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            },
            {"ID": "up", "Status": "Enabled", "Filter": {"Prefix": "b/"}, "Expiration": {"Days": 1}},
        ]
    },
}
LAMBDA = "arn:aws:lambda:eu-west-1:111122223333:function:submit"


def _filter(name, value):
    return {"Key": {"FilterRules": [{"Name": name, "Value": value}]}}


NOTIFICATION = {
    "Bucket": "bucket",
    "NotificationConfiguration": {
        "LambdaFunctionConfigurations": [
            {"LambdaFunctionArn": LAMBDA, "Events": ["s3:ObjectCreated:*"], "Filter": _filter("suffix", ".mp4")},
            {"LambdaFunctionArn": LAMBDA, "Events": ["s3:ObjectCreated:Put"], "Filter": _filter("suffix", ".mov")},
        ]
    },
}
WIDGET = {
    "type": "metric",
    "x": 0,
    "y": 0,
    "width": 12,
    "height": 6,
    "properties": {"metrics": [["AWS/Lambda", "Errors"]], "region": "eu-west-1", "period": 300},
}
CODEC = {
    "RateControlMode": "QVBR",
    "MaxBitrate": 5000000,
    "FramerateControl": "SPECIFIED",
    "FramerateNumerator": 30,
    "FramerateDenominator": 1,
}


def _output(name):
    return {"NameModifier": name, "VideoDescription": {"CodecSettings": {"Codec": "H_264", "H264Settings": CODEC}}}


def _record(**members):
    return {"Name": "a.example.com.", **members}


def records(*sets):
    """A change of these record sets."""
    return {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": each} for each in sets]}


VALUES = {
    "iam:CreateRole": OF_PROTOCOLS["query"][2],
    "iam:PutRolePolicy": {"RoleName": "role", "PolicyName": "own", "PolicyDocument": policy(ALLOW)},
    "s3:PutBucketPolicy": {"Bucket": "bucket", "Policy": policy({**ALLOW, "Principal": "*"})},
    "s3:CreateBucket": {"Bucket": "bucket", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
    "s3:DeleteObject": {"Bucket": "bucket", "Key": "key"},
    "s3:DeleteObjects": {"Bucket": "bucket", "Delete": {"Objects": [{"Key": "key"}]}},
    "s3control:CreateJob": {
        "AccountId": ACCOUNT,
        "ClientRequestToken": "once",
        "Priority": 1,
        "RoleArn": ROLE,
        "Report": {"Enabled": False},
        "Operation": {"LambdaInvoke": {"FunctionArn": LAMBDA}},
    },
    "s3:PutObject": {"Bucket": "bucket", "Key": "key", "Metadata": {"a": "b"}},
    "s3:PutObjectTagging": {"Bucket": "bucket", "Key": "key", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}},
    "s3:PutBucketLifecycleConfiguration": LIFECYCLE,
    "s3:PutBucketNotificationConfiguration": NOTIFICATION,
    "s3:PutBucketCors": {
        "Bucket": "bucket",
        "CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://*.example.com"]}]},
    },
    "sqs:CreateQueue": {
        "QueueName": "letters",
        "Attributes": {
            "VisibilityTimeout": "30",
            "RedrivePolicy": json.dumps(
                {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:111122223333:dead", "maxReceiveCount": 3}
            ),
        },
    },
    "sns:CreateTopic": {"Name": "alarms"},
    "sns:Subscribe": {
        "TopicArn": "arn:aws:sns:eu-west-1:111122223333:alarms",
        "Protocol": "email",
        "Endpoint": "on-call@example.com",
    },
    "events:PutRule": {"Name": "rule", "EventPattern": json.dumps({"source": ["aws.mediaconvert"]})},
    "events:PutTargets": {"Rule": "rule", "Targets": [{"Id": "a", "Arn": LAMBDA}]},
    "lambda:CreateFunction": OF_PROTOCOLS["rest-json"][2] | {"Environment": {"Variables": {"BUCKET": "bucket"}}},
    "lambda:AddPermission": {
        "FunctionName": "submit",
        "StatementId": "s3",
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
        "SourceArn": "arn:aws:s3:::bucket",
        "SourceAccount": ACCOUNT,
    },
    "cloudwatch:PutMetricAlarm": OF_PROTOCOLS["smithy-rpc-v2-cbor"][2],
    "cloudwatch:GetMetricData": {
        "StartTime": 0,
        "EndTime": 60,
        "MetricDataQueries": [{"Id": "a", "Expression": "1"}],
    },
    "cloudwatch:PutDashboard": {"DashboardName": "vod", "DashboardBody": json.dumps({"widgets": [WIDGET]})},
    "logs:PutRetentionPolicy": {"logGroupName": "group", "retentionInDays": 7},
    "logs:CreateLogGroup": {"logGroupName": "group", "tags": {"team": "media"}},
    "cloudfront:CreateDistribution": DISTRIBUTION,
    "cloudfront:CreateOriginAccessControl": {
        "OriginAccessControlConfig": {
            "Name": "bucket",
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    },
    "cloudfront:CreateInvalidation": {
        "DistributionId": "E1",
        "InvalidationBatch": {"CallerReference": "once", "Paths": items("/a/*", "/b%20c.mp4")},
    },
    "cloudfront:CreateCachePolicy": {"CachePolicyConfig": {"Name": "p", "MinTTL": 1, "DefaultTTL": 2, "MaxTTL": 3}},
    "route53:ChangeResourceRecordSets": {
        "HostedZoneId": "Z1",
        "ChangeBatch": records(
            _record(
                Type="A",
                AliasTarget={
                    "HostedZoneId": "Z2FDTNDATAQYW2",
                    "DNSName": "d1.cloudfront.net",
                    "EvaluateTargetHealth": False,
                },
            ),
            _record(Type="CNAME", TTL=60, ResourceRecords=[{"Value": "b.example.com"}]),
            _record(Type="TXT", TTL=60, ResourceRecords=[{"Value": '"text"'}]),
        ),
    },
    "acm:RequestCertificate": {"DomainName": "*.example.com", "ValidationMethod": "DNS"},
    "mediaconvert:CreateJob": {
        "Role": ROLE,
        "UserMetadata": {"a": "b"},
        "Settings": {
            "Inputs": [{"AudioSelectors": {"Audio Selector 1": {"DefaultSelection": "DEFAULT"}}}],
            "OutputGroups": [
                {
                    "OutputGroupSettings": {
                        "Type": "HLS_GROUP_SETTINGS",
                        "HlsGroupSettings": {"SegmentLength": 6, "MinSegmentLength": 0, "MinFinalSegmentLength": 1},
                    },
                    "Outputs": [
                        {**_output("-a"), "AudioDescriptions": [{"AudioSourceName": "Audio Selector 1"}]},
                        _output("-b"),
                    ],
                }
            ],
        },
    },
}
