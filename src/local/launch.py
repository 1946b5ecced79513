"""Runs ministack under the gateway of `provision`, and closes the gaps to AWS that only its inside can close.

The gateway holds the other end of standard input. Its first line is the instance's secret: the environment would hand it
to every function. When the gateway goes, however it goes, this process and the functions it runs go as well.

The emulator listens on a Unix socket in a directory that only its owner can enter. There is no other way to it.
"""

import asyncio
import contextvars
import dataclasses
import hashlib
import hmac
import http.server
import json
import logging
import os
import resource
import secrets
import signal
import sys
import threading
import time

SOCKET = "emulator.sock"


def die_with_the_gateway():
    while os.read(0, 4096):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def derive_secret_keys(secret, iam, iam_evaluator, s3, sts, lambda_runtime, lambda_svc):
    """The secret access key of every key is the one that the gateway derives from its id."""

    def derived(key_id):
        return hmac.new(secret, b"key\n" + key_id.encode(), hashlib.sha256).hexdigest()[:40]

    # The services make the id of a session's key first, and its secret right after it.
    made = threading.local()
    new_id, new_user_key, run_as = sts._gen_session_access_key, iam._create_access_key, lambda_runtime.execution_credentials
    resolve = iam_evaluator.resolve_credential

    def resolved(key_id, *others, **named):
        found = resolve(key_id, *others, **named)
        if isinstance(found, iam_evaluator.ResolvedCredential):
            return dataclasses.replace(found, secret_access_key=derived(key_id))
        return found

    def session_key_id():
        made.key_id = new_id()
        return made.key_id

    def user_key(params):
        status, headers, body = new_user_key(params)
        body = body if isinstance(body, bytes) else body.encode()
        for record in iam._access_keys.values():
            body = body.replace(record["SecretAccessKey"].encode(), derived(record["AccessKeyId"]).encode())
            record["SecretAccessKey"] = derived(record["AccessKeyId"])
        return status, headers, body

    def credentials(config):
        environment = run_as(config)
        key_id = environment["AWS_ACCESS_KEY_ID"]
        environment["AWS_SECRET_ACCESS_KEY"] = derived(key_id)
        if session := sts._sessions.get(key_id):
            session["SecretAccessKey"] = derived(key_id)
        return environment

    sts._gen_session_access_key, sts._gen_secret = session_key_id, lambda: derived(made.key_id)
    iam._IAM_HANDLERS["CreateAccessKey"] = user_key
    # The emulator checks presigned URLs of S3 as well.
    for module in (iam_evaluator, s3, sts):
        module.resolve_credential = resolved
    lambda_runtime.execution_credentials = lambda_svc.execution_credentials = credentials


def answer_viewers_from_their_distribution_alone(app):
    """A host of a distribution means a viewer. No other route of the emulator may answer it, whatever its path."""
    data_plane = app._handle_special_data_plane_request

    def is_viewer(headers):
        return app._parse_cloudfront_dataplane_host(headers.get("host", "")) is not None

    def not_for_viewers(handler):
        async def handle(method, path, headers, *others):
            return None if is_viewer(headers) else await handler(method, path, headers, *others)

        return handle

    async def special(method, path, headers, body, query_params, request_id, **raw):
        if not is_viewer(headers):
            return await data_plane(method, path, headers, body, query_params, request_id, **raw)
        answer = await app._handle_cloudfront_dataplane_request(
            headers["host"], path, raw.get("raw_path") or path, raw.get("raw_query_string", ""), method, headers, body,
            query_params, raw.get("client_ip", "127.0.0.1"),
        )
        return answer or (403, {"Content-Type": "text/plain"}, b"there is no such distribution")

    app._handle_pre_body_request = not_for_viewers(app._handle_pre_body_request)
    app._handle_post_body_shortcuts = not_for_viewers(app._handle_post_body_shortcuts)
    app._handle_special_data_plane_request = special


def answer_s3_calls_by_s3_alone(app):
    """The gateway says which service a call is signed for. What is signed for S3 is never a call of another service."""
    detect = app.detect_service

    def signed(method, path, headers, query_params):
        return "s3" if headers.get("x-provision-service") == "s3" else detect(method, path, headers, query_params)

    app.detect_service = signed


def keep_the_runtime_api_for_functions(lambda_svc):
    """The Runtime API of functions is on a port that everybody on the machine can reach: its address has a password."""
    password = secrets.token_urlsafe(32)
    environment, parse = lambda_svc._provided_worker_env, http.server.BaseHTTPRequestHandler.parse_request

    def with_password(config, code_dir, port):
        return environment(config, code_dir, port) | {"AWS_LAMBDA_RUNTIME_API": f"http://127.0.0.1:{port}/{password}"}

    def parse_request(handler):
        if not parse(handler):
            return False
        given, _, rest = handler.path.removeprefix("/").partition("/")
        if not hmac.compare_digest(given.encode(), password.encode()):
            handler.send_error(403)
            return False
        handler.path = "/" + rest
        return True

    lambda_svc._provided_worker_env = with_password
    http.server.BaseHTTPRequestHandler.parse_request = parse_request


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


