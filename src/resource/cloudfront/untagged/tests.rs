//! The shared verbs on a CloudFront that others change too, with each of the five types.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::future::join_all;
use serde_json::{Value, json};

use super::*;
use crate::aws::fake_aws;
use crate::diff::diff;
use crate::model::{Contents, Live as Seen, Outputs, Readiness};
use crate::resource::{Adapter, registry};

const NAME: &str = "vod-case";
const MARK: &str = "provision:vod:delivery/case";
const ID: &str = "ID1";

/// The id, name and comment of an entry in a list.
type Entry = (&'static str, &'static str, &'static str);

/// An error for the next call of a method.
type Refusal = (Method, u16, &'static str);

/// A CloudFront that lists some resources of one type, of which `ID1` can be read and changed.
#[derive(Default)]
struct Account {
    /// What the XML of the type is named: `CachePolicy`.
    element: &'static str,
    /// The entries of the list, one a page.
    listed: Vec<Entry>,
    /// The comment of `ID1`.
    comment: &'static str,
    /// The number of changes that others make, one after each read of `ID1`.
    changes: usize,
    etag: usize,
    refusals: Vec<Refusal>,
    /// The member that answers leave out.
    without: &'static str,
    calls: Vec<String>,
}

type Shared = Arc<Mutex<Account>>;

impl Account {
    fn config(&self, name: &str, comment: &str) -> String {
        let element = self.element;
        format!(
            "<{element}Config><Name>{name}</Name><Comment>{comment}</Comment><Description>{comment}</Description>\
             </{element}Config>"
        )
    }

    fn resource(&self, id: &str, config: &str) -> String {
        let element = self.element;
        format!(
            "<{element}><Id>{id}</Id><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime>{config}</{element}>"
        )
    }

    /// A page with one entry. Some lists name its members in the entry, others in the resource in it.
    fn page(&self, marker: usize) -> String {
        let element = self.element;
        let entry = self.listed.get(marker).map(|(id, name, comment)| {
            let resource = self.resource(id, &self.config(name, comment));
            format!(
                "<{element}Summary><Id>{id}</Id><Name>{name}</Name><Comment>{comment}</Comment>\
                 <Description>{comment}</Description>{resource}</{element}Summary>"
            )
        });
        let next =
            (marker + 1 < self.listed.len()).then(|| format!("<NextMarker>{}</NextMarker>", marker + 1));
        let (entry, next) = (entry.unwrap_or_default(), next.unwrap_or_default());
        format!(
            "<{element}List>{next}<MaxItems>1</MaxItems><Quantity>1</Quantity><Items>{entry}</Items></{element}List>"
        )
    }

    fn read(&mut self) -> Response {
        let config =
            if self.without == "configuration" { String::new() } else { self.config(NAME, self.comment) };
        let body = self.resource(ID, &config);
        let etag = self.etag.to_string();
        if self.changes > 0 {
            self.changes -= 1;
            self.etag += 1;
        }
        if self.without == "ETag" { body.into_response() } else { ([("etag", etag)], body).into_response() }
    }

    fn answer(&mut self, method: &Method, path: &str, marker: usize, headers: &HeaderMap) -> Response {
        if let Some(at) = self.refusals.iter().position(|(of, ..)| of == method) {
            let (_, status, code) = self.refusals.remove(at);
            return refusal(status, code);
        }
        let current = headers.get("if-match").is_some_and(|etag| etag == self.etag.to_string().as_str());
        let of_one = path.contains(ID);
        match *method {
            Method::GET if of_one => self.read(),
            Method::GET if self.without == "list" => StatusCode::OK.into_response(),
            Method::GET => self.page(marker).into_response(),
            Method::POST if self.without == "Id" => {
                (StatusCode::CREATED, self.resource("", "")).into_response()
            }
            Method::POST => (StatusCode::CREATED, self.resource("NEW", "")).into_response(),
            _ if !current => refusal(412, "PreconditionFailed"),
            Method::DELETE => StatusCode::NO_CONTENT.into_response(),
            _ => self.resource(ID, "").into_response(),
        }
    }

    fn count(&self, method: &str) -> usize {
        self.calls.iter().filter(|call| call.as_str() == method).count()
    }
}

fn refusal(status: u16, code: &str) -> Response {
    let body = format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>");
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

async fn service(State(account): State<Shared>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let marker = request
        .uri()
        .query()
        .and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("Marker=")));
    let marker = marker.map_or(0, |marker| marker.parse().unwrap());
    let mut account = account.lock().unwrap();
    let of_one = method == Method::GET && path.contains(ID);
    account.calls.push(if of_one { "READ".to_owned() } else { method.to_string() });
    account.answer(&method, &path, marker, request.headers())
}

/// One of the five types, with the error codes of its API reference.
#[derive(Clone, Copy)]
struct Case {
    element: &'static str,
    /// Its properties, apart from name and comment.
    more: fn() -> Value,
    absent: &'static str,
    name_taken: &'static str,
    in_use: &'static str,
}

const CASES: [Case; 5] = [
    Case {
        element: "OriginAccessControl",
        more: || {
            json!({
                "OriginAccessControlOriginType": "s3", "SigningBehavior": "always", "SigningProtocol": "sigv4",
            })
        },
        absent: "NoSuchOriginAccessControl",
        name_taken: "OriginAccessControlAlreadyExists",
        in_use: "OriginAccessControlInUse",
    },
    Case {
        element: "CachePolicy",
        more: || {
            let parameters = json!({
                "EnableAcceptEncodingBrotli": false,
                "EnableAcceptEncodingGzip": false,
                "CookiesConfig": { "CookieBehavior": "none" },
                "HeadersConfig": { "HeaderBehavior": "none" },
                "QueryStringsConfig": { "QueryStringBehavior": "none" },
            });
            json!({
                "MinTTL": 0, "DefaultTTL": 10, "MaxTTL": 60,
                "ParametersInCacheKeyAndForwardedToOrigin": parameters,
            })
        },
        absent: "NoSuchCachePolicy",
        name_taken: "CachePolicyAlreadyExists",
        in_use: "CachePolicyInUse",
    },
    Case {
        element: "ResponseHeadersPolicy",
        more: || json!({}),
        absent: "NoSuchResponseHeadersPolicy",
        name_taken: "ResponseHeadersPolicyAlreadyExists",
        in_use: "ResponseHeadersPolicyInUse",
    },
    Case {
        element: "PublicKey",
        more: || json!({ "CallerReference": NAME, "EncodedKey": "key" }),
        absent: "NoSuchPublicKey",
        name_taken: "PublicKeyAlreadyExists",
        in_use: "PublicKeyInUse",
    },
    Case {
        element: "KeyGroup",
        more: || json!({ "Items": ["K1"] }),
        absent: "NoSuchResource",
        name_taken: "KeyGroupAlreadyExists",
        in_use: "ResourceInUse",
    },
];

impl Case {
    fn adapter(&self) -> &'static dyn Adapter {
        let of_type = |adapter: &&dyn Adapter| {
            adapter.kind().as_str().strip_prefix("AWS::CloudFront::") == Some(self.element)
        };
        registry().iter().find(of_type).unwrap()
    }

    fn declared(&self, comment: &str) -> Value {
        let mut config = (self.more)();
        let member = if self.element == "OriginAccessControl" { "Description" } else { "Comment" };
        config["Name"] = json!(NAME);
        config[member] = json!(comment);
        json!({ format!("{}Config", self.element): config })
    }

    /// A live one whose comment was edited by hand.
    fn seen(&self) -> Seen {
        Seen {
            id: ID.to_owned(),
            properties: self.declared("by hand"),
            outputs: Outputs::new(),
            ownership: Ownership::Unmarked,
            readiness: Readiness::Ready,
            contents: Contents::Nothing,
        }
    }

    async fn update(&self, cx: &Context) -> Result<()> {
        let (seen, desired) = (self.seen(), self.declared(MARK));
        let changes = diff(&desired, &seen.properties, &[], &[]);
        self.adapter().update(cx, &seen, &desired, &changes).await
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        self.adapter().create(cx, &self.declared(MARK)).await.map(|made| made.id)
    }

    async fn delete(&self, cx: &Context) -> Result<()> {
        self.adapter().delete(cx, ID, Removal::OnlyEmpty).await
    }

    /// An account with one of these in it, and its context.
    async fn account(&self, account: Account) -> (Context, Shared) {
        let account = Arc::new(Mutex::new(Account { element: self.element, ..account }));
        let answers = Router::new().fallback(service).with_state(Arc::clone(&account));
        (fake_aws::regions(answers).await.home(), account)
    }
}

