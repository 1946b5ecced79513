//! An account in memory, behind the SDK's own clients: S3 with conditional writes, versions and tags, CloudFront,
//! EventBridge, SNS. Every call is recorded in order, and one can be made to fail.

mod services;
pub(crate) mod stack;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_s3::Client as S3;
use aws_sdk_s3::operation::copy_object::{CopyObjectInput, CopyObjectOutput};
use aws_sdk_s3::operation::delete_object::{DeleteObjectInput, DeleteObjectOutput};
use aws_sdk_s3::operation::delete_objects::{DeleteObjectsInput, DeleteObjectsOutput};
use aws_sdk_s3::operation::get_object::{GetObjectInput, GetObjectOutput};
use aws_sdk_s3::operation::get_object_tagging::{GetObjectTaggingInput, GetObjectTaggingOutput};
use aws_sdk_s3::operation::head_object::{HeadObjectInput, HeadObjectOutput};
use aws_sdk_s3::operation::list_objects_v2::{ListObjectsV2Input, ListObjectsV2Output};
use aws_sdk_s3::operation::put_object::{PutObjectInput, PutObjectOutput};
use aws_sdk_s3::operation::put_object_tagging::{PutObjectTaggingInput, PutObjectTaggingOutput};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Object as Entry, Tag};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use mocks::{MockResponse, Mocks, Rule, rule};
use serde_json::Value;

/// Keys in a page of a listing: few, so that paging is always exercised.
const PAGE: usize = 5;

/// Keys in a page of a listing of thousands.
const LONG_PAGE: usize = 1000;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object {
    pub body: String,
    pub content_type: String,
    pub cache_control: String,
    /// The mark `x-amz-meta-source`.
    pub source: Option<String>,
}

impl Object {
    fn etag(&self) -> String {
        format!("\"{}\"", asset::client_token("etag", "", &self.body, None))
    }
}

#[derive(Default)]
pub(crate) struct State {
    /// By `bucket/key`.
    pub objects: BTreeMap<String, Object>,
    /// The current version of each source, by `bucket/key`.
    pub versions: BTreeMap<String, String>,
    pub tags: Vec<(String, String)>,
    pub calls: Vec<String>,
    pub invalidations: Vec<Vec<String>>,
    pub notices: Vec<(String, String)>,
    /// What the app was told: detail type and detail.
    pub events: Vec<(String, Value)>,
    /// How many more events EventBridge does not take, in an answer that is a success.
    pub refused_events: usize,
    /// The next call that starts with this text fails with this status and code.
    pub fail: Option<(String, u16, &'static str)>,
    /// Another writer's action right before the next call that starts with this text.
    pub meanwhile: Option<(String, Meanwhile)>,
    /// How many more copies S3 answers with `SlowDown`.
    pub throttled: usize,
    /// How many more times S3 does not find a source, and does not say that it was deleted: its bucket's versioning is
    /// new, or no version is left.
    pub unseen: usize,
    /// The versions of sources that were deleted permanently.
    pub erased: Vec<String>,
    /// The same of a playlist in service.
    pub unseen_playlists: usize,
}

type Meanwhile = Box<dyn FnOnce(&mut State) + Send>;

#[derive(Clone, Default)]
pub(crate) struct Cloud(Arc<Mutex<State>>);

impl Cloud {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn put(&self, path: &str, body: &str) {
        let object = Object {
            body: body.into(),
            content_type: "binary/octet-stream".into(),
            cache_control: String::new(),
            source: None,
        };
        self.state().objects.insert(path.into(), object);
    }

    pub(crate) fn body(&self, path: &str) -> Option<String> {
        Some(self.state().objects.get(path)?.body.clone())
    }

    /// Runs `act` right before the next call that starts with `call`.
    pub(crate) fn meanwhile(&self, call: &str, act: impl FnOnce(&mut State) + Send + 'static) {
        self.state().meanwhile = Some((call.to_owned(), Box::new(act)));
    }

    /// The keys under a path.
    pub(crate) fn under(&self, prefix: &str) -> Vec<String> {
        let state = self.state();
        let keys = state.objects.keys().filter_map(|path| path.strip_prefix(prefix));
        keys.map(ToOwned::to_owned).collect()
    }

    /// Returns the changing calls so far, and clears them.
    pub(crate) fn changes(&self) -> Vec<String> {
        let calls = std::mem::take(&mut self.state().calls);
        let reads = ["get ", "list ", "head ", "get-tags "];
        let reads = |call: &String| reads.iter().any(|read| call.starts_with(read));
        calls.into_iter().filter(|call| !reads(call)).collect()
    }

    pub(crate) fn s3(&self) -> S3 {
        let rules = [
            self.list_rule(),
            self.get_rule(),
            self.head_rule(),
            self.put_rule(),
            self.copy_rule(),
            self.delete_rule(),
            self.delete_one_rule(),
            self.get_tags_rule(),
            self.put_tags_rule(),
        ];
        let mocks = Mocks::new(rules);
        let config = aws_sdk_s3::config::Builder::from(&mocks.sdk_config()).interceptor(mocks);
        S3::from_conf(config.build())
    }

