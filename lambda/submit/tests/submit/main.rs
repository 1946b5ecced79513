//! Submit against an account in memory, with the upload events that S3 documents.

#![expect(clippy::unwrap_used, reason = "helpers of tests end a test by panicking, too")]

mod account;
mod refusals;

use account::{BATCH_1, BATCH_2, KEY, Stack, VERSION, created, video};
use aws_sdk_mediaconvert::types::{AccelerationMode, BillingTagsSource, StatusUpdateInterval};
use serde_json::{Value, json};

#[tokio::test]
async fn an_upload_starts_one_job_made_from_the_template() {
    let stack = Stack::new();
    let asset = asset::id("amzn-s3-demo-bucket", KEY);
    let outcome = stack.upload().await;
    assert_eq!(outcome, json!({"outcome": "started", "asset": asset, "job": "job-1"}));

    let state = stack.state();
    let job = &state.jobs[0];
    let run = asset::run(VERSION, 1_700_000_000);
    assert_eq!(job.job_template(), None, "nothing documents how a template's settings are merged");
    assert_eq!(job.priority(), Some(3));
    assert_eq!(job.status_update_interval(), Some(&StatusUpdateInterval::Seconds60));
    assert_eq!(job.hop_destinations()[0].wait_minutes(), Some(15));
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
async fn a_job_carries_the_length_that_its_source_has() {
    let stack = Stack::new();
    stack.state().probe = account::lasting(13.04);
    stack.upload().await;
    let state = stack.state();
    let metadata = state.jobs[0].user_metadata().unwrap();
    assert_eq!((metadata["revision"].as_str(), metadata["length"].as_str()), ("1700000000", "13040"));
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

#[tokio::test(start_paused = true)]
async fn an_upload_waits_minutes_for_its_turn_at_mediaconvert() {
    let stack = Stack::new();
    stack.state().busy = 15;
    let began = tokio::time::Instant::now();
    assert_eq!(stack.upload().await["outcome"], "started");
    assert!((60..150).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert_eq!(stack.jobs(), 1);
}

#[tokio::test(start_paused = true)]
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
    assert_eq!(stack.state().jobs[0].priority(), Some(-7), "ten behind new uploads");
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

#[tokio::test(start_paused = true)]
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
