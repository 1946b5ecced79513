//! AWS Certificate Manager. CloudFront only accepts certificates of us-east-1.

mod certificate;
mod hindrances;
mod inventory;
mod issued;
#[cfg(test)]
mod tests;
mod validation;

pub use certificate::{Certificate, DomainValidationOption, REGION};
pub use issued::{Issued, issued};
