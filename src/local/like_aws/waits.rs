//! What takes time on AWS: a new role, a distribution on its way to the edges, a certificate whose record is not seen yet.
//!
//! All times are AWS's seconds: the pace is applied before.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::Refused;
use super::answered::Answered;
use super::dice::Dice;
use crate::local::operation::ServiceCall;

/// Something that takes time.
#[derive(Debug)]
pub(super) struct Wait {
    /// What is awaited, in a few words.
    pub(super) name: &'static str,
    /// The least and the longest time, in seconds.
    pub(super) seconds: (u64, u64),
    /// What callers see meanwhile.
    pub(super) seen: &'static str,
    /// Where AWS says so, or where it was measured.
    pub(super) source: &'static str,
}

macro_rules! waits {
    ($($name:ident: $wait:expr;)*) => {
        $(pub(super) static $name: Wait = $wait;)*
        /// Every wait.
        pub(super) static WAITS: &[&Wait] = &[$(&$name),*];
    };
}

waits! {
    ROLE: Wait {
        name: "a new role can be assumed by Lambda",
        seconds: (2, 10),
        seen: "`InvalidParameterValueException`: cannot be assumed by Lambda",
        source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html",
    };
    POLICY: Wait {
        name: "what a role's policy allows is allowed to the functions that have the role",
        seconds: (2, 10),
        seen: "`InvalidParameterValueException`: does not have permissions to call",
        source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html",
    };
    FUNCTION: Wait {
        name: "a new function is active",
        seconds: (1, 5),
        seen: "`State: Pending`; changes are a `ResourceConflictException`",
        source: "https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html",
    };
    UPDATE: Wait {
        name: "a change of a function has ended",
        seconds: (1, 5),
        seen: "`LastUpdateStatus: InProgress`; changes are a `ResourceConflictException`",
        source: "https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html",
    };
    DISTRIBUTION: Wait {
        name: "a distribution has reached all edges, after creation and each change, also of its key groups and policies",
        seconds: (120, 300),
        seen: "`InProgress`; a deletion is `DistributionNotDisabled`",
        source: "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-web-values-returned.html",
    };
    CERTIFICATE: Wait {
        name: "a certificate is issued, from when its record is in the zone",
        seconds: (30, 180),
        seen: "`PENDING_VALIDATION`",
        source: "https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html",
    };
    QUEUE: Wait {
        name: "the name of a deleted queue is free",
        seconds: (60, 60),
        seen: "`QueueDeletedRecently`",
        source: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
    };
    BATCH: Wait {
        name: "a new job of S3 Batch Operations is seen",
        seconds: (1, 4),
        seen: "404",
        source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-job-status.html",
    };
    EVENTS: Wait {
        name: "EventBridge gets the events of a bucket, from when that is switched on",
        seconds: (300, 300),
        seen: "they are lost",
        source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html",
    };
    OBJECT: Wait {
        name: "an object is seen that was written in the first 15 minutes of a bucket's versioning (one of four)",
        seconds: (1, 5),
        seen: "404 `NoSuchKey`",
        source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/manage-versioning-examples.html",
    };
}

/// A change of one of these is rolled out by every distribution that uses it.
const PARTS: &[&str] =
    &["UpdateKeyGroup", "UpdateCachePolicy", "UpdateResponseHeadersPolicy", "UpdateOriginAccessControl"];

/// How long a bucket's versioning is new.
const NEW_VERSIONING: Duration = Duration::from_secs(15 * 60);
/// The share of objects that are not seen at once in that time.
const UNSEEN: f64 = 0.25;

/// What is awaited: when each is ready. The first part of the key says what it is.
#[derive(Debug, Default)]
pub(super) struct Waits {
    ready: HashMap<(&'static str, String), Duration>,
    new_versioning: HashMap<String, Duration>,
    /// The names of the roles of functions.
    roles: HashMap<String, String>,
    /// The last configuration that each distribution was given.
    configurations: HashMap<String, String>,
}

impl Waits {
    fn begin(&mut self, wait: &'static Wait, what: &str, now: Duration, dice: Dice) {
        let ready = now + dice.between(wait.seconds, wait.name, what);
        self.ready.insert((wait.name, what.to_owned()), ready);
    }

    fn is_awaited(&self, wait: &'static Wait, what: &str, now: Duration) -> bool {
        self.ready.get(&(wait.name, what.to_owned())).is_some_and(|ready| now < *ready)
    }

