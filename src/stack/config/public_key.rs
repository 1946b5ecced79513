//! Checks that a file holds a public key that CloudFront takes: RSA 2048 or ECDSA P-256, in PEM.
//!
//! Only the structure is checked. This is enough to reject private keys, certificates, other algorithms and other
//! sizes.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ReadFile;
use crate::sign::{Algorithm, Spki};

/// Returns the text of the file at `path`, or why it is not such a key.
pub(super) fn read(path: &Path, read_file: ReadFile<'_>) -> Result<String, String> {
    match read_file(path) {
        Ok(pem) => pem_fault(&pem).map_or(Ok(pem), Err),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(format!("there is no file {}", path.display()))
        }
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}

fn pem_fault(pem: &str) -> Option<String> {
    let pem = pem.trim();
    let label = pem.strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----"));
    let (label, rest) = match label {
        Some((label, rest)) if label == "PUBLIC KEY" => (label, rest),
        Some((label, _)) if label.contains("PRIVATE KEY") => {
            return Some("the file holds a private key: keep it out of this directory".to_owned());
        }
        Some((label, _)) => return Some(format!("the file holds a {label}, not a PUBLIC KEY")),
        None => return Some("the file is not PEM".to_owned()),
    };
    let Some(body) = rest.strip_suffix(&format!("-----END {label}-----")) else {
        return Some("the file does not end with its one PUBLIC KEY".to_owned());
    };
    let body: String = body.split_whitespace().collect();
    let Ok(der) = STANDARD.decode(body) else {
        return Some("the text between the PEM lines is not base64".to_owned());
    };
    match Spki::read(&der).map(|spki| spki.algorithm) {
        Some(Algorithm::Rsa(2048) | Algorithm::P256) => None,
        Some(Algorithm::Rsa(bits)) => Some(format!("an RSA key of {bits} bits; CloudFront takes 2048")),
        Some(Algorithm::Other) => Some("neither an RSA key nor one on the curve P-256".to_owned()),
        None => Some("the public key in the file is incomplete".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EC: &str = include_str!("testdata/p256.pem");
    const RSA_2048: &str = include_str!("testdata/rsa2048.pem");
    const RSA_1024: &str = include_str!("testdata/rsa1024.pem");
    const P384: &str = include_str!("testdata/p384.pem");

    #[test]
    fn the_two_kinds_of_key_are_right() {
        assert_eq!(pem_fault(EC), None);
        assert_eq!(pem_fault(RSA_2048), None);
    }

    #[test]
    fn other_keys_are_told_apart() {
        let cut = RSA_2048.replace('\n', "").replacen("MIIB", "MIIC", 1);
        let faults = [
            RSA_1024,
            P384,
            &cut,
            "-----BEGIN RSA PRIVATE KEY-----",
            "-----BEGIN CERTIFICATE-----",
            "ssh-rsa AAAA",
        ];
        let faults: Vec<_> = faults.iter().map(|pem| pem_fault(pem).unwrap()).collect();
        insta::assert_snapshot!(faults.join("\n"), @r"
    an RSA key of 1024 bits; CloudFront takes 2048
    neither an RSA key nor one on the curve P-256
    the public key in the file is incomplete
    the file holds a private key: keep it out of this directory
    the file holds a CERTIFICATE, not a PUBLIC KEY
    the file is not PEM
    ");
    }

    #[test]
    fn a_cut_key_is_no_key() {
        let der =
            STANDARD.decode(EC.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
        assert!((0..der.len()).all(|length| Spki::read(&der[..length]).is_none()));
    }
}
