//! The deployment package: a zip with the one entry `bootstrap`, the same bytes for the same program.
//!
//! Lambda's `CodeSha256` is a digest of the zip, not of the program in it, so everything that could vary
//! is fixed here: the entry's name, mode and time (the zip format's epoch), the system it claims to be
//! made on, method and level. No extra field is written. What is left is the deflate implementation:
//! `zlib-rs`, plain Rust whose output depends on neither the processor nor the platform; its version is
//! pinned by `Cargo.lock` and its output by the golden digest in the tests below.

use std::io::{Cursor, Write as _};

use base64::Engine as _;
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

/// The program an OS-only runtime such as `provided.al2023` starts.
const ENTRY: &str = "bootstrap";

/// The zip that deploys `program`, compressed at this level of deflate (9 is the best).
pub(super) fn pack(program: &[u8], level: i64) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(level))
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o755)
        .system(System::Unix);
    let mut writer = ZipWriter::new(Cursor::new(Vec::with_capacity(program.len() / 2)));
    writer.start_file(ENTRY, options)?;
    writer.write_all(program)?;
    Ok(writer.finish()?.into_inner())
}

/// Lambda's `CodeSha256`: base64 of the SHA-256 of the zip.
pub(super) fn code_sha256(zip: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(zip))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    /// Half repetitive and half noise, larger than deflate's window, so that matches, literals and more
    /// than one block occur. The noise is a fixed linear congruential sequence.
    fn program() -> Vec<u8> {
        let mut state = 0x2545_f491_u32;
        (0..200_000_u32)
            .map(|position| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if position / 1_000 % 2 == 0 { (position % 251) as u8 } else { (state >> 24) as u8 }
            })
            .collect()
    }

    /// Changes only with the deflate implementation. If it does, every function is deployed anew by
    /// the next apply of every user: say so in the changelog.
    #[test]
    fn bytes_are_pinned() {
        insta::assert_snapshot!(code_sha256(&pack(&program(), 9).unwrap()), @"yjo2sAKPL9hMDGPSis65waGP7pQzGdqWzJDybuwdRJM=");
    }

    #[test]
    fn holds_one_executable_without_time_or_extra_fields() {
        let program = program();
        let zip = pack(&program, 9).unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(&zip)).unwrap();
        assert_eq!(archive.len(), 1);
        let mut entry = archive.by_index(0).unwrap();
        assert_eq!(entry.name().unwrap(), "bootstrap");
        assert_eq!(entry.unix_mode().unwrap() & 0o777, 0o755);
        assert_eq!(entry.last_modified().unwrap().to_string(), "1980-01-01 00:00:00");
        assert_eq!(entry.extra_data().unwrap_or_default(), b"");
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        assert_eq!(content, program);
        // Byte 5 of the central directory header's "version made by" is the system: 3 is Unix.
        let central = zip.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
        assert_eq!(zip[central + 5], 3);
    }

    #[test]
    fn digest_is_what_lambda_reports() {
        // printf '' | openssl dgst -sha256 -binary | base64
        assert_eq!(code_sha256(b""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
