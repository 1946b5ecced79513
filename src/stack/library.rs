//! The role that S3 Batch Operations needs to transcode a library that is already in the source bucket.
//!
//! A job of S3 Batch Operations invokes the submit handler for every object of a manifest. The manifest and the job's
//! report are in the work bucket under their own prefix. Neither needs to be kept longer than the encodes, and this
//! bucket deletes everything after a week. In the source bucket, the manifest would count as an upload.

use super::roles;
use super::storage::Storage;
use super::{Declarations, Handle, names};
use crate::model::{PolicyDocument, Principal, Statement, StringExpr};
use crate::resource::iam::Role;
use crate::resource::lambda::Function;

const ROLE: &str = names::BATCH_ROLE.as_str();
const BATCH: &str = "batchoperations.s3.amazonaws.com";

/// The prefix of batch jobs' manifests in the work bucket.
pub const MANIFESTS: &str = "library/manifests/";
/// The prefix of their reports in the work bucket.
pub const REPORTS: &str = "library/reports/";

/// Declares the role that S3 Batch Operations assumes. It is always declared: it costs nothing, and a stack file does
/// not know whether a library will be imported.
pub fn declare(stack: &mut Declarations, storage: &Storage, submit: &Handle<Function>) -> Handle<Role> {
    let role = Role::new(
        stack.name_everywhere("batch"),
        "What S3 Batch Operations may do to transcode a library",
        trust(),
        roles::inline(stack.with_key(access(&storage.work.arn(), submit.arn()), &["s3"])),
        stack.tags_everywhere(ROLE),
    );
    stack.declare_role(ROLE, role)
}

/// Without `aws:SourceAccount`: AWS documents no condition key that S3 Batch Operations sets when it assumes a role. A
/// key that it does not set would lock it out. Another account cannot use the role, because `iam:PassRole` never
/// crosses accounts.
fn trust() -> PolicyDocument {
    let assume = Statement::allow("Assume", &["sts:AssumeRole"]);
    PolicyDocument::new([assume.to(Principal::service(BATCH))])
}

/// A job reads its manifest (which may be a version), invokes submit, and writes its report. See the S3 user guide,
/// "Granting permissions for Batch Operations". It never touches the objects that the manifest lists.
fn access(work: &StringExpr, submit: StringExpr) -> PolicyDocument {
    let all = |folder: &str| [work.clone() + "/" + folder + "*"];
    PolicyDocument::new([
        Statement::allow("ReadManifest", &["s3:GetObject", "s3:GetObjectVersion"]).on(all(MANIFESTS)),
        Statement::allow("WriteReport", &["s3:PutObject"]).on(all(REPORTS)),
        Statement::allow("Submit", &["lambda:InvokeFunction"]).on([submit]),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_reads_its_manifest_invokes_submit_and_reports() {
        let work = StringExpr::from("arn:aws:s3:::vod-work-111122223333-eu-west-1");
        let policy = access(&work, "arn:aws:lambda:eu-west-1:111122223333:function:vod-submit".into());
        insta::assert_json_snapshot!(policy, @r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Sid": "ReadManifest",
              "Effect": "Allow",
              "Action": [
                "s3:GetObject",
                "s3:GetObjectVersion"
              ],
              "Resource": [
                "arn:aws:s3:::vod-work-111122223333-eu-west-1/library/manifests/*"
              ]
            },
            {
              "Sid": "Submit",
              "Effect": "Allow",
              "Action": [
                "lambda:InvokeFunction"
              ],
              "Resource": [
                "arn:aws:lambda:eu-west-1:111122223333:function:vod-submit"
              ]
            },
            {
              "Sid": "WriteReport",
              "Effect": "Allow",
              "Action": [
                "s3:PutObject"
              ],
              "Resource": [
                "arn:aws:s3:::vod-work-111122223333-eu-west-1/library/reports/*"
              ]
            }
          ]
        }
        "#);
    }

    #[test]
    fn only_batch_operations_may_assume_the_role() {
        insta::assert_json_snapshot!(trust(), @r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Sid": "Assume",
              "Effect": "Allow",
              "Principal": {
                "Service": [
                  "batchoperations.s3.amazonaws.com"
                ]
              },
              "Action": [
                "sts:AssumeRole"
              ]
            }
          ]
        }
        "#);
    }
}
