//! `docs/uploading.md` works as it stands. Its backend runs with the printed policy for uploads and nothing else. Its form
//! uploads in a headless Chromium, is closed after the first part, and goes on in a new page.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde::Deserialize;

use super::script;
use crate::judges::environment::ENVIRONMENT;
use crate::support::root::Root;
use crate::support::{ACCOUNT, Cloud, REGION, StackFile};

const PAGE: &str = include_str!("../../../docs/uploading.md");
const SERVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/browser/serve.py");
/// Larger than the smallest part that S3 takes, and smaller than two.
const SIZE: usize = 6_000_000;

/// What the pages did.
#[derive(Debug, Deserialize)]
struct Uploaded {
    first: Parts,
    second: Finished,
    foreign: Foreign,
}

/// The parts that a page sent, and those that S3 took.
#[derive(Debug, Deserialize)]
struct Parts {
    sent: Vec<u16>,
    stored: Vec<u16>,
}

#[derive(Debug, Deserialize)]
struct Finished {
    sent: Vec<u16>,
    stored: Vec<u16>,
    /// What the form says in the end: the key.
    output: String,
    /// How many uploads the browser remembers.
    kept: usize,
}

/// What a page of another origin could do with a signed URL.
#[derive(Debug, Deserialize)]
struct Foreign {
    put: String,
    done: Vec<u16>,
    /// The status for an upload that was ended.
    gone: u16,
}

/// The only block of the page in this language.
fn block(language: &str) -> &'static str {
    let fence = format!("```{language}\n");
    let mut blocks = PAGE.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap());
    let block = blocks.next().unwrap_or_else(|| panic!("docs/uploading.md has no block of {language}"));
    assert_eq!(blocks.next(), None, "docs/uploading.md has several blocks of {language}");
    block
}

/// Two ports that are free now.
fn ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

/// The page's backend and form, as a server that ends when it is dropped.
struct Site(Child);

impl Site {
    fn start(cloud: &Cloud, [key, secret, token]: &[String; 3], folder: &Path, ports: [u16; 2]) -> Self {
        for (language, name) in [("python", "backend.py"), ("js", "upload.js"), ("html", "form.html")] {
            std::fs::write(folder.join(name), block(language)).unwrap();
        }
        let mut serve = ENVIRONMENT.python();
        serve.arg(SERVE).arg(folder).args(ports.map(|port| port.to_string()));
        serve
            .env("AWS_ENDPOINT_URL", &cloud.endpoint)
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION);
        serve
            .env("AWS_ACCESS_KEY_ID", key)
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .env("AWS_SESSION_TOKEN", token);
        serve.env("SOURCE_BUCKET", source()).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = serve.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert_eq!(ready.trim(), ports.map(|port| port.to_string()).join(" "), "the backend runs");
        Self(child)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.0.stdin.take());
        println!("the backend ended: {:?}", self.0.wait());
    }
}

fn source() -> String {
    format!("vod-local-source-{ACCOUNT}-{REGION}")
}

/// Bytes that differ from each other, so that no part can stand for another.
fn video() -> Vec<u8> {
    let mut state: u32 = 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(&mut next).take(SIZE).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a browser: PROVISION_BROWSER=/usr/bin/chromium cargo test --test it browser:: -- --ignored"]
async fn an_interrupted_upload_goes_on_in_a_new_page() {
    let browser = std::env::var("PROVISION_BROWSER").expect("PROVISION_BROWSER names a Chromium");
    let cloud = Cloud::enforcing("uploading").await;
    let root = Root::of(&cloud).await;
    let [own, foreign] = ports();
    let origins = format!("source:\n  upload_origins: [\"http://127.0.0.1:{own}\"]");
    let stack = StackFile::new(&[("source:", &origins)]);
    cloud.provision(&["apply", stack.path(), "--yes", "--allow-broadening"], 0);
    // What is uploaded here is no video: nobody need try to encode it.
    root.cx.events().disable_rule().name("vod-local-upload").send().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let backend = root.role("backend", &stack, &["upload"]).await;
    let _site = Site::start(&cloud, &backend, folder.path(), [own, foreign]);
    let file = folder.path().join("My film (1).mp4");
    std::fs::write(&file, video()).unwrap();

    let mut node = Command::new("node");
    node.arg(script("upload.mjs")).arg(&browser);
    node.args([own, foreign].map(|port| format!("http://127.0.0.1:{port}/"))).arg(&file);
    let (did, _) = crate::support::output(node, 0);
    let Uploaded { first, second, foreign } = serde_json::from_str(&did).unwrap();

    assert_eq!((first.sent, first.stored), (vec![1], vec![1]), "the page was closed after the first part");
    assert_eq!((&second.sent, &second.stored), (&vec![2], &vec![2]), "only what is missing is sent");
    assert!(
        second.output.starts_with("uploads/") && second.output.ends_with("/My-film-1-.mp4"),
        "{second:?}"
    );
    assert_eq!(second.kept, 0, "nothing is left to go on with");
    let object = root.cx.s3().get_object().bucket(source()).key(&second.output).send().await.unwrap();
    let stored = object.body.collect().await.unwrap().to_vec();
    assert!(stored == video(), "{} bytes, others than those of the file", stored.len());

    assert_eq!((foreign.put.as_str(), foreign.done), ("refused", vec![]), "another origin uploads nothing");
    assert_eq!(foreign.gone, 410, "an upload that was aborted has no parts");
    let listed = root.cx.s3().list_objects_v2().bucket(source()).send().await.unwrap();
    assert_eq!(listed.contents().len(), 1);
}
