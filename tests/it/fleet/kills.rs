//! A kill at every change of a fleet's apply and teardown: the next run finishes.

use super::{ADMINISTRATOR, EXECUTION, OTHERS, fleet_in, role};
use crate::support::kills::at_each_change;
use crate::support::quote::{last_line, nothing_to_do};
use crate::support::{ACCOUNT, Cloud, REGION};

async fn roles(cloud: &Cloud) {
    role(cloud, ACCOUNT, ADMINISTRATOR).await;
    for account in [ACCOUNT, OTHERS[0]] {
        role(cloud, account, EXECUTION).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_is_finished_by_the_next_one() {
    let cloud = Cloud::start("fleet-killed").await;
    let file = fleet_in(&[ACCOUNT, OTHERS[0]], &[REGION], &[]);
    let (apply, plan) = (["apply", file.path(), "--yes"], ["plan", file.path()]);
    let finished = || {
        cloud.provision(&apply, 0);
        nothing_to_do(&cloud.provision(&plan, 0).0);
    };
    let tried = at_each_change(&cloud, &apply, async || roles(&cloud).await, finished).await;
    assert!(tried > 8, "only {tried} changes");
    println!("{tried} kills of a fleet's apply");

    let teardown = ["teardown", file.path(), "--yes"];
    let begin = async || {
        roles(&cloud).await;
        cloud.provision(&apply, 0);
    };
    let gone = || {
        let (gone, _) = cloud.provision(&teardown, 0);
        assert!(last_line(&gone).starts_with("the buckets of its targets stay"), "{gone}");
    };
    let tried = at_each_change(&cloud, &teardown, begin, gone).await;
    assert!(tried > 3, "only {tried} changes");
    println!("{tried} kills of a fleet's teardown");
}