def let_throttled_events_wait(lambda_svc):
    """Lambda keeps a throttled event in its queue until the event is too old, and spends none of its retries on it."""
    execute, invoke = lambda_svc._execute_function, lambda_svc.invoke_async_with_retry
    until = contextvars.ContextVar("until", default=None)

    def invoked(func, event):
        config = func.get("event_invoke_config") or (func.get("event_invoke_configs") or {}).get("$LATEST") or {}
        # The thread that runs the event gets a copy of this context.
        before = until.set(time.monotonic() + int(config.get("MaximumEventAgeInSeconds", 6 * 60 * 60)))
        try:
            invoke(func, event)
        finally:
            until.reset(before)

    def executed(func, event):
        pause, end = 0.1, until.get()
        while (result := execute(func, event)).get("throttle") and end and time.monotonic() + pause < end:
            time.sleep(pause)
            # AWS goes on to five minutes.
            pause = min(2 * pause, 2)
        return result

    lambda_svc.invoke_async_with_retry, lambda_svc._execute_function = invoked, executed


def invoke_where_permitted(eventbridge, lambda_svc, iam_evaluator):
    """EventBridge invokes functions whose policy lets it, for this rule. AWS takes other targets as well, and loses their
    events. It sends no `aws:SourceAccount`."""
    invoke = eventbridge._invoke_target

    def permitted(arn, rule):
        policy = lambda_svc.function_policy_for_arn(arn)
        context = iam_evaluator.EvalContext(
            principal_arn="*", principal_type="Service", principal_account="", action="lambda:InvokeFunction",
            resource_arn=arn, region=eventbridge.get_region(), service_context={"aws:sourcearn": rule.get("Arn", "")},
        )
        answer = policy and iam_evaluator.evaluate_resource_policy(policy[0], context, service="events.amazonaws.com")
        return bool(answer) and answer.decision == "Allow"

    def invoked(target, event, rule, view=None):
        arn = target.get("Arn", "")
        if arn.startswith("arn:aws:lambda:") and not permitted(arn, rule):
            eventbridge.logger.warning("EventBridge: %s does not permit the rule %s", arn, rule.get("Name"))
            return
        invoke(target, event, rule, view)

    eventbridge._invoke_target = invoked


def encode_listings(s3):
    """Listings of versions and of unfinished uploads percent-encode keys where the caller asks for it, as those of objects
    do. XML cannot hold every key: without this, one key with a control character makes the whole answer unreadable."""
    asked = contextvars.ContextVar("asked", default=False)
    write = s3._xml_body
    listings, texts = {"ListVersionsResult", "ListMultipartUploadsResult"}, {"Key", "Prefix", "Delimiter", "KeyMarker", "NextKeyMarker"}

    def written(root):
        if asked.get() and root.tag in listings:
            for element in root.iter():
                if element.tag in texts and element.text:
                    element.text = s3._url_encode(element.text)
            s3.SubElement(root, "EncodingType").text = "url"
        return write(root)

    def listing(original):
        def listed(bucket, query_params):
            token = asked.set(s3._qp(query_params, "encoding-type", "") == "url")
            try:
                return original(bucket, query_params)
            finally:
                asked.reset(token)

        return listed

    s3._xml_body = written
    s3._list_object_versions = listing(s3._list_object_versions)
    s3._list_multipart_uploads = listing(s3._list_multipart_uploads)


