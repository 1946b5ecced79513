//! What a call submits: template, parameters, tags, capabilities, role. All are read and checked before anything begins.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use serde_json::Value;
use url::Url;

use super::super::parameters;
use super::super::refusal::ApiRefusal;
use super::super::state::DeclaredStack;
use super::super::template::{LONGEST_BODY, LONGEST_BY_URL, StackTemplate};
use super::super::{CloudFormation, StackCaller};
use super::{is_on, text, texts};
use crate::local::clients;

/// How long S3 may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The text of a call's template; `None` if it names none.
pub(in super::super) async fn template_text(
    service: &CloudFormation,
    caller: &StackCaller,
    form: &Value,
) -> Result<Option<String>, ApiRefusal> {
    match (text(form, "TemplateBody"), text(form, "TemplateURL")) {
        (Some(_), Some(_)) => {
            Err(ApiRefusal::validation("You cannot specify both Template URL and Template Body."))
        }
        (Some(body), None) if body.len() > LONGEST_BODY => {
            let shown: String = body.chars().take(32).collect();
            Err(ApiRefusal::validation(format!(
                "1 validation error detected: Value '{shown}...' at 'templateBody' failed to satisfy constraint: Member must \
                 have length less than or equal to {LONGEST_BODY}"
            )))
        }
        (Some(body), None) => Ok(Some(body.to_owned())),
        (None, Some(url)) => fetched(service, caller, url).await.map(Some),
        (None, None) => Ok(None),
    }
}

/// The bucket, key and version that an address of S3 means.
fn place(url: &str) -> Option<(String, String, Option<String>)> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
    let version = url.query_pairs().find(|(name, _)| name == "versionId").map(|(_, id)| id.into_owned());
    let path = percent_encoding::percent_decode_str(url.path().trim_start_matches('/')).decode_utf8().ok()?;
    let host = url.host_str()?;
    let by_path = || path.split_once('/').map(|(bucket, key)| (bucket.to_owned(), key.to_owned()));
    let in_host =
        host.find(".s3.").or_else(|| host.find(".s3-")).filter(|_| host.ends_with(".amazonaws.com"));
    let (bucket, key) = match in_host {
        Some(at) => (host[..at].to_owned(), path.clone().into_owned()),
        None if host.starts_with("s3") && host.ends_with(".amazonaws.com") => by_path()?,
        None if crate::local::guard::is_loopback(host) => by_path()?,
        None => return None,
    };
    (!key.is_empty()).then_some((bucket, key, version))
}

pub(super) async fn fetched(
    service: &CloudFormation,
    caller: &StackCaller,
    url: &str,
) -> Result<String, ApiRefusal> {
    let unsupported = || ApiRefusal::validation("TemplateURL must be a supported URL.");
    let (bucket, key, version) = place(url).ok_or_else(unsupported)?;
    let config =
        clients::config(&service.http, &service.endpoint, caller.credentials.clone(), &caller.place.region);
    let client = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build(),
    );
    let call = client.get_object().bucket(bucket).key(key).set_version_id(version).send();
    let answer = tokio::time::timeout(PATIENCE, call).await.map_err(|_| refused("Request Timeout"))?;
    let object = answer.map_err(|error| refused(&said(&error)))?;
    let body = object.body.collect().await.map_err(|error| refused(&error.to_string()))?.to_vec();
    if body.len() > LONGEST_BY_URL {
        return Err(ApiRefusal::validation(format!(
            "Template may not exceed {LONGEST_BY_URL} bytes in size."
        )));
    }
    String::from_utf8(body).map_err(|_| ApiRefusal::format("the template is not UTF-8"))
}

fn refused(why: &str) -> ApiRefusal {
    ApiRefusal::validation(format!(
        "S3 error: {why}\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
    ))
}

fn said<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match (error.code(), error.message()) {
        (Some("AccessDenied"), _) => "Access Denied".to_owned(),
        (_, Some(message)) => message.to_owned(),
        (code, None) => code.unwrap_or("the request failed").to_owned(),
    }
}

/// What a call wants a stack to be, with `before` for what it leaves as it was.
pub(super) fn declared(
    service: &CloudFormation,
    form: &Value,
    template: Option<String>,
    before: Option<&DeclaredStack>,
) -> Result<DeclaredStack, ApiRefusal> {
    let template = match (template, before) {
        (Some(text), _) => StackTemplate::read(&text, &|kind| service.is_known_type(kind))?,
        (None, Some(before)) if is_on(form, "UsePreviousTemplate") => before.template.clone(),
        (None, _) => {
            return Err(ApiRefusal::validation("Either Template URL or Template Body must be specified."));
        }
    };
    let capabilities = texts(form, "Capabilities");
    template.check_capabilities(&capabilities)?;
    let previous = before.map(|before| &before.parameters);
    let parameters = parameters::given(&template, &form["Parameters"], previous)?;
    let tags = match (form.get("Tags"), before) {
        (Some(Value::Array(tags)), _) => tags.iter().filter_map(tag).collect(),
        (Some(_), _) => BTreeMap::new(),
        (None, before) => before.map(|before| before.tags.clone()).unwrap_or_default(),
    };
    let capabilities = capabilities.into_iter().map(str::to_owned).collect();
    Ok(DeclaredStack { template, parameters, tags, capabilities })
}

fn tag(tag: &Value) -> Option<(String, String)> {
    Some((tag["Key"].as_str()?.to_owned(), tag["Value"].as_str().unwrap_or_default().to_owned()))
}

/// Refuses a service role that is not there, or that CloudFormation may not assume.
pub(super) async fn check_role(
    service: &CloudFormation,
    caller: &StackCaller,
    role: Option<&str>,
) -> Result<(), ApiRefusal> {
    let Some(arn) = role else { return Ok(()) };
    let refusal = || ApiRefusal::validation(format!("Role {arn} is invalid or cannot be assumed"));
    let name = arn.rsplit('/').next().filter(|_| arn.contains(":role/")).ok_or_else(refusal)?;
    let trust = service.trust_of(&caller.place, name).await.ok_or_else(refusal)?;
    if trust.contains("cloudformation.amazonaws.com") { Ok(()) } else { Err(refusal()) }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_template_is_an_object_of_s3() {
        let at = |url: &str| place(url).map(|(bucket, key, version)| format!("{bucket} {key} {version:?}"));
        for url in [
            "https://b.s3.eu-west-1.amazonaws.com/a/t.json",
            "https://s3.eu-west-1.amazonaws.com/b/a/t.json",
            "https://b.s3.amazonaws.com/a/t.json",
            "http://127.0.0.1:4566/b/a/t.json",
        ] {
            assert_eq!(at(url).as_deref(), Some("b a/t.json None"), "{url}");
        }
        let versioned = at("https://b.s3.eu-west-1.amazonaws.com/t.json?versionId=v1");
        assert_eq!(versioned.as_deref(), Some("b t.json Some(\"v1\")"));
        for url in ["https://example.com/b/t.json", "s3://b/t.json", "nothing", "https://b.s3.amazonaws.com/"]
        {
            assert_eq!(at(url), None, "{url}");
        }
    }
}