fn counts<const N: usize>(account: &Shared, methods: [&str; N]) -> [usize; N] {
    let account = account.lock().unwrap();
    methods.map(|method| account.count(method))
}

#[tokio::test]
async fn an_update_that_lost_a_race_is_repeated_once_with_the_new_etag() {
    for case in CASES {
        let (cx, account) = case.account(Account { changes: 1, ..Account::default() }).await;
        case.update(&cx).await.unwrap_or_else(|error| panic!("{}: {error}", case.element));
        assert_eq!(counts(&account, ["READ", "PUT"]), [2, 2], "{}", case.element);
        let (cx, account) = case.account(Account { changes: 9, ..Account::default() }).await;
        let error = case.update(&cx).await.unwrap_err();
        assert_eq!(error.code, "PreconditionFailed", "{}: it goes on being changed", case.element);
        assert_eq!(counts(&account, ["READ", "PUT"]), [2, 2], "{}", case.element);
    }
}

#[tokio::test]
async fn a_deletion_that_lost_a_race_is_repeated_once_with_the_new_etag() {
    for case in CASES {
        let (cx, account) = case.account(Account { changes: 1, ..Account::default() }).await;
        case.delete(&cx).await.unwrap_or_else(|error| panic!("{}: {error}", case.element));
        assert_eq!(counts(&account, ["READ", "DELETE"]), [2, 2], "{}", case.element);
    }
}

