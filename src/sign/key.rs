//! The keys: private keys sign, public keys verify. RSA of 2048 bits and ECDSA on P-256, the kinds that CloudFront
//! accepts.

use miette::Diagnostic;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use rustls::SignatureScheme::{ECDSA_NISTP256_SHA256, RSA_PKCS1_SHA256};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};
use rustls::sign::SigningKey;
use sha2::{Digest, Sha256};

use super::spki::{Algorithm, Spki};

/// How many digits of a key's digest form its short name: enough to distinguish a few keys.
const DIGITS: usize = 12;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum KeyError {
    /// It is not a private key in PEM.
    #[error("it is not a private key in PEM, or it is encrypted")]
    #[diagnostic(help(
        "make one: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out viewer.key"
    ))]
    NotPrivate,
    /// It is the public half of a key.
    #[error("it is a public key, and only the private half signs")]
    #[diagnostic(help("give the file that it was made from, such as viewer.key"))]
    Public,
    /// It is not a public key in PEM.
    #[error("it is not a public key in PEM")]
    #[diagnostic(help("take the public half of the private key: openssl pkey -in viewer.key -pubout"))]
    NotPublic,
    /// It is a key of a kind that CloudFront does not accept.
    #[error("CloudFront takes RSA keys of 2048 bits and ECDSA keys on the curve P-256, and it is neither")]
    #[diagnostic(help(
        "make one: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out viewer.key"
    ))]
    Unfit,
    /// Signing failed.
    #[error("the key cannot sign: {0}")]
    #[diagnostic(help("check the key: openssl pkey -in viewer.key -check"))]
    Signing(String),
}

/// The digest that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// CloudFront's default if the request names no algorithm.
    Sha1,
    /// The digest that this program signs with.
    Sha256,
}

impl Hash {
    /// Its name in `Hash-Algorithm`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The digest with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256].into_iter().find(|hash| hash.name() == name)
    }
}

/// A key that signs.
#[derive(Debug)]
pub struct PrivateKey(std::sync::Arc<dyn SigningKey>);

impl PrivateKey {
    /// The key in a PEM text: PKCS #8, PKCS #1 or SEC 1, not encrypted.
    ///
    /// # Errors
    /// When there is no key, or CloudFront does not accept its kind.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let other =
            if text.contains("-----BEGIN PUBLIC KEY-----") { KeyError::Public } else { KeyError::NotPrivate };
        let der = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| other)?;
        let key = rustls::crypto::ring::sign::any_supported_type(&der).map_err(|_| KeyError::Unfit)?;
        let key = Self(key);
        key.public().map(|_| key)
    }

    /// Its public half.
    ///
    /// # Errors
    /// When CloudFront does not accept its kind.
    pub fn public(&self) -> Result<VerifyingKey, KeyError> {
        self.0.public_key().ok_or(KeyError::Unfit).and_then(|spki| VerifyingKey::from_der(spki.to_vec()))
    }

    /// The signature of a message over SHA-256.
    ///
    /// # Errors
    /// When the key fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signer =
            self.0.choose_scheme(&[RSA_PKCS1_SHA256, ECDSA_NISTP256_SHA256]).ok_or(KeyError::Unfit)?;
        signer.sign(message).map_err(|error| KeyError::Signing(error.to_string()))
    }
}

/// A key that checks signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey(Vec<u8>);