def read_code_as_the_caller(lambda_svc, s3, iam_evaluator, responses, extract_access_key_id):
    """Lambda reads a function's code from S3 with the permissions of whoever calls it, in the region of the function. A
    bucket of another account must let them, by its policy (Lambda API reference, FunctionCode; S3 user guide, "Bucket
    owner granting cross-account bucket permissions"). ministack looks in the account of the caller alone."""
    caller = contextvars.ContextVar("caller", default=("", ""))
    handle, create, update = lambda_svc.handle_request, lambda_svc._create_function, lambda_svc._update_code
    fetch, redirect = lambda_svc._fetch_code_from_s3, lambda_svc.s3_code_region_message

    def elsewhere(bucket):
        owner = s3._bucket_owner_account(bucket)
        return owner if owner not in (None, responses.get_account_id()) else None

    def may_read(bucket, key, version):
        key_id, arn = caller.get()
        action, resource = "s3:GetObjectVersion" if version else "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}"
        region, account, owner = responses.get_region(), responses.get_account_id(), elsewhere(bucket)
        if os.environ.get("AUTH") == "true" and iam_evaluator.enforce(key_id, action, "s3", region, resource_arn=resource):
            return False
        if owner is None:
            return True
        policy = s3._bucket_policies.get_scoped(owner, None, bucket)
        restricted = s3._public_access_blocked(owner, bucket, "RestrictPublicBuckets")
        if not policy or (restricted and s3._policy_is_public(policy)):
            return False
        context = iam_evaluator.EvalContext(
            principal_arn=arn, principal_type="AssumedRole" if ":assumed-role/" in arn else "Root",
            principal_account=account, action=action, resource_arn=resource, region=region,
        )
        return iam_evaluator.evaluate_resource_policy(policy, context).decision == "Allow"

    def denied(code):
        bucket, key = code.get("S3Bucket"), code.get("S3Key")
        # S3 redirects to the bucket's region before it looks at permissions.
        if not bucket or not key or redirected(bucket) or may_read(bucket, key, code.get("S3ObjectVersion")):
            return None
        message = (
            "Your access has been denied by S3, please make sure your request credentials have permission to GetObject for "
            f"{bucket}/{key}. S3 Error Code: AccessDenied. S3 Error Message: Access Denied"
        )
        return responses.error_response_json("AccessDeniedException", message, 403)

    async def handled(method, path, headers, body, query_params):
        key_id = extract_access_key_id(headers, query_params)
        caller.set((key_id, iam_evaluator.request_caller_arn(headers, query_params)))
        return await handle(method, path, headers, body, query_params)

    def with_its_owner(look):
        def looked(bucket, *others, **named):
            with responses.request_scope(elsewhere(bucket) or responses.get_account_id(), responses.get_region()):
                return look(bucket, *others, **named)

        return looked

    redirected = with_its_owner(redirect)
    lambda_svc.handle_request, lambda_svc.s3_code_region_message = handled, redirected
    lambda_svc._fetch_code_from_s3 = with_its_owner(fetch)
    lambda_svc._create_function = lambda data: denied(data.get("Code") or {}) or create(data)
    lambda_svc._update_code = lambda name, data: denied(data) or update(name, data)


