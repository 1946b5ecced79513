//! Cases of AWS Elemental MediaConvert.

use provision::aws::Context;
use provision::model::Kind;
use serde_json::{Value, json};

use crate::{Case, other_tags, tags};

const QUEUE: Kind = Kind::new("AWS::MediaConvert::Queue");

/// Tags as these types write them: a map.
fn map(tags: &Value) -> Value {
    let pair = |tag: &Value| (tag["Key"].as_str().unwrap().to_owned(), tag["Value"].clone());
    Value::Object(tags.as_array().unwrap().iter().map(pair).collect())
}

fn queue(name: &str) -> Value {
    json!({
        "Name": name,
        "Description": "Waits",
        "PricingPlan": "ON_DEMAND",
        "Status": "ACTIVE",
        "Tags": map(&tags("case")),
    })
}

fn settings() -> Value {
    let h264 = json!({
        "CodecProfile": "HIGH",
        "RateControlMode": "QVBR",
        "MaxBitrate": 3_000_000,
        "QvbrSettings": { "QvbrQualityLevel": 8 },
        "GopSize": 2.0,
        "GopSizeUnits": "SECONDS",
        "SceneChangeDetect": "DISABLED",
    });
    let aac = json!({ "CodingMode": "CODING_MODE_2_0", "Bitrate": 160_000, "SampleRate": 48_000 });
    json!({
        "TimecodeConfig": { "Source": "ZEROBASED" },
        "Inputs": [{
            "AudioSelectors": { "Audio Selector 1": { "DefaultSelection": "DEFAULT" } },
            "VideoSelector": { "Rotate": "AUTO" },
            "TimecodeSource": "ZEROBASED",
        }],
        "OutputGroups": [{
            "Name": "Apple HLS",
            "CustomName": "ladder",
            "OutputGroupSettings": {
                "Type": "HLS_GROUP_SETTINGS",
                "HlsGroupSettings": { "SegmentLength": 6, "MinSegmentLength": 0, "ManifestDurationFormat": "FLOATING_POINT" },
            },
            "Outputs": [
                {
                    "NameModifier": "_720p",
                    "ContainerSettings": { "Container": "M3U8" },
                    "VideoDescription": {
                        "Width": 1280,
                        "Height": 720,
                        "ScalingBehavior": "FIT_NO_UPSCALE",
                        "CodecSettings": { "Codec": "H_264", "H264Settings": h264 },
                    },
                    "OutputSettings": { "HlsSettings": { "AudioRenditionSets": "audio" } },
                },
                {
                    "NameModifier": "_audio",
                    "ContainerSettings": { "Container": "M3U8" },
                    "AudioDescriptions": [{
                        "AudioSourceName": "Audio Selector 1",
                        "CodecSettings": { "Codec": "AAC", "AacSettings": aac },
                    }],
                    "OutputSettings": { "HlsSettings": { "AudioGroupId": "audio" } },
                },
            ],
        }],
    })
}

/// The cases of this service.
pub(crate) fn cases(cx: &Context) -> Vec<Case> {
    let arn = |name: &str| json!(cx.scope.arn("mediaconvert", &format!("queues/{name}")));
    let hop =
        |minutes: u32| json!([{ "Queue": arn("vod-case-other"), "Priority": 1, "WaitMinutes": minutes }]);
    vec![
        Case {
            kind: QUEUE,
            needs: vec![],
            base: queue("vod-case-queue"),
            variants: vec![
                ("/Description", json!("Waits longer")),
                ("/Description", Value::Null),
                ("/Status", json!("PAUSED")),
                ("/Tags", map(&other_tags("case"))),
            ],
            fixed: vec![],
        },
        Case {
            kind: Kind::new("AWS::MediaConvert::JobTemplate"),
            needs: vec![(QUEUE, queue("vod-case-queue")), (QUEUE, queue("vod-case-other"))],
            base: json!({
                "Name": "vod-case-ladder",
                "Description": "A ladder",
                "Category": "vod",
                "Queue": arn("vod-case-queue"),
                "Priority": 0,
                "AccelerationSettings": { "Mode": "DISABLED" },
                "StatusUpdateInterval": "SECONDS_60",
                "HopDestinations": hop(15),
                "SettingsJson": settings(),
                "Tags": map(&tags("case")),
            }),
            variants: vec![
                ("/Description", json!("Another")),
                ("/Description", Value::Null),
                ("/Category", json!("film")),
                ("/Queue", arn("vod-case-other")),
                ("/Priority", json!(-3)),
                ("/AccelerationSettings/Mode", json!("PREFERRED")),
                ("/StatusUpdateInterval", json!("SECONDS_30")),
                ("/HopDestinations", hop(30)),
                ("/HopDestinations", Value::Null),
                ("/SettingsJson/TimecodeConfig", Value::Null),
                ("/SettingsJson/Inputs/0/VideoSelector/Rotate", json!("DEGREE_0")),
                ("/SettingsJson/OutputGroups/0/OutputGroupSettings/HlsGroupSettings/SegmentLength", json!(4)),
                (
                    "/SettingsJson/OutputGroups/0/OutputGroupSettings/HlsGroupSettings/ClientCache",
                    json!("ENABLED"),
                ),
                ("/SettingsJson/OutputGroups/0/Outputs/0/VideoDescription/Height", json!(540)),
                (
                    "/SettingsJson/OutputGroups/0/Outputs/0/VideoDescription/CodecSettings/H264Settings/GopSize",
                    json!(1.5),
                ),
                ("/SettingsJson/OutputGroups/0/Outputs/1/NameModifier", json!("_sound")),
                ("/Tags", map(&other_tags("case"))),
            ],
            fixed: vec![],
        },
    ]
}
