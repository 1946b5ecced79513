//! The structure of a public key, RFC 5280's SubjectPublicKeyInfo. It reads enough to recognise the keys that
//! CloudFront accepts (RSA 2048 and ECDSA P-256) and to verify signatures with them.

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

/// The algorithm of a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with this many bits.
    Rsa(usize),
    /// ECDSA on the curve P-256.
    P256,
    /// Any other.
    Other,
}

/// A public key's algorithm, and the key itself in that algorithm's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spki<'a> {
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// PKCS #1's `RSAPublicKey`, or an uncompressed point.
    pub key: &'a [u8],
}

impl<'a> Spki<'a> {
    /// Reads `SEQUENCE { SEQUENCE algorithm, BIT STRING key }`; `None` if it is truncated or malformed.
    #[must_use]
    pub fn read(der: &'a [u8]) -> Option<Self> {
        let (info, after) = element(der, SEQUENCE)?;
        let (algorithm, rest) = element(info, SEQUENCE)?;
        let (bits, end) = element(rest, BIT_STRING)?;
        let (unused, key) = bits.split_first()?;
        if !after.is_empty() || !end.is_empty() || *unused != 0 {
            return None;
        }
        let algorithm = match algorithm {
            RSA => {
                let (numbers, _) = element(key, SEQUENCE)?;
                let (modulus, exponent) = element(numbers, INTEGER)?;
                element(exponent, INTEGER)?;
                Algorithm::Rsa(bit_length(modulus))
            }
            // An uncompressed point: 4, then two coordinates of 32 bytes.
            P256 => (key.len() == 65 && key[0] == 4).then_some(Algorithm::P256)?,
            _ => Algorithm::Other,
        };
        Some(Self { algorithm, key })
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