impl VerifyingKey {
    /// The key in a PEM text.
    ///
    /// # Errors
    /// When there is no key, or CloudFront does not accept its kind.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der =
            SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes()).map_err(|_| KeyError::NotPublic)?;
        Self::from_der(der.to_vec())
    }

    fn from_der(der: Vec<u8>) -> Result<Self, KeyError> {
        match Spki::read(&der).map(|spki| spki.algorithm) {
            Some(Algorithm::Rsa(2048) | Algorithm::P256) => Ok(Self(der)),
            _ => Err(KeyError::Unfit),
        }
    }

    /// A short name for the key. It depends only on the key's content.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut digits = hex::encode(Sha256::digest(&self.0));
        digits.truncate(DIGITS);
        digits
    }

    /// Whether it is an ECDSA key.
    #[must_use]
    pub fn is_ecdsa(&self) -> bool {
        Spki::read(&self.0).is_some_and(|spki| spki.algorithm == Algorithm::P256)
    }

    /// Whether this key's private half signed this message. Always false for ECDSA over SHA-1, because nothing here can
    /// check it.
    #[must_use]
    pub fn verify(&self, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
        let Some(spki) = Spki::read(&self.0) else { return false };
        let algorithm: &dyn VerificationAlgorithm = match (spki.algorithm, hash) {
            (Algorithm::Rsa(_), Hash::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
            (Algorithm::Rsa(_), Hash::Sha1) => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            (Algorithm::P256, Hash::Sha256) => &ECDSA_P256_SHA256_ASN1,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, spki.key).verify(message, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

    /// The published test key of RFC 9500.
    const RSA: &str = include_str!("testdata/rsa.key");
    const RSA_PUBLIC: &str = include_str!("testdata/rsa.pem");
    /// The public half of a key that was deleted.
    const P256_PUBLIC: &str = include_str!("testdata/p256.pem");
    /// `openssl dgst -sha1 -sign rsa.key` of [`MESSAGE`], by OpenSSL 3.
    const RSA_SHA1: &str = include_str!("testdata/rsa-sha1.b64");
    /// `openssl dgst -sha256 -sign` of [`MESSAGE`] by the private half of [`P256_PUBLIC`].
    const P256_SHA256: &str = include_str!("testdata/p256-sha256.b64");
    const MESSAGE: &[u8] = b"{\"Statement\":[]}";

    fn signature(base64: &str) -> Vec<u8> {
        STANDARD.decode(base64.split_whitespace().collect::<String>()).unwrap()
    }

    fn fresh_p256() -> String {
        let random = ring::rand::SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
    }

    #[test]
    fn what_a_private_key_signs_its_public_half_checks() {
        let rsa = PrivateKey::from_pem(RSA).unwrap().public().unwrap();
        assert_eq!(rsa, VerifyingKey::from_pem(RSA_PUBLIC).unwrap());
        for private in [RSA.to_owned(), fresh_p256()] {
            let private = PrivateKey::from_pem(&private).unwrap();
            let public = private.public().unwrap();
            let signature = private.sign(MESSAGE).unwrap();
            assert!(public.verify(Hash::Sha256, MESSAGE, &signature));
            assert!(!public.verify(Hash::Sha256, b"another", &signature));
            assert!(!public.verify(Hash::Sha1, MESSAGE, &signature));
        }
    }

    #[test]
    fn what_openssl_signs_is_right_too() {
        let rsa = VerifyingKey::from_pem(RSA_PUBLIC).unwrap();
        assert!(rsa.verify(Hash::Sha1, MESSAGE, &signature(RSA_SHA1)));
        let p256 = VerifyingKey::from_pem(P256_PUBLIC).unwrap();
        assert!(p256.verify(Hash::Sha256, MESSAGE, &signature(P256_SHA256)));
        assert!(!rsa.is_ecdsa() && p256.is_ecdsa());
    }

    #[test]
    fn other_keys_are_refused() {
        assert!(matches!(PrivateKey::from_pem(RSA_PUBLIC), Err(KeyError::Public)));
        assert!(matches!(VerifyingKey::from_pem(RSA), Err(KeyError::NotPublic)));
        let p384 = include_str!("../stack/config/testdata/p384.pem");
        assert!(matches!(VerifyingKey::from_pem(p384), Err(KeyError::Unfit)));
    }

    #[test]
    fn a_digest_names_the_content() {
        let key = VerifyingKey::from_pem(RSA_PUBLIC).unwrap();
        let rewrapped = RSA_PUBLIC.replace('\n', "\r\n");
        assert_eq!(VerifyingKey::from_pem(&rewrapped).unwrap().digest(), key.digest());
        assert_eq!(key.digest().len(), DIGITS);
        assert_ne!(VerifyingKey::from_pem(P256_PUBLIC).unwrap().digest(), key.digest());
    }
}
