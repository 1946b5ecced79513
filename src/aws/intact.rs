//! Whether an S3 object holds the bytes that it should, by the checksum that S3 itself keeps of it.
//!
//! S3 compares `x-amz-checksum-sha256` with the bytes of an upload, and refuses the upload if they differ. So the checksum
//! that `HeadObject` answers with `ChecksumMode` is that of the stored bytes, whoever wrote them. An object without one is
//! not trusted. Nor is one of a multipart upload: its checksum is one of checksums. Follows the S3 user guide, "Checking
//! object integrity in Amazon S3".

use aws_sdk_s3::types::ChecksumMode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Context, Error, Result, SdkResult};

const ABSENT: &[&str] = &["NoSuchKey", "NoSuchBucket", "NotFound"];
/// The version id of an object that was written while the bucket kept no versions. Such an object can be overwritten.
const UNVERSIONED: &str = "null";

/// A SHA-256 in lower-case hexadecimal as S3 writes it: in base64.
///
/// # Errors
/// When it is no SHA-256.
pub fn s3_checksum(sha256: &str) -> Result<String> {
    let bytes: Option<[u8; 32]> = hex::decode(sha256).ok().and_then(|bytes| bytes.try_into().ok());
    let bytes = bytes.ok_or_else(|| Error::unexpected("provision", format!("{sha256:?} is no SHA-256")))?;
    Ok(STANDARD.encode(bytes))
}

/// What S3 has under a key, compared with what should be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// Nothing that S3 shows. For 15 minutes after a bucket's versioning was enabled, it may not show an object that exists.
    Missing,
    /// Other bytes, or bytes that S3 proves nothing of.
    Other,
    /// The right bytes, in this version. Nobody can change a version, so whoever reads it reads these bytes.
    Intact(String),
}

/// The version that S3 keeps of an object, by the version id in its answer. None if the bucket keeps no versions (yet).
#[must_use]
pub fn kept_version(id: Option<String>) -> Option<String> {
    id.filter(|version| version != UNVERSIONED)
}

/// What S3 has under a key, where bytes with this SHA-256 (lower-case hexadecimal) should be.
///
/// # Errors
/// When the object cannot be looked at.
pub async fn stored(cx: &Context, bucket: &str, key: &str, sha256: &str) -> Result<Stored> {
    let expected = s3_checksum(sha256)?;
    let call = cx.s3().head_object().bucket(bucket).key(key).expected_bucket_owner(&cx.scope.account);
    let call = call.checksum_mode(ChecksumMode::Enabled);
    let Some(found) = call.send().await.unless("s3:GetObject", ABSENT)? else { return Ok(Stored::Missing) };
    let intact = found.checksum_sha256() == Some(&expected);
    Ok(kept_version(found.version_id).filter(|_| intact).map_or(Stored::Other, Stored::Intact))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::HeaderMap;

    use super::*;
    use crate::aws::fake_aws;

    const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    const CHECKSUM: &str = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";

    /// What is taken for intact if S3 answers these headers.
    async fn found(headers: &[(&'static str, &'static str)]) -> Option<String> {
        let headers = headers.to_vec();
        let answer = move |asked: HeaderMap| async move {
            assert_eq!(asked["x-amz-checksum-mode"], "ENABLED", "S3 says nothing of checksums otherwise");
            let pairs =
                headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            pairs.collect::<HeaderMap>()
        };
        let cx = fake_aws::regions(Router::new().fallback(answer)).await.home();
        match stored(&cx, "home", "bundle/x.zip", DIGEST).await.unwrap() {
            Stored::Intact(version) => Some(version),
            Stored::Other => None,
            Stored::Missing => panic!("S3 answered"),
        }
    }

    #[tokio::test]
    async fn what_s3_does_not_show_is_told_from_other_bytes() {
        let cx = fake_aws::regions(Router::new()).await.home();
        assert_eq!(stored(&cx, "home", "bundle/x.zip", DIGEST).await.unwrap(), Stored::Missing);
    }

    #[tokio::test]
    async fn only_a_version_with_s3s_own_checksum_of_these_bytes_is_intact() {
        let (version, checksum) = (("x-amz-version-id", "v1"), ("x-amz-checksum-sha256", CHECKSUM));
        assert_eq!(found(&[version, checksum]).await.as_deref(), Some("v1"));
        assert_eq!(found(&[version]).await, None, "uploaded without the checksum");
        let parts = ("x-amz-checksum-sha256", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=-1");
        assert_eq!(found(&[version, parts]).await, None, "of a multipart upload");
        let other = ("x-amz-checksum-sha256", "LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=");
        assert_eq!(found(&[version, other]).await, None, "other bytes");
        let crc = ("x-amz-checksum-crc32", "NSRBwg==");
        assert_eq!(found(&[version, crc]).await, None, "another kind of checksum");
        assert_eq!(found(&[checksum]).await, None, "a bucket without versions");
        assert_eq!(
            found(&[("x-amz-version-id", "null"), checksum]).await,
            None,
            "written before there were versions"
        );
    }

    #[test]
    fn a_digest_that_is_none_is_an_error() {
        assert_eq!(s3_checksum(DIGEST).unwrap(), CHECKSUM);
        for none in ["", "00", "zz", &DIGEST[..62]] {
            assert!(s3_checksum(none).is_err(), "{none}");
        }
    }
}
