//! Cases of AWS Elemental MediaConvert.

use aws_sdk_mediaconvert::types::{
    HlsGroupSettings, Input, JobSettings, OutputGroup, OutputGroupSettings, OutputGroupType,
};
use provision::aws::Context;
use provision::model::Kind;
use provision::resource::{Removal, registry};
use serde_json::{Value, json};

use super::{Case, STACK, other_tags, tags};

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
        "ConcurrentJobs": 5,
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
    let hop = json!({ "Queue": arn("vod-case-other"), "Priority": 1, "WaitMinutes": 15 });
    vec![
        Case {
            kind: QUEUE,
            needs: vec![],
            base: queue("vod-case-queue"),
            variants: vec![
                ("/Description", json!("Waits longer")),
                ("/Description", Value::Null),
                ("/Status", json!("PAUSED")),
                ("/ConcurrentJobs", json!(7)),
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
                "HopDestinations": [hop],
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
                ("/HopDestinations/0/Queue", arn("vod-case-queue")),
                ("/HopDestinations/0/Priority", json!(2)),
                ("/HopDestinations/0/WaitMinutes", json!(30)),
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
            fixed: vec![(
                "JobTemplateSettings.*",
                "`every_member_survives_the_wire` tries each member, at every depth, against a service that answers it",
            )],
        },
    ]
}

/// A job that waits in the queue for as long as that is paused.
async fn submit(cx: &Context, queue: &str, template: &str) {
    let hls = HlsGroupSettings::builder().destination("s3://vod-case-work/index").build();
    let settings = OutputGroupSettings::builder()
        .r#type(OutputGroupType::HlsGroupSettings)
        .hls_group_settings(hls)
        .build();
    let group = OutputGroup::builder().output_group_settings(settings).build();
    let input = Input::builder().file_input("s3://vod-case-source/film.mp4").build();
    cx.mediaconvert()
        .create_job()
        .queue(cx.scope.arn("mediaconvert", &format!("queues/{queue}")))
        .job_template(template)
        .role(cx.scope.arn_in("", "iam", "role/vod-case-encoder"))
        .settings(JobSettings::builder().inputs(input).output_groups(group).build())
        .send()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_goes_with_its_jobs_where_contents_may_go() {
    let cloud = crate::support::Cloud::lenient("queue-with-jobs").await;
    let cx = cloud.context(STACK).await;
    let case = cases(&cx).pop().unwrap();
    let (queues, templates) = (registry().get(&QUEUE).unwrap(), registry().get(&case.kind).unwrap());
    for (_, need) in &case.needs {
        let mut paused = need.clone();
        paused["Status"] = json!("PAUSED");
        queues.create(&cx, &paused).await.unwrap();
    }
    templates.create(&cx, &case.base).await.unwrap();
    submit(&cx, "vod-case-queue", "vod-case-ladder").await;

    let refused = cx.mediaconvert().delete_queue().name("vod-case-queue").send().await.unwrap_err();
    assert!(refused.into_service_error().is_conflict_exception());
    queues.delete(&cx, "vod-case-queue", Removal::WithContents).await.unwrap();
    assert!(queues.observe(&cx, "vod-case-queue").await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweep_finds_what_is_the_stacks_and_nothing_else() {
    let cloud = crate::support::Cloud::lenient("mediaconvert-sweep").await;
    let cx = cloud.context(STACK).await;
    let queues = registry().get(&QUEUE).unwrap();
    for number in 0..25 {
        queues.create(&cx, &queue(&format!("vod-case-{number}"))).await.unwrap();
    }
    let mut foreign = queue("vod-case-foreign");
    foreign["Tags"] = json!({ "team": "media" });
    queues.create(&cx, &foreign).await.unwrap();
    let owned = queues.list_owned(&cx).await.unwrap();
    assert_eq!(owned.len(), 25);
    assert!(owned.iter().all(|(name, _)| name != "vod-case-foreign"));
}
