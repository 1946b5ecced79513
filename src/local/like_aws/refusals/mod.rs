//! Calls that AWS refuses and the emulator takes.
//!
//! Each file holds the bans of one service, or of one matter. A call is judged by what it says and by what the emulator
//! answers about its own state: nothing is kept twice. [`table`] lists the bans for `docs/local-cloud.md`.

mod asked;
mod ban;
mod certificates;
mod cloudfront;
mod events;
mod grants;
mod iam;
mod lambda;
mod logs;
mod members;
mod messages;
mod names;
mod policy;
mod principals;
mod quotas;
mod route53;
mod s3;
mod state;
mod tags;

pub use ban::Ban;
pub(in crate::local) use grants::{Wish, grants, trusts};
pub(in crate::local) use quotas::Quotas;

use asked::Asked;
use ban::Verdict;
use state::State;

use super::{Played, Refused};
use crate::local::clients;
use crate::local::gateway::Gateway;
use crate::local::operation::ServiceCall;

/// AWS's refusal of a call; `None` if AWS takes it.
pub(in crate::local) async fn check(
    gateway: &Gateway,
    played: &Played,
    call: &ServiceCall,
) -> Option<Refused> {
    if call.operation.is_empty() || call.is_read() {
        return None;
    }
    let account = &gateway.accounts.of(&call.key_id).await;
    let credentials = gateway.secret.credentials(account);
    let config = clients::config(&gateway.http, &gateway.upstream, credentials, &call.region);
    let verdict = judge(&Asked::of(call), &State::new(config, account), &played.quotas).await;
    verdict.err().map(ban::Objection::told)
}

/// Every ban, with its service or matter.
#[must_use]
pub fn table() -> Vec<(&'static str, &'static Ban)> {
    let of = |service: &'static str, bans: Vec<&'static Ban>| bans.into_iter().map(move |ban| (service, ban));
    of("ACM", certificates::BANS.to_vec())
        .chain(of("CloudFront", cloudfront::bans()))
        .chain(of("EventBridge", events::BANS.to_vec()))
        .chain(of("IAM", iam::BANS.to_vec()))
        .chain(of("Lambda", lambda::BANS.to_vec()))
        .chain(of("Logs", logs::BANS.to_vec()))
        .chain(of("Route 53", route53::BANS.to_vec()))
        .chain(of("S3", s3::bans()))
        .chain(of("SQS and SNS", messages::BANS.to_vec()))
        .chain(of("names", names::BANS.to_vec()))
        .chain(of("quotas", quotas::bans().collect()))
        .chain(of("tags", tags::BANS.to_vec()))
        .collect()
}

async fn judge(asked: &Asked, state: &State, quotas: &Quotas) -> Verdict {
    names::judge(asked)?;
    tags::judge(asked)?;
    match asked.service.as_str() {
        "acm" => certificates::judge(asked, state).await,
        "cloudfront" => cloudfront::judge(asked, state).await,
        "events" => events::judge(asked, state).await,
        "iam" => iam::judge(asked, state).await,
        "lambda" => lambda::judge(asked, state).await,
        "logs" => logs::judge(asked, state).await,
        "route53" => route53::judge(asked, state).await,
        "s3" => s3::judge(asked, state).await,
        "sns" | "sqs" => messages::judge(asked, state).await,
        _ => Ok(()),
    }?;
    quotas::judge(asked, state, quotas).await
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::table;

    /// The bans as `docs/local-cloud.md` shows them.
    fn rows() -> String {
        let row = |(service, ban): (&str, &super::Ban)| {
            format!("| {service} | {} | `{}`, {} | <{}> |\n", ban.name, ban.code, ban.status, ban.source)
        };
        table().into_iter().map(row).collect()
    }

    #[test]
    fn the_page_shows_every_ban() {
        let page = include_str!("../../../../docs/local-cloud.md");
        let shown = page.split_once("| service | refused | AWS's answer | source |\n|---|---|---|---|\n");
        let shown = shown.and_then(|(_, rest)| rest.split("\n\n").next()).unwrap_or_default();
        assert_eq!(format!("{}\n", shown.trim_end()), rows(), "docs/local-cloud.md must show:\n{}", rows());
    }

    #[test]
    fn bans_have_names_of_their_own_and_public_sources() {
        let bans = table();
        let names: BTreeSet<&str> = bans.iter().map(|(_, ban)| ban.name).collect();
        assert_eq!(names.len(), bans.len());
        for (_, ban) in bans {
            assert!(ban.source.starts_with("https://"), "{}", ban.name);
            assert!((400..500).contains(&ban.status), "{}", ban.name);
        }
    }
}