    fn list_rule(&self) -> Rule {
        let cloud = self.clone();
        rule(move |input: &ListObjectsV2Input| {
            let (bucket, prefix) = (input.bucket().unwrap(), input.prefix().unwrap());
            let mut state = cloud.state();
            if let Some(failed) = state.enter(format!("list {bucket}/{prefix}")) {
                return MockResponse::Http(failed);
            }
            if bucket == "source" {
                let there = state.versions.contains_key(&format!("{bucket}/{prefix}"));
                let found = there.then(|| Entry::builder().key(prefix).build());
                let output = ListObjectsV2Output::builder().set_contents(Some(Vec::from_iter(found)));
                return MockResponse::Output(output.build());
            }
            let after = input.continuation_token().unwrap_or(prefix);
            let page_size = if state.objects.len() > LONG_PAGE { LONG_PAGE } else { PAGE };
            let found: Vec<Entry> = state
                .objects
                .range(format!("{bucket}/{after}")..)
                .filter_map(|(path, object)| Some((path.strip_prefix(bucket)?.strip_prefix('/')?, object)))
                .take_while(|(key, _)| key.starts_with(prefix))
                .filter(|(key, _)| Some(*key) != input.continuation_token())
                .take(page_size + 1)
                .map(|(key, object)| {
                    let size = i64::try_from(object.body.len()).unwrap();
                    Entry::builder().key(key).size(size).e_tag(object.etag()).build()
                })
                .collect();
            let page = found[..found.len().min(page_size)].to_vec();
            let next = (found.len() > page_size).then(|| page.last().unwrap().key().unwrap().to_owned());
            let output = ListObjectsV2Output::builder()
                .is_truncated(next.is_some())
                .set_next_continuation_token(next)
                .set_contents(Some(page));
            MockResponse::Output(output.build())
        })
    }

    fn get_rule(&self) -> Rule {
        let cloud = self.clone();
        rule(move |input: &GetObjectInput| {
            let path = format!("{}/{}", input.bucket().unwrap(), input.key().unwrap());
            let mut state = cloud.state();
            if let Some(failed) = state.enter(format!("get {path}")) {
                return MockResponse::Http(failed);
            }
            let unseen =
                state.unseen_playlists > 0 && path.ends_with("/index.m3u8") && path.starts_with("output/");
            state.unseen_playlists -= usize::from(unseen);
            let Some(object) = state.objects.get(&path).filter(|_| !unseen) else {
                return MockResponse::Http(error(404, "NoSuchKey"));
            };
            let body = ByteStream::from(object.body.clone().into_bytes());
            let metadata = object.source.iter().map(|source| ("source".to_owned(), source.clone()));
            let output = GetObjectOutput::builder().set_metadata(Some(metadata.collect()));
            let output = output.e_tag(object.etag()).body(body);
            MockResponse::Output(output.build())
        })
    }

    fn head_rule(&self) -> Rule {
        let cloud = self.clone();
        rule(move |input: &HeadObjectInput| {
            let path = format!("{}/{}", input.bucket().unwrap(), input.key().unwrap());
            let mut state = cloud.state();
            if let Some(failed) = state.enter(format!("head {path}")) {
                return MockResponse::Http(failed);
            }
            let mut missing = HttpResponse::new(404.try_into().unwrap(), SdkBody::empty());
            if state.unseen > 0 {
                state.unseen -= 1;
                return MockResponse::Http(missing);
            }
            match state.versions.get(&path) {
                Some(version) => {
                    MockResponse::Output(HeadObjectOutput::builder().version_id(version).build())
                }
                None => {
                    missing.headers_mut().insert("x-amz-delete-marker", "true");
                    MockResponse::Http(missing)
                }
            }
        })
    }

    fn put_rule(&self) -> Rule {
        let cloud = self.clone();
        rule(move |input: &PutObjectInput| {
            let path = format!("{}/{}", input.bucket().unwrap(), input.key().unwrap());
            let mut state = cloud.state();
            if let Some(failed) = state.enter(format!("put {path}")) {
                return MockResponse::Http(failed);
            }
            let there = state.objects.get(&path).map(Object::etag);
            let holds = match (input.if_none_match(), input.if_match()) {
                (Some("*"), None) => there.is_none(),
                (None, Some(etag)) => there.as_deref() == Some(etag),
                other => panic!("an unconditional put of {path}: {other:?}"),
            };
            if !holds {
                return MockResponse::Http(error(412, "PreconditionFailed"));
            }
            let object = Object {
                body: String::from_utf8(input.body().bytes().unwrap().to_vec()).unwrap(),
                content_type: input.content_type().unwrap().into(),
                cache_control: input.cache_control().unwrap().into(),
                source: input.metadata().map(|metadata| metadata["source"].clone()),
            };
            let etag = object.etag();
            state.objects.insert(path, object);
            MockResponse::Output(PutObjectOutput::builder().e_tag(etag).build())
        })
    }

