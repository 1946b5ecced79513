//! The attributes of Terraform's resources that are our outputs.

use super::label;
use super::tables::rule;
use crate::export::Error;
use crate::export::hcl::Piece;
use crate::graph::Graph;
use crate::model::{Kind, OutputRef};

/// Type, output, attribute, and what follows it. Every other output has the name of the attribute in lower case.
const ATTRIBUTES: &[(&str, &str, &str, &str)] = &[
    ("AWS::S3::Bucket", "BucketName", "bucket", ""),
    ("AWS::S3::Bucket", "RegionalDomainName", "bucket_regional_domain_name", ""),
    ("AWS::SQS::Queue", "QueueUrl", "url", ""),
    ("AWS::SQS::Queue", "QueueName", "name", ""),
    ("AWS::Logs::LogGroup", "Arn", "arn", ":*"),
    ("AWS::IAM::Role", "RoleId", "unique_id", ""),
    ("AWS::Lambda::Function", "FunctionName", "function_name", ""),
    ("AWS::CloudFront::Distribution", "DomainName", "domain_name", ""),
    ("AWS::SNS::Topic", "TopicArn", "arn", ""),
    ("AWS::SNS::Topic", "TopicName", "name", ""),
];

/// The outputs whose attribute has the same name.
const SAME: [&str; 3] = ["Arn", "Id", "Name"];

fn attribute(kind: &Kind, output: &str) -> Option<(String, &'static str)> {
    let row = ATTRIBUTES.iter().find(|(of, name, ..)| *of == kind.as_str() && *name == output);
    match row {
        Some((_, _, attribute, after)) => Some(((*attribute).to_owned(), after)),
        None => SAME.contains(&output).then(|| (output.to_ascii_lowercase(), "")),
    }
}

/// An output of another resource, as Terraform reads it.
pub(super) fn pieces(graph: &Graph, reference: &OutputRef) -> Result<Vec<Piece>, Error> {
    let OutputRef { address, attribute: output, .. } = reference;
    let unknown = || Error::Unknown { address: address.clone(), attribute: output.clone() };
    let kind = &graph.get(address).ok_or_else(unknown)?.kind;
    let rule =
        rule(kind).ok_or_else(|| Error::UnknownType { address: address.clone(), kind: kind.clone() })?;
    let (attribute, after) = attribute(kind, output).ok_or_else(unknown)?;
    let path = Piece::Reference(format!("{}.{}.{attribute}", rule.resource, label(address)));
    Ok(match after {
        "" => vec![path],
        after => vec![path, Piece::Literal(after.to_owned())],
    })
}
