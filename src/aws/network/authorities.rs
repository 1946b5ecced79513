//! The authorities that TLS trusts: a bundle of the user's, or those of the machine.
//!
//! `AWS_CA_BUNDLE` counts before `ca_bundle` of the profile, as for the AWS CLI. A bundle replaces the authorities of the
//! machine. Without one, `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them, as for OpenSSL and curl.

use std::path::{Path, PathBuf};

use aws_smithy_http_client::tls::TrustStore;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};

use super::{NetworkFault, Variables};

const BUNDLE: &str = "AWS_CA_BUNDLE";
const FILE: &str = "SSL_CERT_FILE";
const DIRECTORY: &str = "SSL_CERT_DIR";

/// The authorities to trust.
///
/// # Errors
/// When what the user names cannot be read or holds no certificate, or the machine has none.
pub(super) fn trusted(
    variables: Variables<'_>,
    ca_bundle: Option<(&str, &str)>,
) -> Result<TrustStore, NetworkFault> {
    let of_profile = || {
        let (profile, path) = ca_bundle?;
        Some((format!("`ca_bundle` of profile {profile}"), home_expanded(path, variables)))
    };
    let of_variable = |name: &str| variables(name).map(|path| (name.to_owned(), PathBuf::from(path)));
    if let Some((setting, path)) = of_variable(BUNDLE).or_else(of_profile) {
        return bundle(setting, &path);
    }
    if let Some((setting, path)) = of_variable(FILE) {
        // A directory that is set too adds to it.
        let file = bundle(setting, &path)?;
        let Some(directory) = variables(DIRECTORY) else { return Ok(file) };
        let directories = std::env::split_paths(&directory).filter(|path| path.is_dir());
        let more = directories.flat_map(|path| load_certs_from_paths(None, Some(&path)).certs);
        return Ok(add(file, more.collect()).0);
    }
    match add(TrustStore::empty(), load_native_certs().certs) {
        (_, 0) => Err(NetworkFault::NoAuthorities),
        (store, _) => Ok(store),
    }
}

/// A file of certificates, or a directory of such files.
fn bundle(setting: String, path: &Path) -> Result<TrustStore, NetworkFault> {
    let fault = |why: String| NetworkFault::Authorities { setting, path: path.display().to_string(), why };
    if let Err(error) = std::fs::metadata(path) {
        return Err(fault(format!("which cannot be read: {error}")));
    }
    let CertificateResult { certs, errors, .. } = if path.is_dir() {
        load_certs_from_paths(None, Some(path))
    } else {
        load_certs_from_paths(Some(path), None)
    };
    match (add(TrustStore::empty(), certs), errors.first()) {
        ((store, 1..), _) => Ok(store),
        (_, Some(error)) => Err(fault(format!("which holds no usable certificate: {error}"))),
        (_, None) => Err(fault("which holds no certificate".to_owned())),
    }
}

/// Adds the certificates that TLS can use, and says how many these are. Bundles of old systems hold some that it cannot.
fn add(store: TrustStore, certificates: Vec<CertificateDer<'static>>) -> (TrustStore, usize) {
    let usable = certificates.into_iter().filter(|der| RootCertStore::empty().add(der.clone()).is_ok());
    usable.fold((store, 0), |(store, count), der| (store.with_pem_certificate(pem(&der)), count + 1))
}

fn pem(der: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der))
}

/// A path of the profile, in which `~/` is the user's home.
fn home_expanded(path: &str, variables: Variables<'_>) -> PathBuf {
    match (path.strip_prefix("~/"), variables("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(path),
    }
}
