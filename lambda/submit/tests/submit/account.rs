//! An account in memory, behind the SDK's own clients: sources, records, a template, and the jobs that were created.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_eventbridge::Client as EventBridge;
use aws_sdk_eventbridge::operation::put_events::{PutEventsInput, PutEventsOutput};
use aws_sdk_eventbridge::types::PutEventsResultEntry;
use aws_sdk_mediaconvert::Client as MediaConvert;
use aws_sdk_mediaconvert::operation::create_job::{CreateJobInput, CreateJobOutput};
use aws_sdk_mediaconvert::operation::get_job_template::{GetJobTemplateInput, GetJobTemplateOutput};
use aws_sdk_mediaconvert::operation::probe::{ProbeInput, ProbeOutput};
use aws_sdk_mediaconvert::primitives::DateTime;
use aws_sdk_mediaconvert::types::{
    AccelerationMode, Container, Format, HlsGroupSettings, Job, JobTemplate, JobTemplateSettings, Output,
    OutputGroup, OutputGroupSettings, OutputGroupType, ProbeResult, Track, TrackType, VideoDescription,
    VideoProperties,
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

pub(crate) const CREATED: &str = include_str!("../fixtures/object-created.json");
pub(crate) const BATCH_1: &str = include_str!("../fixtures/batch-1.0.json");
pub(crate) const BATCH_2: &str = include_str!("../fixtures/batch-2.0.json");

pub(crate) const KEY: &str = "films/한 여름 100%+1.mp4";
pub(crate) const VERSION: &str = "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e";
/// The largest upload, in bytes, and the longest video, in seconds.
const LARGEST: u64 = 10_000_000;
const LONGEST: u64 = 3600;

pub(crate) struct State {
    /// The current version and size of each source.
    pub(crate) sources: BTreeMap<String, (String, i64)>,
    /// The records, by key.
    pub(crate) records: BTreeMap<String, String>,
    pub(crate) probe: ProbeResult,
    pub(crate) revision: i64,
    pub(crate) jobs: Vec<CreateJobInput>,
    /// The details of the events that an upload was refused.
    pub(crate) refusals: Vec<Value>,
    /// How many more events EventBridge does not take, in an answer that is a success.
    pub(crate) refused_events: usize,
    /// How many more times S3 does not find a source that exists, because its bucket's versioning is new.
    pub(crate) unseen: usize,
    /// How many more times MediaConvert is too busy to take a job.
    pub(crate) busy: usize,
    /// The operation that fails, its status and code.
    pub(crate) fail: Option<(&'static str, u16, &'static str)>,
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

pub(crate) fn video(height: i32, with_audio: bool) -> ProbeResult {
    let size = VideoProperties::builder().width(height * 16 / 9).height(height);
    let video = Track::builder().track_type(TrackType::Video).video_properties(size.build());
    let mut container = Container::builder().format(Format::Mp4).tracks(video.build());
    if with_audio {
        container = container.tracks(Track::builder().track_type(TrackType::Audio).build());
    }
    ProbeResult::builder().container(container.build()).build()
}

/// A video that says that it is this long.
pub(crate) fn lasting(seconds: f64) -> ProbeResult {
    let mut probed = video(1080, true);
    probed.container.as_mut().unwrap().duration = Some(seconds);
    probed
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

pub(crate) struct Stack {
    state: Arc<Mutex<State>>,
    pub(crate) submitter: Submitter,
}

impl Stack {
    pub(crate) fn new() -> Self {
        let source = |key: &str, version: &str| (key.to_owned(), (version.to_owned(), 7_340_032));
        let state = Arc::new(Mutex::new(State {
            sources: [source(KEY, VERSION), source("films/a b+c.mp4", "v1")].into(),
            records: BTreeMap::new(),
            probe: video(1080, true),
            revision: 1_700_000_000,
            jobs: Vec::new(),
            refusals: Vec::new(),
            refused_events: 0,
            unseen: 0,
            busy: 0,
            fail: None,
        }));
        let settings = Settings {
            job_template: "vod-staging".into(),
            queue: "arn:aws:mediaconvert:ca-central-1:111122223333:queues/vod-staging".into(),
            role: "arn:aws:iam::111122223333:role/vod-staging-transcode".into(),
            work_bucket: "work".into(),
            stack: "vod-staging".into(),
            acceleration: AccelerationMode::Preferred,
            max_size: Some(LARGEST),
            max_duration: Some(LONGEST),
        };
        let submitter = Submitter::new(settings, s3(&state), mediaconvert(&state), events(&state));
        Self { state, submitter }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) async fn tell(&self, payload: Value) -> Value {
        self.submitter.answer(payload).await.unwrap()
    }

    pub(crate) async fn upload(&self) -> Value {
        self.tell(created()).await
    }

    pub(crate) fn jobs(&self) -> usize {
        self.state().jobs.len()
    }
}

pub(crate) fn created() -> Value {
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

fn events(state: &Arc<Mutex<State>>) -> EventBridge {
    let cloud = state.clone();
    let put = rule(move |input: &PutEventsInput| {
        let [entry] = input.entries() else { panic!("one event at a time") };
        let said = (entry.source(), entry.detail_type(), entry.event_bus_name());
        assert_eq!(said, (Some("provision.vod-staging.submit"), Some("Upload Refused"), Some("default")));
        let mut state = cloud.lock().unwrap();
        if let Some(failed) = state.failure("PutEvents") {
            return MockResponse::Http(failed);
        }
        let output = PutEventsOutput::builder();
        if state.refused_events > 0 {
            state.refused_events -= 1;
            let entry = PutEventsResultEntry::builder().error_code("InternalFailure").error_message("no");
            return MockResponse::Output(output.failed_entry_count(1).entries(entry.build()).build());
        }
        state.refusals.push(serde_json::from_str(entry.detail().unwrap()).unwrap());
        MockResponse::Output(output.build())
    });
    let mocks = Mocks::new([put]);
    let config = aws_sdk_eventbridge::config::Builder::from(&mocks.sdk_config()).interceptor(mocks);
    EventBridge::from_conf(config.build())
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
        if state.busy > 0 {
            state.busy -= 1;
            let busy = json!({"message": "no", "code": "TooManyRequestsException"});
            return MockResponse::Http(response(429, &busy.to_string()));
        }
        state.jobs.push(input.clone());
        let job = Job::builder().id(format!("job-{}", state.jobs.len())).build();
        MockResponse::Output(CreateJobOutput::builder().job(job).build())
    });
    let mocks = Mocks::new([get, probe, create]);
    let config = aws_sdk_mediaconvert::config::Builder::from(&mocks.sdk_config()).interceptor(mocks);
    MediaConvert::from_conf(config.build())
}
