//! The private Python environment that holds the emulator, AWS's published service models and an ffmpeg.
//!
//! It is made on first use in the cache directory, with plain `pip`, so the machine's own pip configuration
//! decides where packages come from. Each package is pinned by hash, and only wheels are installed: no index can give
//! another package, and no package runs code while it is installed. The digest of the pinned list names the directory:
//! another list is another directory, and a marker written last tells a whole one from one that was interrupted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::error::tail;
use super::{Error, instance};

const REQUIREMENTS: &str = include_str!("requirements.txt");
/// Prints the MediaConvert model without its documentation, which is most of it.
const EXTRACT: &str = r"
import botocore, gzip, json, os, sys
path = os.path.join(os.path.dirname(botocore.__file__), 'data/mediaconvert/2017-08-29/service-2.json.gz')
model = json.load(gzip.open(path))
for shape in model['shapes'].values():
    shape.pop('documentation', None)
    for member in shape.get('members', {}).values():
        member.pop('documentation', None)
json.dump({'operations': model['operations'], 'shapes': model['shapes']}, sys.stdout)
";
const STEP: Duration = Duration::from_secs(60);
const PIP: Duration = Duration::from_secs(420);

/// An environment that is whole.
#[derive(Debug, Clone)]
pub(super) struct Installed {
    directory: PathBuf,
}

impl Installed {
    /// The environment's interpreter.
    pub(super) fn python(&self) -> PathBuf {
        self.directory.join("bin/python")
    }

    /// AWS's model of the MediaConvert API, as JSON.
    pub(super) fn mediaconvert_model(&self) -> PathBuf {
        self.directory.join("mediaconvert.json")
    }

    /// The ffmpeg that the environment brings.
    pub(super) fn ffmpeg(&self) -> Option<PathBuf> {
        let entries =
            |path: PathBuf| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        entries(self.directory.join("lib"))
            .flat_map(|python| entries(python.join("site-packages/imageio_ffmpeg/binaries")))
            .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ffmpeg-")))
    }

    /// Installs the packages of a list: these files, and no code that runs while they are installed.
    fn pip(&self, list: &Path) -> Command {
        let mut pip = Command::new(self.python());
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
            "--no-deps",
        ]);
        pip.args(["--require-hashes", "--only-binary", ":all:", "-r"]).arg(list);
        pip
    }

    fn marker(&self) -> PathBuf {
        self.directory.join("complete")
    }

    fn is_whole(&self) -> bool {
        // `exists` follows the link to the system's interpreter, which an upgrade may have removed.
        self.marker().exists() && self.python().exists()
    }
}

/// The environment, made if it is not there yet. Safe to call from several processes at once.
pub(super) async fn ensure(progress: &mut dyn FnMut(&str)) -> Result<Installed, Error> {
    let cache = instance::cache()?;
    let digest = hex::encode(Sha256::digest([REQUIREMENTS, EXTRACT].concat()));
    let installed = Installed { directory: cache.join(format!("python-{}", &digest[..16])) };
    if installed.is_whole() {
        return Ok(installed);
    }
    fs::create_dir_all(&cache).map_err(Error::files(&cache))?;
    let waiting = "waiting for another command that installs the local cloud";
    let _lock = instance::lock(&cache.join("install.lock"), progress, waiting).await?;
    if !installed.is_whole() {
        progress("installing the local cloud (once; about 60 MB)");
        install(&installed).await?;
    }
    Ok(installed)
}

async fn install(installed: &Installed) -> Result<(), Error> {
    let directory = &installed.directory;
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(Error::files(directory))?;
    }
    check_python().await?;
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(directory);
    run(venv, "making a Python environment", STEP).await?.map_err(|why| Error::Venv { why })?;

    let list = directory.join("requirements.txt");
    fs::write(&list, REQUIREMENTS).map_err(Error::files(&list))?;
    let pip = installed.pip(&list);
    run(pip, "installing Python packages", PIP).await?.map_err(|why| Error::Pip { why })?;

    let mut extract = Command::new(installed.python());
    extract.args(["-c", EXTRACT]);
    let model = run(extract, "reading the service model", STEP).await?.map_err(|why| Error::Pip { why })?;
    write(&installed.mediaconvert_model(), &model)?;
    write(&installed.marker(), "")
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(Error::files(path))
}

