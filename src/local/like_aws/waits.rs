//! What takes time on AWS: a new role, a distribution on its way to the edges, a certificate whose record is not seen yet.
//!
//! All times are AWS's seconds: the pace is applied before.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::call::Call;
use super::chance::Chance;
use super::refusal::Refusal;

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
        $(static $name: Wait = $wait;)*
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
        name: "a distribution has reached all edges, after creation and each change",
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
    OBJECT: Wait {
        name: "an object is seen that was written in the first 15 minutes of a bucket's versioning (one of four)",
        seconds: (1, 5),
        seen: "404 `NoSuchKey`",
        source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/manage-versioning-examples.html",
    };
}

/// How long a bucket's versioning is new.
const NEW_VERSIONING: Duration = Duration::from_secs(15 * 60);
/// The share of objects that are not seen at once in that time.
const UNSEEN: f64 = 0.25;

/// What is awaited: when each is ready. The first part of the key says what it is.
#[derive(Debug, Default)]
pub(super) struct Waits {
    ready: HashMap<(&'static str, String), Duration>,
    new_versioning: HashMap<String, Duration>,
}

impl Waits {
    fn begin(&mut self, wait: &'static Wait, what: &str, now: Duration, chance: &mut Chance) {
        let (least, most) = wait.seconds;
        self.ready.insert((wait.name, what.to_owned()), now + chance.between(least, most));
    }

    fn is_awaited(&self, wait: &'static Wait, what: &str, now: Duration) -> bool {
        self.ready.get(&(wait.name, what.to_owned())).is_some_and(|ready| now < *ready)
    }

    /// Notes what a call that succeeded has begun.
    pub(super) fn note(&mut self, call: &Call, answer: &[u8], now: Duration, chance: &mut Chance) {
        let said = String::from_utf8_lossy(answer);
        match (call.service.as_str(), call.operation.as_str()) {
            ("iam", "CreateRole") => {
                self.begin(&ROLE, &call.form("RoleName").unwrap_or_default(), now, chance);
            }
            ("lambda", "CreateFunction") => {
                self.begin(&FUNCTION, text(&call.json()["FunctionName"]), now, chance);
            }
            ("lambda", "UpdateFunctionCode" | "UpdateFunctionConfiguration") => {
                self.begin(&UPDATE, function(call), now, chance);
            }
            ("cloudfront", "CreateDistribution" | "CreateDistributionWithTags" | "UpdateDistribution") => {
                self.begin(&DISTRIBUTION, element(&said, "Id").unwrap_or_default(), now, chance);
            }
            ("route53", "ChangeResourceRecordSets") => {
                for name in proofs(&call.text()) {
                    self.begin(&CERTIFICATE, &name, now, chance);
                }
            }
            ("sqs", "DeleteQueue") => {
                let url = call.json()["QueueUrl"].clone();
                self.begin(&QUEUE, text(&url).rsplit('/').next().unwrap_or_default(), now, chance);
            }
            ("s3-control", "CreateJob") => {
                self.begin(&BATCH, element(&said, "JobId").unwrap_or_default(), now, chance);
            }
            ("s3", "PutBucketVersioning") => {
                self.new_versioning.entry(call.segment(0).to_owned()).or_insert(now);
            }
            ("s3", "DeleteBucket") => drop(self.new_versioning.remove(call.segment(0))),
            ("s3", "PutObject" | "CopyObject" | "CompleteMultipartUpload") => {
                let begun = self.new_versioning.get(call.segment(0));
                if begun.is_some_and(|begun| now < *begun + NEW_VERSIONING) && chance.share() < UNSEEN {
                    self.begin(&OBJECT, call.parts.uri.path(), now, chance);
                }
            }
            _ => {}
        }
    }

    /// Why the call comes too early, if it does.
    pub(super) fn refuse(&self, call: &Call, now: Duration) -> Option<Refusal> {
        let refusal = |status, code, message: String| Some(Refusal { code, status, message });
        match (call.service.as_str(), call.operation.as_str()) {
            ("lambda", "CreateFunction" | "UpdateFunctionConfiguration")
                if self.is_awaited(&ROLE, role(call).as_str(), now) =>
            {
                let says = "The role defined for the function cannot be assumed by Lambda.";
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
                self.is_awaited(&UPDATE, name, now)
                    .then(|| refusal(409, "ResourceConflictException", says))
                    .flatten()
            }
            ("cloudfront", "DeleteDistribution") if self.is_awaited(&DISTRIBUTION, call.segment(2), now) => {
                let says = "The distribution you are trying to delete has not been disabled.";
                refusal(409, "DistributionNotDisabled", says.into())
            }
            ("sqs", "CreateQueue") if self.is_awaited(&QUEUE, text(&call.json()["QueueName"]), now) => {
                let says = "You must wait 60 seconds after deleting a queue before you can create another with the same \
                            name.";
                refusal(400, "QueueDeletedRecently", says.into())
            }
            ("s3-control", "DescribeJob") if self.is_awaited(&BATCH, call.segment(2), now) => {
                refusal(404, "NoSuchJob", "The specified job does not exist.".into())
            }
            ("s3", "GetObject" | "HeadObject") if self.is_awaited(&OBJECT, call.parts.uri.path(), now) => {
                refusal(404, "NoSuchKey", "The specified key does not exist.".into())
            }
            _ => None,
        }
    }

