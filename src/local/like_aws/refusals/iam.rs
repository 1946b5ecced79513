//! IAM: documents that do not parse, what is not there, and sizes.

use super::asked::Asked;
use super::ban::{Ban, Verdict};
use super::policy::{DocumentKind, Flaw, flaw};
use super::principals;
use super::state::State;

const GRAMMAR: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html";
const LIMITS: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html";

static DOCUMENT: Ban = Ban {
    name: "a role's policy that does not parse",
    code: "MalformedPolicyDocument",
    status: 400,
    source: GRAMMAR,
};
static TRUST: Ban = Ban {
    name: "a trust policy that does not parse",
    code: "MalformedPolicyDocument",
    status: 400,
    source: GRAMMAR,
};
static PRINCIPAL: Ban = Ban {
    name: "a trust policy for an unknown principal",
    code: "MalformedPolicyDocument",
    status: 400,
    source: "https://repost.aws/knowledge-center/iam-principal-policy",
};
static INLINE_SIZE: Ban = Ban {
    name: "more than 10,240 characters of inline policies in a role",
    code: "LimitExceeded",
    status: 409,
    source: LIMITS,
};
static TRUST_SIZE: Ban = Ban {
    name: "a trust policy of more than 2,048 characters",
    code: "LimitExceeded",
    status: 409,
    source: LIMITS,
};
static ATTACHED: Ban = Ban {
    name: "more than 10 managed policies at a role",
    code: "LimitExceeded",
    status: 409,
    source: LIMITS,
};
static UNKNOWN_POLICY: Ban = Ban {
    name: "attaching an unknown policy",
    code: "NoSuchEntity",
    status: 404,
    source: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html",
};
static UNKNOWN_BOUNDARY: Ban = Ban {
    name: "an unknown permissions boundary",
    code: "NoSuchEntity",
    status: 404,
    source: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePermissionsBoundary.html",
};
static SESSION: Ban = Ban {
    name: "a session of less than 1 hour or more than 12",
    code: "ValidationError",
    status: 400,
    source: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html",
};

/// The bans of this service.
pub(super) const BANS: &[&Ban] = &[
    &DOCUMENT,
    &TRUST,
    &PRINCIPAL,
    &INLINE_SIZE,
    &TRUST_SIZE,
    &ATTACHED,
    &UNKNOWN_POLICY,
    &UNKNOWN_BOUNDARY,
    &SESSION,
];

const INLINE: usize = 10_240;
const TRUSTED: usize = 2_048;
const MANAGED: usize = 10;

/// Refuses a call that IAM refuses.
pub(super) async fn judge(asked: &Asked, state: &State) -> Verdict {
    let text = |member: &str| asked.members.text(member).unwrap_or_default();
    let role = text("RoleName");
    match asked.operation.as_str() {
        "CreateRole" => {
            trust(text("AssumeRolePolicyDocument"), state).await?;
            session(asked.members.number("MaxSessionDuration"))?;
            boundary(text("PermissionsBoundary"), state).await
        }
        "UpdateRole" => session(asked.members.number("MaxSessionDuration")),
        "UpdateAssumeRolePolicy" => trust(text("PolicyDocument"), state).await,
        "PutRolePermissionsBoundary" => boundary(text("PermissionsBoundary"), state).await,
        "CreatePolicy" | "CreatePolicyVersion" => document(text("PolicyDocument")),
        "PutRolePolicy" => {
            document(text("PolicyDocument"))?;
            let others = state.inline_policies(role).await?;
            inline_size(role, text("PolicyName"), text("PolicyDocument"), &others)
        }
        "AttachRolePolicy" => {
            let policy = text("PolicyArn");
            let unknown = || format!("Policy {policy} does not exist or is not attachable.");
            UNKNOWN_POLICY.refuse_if(!state.has_managed_policy(policy).await?, unknown)?;
            let full = state.attached_policies(role).await? >= MANAGED;
            ATTACHED.refuse_if(full, || format!("Cannot exceed quota for PoliciesPerRole: {MANAGED}"))
        }
        _ => Ok(()),
    }
}

async fn trust(text: &str, state: &State) -> Verdict {
    if let Some(flaw) = flaw(text, DocumentKind::Trust) {
        return Err(TRUST.refuse(words(&flaw)));
    }
    TRUST_SIZE
        .refuse_if(size(text) > TRUSTED, || format!("Cannot exceed quota for ACLSizePerRole: {TRUSTED}"))?;
    match principals::unknown(text, state).await? {
        Some(principal) => Err(PRINCIPAL.refuse(format!("Invalid principal in policy: {principal}"))),
        None => Ok(()),
    }
}

