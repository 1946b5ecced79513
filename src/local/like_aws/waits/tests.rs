//! Each wait, with the time passed in.

use axum::body::Body;
use axum::http::Response;

use super::*;

/// How long everything that these tests begin takes.
fn took(wait: &'static Wait, what: &str) -> Duration {
    Dice::new(1).between(wait.seconds, wait.name, what)
}

const BEGUN: Duration = Duration::from_secs(100);

fn note(waits: &mut Waits, call: &ServiceCall, answer: &str) {
    waits.note(call, answer, BEGUN, Dice::new(1));
}

async fn seen(waits: &Waits, call: &ServiceCall, answer: &str, now: Duration) -> String {
    let mut answered = Answered::read(Response::new(Body::from(answer.to_owned()))).await.unwrap();
    waits.alter(call, &mut answered, now);
    answered.text().to_owned()
}

/// Whether the call is refused with this code until the wait is over.
fn is_refused_until(waits: &Waits, call: &ServiceCall, end: Duration, code: &str) {
    let refused = waits.refuse(call, end.saturating_sub(Duration::from_millis(1)));
    assert_eq!(refused.map(|refused| refused.code).as_deref(), Some(code));
    assert_eq!(waits.refuse(call, end), None, "it is over");
}

#[test]
fn a_new_role_cannot_be_assumed_for_a_moment() {
    let mut waits = Waits::default();
    note(&mut waits, &ServiceCall::example("iam", "CreateRole", &[("RoleName", "vod-submit")], ""), "");
    let role = ("Role", "arn:aws:iam::111122223333:role/vod-submit");
    let function =
        ServiceCall::example("lambda", "CreateFunction", &[("FunctionName", "vod-submit"), role], "");
    let end = BEGUN + took(&ROLE, "vod-submit");
    is_refused_until(&waits, &function, end, "InvalidParameterValueException");
}

