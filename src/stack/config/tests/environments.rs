//! One file for several stacks: how overrides are laid over it, and the messages.

use super::*;
use crate::stack::config::problem::Problems;
use crate::stack::config::{StackFile, document, documents};

const SHARED: &str = r#"account: "111122223333"
region: ap-northeast-2
tags: { team: media }
source: { archive_after: 30d, max_size: 1GiB }
environments:
  staging: { stack: vod-staging, tags: { stage: test }, source: { max_size: 2GiB } }
  production:
    stack: vod-production
    account: "444455556666"
    protected: true
    alerts: { email: oncall@example.com }
"#;

fn chosen(source: &str, environment: Option<&str>) -> Result<StackFile, Invalid> {
    let problems = Problems::default();
    match document(source, None, environment, &problems) {
        Some(file) if problems.is_empty() => Ok(file),
        _ => Err(problems.into_invalid("x.yaml", source)),
    }
}

#[test]
fn an_environment_is_the_file_with_what_differs() {
    let staging = chosen(SHARED, Some("staging")).map_err(|invalid| render(&invalid)).unwrap();
    assert_eq!((staging.stack.as_str(), staging.account.as_str()), ("vod-staging", "111122223333"));
    assert_eq!(staging.tags.keys().collect::<Vec<_>>(), ["stage", "team"], "mappings are joined");
    assert_eq!(staging.source.max_size.to_string(), "2GiB");
    assert!(staging.source.archive_after.is_some() && !staging.protected);
    let production = chosen(SHARED, Some("production")).unwrap();
    assert_eq!((production.stack.as_str(), production.account.as_str()), ("vod-production", "444455556666"));
    assert!(production.protected && production.alerts.is_some() && production.tags.len() == 1);
    let all = documents(SHARED, None, None, &Problems::default()).unwrap();
    assert_eq!(all.into_iter().filter_map(|(name, _)| name).collect::<Vec<_>>(), ["staging", "production"]);
}

#[test]
fn overrides_are_read_as_strictly_as_the_rest() {
    let told = |source: &str, environment| render(&chosen(source, environment).expect_err(source));
    let wrong =
        SHARED.replace("max_size: 2GiB", "max_sise: 2GB").replace("protected: true", "protected: yes");
    insta::assert_snapshot!(told(&wrong, Some("production")), @"");
    insta::assert_snapshot!(told(SHARED, Some("prod")), @"");
    insta::assert_snapshot!(told(SHARED, None), @"");
    insta::assert_snapshot!(told(HEAD, Some("staging")), @"");
    let same = SHARED.replace("stack: vod-production", "stack: vod-staging");
    insta::assert_snapshot!(told(&same, Some("staging")), @"");
}

#[test]
fn environments_are_named_and_not_nested() {
    insta::assert_snapshot!(refused(&[
        "environments: {}",
        "environments: [staging]",
        "environments: { Staging: { stack: a-b } }",
        "environments: { staging: vod-staging }",
        "environments: { staging: { environments: { a: { stack: b-c } } } }",
        "environments: { staging: { stak: vod-staging } }",
    ]), @"");
}

#[test]
fn what_all_environments_share_is_told_once() {
    let wrong = SHARED.replace("archive_after: 30d", "archive_after: 30");
    let invalid = chosen(&wrong, Some("staging")).unwrap_err();
    assert_eq!(invalid.problems().len(), 1, "{}", render(&invalid));
}
