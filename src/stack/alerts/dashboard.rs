//! The service on one page: uploads, jobs, failures, and what viewers get.
//!
//! The cache hit rate is one of CloudFront's additional metrics. AWS charges a fixed monthly price for them: eight
//! metrics of a distribution, as CloudWatch custom metrics. They are worth it, because the hit rate decides what a
//! video service costs. They are enabled together with the dashboard that shows them.

use serde_json::{Value, json};

use super::Watched;
use crate::model::StringExpr;
use crate::resource::cloudfront::MonitoringSubscription;
use crate::resource::cloudwatch::Dashboard;
use crate::stack::{Declarations, GLOBAL};

const ADDRESS: &str = "alerts/dashboard";
/// CloudWatch's grid is 24 columns wide.
const WIDTH: usize = 12;
const HEIGHT: usize = 6;

/// Declares the dashboard. Dashboards belong to no region, and a graph may show any region's metrics.
pub(super) fn declare(stack: &mut Declarations, watched: Watched<'_>) {
    let metrics = MonitoringSubscription::enabled(watched.distribution.output("Id"));
    stack.declare("alerts/cdn-metrics", &metrics);
    let home = stack.scope().region.clone();
    let graphs = graphs(&home, watched);
    let widgets = graphs.into_iter().enumerate().map(|(index, graph)| graph.widget(index));
    let dashboard = Dashboard {
        dashboard_name: stack.scope().stack.clone(),
        dashboard_body: json!({ "widgets": widgets.collect::<Vec<_>>() }),
        tags: stack.tags(ADDRESS),
    };
    stack.declare(ADDRESS, &dashboard);
}

/// One graph.
struct Chart {
    title: &'static str,
    region: String,
    /// Namespace, metric, dimensions and label of each line.
    lines: Vec<Value>,
    statistic: &'static str,
    /// The label of the axis, if the values are not counts.
    unit: Option<&'static str>,
}

impl Chart {
    fn widget(self, index: usize) -> Value {
        let mut properties = json!({
            "title": self.title,
            "region": self.region,
            "view": "timeSeries",
            "period": 300,
            "stat": self.statistic,
            "metrics": self.lines,
        });
        if let Some(unit) = self.unit {
            properties["yAxis"] = json!({ "left": { "label": unit, "min": 0, "showUnits": false } });
        }
        json!({
            "type": "metric",
            "x": index % 2 * WIDTH,
            "y": index / 2 * HEIGHT,
            "width": WIDTH,
            "height": HEIGHT,
            "properties": properties,
        })
    }
}

fn graphs(home: &str, Watched { handlers, queue, distribution }: Watched<'_>) -> [Chart; 6] {
    let line = |namespace: &str, metric: &str, dimension: &str, value: StringExpr, label: &str| json!([namespace, metric, dimension, value, { "label": label }]);
    let lambda = |metric: &str, function: StringExpr, label: &str| {
        line("AWS/Lambda", metric, "FunctionName", function, label)
    };
    let (submit, publish) = (handlers.submit.output("FunctionName"), handlers.publish.output("FunctionName"));
    let jobs = |metric: &str, label: &str| line("AWS/MediaConvert", metric, "Queue", queue.arn(), label);
    let cdn = |metric: &str, label: &str| {
        let id = distribution.output("Id");
        json!(["AWS/CloudFront", metric, "Region", "Global", "DistributionId", id, { "label": label }])
    };
    let dead = handlers.dead_letters.output("QueueName");
    let dead = json!([
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        "QueueName",
        dead,
        { "label": "given up", "stat": "Maximum" },
    ]);
    let here = |title, lines| Chart { title, region: home.to_owned(), lines, statistic: "Sum", unit: None };
    let edge =
        |title, lines, statistic, unit| Chart { title, region: GLOBAL.to_owned(), lines, statistic, unit };
    [
        here("Uploads", vec![lambda("Invocations", submit.clone(), "uploads")]),
        here("Jobs", vec![jobs("JobsCompletedCount", "completed"), jobs("JobsErroredCount", "failed")]),
        here(
            "Failures",
            vec![lambda("Errors", submit, "submit"), lambda("Errors", publish, "publish"), dead],
        ),
        edge("Viewers' requests", vec![cdn("Requests", "requests")], "Sum", None),
        edge(
            "Failed requests",
            vec![cdn("4xxErrorRate", "refused (4xx)"), cdn("5xxErrorRate", "failed (5xx)")],
            "Average",
            Some("percent"),
        ),
        edge("Cache hit rate", vec![cdn("CacheHitRate", "from the cache")], "Average", Some("percent")),
    ]
}
