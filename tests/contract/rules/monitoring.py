"""CloudWatch and its logs."""

import json
import re

from .registry import rule

ALARM = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
QUERY = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html"
BODY = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html"
DASHBOARD = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html"
RETENTION = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"
GROUP = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html"
DAYS = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731}
DAYS |= {1096, 1827, 2192, 2557, 2922, 3288, 3653}
HOUR, DAY = 3600, 86400
EXTENDED = re.compile(r"p(\d{1,2}(\.\d{1,10})?|100)|IQM|(tm|wm|tc|ts|pr|tp)[\d.]+|(TM|WM|PR|TC|TS)\([\d.%:]*\)")
MISSING = {"breaching", "notBreaching", "ignore", "missing"}
WIDGETS = {"metric", "text", "log", "alarm", "explorer", "custom"}


def _is_period(seconds):
    return seconds in (1, 5, 10, 20, 30) or seconds > 0 and seconds % 60 == 0


@rule(ALARM, "cloudwatch:PutMetricAlarm")
def alarm_periods(value, _request):
    """10, 20, 30 or whole minutes; a day in all, a week where periods have an hour."""
    period, count = value.get("Period"), value.get("EvaluationPeriods", 1)
    queries = [each.get("MetricStat", {}).get("Period", each.get("Period")) for each in value.get("Metrics", [])]
    for seconds in [each for each in [period, *queries] if each is not None]:
        if not _is_period(seconds):
            yield "$.Period", seconds, "is 10, 20, 30 or a multiple of 60"
        if seconds * count > (DAY if seconds < HOUR else 7 * DAY):
            yield "$.EvaluationPeriods", seconds * count, "all periods have a day, or seven of periods of an hour"
    if value.get("DatapointsToAlarm", 1) > count:
        yield "$.DatapointsToAlarm", value["DatapointsToAlarm"], "is at most the number of periods"


@rule(ALARM, "cloudwatch:PutMetricAlarm")
def alarm_subject(value, _request):
    """A metric with one kind of statistic, or queries; a query of PromQL says all by itself."""
    of_one = {"MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit"}
    if "EvaluationCriteria" in value:
        return
    if "Metrics" in value:
        if of_one & set(value):
            yield "$", sorted(of_one & set(value)), "with Metrics there is no metric beside"
        returned = [each for each in value["Metrics"] if each.get("ReturnData", True)]
        if len(returned) != 1:
            yield "$.Metrics", len(returned), "one query returns data"
        return
    missing = {"MetricName", "Namespace", "Period"} - set(value)
    if missing or ("Statistic" in value) == ("ExtendedStatistic" in value):
        yield "$", sorted(value), "has MetricName, Namespace, Period, and one of Statistic and ExtendedStatistic"
    if ("Threshold" in value) == ("ThresholdMetricId" in value):
        yield "$.Threshold", sorted(value), "has one of Threshold and ThresholdMetricId"


@rule(ALARM, "cloudwatch:PutMetricAlarm")
def alarm_words(value, _request):
    """The words of an alarm that the model leaves open, and where its actions lead."""
    missing, extended = value.get("TreatMissingData"), value.get("ExtendedStatistic")
    if missing is not None and missing not in MISSING:
        yield "$.TreatMissingData", missing, f"is one of {sorted(MISSING)}"
    if extended is not None and not EXTENDED.fullmatch(extended):
        yield "$.ExtendedStatistic", extended, "is a percentile, or another extended statistic"
    for kind in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        for action in value.get(kind, []):
            if not re.fullmatch(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]+:\S+", action):
                yield f"$.{kind}", action, "is an ARN in a region"


@rule(QUERY, "cloudwatch:PutMetricAlarm", "cloudwatch:GetMetricData")
def metric_queries(value, _request):
    """Ids are unique and begin with a small letter; a query has a metric or an expression."""
    queries = value.get("Metrics", value.get("MetricDataQueries", []))
    ids = [each.get("Id", "") for each in queries]
    if len(set(ids)) != len(ids) or not all(re.fullmatch(r"[a-z][A-Za-z0-9_]*", each) for each in ids):
        yield "$.Metrics", ids, "ids are unique: a small letter, then letters, digits and `_`"
    for index, each in enumerate(queries):
        if ("Expression" in each) == ("MetricStat" in each):
            yield f"$.Metrics[{index}]", sorted(each), "has one of Expression and MetricStat"


@rule(DASHBOARD, "cloudwatch:PutDashboard")
def dashboard_name(value, _request):
    """At most 255 letters, digits, hyphens and underscores."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", value.get("DashboardName", "")):
        yield "$.DashboardName", value.get("DashboardName"), "has at most 255 letters, digits, `-` and `_`"


@rule(BODY, "cloudwatch:PutDashboard")
def dashboard_body(value, _request):
    """JSON with at most 500 widgets of known types, inside of 24 columns."""
    try:
        widgets = json.loads(value.get("DashboardBody", ""))["widgets"]
    except (ValueError, KeyError, TypeError) as error:
        yield "$.DashboardBody", value.get("DashboardBody"), f"is JSON with widgets: {error!r}"
        return
    if len(widgets) > 500:
        yield "$.DashboardBody", len(widgets), "there are at most 500 widgets"
    for index, each in enumerate(widgets):
        yield from _widget(each, f"$.DashboardBody.widgets[{index}]")


def _widget(widget, path):
    is_one = isinstance(widget, dict) and widget.get("type") in WIDGETS
    if not is_one or not isinstance(widget.get("properties"), dict):
        yield path, widget, f"has properties and is one of {sorted(WIDGETS)}"
        return
    for name, low, high in (("x", 0, 23), ("y", 0, 10**9), ("width", 1, 24), ("height", 1, 1000)):
        number = widget.get(name, low)
        if not isinstance(number, int) or not low <= number <= high:
            yield f"{path}.{name}", number, f"is an integer from {low} to {high}"
    if widget.get("x", 0) + widget.get("width", 6) > 24:
        yield path, (widget.get("x", 0), widget.get("width", 6)), "x and width stay in 24 columns"
    needed = {"metric": ("metrics", "annotations"), "text": ("markdown",), "alarm": ("alarms",), "log": ("query",)}
    properties, kind = widget["properties"], widget["type"]
    if kind in needed and not set(needed[kind]) & set(properties):
        yield f"{path}.properties", sorted(properties), f"a {kind} widget has one of {needed[kind]}"
    if kind in ("metric", "log") and "region" not in properties:
        yield f"{path}.properties", sorted(properties), "a widget of metrics or logs names its region"
    if kind == "metric" and "period" in properties and not _is_period(properties["period"]):
        yield f"{path}.properties.period", properties["period"], "is a period of CloudWatch"


@rule(RETENTION, "logs:PutRetentionPolicy")
def retention_days(value, _request):
    """Some numbers of days, and no others."""
    if value.get("retentionInDays") not in DAYS:
        yield "$.retentionInDays", value.get("retentionInDays"), f"is one of {sorted(DAYS)}"


@rule(GROUP, "logs:CreateLogGroup")
def log_group_name(value, _request):
    """Names that begin with `aws/` are AWS's own."""
    if value.get("logGroupName", "").startswith("aws/"):
        yield "$.logGroupName", value["logGroupName"], "does not begin with aws/"
