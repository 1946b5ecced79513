//! The local cloud as a program uses it: found and started, a job transcoded through the API, its event
//! delivered, its output played through a distribution, and every refusal that callers rely on.

/// The code and message of a refusal.
macro_rules! refused {
    ($request:expr) => {{
        let error = $request.send().await.expect_err("it must be refused").into_service_error();
        (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
    }};
}

mod doors;
mod job;
mod rules;
mod viewer;

use std::process::Command;
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_mediaconvert::types::{
    Job, JobSettings, JobStatus, JobTemplateSettings, Output, OutputGroup, OutputGroupSettings,
    OutputGroupType, VideoDescription,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use provision::local;
use serde_json::{Value, json};

use crate::support::http::get;
use crate::support::instance::Instance;
use crate::support::quote::whole;
use job::{clip, input, ladder};

const ROLE: &str = "arn:aws:iam::000000000000:role/transcode";
const ACCOUNT: &str = "000000000000";
/// How long what must come is waited for, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(300);

struct Cloud {
    running: local::Running,
    config: SdkConfig,
    ffmpeg: local::Ffmpeg,
    _instance: Instance,
}

/// A cloud of this test's own, which ends with this process.
async fn cloud(name: &str) -> Cloud {
    let settings = local::CloudSettings {
        name: format!("{name}-{}", std::process::id()),
        port: 0,
        server: Some(env!("CARGO_BIN_EXE_provision").into()),
        owner: Some(std::process::id()),
        ..local::CloudSettings::default()
    };
    let mut silent = |_: &str| {};
    let running = local::ensure(&settings, &mut silent).await.unwrap();
    let _instance = Instance::running(&running.status);
    let http = aws_smithy_http_client::Builder::new()
        .build_with_connector_fn(|_, _| aws_smithy_http_client::Connector::builder().build_http());
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(running.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(running.credentials()))
        .endpoint_url(&running.endpoint)
        .http_client(http)
        .build();
    Cloud { running, config, ffmpeg: local::ffmpeg(&mut silent).await.unwrap(), _instance }
}

impl Cloud {
    fn s3(&self) -> aws_sdk_s3::Client {
        aws_sdk_s3::Client::new(&self.config)
    }

    fn mediaconvert(&self) -> aws_sdk_mediaconvert::Client {
        aws_sdk_mediaconvert::Client::new(&self.config)
    }

    async fn object(&self, key: &str) -> Vec<u8> {
        let got = self.s3().get_object().bucket("work").key(key).send().await;
        got.unwrap_or_else(|error| panic!("{key}: {error}")).body.collect().await.unwrap().to_vec()
    }

    async fn text(&self, key: &str) -> String {
        String::from_utf8(self.object(key).await).unwrap()
    }

    /// Decodes what ffmpeg finds at `address` and returns what it complains of.
    fn complaints(&self, address: &str) -> String {
        let output = Command::new(self.ffmpeg.path())
            .args([
                "-hide_banner",
                "-nostdin",
                "-v",
                "error",
                "-xerror",
                "-i",
                address,
                "-map",
                "0",
                "-f",
                "null",
                "-",
            ])
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    async fn ended(&self, id: &str) -> Job {
        let end = Instant::now() + PATIENCE;
        loop {
            let job = self.mediaconvert().get_job().id(id).send().await.unwrap().job.unwrap();
            if !matches!(job.status, Some(JobStatus::Submitted | JobStatus::Progressing)) {
                return job;
            }
            assert!(Instant::now() < end, "job {id} does not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn run(&self, settings: JobSettings) -> Job {
        let request = self.mediaconvert().create_job().role(ROLE).job_template("ladder").settings(settings);
        let job = request.user_metadata("asset", "a").send().await.unwrap().job.unwrap();
        self.ended(&job.id.unwrap()).await
    }
}

async fn prepare(cloud: &Cloud) {
    let s3 = cloud.s3();
    for bucket in ["source", "work"] {
        s3.create_bucket().bucket(bucket).send().await.unwrap();
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clip.mp4");
    clip(&cloud.ffmpeg, &path);
    for (key, bytes) in
        [("up/clip.mp4", std::fs::read(&path).unwrap()), ("up/notes.mp4", b"not a film".to_vec())]
    {
        s3.put_object().bucket("source").key(key).body(bytes.into()).send().await.unwrap();
    }
    let template = cloud.mediaconvert().create_job_template().name("ladder").settings(ladder());
    template.send().await.unwrap();
}

/// A queue that receives the ends of jobs, by a rule as the stack has one.
async fn listen(cloud: &Cloud) -> String {
    let sqs = aws_sdk_sqs::Client::new(&cloud.config);
    let events = aws_sdk_eventbridge::Client::new(&cloud.config);
    let url = sqs.create_queue().queue_name("ends").send().await.unwrap().queue_url.unwrap();
    let pattern = json!({ "source": ["aws.mediaconvert"], "detail-type": ["MediaConvert Job State Change"],
                          "detail": { "status": ["COMPLETE", "ERROR", "CANCELED"] } });
    events.put_rule().name("ends").event_pattern(pattern.to_string()).send().await.unwrap();
    let arn = format!("arn:aws:sqs:{}:{ACCOUNT}:ends", cloud.running.region);
    let target = aws_sdk_eventbridge::types::Target::builder().id("ends").arn(arn).build().unwrap();
    events.put_targets().rule("ends").targets(target).send().await.unwrap();
    url
}

async fn next_event(cloud: &Cloud, url: &str) -> Value {
    let sqs = aws_sdk_sqs::Client::new(&cloud.config);
    let end = Instant::now() + PATIENCE;
    let message = loop {
        let received = sqs.receive_message().queue_url(url).wait_time_seconds(10).send().await.unwrap();
        match received.messages.unwrap_or_default().into_iter().next() {
            Some(message) => break message,
            None => assert!(Instant::now() < end, "no event comes"),
        }
    };
    let handle = message.receipt_handle().unwrap();
    sqs.delete_message().queue_url(url).receipt_handle(handle).send().await.unwrap();
    serde_json::from_str(message.body().unwrap()).unwrap()
}

#[tokio::test]
async fn a_job_is_transcoded_and_its_end_is_told() {
    let cloud = cloud("transcode").await;
    prepare(&cloud).await;
    let events = listen(&cloud).await;

    let job = cloud.run(input("s3://source/up/clip.mp4")).await;
    assert_eq!(job.status, Some(JobStatus::Complete), "{:?}", job.error_message);

    let index = cloud.text("assets/a/index.m3u8").await;
    for part in [
        "RESOLUTION=320x180",
        "RESOLUTION=640x360",
        "FRAME-RATE=30.000",
        "CODECS=\"avc1.64",
        "AUDIO=\"program_audio_0\"",
    ] {
        assert!(index.contains(part), "{part} is not in\n{index}");
    }
    for rendition in ["_180", "_360", "_audio"] {
        let playlist = cloud.text(&format!("assets/a/index{rendition}.m3u8")).await;
        assert!(playlist.contains(&format!("index{rendition}_00002.ts")), "{playlist}");
        assert!(playlist.ends_with("#EXT-X-ENDLIST\n"));
    }
    assert_eq!(&cloud.object("assets/a/index_thumb.0000001.jpg").await[..2], [0xff, 0xd8]);

    let event = next_event(&cloud, &events).await;
    assert_eq!(event["detail"]["status"], "COMPLETE");
    assert_eq!(event["detail"]["userMetadata"], json!({ "asset": "a" }));
    let group = &event["detail"]["outputGroupDetails"][0];
    assert_eq!(group["type"], "HLS_GROUP");
    assert_eq!(group["playlistFilePaths"], json!(["s3://work/assets/a/index.m3u8"]));
    assert_eq!(group["outputDetails"][0]["outputFilePaths"], json!(["s3://work/assets/a/index_180.m3u8"]));
    assert_eq!(group["outputDetails"][1]["videoDetails"], json!({ "widthInPx": 640, "heightInPx": 360 }));
    assert_eq!(group["outputDetails"][0]["durationInMs"], 4000);

    for (uri, code) in [("s3://source/up/notes.mp4", 1010), ("s3://source/up/none.mp4", 3404)] {
        let job = cloud.run(input(uri)).await;
        assert_eq!((job.status, job.error_code), (Some(JobStatus::Error), Some(code)));
        let event = next_event(&cloud, &events).await;
        assert_eq!(
            (&event["detail"]["status"], &event["detail"]["errorCode"]),
            (&json!("ERROR"), &json!(code))
        );
        assert_eq!(event["detail"]["errorMessage"], json!(job.error_message));
    }
    play(&cloud).await;
}

/// Viewers see what the bucket's policy lets the distribution read, while it is enabled, and nothing else.
async fn play(cloud: &Cloud) {
    use aws_sdk_cloudfront::types as cf;
    let cloudfront = aws_sdk_cloudfront::Client::new(&cloud.config);
    let access = cf::OriginAccessControlConfig::builder()
        .name("access")
        .origin_access_control_origin_type(cf::OriginAccessControlOriginTypes::S3)
        .signing_behavior(cf::OriginAccessControlSigningBehaviors::Always)
        .signing_protocol(cf::OriginAccessControlSigningProtocols::Sigv4)
        .build()
        .unwrap();
    let access =
        cloudfront.create_origin_access_control().origin_access_control_config(access).send().await.unwrap();
    let origin = cf::Origin::builder()
        .id("work")
        .domain_name(format!("work.s3.{}.amazonaws.com", cloud.running.region))
        .origin_access_control_id(access.origin_access_control.unwrap().id)
        .s3_origin_config(cf::S3OriginConfig::builder().origin_access_identity("").build())
        .build()
        .unwrap();
    let behavior = cf::DefaultCacheBehavior::builder()
        .target_origin_id("work")
        .viewer_protocol_policy(cf::ViewerProtocolPolicy::RedirectToHttps)
        .cache_policy_id("658327ea-f89d-4fab-a63d-7e88639e58f6")
        .build()
        .unwrap();
    // The refusal is not to outlive its reason.
    let not_kept =
        cf::CustomErrorResponse::builder().error_code(403).error_caching_min_ttl(0).build().unwrap();
    let not_kept = cf::CustomErrorResponses::builder().quantity(1).items(not_kept).build().unwrap();
    let config = |enabled| {
        cf::DistributionConfig::builder()
            .caller_reference("play")
            .comment("")
            .enabled(enabled)
            .origins(cf::Origins::builder().quantity(1).items(origin.clone()).build().unwrap())
            .default_cache_behavior(behavior.clone())
            .custom_error_responses(not_kept.clone())
            .build()
            .unwrap()
    };
    let created = cloudfront.create_distribution().distribution_config(config(true)).send().await.unwrap();
    let distribution = created.distribution.unwrap();
    let address = format!("{}/assets/a/index.m3u8", cloud.running.viewer(&distribution.id));
    assert!(cloud.complaints(&address).contains("403"), "no policy lets the distribution read");

    let statement = json!({ "Effect": "Allow", "Principal": { "Service": "cloudfront.amazonaws.com" },
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::work/*",
        "Condition": { "StringEquals": { "AWS:SourceArn": distribution.arn } } });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    cloud.s3().put_bucket_policy().bucket("work").policy(policy).send().await.unwrap();
    assert_eq!(cloud.complaints(&address), "", "every rendition decodes");
    for other in ["_ministack/health", "health", "v20180820/configuration/publicAccessBlock"] {
        let answer = get(&format!("{}/{other}", cloud.running.viewer(&distribution.id)), &[]).await;
        assert_eq!(answer.status, 403, "a viewer's path leads to the origin alone: {answer:?}");
    }

    let update = cloudfront.update_distribution().id(&distribution.id).set_if_match(created.e_tag);
    update.distribution_config(config(false)).send().await.unwrap();
    assert!(cloud.complaints(&address).contains("403"), "a disabled distribution serves nothing");
}

#[tokio::test]
async fn mediaconvert_refuses_what_aws_refuses() {
    let cloud = cloud("refuse").await;
    let mediaconvert = cloud.mediaconvert();
    mediaconvert.create_queue().name("films").send().await.unwrap();
    let code = |refusal: (String, String)| refusal.0;
    assert_eq!(code(refused!(mediaconvert.create_queue().name("films"))), "ConflictException");
    assert_eq!(code(refused!(mediaconvert.get_queue().name("none"))), "NotFoundException");
    assert_eq!(code(refused!(mediaconvert.delete_queue().name("Default"))), "BadRequestException");
    assert_eq!(code(refused!(mediaconvert.get_job().id("1-none"))), "NotFoundException");

    let too_wide = VideoDescription::builder().width(100_000).build();
    let group = OutputGroup::builder()
        .output_group_settings(
            OutputGroupSettings::builder().r#type(OutputGroupType::HlsGroupSettings).build(),
        )
        .outputs(Output::builder().video_description(too_wide).build())
        .build();
    let settings = JobTemplateSettings::builder().output_groups(group).build();
    let refusal = refused!(mediaconvert.create_job_template().name("bad").settings(settings));
    assert_eq!(refusal.0, "BadRequestException");
    insta::assert_snapshot!(refusal.1, @"/outputGroups/0/outputs/0/videoDescription/width: Should be less than or equal to 8192");

    let empty = mediaconvert.create_job().role(ROLE).settings(JobSettings::builder().build());
    insta::assert_snapshot!(refused!(empty).1, @"/inputs: Should have at least 1 items, /outputGroups: Should have at least 1 items");
}

#[tokio::test]
async fn a_paused_queue_holds_its_jobs_and_a_token_makes_one() {
    use aws_sdk_mediaconvert::types::QueueStatus;
    let cloud = cloud("queue").await;
    prepare(&cloud).await;
    let mediaconvert = cloud.mediaconvert();
    mediaconvert.create_queue().name("films").status(QueueStatus::Paused).send().await.unwrap();
    let submit = || {
        let request = mediaconvert.create_job().role(ROLE).job_template("ladder").queue("films");
        request.client_request_token("token").settings(input("s3://source/up/clip.mp4"))
    };
    let first = submit().send().await.unwrap().job.unwrap();
    let second = submit().send().await.unwrap().job.unwrap();
    assert_eq!(first.id, second.id);
    assert_eq!(first.status, Some(JobStatus::Submitted));
    assert_eq!(refused!(mediaconvert.delete_queue().name("films")).0, "ConflictException");
    let id = first.id.unwrap();
    mediaconvert.cancel_job().id(&id).send().await.unwrap();
    assert_eq!(cloud.ended(&id).await.status, Some(JobStatus::Canceled));
    assert_eq!(refused!(mediaconvert.cancel_job().id(&id)).0, "ConflictException");
    mediaconvert.delete_queue().name("films").send().await.unwrap();

    assert!(local::reset(&cloud.running.status.name, 0).await.unwrap());
    assert!(cloud.s3().list_buckets().send().await.unwrap().buckets().is_empty());
    assert_eq!(mediaconvert.list_queues().send().await.unwrap().queues().len(), 1);
}

#[tokio::test]
async fn a_cloud_is_found_again_and_a_dead_emulator_is_told() {
    let cloud = cloud("found").await;
    let name = &cloud.running.status.name;
    let settings = local::CloudSettings { name: name.clone(), port: 0, ..local::CloudSettings::default() };
    let again = local::ensure(&settings, &mut |_| {}).await.unwrap();
    assert_eq!(again.status.pid, cloud.running.status.pid);

    let other = local::CloudSettings { account: "111122223333".into(), ..settings.clone() };
    let error = local::ensure(&other, &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, local::Error::Different { what: "account", .. }), "{error}");
    let logged = local::CloudSettings { exchange_log: Some("exchanges".into()), ..settings.clone() };
    let error = local::ensure(&logged, &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, local::Error::Different { what: "exchange log", .. }), "{error}");

    only_the_cloud_that_is_named_is_stopped(&again.status).await;
    let emulator = rustix::process::Pid::from_raw(i32::try_from(again.status.emulator.pid).unwrap()).unwrap();
    rustix::process::kill_process(emulator, rustix::process::Signal::KILL).unwrap();
    let end = Instant::now() + PATIENCE;
    while local::status(name, 0).await.unwrap().unwrap().emulator.failure.is_none() {
        assert!(Instant::now() < end, "the gateway does not notice");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let error = local::ensure(&settings, &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, local::Error::EmulatorDied { .. }), "{error}");
    let refusal = refused!(cloud.s3().list_buckets());
    assert_eq!(refusal.0, "LocalCloudUnavailable");
    insta::assert_snapshot!(whole(&refusal.1), @"the emulator of the local cloud ended (signal: 9 (SIGKILL)); run `provision local stop`, then start again");
    assert!(local::stop(name, 0).await.unwrap());
    assert!(local::status(name, 0).await.unwrap().is_none());
}

/// A cloud that was killed leaves its record, and its port may be another's by now.
async fn only_the_cloud_that_is_named_is_stopped(running: &local::Status) {
    let killed = format!("killed-{}", std::process::id());
    let folder = running.log.parent().unwrap().with_file_name(&killed);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(running.log.with_file_name("instance.json"), folder.join("instance.json")).unwrap();
    std::fs::write(folder.join("lock"), "").unwrap();
    assert!(!local::stop(&killed, 0).await.unwrap());
    assert!(!folder.exists(), "nothing of it stays");
    assert!(local::status(&running.name, 0).await.unwrap().is_some(), "this one runs");
}

#[tokio::test]
async fn a_port_that_something_else_has_is_named() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let name = format!("taken-{}", std::process::id());
    let _instance = Instance::named(&name);
    let settings = local::CloudSettings { name, port, ..local::CloudSettings::default() };
    let error = local::ensure(&settings, &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, local::Error::PortInUse { port: named } if named == port), "{error}");
}
