//! Plans in files: reviewed here, applied there, once, and only while the account is as it was. And what is told of it
//! afterwards.

use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};

use crate::support::calls::mutating;
use crate::support::quote::{errors, last_line, lines_with, nothing_left, nothing_to_do, whole};
use crate::support::{Cloud, StackFile, output};
use provision::saved::{Saved, VERSION};

const STACK: &str = "stacks/local.yaml";
const SOURCE: &str = "vod-local-source-111122223333-ap-northeast-2";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// Everything that the members of a plan hold, but for the bundles.
fn contents(file: &Path) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(std::fs::read(file).unwrap())).unwrap();
    let mut whole = String::new();
    for number in 0..archive.len() {
        let mut member = archive.by_index(number).unwrap();
        if !member.name().unwrap().starts_with("bundle/") {
            member.read_to_string(&mut whole).unwrap();
        }
    }
    whole
}

/// Applies a plan that must be refused before anything is written, and returns what was said.
fn refused(cloud: &Cloud, plan: &Path) -> String {
    refused_with(cloud, plan, &[])
}

/// The same with more options.
fn refused_with(cloud: &Cloud, plan: &Path, options: &[&str]) -> String {
    let arguments = [&["-v", "apply", plan.to_str().unwrap(), "--yes"], options].concat();
    let (stdout, stderr) = cloud.provision(&arguments, 3);
    assert_eq!(mutating(&stderr), Vec::<&str>::new(), "refused before the first write");
    assert_eq!(stdout, "", "refused before a plan is shown");
    errors(&stderr)
}

/// The plan with something else in it, sealed as if it had been made so.
fn altered(plan: &Path, name: &str, change: impl FnOnce(&mut Saved)) -> PathBuf {
    let (mut saved, _) = Saved::decode(&std::fs::read(plan).unwrap()).unwrap();
    change(&mut saved);
    let path = plan.with_file_name(name);
    std::fs::write(&path, saved.encode().unwrap().0).unwrap();
    path
}