    /// Notes what a call that succeeded has begun.
    pub(super) fn note(&mut self, call: &ServiceCall, said: &str, now: Duration, dice: Dice) {
        match (call.service.as_str(), call.operation.as_str()) {
            ("iam", "CreateRole") => {
                self.begin(&ROLE, given(call, "RoleName"), now, dice);
            }
            ("iam", "PutRolePolicy" | "AttachRolePolicy") => {
                self.begin(&POLICY, given(call, "RoleName"), now, dice);
            }
            (
                "lambda",
                operation @ ("CreateFunction" | "UpdateFunctionConfiguration" | "UpdateFunctionCode"),
            ) => {
                let wait = if operation == "CreateFunction" { &FUNCTION } else { &UPDATE };
                self.begin(wait, function(call), now, dice);
                if call.text("Role").is_some() {
                    self.roles.insert(function(call).to_owned(), role(call));
                }
            }
            ("cloudfront", "CreateDistribution" | "CreateDistributionWithTags" | "UpdateDistribution") => {
                let id = element(said, "Id").unwrap_or_default();
                self.configurations.insert(id.to_owned(), call.xml().to_owned());
                self.begin(&DISTRIBUTION, id, now, dice);
            }
            ("cloudfront", operation) if PARTS.contains(&operation) => {
                // The ids of all such parts are different ones.
                let named = format!(">{}<", given(call, "Id"));
                let using = self.configurations.iter().filter(|(_, xml)| xml.contains(&named));
                let using: Vec<String> = using.map(|(id, _)| id.clone()).collect();
                using.iter().for_each(|id| self.begin(&DISTRIBUTION, id, now, dice));
            }
            ("cloudfront", "UpdateDomainAssociation") => {
                self.begin(&DISTRIBUTION, element(said, "ResourceId").unwrap_or_default(), now, dice);
            }
            ("route53", "ChangeResourceRecordSets") => {
                for name in proofs(call.xml()) {
                    self.begin(&CERTIFICATE, &name, now, dice);
                }
            }
            ("sqs", "DeleteQueue") => {
                let name = given(call, "QueueUrl").rsplit('/').next().unwrap_or_default();
                self.begin(&QUEUE, name, now, dice);
            }
            ("s3control", "CreateJob") => {
                self.begin(&BATCH, element(said, "JobId").unwrap_or_default(), now, dice);
            }
            ("s3", "PutBucketVersioning") => {
                self.new_versioning.entry(given(call, "Bucket").to_owned()).or_insert(now);
            }
            ("s3", "DeleteBucket") => drop(self.new_versioning.remove(given(call, "Bucket"))),
            ("s3", "PutObject" | "CopyObject" | "CompleteMultipartUpload") => {
                let begun = self.new_versioning.get(given(call, "Bucket"));
                let is_new = begun.is_some_and(|begun| now < *begun + NEW_VERSIONING);
                if is_new && dice.share("unseen", &object(call)) < UNSEEN {
                    self.begin(&OBJECT, &object(call), now, dice);
                }
            }
            _ => {}
        }
    }

    /// Why the call comes too early, if it does.
    pub(super) fn refuse(&self, call: &ServiceCall, now: Duration) -> Option<Refused> {
        let refusal = |status, code, message: String| Some(Refused::new(status, code, message));
        match (call.service.as_str(), call.operation.as_str()) {
            ("lambda", "CreateFunction" | "UpdateFunctionConfiguration")
                if self.is_awaited(&ROLE, role(call).as_str(), now) =>
            {
                let says = "The role defined for the function cannot be assumed by Lambda.";
                refusal(400, "InvalidParameterValueException", says.into())
            }
            ("lambda", "PutFunctionEventInvokeConfig" | "UpdateFunctionEventInvokeConfig")
                if self.roles.get(function(call)).is_some_and(|role| self.is_awaited(&POLICY, role, now))
                    && call.xml().contains("\"Destination\"") =>
            {
                let says =
                    "The function's execution role does not have permissions to call SendMessage on SQS";
                refusal(400, "InvalidParameterValueException", says.into())
            }
            ("lambda", "UpdateFunctionCode" | "UpdateFunctionConfiguration" | "PublishVersion") => {
                let name = function(call);
                if self.is_awaited(&FUNCTION, name, now) {
                    let says = "The operation cannot be performed at this time. The function is currently in the \
                                following state: Pending";
                    return refusal(409, "ResourceConflictException", says.into());
                }
                let says = format!(
                    "The operation cannot be performed at this time. An update is in progress for resource: {name}"
                );
                refusal(409, "ResourceConflictException", says)
                    .filter(|_| self.is_awaited(&UPDATE, name, now))
            }
            ("cloudfront", "DeleteDistribution")
                if self.is_awaited(&DISTRIBUTION, given(call, "Id"), now) =>
            {
                let says = "The distribution you are trying to delete has not been disabled.";
                refusal(409, "DistributionNotDisabled", says.into())
            }
            ("sqs", "CreateQueue") if self.is_awaited(&QUEUE, given(call, "QueueName"), now) => {
                let says = "You must wait 60 seconds after deleting a queue before you can create another with the same \
                            name.";
                refusal(400, "QueueDeletedRecently", says.into())
            }
            ("s3control", "DescribeJob") if self.is_awaited(&BATCH, given(call, "JobId"), now) => {
                refusal(404, "NoSuchJob", "The specified job does not exist.".into())
            }
            ("s3", "GetObject" | "HeadObject") if self.is_awaited(&OBJECT, &object(call), now) => {
                refusal(404, "NoSuchKey", "The specified key does not exist.".into())
            }
            _ => None,
        }
    }

