//! `provision export`, of a stack with every option on a local cloud: what it writes is judged by the tools that take over, it
//! names what is live, and it changes nothing.

mod commands;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::commands::Shell;
use crate::judges::{cdk, cfn_lint, terraform};
use crate::support::calls::mutating;
use crate::support::quote::{errors, last_line};
use crate::support::{ACCOUNT, Cloud, REGION, StackFile};
use provision::aws::{Connection, Context};
use serde_json::Value;

/// RFC 9500's published test key.
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sign/testdata/rsa.pem");

/// The local stack with its own name, alerts, news and private playback.
fn full() -> StackFile {
    let more = "tags: { environment: local }\nalerts: { email: oncall@example.com }\nnotify: { queue: true, topic: true }\n\
                domain: { name: video.example.com, zone: example.com }";
    let delivery = format!(
        "  access_logs: true\n  signed_urls: {{ public_keys: [{KEY}] }}\n  allow_countries: [KR]\n  \
         player_origins: [\"https://www.example.com\"]"
    );
    let source = "  expire_noncurrent_after: 1d\n  archive_after: 7d\n  upload_origins: [\"https://app.example.com\"]\n  \
                  on_delete: unpublish";
    StackFile::new(&[
        ("tags: { environment: local }", more),
        ("  access_logs: true", &delivery),
        ("  expire_noncurrent_after: 1d", source),
    ])
}

/// What AWS assigned to the stack, asked of the services.
async fn assigned(cloud: &Cloud, cx: &Context) -> BTreeMap<&'static str, String> {
    let connection = Arc::new(Connection::to_local(cloud.target(ACCOUNT), REGION).await);
    let us = Context::new(connection, cx.scope.clone(), "us-east-1");
    let distributions = cx.cloudfront().list_distributions().send().await.unwrap();
    let certificates = us.acm().list_certificates().send().await.unwrap();
    let deliveries = us.logs().describe_deliveries().send().await.unwrap();
    let subscriptions = cx.sns().list_subscriptions().send().await.unwrap();
    let keys = cx.cloudfront().list_key_groups().send().await.unwrap();
    let policy = cx.lambda().get_policy().function_name("vod-local-submit").send().await.unwrap();
    let policy: Value = serde_json::from_str(policy.policy().unwrap()).unwrap();
    let groups = keys.key_group_list().unwrap();
    BTreeMap::from([
        ("distribution", distributions.distribution_list().unwrap().items()[0].id().to_owned()),
        ("certificate", certificates.certificate_summary_list()[0].certificate_arn().unwrap().to_owned()),
        ("delivery", deliveries.deliveries()[0].id().unwrap().to_owned()),
        ("subscription", subscriptions.subscriptions()[0].subscription_arn().unwrap().to_owned()),
        ("key group", groups.items()[0].key_group().unwrap().id().to_owned()),
        ("permission", policy["Statement"][0]["Sid"].as_str().unwrap().to_owned()),
    ])
}

/// All files of a folder as one text, without zips.
fn texts(folder: &Path) -> String {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = paths.filter(|path| path.is_file()).map(|path| fs::read_to_string(path).unwrap());
    texts.collect()
}

