//! What an app does with its videos: it uploads them, asks what became of them, and takes them down. Each by a role that
//! may do that and nothing else.

use std::time::{Duration, Instant};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use serde_json::Value;

use crate::support::http::get;
use crate::support::quote::{errors, lines_with, whole};
use crate::support::root::Root;
use crate::support::{ACCOUNT, Cloud, REGION, StackFile};

const KEY: &str = "films/a b.mp4";

fn bucket(role: &str) -> String {
    format!("vod-local-{role}-{ACCOUNT}-{REGION}")
}

/// The code with which S3 refused a call; empty if it did not.
fn code<T, E: ProvideErrorMetadata, R>(answer: Result<T, SdkError<E, R>>) -> String {
    answer.err().map(|error| error.code().unwrap_or("no code").to_owned()).unwrap_or_default()
}

/// Uploads in two parts, as a backend does that signs each call. One part comes twice.
async fn upload(s3: &Client, key: &str, video: &[u8]) {
    let source = bucket("source");
    let begun = s3.create_multipart_upload().bucket(&source).key(key).send().await.unwrap();
    let id = begun.upload_id.unwrap();
    // All parts but the last have 5 MiB or more: a `free` box at the end of an MP4 file is skipped by its readers.
    let filler = 6 << 20;
    let mut video = video.to_vec();
    video.extend(u32::try_from(filler).unwrap().to_be_bytes());
    video.extend(b"free");
    video.resize(video.len() + filler - 8, 0);
    let (first, second) = video.split_at(5 << 20);
    for (number, bytes) in [(1, second), (1, first), (2, second)] {
        let part = s3.upload_part().bucket(&source).key(key).upload_id(&id).part_number(number);
        part.body(ByteStream::from(bytes.to_vec())).send().await.unwrap();
    }
    let listed = s3.list_parts().bucket(&source).key(key).upload_id(&id).send().await.unwrap();
    let parts = listed.parts().iter().map(|part| {
        let part = CompletedPart::builder().set_part_number(part.part_number).set_e_tag(part.e_tag.clone());
        part.build()
    });
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
    let complete = s3.complete_multipart_upload().bucket(&source).key(key).upload_id(&id);
    complete.multipart_upload(parts).if_none_match("*").send().await.unwrap();
}

/// An upload that is given up leaves nothing.
async fn give_up(s3: &Client) {
    let (source, key) = (bucket("source"), "films/given-up.mp4");
    let begun = s3.create_multipart_upload().bucket(&source).key(key).send().await.unwrap();
    let id = begun.upload_id.unwrap();
    s3.abort_multipart_upload().bucket(&source).key(key).upload_id(&id).send().await.unwrap();
    let listed = s3.list_parts().bucket(&source).key(key).upload_id(&id).send().await;
    assert_eq!(code(listed), "NoSuchUpload");
}

/// What a backend need not do, and what S3 answers to it.
async fn everything_else(s3: &Client) -> Vec<(&'static str, String)> {
    let (source, work, output) = (bucket("source"), bucket("work"), bucket("output"));
    let body = || ByteStream::from_static(b"theirs");
    let copied = format!("{source}/{KEY}");
    let lifecycle = s3.put_bucket_lifecycle_configuration().bucket(&source);
    vec![
        ("read the object", code(s3.get_object().bucket(&source).key(KEY).send().await)),
        ("delete it", code(s3.delete_object().bucket(&source).key(KEY).send().await)),
        ("copy it", code(s3.copy_object().copy_source(copied).bucket(&source).key("b.mp4").send().await)),
        ("read its tags", code(s3.get_object_tagging().bucket(&source).key(KEY).send().await)),
        ("list objects", code(s3.list_objects_v2().bucket(&source).send().await)),
        ("list versions", code(s3.list_object_versions().bucket(&source).send().await)),
        ("list uploads", code(s3.list_multipart_uploads().bucket(&source).send().await)),
        ("change the bucket", code(lifecycle.send().await)),
        ("write to work", code(s3.put_object().bucket(&work).key("a.mp4").body(body()).send().await)),
        ("write to output", code(s3.put_object().bucket(&output).key("assets/a").body(body()).send().await)),
        ("read what is published", code(s3.get_object().bucket(&output).key("assets/a").send().await)),
    ]
}

/// Somebody who may only look at assets.
struct Looker<'a> {
    root: &'a Root<'a>,
    stack: &'a StackFile,
    credentials: [String; 3],
}