async fn check_python() -> Result<(), Error> {
    let mut version = Command::new("python3");
    version.args([
        "-c",
        "import sys; print('%d.%d' % sys.version_info[:2]); sys.exit(sys.version_info < (3, 10))",
    ]);
    match run(version, "asking python3 for its version", STEP).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(found)) if found.is_empty() => Err(Error::Python { why: "python3 does not run".into() }),
        Ok(Err(found)) => Err(Error::Python { why: format!("python3 is {found}") }),
        Err(Error::Files { source, .. }) => Err(Error::Python { why: format!("python3: {source}") }),
        Err(error) => Err(error),
    }
}

/// Runs a command within `bound`: its output, or the tail of what it wrote where it failed.
async fn run(mut command: Command, what: &str, bound: Duration) -> Result<Result<String, String>, Error> {
    let program = command.as_std().get_program().to_owned();
    let child = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(bound, child)
        .await
        .map_err(|_| Error::TooLong { what: what.into(), seconds: bound.as_secs() })?
        .map_err(Error::files(program))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(Ok(text));
    }
    let said = format!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(Err(tail(&said, 6)))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;

    use super::*;

    /// The lists of packages with the hashes of each, one a line.
    fn pins(list: &str) -> Vec<String> {
        let whole = list.replace("\\\n", " ");
        whole.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn every_package_is_pinned_by_hash() {
        for list in [REQUIREMENTS, include_str!("../../tests/it/judges/requirements.txt")] {
            let pins = pins(list);
            assert!(pins.len() > 15);
            for pin in pins {
                assert!(pin.contains("==") && pin.contains(" --hash=sha256:"), "{pin}");
            }
        }
    }

    /// A zip with one module of this name, as an index may send it in the place of the right package.
    fn wheel(folder: &Path, name: &str, version: &str) {
        let about = format!("{name}-{version}.dist-info");
        let file = File::create(folder.join(format!("{name}-{version}-py2.py3-none-any.whl"))).unwrap();
        let mut zip = zip::ZipWriter::new(file);
        for (path, text) in [
            (format!("{name}.py"), "print('not the right one')\n".to_owned()),
            (
                format!("{about}/METADATA"),
                format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"),
            ),
            (
                format!("{about}/WHEEL"),
                "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py2-none-any\n".to_owned(),
            ),
            (format!("{about}/RECORD"), String::new()),
        ] {
            zip.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
    }

    #[tokio::test]
    async fn another_package_than_the_pinned_one_is_not_installed() {
        let folder = tempfile::tempdir().unwrap();
        let installed = Installed { directory: folder.path().join("python") };
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(&installed.directory);
        run(venv, "making a Python environment", STEP).await.unwrap().unwrap();
        wheel(folder.path(), "six", "1.17.0");
        let (index, list) = (folder.path().to_str().unwrap(), folder.path().join("list"));
        let six = pins(REQUIREMENTS).into_iter().find(|pin| pin.starts_with("six==1.17.0 ")).unwrap();
        fs::write(&list, six).unwrap();
        let mut pip = installed.pip(&list);
        pip.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", index);
        let refused = run(pip, "installing", STEP).await.unwrap().unwrap_err();
        assert!(refused.to_lowercase().contains("hash"), "{refused}");

        fs::write(&list, "six==1.17.0").unwrap();
        let mut pip = installed.pip(&list);
        pip.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", index);
        let refused = run(pip, "installing", STEP).await.unwrap().unwrap_err();
        assert!(refused.to_lowercase().contains("hash"), "a package without a hash: {refused}");
    }
}
