//! Checks the jobs that submit sends for the built-in ladders, byte for byte, against AWS's published model of the
//! MediaConvert API.

#![expect(clippy::unwrap_used, reason = "helpers of tests end a test by panicking, too")]

use std::sync::{Arc, Mutex};

use aws_sdk_mediaconvert::Client as MediaConvert;
use aws_sdk_mediaconvert::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_mediaconvert::types::AccelerationMode;
use aws_sdk_s3::Client as S3;
use aws_sdk_s3::operation::get_object::{GetObjectInput, GetObjectOutput};
use aws_sdk_s3::operation::head_object::{HeadObjectInput, HeadObjectOutput};
use aws_sdk_s3::operation::put_object::{PutObjectInput, PutObjectOutput};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use mocks::{MockResponse, Mocks, rule};
use provision::local::mediaconvert_model;
use provision::stack::config;
use provision::stack::handlers::PackageDigests;
use serde_json::{Map, Value, json};
use submit::{Settings, Submitter};

const CREATED: &str = include_str!("fixtures/object-created.json");
const LADDERS: [&str; 3] = ["hls-720p", "hls-1080p", "hls-2160p"];

/// Answers MediaConvert's requests and stores the body of the job request.
#[derive(Clone, Debug)]
struct Wire {
    template: String,
    probe: String,
    job: Arc<Mutex<Option<Value>>>,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let path = request.uri().split_once("/2017-08-29/").unwrap().1.to_owned();
        let (status, body) = match path.split('/').next().unwrap() {
            "jobTemplates" => (200, self.template.clone()),
            "probe" => (200, self.probe.clone()),
            "jobs" => {
                let body = request.body().bytes().unwrap();
                *self.job.lock().unwrap() = Some(serde_json::from_slice(body).unwrap());
                (201, json!({ "job": { "id": "1-a", "role": "r", "settings": {} } }).to_string())
            }
            other => panic!("submit asked for {other}"),
        };
        let response = HttpResponse::new(u16::try_into(status).unwrap(), SdkBody::from(body));
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// The template that the stack declares for a ladder, as `GetJobTemplate` returns it.
fn template(ladder: &str) -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../stacks/staging.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let file =
        config::parse("staging.yaml", &text.replace("ladder: hls-1080p", &format!("ladder: {ladder}")))
            .unwrap();
    assert_eq!(file.transcode.ladder.name.as_deref(), Some(ladder));
    let declared = provision::stack::declare(
        &file,
        &PackageDigests { submit: String::new(), publish: String::new() },
        None,
    );
    let template = declared.iter().find(|found| found.address.as_str() == "transcode/template").unwrap();
    let settings = wire(&template.properties["SettingsJson"]);
    json!({ "jobTemplate": { "name": "vod-staging-ladder", "lastUpdated": 1_700_000_000, "settings": settings } })
}

/// The API's form of a CloudFormation property.
fn wire(value: &Value) -> Value {
    let lower = |name: &str| name[..1].to_lowercase() + &name[1..];
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, inner)| (lower(name), wire(inner))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(wire).collect(),
        scalar => scalar.clone(),
    }
}

/// The response of `Probe` for a film of this height.
fn probe(height: u32, with_audio: bool) -> Value {
    let video = json!({
        "trackType": "video", "videoProperties": { "width": height * 16 / 9, "height": height },
    });
    let audio = with_audio.then(|| json!({ "trackType": "audio" }));
    let tracks: Vec<Value> = [Some(video), audio].into_iter().flatten().collect();
    json!({ "probeResults": [{ "container": { "format": "mp4", "tracks": tracks } }] })
}

fn s3() -> S3 {
    let head = rule(|_: &HeadObjectInput| {
        let output = HeadObjectOutput::builder().version_id("IYV3p45BT0ac8hjHg1houSdS1a.Mro8e");
        MockResponse::Output(output.content_length(7_340_032).build())
    });
    let get = rule(|_: &GetObjectInput| -> MockResponse<GetObjectOutput> {
        let body = SdkBody::from("<Error><Code>NoSuchKey</Code></Error>");
        MockResponse::Http(HttpResponse::new(404.try_into().unwrap(), body))
    });
    let put = rule(|_: &PutObjectInput| MockResponse::Output(PutObjectOutput::builder().build()));
    let mocks = Mocks::new([head, get, put]);
    let config = aws_sdk_s3::config::Builder::from(&mocks.sdk_config()).interceptor(mocks);
    S3::from_conf(config.build())
}

/// The job that submit sends for an upload of such a film.
async fn job(template: &Value, probe: &Value) -> Value {
    let job = Arc::default();
    let wire = Wire { template: template.to_string(), probe: probe.to_string(), job: Arc::clone(&job) };
    let config = aws_sdk_mediaconvert::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-2"))
        .credentials_provider(Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test"))
        .http_client(http_client_fn(move |_, _| SharedHttpConnector::new(wire.clone())))
        .build();
    let settings = Settings {
        job_template: "vod-staging-ladder".into(),
        queue: "arn:aws:mediaconvert:ap-northeast-2:111122223333:queues/vod-staging".into(),
        role: "arn:aws:iam::111122223333:role/vod-staging-transcode".into(),
        work_bucket: "vod-staging-work-111122223333-ap-northeast-2".into(),
        stack: "vod-staging".into(),
        acceleration: AccelerationMode::Preferred,
        max_size: None,
        max_duration: None,
    };
    // Nothing is refused here, so there is nothing to put on a bus.
    let events = aws_sdk_eventbridge::Client::from_conf(
        aws_sdk_eventbridge::Config::builder().behavior_version(BehaviorVersion::latest()).build(),
    );
    let submitter = Submitter::new(settings, s3(), MediaConvert::from_conf(config), events);
    let answer = submitter.answer(serde_json::from_str(CREATED).unwrap()).await.unwrap();
    let sent: Option<Value> = job.lock().unwrap().take();
    sent.unwrap_or_else(|| panic!("submit sent no job: {answer}"))
}

#[tokio::test]
async fn the_jobs_obey_the_model() {
    let model = mediaconvert_model(&mut |text| println!("{text}")).await.unwrap();
    for ladder in LADDERS {
        let template = template(ladder);
        for (height, with_audio) in [(2160, true), (1080, true), (1080, false), (144, true)] {
            let mut job = job(&template, &probe(height, with_audio)).await;
            assert!(
                job["settings"]["outputGroups"][0]["outputs"].as_array().is_some_and(|list| !list.is_empty())
            );
            let verdict = model.check("CreateJob", &job);
            verdict.unwrap_or_else(|wrong| panic!("{ladder} of {height} lines: {wrong}"));

            // The model must refuse an invalid job, otherwise the test proves nothing.
            job["settings"]["inputs"][0]["timecodeSource"] = json!("NEVER");
            assert!(model.check("CreateJob", &job).unwrap_err().contains("timecodeSource: Should be one of"));
        }
    }
}
