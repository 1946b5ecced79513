//! Which operation a request asks for, in every protocol that the program and the handlers use.
//!
//! The routes are those of AWS's service models.

use axum::http::Method;
use axum::http::request::Parts;
use url::form_urlencoded;

/// A path's operation: method, path, a parameter that the query must have (or not), name. `{}` is one segment, `{+}` the
/// rest, one segment or more. The first that fits counts.
type Route = (&'static str, &'static str, &'static str, &'static str);

const LAMBDA: &[Route] = &[
    ("POST", "2015-03-31/functions", "", "CreateFunction"),
    ("GET", "2015-03-31/functions", "", "ListFunctions"),
    ("GET", "2015-03-31/functions/{}", "", "GetFunction"),
    ("DELETE", "2015-03-31/functions/{}", "", "DeleteFunction"),
    ("GET", "2015-03-31/functions/{}/configuration", "", "GetFunctionConfiguration"),
    ("PUT", "2015-03-31/functions/{}/configuration", "", "UpdateFunctionConfiguration"),
    ("PUT", "2015-03-31/functions/{}/code", "", "UpdateFunctionCode"),
    ("POST", "2015-03-31/functions/{}/policy", "", "AddPermission"),
    ("GET", "2015-03-31/functions/{}/policy", "", "GetPolicy"),
    ("DELETE", "2015-03-31/functions/{}/policy/{}", "", "RemovePermission"),
    ("POST", "2015-03-31/functions/{}/invocations", "", "Invoke"),
    ("PUT", "2017-10-31/functions/{}/concurrency", "", "PutFunctionConcurrency"),
    ("DELETE", "2017-10-31/functions/{}/concurrency", "", "DeleteFunctionConcurrency"),
    ("GET", "2019-09-30/functions/{}/concurrency", "", "GetFunctionConcurrency"),
    ("PUT", "2019-09-25/functions/{}/event-invoke-config", "", "PutFunctionEventInvokeConfig"),
    ("GET", "2019-09-25/functions/{}/event-invoke-config", "", "GetFunctionEventInvokeConfig"),
    ("DELETE", "2019-09-25/functions/{}/event-invoke-config", "", "DeleteFunctionEventInvokeConfig"),
    ("GET", "2021-10-31/functions/{}/urls", "", "ListFunctionUrlConfigs"),
    ("POST", "2021-10-31/functions/{}/url", "", "CreateFunctionUrlConfig"),
    ("GET", "2021-10-31/functions/{}/url", "", "GetFunctionUrlConfig"),
    ("PUT", "2021-10-31/functions/{}/url", "", "UpdateFunctionUrlConfig"),
    ("DELETE", "2021-10-31/functions/{}/url", "", "DeleteFunctionUrlConfig"),
    ("POST", "2015-03-31/event-source-mappings", "", "CreateEventSourceMapping"),
    ("GET", "2015-03-31/event-source-mappings", "", "ListEventSourceMappings"),
    ("GET", "2015-03-31/event-source-mappings/{}", "", "GetEventSourceMapping"),
    ("PUT", "2015-03-31/event-source-mappings/{}", "", "UpdateEventSourceMapping"),
    ("DELETE", "2015-03-31/event-source-mappings/{}", "", "DeleteEventSourceMapping"),
    ("GET", "2017-03-31/tags/{+}", "", "ListTags"),
    ("POST", "2017-03-31/tags/{+}", "", "TagResource"),
    ("DELETE", "2017-03-31/tags/{+}", "", "UntagResource"),
];

