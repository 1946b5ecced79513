//! Logical ids: the template's names for addresses.

use crate::model::{Address, OutputRef};

/// The logical id of the resource at an address: `storage/source/policy` is `StorageSourcePolicy`. CloudFormation allows
/// only letters and digits.
#[must_use]
pub fn id(address: &Address) -> String {
    camel(address.as_str())
}

/// The name of the parameter and of the output that pass an attribute from one template to another.
pub(super) fn export(address: &Address, attribute: &str) -> String {
    id(address) + &camel(attribute)
}

/// The name of the parameter that passes an output to another template.
#[must_use]
pub fn parameter(reference: &OutputRef) -> String {
    export(&reference.address, &reference.attribute)
}

fn camel(text: &str) -> String {
    text.split(|letter: char| !letter.is_ascii_alphanumeric())
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_logical_ids() {
        assert_eq!(id(&"storage/source/policy".into()), "StorageSourcePolicy");
        assert_eq!(id(&"handlers/dead-letters".into()), "HandlersDeadLetters");
        assert_eq!(export(&"delivery/certificate".into(), "Arn"), "DeliveryCertificateArn");
    }
}
