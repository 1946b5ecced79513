//! AWS Certificate Manager. CloudFront takes certificates of us-east-1 only.

mod certificate;
mod inventory;
mod issued;
mod validation;

pub use certificate::{Certificate, DomainValidationOption, REGION};
pub use issued::{Issued, issued};