const CLOUDFRONT: &[Route] = &[
    ("POST", "2020-05-31/distribution", "WithTags", "CreateDistributionWithTags"),
    ("POST", "2020-05-31/distribution", "", "CreateDistribution"),
    ("GET", "2020-05-31/distribution", "", "ListDistributions"),
    ("GET", "2020-05-31/distribution/{}", "", "GetDistribution"),
    ("DELETE", "2020-05-31/distribution/{}", "", "DeleteDistribution"),
    ("GET", "2020-05-31/distribution/{}/config", "", "GetDistributionConfig"),
    ("PUT", "2020-05-31/distribution/{}/config", "", "UpdateDistribution"),
    ("POST", "2020-05-31/distribution/{}/invalidation", "", "CreateInvalidation"),
    ("GET", "2020-05-31/distribution/{}/invalidation/{}", "", "GetInvalidation"),
    ("PUT", "2020-05-31/distribution/{}/associate-alias", "", "AssociateAlias"),
    ("GET", "2020-05-31/conflicting-alias", "", "ListConflictingAliases"),
    ("POST", "2020-05-31/distributions/{}/monitoring-subscription", "", "CreateMonitoringSubscription"),
    ("GET", "2020-05-31/distributions/{}/monitoring-subscription", "", "GetMonitoringSubscription"),
    ("DELETE", "2020-05-31/distributions/{}/monitoring-subscription", "", "DeleteMonitoringSubscription"),
    ("POST", "2020-05-31/origin-access-control", "", "CreateOriginAccessControl"),
    ("GET", "2020-05-31/origin-access-control", "", "ListOriginAccessControls"),
    ("GET", "2020-05-31/origin-access-control/{}", "", "GetOriginAccessControl"),
    ("PUT", "2020-05-31/origin-access-control/{}/config", "", "UpdateOriginAccessControl"),
    ("DELETE", "2020-05-31/origin-access-control/{}", "", "DeleteOriginAccessControl"),
    ("POST", "2020-05-31/cache-policy", "", "CreateCachePolicy"),
    ("GET", "2020-05-31/cache-policy", "", "ListCachePolicies"),
    ("GET", "2020-05-31/cache-policy/{}", "", "GetCachePolicy"),
    ("PUT", "2020-05-31/cache-policy/{}", "", "UpdateCachePolicy"),
    ("DELETE", "2020-05-31/cache-policy/{}", "", "DeleteCachePolicy"),
    ("POST", "2020-05-31/origin-request-policy", "", "CreateOriginRequestPolicy"),
    ("DELETE", "2020-05-31/origin-request-policy/{}", "", "DeleteOriginRequestPolicy"),
    ("POST", "2020-05-31/response-headers-policy", "", "CreateResponseHeadersPolicy"),
    ("GET", "2020-05-31/response-headers-policy", "", "ListResponseHeadersPolicies"),
    ("GET", "2020-05-31/response-headers-policy/{}", "", "GetResponseHeadersPolicy"),
    ("PUT", "2020-05-31/response-headers-policy/{}", "", "UpdateResponseHeadersPolicy"),
    ("DELETE", "2020-05-31/response-headers-policy/{}", "", "DeleteResponseHeadersPolicy"),
    ("POST", "2020-05-31/public-key", "", "CreatePublicKey"),
    ("GET", "2020-05-31/public-key", "", "ListPublicKeys"),
    ("GET", "2020-05-31/public-key/{}", "", "GetPublicKey"),
    ("PUT", "2020-05-31/public-key/{}/config", "", "UpdatePublicKey"),
    ("DELETE", "2020-05-31/public-key/{}", "", "DeletePublicKey"),
    ("POST", "2020-05-31/key-group", "", "CreateKeyGroup"),
    ("GET", "2020-05-31/key-group", "", "ListKeyGroups"),
    ("GET", "2020-05-31/key-group/{}", "", "GetKeyGroup"),
    ("PUT", "2020-05-31/key-group/{}", "", "UpdateKeyGroup"),
    ("DELETE", "2020-05-31/key-group/{}", "", "DeleteKeyGroup"),
    ("GET", "2020-05-31/tagging", "", "ListTagsForResource"),
    ("POST", "2020-05-31/tagging", "Operation=Tag", "TagResource"),
    ("POST", "2020-05-31/tagging", "Operation=Untag", "UntagResource"),
];

const ROUTE53: &[Route] = &[
    ("POST", "2013-04-01/hostedzone", "", "CreateHostedZone"),
    ("GET", "2013-04-01/hostedzone", "", "ListHostedZones"),
    ("GET", "2013-04-01/hostedzonesbyname", "", "ListHostedZonesByName"),
    ("GET", "2013-04-01/hostedzone/{}", "", "GetHostedZone"),
    ("DELETE", "2013-04-01/hostedzone/{}", "", "DeleteHostedZone"),
    ("POST", "2013-04-01/hostedzone/{}/rrset", "", "ChangeResourceRecordSets"),
    ("GET", "2013-04-01/hostedzone/{}/rrset", "", "ListResourceRecordSets"),
    ("GET", "2013-04-01/change/{}", "", "GetChange"),
    ("GET", "2013-04-01/tags/{}/{}", "", "ListTagsForResource"),
];

const MEDIACONVERT: &[Route] = &[
    ("POST", "2017-08-29/jobs", "", "CreateJob"),
    ("GET", "2017-08-29/jobs", "", "ListJobs"),
    ("GET", "2017-08-29/jobs/{}", "", "GetJob"),
    ("DELETE", "2017-08-29/jobs/{}", "", "CancelJob"),
    ("POST", "2017-08-29/queues", "", "CreateQueue"),
    ("GET", "2017-08-29/queues", "", "ListQueues"),
    ("GET", "2017-08-29/queues/{}", "", "GetQueue"),
    ("PUT", "2017-08-29/queues/{}", "", "UpdateQueue"),
    ("DELETE", "2017-08-29/queues/{}", "", "DeleteQueue"),
    ("POST", "2017-08-29/jobTemplates", "", "CreateJobTemplate"),
    ("GET", "2017-08-29/jobTemplates", "", "ListJobTemplates"),
    ("GET", "2017-08-29/jobTemplates/{}", "", "GetJobTemplate"),
    ("PUT", "2017-08-29/jobTemplates/{}", "", "UpdateJobTemplate"),
    ("DELETE", "2017-08-29/jobTemplates/{}", "", "DeleteJobTemplate"),
    ("POST", "2017-08-29/probe", "", "Probe"),
    ("POST", "2017-08-29/tags", "", "TagResource"),
    ("GET", "2017-08-29/tags/{+}", "", "ListTagsForResource"),
    ("PUT", "2017-08-29/tags/{+}", "", "UntagResource"),
];