#[tokio::test]
async fn a_deletion_waits_while_it_is_in_use_and_for_nothing_else() {
    let waits = CASES.map(|case| async move {
        let refusals = vec![(Method::DELETE, 409, case.in_use)];
        let (cx, account) = case.account(Account { refusals, ..Account::default() }).await;
        case.delete(&cx).await.unwrap_or_else(|error| panic!("{}: {error}", case.element));
        assert_eq!(counts(&account, ["READ", "DELETE"]), [2, 2], "{}", case.element);
    });
    join_all(waits).await;
    for case in CASES {
        let refusals = vec![(Method::DELETE, 400, "IllegalDelete")];
        let (cx, account) = case.account(Account { refusals, ..Account::default() }).await;
        assert_eq!(case.delete(&cx).await.unwrap_err().code, "IllegalDelete", "{}", case.element);
        assert_eq!(counts(&account, ["DELETE"]), [1], "{}", case.element);
    }
}

#[tokio::test]
async fn an_absent_one_is_not_seen_cannot_be_updated_and_is_already_deleted() {
    for case in CASES {
        let absent = |method| Account { refusals: vec![(method, 404, case.absent)], ..Account::default() };
        let (cx, account) = case.account(absent(Method::GET)).await;
        case.delete(&cx).await.unwrap_or_else(|error| panic!("{}: {error}", case.element));
        assert_eq!(counts(&account, ["DELETE"]), [0], "{}", case.element);
        let (cx, _) = case.account(absent(Method::DELETE)).await;
        case.delete(&cx).await.unwrap_or_else(|error| panic!("{}: deleted meanwhile: {error}", case.element));
        let (cx, _) = case.account(absent(Method::GET)).await;
        assert_eq!(case.adapter().observe(&cx, ID).await.unwrap(), None, "{}", case.element);
        let (cx, account) = case.account(absent(Method::GET)).await;
        assert_eq!(case.update(&cx).await.unwrap_err().code, case.absent, "{}", case.element);
        assert_eq!(counts(&account, ["PUT"]), [0], "{}", case.element);
    }
}

#[tokio::test]
async fn a_taken_name_is_an_error_unless_a_lost_answer_took_it() {
    for case in CASES {
        let taken = |listed: &[Entry]| Account {
            listed: listed.to_vec(),
            refusals: vec![(Method::POST, 409, case.name_taken)],
            ..Account::default()
        };
        for comment in ["by hand", "provision:other:delivery/case"] {
            let (cx, _) = case.account(taken(&[("ID2", NAME, comment)])).await;
            assert_eq!(case.create(&cx).await.unwrap_err().code, case.name_taken, "{}", case.element);
        }
        let (cx, account) = case.account(taken(&[("ID3", "other", ""), ("ID2", NAME, MARK)])).await;
        assert_eq!(case.create(&cx).await.unwrap(), "ID2", "{}: it is on the second page", case.element);
        // CloudFront would create a second key of the same name, so the list is read first.
        let posts = if case.element == "PublicKey" { 0 } else { 1 };
        assert_eq!(counts(&account, ["POST", "GET"]), [posts, 2], "{}", case.element);
    }
}

