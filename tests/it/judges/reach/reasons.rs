//! What printed policies reach beyond the stack: each action with whose it is and why.

/// Whose resources are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    /// Those of stacks whose names begin with the stack's name.
    Alike,
    /// Anybody's.
    Anybodys,
}
use Whose::{Alike, Anybodys};

/// Actions that reach others: whose resources, why, and which.
pub(super) type Known = (Whose, &'static str, &'static [&'static str]);

/// Changes that the policies allow beyond the stack.
pub(super) const CHANGES: &[Known] = &[
    (
        Anybodys,
        "its id comes from AWS, and it has no tags: IAM cannot tell whose it is",
        &[
            "cloudfront:CreateCachePolicy",
            "cloudfront:CreateKeyGroup",
            "cloudfront:CreateMonitoringSubscription",
            "cloudfront:CreateOriginAccessControl",
            "cloudfront:CreatePublicKey",
            "cloudfront:CreateResponseHeadersPolicy",
            "cloudfront:DeleteCachePolicy",
            "cloudfront:DeleteKeyGroup",
            "cloudfront:DeleteMonitoringSubscription",
            "cloudfront:DeleteOriginAccessControl",
            "cloudfront:DeletePublicKey",
            "cloudfront:DeleteResponseHeadersPolicy",
            "cloudfront:UpdateCachePolicy",
            "cloudfront:UpdateKeyGroup",
            "cloudfront:UpdateOriginAccessControl",
            "cloudfront:UpdatePublicKey",
            "cloudfront:UpdateResponseHeadersPolicy",
        ],
    ),
    (
        Anybodys,
        "creates: what exists cannot be named",
        &[
            "acm:RequestCertificate",
            "cloudfront:CreateDistribution",
            "mediaconvert:CreateJobTemplate",
            "mediaconvert:CreateQueue",
        ],
    ),
    (
        Anybodys,
        "takes a name from whoever has it, which is what the policy is for; it is printed apart",
        &["cloudfront:UpdateDomainAssociation"],
    ),
    (
        Anybodys,
        "tags at creation, when there is no tag yet: so also what another team has left without the tag",
        &["acm:AddTagsToCertificate", "cloudfront:TagResource", "logs:TagResource"],
    ),
    (
        Anybodys,
        "the id of what is made comes from AWS: so also what another team has left without the tag",
        &[
            "cloudfront:AllowVendedLogDeliveryForResource",
            "logs:CreateDelivery",
            "logs:DeleteDeliveryDestination",
            "logs:DeleteDeliverySource",
            "logs:PutDeliveryDestination",
            "logs:PutDeliverySource",
        ],
    ),
    (
        Anybodys,
        "jobs have ids from AWS and no tag of ours",
        &["mediaconvert:CancelJob", "s3:UpdateJobStatus"],
    ),
    (
        Anybodys,
        "IAM allows it for everything or not at all",
        &["s3:CreateJob", "sns:SetSubscriptionAttributes", "sns:Unsubscribe"],
    ),
];

/// Reads that the policies allow beyond the stack.
pub(super) const READS: &[Known] = &[
    (
        Anybodys,
        "lists, to find what is the stack's",
        &[
            "acm:ListCertificates",
            "cloudfront:ListCachePolicies",
            "cloudfront:ListDistributions",
            "cloudfront:ListKeyGroups",
            "cloudfront:ListOriginAccessControls",
            "cloudfront:ListPublicKeys",
            "cloudfront:ListResponseHeadersPolicies",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:ListDashboards",
            "events:ListRules",
            "iam:ListRoles",
            "lambda:ListFunctions",
            "logs:DescribeDeliveries",
            "logs:DescribeDeliveryDestinations",
            "logs:DescribeDeliverySources",
            "logs:DescribeLogGroups",
            "mediaconvert:ListJobTemplates",
            "mediaconvert:ListQueues",
            "route53:ListHostedZonesByName",
            "s3:ListAllMyBuckets",
            "s3:ListJobs",
            "sns:ListTopics",
            "sqs:ListQueues",
        ],
    ),
    (Anybodys, "IAM allows it for everything or not at all", &["sns:GetSubscriptionAttributes"]),
    (
        Anybodys,
        "its id comes from AWS: read to see whose it is",
        &[
            "acm:DescribeCertificate",
            "acm:ListTagsForCertificate",
            "cloudfront:GetCachePolicy",
            "cloudfront:GetDistribution",
            "cloudfront:GetKeyGroup",
            "cloudfront:GetMonitoringSubscription",
            "cloudfront:GetOriginAccessControl",
            "cloudfront:GetPublicKey",
            "cloudfront:GetResponseHeadersPolicy",
            "cloudfront:ListConflictingAliases",
            "cloudfront:ListTagsForResource",
            "logs:GetDelivery",
            "logs:GetDeliveryDestination",
            "logs:GetDeliverySource",
            "logs:ListTagsForResource",
            "route53:GetChange",
            "s3:DescribeJob",
        ],
    ),
    (Anybodys, "IAM cannot limit it to records", &["route53:ListResourceRecordSets"]),
    (Anybodys, "a quota of the account, of no resource", &["lambda:GetAccountSettings"]),
    (
        Anybodys,
        "reads the tags of what has a name like the stack's, to see whose it is",
        &[
            "cloudwatch:ListTagsForResource",
            "events:ListTagsForResource",
            "lambda:ListTags",
            "mediaconvert:ListTagsForResource",
            "s3:GetBucketTagging",
            "sns:ListTagsForResource",
            "sqs:ListQueueTags",
        ],
    ),
    (Alike, "reads the tags of roles with names like the stack's", &["iam:GetRole"]),
];

/// Changes that the policies allow on what has a name like the stack's and no tag, each with its reason. Whoever tags such a
/// role or function may change it after that.
pub(super) const UNTAGGED: &[(&str, &[&str])] = &[
    (
        "creates under such a name, and tags what is new: IAM sees no tag then",
        &[
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource",
            "events:PutRule",
            "events:TagResource",
            "iam:CreateRole",
            "iam:TagRole",
            "lambda:CreateFunction",
            "lambda:TagResource",
            "logs:CreateDelivery",
            "logs:CreateLogGroup",
            "logs:PutDeliveryDestination",
            "logs:PutDeliverySource",
            "logs:TagResource",
            "mediaconvert:CreateJobTemplate",
            "mediaconvert:CreateQueue",
            "mediaconvert:TagResource",
            "sns:CreateTopic",
            "sns:TagResource",
            "sqs:CreateQueue",
            "sqs:TagQueue",
        ],
    ),
    (
        "sets up what was made a moment ago, whose tag IAM may not know yet",
        &[
            "events:PutTargets",
            "lambda:AddPermission",
            "lambda:PutFunctionConcurrency",
            "lambda:PutFunctionEventInvokeConfig",
            "logs:PutRetentionPolicy",
            "sns:SetTopicAttributes",
            "sns:Subscribe",
            "sqs:SetQueueAttributes",
        ],
    ),
    (
        "a role's policy has no room to name these types a second time",
        &[
            "cloudwatch:DeleteAlarms",
            "cloudwatch:UntagResource",
            "events:DeleteRule",
            "events:RemoveTargets",
            "events:UntagResource",
            "logs:DeleteDeliveryDestination",
            "logs:DeleteDeliverySource",
            "logs:DeleteLogGroup",
            "logs:DeleteRetentionPolicy",
            "logs:DeleteSubscriptionFilter",
            "logs:PutLogGroupDeletionProtection",
            "logs:UntagResource",
            "mediaconvert:DeleteJobTemplate",
            "mediaconvert:DeleteQueue",
            "mediaconvert:UntagResource",
            "mediaconvert:UpdateJobTemplate",
            "mediaconvert:UpdateQueue",
            "sns:DeleteTopic",
            "sns:UntagResource",
            "sqs:DeleteQueue",
            "sqs:UntagQueue",
        ],
    ),
    (
        "IAM allows it for every subscription, or of a topic that may be new",
        &["sns:SetSubscriptionAttributes", "sns:Unsubscribe"],
    ),
];
