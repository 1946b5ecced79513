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
    insta::assert_snapshot!(told(&wrong, Some("production")), @r#"
      × the stack file x.yaml has 2 problems

    Error:
      × unknown key `max_sise` in `source`
       ╭─[x.yaml:6:67]
     5 │ environments:
     6 │   staging: { stack: vod-staging, tags: { stage: test }, source: { max_sise: 2GB } }
       ·                                                                   ────┬───
       ·                                                                       ╰── did you mean `max_size`?
     7 │   production:
       ╰────
      help: allowed here: bucket, archive_after, expire_noncurrent_after,
            upload_origins, max_size, max_duration, audio, on_delete

    Error:
      × `protected` must be true or false
        ╭─[x.yaml:10:16]
      9 │     account: "444455556666"
     10 │     protected: yes
        ·                ─┬─
        ·                 ╰── neither true nor false
     11 │     alerts: { email: oncall@example.com }
        ╰────
      help: allowed: true, false
    "#);
    insta::assert_snapshot!(told(SHARED, Some("prod")), @"
      × the stack file x.yaml has 1 problem

    Error:
      × there is no environment `prod`
       ╭─[x.yaml:5:1]
     4 │ source: { archive_after: 30d, max_size: 1GiB }
     5 │ environments:
       · ──────┬─────
       ·       ╰── not among these
     6 │   staging: { stack: vod-staging, tags: { stage: test }, source: { max_size: 2GiB } }
       ╰────
      help: use --env with one of: staging, production
    ");
    insta::assert_snapshot!(told(SHARED, None), @"
      × the stack file x.yaml has 1 problem

    Error:
      × the file has several environments, and none is chosen
       ╭─[x.yaml:5:1]
     4 │ source: { archive_after: 30d, max_size: 1GiB }
     5 │ environments:
       · ──────┬─────
       ·       ╰── one of these
     6 │   staging: { stack: vod-staging, tags: { stage: test }, source: { max_size: 2GiB } }
       ╰────
      help: use --env with one of: staging, production
    ");
    insta::assert_snapshot!(told(HEAD, Some("staging")), @r#"
      × the stack file x.yaml has 1 problem

    Error:
      × there is no environment `staging`
       ╭─[x.yaml:1:1]
     1 │ stack: vod-test
       · ▲
       · ╰── the file has no `environments`
     2 │ account: "111122223333"
       ╰────
      help: run it again without --env
    "#);
    let same = SHARED.replace("stack: vod-production", "stack: vod-staging");
    insta::assert_snapshot!(told(&same, Some("staging")), @"
      × the stack file x.yaml has 1 problem

    Error:
      × the environments `staging` and `production` are both the stack vod-staging
       ╭─[x.yaml:7:3]
     6 │   staging: { stack: vod-staging, tags: { stage: test }, source: { max_size: 2GiB } }
     7 │   production:
       ·   ─────┬────
       ·        ╰── the same stack
     8 │     stack: vod-staging
       ╰────
      help: write another `stack` in one of them: the names of all resources begin with it
    ");
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
    ]), @"
    environments: {}
        `environments` must name the environments | no mapping of names | write each as `name: { keys that differ }`, for example `staging: { stack: vod-staging }`
    environments: [staging]
        `environments` must name the environments | no mapping of names | write each as `name: { keys that differ }`, for example `staging: { stack: vod-staging }`
    environments: { Staging: { stack: a-b } }
        `Staging` is not a name of an environment | 1 to 24 of a-z, 0-9 and hyphen | write each as `name: { keys that differ }`, for example `staging: { stack: vod-staging }`
    environments: { staging: vod-staging }
        `environments.staging` must be a mapping | no keys that differ | write each as `name: { keys that differ }`, for example `staging: { stack: vod-staging }`
    environments: { staging: { environments: { a: { stack: b-c } } } }
        `environments` cannot be in an environment | nested | name environments at the top of the file
    environments: { staging: { stak: vod-staging } }
        unknown key `stak` | did you mean `stack`? | allowed here: stack, account, region, engine, cloudformation, protected,
        tags, ignore_tags, fleet, domain, source, transcode, handlers,
        delivery, roles, encryption, notify, alerts, local,
        environments
    ");
}

#[test]
fn what_all_environments_share_is_told_once() {
    let wrong = SHARED.replace("archive_after: 30d", "archive_after: 30");
    let invalid = chosen(&wrong, Some("staging")).unwrap_err();
    assert_eq!(invalid.problems().len(), 1, "{}", render(&invalid));
}
