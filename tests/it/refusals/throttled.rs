//! AWS takes fewer calls a second than a plan makes: the plan is later, and complete.

use std::time::Instant;

use serde_json::Value;

use crate::support::Cloud;
use crate::support::quote::nothing_to_do;

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_survives_throttled_answers() {
    let cloud = Cloud::start("throttled").await;
    cloud.provision(&["apply", "stacks/local.yaml", "--yes"], 0);
    // What a plan does not find is an error of HTTP, too.
    let absent = errors_of_a_plan(&cloud, 0).await;
    for throttled in [1, 5, 50] {
        let errors = errors_of_a_plan(&cloud, throttled).await;
        assert_eq!(errors - absent, throttled, "each was met");
    }
}

/// How many answers of a plan were errors, while so many of its calls are throttled.
async fn errors_of_a_plan(cloud: &Cloud, throttled: usize) -> usize {
    let before = errors(cloud);
    cloud.running.throttle(throttled).await.unwrap();
    let began = Instant::now();
    let (plan, _) = cloud.provision(&["plan", "stacks/local.yaml"], 0);
    println!("{throttled} throttled answers: {:.2} s", began.elapsed().as_secs_f64());
    nothing_to_do(&plan);
    errors(cloud) - before
}

/// How many answers so far were errors, by the log of exchanges.
fn errors(cloud: &Cloud) -> usize {
    let log = std::fs::read_to_string(cloud.contract.log()).expect("the cloud keeps a log");
    let status = |line: &str| serde_json::from_str::<Value>(line).ok()?["status"].as_u64();
    log.lines().filter_map(status).filter(|status| *status >= 400).count()
}
