//! AWS Certificate Manager. CloudFront takes certificates of us-east-1 only.

mod certificate;
mod validation;

pub use certificate::{Certificate, DomainValidationOption, REGION};
