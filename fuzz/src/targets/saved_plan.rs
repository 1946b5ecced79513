//! A saved plan: a pipeline keeps it where others may be able to write.

use std::io::{Cursor, Write as _};

use sha2::{Digest as _, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::saved::{FORMAT, Saved, is_saved};

/// The members of a plan that are text, in the order of the seeds' sections.
const MEMBERS: [&str; 4] = ["manifest.json", "stack.yaml", "declarations.json", "fingerprint.json"];
/// The line between two sections of a seed. After the members come the packages.
const SEPARATOR: &[u8] = b"\n%%\n";

/// A plan that is read is the same once it is written again. This is tried with the bytes as a file, and with the bytes
/// as members of a file that is sealed as it should be.
pub fn saved_plan(data: &[u8]) {
    let _ = is_saved(data);
    read(data);
    if let Some(file) = sealed(data) {
        assert!(is_saved(&file));
        read(&file);
    }
}

fn read(file: &[u8]) {
    match Saved::decode(file) {
        Ok((saved, digest)) => {
            assert_eq!(Saved::decode_reviewed(file, digest).expect("it is the reviewed one"), saved);
            let by = &saved.manifest.by;
            assert!(by.starts_with("arn:") && by.bytes().all(|byte| byte.is_ascii_graphic()), "{by:?}");
            let (written, digest) = saved.encode().expect("what was read can be written");
            assert_eq!(Saved::decode(&written).expect("what was written can be read"), (saved, digest));
        }
        Err(fault) => super::prints_safely(&fault),
    }
}

/// A file with these members and the right seal.
fn sealed(data: &[u8]) -> Option<Vec<u8>> {
    let sections = split(data);
    let (members, packages) = sections.split_at_checked(MEMBERS.len())?;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut put = |name: &str, bytes: &[u8]| {
        writer.start_file(name, SimpleFileOptions::default()).ok()?;
        writer.write_all(bytes).ok()
    };
    for (name, bytes) in MEMBERS.iter().zip(members) {
        put(name, bytes)?;
    }
    for package in packages {
        put(&format!("bundle/{}.zip", hex::encode(Sha256::digest(package))), package)?;
    }
    writer.set_comment(format!("provision-plan/{FORMAT} {}", "0".repeat(64))).ok()?;
    let mut file = writer.finish().ok()?.into_inner();
    let end = file.len() - 64;
    let digest = hex::encode(Sha256::digest(&file[..end]));
    file[end..].copy_from_slice(digest.as_bytes());
    Some(file)
}

fn split(data: &[u8]) -> Vec<&[u8]> {
    let mut sections = Vec::new();
    let mut rest = data;
    while let Some(at) = rest.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        sections.push(&rest[..at]);
        rest = &rest[at + SEPARATOR.len()..];
    }
    sections.push(rest);
    sections
}

/// Whether a seed is a plan that is read.
#[must_use]
pub fn is_read(data: &[u8]) -> bool {
    sealed(data).is_some_and(|file| Saved::decode(&file).is_ok())
}