def have_members_in_organizations(organizations, iam_evaluator, responses):
    """An account is in one organization: the one that it made, or the one that made it. ministack gives each account that
    asks an organization of its own, and knows of no member what it is a member of (Organizations API reference)."""
    handle = organizations.handle_request

    def manager(account):
        return next((master for master, member in organizations._accounts._data if member == account), None)

    def organization_of(account):
        organization = organizations._orgs.get_scoped(manager(account), None, "self")
        return organization["Id"] if organization else None

    def refused(code, message):
        return responses.error_response_json(code, message, 400)

    async def handled(method, path, headers, body, query_params):
        operation = (headers.get("x-amz-target") or "").rsplit(".", 1)[-1]
        account = responses.get_account_id()
        master = manager(account)
        if operation == "CreateOrganization" and master:
            return refused("AlreadyInOrganizationException", "The AWS account is already a member of an organization.")
        if operation == "CreateOrganization":
            return organizations._describe_organization({})
        if master is None:
            return refused("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
        if master != account and operation != "DescribeOrganization":
            return refused("AccessDeniedException", "You don't have permissions to access this resource.")
        with responses.request_scope(master, responses.get_region()):
            return await handle(method, path, headers, body, query_params)

    organizations.handle_request, iam_evaluator._principal_org_id = handled, organization_of


def know_idempotency_tokens(acm):
    """For an hour, the same request with the same token answers with the same certificate."""
    made, request = {}, acm._request_certificate

    def requested(data):
        names = tuple(sorted([data.get("DomainName", ""), *data.get("SubjectAlternativeNames", [])]))
        key = (acm.get_account_id(), acm.get_region(), data.get("IdempotencyToken"), names)
        arn, until = made.get(key, (None, 0))
        if key[2] and time.monotonic() < until and arn in acm._certificates:
            return acm.json_response({"CertificateArn": arn})
        answer = request(data)
        made[key] = (acm.json.loads(answer[2]).get("CertificateArn"), time.monotonic() + 3600)
        return answer

    acm._request_certificate = requested


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


def answer_also(logs, operation, answer):
    """An operation that ministack does not have, by what answers its input."""
    original = logs.handle_request

    async def handle(method, path, headers, body, query_params):
        if not headers.get("x-amz-target", "").endswith("." + operation):
            return await original(method, path, headers, body, query_params)
        return answer(logs.json.loads(body))

    logs.handle_request = handle


def update_deliveries(logs):
    """UpdateDeliveryConfiguration: what it names replaces what was."""

    def answer(data):
        delivery = logs._deliveries.get(data.get("id"))
        if not delivery:
            return logs.error_response_json("ResourceNotFoundException", "Delivery does not exist", 400)
        for key in ("recordFields", "fieldDelimiter", "s3DeliveryConfiguration"):
            if key in data:
                delivery[key] = data[key]
        return logs.json_response({})

    answer_also(logs, "UpdateDeliveryConfiguration", answer)


def associate_keys(logs):
    """AssociateKmsKey. ministack keeps the key of a new group only."""

    def answer(data):
        group = logs._log_groups.get(data.get("logGroupName"))
        if group is None:
            return logs.error_response_json("ResourceNotFoundException", "The specified log group does not exist.", 400)
        group["kmsKeyId"] = data.get("kmsKeyId")
        return logs.json_response({})

    answer_also(logs, "AssociateKmsKey", answer)


def log_where_there_is_a_group(lambda_svc, logs):
    """A function's log group is not made by its invocation: on AWS the roles of a stack may not do that. A function that
    still runs during a teardown would leave a group behind that is nobody's."""
    emit = lambda_svc._emit_lambda_logs

    def emitted(func, *others, **named):
        config = func.get("config") or func
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or "/aws/lambda/" + config.get("FunctionName", "unknown")
        if group in logs._log_groups:
            emit(func, *others, **named)

    lambda_svc._emit_lambda_logs = emitted


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


class NotOfHealth(logging.Filter):
    def filter(self, record):
        return "/_ministack/health" not in record.getMessage()


def announce_objects_as_aws_does(s3, eventbridge, seconds):
    """S3 tells EventBridge nothing about what happens in the first time after that was switched on for a bucket. What it
    tells of an object names its version."""
    put, fire, dispatch = s3._put_bucket_notification, s3._fire_s3_event, eventbridge._dispatch_event
    version, is_early = contextvars.ContextVar("version", default=None), contextvars.ContextVar("early", default=False)
    begun = {}

    def configured(name, *others):
        was_on = "EventBridgeConfiguration" in s3._bucket_notifications.get(name, "")
        answer = put(name, *others)
        if not was_on:
            begun[s3.get_account_id(), name] = time.monotonic()
        return answer

    # Each event is sent in a context of its own.
    def fired(bucket, *others, **named):
        version.set(named.get("version_id"))
        is_early.set(time.monotonic() < begun.get((s3.get_account_id(), bucket), -seconds) + seconds)
        return fire(bucket, *others, **named)

    def dispatched(event, *others):
        if is_early.get():
            return None
        if named := version.get():
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = named
            event = event | {"Detail": json.dumps(detail)}
        return dispatch(event, *others)

    s3._put_bucket_notification, s3._fire_s3_event, eventbridge._dispatch_event = configured, fired, dispatched


def serve(app):
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    logging.getLogger("hypercorn.access").addFilter(NotOfHealth())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    config = Config()
    # The path is relative, since a socket's path must be short.
    config.bind, config.umask, config.backlog = [f"unix:{SOCKET}"], 0o077, 4096
    config.keep_alive_timeout = 75
    config.loglevel = "INFO"
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    secret = bytes.fromhex(sys.stdin.readline())
    threading.Thread(target=die_with_the_gateway, daemon=True).start()
    from ministack.core import iam_evaluator, lambda_runtime, responses
    from ministack.core.router import extract_access_key_id
    from ministack.services import acm, cloudwatch, cloudwatch_logs, eventbridge, iam, lambda_svc, organizations, s3, sts

    derive_secret_keys(secret, iam, iam_evaluator, s3, sts, lambda_runtime, lambda_svc)
    let_throttled_events_wait(lambda_svc)
    invoke_asynchronously(eventbridge, lambda_svc)
    invoke_where_permitted(eventbridge, lambda_svc, iam_evaluator)
    have_members_in_organizations(organizations, iam_evaluator, responses)
    read_code_as_the_caller(lambda_svc, s3, iam_evaluator, responses, extract_access_key_id)
    encode_listings(s3)
    announce_objects_as_aws_does(s3, eventbridge, float(os.environ["EVENTS_AFTER"]))
    know_idempotency_tokens(acm)
    complete_the_environment(lambda_svc)
    keep_the_runtime_api_for_functions(lambda_svc)
    update_deliveries(cloudwatch_logs)
    associate_keys(cloudwatch_logs)
    log_where_there_is_a_group(lambda_svc, cloudwatch_logs)
    tag_dashboards(cloudwatch)
    if os.environ.get("AUTH") == "true":
        import authorize
        from ministack.core import iam_actions
        from ministack.services import tagging

        authorize.as_if_by_tls(iam_evaluator)
        authorize.as_aws_does(iam_actions, tagging, acm)
        authorize.use_the_keys_of_buckets(iam_actions, iam_evaluator, s3)
    # It takes names of the modules above as it is imported: they are changed by now.
    from ministack import app

    answer_viewers_from_their_distribution_alone(app)
    answer_s3_calls_by_s3_alone(app)
    serve(app.app)
