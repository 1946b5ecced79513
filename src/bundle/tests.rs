//! The whole way on a workspace of one tiny handler: build, cache, stale, and what fails.

use std::fs;
use std::path::Path;

use super::*;

/// A workspace whose one handler has no dependency, so that cargo needs no network and little time.
fn workspace() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    write(
        "Cargo.toml",
        "[workspace]\nmembers = ['lambda/submit']\nresolver = '3'\n[profile.lambda]\ninherits = 'release'\nstrip = true\n",
    );
    write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"submit\"\nversion = \"0.1.0\"\n");
    write("lambda/submit/Cargo.toml", "[package]\nname = 'submit'\nversion = '0.1.0'\nedition = '2024'\n");
    write("lambda/submit/src/main.rs", "fn main() {}\n");
    directory
}

fn request(workspace: &Path) -> Request {
    let place = Place::Sources(workspace.to_owned());
    let all = Request::all(place, Architecture::host().unwrap(), Profile::Lambda);
    Request { handlers: vec!["submit".to_owned()], ..all }
}

/// Everything in one temporary directory: also the build, since whoever runs the tests may hold the lock
/// of their own build directory.
async fn run(cache: &Path, request: &Request) -> (Result<Vec<Bundle>, Error>, Vec<String>) {
    let mut steps = Vec::new();
    let places = BuildPlaces { cache: cache.to_owned(), target_directory: Some(cache.join("target")) };
    let outcome = bundle_in(&places, request, &mut |step| steps.push(format!("{step:?}"))).await;
    (outcome, steps)
}

#[tokio::test]
async fn builds_once_and_again_only_when_stale() {
    let (workspace, cache) = (workspace(), tempfile::tempdir().unwrap());
    let request = request(workspace.path());
    let (first, steps) = run(cache.path(), &request).await;
    let first = first.unwrap().remove(0);
    assert!(first.built);
    assert!(steps[0].contains("cargo build --profile lambda --locked"), "{steps:?}");
    let zip = fs::read(&first.zip).unwrap();
    assert_eq!((zip.len() as u64, archive::code_sha256(&zip)), (first.size, first.sha256_base64.clone()));

    let (second, steps) = run(cache.path(), &request).await;
    let fresh = Bundle { built: false, ..first.clone() };
    assert_eq!((second.unwrap(), steps), (vec![fresh], vec![]), "a fresh bundle starts nothing");

    let main = workspace.path().join("lambda/submit/src/main.rs");
    fs::write(&main, "fn main() {\n    // Only a comment.\n}\n").unwrap();
    let third = run(cache.path(), &request).await.0.unwrap().remove(0);
    assert!(third.built);
    assert_eq!(third.sha256_base64, first.sha256_base64, "the same program is the same code");

    fs::write(&main, "fn main() { std::process::exit(7) }\n").unwrap();
    let fourth = run(cache.path(), &request).await.0.unwrap().remove(0);
    assert_ne!(fourth.sha256_base64, first.sha256_base64);
}

/// What `cargo run` compiled before is not compiled again.
#[tokio::test]
async fn the_local_cloud_takes_what_cargo_built() {
    let (workspace, cache) = (workspace(), tempfile::tempdir().unwrap());
    let request = Request { profile: Profile::Dev, ..request(workspace.path()) };
    assert_eq!(Profile::local(request.architecture), Profile::Dev, "this machine runs what it builds");
    let mut cargo =
        tokio::process::Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    let cargo = cargo.args(["build", "--quiet"]).current_dir(workspace.path());
    assert!(cargo.env("CARGO_TARGET_DIR", cache.path().join("target")).status().await.unwrap().success());
    let program = cache.path().join("target/debug/submit");
    let built = fs::metadata(&program).unwrap();

    let (bundles, steps) = run(cache.path(), &request).await;
    let bundle = bundles.unwrap().remove(0);
    assert!(steps[0].contains("cargo build --locked --bin submit"), "{steps:?}");
    assert_eq!(fs::metadata(&program).unwrap().modified().unwrap(), built.modified().unwrap());
    let mut zip = zip::ZipArchive::new(fs::File::open(&bundle.zip).unwrap()).unwrap();
    let packed = zip.by_index(0).unwrap().size();
    assert!(packed < built.len(), "{packed} of {} bytes", built.len());

    let again = run(cache.path(), &request).await.0.unwrap().remove(0);
    assert_eq!(again, Bundle { built: false, ..bundle.clone() });
    let aws = Request { profile: Profile::Lambda, ..request };
    assert_ne!(run(cache.path(), &aws).await.0.unwrap().remove(0).sha256_base64, bundle.sha256_base64);
}

#[tokio::test]
async fn a_failed_build_shows_the_compilers_words_and_keeps_nothing() {
    let (workspace, cache) = (workspace(), tempfile::tempdir().unwrap());
    fs::write(workspace.path().join("lambda/submit/src/main.rs"), "fn main() { nonsense() }\n").unwrap();
    let error = run(cache.path(), &request(workspace.path())).await.0.unwrap_err().to_string();
    assert!(error.starts_with("cargo build --profile lambda"), "{error}");
    assert!(error.contains("cannot find function `nonsense`"), "{error}");
    assert!(!cache.path().join("bundles").exists());
}

#[tokio::test]
async fn a_package_without_its_program_is_named() {
    let (workspace, cache) = (workspace(), tempfile::tempdir().unwrap());
    let source = workspace.path().join("lambda/submit/src");
    fs::rename(source.join("main.rs"), source.join("lib.rs")).unwrap();
    let error = run(cache.path(), &request(workspace.path())).await.0.unwrap_err();
    assert!(matches!(&error, Error::NoProgram { handler } if handler == "submit"), "{error}");
}

#[test]
fn a_bundle_over_lambdas_limit_is_refused() {
    assert!(check_size("submit", SIZE_LIMIT).is_ok());
    let error = check_size("submit", SIZE_LIMIT + 1).unwrap_err();
    assert!(matches!(&error, Error::TooLarge { handler, .. } if handler == "submit"), "{error}");
}