    /// Writes the states of what is still awaited into an answer.
    pub(super) fn alter(&self, call: &ServiceCall, answered: &mut Answered, now: Duration) {
        match (call.service.as_str(), call.operation.as_str()) {
            ("lambda", "GetFunction" | "GetFunctionConfiguration" | "CreateFunction" | "ListFunctions")
            | ("lambda", "UpdateFunctionCode" | "UpdateFunctionConfiguration")
            | ("acm", "DescribeCertificate") => {
                let mut value = answered.json();
                if call.service == "acm" {
                    self.alter_certificate(&mut value["Certificate"], now);
                } else {
                    self.alter_functions(&mut value, now);
                }
                answered.put(value.to_string());
            }
            ("cloudfront", operation) if operation.contains("Distribution") => {
                answered.put(self.alter_distributions(answered.text(), now));
            }
            _ => {}
        }
    }

    fn alter_functions(&self, value: &mut Value, now: Duration) {
        let functions = match value {
            Value::Object(map) if map.contains_key("Functions") => value["Functions"].as_array_mut(),
            Value::Object(map) if map.contains_key("Configuration") => {
                return self.alter_functions(&mut value["Configuration"], now);
            }
            _ => None,
        };
        if let Some(functions) = functions {
            return functions.iter_mut().for_each(|function| self.alter_functions(function, now));
        }
        let name = text(&value["FunctionName"]).to_owned();
        if self.is_awaited(&FUNCTION, &name, now) {
            value["State"] = json!("Pending");
            value["StateReasonCode"] = json!("Creating");
        } else if self.is_awaited(&UPDATE, &name, now) {
            value["LastUpdateStatus"] = json!("InProgress");
        }
    }

    /// A certificate is issued once each of its records is known for a time.
    fn alter_certificate(&self, certificate: &mut Value, now: Duration) {
        let Some(options) = certificate["DomainValidationOptions"].as_array_mut() else { return };
        let mut is_issued = true;
        for option in options {
            let record = text(&option["ResourceRecord"]["Name"]).trim_end_matches('.').to_owned();
            let ready = self.ready.get(&(CERTIFICATE.name, record));
            if ready.is_none_or(|ready| now < *ready) {
                option["ValidationStatus"] = json!("PENDING_VALIDATION");
                is_issued = false;
            }
        }
        if !is_issued && certificate["Status"] == "ISSUED" {
            certificate["Status"] = json!("PENDING_VALIDATION");
            for member in ["IssuedAt", "NotBefore", "NotAfter", "Serial"] {
                certificate.as_object_mut().map(|map| map.remove(member));
            }
        }
    }

    /// The XML with each distribution's own status. An id stands before its status.
    fn alter_distributions(&self, xml: &str, now: Duration) -> String {
        let pieces = xml.split("<Status>").collect::<Vec<_>>();
        let mut altered = String::new();
        for (index, piece) in pieces.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| pieces.get(before));
            let is_awaited = before
                .and_then(|before| before.rsplit_once("<Id>"))
                .and_then(|(_, rest)| rest.split_once("</Id>"))
                .is_some_and(|(id, _)| self.is_awaited(&DISTRIBUTION, id, now));
            if index > 0 {
                altered.push_str("<Status>");
            }
            match piece.strip_prefix("Deployed") {
                Some(rest) if is_awaited => {
                    altered.push_str("InProgress");
                    altered.push_str(rest);
                }
                _ => altered.push_str(piece),
            }
        }
        altered
    }
}

/// A parameter of a call; empty if it has none of this name.
fn given<'c>(call: &'c ServiceCall, name: &str) -> &'c str {
    call.text(name).unwrap_or_default()
}

/// The name of the role that a call gives to a function.
fn role(call: &ServiceCall) -> String {
    given(call, "Role").rsplit('/').next().unwrap_or_default().to_owned()
}

/// The name of the function that a call is about, which may say it by its ARN.
fn function(call: &ServiceCall) -> &str {
    given(call, "FunctionName").rsplit(':').next().unwrap_or_default()
}

/// The bucket and the key of an object.
fn object(call: &ServiceCall) -> String {
    format!("{}/{}", given(call, "Bucket"), given(call, "Key"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The content of the first element of this name.
fn element<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(content, _)| content)
}

/// The names of the records by which ACM proves a name, in a change of records.
fn proofs(xml: &str) -> Vec<String> {
    let names = xml.split("<Name>").skip(1).filter_map(|rest| rest.split_once("</Name>"));
    let names = names.map(|(name, _)| name.trim_end_matches('.').to_owned());
    names.filter(|name| name.starts_with('_')).collect()
}

#[cfg(test)]
mod tests;
