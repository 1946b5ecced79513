//! An account with several stacks and another team in it: every resource with its ARN and its ownership tag.

use std::collections::BTreeSet;
use std::path::Path;

use provision::model::{Declaration, Scope};
use provision::stack;
use provision::stack::config::{self, StackFile};
use provision::stack::domain::Zone;
use provision::stack::handlers::PackageDigests;

/// The account of all of them.
pub(super) const ACCOUNT: &str = "444455556666";
const REGION: &str = "ap-northeast-2";

/// Something that a call can be about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Thing {
    /// The ARN.
    pub(super) arn: String,
    /// The stack in its tag, if it has the tag.
    pub(super) stack: Option<String>,
    /// The name of the record, for a record in a hosted zone.
    pub(super) record: Option<String>,
}

/// A stack that uses every option, under this name.
pub(super) struct Stack {
    pub(super) scope: Scope,
    pub(super) file: StackFile,
    pub(super) declarations: Vec<Declaration>,
}

impl Stack {
    /// The shipped production stack under another name, with these lines added.
    pub(super) fn new(name: &str, more: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks/production.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        let renamed = text
            .replace("stack: vod-production", &format!("stack: {name}"))
            .replace("video.example.com", &format!("{name}.example.com"));
        assert_ne!(renamed, text);
        let read = |path: &Path| std::fs::read_to_string(path);
        let file = config::load_text("stack.yaml", &(renamed + more), &path, &read);
        let file = file.unwrap_or_else(|invalid| panic!("{:?}", miette::Report::new(invalid)));
        let code = PackageDigests { submit: "5b".repeat(32), publish: "9b".repeat(32) };
        let declarations = stack::declare(&file, &code, Some(&Zone { id: "Z1".to_owned() }));
        let scope = Scope { stack: name.to_owned(), account: ACCOUNT.to_owned(), region: REGION.to_owned() };
        Self { scope, file, declarations }
    }

    /// The domain name.
    pub(super) fn domain(&self) -> &str {
        &self.file.domain.as_ref().unwrap().name
    }

