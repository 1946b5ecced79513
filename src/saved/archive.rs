//! The file: a zip of a few members. Its comment, the last bytes, is a digest that seals all bytes before it.

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _, Write as _};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipArchive, ZipWriter};

use super::{BrokenPlan, Digest, FORMAT, Manifest, Package, Saved, VERSION};
use crate::model::Declaration;
use crate::model::printable::plain;

const MANIFEST: &str = "manifest.json";
const STACK_FILE: &str = "stack.yaml";
const DECLARATIONS: &str = "declarations.json";
const FINGERPRINT: &str = "fingerprint.json";
/// The first bytes of every zip archive with members.
const ZIP: &[u8] = b"PK\x03\x04";
/// The start of the seal, in every format. The format's number, a space and the digest follow.
const SEAL: &str = "provision-plan/";
/// How many hexadecimal digits a digest has.
const DIGITS: usize = 64;
/// The longest ARN in bytes. IAM allows 2,048 characters.
const LONGEST_ARN: usize = 2048;
/// The largest allowed member, in bytes. A package may have 50 MiB; all other members are far smaller.
const MEMBER_LIMIT: u64 = 64 * 1024 * 1024;

/// Whether a file that starts with these bytes is a saved plan rather than a stack file. No YAML begins like a zip.
#[must_use]
pub fn is_saved(first: &[u8]) -> bool {
    first.starts_with(ZIP)
}

pub(super) fn write(saved: &Saved) -> Result<(Vec<u8>, Digest), BrokenPlan> {
    let Saved { manifest, stack_file, declarations, fingerprint, packages } = saved;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut put = |name: &str, bytes: &[u8]| {
        let packed = name.ends_with(".zip");
        let method = if packed { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(0o600)
            .system(System::Unix);
        let result = writer.start_file(name, options).and_then(|()| Ok(writer.write_all(bytes)?));
        result.map_err(|error| fault(name, &error))
    };
    put(MANIFEST, &json(MANIFEST, manifest)?)?;
    put(STACK_FILE, stack_file.as_bytes())?;
    put(DECLARATIONS, &json(DECLARATIONS, declarations)?)?;
    put(FINGERPRINT, &json(FINGERPRINT, fingerprint)?)?;
    for (package, bytes) in manifest.bundles.iter().zip(packages) {
        put(&member(package), bytes)?;
    }
    // The seal also covers the comment's length. So a blank comment is written first and filled in afterwards.
    let blank = format!("{SEAL}{FORMAT} {}", "0".repeat(DIGITS));
    writer.set_comment(blank).map_err(|error| fault("seal", &error))?;
    let mut bytes = writer.finish().map_err(|error| fault("seal", &error))?.into_inner();
    let end = bytes.len() - DIGITS;
    let digest = digest(&bytes)?;
    bytes[end..].copy_from_slice(digest.hex().as_bytes());
    // A plan that cannot be read back must not be given to a reviewer.
    match read(&bytes)? {
        (same, _) if same == *saved => Ok((bytes, digest)),
        _ => Err(fault("contents", &"they do not read back unchanged")),
    }
}

/// The digest of a file's content, whatever the file says.
pub(super) fn digest(bytes: &[u8]) -> Result<Digest, BrokenPlan> {
    Ok(Digest::of(split(bytes)?.0))
}

/// The content of a file, and the digits that seal it.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), BrokenPlan> {
    let sealed_from = bytes.len().checked_sub(DIGITS).ok_or(BrokenPlan::Unsealed)?;
    Ok(bytes.split_at(sealed_from))
}

pub(super) fn read(bytes: &[u8]) -> Result<(Saved, Digest), BrokenPlan> {
    let digest = unseal(bytes)?;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| fault("archive", &error))?;
    let manifest = manifest(&member_bytes(&mut archive, MANIFEST)?)?;
    let stack_file = String::from_utf8(member_bytes(&mut archive, STACK_FILE)?)
        .map_err(|error| fault(STACK_FILE, &error))?;
    let declarations: Vec<Declaration> = parse(DECLARATIONS, &member_bytes(&mut archive, DECLARATIONS)?)?;
    let fingerprint = parse(FINGERPRINT, &member_bytes(&mut archive, FINGERPRINT)?)?;
    // Checked before the packages are read: a manifest that names one package very often would fill the memory.
    if archive.len() != 4 + manifest.bundles.len() {
        return Err(fault("archive", &"it does not have exactly the members that its manifest names"));
    }
    let packages = packages(&mut archive, &manifest)?;
    all_there(&manifest, &declarations)?;
    Ok((Saved { manifest, stack_file, declarations, fingerprint, packages }, digest))
}