fn damaged_or_foreign_plans_are_refused(cloud: &Cloud, plan: &Path) {
    let bytes = std::fs::read(plan).unwrap();
    let with = |name: &str, bytes: &[u8]| {
        let path = plan.with_file_name(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let mut tampered = bytes.clone();
    tampered[bytes.len() / 2] ^= 1;
    insta::assert_snapshot!(refused(cloud, &with("tampered", &tampered)), @"
    error: the plan <folder>/tampered cannot be applied
    cause: it is not what `provision plan --out` wrote: sealed as sha256:<digest>, it is now sha256:<digest>; nothing was changed
    help: fetch it again, or make, review and apply a new plan
    ");
    let truncated = with("truncated", &bytes[..bytes.len() - 1000]);
    insta::assert_snapshot!(refused(cloud, &truncated), @"
    error: the plan <folder>/truncated cannot be applied
    cause: it is a zip archive, but not a complete plan: the seal at its end is missing; nothing was changed
    help: it was truncated, or is not a plan: fetch it again, or make one with `provision plan STACK --out FILE`
    ");

    let other = altered(plan, "other-stack", |saved| saved.manifest.scope.stack = "vod-other".into());
    insta::assert_snapshot!(refused(cloud, &other), @"
    error: the plan <folder>/other-stack cannot be applied
    cause: its stack.yaml is not valid in a plan: it is of vod-local in 111122223333, ap-northeast-2, and the plan of vod-other in 111122223333, ap-northeast-2; nothing was changed
    help: make, review and apply a new plan with `provision plan STACK --out FILE`
    ");

    // Credentials of another account, where the stack is not for the local cloud.
    let real = altered(plan, "aws", |saved| {
        saved.stack_file = saved.stack_file.replace("local: true", "local: false");
    });
    let arguments = ["-v", "apply", real.to_str().unwrap(), "--yes"];
    let (_, said) = output(cloud.command_as_on_aws("999988887777", &arguments), 1);
    insta::assert_snapshot!(errors(&said), @"
    error: the credentials are of account 999988887777 (arn:aws:iam::999988887777:root), and stack vod-local is for account 111122223333; nothing was changed
    help: use credentials of 111122223333, or make, review and apply a plan for the account you mean
    ");
    assert_eq!(mutating(&said), Vec::<&str>::new());

    let adopting = cloud.provision(&["apply", plan.to_str().unwrap(), "--yes", "--adopt"], 3).1;
    insta::assert_snapshot!(errors(&adopting), @"
    error: the plan <folder>/reviewed.yaml cannot be applied
    cause: the plan was made without `--adopt`, so it cannot be applied with it; nothing was changed
    help: make, review and apply a new plan with `provision plan STACK --adopt --out FILE`
    ");
    // The file says for which environment it was made, and moves no name that nobody saw move.
    let with = |more: &[&str]| {
        let arguments = [&["-v", "apply", plan.to_str().unwrap(), "--yes"], more].concat();
        let (_, said) = cloud.provision(&arguments, 1);
        assert_eq!(mutating(&said), Vec::<&str>::new());
        errors(&said)
    };
    insta::assert_snapshot!(with(&["--env", "production"]), @"
    error: the plan <folder>/reviewed.yaml cannot be applied
    cause: a saved plan is for the environment that it was made for
    help: leave out --env
    ");
    insta::assert_snapshot!(with(&["--move-name"]), @"
    error: the plan <folder>/reviewed.yaml cannot be applied
    cause: a saved plan moves no name
    help: move the name by the stack file: `provision apply STACK --move-name`
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_is_applied_as_it_was_reviewed_and_only_once() {
    let cloud = Cloud::start("saved").await;
    let folder = tempfile::tempdir().unwrap();
    // Plans are known by what they hold, not by their names.
    let plan = folder.path().join("reviewed.yaml");
    let file = plan.to_str().unwrap();

    let mut planning = cloud.command(&["-v", "plan", STACK, "--out", file]);
    planning.env("AWS_SECRET_ACCESS_KEY", SECRET).env("AWS_SESSION_TOKEN", SECRET);
    let (planned, said) = output(planning, 0);
    assert_eq!(mutating(&said), Vec::<&str>::new(), "a plan changes nothing");
    let (saved, digest) = Saved::decode(&std::fs::read(&plan).unwrap()).unwrap();
    assert!(said.contains(&format!("provision apply {file} --digest {digest}\n")), "{said}");
    // What a pipeline takes the digest from: the last 64 bytes of the file.
    assert!(std::fs::read(&plan).unwrap().ends_with(digest.hex().as_bytes()));
    assert_eq!(saved.packages.len(), 2, "both handlers' bundles are in it");
    let whole = contents(&plan);
    for secret in [SECRET, "PRIVATE KEY", "aws_secret", env!("CARGO_MANIFEST_DIR")] {
        assert!(!whole.contains(secret), "{secret} is in the plan");
    }
    println!("the plan is {} bytes", std::fs::metadata(&plan).unwrap().len());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&plan).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let (_, kept) = cloud.provision(&["plan", STACK, "--out", "README.md"], 1);
    insta::assert_snapshot!(errors(&kept), @"
    error: README.md is there and is no plan, so it is not overwritten
    help: name another file, or remove it first
    ");
    damaged_or_foreign_plans_are_refused(&cloud, &plan);

    // Applied where there are no sources and no compiler.
    let mut applying = cloud.command(&["apply", file, "--yes", "--digest", &digest.to_string()]);
    applying.current_dir(folder.path()).env("PATH", "/usr/bin:/bin").env_remove("CARGO");
    let (applied, said) = output(applying, 0);
    assert!(applied.starts_with(planned.trim_end()), "the same plan is shown: {applied}");
    assert!(
        said.contains(&format!(" by arn:aws:iam::111122223333:root with provision {VERSION}: {digest}\n")),
        "{said}"
    );
    insta::assert_snapshot!(lines_with(&applied, &[" created"]), @"36 created");
    // It made what the stack file declares.
    let (nothing, _) = cloud.provision(&["plan", STACK], 0);
    nothing_to_do(&nothing);

    insta::assert_snapshot!(refused(&cloud, &plan), @"
    error: the plan <folder>/reviewed.yaml cannot be applied
    cause: this plan was applied already, at <time> by arn:aws:iam::111122223333:root; nothing was changed
    help: a plan is applied once, whether all of it succeeded or not: `provision history` shows how it ended; make a new plan to see what is left to do
    ");

    what_moved_is_named(&cloud, folder.path()).await;
    another_plan_in_its_place_is_refused(&cloud, folder.path());
    the_history_tells_it(&cloud, &digest.hex());
}

/// A change by hand between plan and apply, of what the plan changes and of what it leaves.
async fn what_moved_is_named(cloud: &Cloud, folder: &Path) {
    let s3 = cloud.context("vod-local").await.s3().clone();
    let changed = StackFile::new(&[("expire_noncurrent_after: 1d", "expire_noncurrent_after: 2d")]);
    let plan = folder.join("second");
    let (planned, _) = cloud.provision(&["plan", changed.path(), "--out", plan.to_str().unwrap()], 0);
    insta::assert_snapshot!(last_line(&planned), @"1 to change, 35 unchanged");

    let block = s3.get_public_access_block().bucket(SOURCE).send().await.unwrap();
    s3.delete_public_access_block().bucket(SOURCE).send().await.unwrap();
    let work = SOURCE.replace("source", "work");
    let policy = s3.get_bucket_policy().bucket(&work).send().await.unwrap().policy.unwrap();
    s3.delete_bucket_policy().bucket(&work).send().await.unwrap();
    insta::assert_snapshot!(refused(cloud, &plan), @"
    error: the plan <folder>/second cannot be applied
    cause: the account of stack vod-local changed since the plan was made; nothing was changed
      storage/source: it was changed: PublicAccessBlockConfiguration
      storage/work/policy: it is gone
    help: make, review and apply a new plan with `provision plan STACK --out FILE`
    ");

    // Once the account is what it was, so is the plan.
    let block = block.public_access_block_configuration.unwrap();
    let restore = s3.put_public_access_block().bucket(SOURCE).public_access_block_configuration(block);
    restore.send().await.unwrap();
    s3.put_bucket_policy().bucket(&work).policy(policy).send().await.unwrap();
    let (applied, _) = cloud.provision(&["apply", plan.to_str().unwrap(), "--yes"], 0);
    insta::assert_snapshot!(lines_with(&applied, &[" changed"]), @"1 changed");

    // The first plan would now be refused as one that moved; that it was applied is the better reason.
    insta::assert_snapshot!(lines_with(&refused(cloud, &folder.join("reviewed.yaml")), &["cause: "]), @"cause: this plan was applied already, at <time> by arn:aws:iam::111122223333:root; nothing was changed");
}

/// A plan was reviewed. Then somebody who can write the file put another one in its place, with the same description.
fn another_plan_in_its_place_is_refused(cloud: &Cloud, folder: &Path) {
    let plan = folder.join("third");
    let file = plan.to_str().unwrap();
    let wanted = StackFile::new(&[("expire_noncurrent_after: 1d", "expire_noncurrent_after: 3d")]);
    cloud.provision(&["plan", wanted.path(), "--out", file], 0);
    let (reviewed, digest) = Saved::decode(&std::fs::read(&plan).unwrap()).unwrap();
    let digest = digest.to_string();

    let other = folder.join("other");
    let unwanted = StackFile::new(&[("expire_noncurrent_after: 1d", "expire_noncurrent_after: 9d")]);
    cloud.provision(&["plan", unwanted.path(), "--out", other.to_str().unwrap()], 0);
    let resealed = altered(&other, "resealed", |saved| saved.manifest = reviewed.manifest.clone());

    // Without the digest, nothing tells it from a plan that was reviewed: it would be applied.
    let (shown, said) = cloud.provision(&["apply", resealed.to_str().unwrap()], 3);
    assert!(shown.contains(" → 9d") && said.contains("confirmation needed"), "{shown}{said}");
    // With it, not even what the file says of itself is believed.
    let said = refused_with(cloud, &resealed, &["--digest", &digest]);
    insta::assert_snapshot!(said, @"
    error: the plan <folder>/resealed cannot be applied
    cause: its digest is sha256:<digest>, but `--digest` says sha256:<digest>: it is not the plan that was reviewed; nothing was changed
    help: fetch the reviewed plan again, or review this one and give its digest; `provision plan STACK --out FILE` prints it
    ");
    // Nor is a stack file a way around it.
    let said = refused_with(cloud, Path::new(unwanted.path()), &["--digest", &digest]);
    assert!(said.contains("it is not a saved plan"), "{said}");

    let (applied, _) = cloud.provision(&["apply", file, "--yes", "--digest", &digest], 0);
    assert!(applied.contains(" → 3d") && applied.contains("1 changed\n"), "{applied}");
}

fn the_history_tells_it(cloud: &Cloud, first: &str) {
    cloud.provision(&["apply", STACK, "--yes"], 0);
    let (told, calls) = cloud.provision(&["-v", "history", STACK], 0);
    assert_eq!(mutating(&calls), Vec::<&str>::new());
    insta::assert_snapshot!(whole(&told), @"
    <time>  root  apply  complete  1 changed   provision <version>  publish <digest>, submit <digest>
    <time>  root  apply  complete  1 changed   provision <version>  publish <digest>, submit <digest>, plan <digest>
    <time>  root  apply  complete  1 changed   provision <version>  publish <digest>, submit <digest>, plan <digest>
    <time>  root  apply  complete  36 created  provision <version>  publish <digest>, submit <digest>, plan <digest>
    ");
    assert!(told.lines().last().is_some_and(|line| line.contains(&first[..12])), "{told}");
    let (json, _) = cloud.provision(&["history", STACK, "--format", "json", "--limit", "1"], 0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["runs"].as_array().unwrap().len(), 1);
    assert_eq!(json["runs"][0]["done"]["changed"], 1, "{json}");

    // The history ends with the stack.
    let (gone, _) = cloud.provision(&["teardown", STACK, "--yes"], 0);
    nothing_left(&gone, "vod-local");
    let (told, _) = cloud.provision(&["history", STACK], 0);
    insta::assert_snapshot!(whole(&told), @"no history for stack vod-local in s3://provision-111122223333-ap-northeast-2-vod-local: it was not applied yet, or a teardown removed it with its history");
}