    /// Everything that is this stack's: its resources, what is in its buckets, its home, its records.
    pub(super) fn things(&self) -> BTreeSet<Thing> {
        let name = &self.scope.stack;
        let tagged = |arn: String| Thing { arn, stack: Some(name.clone()), record: None };
        let untagged = |arn: String| Thing { arn, stack: None, record: None };
        let mut things: BTreeSet<Thing> =
            self.declarations.iter().filter_map(|one| self.arn(one)).map(tagged).collect();
        let home = format!("arn:aws:s3:::{}", self.scope.home_bucket());
        let buckets =
            things.iter().map(|thing| thing.arn.clone()).filter(|arn| arn.starts_with("arn:aws:s3:"));
        let buckets: Vec<String> = buckets.collect();
        assert_eq!(buckets.len(), 4, "{buckets:?}");
        let keys = [
            "a.mp4",
            "assets/a/b.ts",
            "library/manifests/a.csv",
            "library/reports/a",
            "provision-verify/a.mp4",
        ];
        for bucket in &buckets {
            things.extend(keys.iter().map(|key| untagged(format!("{bucket}/{key}"))));
        }
        // A home bucket for each stack, or one for all of them.
        let kept = ["lock.json", "record.json", "bundle/5b5b.zip"].map(str::to_owned);
        let kept = kept.into_iter().chain(["lock", "record"].map(|folder| format!("{folder}/{name}.json")));
        let kept: Vec<String> = kept.collect();
        things.extend(kept.iter().map(|key| untagged(format!("{home}/{key}"))));
        things.insert(untagged(home));
        things.insert(untagged(format!("arn:aws:mediaconvert:{REGION}:{ACCOUNT}:jobs/{name}-1")));
        things.insert(untagged(format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/1")));
        things.insert(untagged(format!("arn:aws:s3:{REGION}:{ACCOUNT}:job/{name}-1")));
        things.insert(untagged(format!("arn:aws:route53:::change/{name}")));
        let zone = untagged("arn:aws:route53:::hostedzone/Z1".to_owned());
        things.insert(Thing { record: Some(self.domain().to_owned()), ..zone });
        things
    }

    /// The ARN of a declared resource. AWS assigns some ids: those are made up.
    fn arn(&self, one: &Declaration) -> Option<String> {
        let id = format!("{}-{}", self.scope.stack, one.address.as_str().replace('/', "-")).to_uppercase();
        let global = |kind: &str| Some(format!("arn:aws:cloudfront::{ACCOUNT}:{kind}/{id}"));
        let known = one.predicted.get("Arn").or_else(|| one.predicted.get("TopicArn")).cloned();
        match one.kind.as_str() {
            "AWS::CloudFront::Distribution" => global("distribution"),
            "AWS::CloudFront::CachePolicy" => global("cache-policy"),
            "AWS::CloudFront::ResponseHeadersPolicy" => global("response-headers-policy"),
            "AWS::CloudFront::OriginAccessControl" => global("origin-access-control"),
            "AWS::CertificateManager::Certificate" => {
                Some(format!("arn:aws:acm:us-east-1:{ACCOUNT}:certificate/{id}"))
            }
            "AWS::Logs::Delivery" => Some(format!("arn:aws:logs:us-east-1:{ACCOUNT}:delivery:{id}")),
            "AWS::CloudWatch::Dashboard" => {
                Some(format!("arn:aws:cloudwatch::{ACCOUNT}:dashboard/{}", self.scope.stack))
            }
            _ => known.map(|arn| arn.trim_end_matches(":*").to_owned()),
        }
    }
}

/// What somebody made by hand under names like the stack's, and what has lost its tag: every kind that has a name.
pub(super) fn untagged() -> BTreeSet<Thing> {
    let own = |service: &str, rest: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}");
    let edge = |rest: &str| format!("arn:aws:logs:us-east-1:{ACCOUNT}:{rest}");
    let arns = ["vod-legacy", "vod-pr-1-legacy"].iter().flat_map(|name| {
        [
            format!("arn:aws:iam::{ACCOUNT}:role/{name}"),
            own("lambda", &format!("function:{name}")),
            own("sqs", name),
            own("sns", name),
            own("events", &format!("rule/{name}")),
            own("logs", &format!("log-group:/aws/lambda/{name}")),
            own("cloudwatch", &format!("alarm:{name}")),
            own("mediaconvert", &format!("queues/{name}")),
            own("mediaconvert", &format!("jobTemplates/{name}")),
            edge(&format!("delivery-source:{name}")),
            edge(&format!("delivery-destination:{name}")),
        ]
    });
    arns.map(|arn| Thing { arn, stack: None, record: None }).collect()
}

/// Another team's resources, without our tags. Some of their names look like a stack's.
pub(super) fn payments() -> BTreeSet<Thing> {
    let own = |service: &str, rest: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}");
    let global = |service: &str, rest: &str| format!("arn:aws:{service}::{ACCOUNT}:{rest}");
    let arns = [
        "arn:aws:s3:::payments-ledger".to_owned(),
        "arn:aws:s3:::payments-ledger/2026/a.csv".to_owned(),
        "arn:aws:s3:::vodka-orders".to_owned(),
        "arn:aws:s3:::vod-archive-of-payments".to_owned(),
        "arn:aws:s3:::vod-archive-of-payments/a.mp4".to_owned(),
        global("iam", "role/payments-deploy"),
        global("iam", "role/vodka"),
        own("lambda", "function:payments-api"),
        own("lambda", "function:vodka"),
        own("sqs", "payments-jobs"),
        own("sns", "payments-alerts"),
        own("events", "rule/payments-nightly"),
        own("logs", "log-group:/aws/lambda/payments-api"),
        own("cloudwatch", "alarm:payments-errors"),
        global("cloudwatch", "dashboard/payments"),
        own("mediaconvert", "queues/payments"),
        own("mediaconvert", "jobTemplates/payments"),
        own("mediaconvert", "jobs/payments-1"),
        own("s3", "job/payments-1"),
        global("cloudfront", "distribution/PAYMENTS"),
        global("cloudfront", "cache-policy/PAYMENTS"),
        global("cloudfront", "response-headers-policy/PAYMENTS"),
        global("cloudfront", "origin-access-control/PAYMENTS"),
        format!("arn:aws:acm:us-east-1:{ACCOUNT}:certificate/PAYMENTS"),
        format!("arn:aws:logs:us-east-1:{ACCOUNT}:delivery:PAYMENTS"),
        format!("arn:aws:logs:us-east-1:{ACCOUNT}:delivery-source:payments-cdn"),
        format!("arn:aws:logs:us-east-1:{ACCOUNT}:delivery-destination:payments-cdn"),
        "arn:aws:route53:::change/PAYMENTS".to_owned(),
    ];
    let mut things: BTreeSet<Thing> =
        arns.into_iter().map(|arn| Thing { arn, stack: None, record: None }).collect();
    things.insert(Thing {
        arn: "arn:aws:route53:::hostedzone/Z1".to_owned(),
        stack: None,
        record: Some("pay.example.com".to_owned()),
    });
    things
}