/// The digest of a file, if it is complete and has this format.
fn unseal(bytes: &[u8]) -> Result<Digest, BrokenPlan> {
    let (content, sealed) = split(bytes)?;
    let sealed = std::str::from_utf8(sealed).map_err(|_| BrokenPlan::Unsealed)?.to_owned();
    let start = content.len().saturating_sub(SEAL.len() + 12);
    let tail = String::from_utf8_lossy(&content[start..]).into_owned();
    let (_, format) = tail.rsplit_once(SEAL).ok_or(BrokenPlan::Unsealed)?;
    let found = Digest::of(content);
    if found.hex() != sealed {
        return Err(BrokenPlan::Tampered { sealed: plain(&sealed).into_owned(), found: found.hex() });
    }
    match format.trim_end().parse() {
        Ok(FORMAT) => Ok(found),
        Ok(format) => Err(BrokenPlan::Format { found: format }),
        Err(_) => Err(BrokenPlan::Unsealed),
    }
}

/// Reads the manifest. The version is checked before anything else in it is parsed.
fn manifest(bytes: &[u8]) -> Result<Manifest, BrokenPlan> {
    let loose: serde_json::Value = parse(MANIFEST, bytes)?;
    match loose["provision"].as_str() {
        Some(VERSION) => caller(parse(MANIFEST, bytes)?),
        Some(other) => Err(BrokenPlan::Version { made_by: other.to_owned() }),
        None => Err(fault(MANIFEST, &"it names no version")),
    }
}

/// Checks that the manifest names its maker as AWS does, by an ARN: it is shown before anything is asked.
fn caller(manifest: Manifest) -> Result<Manifest, BrokenPlan> {
    let by = &manifest.by;
    if by.starts_with("arn:") && by.bytes().all(|byte| byte.is_ascii_graphic()) && by.len() <= LONGEST_ARN {
        return Ok(manifest);
    }
    Err(fault(MANIFEST, &"the caller that it names is not an ARN"))
}

fn packages(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    manifest: &Manifest,
) -> Result<Vec<Vec<u8>>, BrokenPlan> {
    let read = |package: &Package| {
        let name = member(package);
        let bytes = member_bytes(archive, &name)?;
        if hex::encode(Sha256::digest(&bytes)) == package.sha256 {
            Ok(bytes)
        } else {
            Err(fault(&name, &"its bytes do not match the digest in its name"))
        }
    };
    manifest.bundles.iter().map(read).collect()
}

/// Checks that the file contains every package that a declaration deploys, unless the functions run it already.
fn all_there(manifest: &Manifest, declarations: &[Declaration]) -> Result<(), BrokenPlan> {
    let packages = manifest.bundles.iter().chain(&manifest.kept);
    let here: BTreeSet<&str> = packages.map(|package| package.sha256.as_str()).collect();
    for declaration in declarations {
        if let Some(digest) = declaration.properties["Code"]["Sha256"].as_str()
            && !here.contains(digest)
        {
            return Err(fault(
                MANIFEST,
                &format!("{} deploys {digest}, which is missing", declaration.address),
            ));
        }
    }
    Ok(())
}

fn member(package: &Package) -> String {
    format!("bundle/{}.zip", package.sha256)
}

fn member_bytes(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Vec<u8>, BrokenPlan> {
    let entry = archive.by_name(name).map_err(|error| fault(name, &error))?;
    let mut bytes = Vec::new();
    let read = entry.take(MEMBER_LIMIT).read_to_end(&mut bytes);
    read.map_err(|error| fault(name, &error))?;
    Ok(bytes)
}

fn json(name: &str, value: &impl Serialize) -> Result<Vec<u8>, BrokenPlan> {
    serde_json::to_vec_pretty(value).map_err(|error| fault(name, &error))
}

fn parse<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, BrokenPlan> {
    serde_json::from_slice(bytes).map_err(|error| fault(name, &error))
}

fn fault(member: &str, why: &dyn ToString) -> BrokenPlan {
    BrokenPlan::Member { member: member.to_owned(), why: why.to_string() }
}
