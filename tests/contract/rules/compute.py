"""Lambda."""

import re

from .registry import rule

ENVIRONMENT = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"
QUOTAS = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
PERMISSION = "https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html"
CONFIGURING = ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration")
RESERVED = {
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
}


@rule(ENVIRONMENT, *CONFIGURING)
def function_environment(value, _request):
    """Names are letters, digits and underscores, none of Lambda's own; 4 KB in all."""
    variables = value.get("Environment", {}).get("Variables", {})
    for name in variables:
        if name in RESERVED or not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]+", name):
            yield "$.Environment.Variables", name, "a name has letters, digits and `_`, and is not Lambda's own"
    size = sum(len(name.encode()) + len(text.encode()) for name, text in variables.items())
    if size > 4096:
        yield "$.Environment.Variables", f"{size} bytes", "all variables have at most 4,096 bytes"


@rule(QUOTAS, *CONFIGURING)
def function_limits(value, _request):
    """At most 900 seconds, 10,240 MB, five layers."""
    for name, high in (("Timeout", 900), ("MemorySize", 10240)):
        if value.get(name, 0) > high:
            yield f"$.{name}", value[name], f"is at most {high}"
    if len(value.get("Layers", [])) > 5:
        yield "$.Layers", len(value["Layers"]), "a function has at most five layers"


@rule(PERMISSION, "lambda:CreateFunction")
def function_code(value, _request):
    """The code is in one place: the request, S3, or a registry."""
    code = value.get("Code", {})
    if ("ZipFile" in code) + ("S3Bucket" in code) + ("ImageUri" in code) != 1 or ("S3Bucket" in code) != (
        "S3Key" in code
    ):
        yield "$.Code", sorted(code), "is one of ZipFile, S3Bucket with S3Key, and ImageUri"


@rule(PERMISSION, "lambda:AddPermission")
def permission_account(value, _request):
    """The ARN of a bucket names no account: whoever gets its name later would have the permission."""
    if value.get("Principal") == "s3.amazonaws.com" and "SourceAccount" not in value:
        yield "$.SourceAccount", None, "names the account of the bucket"