impl Looker<'_> {
    /// What `provision asset` prints of the key.
    fn asset(&self, code: i32) -> String {
        self.root.run(&self.credentials, &["asset", self.stack.path(), KEY], code).0
    }

    /// The same as JSON.
    fn json(&self) -> Value {
        let arguments = ["asset", self.stack.path(), KEY, "--format", "json"];
        serde_json::from_str(&self.root.run(&self.credentials, &arguments, 0).0).unwrap()
    }

    /// The asset, once it is published. Until then it waits or is encoded, and nothing plays.
    async fn published(&self) -> Value {
        let began = Instant::now();
        loop {
            let told = self.json();
            match told["state"].as_str().unwrap() {
                "published" => return told,
                "waiting" | "encoding" => assert_eq!(told["playlist"], Value::Null, "{told}"),
                other => panic!("{other}: {told}"),
            }
            assert!(began.elapsed() < Duration::from_secs(300), "{told}");
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    /// It may look, and no more.
    fn takes_nothing_down(&self) {
        let remove = ["asset", "remove", self.stack.path(), KEY];
        let (_, refused) = self.root.run(&self.credentials, &[&remove[..], &["--yes"]].concat(), 1);
        insta::assert_snapshot!(errors(&refused), @"
        error: could not process the asset
        cause: lambda:InvokeFunction failed with AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/looker/test is not authorized to perform: lambda:InvokeFunction because no identity-based policy allows the lambda:InvokeFunction action
        help: allow `lambda:InvokeFunction` for the identity you run as
        ");
        let (_, asked) = self.root.run(&self.credentials, &remove, 3);
        insta::assert_snapshot!(whole(&asked), @"
        Viewers lose the video at once. The original stays: s3://vod-local-source-111122223333-ap-northeast-2/films/a b.mp4.
        This version is never published again. A new upload under this key is published.
          × confirmation needed, but stdin is not a terminal; nothing was changed
          help: run it again with `--yes`

        <n> resources, <n> API calls in <n> dependent round trips, <n> s
        ");
    }
}

/// Takes the video down, by a role that may do that and nothing else.
async fn take_down(cloud: &Cloud, looker: &Looker<'_>, playlist: &str) {
    let Looker { root, stack, .. } = looker;
    let remover = root.role("remover", stack, &["asset-remove"]).await;
    let remove = || root.run(&remover, &["asset", "remove", stack.path(), KEY, "--yes"], 0).0;
    insta::assert_snapshot!(whole(&remove()), @"
    removed    films-a-b-0c146351eee853bc
    objects    6 deleted; the original stays
    ");
    let gone = get(playlist, &[]).await;
    assert!(gone.status.is_client_error(), "{gone:?}");
    insta::assert_snapshot!(whole(&looker.asset(0)), @"
    asset      films-a-b-0c146351eee853bc
    key        films/a b.mp4
    state      removed
    reason     it was taken down by hand
    version    <id>
    address    http://127.0.0.1:<port>/_viewer/<id>/assets/films-a-b-0c146351eee853bc/
    ");
    insta::assert_snapshot!(whole(&remove()), @"nothing to do: films-a-b-0c146351eee853bc is not published");
    let original = root.cx.s3().head_object().bucket(bucket("source")).key(KEY).send().await.unwrap();
    assert!(original.content_length.unwrap() > 6 << 20, "the original stays");
    let (library, _) = cloud.provision(&["library", "start", stack.path(), "--dry-run"], 0);
    insta::assert_snapshot!(lines_with(&library, &["to encode", "left out"]), @"
    to encode  0 videos, 0 bytes
    left out   1 taken down on request: upload them again to publish them
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_uploads_looks_and_takes_down_with_the_policies_for_that() {
    let cloud = Cloud::enforcing("asset").await;
    let root = Root::of(&cloud).await;
    let stack = StackFile::new(&[("ladder: hls-720p", "ladder: [{ height: 234, max_bitrate: 145k }]")]);
    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let credentials = root.role("looker", &stack, &["asset"]).await;
    let looker = Looker { root: &root, stack: &stack, credentials };
    insta::assert_snapshot!(whole(&looker.asset(1)), @"
    asset      films-a-b-0c146351eee853bc
    key        films/a b.mp4
    state      absent
    reason     nothing was uploaded under this key
    address    http://127.0.0.1:<port>/_viewer/<id>/assets/films-a-b-0c146351eee853bc/
    ");

    let backend = root.s3_as(&root.role("backend", &stack, &["upload"]).await).await;
    let film = crate::library::clip(&["testsrc2=size=416x234:rate=24", "sine"]).await;
    upload(&backend, KEY, &film).await;
    give_up(&backend).await;
    let open = everything_else(&backend).await;
    let open: Vec<_> = open.iter().filter(|(_, code)| code != "AccessDenied").collect();
    assert!(open.is_empty(), "allowed to a backend: {open:?}");

    let published = looker.published().await;
    let [playlist, rendition] =
        [&published["playlist"], &published["renditions"][0]["uri"]].map(|address| address.as_str().unwrap());
    assert!(get(playlist, &[]).await.body.starts_with("#EXTM3U"), "{playlist}");
    assert!(get(rendition, &[]).await.body.contains("#EXTINF"), "{rendition}");
    let told = lines_with(&looker.asset(0), &["asset ", "key ", "state ", "playlist "]);
    insta::assert_snapshot!(told, @"
    asset      films-a-b-0c146351eee853bc
    key        films/a b.mp4
    state      published
    playlist   http://127.0.0.1:<port>/_viewer/<id>/assets/films-a-b-0c146351eee853bc/index.m3u8
    ");
    looker.takes_nothing_down();
    take_down(&cloud, &looker, playlist).await;
}
