//! What somebody turns on by hand is seen, and an update turns it off.

use aws_sdk_cloudfront::types as sdk;

use super::DistributionConfig;
use super::config::tests::{bare, full, read};

#[test]
fn legacy_logging_turned_on_by_hand_is_seen_and_turned_off() {
    let (logs, none) = (full().logging, sdk::LoggingConfig::builder());
    let none = none.enabled(false).include_cookies(false).bucket("").prefix("").build();
    let declared = bare();
    let turned_on = DistributionConfig { logging: logs, ..bare() }.fresh("once").unwrap();
    assert_ne!(read(turned_on.clone()), declared);
    let updated = declared.over(turned_on).unwrap();
    assert_eq!(updated.logging, Some(none));
    assert_eq!(read(updated), declared);
}

/// Viewers whom the policy sends to another distribution get that one's videos, or none.
#[test]
fn a_share_of_the_viewers_that_somebody_sends_elsewhere_is_seen_and_brought_back() {
    let mut live = bare().fresh("once").unwrap();
    live.continuous_deployment_policy_id = Some("trial".into());
    assert_ne!(read(live.clone()), bare());
    let updated = bare().over(live).unwrap();
    assert_eq!(updated.continuous_deployment_policy_id.as_deref(), Some(""));
    assert_eq!(read(updated), bare());
}

/// Viewers without a certificate would be refused, and a function could refuse all others.
#[test]
fn who_may_connect_is_seen_and_brought_back() {
    let (mtls, function) = (full().viewer_mtls_config, full().connection_function_association);
    for by_hand in [
        DistributionConfig { viewer_mtls_config: mtls, ..bare() },
        DistributionConfig { connection_function_association: function, ..bare() },
    ] {
        let live = by_hand.fresh("once").unwrap();
        assert_ne!(read(live.clone()), bare());
        assert_eq!(read(bare().over(live).unwrap()), bare());
    }
}