fn document(text: &str) -> Verdict {
    flaw(text, DocumentKind::Identity).map_or(Ok(()), |flaw| Err(DOCUMENT.refuse(words(&flaw))))
}

/// IAM does not count white space.
fn size(text: &str) -> usize {
    text.chars().filter(|letter| !letter.is_whitespace()).count()
}

fn inline_size(role: &str, name: &str, text: &str, policies: &[(String, String)]) -> Verdict {
    let others = policies.iter().filter(|(other, _)| other != name).map(|(_, text)| size(text));
    let all = others.sum::<usize>() + size(text);
    INLINE_SIZE
        .refuse_if(all > INLINE, || format!("Maximum policy size of {INLINE} bytes exceeded for role {role}"))
}

fn session(seconds: Option<i64>) -> Verdict {
    let wrong = seconds.is_some_and(|seconds| !(3_600..=43_200).contains(&seconds));
    SESSION.refuse_if(wrong, || {
        let seconds = seconds.unwrap_or_default();
        let (limit, word) = if seconds < 3_600 { (3_600, "greater") } else { (43_200, "less") };
        format!(
            "1 validation error detected: Value '{seconds}' at 'maxSessionDuration' failed to satisfy constraint: \
             Member must have value {word} than or equal to {limit}"
        )
    })
}

async fn boundary(arn: &str, state: &State) -> Verdict {
    let unknown = !arn.is_empty() && !state.has_managed_policy(arn).await?;
    UNKNOWN_BOUNDARY.refuse_if(unknown, || format!("Scope ARN: {arn} does not exist or is not attachable."))
}

/// IAM's words for a flaw.
fn words(flaw: &Flaw) -> String {
    match flaw {
        Flaw::NotJson => "This policy contains invalid Json".into(),
        Flaw::Syntax(_) | Flaw::Effect(_) | Flaw::Operator(_) => "Syntax errors in policy.".into(),
        Flaw::Missing("Action") => "Policy statement must contain actions.".into(),
        Flaw::Missing("Resource") => "Policy statement must contain resources.".into(),
        Flaw::Missing(member) => format!("Missing required field {member}"),
        Flaw::Prohibited("Principal") => "Policy document should not specify a principal.".into(),
        Flaw::Prohibited(member) => format!("Has prohibited field {member}"),
        Flaw::Action(action) if action.contains(':') => {
            "AssumeRole policy may only specify STS AssumeRole actions.".into()
        }
        Flaw::Action(_) => "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".into(),
        Flaw::NotArn(resource) => format!("Resource {resource} must be in ARN format or \"*\"."),
        Flaw::SidCharacters => {
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
             [0-9A-Za-z]*"
                .into()
        }
        Flaw::SidTwice => "Statement IDs (SID) in a single policy must be unique.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ban::said;
    use super::*;

    #[test]
    fn a_document_that_does_not_parse_is_told_in_iams_words() {
        let one = |action: &str| {
            format!("{{\"Statement\":{{\"Effect\":\"Allow\",\"Action\":\"{action}\",\"Resource\":\"*\"}}}}")
        };
        assert_eq!(document(&one("s3:GetObject")), Ok(()));
        insta::assert_snapshot!(said(document("{")), @"a role's policy that does not parse: MalformedPolicyDocument: This policy contains invalid Json");
        insta::assert_snapshot!(said(document(&one("GetObject"))), @"a role's policy that does not parse: MalformedPolicyDocument: Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
    }

    #[test]
    fn all_inline_policies_of_a_role_share_a_size() {
        let others = [("a".to_owned(), "x".repeat(10_000)), ("b".to_owned(), "y".repeat(10_000))];
        assert_eq!(inline_size("r", "b", &"z ".repeat(240), &others[..1]), Ok(()));
        assert_eq!(inline_size("r", "a", &"z".repeat(240), &others[..1]), Ok(()));
        insta::assert_snapshot!(said(inline_size("r", "b", &"z".repeat(241), &others[..1])), @"more than 10,240 characters of inline policies in a role: LimitExceeded: Maximum policy size of 10240 bytes exceeded for role r");
    }

    #[test]
    fn a_session_lasts_1_to_12_hours() {
        assert_eq!((session(None), session(Some(3_600)), session(Some(43_200))), (Ok(()), Ok(()), Ok(())));
        assert!(said(session(Some(60))).ends_with("greater than or equal to 3600"));
        assert!(said(session(Some(43_201))).ends_with("less than or equal to 43200"));
    }
}