const S3_CONTROL: &[Route] = &[
    ("POST", "v20180820/jobs", "", "CreateJob"),
    ("GET", "v20180820/jobs", "", "ListJobs"),
    ("GET", "v20180820/jobs/{}", "", "DescribeJob"),
    ("POST", "v20180820/jobs/{}/status", "", "UpdateJobStatus"),
    ("GET", "v20180820/jobs/{}/tagging", "", "GetJobTagging"),
];

/// What a bucket's parameter without a value stands for, in `GetBucket…`, `PutBucket…`, `DeleteBucket…`.
const OF_BUCKETS: &[(&str, &str)] = &[
    ("versioning", "BucketVersioning"),
    ("encryption", "BucketEncryption"),
    ("lifecycle", "BucketLifecycleConfiguration"),
    ("cors", "BucketCors"),
    ("policy", "BucketPolicy"),
    ("policyStatus", "BucketPolicyStatus"),
    ("notification", "BucketNotificationConfiguration"),
    ("logging", "BucketLogging"),
    ("replication", "BucketReplication"),
    ("tagging", "BucketTagging"),
    ("acl", "BucketAcl"),
    ("location", "BucketLocation"),
    ("ownershipControls", "BucketOwnershipControls"),
    ("publicAccessBlock", "PublicAccessBlock"),
];

/// The operation that a request to a service asks for. `None` if it is none that this program or the handlers use.
///
/// `body` is needed for services whose body names the operation.
pub(super) fn name(service: &str, is_s3_control: bool, parts: &Parts, body: &[u8]) -> Option<String> {
    if let Some(target) = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok()) {
        return target.rsplit_once('.').map(|(_, operation)| operation.to_owned());
    }
    let routes = match service {
        "s3" if is_s3_control => S3_CONTROL,
        "s3" => return of_s3(parts),
        "lambda" => LAMBDA,
        "cloudfront" => CLOUDFRONT,
        "route53" => ROUTE53,
        "mediaconvert" => MEDIACONVERT,
        _ => return of_path(parts).or_else(|| of_form(body)),
    };
    let path = parts.uri.path().trim_matches('/');
    let query = parts.uri.query().unwrap_or_default();
    let fits = |(method, pattern, marker, _): &&Route| {
        parts.method.as_str() == *method && matches(pattern, path) && has(query, marker)
    };
    routes.iter().find(fits).map(|(.., operation)| (*operation).to_owned())
}

/// The `Action` of a form.
fn of_form(body: &[u8]) -> Option<String> {
    form_urlencoded::parse(body).find(|(name, _)| name == "Action").map(|(_, action)| action.into_owned())
}

/// The end of a path of Smithy's RPC protocol: `/service/<name>/operation/<operation>`.
fn of_path(parts: &Parts) -> Option<String> {
    parts.uri.path().split_once("/operation/").map(|(_, operation)| operation.to_owned())
}

fn has(query: &str, marker: &str) -> bool {
    marker.is_empty() || query.split('&').any(|pair| pair == marker || pair.split('=').next() == Some(marker))
}

fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    for wanted in pattern.split('/') {
        let Some(part) = parts.next() else { return false };
        match wanted {
            "{+}" => return true,
            "{}" => {}
            constant if constant != part => return false,
            _ => {}
        }
    }
    parts.next().is_none()
}

fn of_s3(parts: &Parts) -> Option<String> {
    let path = parts.uri.path().trim_start_matches('/');
    let query = parts.uri.query().unwrap_or_default();
    let key = path.split_once('/').map_or("", |(_, key)| key);
    let verb = match parts.method {
        Method::GET => "Get",
        Method::PUT => "Put",
        Method::DELETE => "Delete",
        _ => "",
    };
    if path.is_empty() {
        return (verb == "Get").then(|| "ListBuckets".to_owned());
    }
    let named =
        if key.is_empty() { of_bucket(&parts.method, verb, query) } else { of_object(parts, verb, query) };
    named.filter(|name| !name.is_empty())
}