fn export(cloud: &Cloud, stack: &StackFile, to: &str, folder: &Path) -> String {
    let (stdout, stderr) =
        cloud.provision(&["-v", "export", stack.path(), "--to", to, folder.to_str().unwrap()], 0);
    assert!(stderr.contains("ListDistributions"), "-v shows calls: {stderr}");
    assert_eq!(mutating(&stderr), Vec::<&str>::new(), "an export changes nothing");
    stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_can_be_left_for_another_tool() {
    let cloud = Cloud::start("export").await;
    let cx = cloud.context("vod-local").await;
    let zone = cx.route53().create_hosted_zone().name("example.com").caller_reference("export");
    zone.send().await.unwrap();
    let stack = full();
    let folders = tempfile::tempdir().unwrap();
    let folder = |name: &str| folders.path().join(name);
    let path = |name: &str| folder(name).to_str().unwrap().to_owned();

    let (_, early) = cloud.provision(&["export", stack.path(), "--to", "terraform", &path("early")], 1);
    insta::assert_snapshot!(errors(&early), @"
    error: stack vod-local is not as declared: 61 of its resources differ, so nothing was exported
    help: run `provision apply <folder>/stack.yaml`, then export again
    ");
    assert!(!folder("early").exists());

    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let live = assigned(&cloud, &cx).await;

    let said = export(&cloud, &stack, "cloudformation", &folder("cfn"));
    assert_eq!(last_line(&said), "61 resources exported; read <folder>/cfn/README.md first");
    templates(&folder("cfn"), &live);

    export(&cloud, &stack, "terraform", &folder("tf"));
    let (wrong, kinds) = terraform::judged(&folder("tf"));
    assert_eq!(wrong, [""; 0]);
    assert!(kinds.len() > 35, "{kinds:?}");
    let imports = fs::read_to_string(folder("tf").join("imports.tf")).unwrap();
    for (what, id) in &live {
        assert!(
            imports.contains(&format!("{id}\"")) || imports.contains(&format!("{id}@us-east-1\"")),
            "{what} {id}: {imports}"
        );
    }
    for handler in ["submit", "publish"] {
        let zip = fs::read(folder("tf").join(format!("code/{handler}.zip"))).unwrap();
        assert!(zip.starts_with(b"PK"), "{handler}");
    }

    export(&cloud, &stack, "cdk", &folder("cdk"));
    let made = cdk::synthesised(&folder("cdk"));
    let readme = fs::read_to_string(folder("cdk").join("README.md")).unwrap();
    assert!(readme.contains(&format!("* Python {} or later", cdk::python())), "{readme}");
    assert_eq!(made.len(), 3);
    for (name, template) in made {
        let path = folder("cfn").join(format!("{name}.yaml"));
        let ours: Value = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let (ours, template) = (cdk::comparable(&ours), cdk::comparable(&template));
        for (section, inside) in ours.as_object().unwrap() {
            match inside.as_object().filter(|_| section == "Resources") {
                Some(resources) => {
                    for (id, resource) in resources {
                        assert_eq!(template["Resources"][id], *resource, "{id} of {name}");
                    }
                }
                None => assert_eq!(template[section], *inside, "{section} of {name}"),
            }
        }
        let counted = |template: &Value| template["Resources"].as_object().unwrap().len();
        assert_eq!(counted(&template), counted(&ours), "{name}");
    }

    let (_, full) = cloud.provision(&["export", stack.path(), "--to", "terraform", &path("tf")], 1);
    insta::assert_snapshot!(errors(&full), @"
    error: <folder>/tf is not empty, so nothing was written
    help: name another directory, which need not exist
    ");

    // Somebody changes something by hand.
    let call = cx.lambda().update_function_configuration().function_name("vod-local-submit").timeout(10);
    call.send().await.unwrap();
    let (_, drifted) =
        cloud.provision(&["export", stack.path(), "--to", "cloudformation", &path("drift")], 1);
    assert!(errors(&drifted).contains("is not as declared: 1 of its resources differs"), "{drifted}");
    assert!(!folder("drift").exists());

    taken_over(&cloud, &cx, &folder("cfn")).await;
}

/// The commands of the README have CloudFormation take over the stack, and nothing is replaced by it. What somebody changed
/// by hand is what differs.
async fn taken_over(cloud: &Cloud, cx: &Context, folder: &Path) {
    let connection = Arc::new(Connection::to_local(cloud.target(ACCOUNT), REGION).await);
    let mut shell = Shell::new(connection, cx, folder);
    shell.run().await;
    let counted = |set: &str, action: &str| {
        let changes = shell.changes.iter().filter(|(name, _)| name.ends_with(set));
        changes.flat_map(|(_, changes)| changes).filter(|change| change.starts_with(action)).count()
    };
    let imported = counted("/import", "");
    assert_eq!(counted("/import", "Import "), imported, "{:?}", shell.changes);
    assert_eq!(imported + counted("/whole", "Add "), 61, "{:?}", shell.changes);
    assert_eq!(shell.drifted, ["HandlersSubmit /Timeout"]);
}

/// The templates, held against cfn-lint and the rules of an import.
fn templates(folder: &Path, live: &BTreeMap<&str, String>) {
    let all = texts(folder);
    for (what, id) in live {
        assert!(all.contains(&format!("\"{id}\"")), "{what} {id}");
    }
    let named = |ending: &str| {
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<PathBuf> = paths.filter(|path| path.to_str().unwrap().ends_with(ending)).collect();
        paths.sort();
        paths
    };
    let (away, home): (Vec<PathBuf>, Vec<PathBuf>) =
        named(".yaml").into_iter().partition(|path| path.to_str().unwrap().contains("us-east-1"));
    assert_eq!((away.len(), home.len()), (4, 2));
    // An import has no outputs, and so may leave a parameter unused.
    let said = [cfn_lint::said_of("us-east-1", &away), cfn_lint::said_of(REGION, &home)].concat();
    assert_eq!(said, [""; 0]);
    for list in named(".import.json") {
        let list: Vec<Value> = serde_json::from_str(&fs::read_to_string(list).unwrap()).unwrap();
        for resource in list {
            let identifier = resource["ResourceIdentifier"].as_object().unwrap();
            assert!(
                identifier.values().all(|value| value.as_str().is_some_and(|text| !text.is_empty())),
                "{resource}"
            );
        }
    }
}