#[tokio::test]
async fn a_resource_in_the_way_is_found_and_unowned() {
    let mark = Mark { stack: "vod".into(), address: "delivery/case".into() };
    for case in CASES {
        let listed = vec![("ID2", "other", ""), (ID, NAME, "by hand")];
        let (cx, account) = case.account(Account { listed, comment: "by hand", ..Account::default() }).await;
        let found = case.adapter().find(&cx, &case.declared(MARK), &mark).await.unwrap().unwrap();
        assert_eq!((found.id.as_str(), found.ownership), (ID, Ownership::Unmarked), "{}", case.element);
        assert_eq!(case.adapter().list_owned(&cx).await.unwrap(), [], "{}", case.element);
        assert_eq!(counts(&account, ["GET", "READ"]), [4, 1], "{}", case.element);
    }
}

#[tokio::test]
async fn an_answer_that_lacks_a_member_is_an_error_that_names_it() {
    for case in CASES {
        let get = format!("cloudfront:Get{}", case.element);
        let (cx, account) = case.account(Account { without: "ETag", ..Account::default() }).await;
        for outcome in [case.update(&cx).await, case.delete(&cx).await] {
            assert_eq!(outcome.unwrap_err().to_string(), format!("{get} failed: the answer has no ETag"));
        }
        assert_eq!(counts(&account, ["PUT", "DELETE"]), [0, 0], "{}", case.element);
        let (cx, _) = case.account(Account { without: "configuration", ..Account::default() }).await;
        let error = case.adapter().observe(&cx, ID).await.unwrap_err().to_string();
        // The SDK reads an absent configuration as an empty one if the API requires it.
        let says =
            ["configuration", "Name"].map(|member| format!("{get} failed: the answer has no {member}"));
        assert!(says.contains(&error), "{error}");
        let (cx, _) = case.account(Account { without: "Id", ..Account::default() }).await;
        let error = case.create(&cx).await.unwrap_err().to_string();
        assert_eq!(error, format!("cloudfront:Create{} failed: the answer has no Id", case.element));
        let (cx, _) = case.account(Account { without: "list", ..Account::default() }).await;
        let error = case.adapter().list_owned(&cx).await.unwrap_err().to_string();
        assert!(error.starts_with("cloudfront:List") && error.ends_with("List"), "{error}");
    }
}

#[tokio::test]
async fn a_key_group_waits_until_cloudfront_sees_its_keys() {
    let case = CASES[4];
    let unseen = |method| vec![(method, 404, "NoSuchPublicKey")];
    let (cx, account) = case.account(Account { refusals: unseen(Method::POST), ..Account::default() }).await;
    assert_eq!(case.create(&cx).await.unwrap(), "NEW");
    assert_eq!(counts(&account, ["POST"]), [2]);
    let (cx, account) = case.account(Account { refusals: unseen(Method::PUT), ..Account::default() }).await;
    case.update(&cx).await.unwrap();
    assert_eq!(counts(&account, ["READ", "PUT"]), [2, 2]);
}

fn entry(id: &str, name: &str, comment: &str) -> Listed {
    Listed { id: id.into(), name: name.into(), comment: Some(comment.into()) }
}

#[test]
fn a_mark_needs_the_comment_and_the_name() {
    let mark = Mark { stack: "vod".into(), address: "delivery/segments".into() };
    let comment = mark.comment();
    assert_eq!(mark_of("vod-segments", Some(&comment)), Some(mark));
    assert_eq!(mark_of("vodka-segments", Some(&comment)), None);
    assert_eq!(mark_of("vod-segments", Some("by hand")), None);
    assert_eq!(mark_of("vod-segments", None), None);
}

#[test]
fn the_mark_is_searched_for_before_the_name() {
    let mark = Mark { stack: "vod".into(), address: "delivery/segments".into() };
    let renamed = entry("1", "vod-old", &mark.comment());
    let in_the_way = entry("2", "vod-segments", "by hand");
    assert_eq!(pick(&[in_the_way.clone(), renamed], "vod-segments", &mark).as_deref(), Some("1"));
    assert_eq!(pick(&[in_the_way], "vod-segments", &mark).as_deref(), Some("2"));
    assert_eq!(pick(&[entry("3", "other", "")], "vod-segments", &mark), None);
}

#[test]
fn only_entries_of_the_stack_are_owned() {
    let scope = Scope { stack: "vod".into(), account: "1".into(), region: "eu-west-1".into() };
    let mark = |stack: &str| Mark { stack: stack.into(), address: "a".into() };
    let listed = vec![
        entry("1", "vod-a", &mark("vod").comment()),
        entry("2", "vod-a", &mark("other").comment()),
        entry("3", "vod-a", ""),
    ];
    assert_eq!(owned(listed, &scope), vec![("1".to_owned(), mark("vod"))]);
}
