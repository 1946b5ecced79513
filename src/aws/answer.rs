//! How an answer is named in the log of calls: its status, and AWS's code where it is an error.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// The status and AWS's code, such as `404 NoSuchKey`. Only the status where the answer has no code, as for HEAD.
pub(super) fn name(response: &HttpResponse) -> String {
    let status = response.status().as_u16();
    let header = response.headers().get("x-amzn-errortype").map(bare);
    let body = || std::str::from_utf8(response.body().bytes()?).ok().and_then(written);
    match header.or_else(body).filter(|code| !code.is_empty()) {
        Some(code) => format!("{status} {code}"),
        None => status.to_string(),
    }
}

/// The code in a body: the `Code` of XML, the `__type` or `code` of JSON.
fn written(body: &str) -> Option<&str> {
    if let Some((_, rest)) = body.split_once("<Code>") {
        return rest.split_once("</Code>").map(|(code, _)| code);
    }
    let members = [r#""__type":"#, r#""code":"#].into_iter();
    let mut values = members.filter_map(|member| body.split_once(member).map(|(_, rest)| rest));
    values.next()?.trim_start().strip_prefix('"')?.split_once('"').map(|(code, _)| bare(code))
}

/// A code without the namespace before it and the address after it.
fn bare(code: &str) -> &str {
    let code = code.split_once(':').map_or(code, |(code, _)| code);
    code.rsplit_once('#').map_or(code, |(_, code)| code)
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn answer(status: u16, kind: Option<&'static str>, body: &'static str) -> String {
        let status = StatusCode::try_from(status).unwrap();
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        if let Some(kind) = kind {
            response.headers_mut().insert("x-amzn-errortype", kind);
        }
        name(&response)
    }

    #[test]
    fn an_answer_is_named_by_its_status_and_code_in_every_protocol() {
        assert_eq!(answer(404, None, ""), "404");
        assert_eq!(answer(404, None, "<Error><Code>NoSuchKey</Code></Error>"), "404 NoSuchKey");
        let json = r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no"}"#;
        assert_eq!(answer(400, None, json), "400 QueueDoesNotExist");
        let header = Some("ResourceConflictException:http://internal.amazon.com/coral/");
        assert_eq!(answer(409, header, "{}"), "409 ResourceConflictException");
        assert_eq!(answer(500, None, "a page of a proxy"), "500");
    }
}
