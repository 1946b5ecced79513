"""What surrounds the parameters of a request: checksums, and the type of the body."""

import base64
import hashlib
import zlib

from .values import Finding

CHECKSUM = "x-amz-checksum-"
NOT_SUMS = (f"{CHECKSUM}type", f"{CHECKSUM}algorithm", f"{CHECKSUM}mode")
DIGESTS = {
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "sha1": lambda body: hashlib.sha1(body).digest(),
    "sha256": lambda body: hashlib.sha256(body).digest(),
    "md5": lambda body: hashlib.md5(body).digest(),
}


def check(service, operation, route, request):
    """The findings of headers and checksums."""
    found = []
    sums = {
        name.removeprefix(CHECKSUM): value
        for name, value in request.headers.items()
        if name.startswith(CHECKSUM) and name not in NOT_SUMS
    }
    if "content-md5" in request.headers:
        sums["md5"] = request.headers["content-md5"]
    trailer = request.headers.get("x-amz-trailer")
    if (operation.http_checksum or {}).get("requestChecksumRequired") and not sums and not trailer:
        found.append(Finding("checksum", "$", "none", "the operation requires Content-MD5 or a checksum"))
    found.extend(_mismatches(request, sums))
    if trailer:
        found.extend(_chunked(request, trailer))
    found.extend(_type(service, route, request))
    return found


def _mismatches(request, sums):
    is_chunked = "x-amz-decoded-content-length" in request.headers
    for name, sent in sums.items() if not is_chunked else ():
        # Of the contents of an object, only the SHA-256 is known.
        is_known = request.body is not None and name in DIGESTS or name == "sha256"
        wanted = DIGESTS[name](request.body) if request.body is not None and is_known else bytes.fromhex(request.sha256)
        wanted = base64.b64encode(wanted).decode()
        if is_known and wanted != sent:
            yield Finding("checksum", f"$#{name}", sent, f"is that of the body, {wanted}")
    declared = request.headers.get("x-amz-content-sha256", "")
    if len(declared) == 64 and declared != request.sha256:
        yield Finding("checksum", "$#x-amz-content-sha256", declared, f"is that of the body, {request.sha256}")


def _chunked(request, trailer):
    """A body whose checksum comes after it (sigv4-streaming-trailers.html in the API Reference of S3)."""
    decoded = request.headers.get("x-amz-decoded-content-length", "")
    encoding = request.headers.get("content-encoding", "none")
    if not decoded.isdigit() or int(decoded) > request.length:
        yield Finding("checksum", "$#x-amz-decoded-content-length", decoded or "none", "is the length of the object")
    if not trailer.startswith(CHECKSUM):
        yield Finding("checksum", "$#x-amz-trailer", trailer, "names a checksum")
    if "aws-chunked" not in encoding:
        yield Finding("checksum", "$#content-encoding", encoding, "is aws-chunked")


def _type(service, route, request):
    wanted = {
        "query": "application/x-www-form-urlencoded",
        "json": f"application/x-amz-json-{service.metadata.get('jsonVersion', '1.0')}",
        "smithy-rpc-v2-cbor": "application/cbor",
    }.get(route.protocol)
    sent = request.headers.get("content-type", "")
    if wanted and request.body and sent.split(";")[0] != wanted:
        yield Finding("protocol", "$#content-type", sent, f"is {wanted}")
