//! The rules of a fleet: message | label | help.

use super::*;

#[test]
fn fleets() {
    let fleet = |inner: &str| format!("engine: cloudformation\nfleet: {{ {inner} }}");
    let here = "accounts: ['222233334444'], regions: [eu-west-1]";
    let with_more = |more: &str| format!("{}\n{more}", fleet(here));
    let bad = [
        format!("fleet: {{ {here} }}"),
        fleet("accounts: ['222233334444']"),
        fleet("regions: [eu-west-1]"),
        fleet("accounts: [], regions: [eu-west-1]"),
        fleet("accounts: [222233334444], regions: [eu-west-1]"),
        fleet("accounts: ['222233334444', '222233334444'], regions: [eu-west-1, eu-east-1]"),
        fleet("accounts: ['222233334444'], organizational_units: [ou-ab12-34cd56ef], regions: [eu-west-1]"),
        fleet("organizational_units: [ou-ab12-34cd56ef], regions: [eu-west-1]"),
        fleet("organizational_units: [media], organization: acme, regions: [eu-west-1]"),
        fleet(
            "organizational_units: [r-ab12], organization: o-a1b2c3d4e5, execution_role: x, regions: [eu-west-1]",
        ),
        fleet(&format!("{here}, organization: o-a1b2c3d4e5")),
        fleet(&format!("{here}, max_concurrent: 0, failure_tolerance: 101%")),
        fleet(&format!("{here}, max_concurrent: many, failure_tolerance: 2001")),
        fleet(&format!("{here}, administration_role: 'arn:aws:iam::222233334444:role/a'")),
        fleet(&format!("{here}, execution_role: 'arn:aws:iam::222233334444:role/a'")),
        with_more("domain: { name: video.example.com, zone: example.com }"),
        with_more("encryption: { kms_key: alias/vod }"),
        with_more("source: { bucket: ours }"),
        with_more("cloudformation: { role: 'arn:aws:iam::111122223333:role/a' }"),
        with_more("alerts: { email: a@example.com }"),
        with_more("delivery: { access_logs: true }"),
    ];
    let bad: Vec<&str> = bad.iter().map(String::as_str).collect();
    insta::assert_snapshot!(refused(&bad), @r#"
    fleet: { accounts: ['222233334444'], regions: [eu-west-1] }
        `fleet` needs `engine: cloudformation` | a stack set of CloudFormation | add `engine: cloudformation`
    engine: cloudformation
    fleet: { accounts: ['222233334444'] }
        `fleet.regions` is missing | `regions` belongs in here | write `regions: [eu-west-1, us-west-2]`
    engine: cloudformation
    fleet: { regions: [eu-west-1] }
        `fleet.accounts` is missing | `accounts` belongs in here | write `accounts: ["111122223333"]`
    engine: cloudformation
    fleet: { accounts: [], regions: [eu-west-1] }
        `fleet.accounts` is empty | no target | name at least one
    engine: cloudformation
    fleet: { accounts: [222233334444], regions: [eu-west-1] }
        `fleet.accounts[0]` must be in quotes: YAML drops the leading zeros of a number | a number | write "222233334444"
    engine: cloudformation
    fleet: { accounts: ['222233334444', '222233334444'], regions: [eu-west-1, eu-east-1] }
        `fleet.accounts[1]` is in the list already | a duplicate | remove it
        `fleet.regions[1]` is not a region of AWS: eu-east-1 | did you mean `eu-west-1`? | allowed: af-south-1, ap-northeast-1, ap-northeast-2, ap-northeast-3,
        ap-south-1, ap-southeast-1, ap-southeast-2, ap-southeast-4,
        ap-southeast-5, ca-central-1, eu-central-1, eu-north-1,
        eu-west-1, eu-west-2, eu-west-3, me-central-1, sa-east-1,
        us-east-1, us-east-2, us-west-1, us-west-2
    engine: cloudformation
    fleet: { accounts: ['222233334444'], organizational_units: [ou-ab12-34cd56ef], regions: [eu-west-1] }
        `fleet.organizational_units` cannot stand beside `fleet.accounts` | units here | name accounts, or units of an organization
    engine: cloudformation
    fleet: { organizational_units: [ou-ab12-34cd56ef], regions: [eu-west-1] }
        `fleet.organization` is missing | `organization` belongs in here | write `organization: o-a1b2c3d4e5`
    engine: cloudformation
    fleet: { organizational_units: [media], organization: acme, regions: [eu-west-1] }
        `fleet.organizational_units[0]` is not an organizational unit | not such an id | the id of an organizational unit, such as ou-ab12-34cd56ef, or of the root, such as r-ab12
        `fleet.organization` is not an organization | not such an id | `aws organizations describe-organization` prints it, such as o-a1b2c3d4e5
    engine: cloudformation
    fleet: { organizational_units: [r-ab12], organization: o-a1b2c3d4e5, execution_role: x, regions: [eu-west-1] }
        `fleet.execution_role` is only for `fleet.accounts` | AWS makes the roles of an organization's units | leave it out
    engine: cloudformation
    fleet: { accounts: ['222233334444'], regions: [eu-west-1], organization: o-a1b2c3d4e5 }
        `fleet.organization` is only for `fleet.organizational_units` | the accounts are named | leave it out
    engine: cloudformation
    fleet: { accounts: ['222233334444'], regions: [eu-west-1], max_concurrent: 0, failure_tolerance: 101% }
        `fleet.max_concurrent` must be 1 or more | nothing would be deployed | a number, or a percentage
        `fleet.failure_tolerance` is not a number of accounts | too many | a number up to 2000, or a percentage such as 25%
    engine: cloudformation
    fleet: { accounts: ['222233334444'], regions: [eu-west-1], max_concurrent: many, failure_tolerance: 2001 }
        `fleet.max_concurrent` is not a number of accounts | not a whole number | a number up to 2000, or a percentage such as 25%
        `fleet.failure_tolerance` is not a number of accounts | too many | a number up to 2000, or a percentage such as 25%
    engine: cloudformation
    fleet: { accounts: ['222233334444'], regions: [eu-west-1], administration_role: 'arn:aws:iam::222233334444:role/a' }
        `fleet.administration_role` is in another account | account 222233334444, but the stack set's is 111122223333 | name a role of the stack file's account
    engine: cloudformation
    fleet: { accounts: ['222233334444'], regions: [eu-west-1], execution_role: 'arn:aws:iam::222233334444:role/a' }
        `fleet.execution_role` is not the name of a role | an ARN: each account has its own | 1 to 64 letters, digits, and + = , . @ _ -
    engine: cloudformation
    fleet: { accounts: ['222233334444'], regions: [eu-west-1] }
    domain: { name: video.example.com, zone: example.com }
        `domain` cannot be with `fleet` | only one distribution in the world can have a name | leave it out
    engine: cloudformation
    fleet: { accounts: ['222233334444'], regions: [eu-west-1] }
    encryption: { kms_key: alias/vod }
        `encryption` cannot be with `fleet` | the key is in one account | leave it out: the services encrypt with keys of their own
    engine: cloudformation
    fleet: { accounts: ['222233334444'], regions: [eu-west-1] }
    source: { bucket: ours }
        `source.bucket` cannot be with `fleet` | the bucket is in one account | leave it out: each stack makes its own
    engine: cloudformation
    fleet: { accounts: ['222233334444'], regions: [eu-west-1] }
    cloudformation: { role: 'arn:aws:iam::111122223333:role/a' }
        `cloudformation.role` cannot be with `fleet` | each account has a role of its own | set `fleet.execution_role`
    engine: cloudformation
    fleet: { accounts: ['222233334444'], regions: [eu-west-1] }
    alerts: { email: a@example.com }
        `alerts` cannot be with `fleet` | the CDN's alarm is in us-east-1 | one stack in each target has everything: name us-east-1 as the only region, or leave it out
    engine: cloudformation
    fleet: { accounts: ['222233334444'], regions: [eu-west-1] }
    delivery: { access_logs: true }
        `delivery.access_logs` cannot be with `fleet` | the viewers' logs come from us-east-1 | one stack in each target has everything: name us-east-1 as the only region, or leave it out
    "#);
    let only_there = "accounts: ['222233334444'], regions: [us-east-1]";
    let more = "alerts: { email: a@example.com }\ndelivery: { access_logs: true }";
    assert!(with(&format!("{}\n{more}", fleet(only_there))).is_ok());
    let units = "organizational_units: [ou-ab12-34cd56ef, r-ab12], organization: o-a1b2c3d4e5, regions: [eu-west-1], max_concurrent: 25%";
    assert!(with(&fleet(units)).is_ok());
    assert!(with(&with_more("delivery: { access_logs: false }")).is_ok());
}
