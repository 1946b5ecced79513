//! The properties of an input, in MediaConvert's two forms: the `Probe` operation and the `INPUT_INFORMATION` event.

use std::path::Path;

use serde_json::{Value, json};

use super::super::ffmpeg::Media;
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
    if let Some(video) = &media.video {
        let rate = json!({ "numerator": video.rate.numerator, "denominator": video.rate.denominator });
        let properties = json!({ "width": video.width, "height": video.height, "frameRate": rate,
                                 "bitDepth": bit_depth(&video.pixels), "rotation": video.rotation });
        pictures.push(video.index + 1);
        tracks.push(json!({ "index": video.index + 1, "trackType": "video", "codec": codec(&video.codec),
                            "duration": media.duration, "videoProperties": properties }));
    }
    for audio in &media.audio {
        let properties =
            json!({ "channels": audio.channels, "sampleRate": audio.rate, "languageCode": audio.language });
        sounds.push(audio.index + 1);
        tracks.push(json!({ "index": audio.index + 1, "trackType": "audio", "codec": codec(&audio.codec),
                            "duration": media.duration, "audioProperties": properties }));
    }
    let mut container = json!({ "duration": media.duration, "bitRate": media.bitrate, "tracks": tracks });
    if let Some(format) = format(&media.format) {
        container["format"] = format.into();
    }
    let mapping =
        json!({ "videoTrackIndexes": pictures, "audioTrackIndexes": sounds, "dataTrackIndexes": [] });
    json!({ "container": container, "metadata": metadata, "trackMappings": [mapping] })
}

/// An input as the `INPUT_INFORMATION` event describes it.
pub(super) fn input_details(uri: &str, media: &Media) -> Value {
    let audio = media.audio.iter().map(|audio| {
        json!({ "channels": audio.channels, "codec": codec(&audio.codec), "language": audio.language.to_uppercase(),
                "sampleRate": audio.rate, "streamId": audio.index + 1 })
    });
    let video = media.video.iter().map(|video| {
        let name = match video.codec.as_str() {
            "h264" => "H_264",
            "hevc" => "H_265",
            other => codec(other),
        };
        json!({ "bitDepth": bit_depth(&video.pixels), "codec": name, "frameRate": video.rate.value(),
                "width": video.width, "height": video.height, "interlaceMode": "PROGRESSIVE",
                "sar": "1:1", "streamId": video.index + 1 })
    });
    json!({ "id": 1, "uri": uri, "audio": audio.collect::<Vec<_>>(), "video": video.collect::<Vec<_>>() })
}

fn bit_depth(pixels: &str) -> u32 {
    [("12", 12), ("10", 10)]
        .into_iter()
        .find(|(mark, _)| pixels.contains(&format!("p{mark}")))
        .map_or(8, |(_, depth)| depth)
}

/// Converts ffmpeg's name of a container to MediaConvert's.
fn format(name: &str) -> Option<&'static str> {
    let name = name.split(',').next().unwrap_or(name);
    Some(match name {
        "mov" | "mp4" => "mp4",
        "matroska" => "matroska",
        "mxf" => "mxf",
        "wav" => "wave",
        "avi" => "avi",
        "mpegts" => "mpegts",
        "mpeg" => "mpegps",
        "mp3" => "mp3",
        "flac" => "flac",
        "asf" => "asf",
        "ogg" => "ogg",
        "aac" => "aac",
        _ => return None,
    })
}

/// Converts ffmpeg's name of a codec to MediaConvert's.
fn codec(name: &str) -> &'static str {
    match name {
        "aac" => "AAC",
        "ac3" => "AC3",
        "eac3" => "EAC3",
        "flac" => "FLAC",
        "mp2" => "MP2",
        "mp3" => "MP3",
        "opus" => "OPUS",
        "vorbis" => "VORBIS",
        "av1" => "AV1",
        "h264" => "AVC",
        "hevc" => "HEVC",
        "mjpeg" => "MJPEG",
        "mpeg4" => "MP4V",
        "mpeg2video" => "MPEG2",
        "prores" => "PRORES",
        "theora" => "THEORA",
        "vp8" => "VP8",
        "vp9" => "VP9",
        other if other.starts_with("pcm") => "PCM",
        _ => "UNKNOWN",
    }
}
