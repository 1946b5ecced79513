//! The Lambda function `publish`: reads its settings, then handles events until Lambda stops it.

use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};
use publish::{Publisher, Settings};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let publisher = start().inspect_err(|error| tracing::error!(%error, "publish cannot start"))?;
    let publisher = &publisher;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| publisher.answer(event.payload))).await
}

fn start() -> Result<Publisher, Error> {
    let settings = Settings::from_env()?;
    let config = handler::sdk_config()?;
    let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(handler::is_local()).build();
    Ok(Publisher::new(
        settings,
        aws_sdk_s3::Client::from_conf(s3),
        aws_sdk_cloudfront::Client::new(&config),
        aws_sdk_eventbridge::Client::new(&config),
        aws_sdk_sns::Client::new(&config),
    ))
}
