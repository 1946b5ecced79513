"""AWS's published service models (botocore's), and which operation of them a request is."""

import re
import urllib.parse
from functools import cached_property
from typing import NamedTuple

from botocore import loaders, model

# The name in a signature's scope, where it is not the model's.
SIGNED_AS = {"monitoring": "cloudwatch"}
BUCKET_HOST = re.compile(r"^(?P<bucket>[a-z0-9][a-z0-9.-]+?)(?:\.s3)?\.localhost(?::\d+)?$")
TEMPLATE = re.compile(r"\{(\w+)(\+?)\}")


class Route(NamedTuple):
    """The operation of a request: its name, its protocol, what its path and its query say by themselves."""

    name: str
    protocol: str
    labels: dict
    literals: dict


class Binding:
    """Method, path and query of an operation of a REST service."""

    def __init__(self, name, raw):
        self.name, self.is_deprecated = name, bool(raw.get("deprecated"))
        path, _, query = raw["http"]["requestUri"].partition("?")
        self.method = raw["http"]["method"]
        self.literals = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.is_greedy = "+}" in path
        self.weight = len(TEMPLATE.sub("", path))
        self.pattern = re.compile(_pattern(path) + "/?$")

    def labels(self, request, path):
        """What the labels of the path stand for; None if it is not this operation's."""
        if request.method != self.method:
            return None
        for key, value in self.literals.items():
            if key not in request.query or value and request.query[key] != value:
                return None
        matched = self.pattern.match(path)
        return matched and {name: urllib.parse.unquote(text) for name, text in matched.groupdict().items()}


def _pattern(path):
    pattern, end = "", 0
    for label in TEMPLATE.finditer(path):
        pattern += re.escape(path[end : label.start()])
        pattern += f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})"
        end = label.end()
    return pattern + re.escape(path[end:].rstrip("/"))


class Service:
    """The model of one service."""

    def __init__(self, name, loader):
        self.name = name
        self.raw = loader.load_service_model(name, "service-2")
        self.model = model.ServiceModel(self.raw, name)
        self.metadata = self.raw["metadata"]

    @cached_property
    def bindings(self):
        """How each operation is called."""
        return [Binding(name, raw) for name, raw in self.raw["operations"].items()]

    def is_deprecated(self, shape, member):
        """Whether a member of a structure is deprecated, or its shape."""
        reference = self.raw["shapes"].get(shape.name, {}).get("members", {}).get(member, {})
        return bool(reference.get("deprecated") or self.raw["shapes"].get(reference.get("shape"), {}).get("deprecated"))

    def route(self, request):
        """The route of a request; None if the service has no such operation."""
        target = request.headers.get("x-amz-target")
        if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
            return self._named(request.path.rstrip("/").rsplit("/", 1)[-1], "smithy-rpc-v2-cbor")
        if target:
            prefix, _, name = target.rpartition(".")
            return self._named(name, "json") if prefix == self.metadata.get("targetPrefix") else None
        if "query" in self.metadata.get("protocols", [self.metadata["protocol"]]):
            form = dict(urllib.parse.parse_qsl(request.text))
            return self._named(form.get("Action", ""), "query")
        return self._bound(request)

    def _named(self, name, protocol):
        return Route(name, protocol, {}, {}) if name in self.raw["operations"] else None

    def _bound(self, request):
        path = request.path
        bucket = BUCKET_HOST.match(request.host) if self.name == "s3" else None
        if bucket:
            path = f"/{bucket['bucket']}{path if path != '/' else ''}"
        matched = [(binding, binding.labels(request, path)) for binding in self.bindings]
        matched = [(binding, labels) for binding, labels in matched if labels is not None]
        if not matched:
            return None
        binding, labels = max(matched, key=lambda pair: self._fitness(pair[0], request))
        return Route(binding.name, self.metadata["protocol"], labels, binding.literals)

    def _fitness(self, binding, request):
        """Orders operations that have the same method and path: who fits the query and the headers best comes last."""
        shape = self.model.operation_model(binding.name).input_shape
        sent = missing = 0
        for name, member in shape.members.items() if shape else ():
            place, wire = member.serialization.get("location"), member.serialization.get("name", name)
            if place not in ("querystring", "header"):
                continue
            is_sent = wire in request.query if place == "querystring" else wire.lower() in request.headers
            sent += is_sent
            missing += name in shape.required_members and not is_sent
        is_exact = request.query.get("x-id") == binding.name
        order = (len(binding.literals), not binding.is_deprecated, -missing, sent, not binding.is_greedy)
        return (is_exact, *order, binding.weight)


class Models:
    """The models, each read when the first request asks for it."""

    def __init__(self):
        self.loader, self.services = loaders.Loader(), {}

    def of(self, request):
        """The service that a request is signed for; None if botocore knows none of that name."""
        name = SIGNED_AS.get(request.service, request.service)
        if name == "s3" and "x-amz-account-id" in request.headers and request.path.startswith("/v20180820/"):
            name = "s3control"
        if name not in self.services:
            known = name in self.loader.list_available_services("service-2")
            self.services[name] = Service(name, self.loader) if known else None
        return self.services[name]