    /// The answer with the states of what is still awaited.
    pub(super) fn alter(&self, call: &Call, answer: Bytes, now: Duration) -> Bytes {
        match (call.service.as_str(), call.operation.as_str()) {
            ("lambda", "GetFunction" | "GetFunctionConfiguration" | "CreateFunction" | "ListFunctions")
            | ("lambda", "UpdateFunctionCode" | "UpdateFunctionConfiguration")
            | ("acm", "DescribeCertificate") => {
                let Ok(mut value) = serde_json::from_slice::<Value>(&answer) else { return answer };
                if call.service == "acm" {
                    self.alter_certificate(&mut value["Certificate"], now);
                } else {
                    self.alter_functions(&mut value, now);
                }
                Bytes::from(value.to_string())
            }
            ("cloudfront", operation) if operation.contains("Distribution") => {
                Bytes::from(self.alter_distributions(&String::from_utf8_lossy(&answer), now))
            }
            _ => answer,
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

/// The name of the role that a call gives to a function.
fn role(call: &Call) -> String {
    text(&call.json()["Role"]).rsplit('/').next().unwrap_or_default().to_owned()
}

/// The name of the function in a path of Lambda, which may be an ARN.
fn function(call: &Call) -> &str {
    call.segment(2).rsplit(':').next().unwrap_or_default()
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
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn note(waits: &mut Waits, call: &Call, answer: &str, now: u64) {
        waits.note(call, answer.as_bytes(), at(now), &mut Chance::always(0.0));
    }

    #[test]
    fn a_new_role_cannot_be_assumed_for_a_moment() {
        let mut waits = Waits::default();
        let made = Call::example("iam", "CreateRole", "POST /", "Action=CreateRole&RoleName=vod-submit");
        note(&mut waits, &made, "", 100);
        let body = r#"{"FunctionName": "vod-submit", "Role": "arn:aws:iam::111122223333:role/vod-submit"}"#;
        let function = Call::example("lambda", "CreateFunction", "POST /2015-03-31/functions", body);
        assert_eq!(waits.refuse(&function, at(101)).unwrap().code, "InvalidParameterValueException");
        assert_eq!(waits.refuse(&function, at(102)), None);
    }

    #[test]
    fn a_function_is_pending_and_takes_no_change_meanwhile() {
        let mut waits = Waits::default();
        let path = "/2015-03-31/functions";
        let body = r#"{"FunctionName": "vod-submit", "Role": "r"}"#;
        let made = Call::example("lambda", "CreateFunction", &format!("POST {path}"), body);
        note(&mut waits, &made, "", 100);
        let read = Call::example("lambda", "GetFunction", &format!("GET {path}/vod-submit"), "");
        let answer = r#"{"Configuration": {"FunctionName": "vod-submit", "State": "Active"}}"#;
        let seen = |waits: &Waits, now| {
            let altered = waits.alter(&read, Bytes::from(answer), at(now));
            serde_json::from_slice::<Value>(&altered).unwrap()["Configuration"].clone()
        };
        assert_eq!(seen(&waits, 100)["State"], "Pending");
        assert_eq!(seen(&waits, 101)["State"], "Active");
        let change = Call::example(
            "lambda",
            "UpdateFunctionConfiguration",
            &format!("PUT {path}/vod-submit/configuration"),
            "{}",
        );
        assert_eq!(waits.refuse(&change, at(100)).unwrap().code, "ResourceConflictException");
        assert_eq!(waits.refuse(&change, at(101)), None);
        note(&mut waits, &change, "", 200);
        assert_eq!(seen(&waits, 200)["LastUpdateStatus"], "InProgress");
        assert_eq!(waits.refuse(&change, at(200)).unwrap().status, 409);
    }

    #[test]
    fn a_distribution_is_in_progress_after_each_change_and_cannot_be_deleted_then() {
        let mut waits = Waits::default();
        let path = "/2020-05-31/distribution";
        let made =
            Call::example("cloudfront", "CreateDistributionWithTags", &format!("POST {path}?WithTags"), "");
        note(&mut waits, &made, "<Distribution><Id>E1</Id><Status>Deployed</Status></Distribution>", 1000);
        let list = Call::example("cloudfront", "ListDistributions", &format!("GET {path}"), "");
        let two = "<Id>E0</Id><Status>Deployed</Status><Id>E1</Id><Status>Deployed</Status>";
        let seen = |waits: &Waits, now| waits.alter(&list, Bytes::from(two), at(now));
        let one_waits = "<Id>E0</Id><Status>Deployed</Status><Id>E1</Id><Status>InProgress</Status>";
        assert_eq!(seen(&waits, 1119), one_waits);
        assert_eq!(seen(&waits, 1120), two);
        let delete = Call::example("cloudfront", "DeleteDistribution", &format!("DELETE {path}/E1"), "");
        assert_eq!(waits.refuse(&delete, at(1100)).unwrap().code, "DistributionNotDisabled");
        assert_eq!(waits.refuse(&delete, at(1120)), None);
    }

    #[test]
    fn a_certificate_waits_for_its_record_and_then_for_a_while() {
        let mut waits = Waits::default();
        let read = Call::example("acm", "DescribeCertificate", "POST /", "{}");
        let answer = json!({ "Certificate": { "Status": "ISSUED", "IssuedAt": 1, "DomainValidationOptions": [
            { "ValidationStatus": "SUCCESS", "ResourceRecord": { "Name": "_a.video.example.com." } },
        ] } });
        let status = |waits: &Waits, now| {
            let altered = waits.alter(&read, Bytes::from(answer.to_string()), at(now));
            serde_json::from_slice::<Value>(&altered).unwrap()["Certificate"]["Status"].clone()
        };
        assert_eq!(status(&waits, 100_000), "PENDING_VALIDATION", "nobody made the record");
        let change = "<Change><Name>_a.video.example.com</Name><Type>CNAME</Type></Change>";
        let uri = "POST /2013-04-01/hostedzone/Z1/rrset";
        note(&mut waits, &Call::example("route53", "ChangeResourceRecordSets", uri, change), "", 100_000);
        assert_eq!(status(&waits, 100_029), "PENDING_VALIDATION");
        assert_eq!(status(&waits, 100_030), "ISSUED");
    }

    #[test]
    fn names_and_jobs_and_objects_are_late_too() {
        let mut waits = Waits::default();
        let url = r#"{"QueueUrl": "http://sqs/111122223333/vod-dead"}"#;
        note(&mut waits, &Call::example("sqs", "DeleteQueue", "POST /", url), "", 0);
        let made = Call::example("sqs", "CreateQueue", "POST /", r#"{"QueueName": "vod-dead"}"#);
        assert_eq!(waits.refuse(&made, at(59)).unwrap().code, "QueueDeletedRecently");
        assert_eq!(waits.refuse(&made, at(60)), None);

        let job = Call::example("s3-control", "CreateJob", "POST /v20180820/jobs", "");
        note(&mut waits, &job, "<CreateJobResult><JobId>j1</JobId></CreateJobResult>", 0);
        let read = Call::example("s3-control", "DescribeJob", "GET /v20180820/jobs/j1", "");
        assert_eq!(waits.refuse(&read, at(0)).unwrap().status, 404);
        assert_eq!(waits.refuse(&read, at(1)), None);

        let object = |operation: &str, method: &str| {
            Call::example("s3", operation, &format!("{method} /vod-source/a.mp4"), "")
        };
        note(&mut waits, &object("PutObject", "PUT"), "", 100);
        assert_eq!(waits.refuse(&object("HeadObject", "HEAD"), at(100)), None, "versioning is not new");
        note(
            &mut waits,
            &Call::example("s3", "PutBucketVersioning", "PUT /vod-source?versioning", ""),
            "",
            100,
        );
        note(&mut waits, &object("PutObject", "PUT"), "", 100);
        assert_eq!(waits.refuse(&object("HeadObject", "HEAD"), at(100)).unwrap().code, "NoSuchKey");
        assert_eq!(waits.refuse(&object("HeadObject", "HEAD"), at(101)), None);
        note(&mut waits, &object("PutObject", "PUT"), "", 100 + 15 * 60);
        assert_eq!(waits.refuse(&object("HeadObject", "HEAD"), at(100 + 15 * 60)), None);
    }
}
