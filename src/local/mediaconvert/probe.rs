//! The properties of an input, in MediaConvert's two forms: the `Probe` operation and the `INPUT_INFORMATION` event.

mod names;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde_json::{Value, json};

use super::super::ffmpeg::{FieldOrder, Media, Video};
use super::members::object;
use super::naming::Object;
use super::refusal::Refusal;
use super::{MediaConvert, input, random};

/// Answers `Probe`: one result per file.
pub(super) async fn probe(service: &MediaConvert, request: &Value) -> Result<Value, Refusal> {
    let mut results = Vec::new();
    for file in request["inputFiles"].as_array().into_iter().flatten() {
        let Some(url) = file["fileUrl"].as_str() else {
            return Err(Refusal::bad("/inputFiles: fileUrl is a required property"));
        };
        let work = service.place.work.join(format!("probe-{:016x}", random()));
        let result = look(service, url, &work).await;
        // The whole directory is temporary: what cannot be removed now is removed with it.
        let _ = tokio::fs::remove_dir_all(&work).await;
        results.push(result?);
    }
    Ok(json!({ "probeResults": results }))
}

async fn look(service: &MediaConvert, url: &str, work: &Path) -> Result<Value, Refusal> {
    tokio::fs::create_dir_all(work).await.map_err(|error| Refusal::bad(error.to_string()))?;
    let (_, media) = input::fetch(service, url, work).await.map_err(|failure| match failure.code {
        3404 => Refusal::not_found(failure.message),
        1010 => Refusal::unprocessable(failure.message),
        _ => Refusal::bad(failure.message),
    })?;
    let mut metadata = json!({});
    if let Some(object) = Object::parse(url)
        && let Ok(head) = service.clients.s3.head_object().bucket(object.bucket).key(object.key).send().await
    {
        metadata["fileSize"] = head.content_length().unwrap_or_default().into();
        metadata["eTag"] = head.e_tag().unwrap_or_default().into();
        metadata["mimeType"] = head.content_type().unwrap_or_default().into();
    }
    Ok(result(&media, &metadata))
}

fn result(media: &Media, metadata: &Value) -> Value {
    let mut tracks = Vec::new();
    let (mut pictures, mut sounds) = (Vec::new(), Vec::new());
    let format = names::format(&media.format);
    if let Some(video) = &media.video {
        pictures.push(video.index + 1);
        tracks.push(
            json!({ "index": video.index + 1, "trackType": "video", "codec": names::codec(&video.codec),
                            "duration": video.duration.or(media.duration),
                            "videoProperties": video_properties(video, format) }),
        );
    }
    for audio in &media.audio {
        let properties =
            json!({ "channels": audio.channels, "sampleRate": audio.rate, "languageCode": audio.language });
        sounds.push(audio.index + 1);
        tracks.push(
            json!({ "index": audio.index + 1, "trackType": "audio", "codec": names::codec(&audio.codec),
                            "duration": audio.duration.or(media.duration), "audioProperties": properties }),
        );
    }
    let mut container = json!({ "duration": media.duration, "bitRate": media.bitrate, "tracks": tracks });
    if let Some(format) = format {
        container["format"] = format.into();
    }
    let mapping =
        json!({ "videoTrackIndexes": pictures, "audioTrackIndexes": sounds, "dataTrackIndexes": [] });
    json!({ "container": container, "metadata": metadata, "trackMappings": [mapping] })
}

/// What the container and the codec's headers say of the picture. In MPEG streams only the headers say it.
fn video_properties(video: &Video, format: Option<&str>) -> Value {
    let shape =
        (reduced(video.sample), reduced((video.width * video.sample.0, video.height * video.sample.1)));
    let ratio = |(numerator, denominator)| json!({ "numerator": numerator, "denominator": denominator });
    let rate = ratio((video.rate.numerator, video.rate.denominator));
    let depth = bit_depth(&video.pixels);
    let declared = json!({
        "sampleAspectRatio": ratio(shape.0), "displayAspectRatio": ratio(shape.1),
        "colorPrimaries": video.color.primaries.as_deref().and_then(names::primaries),
        "transferCharacteristics": video.color.transfer.as_deref().and_then(names::transfer),
        "matrixCoefficients": video.color.matrix.as_deref().and_then(names::matrix),
    });
    let mut properties = object(json!({ "width": video.width, "height": video.height, "frameRate": rate,
                                        "bitDepth": depth }));
    if video.rotation != 0 {
        properties.insert("rotation".into(), video.rotation.into());
    }
    if !matches!(format, Some("mpegts" | "mpegps")) {
        properties.extend(object(declared.clone()));
    }
    if matches!(video.codec.as_str(), "h264" | "hevc" | "mpeg2video") {
        let mut coded = object(json!({ "width": video.width, "height": video.height, "codedFrameRate": rate,
                                       "bitDepth": depth }));
        let (scan, order) = match video.order {
            FieldOrder::Progressive => ("Progressive", None),
            FieldOrder::Top => ("Interlaced", Some("TopFieldFirst")),
            FieldOrder::Bottom => ("Interlaced", Some("BottomFieldFirst")),
        };
        coded.extend(object(declared));
        coded.insert("scanType".into(), scan.into());
        coded.extend(order.map(|order| ("fieldOrder".to_owned(), order.into())));
        properties.insert("codecMetadata".into(), coded.into());
    }
    Value::Object(properties)
}

/// A ratio in lowest terms.
fn reduced((mut numerator, mut denominator): (u32, u32)) -> (u32, u32) {
    let (over, under) = (numerator, denominator);
    while denominator != 0 {
        (numerator, denominator) = (denominator, numerator % denominator);
    }
    let divisor = numerator.max(1);
    (over / divisor, under / divisor)
}

/// An input as the `INPUT_INFORMATION` event describes it.
pub(super) fn input_details(uri: &str, media: &Media) -> Value {
    let audio = media.audio.iter().map(|audio| {
        json!({ "channels": audio.channels, "codec": names::codec(&audio.codec), "language": audio.language.to_uppercase(),
                "sampleRate": audio.rate, "streamId": audio.index + 1 })
    });
    let video = media.video.iter().map(|video| {
        let name = match video.codec.as_str() {
            "h264" => "H_264",
            "hevc" => "H_265",
            other => names::codec(other),
        };
        json!({ "bitDepth": bit_depth(&video.pixels), "codec": name, "frameRate": video.rate.value(),
                "width": video.width, "height": video.height, "interlaceMode": interlace_mode(video.order),
                "sar": format!("{}:{}", video.sample.0, video.sample.1), "streamId": video.index + 1 })
    });
    json!({ "id": 1, "uri": uri, "audio": audio.collect::<Vec<_>>(), "video": video.collect::<Vec<_>>() })
}

fn interlace_mode(order: FieldOrder) -> &'static str {
    match order {
        FieldOrder::Progressive => "PROGRESSIVE",
        FieldOrder::Top => "TOP_FIELD",
        FieldOrder::Bottom => "BOTTOM_FIELD",
    }
}

fn bit_depth(pixels: &str) -> u32 {
    [("12", 12), ("10", 10)]
        .into_iter()
        .find(|(mark, _)| pixels.contains(&format!("p{mark}")))
        .map_or(8, |(_, depth)| depth)
}