    fn copy_rule(&self) -> Rule {
        let cloud = self.clone();
        rule(move |input: &CopyObjectInput| {
            let path = format!("{}/{}", input.bucket().unwrap(), input.key().unwrap());
            let mut state = cloud.state();
            if let Some(failed) = state.enter(format!("copy {path}")) {
                return MockResponse::Http(failed);
            }
            if state.throttled > 0 {
                state.throttled -= 1;
                return MockResponse::Http(error(503, "SlowDown"));
            }
            let Some(from) = state.objects.get(input.copy_source().unwrap()) else {
                return MockResponse::Http(error(404, "NoSuchKey"));
            };
            assert_eq!(input.metadata_directive().unwrap().as_str(), "REPLACE");
            let object = Object {
                body: from.body.clone(),
                content_type: input.content_type().unwrap().into(),
                cache_control: input.cache_control().unwrap().into(),
                source: None,
            };
            state.objects.insert(path, object);
            MockResponse::Output(CopyObjectOutput::builder().build())
        })
    }

    fn delete_rule(&self) -> Rule {
        let cloud = self.clone();
        rule(move |input: &DeleteObjectsInput| {
            let bucket = input.bucket().unwrap();
            let mut state = cloud.state();
            for object in input.delete().unwrap().objects() {
                let path = format!("{bucket}/{}", object.key());
                if let Some(failed) = state.enter(format!("delete {path}")) {
                    return MockResponse::Http(failed);
                }
                state.objects.remove(&path);
            }
            MockResponse::Output(DeleteObjectsOutput::builder().build())
        })
    }

    fn delete_one_rule(&self) -> Rule {
        let cloud = self.clone();
        rule(move |input: &DeleteObjectInput| {
            let path = format!("{}/{}", input.bucket().unwrap(), input.key().unwrap());
            let mut state = cloud.state();
            if let Some(failed) = state.enter(format!("delete {path}")) {
                return MockResponse::Http(failed);
            }
            let Some(there) = state.objects.get(&path).map(Object::etag) else {
                return MockResponse::Http(error(404, "NoSuchKey"));
            };
            if there != input.if_match().unwrap() {
                return MockResponse::Http(error(412, "PreconditionFailed"));
            }
            state.objects.remove(&path);
            MockResponse::Output(DeleteObjectOutput::builder().build())
        })
    }

    fn get_tags_rule(&self) -> Rule {
        let cloud = self.clone();
        rule(move |input: &GetObjectTaggingInput| {
            let mut state = cloud.state();
            let version = input.version_id().unwrap();
            if let Some(failed) = state.enter(format!("get-tags {version}")) {
                return MockResponse::Http(failed);
            }
            if state.erased.iter().any(|erased| erased == version) {
                return MockResponse::Http(error(404, "NoSuchVersion"));
            }
            let tag = |(key, value): &(String, String)| Tag::builder().key(key).value(value).build().unwrap();
            let tags = state.tags.iter().map(tag).collect();
            let output = GetObjectTaggingOutput::builder().set_tag_set(Some(tags));
            MockResponse::Output(output.build().unwrap())
        })
    }

    fn put_tags_rule(&self) -> Rule {
        let cloud = self.clone();
        rule(move |input: &PutObjectTaggingInput| {
            let mut state = cloud.state();
            if let Some(failed) = state.enter(format!("put-tags {}", input.version_id().unwrap())) {
                return MockResponse::Http(failed);
            }
            let tags = input.tagging().unwrap().tag_set().iter();
            state.tags = tags.map(|tag| (tag.key().into(), tag.value().into())).collect();
            MockResponse::Output(PutObjectTaggingOutput::builder().build())
        })
    }
}

impl State {
    /// Records a call; returns the answer if this call is to fail.
    fn enter(&mut self, call: String) -> Option<HttpResponse> {
        let now = |(start, _): &mut (String, Meanwhile)| call.starts_with(start.as_str());
        if let Some((_, act)) = self.meanwhile.take_if(now) {
            act(self);
        }
        let fails = |(start, ..): &(String, u16, &str)| call.starts_with(start.as_str());
        let failing = self.fail.as_ref().is_some_and(fails);
        self.calls.push(call);
        if !failing {
            return None;
        }
        let (call, status, code) = self.fail.take()?;
        Some(match call.as_str() {
            "invalidate" | "tell" => error_response(status, code),
            call if call.starts_with("event ") => {
                let body = format!("{{\"__type\":\"{code}\",\"message\":\"no\"}}");
                HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
            }
            _ => error(status, code),
        })
    }
}

/// S3's error response.
fn error(status: u16, code: &str) -> HttpResponse {
    let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}

/// The error response of CloudFront and SNS.
fn error_response(status: u16, code: &str) -> HttpResponse {
    let error = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    let body = format!("<ErrorResponse>{error}</ErrorResponse>");
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}
