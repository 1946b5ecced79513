"""Requests as they pass the gateway, made by botocore's own serializers."""

import base64
import hashlib
import json
import urllib.parse

import cbor2
from botocore import loaders, serialize

from ..exchange import Request
from ..models import Service

LOADER = loaders.Loader()
SERVICES = {}


class Sent:
    """A request that can be damaged before it is judged."""

    def __init__(self, service, operation, value, region="eu-west-1"):
        if service not in SERVICES:
            SERVICES[service] = Service(service, LOADER)
        self.service, self.region = SERVICES[service], region
        protocol = self.service.metadata["protocol"]
        serializer = serialize.create_serializer(protocol, include_validation=False)
        sent = serializer.serialize_to_request(value, self.service.model.operation_model(operation))
        self.method, self.path, body = sent["method"], sent["url_path"], sent["body"]
        self.query = list(sent["query_string"].items()) if isinstance(sent["query_string"], dict) else []
        if isinstance(sent["query_string"], str) and sent["query_string"]:
            self.query = urllib.parse.parse_qsl(sent["query_string"], keep_blank_values=True)
        self.headers = {name.lower(): str(text) for name, text in sent["headers"].items()}
        body = urllib.parse.urlencode(body) if isinstance(body, dict) else body
        self.body = body.encode() if isinstance(body, str) else bytes(body or b"")
        self.has_checksum = (self.service.model.operation_model(operation).http_checksum or {}).get(
            "requestChecksumRequired"
        )
        if service == "s3control":
            self.headers["x-amz-account-id"] = "111122223333"

    def edit(self, change):
        """Changes what the body says, in JSON or CBOR."""
        is_cbor = self.headers.get("smithy-protocol") == "rpc-v2-cbor"
        load, dump = (cbor2.loads, cbor2.dumps) if is_cbor else (json.loads, lambda value: json.dumps(value).encode())
        value = load(self.body)
        change(value)
        self.body = dump(value)

    def replace(self, old, new):
        """Changes a part of the body, which must be there."""
        assert old.encode() in self.body, (old, self.body)
        self.body = self.body.replace(old.encode(), new.encode(), 1)

    def line(self):
        """It, as the gateway writes it."""
        if self.has_checksum:
            self.headers.setdefault("content-md5", base64.b64encode(hashlib.md5(self.body).digest()).decode())
        query = urllib.parse.urlencode(self.query)
        signed = self.service.metadata.get("signingName") or self.service.metadata["endpointPrefix"]
        return {
            "time": "2026-01-01T00:00:00Z",
            "service": signed,
            "region": self.region,
            "method": self.method,
            "uri": f"{self.path}?{query}" if query else self.path,
            "headers": [["host", "127.0.0.1:4566"], *([name, text] for name, text in self.headers.items())],
            "request": {
                "length": len(self.body),
                "sha256": hashlib.sha256(self.body).hexdigest(),
                "body": base64.b64encode(self.body).decode(),
            },
            "status": 200,
        }

    def request(self):
        """It, as the judge reads it."""
        return Request(json.loads(json.dumps(self.line())))
