//! Checks that a file holds a public key that CloudFront takes: RSA 2048 or ECDSA P-256, in PEM.
//!
//! Only the structure is looked at (RFC 5280's SubjectPublicKeyInfo), which is enough to tell a right key from a
//! private key, a certificate, another algorithm or another size.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// DER of the algorithm `rsaEncryption` with its NULL parameter (RFC 3279).
const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// DER of the algorithm `id-ecPublicKey` on the curve `secp256r1` (RFC 5480).
const P256: &[u8] = &[
    0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
    0x01, 0x07,
];

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// Why the file at `path` is not such a key.
pub(super) fn fault(path: &Path) -> Option<String> {
    match std::fs::read_to_string(path) {
        Ok(pem) => pem_fault(&pem),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Some(format!("there is no file {}", path.display()))
        }
        Err(error) => Some(format!("cannot read {}: {error}", path.display())),
    }
}

fn pem_fault(pem: &str) -> Option<String> {
    let pem = pem.trim();
    let label = pem.strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----"));
    let (label, rest) = match label {
        Some((label, rest)) if label == "PUBLIC KEY" => (label, rest),
        Some((label, _)) if label.contains("PRIVATE KEY") => {
            return Some("the file holds a private key: keep it away from here".to_owned());
        }
        Some((label, _)) => return Some(format!("the file holds a {label}, not a PUBLIC KEY")),
        None => return Some("the file is not PEM".to_owned()),
    };
    let Some(body) = rest.strip_suffix(&format!("-----END {label}-----")) else {
        return Some("the file does not end with its one PUBLIC KEY".to_owned());
    };
    let body: String = body.split_whitespace().collect();
    let Ok(der) = STANDARD.decode(body) else {
        return Some("what stands between the PEM lines is not base64".to_owned());
    };
    match algorithm(&der) {
        Some(Algorithm::Right) => None,
        Some(Algorithm::Rsa(bits)) => Some(format!("an RSA key of {bits} bits; CloudFront takes 2048")),
        Some(Algorithm::Other) => Some("neither an RSA key nor one on the curve P-256".to_owned()),
        None => Some("the file is not a whole public key".to_owned()),
    }
}

enum Algorithm {
    Right,
    Rsa(usize),
    Other,
}

/// Reads `SEQUENCE { SEQUENCE algorithm, BIT STRING key }`; `None` where it is cut or malformed.
fn algorithm(der: &[u8]) -> Option<Algorithm> {
    let (info, after) = element(der, SEQUENCE)?;
    let (algorithm, rest) = element(info, SEQUENCE)?;
    let (bits, end) = element(rest, BIT_STRING)?;
    let (unused, key) = bits.split_first()?;
    if !after.is_empty() || !end.is_empty() || *unused != 0 {
        return None;
    }
    match algorithm {
        RSA => {
            let (numbers, _) = element(key, SEQUENCE)?;
            let (modulus, exponent) = element(numbers, INTEGER)?;
            element(exponent, INTEGER)?;
            let bits = bit_length(modulus);
            Some(if bits == 2048 { Algorithm::Right } else { Algorithm::Rsa(bits) })
        }
        // An uncompressed point: 4, then two coordinates of 32 bytes.
        P256 => (key.len() == 65 && key[0] == 4).then_some(Algorithm::Right),
        _ => Some(Algorithm::Other),
    }
}

fn bit_length(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = &number[zeros..];
    let leading = digits.first().map_or(0, |first| first.leading_zeros() as usize);
    digits.len() * 8 - leading
}

/// Splits off one DER element with the given tag: its content, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        short @ 0..=0x7f => (usize::from(*short), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])), rest.get(2..)?),
        _ => return None,
    };
    (*first == tag && rest.len() >= length).then(|| rest.split_at(length))
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
    the file is not a whole public key
    the file holds a private key: keep it away from here
    the file holds a CERTIFICATE, not a PUBLIC KEY
    the file is not PEM
    ");
    }

    #[test]
    fn a_cut_key_is_no_key() {
        let der =
            STANDARD.decode(EC.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
        assert!((0..der.len()).all(|length| algorithm(&der[..length]).is_none()));
    }
}
