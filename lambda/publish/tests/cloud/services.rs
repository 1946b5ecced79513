//! The services of the account in memory besides S3: CloudFront, EventBridge and SNS.

use aws_sdk_cloudfront::Client as CloudFront;
use aws_sdk_cloudfront::operation::create_invalidation::{CreateInvalidationInput, CreateInvalidationOutput};
use aws_sdk_eventbridge::Client as EventBridge;
use aws_sdk_eventbridge::operation::put_events::{PutEventsInput, PutEventsOutput};
use aws_sdk_eventbridge::types::PutEventsResultEntry;
use aws_sdk_sns::Client as Sns;
use aws_sdk_sns::operation::publish::{PublishInput, PublishOutput};
use mocks::{MockResponse, Mocks, rule};

use super::{Cloud, error_response};

/// The most paths with a wildcard that CloudFront invalidates at once.
const WILDCARDS: usize = 15;

impl Cloud {
    pub(crate) fn cloudfront(&self) -> CloudFront {
        let cloud = self.clone();
        let rule = rule(move |input: &CreateInvalidationInput| {
            let mut state = cloud.state();
            if let Some(failed) = state.enter("invalidate".to_owned()) {
                return MockResponse::Http(failed);
            }
            let paths = input.invalidation_batch().unwrap().paths().unwrap().items();
            if paths.iter().filter(|path| path.ends_with('*')).count() > WILDCARDS {
                return MockResponse::Http(error_response(400, "TooManyInvalidationsInProgress"));
            }
            state.invalidations.push(paths.to_vec());
            MockResponse::Output(CreateInvalidationOutput::builder().build())
        });
        let mocks = Mocks::new([rule]);
        let config = aws_sdk_cloudfront::config::Builder::from(&mocks.sdk_config()).interceptor(mocks);
        CloudFront::from_conf(config.build())
    }

    pub(crate) fn sns(&self) -> Sns {
        let cloud = self.clone();
        let rule = rule(move |input: &PublishInput| {
            let mut state = cloud.state();
            if let Some(failed) = state.enter("tell".to_owned()) {
                return MockResponse::Http(failed);
            }
            let notice = (input.subject().unwrap().into(), input.message().unwrap().into());
            state.notices.push(notice);
            MockResponse::Output(PublishOutput::builder().build())
        });
        let mocks = Mocks::new([rule]);
        let config = aws_sdk_sns::config::Builder::from(&mocks.sdk_config()).interceptor(mocks);
        Sns::from_conf(config.build())
    }

    pub(crate) fn events(&self) -> EventBridge {
        let cloud = self.clone();
        let rule = rule(move |input: &PutEventsInput| {
            let [entry] = input.entries() else { panic!("one event at a time") };
            assert_eq!((entry.source(), entry.event_bus_name()), (Some("provision.vod"), Some("media")));
            let detail_type = entry.detail_type().unwrap().to_owned();
            let mut state = cloud.state();
            if let Some(failed) = state.enter(format!("event {detail_type}")) {
                return MockResponse::Http(failed);
            }
            let output = PutEventsOutput::builder();
            if state.refused_events > 0 {
                state.refused_events -= 1;
                let entry = PutEventsResultEntry::builder().error_code("InternalFailure").error_message("no");
                return MockResponse::Output(output.failed_entry_count(1).entries(entry.build()).build());
            }
            let detail = serde_json::from_str(entry.detail().unwrap()).unwrap();
            state.events.push((detail_type, detail));
            let entry = PutEventsResultEntry::builder().event_id("1").build();
            MockResponse::Output(output.entries(entry).build())
        });
        let mocks = Mocks::new([rule]);
        let config = aws_sdk_eventbridge::config::Builder::from(&mocks.sdk_config()).interceptor(mocks);
        EventBridge::from_conf(config.build())
    }
}
