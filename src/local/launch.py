"""Runs ministack under the gateway of `provision`, and closes the gaps to AWS that only its inside can close.

The gateway holds the other end of standard input: when it goes, however it goes, this process and the
functions it runs go as well.
"""

import os
import signal
import sys
import threading


def die_with_the_gateway():
    while os.read(0, 4096):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def invoke_asynchronously(eventbridge, lambda_svc):
    """EventBridge invokes functions asynchronously: their retries and OnFailure destination apply."""

    def dispatch(arn, payload):
        func, config, name = lambda_svc._get_func_record_for_ref(arn)
        if not func or not config:
            eventbridge.logger.warning("EventBridge target %s does not exist", name)
            return
        record = lambda_svc._execution_record_for_config(func, config)
        lambda_svc.invoke_async_with_retry(record, eventbridge.json.loads(payload))

    eventbridge._dispatch_to_lambda = dispatch


def complete_the_environment(lambda_svc):
    """The variables that AWS sets for every function and ministack does not."""
    original = lambda_svc._provided_worker_env

    def environment(config, code_dir, port):
        env = original(config, code_dir, port)
        logging = config.get("LoggingConfig") or {}
        env["AWS_LAMBDA_LOG_GROUP_NAME"] = logging.get("LogGroup") or "/aws/lambda/" + config.get("FunctionName", "")
        env["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand"
        if logging.get("LogFormat") == "JSON":
            env["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
            env["AWS_LAMBDA_LOG_LEVEL"] = logging.get("ApplicationLogLevel") or "INFO"
        if not env.get("AWS_SESSION_TOKEN"):
            env.pop("AWS_SESSION_TOKEN", None)
        return env

    lambda_svc._provided_worker_env = environment


def update_deliveries(logs):
    """UpdateDeliveryConfiguration, which ministack does not have: what it names replaces what was."""
    original = logs.handle_request

    async def handle(method, path, headers, body, query_params):
        if not headers.get("x-amz-target", "").endswith(".UpdateDeliveryConfiguration"):
            return await original(method, path, headers, body, query_params)
        data = logs.json.loads(body)
        delivery = logs._deliveries.get(data.get("id"))
        if not delivery:
            return logs.error_response_json("ResourceNotFoundException", "Delivery does not exist", 400)
        for key in ("recordFields", "fieldDelimiter", "s3DeliveryConfiguration"):
            if key in data:
                delivery[key] = data[key]
        return logs.json_response({})

    logs.handle_request = handle


def tag_dashboards(cloudwatch):
    """Dashboards have tags, given with their creation; ministack knows tags of alarms only."""
    validate, put = cloudwatch._validate_alarm_tag_arn, cloudwatch._put_dashboard
    answer_cbor = cloudwatch._cbor_ok

    def validated(arn, **protocol):
        known = any(dashboard["DashboardArn"] == arn for dashboard in cloudwatch._dashboards.values())
        return None if known else validate(arn, **protocol)

    def tagged(params, cbor_data, is_cbor, is_json=False):
        new = cbor_data.get("DashboardName") not in cloudwatch._dashboards if cbor_data else False
        answer = put(params, cbor_data, is_cbor, is_json)
        if new and (dashboard := cloudwatch._dashboards.get(cbor_data["DashboardName"])):
            tags = {tag["Key"]: tag["Value"] for tag in cbor_data.get("Tags", [])}
            cloudwatch._resource_tags[dashboard["DashboardArn"]] = tags
        return answer

    def answered(data, *others):
        # It lists when dashboards were changed as text, which CBOR's timestamps are not: no SDK can read that.
        for entry in data.get("DashboardEntries", []):
            entry.pop("LastModified", None)
        return answer_cbor(data, *others)

    cloudwatch._validate_alarm_tag_arn = validated
    cloudwatch._put_dashboard = tagged
    cloudwatch._cbor_ok = answered


if __name__ == "__main__":
    threading.Thread(target=die_with_the_gateway, daemon=True).start()
    from ministack.services import cloudwatch, cloudwatch_logs, eventbridge, lambda_svc

    invoke_asynchronously(eventbridge, lambda_svc)
    complete_the_environment(lambda_svc)
    update_deliveries(cloudwatch_logs)
    tag_dashboards(cloudwatch)
    if os.environ.get("AUTH") == "true":
        import authorize
        from ministack.core import iam_actions, iam_evaluator
        from ministack.services import acm, tagging

        authorize.as_if_by_tls(iam_evaluator)
        authorize.as_aws_does(iam_actions, tagging, acm)
    sys.argv = ["ministack"]
    from ministack.app import main

    main()
