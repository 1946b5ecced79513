//! The input of a job or a probe: copies it from S3 and examines it.

use std::path::{Path, PathBuf};

use tokio::io::AsyncWriteExt;

use super::super::ffmpeg::Media;
use super::MediaConvert;
use super::failure::Failure;
use super::naming::Object;

/// Copies an input from S3 into `work` and returns its path and properties.
pub(super) async fn fetch(
    service: &MediaConvert,
    uri: &str,
    work: &Path,
) -> Result<(PathBuf, Media), Failure> {
    let unreadable = |code, why: &str| {
        Failure::new(code, format!("Unable to open input file [{uri}]: [Failed probe/open: [{why}]]"))
    };
    let Some(source) = Object::parse(uri) else {
        return Err(Failure::unsupported(&format!("outputs of inputs that are not in S3, as {uri}")));
    };
    let got = service.clients.s3.get_object().bucket(&source.bucket).key(&source.key).send().await;
    let mut body = match got {
        Ok(got) => got.body,
        Err(error) => {
            let status = error.raw_response().map_or(400, |response| response.status().as_u16());
            let code = match status {
                401 | 403 | 404 | 408 => 3000 + u32::from(status),
                _ => 3400,
            };
            return Err(unreadable(code, &format!("Failed to read data: {}", error.into_service_error())));
        }
    };
    let path = work.join("input");
    let mut file = tokio::fs::File::create(&path).await?;
    while let Some(bytes) = body.try_next().await.map_err(|error| unreadable(3400, &error.to_string()))? {
        file.write_all(&bytes).await?;
    }
    file.flush().await?;
    let media = service.ffmpeg.probe(&path).await.map_err(|why| unreadable(1010, &why))?;
    Ok((path, media))
}
