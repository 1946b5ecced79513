//! Principals in policies: AWS refuses those that it does not know.

use super::ban::Objection;
use super::policy;
use super::state::State;

/// The services that a policy here may name, without `.amazonaws.com`. AWS knows more; the local cloud plays these.
const SERVICES: &[&str] = &[
    "apigateway",
    "batchoperations.s3",
    "cloudformation",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "codebuild",
    "codepipeline",
    "config",
    "delivery.logs",
    "ec2",
    "ecs-tasks",
    "edgelambda",
    "events",
    "lambda",
    "logger.cloudfront",
    "logging.s3",
    "logs",
    "mediaconvert",
    "monitoring",
    "pipes",
    "replicator.lambda",
    "s3",
    "scheduler",
    "ses",
    "sns",
    "sqs",
    "states",
    "vpc-flow-logs",
];

/// The first principal of a document that AWS does not know, as its message writes it: `"AWS":"arn:…"`.
pub(super) async fn unknown(document: &str, state: &State) -> Result<Option<String>, Objection> {
    for (kind, principal) in policy::principals(document) {
        let known = match kind.as_str() {
            "Service" => is_service(&principal),
            "AWS" => is_identity(&principal, state).await?,
            "Federated" | "CanonicalUser" => true,
            _ => false,
        };
        if !known {
            let kind = if kind == "Service" { "SERVICE" } else { &kind };
            return Ok(Some(format!("\"{kind}\":\"{principal}\"")));
        }
    }
    Ok(None)
}

/// `logs.amazonaws.com` or, of one region, `logs.eu-west-1.amazonaws.com`.
fn is_service(principal: &str) -> bool {
    let Some(name) = principal.strip_suffix(".amazonaws.com") else { return false };
    let global = name.rsplit_once('.').filter(|(_, region)| region.matches('-').count() >= 2);
    SERVICES.contains(&global.map_or(name, |(name, _)| name))
}

/// What AWS can look up: whole accounts, and this account's roles and users. Those of others are taken as they are.
async fn is_identity(principal: &str, state: &State) -> Result<bool, Objection> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_account(principal) || principal.starts_with("AROA") || principal.starts_with("AIDA") {
        return Ok(true);
    }
    let parts: Vec<&str> = principal.splitn(6, ':').collect();
    let ["arn", _, "iam" | "sts", "", account, name] = parts[..] else { return Ok(false) };
    let last = name.rsplit('/').next().unwrap_or_default();
    match name.split('/').next() {
        _ if !is_account(account) => Ok(false),
        _ if account != state.account => Ok(true),
        Some("root" | "assumed-role" | "federated-user") => Ok(true),
        Some("role") => Ok(state.trust(last).await?.is_some()),
        Some("user") => state.has_user(last).await,
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_with_and_without_a_region() {
        for name in
            ["lambda.amazonaws.com", "delivery.logs.amazonaws.com", "logs.ap-northeast-2.amazonaws.com"]
        {
            assert!(is_service(name), "{name}");
        }
        for name in ["lamda.amazonaws.com", "lambda", "lambda.amazonaws.org", "x.lambda.amazonaws.com"] {
            assert!(!is_service(name), "{name}");
        }
    }
}
