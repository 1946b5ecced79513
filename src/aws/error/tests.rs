//! What failed calls say, and what they mean.

use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;

use super::*;

#[test]
fn a_failed_call_says_which_what_and_what_to_do() {
    let error = Error {
        call: "sqs:CreateQueue",
        class: classify("AccessDenied"),
        code: "AccessDenied".into(),
        message: "not authorized".into(),
        request_id: Some("r-1".into()),
        hint: None,
    };
    assert_eq!(error.to_string(), "sqs:CreateQueue failed with AccessDenied: not authorized (request r-1)");
    let help = error.help().map(|help| help.to_string());
    assert_eq!(help.as_deref(), Some("allow `sqs:CreateQueue` for the identity you run as"));
}

#[test]
fn help_names_the_action_that_aws_names() {
    let help = |message: &str| {
        let error = Error { class: Class::Denied, ..Error::unexpected("lambda:CreateFunction", message) };
        error.help().map(|help| help.to_string()).unwrap_or_default()
    };
    let allow = |action: &str| format!("allow `{action}` for the identity you run as");
    let pass = "User: arn:aws:iam::1:user/me is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/r";
    assert_eq!(help(pass), allow("iam:PassRole"));
    assert_eq!(help("Your access has been denied by S3, please check"), allow("s3:GetObject"));
    assert_eq!(help("no"), allow("lambda:CreateFunction"));
    let scp = "User: arn:aws:iam::1:user/me is not authorized to perform: sns:ListTopics on resource: * with an explicit \
               deny in a service control policy";
    assert!(help(scp).starts_with("a service control policy of the organization denies `sns:ListTopics`"));
}

#[test]
fn a_failure_of_the_service_is_tried_again_and_an_unknown_key_may_be_a_region_that_is_off() {
    let help = |status: u16, code: &str| {
        let meta = ErrorMetadata::builder().code(code).message("no").build();
        let error = aws_sdk_s3::operation::head_object::HeadObjectError::generic(meta);
        let raw = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        let error = from_sdk("lambda:GetFunction", &SdkError::service_error(error, raw));
        error.help().map(|help| help.to_string()).unwrap_or_default()
    };
    assert!(help(500, "ServiceException").starts_with("run the command again"));
    assert_eq!(help(400, "InvalidParameterValueException"), "");
    assert!(help(403, "InvalidClientTokenId").contains("get-region-opt-status"));
    assert!(help(403, "InvalidSignatureException").contains("sign in again"));
}

#[test]
fn a_full_quota_is_no_throttling_and_says_what_to_do() {
    let help = |code: &str| {
        let class = classify(code);
        let error = Error { class, code: code.into(), ..Error::unexpected("events:PutRule", "") };
        error.help().map(|help| help.to_string())
    };
    for code in ["LimitExceededException", "LimitExceeded", "TooManyCachePolicies", "TooManyBuckets"] {
        let help = help(code).unwrap_or_default();
        assert!(help.contains("Service Quotas"), "{code}: {help}");
    }
    assert_eq!(help("TooManyInvalidationsInProgress"), None);
    assert!(help("TooManyRequestsException").unwrap().contains("in a minute"));
}

#[test]
fn a_reservation_that_does_not_fit_says_how_to_go_on() {
    let said = "decreases account's UnreservedConcurrentExecution below its minimum value of [10]";
    let help = Error::unexpected("lambda:PutFunctionConcurrency", said).help().unwrap().to_string();
    assert!(help.contains("Service Quotas") && help.contains("reserved_concurrency: none"), "{help}");
}

#[test]
fn an_answer_without_a_body_is_known_by_its_status() {
    let class = |status: u16| {
        let error = aws_sdk_s3::operation::head_object::HeadObjectError::generic(ErrorMetadata::default());
        let raw = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        from_sdk("s3:GetObject", &SdkError::service_error(error, raw)).class
    };
    assert_eq!([403, 400, 503].map(class), [Class::Denied, Class::Refused, Class::Unreachable]);
}
