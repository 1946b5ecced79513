//! The names of CloudFormation as the Cloud Development Kit has them.

/// A name in camel case: `SSEAlgorithm` is `sseAlgorithm`, and `IPV6Enabled` is `ipv6Enabled`.
pub(super) fn camel(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut camel = String::with_capacity(name.len());
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1);
        // A word begins after a small letter or a number, and with the last letter of an abbreviation before a small one.
        let begins = match before {
            None => false,
            Some(before) => !before.is_ascii_uppercase() || after.is_some_and(char::is_ascii_lowercase),
        };
        camel.push(if begins { *letter } else { letter.to_ascii_lowercase() });
    }
    camel
}

/// A name of camel case in snake case.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// The variable of the construct with a logical id.
pub(super) fn variable(id: &str) -> String {
    snake(id)
}

/// The module of a type: `aws_s3`.
pub(super) fn module(kind: &str) -> String {
    let service = kind.split("::").nth(1).unwrap_or(kind);
    format!("aws_{}", service.to_ascii_lowercase())
}

/// The construct of a type: `aws_s3.CfnBucket`.
pub(super) fn construct(kind: &str) -> String {
    format!("{}.Cfn{}", module(kind), kind.rsplit("::").next().unwrap_or(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_their_case() {
        let pairs = [
            ("BucketName", "bucketName", "bucket_name"),
            ("SSEAlgorithm", "sseAlgorithm", "sse_algorithm"),
            ("KMSMasterKeyID", "kmsMasterKeyId", "kms_master_key_id"),
            ("OKActions", "okActions", "ok_actions"),
            ("IPV6Enabled", "ipv6Enabled", "ipv6_enabled"),
            ("WebACLId", "webAclId", "web_acl_id"),
            ("DNSName", "dnsName", "dns_name"),
            ("MinTTL", "minTtl", "min_ttl"),
            ("TTL", "ttl", "ttl"),
            ("S3OriginConfig", "s3OriginConfig", "s3_origin_config"),
        ];
        for (name, in_camel, in_snake) in pairs {
            assert_eq!(camel(name), in_camel);
            assert_eq!(snake(in_camel), in_snake);
        }
        assert_eq!(construct("AWS::CloudFront::PublicKey"), "aws_cloudfront.CfnPublicKey");
    }
}
