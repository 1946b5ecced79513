//! The Lambda function `submit`: reads its settings, then handles events until Lambda stops it.

use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};
use serde_json::Value;
use submit::{Settings, Submitter};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let submitter = start().inspect_err(|error| tracing::error!(%error, "submit cannot start"))?;
    let submitter = &submitter;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| submitter.answer(event.payload))).await
}

fn start() -> Result<Submitter, Error> {
    let settings = Settings::from_env()?;
    let config = handler::sdk_config()?;
    let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(handler::is_local()).build();
    Ok(Submitter::new(
        settings,
        aws_sdk_s3::Client::from_conf(s3),
        aws_sdk_mediaconvert::Client::new(&config),
        aws_sdk_eventbridge::Client::new(&config),
    ))
}
