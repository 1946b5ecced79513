//! Submit against an account in memory, with the upload events that S3 documents.

#![expect(clippy::unwrap_used, reason = "helpers of tests end a test by panicking, too")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_mediaconvert::Client as MediaConvert;
use aws_sdk_mediaconvert::operation::create_job::{CreateJobInput, CreateJobOutput};
use aws_sdk_mediaconvert::operation::get_job_template::{GetJobTemplateInput, GetJobTemplateOutput};
use aws_sdk_mediaconvert::operation::probe::{ProbeInput, ProbeOutput};
use aws_sdk_mediaconvert::primitives::DateTime;
use aws_sdk_mediaconvert::types::{
    AccelerationMode, BillingTagsSource, Container, Format, HlsGroupSettings, Job, JobTemplate,
    JobTemplateSettings, Output, OutputGroup, OutputGroupSettings, OutputGroupType, ProbeResult, Track,
    TrackType, VideoDescription, VideoProperties,
};
use aws_sdk_s3::Client as S3;
use aws_sdk_s3::operation::get_object::{GetObjectInput, GetObjectOutput};
use aws_sdk_s3::operation::head_object::{HeadObjectInput, HeadObjectOutput};
use aws_sdk_s3::operation::put_object::{PutObjectInput, PutObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use mocks::{MockResponse, Mocks, rule};
use serde_json::{Value, json};
use submit::{Settings, Submitter};

const CREATED: &str = include_str!("fixtures/object-created.json");
const BATCH_1: &str = include_str!("fixtures/batch-1.0.json");
const BATCH_2: &str = include_str!("fixtures/batch-2.0.json");

const KEY: &str = "films/한 여름 100%+1.mp4";
const VERSION: &str = "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e";

struct State {
    /// The current version and size of each source.
    sources: BTreeMap<String, (String, i64)>,
    /// The records, by key.
    records: BTreeMap<String, String>,
    probe: ProbeResult,
    revision: i64,
    jobs: Vec<CreateJobInput>,
    /// How many more times S3 does not find a source that exists, because its bucket's versioning is new.
    unseen: usize,
    /// The operation that fails, its status and code.
    fail: Option<(&'static str, u16, &'static str)>,
}

impl State {
    fn failure(&self, operation: &str) -> Option<HttpResponse> {
        let (_, status, code) = self.fail.filter(|(failing, ..)| *failing == operation)?;
        let body = match operation {
            "GetObject" | "HeadObject" => {
                format!("<Error><Code>{code}</Code><Message>no</Message></Error>")
            }
            _ => json!({"message": "no", "code": code}).to_string(),
        };
        Some(response(status, &body))
    }
}

fn response(status: u16, body: &str) -> HttpResponse {
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}

fn video(height: i32, with_audio: bool) -> ProbeResult {
    let size = VideoProperties::builder().width(height * 16 / 9).height(height);
    let video = Track::builder().track_type(TrackType::Video).video_properties(size.build());
    let mut container = Container::builder().format(Format::Mp4).tracks(video.build());
    if with_audio {
        container = container.tracks(Track::builder().track_type(TrackType::Audio).build());
    }
    ProbeResult::builder().container(container.build()).build()
}

fn template(revision: i64) -> JobTemplate {
    let rung = |height| {
        let video = VideoDescription::builder().height(height).build();
        Output::builder().video_description(video).build()
    };
    let group = OutputGroupSettings::builder()
        .r#type(OutputGroupType::HlsGroupSettings)
        .hls_group_settings(HlsGroupSettings::builder().build());
    let group = OutputGroup::builder()
        .output_group_settings(group.build())
        .set_outputs(Some([1080, 720, 360].map(rung).to_vec()));
    let settings = JobTemplateSettings::builder().output_groups(group.build());
    JobTemplate::builder()
        .name("vod-staging")
        .last_updated(DateTime::from_secs(revision))
        .settings(settings.build())
        .build()
}

struct Stack {
    state: Arc<Mutex<State>>,
    submitter: Submitter,
}

impl Stack {
    fn new() -> Self {
        let source = |key: &str, version: &str| (key.to_owned(), (version.to_owned(), 7_340_032));
        let state = Arc::new(Mutex::new(State {
            sources: [source(KEY, VERSION), source("films/a b+c.mp4", "v1")].into(),
            records: BTreeMap::new(),
            probe: video(1080, true),
            revision: 1_700_000_000,
            jobs: Vec::new(),
            unseen: 0,
            fail: None,
        }));
        let settings = Settings {
            job_template: "vod-staging".into(),
            queue: "arn:aws:mediaconvert:ca-central-1:111122223333:queues/vod-staging".into(),
            role: "arn:aws:iam::111122223333:role/vod-staging-transcode".into(),
            work_bucket: "work".into(),
            acceleration: AccelerationMode::Preferred,
        };
        let submitter = Submitter::new(settings, s3(&state), mediaconvert(&state));
        Self { state, submitter }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn tell(&self, payload: Value) -> Value {
        self.submitter.answer(payload).await.unwrap()
    }

    async fn upload(&self) -> Value {
        self.tell(created()).await
    }

    fn jobs(&self) -> usize {
        self.state().jobs.len()
    }
}

fn created() -> Value {
    serde_json::from_str(CREATED).unwrap()
}

fn s3(state: &Arc<Mutex<State>>) -> S3 {
    let cloud = state.clone();
    let head = rule(move |input: &HeadObjectInput| {
        let mut state = cloud.lock().unwrap();
        if let Some(failed) = state.failure("HeadObject") {
            return MockResponse::Http(failed);
        }
        if state.unseen > 0 {
            state.unseen -= 1;
            return MockResponse::Http(response(404, ""));
        }
        match state.sources.get(input.key().unwrap()) {
            Some((version, size)) => {
                let output = HeadObjectOutput::builder().version_id(version).content_length(*size);
                MockResponse::Output(output.build())
            }
            None => {
                let mut missing = response(404, "");
                missing.headers_mut().insert("x-amz-delete-marker", "true");
                MockResponse::Http(missing)
            }
        }
    });
    let cloud = state.clone();
    let get =
        rule(move |input: &GetObjectInput| match cloud.lock().unwrap().records.get(input.key().unwrap()) {
            Some(record) => {
                let body = ByteStream::from(record.clone().into_bytes());
                MockResponse::Output(GetObjectOutput::builder().body(body).build())
            }
            None => MockResponse::Http(response(404, "<Error><Code>NoSuchKey</Code></Error>")),
        });
    let cloud = state.clone();
    let put = rule(move |input: &PutObjectInput| {
        let body = String::from_utf8(input.body().bytes().unwrap().to_vec()).unwrap();
        let key = input.key().unwrap().to_owned();
        cloud.lock().unwrap().records.insert(key, body);
        MockResponse::Output(PutObjectOutput::builder().build())
    });
    let mocks = Mocks::new([head, get, put]);
    let config = aws_sdk_s3::config::Builder::from(&mocks.sdk_config()).interceptor(mocks);
    S3::from_conf(config.build())
}

fn mediaconvert(state: &Arc<Mutex<State>>) -> MediaConvert {
    let cloud = state.clone();
    let get = rule(move |input: &GetJobTemplateInput| {
        assert_eq!(input.name(), Some("vod-staging"));
        let state = cloud.lock().unwrap();
        if let Some(failed) = state.failure("GetJobTemplate") {
            return MockResponse::Http(failed);
        }
        let output = GetJobTemplateOutput::builder().job_template(template(state.revision));
        MockResponse::Output(output.build())
    });
    let cloud = state.clone();
    let probe = rule(move |_: &ProbeInput| {
        let state = cloud.lock().unwrap();
        if let Some(failed) = state.failure("Probe") {
            return MockResponse::Http(failed);
        }
        let output = ProbeOutput::builder().probe_results(state.probe.clone());
        MockResponse::Output(output.build())
    });
    let cloud = state.clone();
    let create = rule(move |input: &CreateJobInput| {
        let mut state = cloud.lock().unwrap();
        if let Some(failed) = state.failure("CreateJob") {
            return MockResponse::Http(failed);
        }
        state.jobs.push(input.clone());
        let job = Job::builder().id(format!("job-{}", state.jobs.len())).build();
        MockResponse::Output(CreateJobOutput::builder().job(job).build())
    });
    let mocks = Mocks::new([get, probe, create]);
    let config = aws_sdk_mediaconvert::config::Builder::from(&mocks.sdk_config()).interceptor(mocks);
    MediaConvert::from_conf(config.build())
}

#[tokio::test]
async fn an_upload_starts_one_job_made_from_the_template() {
    let stack = Stack::new();
    let asset = asset::id("amzn-s3-demo-bucket", KEY);
    let outcome = stack.upload().await;
    assert_eq!(outcome, json!({"outcome": "started", "asset": asset, "job": "job-1"}));

    let state = stack.state();
    let job = &state.jobs[0];
    let run = asset::run(VERSION, 1_700_000_000);
    assert_eq!(job.job_template(), Some("vod-staging"));
    assert!(job.queue().unwrap().ends_with("queues/vod-staging"));
    assert!(job.role().unwrap().ends_with("role/vod-staging-transcode"));
    let acceleration = job.acceleration_settings().unwrap();
    assert_eq!(acceleration.mode(), Some(&AccelerationMode::Preferred));
    assert_eq!(job.billing_tags_source(), Some(&BillingTagsSource::Queue));
    assert_eq!(job.client_request_token().unwrap().len(), 64);
    let settings = job.settings().unwrap();
    let url = format!("s3://amzn-s3-demo-bucket/{KEY}");
    assert_eq!(settings.inputs()[0].file_input(), Some(url.as_str()));
    let group = settings.output_groups()[0].output_group_settings().unwrap();
    let destination = format!("s3://work/{asset}/{run}/index");
    assert_eq!(group.hls_group_settings().unwrap().destination(), Some(destination.as_str()));
    let metadata = job.user_metadata().unwrap();
    let others: Vec<_> =
        ["asset", "bucket", "revision", "version"].iter().map(|name| metadata[*name].as_str()).collect();
    assert_eq!(others, [asset.as_str(), "amzn-s3-demo-bucket", "1700000000", VERSION]);
    assert_eq!(asset::metadata::key(metadata).as_deref(), Some(KEY));
}

#[tokio::test]
async fn a_duplicate_event_starts_no_second_job() {
    let stack = Stack::new();
    stack.upload().await;
    let outcome = stack.upload().await;
    assert_eq!((&outcome["outcome"], &outcome["job"]), (&json!("duplicate"), &json!("job-1")));
    assert_eq!(stack.jobs(), 1);
}

#[tokio::test]
async fn a_changed_template_makes_a_new_run_of_the_same_upload() {
    let stack = Stack::new();
    stack.upload().await;
    stack.state().revision += 60;
    assert_eq!(stack.upload().await["outcome"], "started");
    let state = stack.state();
    let revision = |index: usize| state.jobs[index].user_metadata().unwrap()["revision"].clone();
    assert_ne!(revision(0), revision(1));
    let token = |index: usize| state.jobs[index].client_request_token();
    assert_ne!(token(0), token(1), "MediaConvert would answer with the other run's job for a minute");
}

#[tokio::test]
async fn what_can_never_be_a_job_is_refused_and_not_retried() {
    let event = |change: &dyn Fn(&mut Value)| {
        let mut event = created();
        change(&mut event["detail"]["object"]);
        event
    };
    for (event, reason) in [
        (event(&|object| object["size"] = json!(0)), "the object is empty"),
        (event(&|object| object["key"] = json!("gone.mp4")), "the object is no longer there"),
        (event(&|object| object["key"] = json!("notes.txt")), "the name does not end in a video suffix"),
        (event(&|object| object["version-id"] = json!("older")), "version older is not the current one"),
    ] {
        let stack = Stack::new();
        let outcome = stack.tell(event).await;
        assert_eq!(outcome["outcome"], "refused");
        let said = outcome["reason"].as_str().unwrap();
        assert!(said.starts_with(reason), "{said}");
        assert_eq!(stack.jobs(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_s3_does_not_see_yet_is_tried_again_and_not_refused() {
    let stack = Stack::new();
    stack.state().unseen = 3;
    assert_eq!(stack.upload().await["outcome"], "started");

    stack.state().unseen = usize::MAX;
    let error = stack.submitter.answer(created()).await.unwrap_err().to_string();
    assert!(error.contains("does not say that it was deleted"), "{error}");
    let answer = stack.tell(serde_json::from_str(BATCH_1).unwrap()).await;
    assert_eq!(answer["results"][0]["resultCode"], "TemporaryFailure");
    assert_eq!(stack.jobs(), 1);
}

#[tokio::test]
async fn an_object_that_is_empty_by_now_is_refused() {
    let stack = Stack::new();
    stack.state().sources.insert(KEY.into(), (VERSION.into(), 0));
    assert_eq!(stack.upload().await["reason"], "the object is empty");
}

#[tokio::test]
async fn rungs_taller_than_the_source_are_not_encoded() {
    let stack = Stack::new();
    stack.state().probe = video(720, true);
    stack.upload().await;
    let state = stack.state();
    let outputs = state.jobs[0].settings().unwrap().output_groups()[0].outputs();
    let heights: Vec<_> =
        outputs.iter().map(|output| output.video_description().unwrap().height().unwrap()).collect();
    assert_eq!(heights, [720, 360]);
}

#[tokio::test]
async fn a_file_without_a_picture_is_refused() {
    let stack = Stack::new();
    let audio = Track::builder().track_type(TrackType::Audio).build();
    let container = Container::builder().format(Format::Mp4).tracks(audio).build();
    stack.state().probe = ProbeResult::builder().container(container).build();
    assert_eq!(stack.upload().await["reason"], "the file has no video track");
    assert_eq!(stack.jobs(), 0);
}

#[tokio::test]
async fn a_file_that_probe_cannot_read_is_left_to_the_encoder() {
    for (status, code) in
        [(400, "BadRequestException"), (404, "NotFoundException"), (422, "UnprocessableEntityException")]
    {
        let stack = Stack::new();
        stack.state().fail = Some(("Probe", status, code));
        assert_eq!(stack.upload().await["outcome"], "started", "{code}");
        let state = stack.state();
        let outputs = state.jobs[0].settings().unwrap().output_groups()[0].outputs();
        assert_eq!(outputs.len(), 3, "the whole ladder");
    }
}

#[tokio::test]
async fn failures_are_returned_so_that_lambda_retries_and_then_keeps_the_event() {
    for (operation, status, code) in [
        ("HeadObject", 503, "SlowDown"),
        ("GetJobTemplate", 404, "NotFoundException"),
        ("Probe", 403, "ForbiddenException"),
        ("Probe", 429, "TooManyRequestsException"),
        ("CreateJob", 429, "TooManyRequestsException"),
        ("CreateJob", 400, "BadRequestException"),
    ] {
        let stack = Stack::new();
        stack.state().fail = Some((operation, status, code));
        let error = stack.submitter.answer(created()).await.unwrap_err().to_string();
        assert!(error.contains(operation) && error.contains("failed"), "{error}");
        assert!(stack.state().records.is_empty());
    }
}

#[tokio::test]
async fn batch_1_0_gets_a_result_for_its_task() {
    let stack = Stack::new();
    let answer = stack.tell(serde_json::from_str(BATCH_1).unwrap()).await;
    let expected = json!({
        "invocationSchemaVersion": "1.0",
        "treatMissingKeysAs": "PermanentFailure",
        "invocationId": "YXNkbGZqYWRmaiBhc2RmdW9hZHNmZGpmaGFzbGtkaGZza2RmaAo",
        "results": [{
            "taskId": "dGFza2lkZ29lc2hlcmUK",
            "resultCode": "Succeeded",
            "resultString": "job job-1 started",
        }],
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn batch_2_0_gets_one_result_a_task_and_can_force_a_new_job() {
    let stack = Stack::new();
    let batch = || serde_json::from_str(BATCH_2).unwrap();
    let answer = stack.tell(batch()).await;
    assert_eq!(answer["invocationSchemaVersion"], "2.0");
    let results = answer["results"].as_array().unwrap();
    let codes: Vec<_> = results.iter().map(|result| &result["resultCode"]).collect();
    assert_eq!(codes, ["Succeeded", "PermanentFailure"]);
    let answer = stack.tell(batch()).await;
    assert_eq!(answer["results"][0]["resultString"], "already given to job job-1", "S3 asked again");
    let mut another: Value = batch();
    another["job"]["id"] = json!("another batch job");
    stack.tell(another).await;
    assert_eq!(stack.jobs(), 2, "force=true starts another");
    let token = |index: usize| stack.state().jobs[index].client_request_token().map(ToOwned::to_owned);
    assert_ne!(token(0), token(1), "MediaConvert would answer with the former job for a minute");
    let mut without_force: Value = batch();
    without_force["job"]["userArguments"] = json!({});
    let answer = stack.tell(without_force).await;
    assert_eq!(answer["results"][0]["resultString"], "already given to job job-2");
}

#[tokio::test]
async fn a_plus_sign_of_a_manifest_is_a_space_unless_only_the_plus_sign_is_there() {
    let stack = Stack::new();
    let started = async || {
        stack.tell(serde_json::from_str(BATCH_1).unwrap()).await;
        let state = stack.state();
        state.jobs.last().unwrap().user_metadata().unwrap()["key"].clone()
    };
    assert_eq!(started().await, "films/a b+c.mp4");
    stack.state().sources.insert("films/a b c.mp4".into(), ("v1".into(), 1));
    assert_eq!(started().await, "films/a b c.mp4");
}

#[tokio::test]
async fn batch_results_say_whether_to_ask_again() {
    let result = async |fail, key: &str| {
        let stack = Stack::new();
        stack.state().fail = fail;
        let mut batch: Value = serde_json::from_str(BATCH_1).unwrap();
        batch["tasks"][0]["s3Key"] = json!(key);
        stack.tell(batch).await["results"][0]["resultCode"].clone()
    };
    let key = "films/a%20b+c.mp4";
    assert_eq!(result(Some(("CreateJob", 429, "TooManyRequestsException")), key).await, "TemporaryFailure");
    assert_eq!(
        result(Some(("CreateJob", 500, "InternalServerErrorException")), key).await,
        "TemporaryFailure"
    );
    assert_eq!(result(Some(("CreateJob", 400, "BadRequestException")), key).await, "PermanentFailure");
    assert_eq!(result(None, "notes.txt").await, "PermanentFailure");
}
