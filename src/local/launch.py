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


if __name__ == "__main__":
    threading.Thread(target=die_with_the_gateway, daemon=True).start()
    from ministack.services import eventbridge, lambda_svc

    invoke_asynchronously(eventbridge, lambda_svc)
    complete_the_environment(lambda_svc)
    sys.argv = ["ministack"]
    from ministack.app import main

    main()
