//! AWS accounts in memory for the tests of the handlers: [`Mocks`] answers the calls of an SDK client by rules.
//!
//! `aws-smithy-mocks` does more, but needs the feature `test-util` of every SDK crate. Tests would then compile the SDK
//! a second time.

#![expect(clippy::unwrap_used, reason = "helpers of tests end a test by panicking, too")]

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
    FinalizerInterceptorContextMut, Input, Output,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

/// The header by which the transport finds the answer to a request.
const HEADER: &str = "x-mock";

/// The answer to a call.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a test makes few of them, and writes them often")]
pub enum MockResponse<O> {
    /// The operation's output.
    Output(O),
    /// An HTTP response that the SDK reads; used for errors.
    Http(HttpResponse),
}

/// Answers the calls of one operation; created by [`rule`].
pub struct Rule(Box<Answers>);

type Answers = dyn Fn(&Input) -> Option<MockResponse<Output>> + Send + Sync;

/// Answers every call of the operation whose input is `I`.
pub fn rule<I, O>(answer: impl Fn(&I) -> MockResponse<O> + Send + Sync + 'static) -> Rule
where
    I: fmt::Debug + Send + Sync + 'static,
    O: fmt::Debug + Send + Sync + 'static,
{
    Rule(Box::new(move |input| {
        Some(match answer(input.downcast_ref::<I>()?) {
            MockResponse::Output(output) => MockResponse::Output(Output::erase(output)),
            MockResponse::Http(response) => MockResponse::Http(response),
        })
    }))
}

/// The rules of one client. It is the client's interceptor, and its transport.
#[derive(Clone)]
pub struct Mocks(Arc<Inner>);

struct Inner {
    rules: Vec<Rule>,
    calls: AtomicUsize,
    /// The answers that are on their way, by the number of the call.
    answers: Mutex<HashMap<usize, MockResponse<Output>>>,
}

/// The number of a call, passed from one step of the call to the next.
#[derive(Clone, Debug)]
struct Call(usize);

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

impl Mocks {
    /// An account that answers by the first matching rule. A call without a matching rule ends the test.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let rules = rules.into_iter().collect();
        Self(Arc::new(Inner { rules, calls: AtomicUsize::new(0), answers: Mutex::default() }))
    }

    /// The client configuration, in addition to this value as its interceptor. Nothing is retried.
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "mocks");
        let transport = SharedHttpConnector::new(self.clone());
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-west-2"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .http_client(http_client_fn(move |_, _| transport.clone()))
            .build()
    }

    fn take(&self, call: usize, wanted: fn(&MockResponse<Output>) -> bool) -> Option<MockResponse<Output>> {
        let mut answers = self.0.answers.lock().unwrap();
        answers.get(&call).is_some_and(wanted).then(|| answers.remove(&call))?
    }
}

impl fmt::Debug for Mocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rules", self.0.rules.len())
    }
}

impl Intercept for Mocks {
    fn name(&self) -> &'static str {
        "Mocks"
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = self.0.rules.iter().find_map(|Rule(answer)| answer(context.input()));
        let answer = answer.unwrap_or_else(|| panic!("no rule answers {:?}", context.input()));
        let call = self.0.calls.fetch_add(1, Ordering::Relaxed);
        self.0.answers.lock().unwrap().insert(call, answer);
        cfg.interceptor_state().store_put(Call(call));
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Call(call) = cfg.load::<Call>().unwrap();
        context.request_mut().headers_mut().insert(HEADER, call.to_string());
        Ok(())
    }

    /// Replaces the response that the SDK parsed by the output.
    fn modify_before_attempt_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Call(call) = cfg.load::<Call>().unwrap();
        if let Some(MockResponse::Output(output)) =
            self.take(*call, |answer| matches!(answer, MockResponse::Output(_)))
        {
            context.inner_mut().set_output_or_error(Ok(output));
        }
        Ok(())
    }
}

impl HttpConnector for Mocks {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = request.headers().get(HEADER).unwrap().parse().unwrap();
        let answer = self.take(call, |answer| matches!(answer, MockResponse::Http(_)));
        HttpConnectorFuture::ready(Ok(match answer {
            Some(MockResponse::Http(response)) => response,
            // The output replaces this response later.
            _ => HttpResponse::new(418.try_into().unwrap(), SdkBody::empty()),
        }))
    }
}