fn of_bucket(method: &Method, verb: &str, query: &str) -> Option<String> {
    if let Some((_, what)) = OF_BUCKETS.iter().find(|(marker, _)| has(query, marker)) {
        let what = if verb == "Delete" { what.trim_end_matches("Configuration") } else { what };
        return (!verb.is_empty()).then(|| format!("{verb}{what}"));
    }
    let name = match *method {
        Method::GET if has(query, "versions") => "ListObjectVersions",
        Method::GET if has(query, "uploads") => "ListMultipartUploads",
        Method::GET if has(query, "list-type") => "ListObjectsV2",
        Method::GET => "ListObjects",
        Method::POST if has(query, "delete") => "DeleteObjects",
        Method::PUT => "CreateBucket",
        Method::DELETE => "DeleteBucket",
        Method::HEAD => "HeadBucket",
        _ => return None,
    };
    Some(name.to_owned())
}

fn of_object(parts: &Parts, verb: &str, query: &str) -> Option<String> {
    let copies = parts.headers.contains_key("x-amz-copy-source");
    let name = match parts.method {
        _ if has(query, "tagging") => return Some(format!("{verb}ObjectTagging")),
        Method::POST if has(query, "uploads") => "CreateMultipartUpload",
        Method::POST if has(query, "uploadId") => "CompleteMultipartUpload",
        Method::POST if has(query, "restore") => "RestoreObject",
        Method::DELETE if has(query, "uploadId") => "AbortMultipartUpload",
        Method::PUT if has(query, "partNumber") && copies => "UploadPartCopy",
        Method::PUT if has(query, "partNumber") => "UploadPart",
        Method::PUT if copies => "CopyObject",
        Method::PUT => "PutObject",
        Method::GET if has(query, "uploadId") => "ListParts",
        Method::GET => "GetObject",
        Method::HEAD => "HeadObject",
        Method::DELETE => "DeleteObject",
        _ => return None,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn named(service: &str, request: &str, headers: &[(&str, &str)], body: &str) -> Option<String> {
        let (method, uri) = request.split_once(' ').unwrap();
        let mut builder = Request::builder().method(method).uri(uri);
        for (header, value) in headers {
            builder = builder.header(*header, *value);
        }
        let parts = builder.body(()).unwrap().into_parts().0;
        name(service.trim_end_matches("control"), service == "s3control", &parts, body.as_bytes())
    }

    #[test]
    fn an_operation_is_known_in_every_protocol() {
        for (service, request, operation) in [
            ("s3", "GET /", "ListBuckets"),
            ("s3", "PUT /bucket", "CreateBucket"),
            ("s3", "PUT /bucket?versioning", "PutBucketVersioning"),
            ("s3", "DELETE /bucket?lifecycle", "DeleteBucketLifecycle"),
            ("s3", "GET /bucket/?list-type=2&prefix=a", "ListObjectsV2"),
            ("s3", "POST /bucket?delete", "DeleteObjects"),
            ("s3", "PUT /bucket/a/b?tagging", "PutObjectTagging"),
            ("s3", "PUT /bucket/a?partNumber=1&uploadId=x", "UploadPart"),
            ("s3", "GET /bucket/a?versionId=1&x-id=GetObject", "GetObject"),
            ("s3control", "GET /v20180820/jobs/1", "DescribeJob"),
            ("lambda", "GET /2015-03-31/functions/vod-submit", "GetFunction"),
            ("lambda", "GET /2017-03-31/tags/arn%3Aaws", "ListTags"),
            ("cloudfront", "POST /2020-05-31/distribution?WithTags", "CreateDistributionWithTags"),
            ("cloudfront", "POST /2020-05-31/distribution", "CreateDistribution"),
            ("cloudfront", "POST /2020-05-31/tagging?Operation=Untag&Resource=x", "UntagResource"),
            ("route53", "POST /2013-04-01/hostedzone/Z1/rrset/", "ChangeResourceRecordSets"),
            ("mediaconvert", "POST /2017-08-29/jobs", "CreateJob"),
            (
                "monitoring",
                "POST /service/GraniteServiceVersion20100801/operation/PutMetricAlarm",
                "PutMetricAlarm",
            ),
        ] {
            assert_eq!(named(service, request, &[], "").as_deref(), Some(operation), "{request}");
        }
        let target = [("x-amz-target", "AmazonSQS.CreateQueue")];
        assert_eq!(named("sqs", "POST /", &target, "{}").as_deref(), Some("CreateQueue"));
        let form = "Version=2010-05-08&Action=CreateRole";
        assert_eq!(named("iam", "POST /", &[], form).as_deref(), Some("CreateRole"));
        let copy = [("x-amz-copy-source", "a/b")];
        assert_eq!(named("s3", "PUT /bucket/key", &copy, "").as_deref(), Some("CopyObject"));
        assert_eq!(named("lambda", "GET /elsewhere", &[], ""), None);
    }
}
