//! Checks that access is refused where it must be. Plain HTTP is redirected. Private videos need a signature. The
//! bucket answers only its distribution.

use std::time::Duration;

use asset::output;
use http::{StatusCode, header};
use url::Url;

use super::fault::{Authority, Fault};
use super::http::Client;
use super::{Error, Stage};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// With this header the local viewer front takes a request for plain HTTP. Its own address counts as HTTPS.
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Tries every access to the multivariant playlist at `address` that must be refused.
///
/// The bucket itself is only checked on AWS. The local cloud's S3 lets everybody read unless it enforces IAM.
///
/// # Errors
/// When an address cannot be reached at all.
pub(super) async fn check(stage: &Stage<'_>, address: &Url, asset: &str) -> Result<Vec<Fault>, Error> {
    let unreachable = |why| Error::Unplayable { address: address.to_string(), why };
    let stranger = Client::new(PATIENCE, stage.cx.connection().network());
    let mut faults = Vec::new();
    let mut plain = address.clone();
    let forwarded: &[_] = match plain.set_scheme("http") {
        Ok(()) => &[(FORWARDED_PROTO, "http")],
        Err(()) => &[],
    };
    let answer = stranger.get(&plain, forwarded).await.map_err(unreachable)?;
    let to = answer.headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
    // This request never carries a signature: sent over plain HTTP, anybody could read and reuse it.
    let unsigned = stage.cookie.is_some() && answer.status == StatusCode::FORBIDDEN;
    faults.extend(redirected(answer.status, to).filter(|_| !unsigned));
    if stage.cookie.is_some() {
        let answer = stranger.get(address, &[]).await.map_err(unreachable)?;
        faults.extend(refused(answer.status, "a request without a signature"));
    }
    if !stage.cx.connection().is_local() {
        let bucket = bucket(stage.output, stage.cx.region(), asset);
        let bucket = Url::parse(&bucket).map_err(|error| unreachable(error.to_string()))?;
        let answer = stranger.get(&bucket, &[]).await.map_err(unreachable)?;
        faults.extend(refused(answer.status, "a request to S3 itself, not through the distribution,"));
    }
    Ok(faults)
}

/// The address of the multivariant playlist in S3 itself.
fn bucket(name: &str, region: &str, asset: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{name}.s3.{region}.{domain}/{}", output::playlist(asset))
}

fn fault(what: String) -> Fault {
    Fault { playlist: String::new(), rule: Authority::Stack, what }
}

fn redirected(status: StatusCode, to: Option<&str>) -> Option<Fault> {
    let secure = status.is_redirection() && to.is_some_and(|to| to.starts_with("https://"));
    (!secure).then(|| fault(format!("plain HTTP is answered {status} instead of a redirect to HTTPS")))
}

fn refused(status: StatusCode, who: &str) -> Option<Fault> {
    (status != StatusCode::FORBIDDEN)
        .then(|| fault(format!("{who} is answered {status} instead of being refused")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_in_that_is_open_is_a_fault() {
        assert_eq!(redirected(StatusCode::MOVED_PERMANENTLY, Some("https://video.example/a")), None);
        let said = |fault: Option<Fault>| fault.unwrap().to_string();
        insta::assert_snapshot!(said(redirected(StatusCode::OK, None)), @"the multivariant playlist: plain HTTP is answered 200 OK instead of a redirect to HTTPS");
        assert!(redirected(StatusCode::FOUND, Some("http://video.example/a")).is_some());
        assert_eq!(refused(StatusCode::FORBIDDEN, "a request without a signature"), None);
        insta::assert_snapshot!(said(refused(StatusCode::OK, "a request without a signature")), @"the multivariant playlist: a request without a signature is answered 200 OK instead of being refused");
    }

    #[test]
    fn the_bucket_is_asked_at_its_own_address() {
        assert_eq!(
            bucket("vod-output", "ap-northeast-2", "a-1"),
            "https://vod-output.s3.ap-northeast-2.amazonaws.com/assets/a-1/index.m3u8"
        );
        assert!(bucket("vod-output", "cn-north-1", "a-1").contains(".amazonaws.com.cn/"));
    }
}