#[test]
fn a_new_policy_does_not_count_for_a_moment() {
    let mut waits = Waits::default();
    let (name, role) =
        (("FunctionName", "vod-submit"), ("Role", "arn:aws:iam::111122223333:role/service/vod-role"));
    note(&mut waits, &ServiceCall::example("lambda", "CreateFunction", &[name, role], ""), "");
    note(&mut waits, &ServiceCall::example("iam", "PutRolePolicy", &[("RoleName", "vod-role")], ""), "");
    let to = |body| ServiceCall::example("lambda", "PutFunctionEventInvokeConfig", &[name], body);
    let queue = to(r#"{"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:1:q"}}}"#);
    is_refused_until(&waits, &queue, BEGUN + took(&POLICY, "vod-role"), "InvalidParameterValueException");
    assert_eq!(waits.refuse(&to(r#"{"MaximumRetryAttempts": 0}"#), BEGUN), None, "it calls nothing");
}

#[tokio::test]
async fn a_function_is_pending_and_takes_no_change_meanwhile() {
    let mut waits = Waits::default();
    let of = |operation| ServiceCall::example("lambda", operation, &[("FunctionName", "vod-submit")], "");
    note(&mut waits, &of("CreateFunction"), "");
    let answer = r#"{"Configuration": {"FunctionName": "vod-submit", "State": "Active"}}"#;
    let end = BEGUN + took(&FUNCTION, "vod-submit");
    assert!(seen(&waits, &of("GetFunction"), answer, BEGUN).await.contains(r#""State":"Pending""#));
    assert!(seen(&waits, &of("GetFunction"), answer, end).await.contains(r#""State":"Active""#));
    let change = of("UpdateFunctionConfiguration");
    is_refused_until(&waits, &change, end, "ResourceConflictException");
    note(&mut waits, &change, "");
    let changing = seen(&waits, &of("GetFunction"), answer, end.max(BEGUN)).await;
    let is_over = end >= BEGUN + took(&UPDATE, "vod-submit");
    assert_eq!(changing.contains(r#""LastUpdateStatus":"InProgress""#), !is_over);
    assert!(waits.refuse(&change, BEGUN).is_some());
}

#[tokio::test]
async fn a_distribution_is_in_progress_after_each_change_and_cannot_be_deleted_then() {
    let mut waits = Waits::default();
    let made = ServiceCall::example("cloudfront", "CreateDistributionWithTags", &[], "");
    note(&mut waits, &made, "<Distribution><Id>E1</Id><Status>Deployed</Status></Distribution>");
    let list = ServiceCall::example("cloudfront", "ListDistributions", &[], "");
    let two = "<Id>E0</Id><Status>Deployed</Status><Id>E1</Id><Status>Deployed</Status>";
    let end = BEGUN + took(&DISTRIBUTION, "E1");
    let one_waits = "<Id>E0</Id><Status>Deployed</Status><Id>E1</Id><Status>InProgress</Status>";
    assert_eq!(seen(&waits, &list, two, BEGUN).await, one_waits);
    assert_eq!(seen(&waits, &list, two, end).await, two);
    let delete = ServiceCall::example("cloudfront", "DeleteDistribution", &[("Id", "E1")], "");
    is_refused_until(&waits, &delete, end, "DistributionNotDisabled");
}

#[tokio::test]
async fn a_certificate_waits_for_its_record_and_then_for_a_while() {
    let mut waits = Waits::default();
    let read = ServiceCall::example("acm", "DescribeCertificate", &[], "");
    let answer = json!({ "Certificate": { "Status": "ISSUED", "IssuedAt": 1, "DomainValidationOptions": [
        { "ValidationStatus": "SUCCESS", "ResourceRecord": { "Name": "_a.video.example.com." } },
    ] } });
    let answer = answer.to_string();
    let pending = r#""Status":"PENDING_VALIDATION""#;
    let later = BEGUN + Duration::from_secs(100_000);
    assert!(seen(&waits, &read, &answer, later).await.contains(pending), "nobody made the record");
    let change = "<Change><Name>_a.video.example.com</Name><Type>CNAME</Type></Change>";
    note(&mut waits, &ServiceCall::example("route53", "ChangeResourceRecordSets", &[], change), "");
    let end = BEGUN + took(&CERTIFICATE, "_a.video.example.com");
    assert!(seen(&waits, &read, &answer, BEGUN).await.contains(pending));
    assert!(seen(&waits, &read, &answer, end).await.contains(r#""Status":"ISSUED""#));
}

#[test]
fn names_and_jobs_are_late_too() {
    let mut waits = Waits::default();
    let url = ("QueueUrl", "http://sqs/111122223333/vod-dead");
    note(&mut waits, &ServiceCall::example("sqs", "DeleteQueue", &[url], ""), "");
    let made = ServiceCall::example("sqs", "CreateQueue", &[("QueueName", "vod-dead")], "");
    is_refused_until(&waits, &made, BEGUN + Duration::from_secs(60), "QueueDeletedRecently");

    let job = ServiceCall::example("s3control", "CreateJob", &[], "");
    note(&mut waits, &job, "<CreateJobResult><JobId>j1</JobId></CreateJobResult>");
    let read = ServiceCall::example("s3control", "DescribeJob", &[("JobId", "j1")], "");
    is_refused_until(&waits, &read, BEGUN + took(&BATCH, "j1"), "NoSuchJob");
}

#[test]
fn some_objects_are_not_seen_at_once_while_versioning_is_new() {
    let objects: Vec<String> = (0..40).map(|n| format!("{n}.mp4")).collect();
    let of = |operation, key: &str| {
        ServiceCall::example("s3", operation, &[("Bucket", "vod-source"), ("Key", key)], "")
    };
    let unseen = |waits: &mut Waits| {
        objects.iter().for_each(|key| note(waits, &of("PutObject", key), ""));
        objects.iter().filter(|key| waits.refuse(&of("HeadObject", key), BEGUN).is_some()).count()
    };
    let mut waits = Waits::default();
    assert_eq!(unseen(&mut waits), 0, "versioning is not new");
    note(&mut waits, &ServiceCall::example("s3", "PutBucketVersioning", &[("Bucket", "vod-source")], ""), "");
    let some = unseen(&mut waits);
    assert!((1..30).contains(&some), "{some} of 40");
    let end = BEGUN + Duration::from_secs(OBJECT.seconds.1);
    assert!(objects.iter().all(|key| waits.refuse(&of("HeadObject", key), end).is_none()));
}

#[tokio::test]
async fn a_change_of_a_key_group_is_rolled_out_by_the_distributions_that_use_it() {
    let mut waits = Waits::default();
    let made = |id: &str, group: &str| {
        let config =
            format!("<TrustedKeyGroups><Items><KeyGroup>{group}</KeyGroup></Items></TrustedKeyGroups>");
        (
            ServiceCall::example("cloudfront", "UpdateDistribution", &[("Id", id)], &config),
            format!("<Id>{id}</Id>"),
        )
    };
    for (call, said) in [made("E1", "group-1"), made("E2", "group-2")] {
        note(&mut waits, &call, &said);
    }
    let is_rolled_out = |waits: &Waits, id: &str, now| !waits.is_awaited(&DISTRIBUTION, id, now);
    let later = BEGUN + Duration::from_secs(1000);
    assert!(is_rolled_out(&waits, "E1", later) && is_rolled_out(&waits, "E2", later));
    let changed = ServiceCall::example("cloudfront", "UpdateKeyGroup", &[("Id", "group-1")], "");
    waits.note(&changed, "", later, Dice::new(1));
    assert!(!is_rolled_out(&waits, "E1", later) && is_rolled_out(&waits, "E2", later));
    assert!(is_rolled_out(&waits, "E1", later + took(&DISTRIBUTION, "E1")));
}
