"""The parameters of a request, read back from its bytes by the protocol of its service."""

import json
import re
import urllib.parse

import cbor2

from . import markup, structured
from .form import Form
from .values import Finding, from_text, short

# Headers that belong to the transport, not to an operation.
COMMON = re.compile(
    r"^x-amz-(date|content-sha256|security-token|user-agent|target|checksum-[a-z0-9]+|sdk-checksum-algorithm|trailer"
    r"|decoded-content-length|te)$|^x-amzn-(query-mode|trace-id)$"
)


def read(operation, route, request):
    """(value, findings) of a request."""
    found, shape = [], operation.input_shape
    if route.protocol == "query":
        return _query(operation, shape, request, found), found
    if route.protocol in ("json", "smithy-rpc-v2-cbor"):
        return _structured(shape, request, route.protocol, found), found
    return _rest(shape, route, request, found), found


def _query(operation, shape, request, found):
    pairs = urllib.parse.parse_qsl(request.text, keep_blank_values=True)
    form = Form(pairs, found)
    form.used.update(("Action", "Version"))
    if len(form.values) != len(pairs):
        found.append(Finding("twice", "$", "a parameter", "is sent once"))
    version = operation.service_model.api_version
    if form.values.get("Version") != version:
        found.append(Finding("protocol", "$.Version", form.values.get("Version", "none"), f"is {version}"))
    value = form.read(shape) if shape else {}
    for key, sent in form.rest().items():
        found.append(Finding("unknown", f"$.{key}", short(sent), f"{operation.name} has no such parameter"))
    return value or {}


def _structured(shape, request, protocol, found):
    if not request.body:
        if shape is not None and protocol == "json":
            found.append(Finding("protocol", "$", "an empty body", "the body is JSON"))
        return {}
    sent = _loaded(cbor2.loads if protocol != "json" else json.loads, request.body, found, "$")
    if shape is None:
        if sent:
            found.append(Finding("unknown", "$", short(sent), "the operation has no parameters"))
        return {}
    value = structured.read(shape, sent, found) if sent is not None else {}
    return value if isinstance(value, dict) else {}


def _loaded(load, body, found, path):
    try:
        return load(body)
    except Exception as error:  # noqa: BLE001 - whatever the decoder says is the finding
        found.append(Finding("syntax", path, short(body), f"can be read: {error}"))
        return None


def _rest(shape, route, request, found):
    members = shape.members if shape else {}
    places = Places(route, request, found)
    value = {}
    for name, member in members.items():
        sent = places.member(name, member)
        if sent is not None:
            value[name] = sent
    places.check_rest()
    payload = shape.serialization.get("payload") if shape else None
    if payload:
        sent = _payload(shape, payload, route.protocol, request, found)
        if sent is not None:
            value[payload] = sent
    elif request.body and request.body.strip():
        value.update(_body(shape, members, route.protocol, request, found))
    return value


class Places:
    """Path, query and headers of a request, and which parts of them some shape knows."""

    def __init__(self, route, request, found):
        self.route, self.request, self.found = route, request, found
        self.queries, self.headers, self.prefixes = set(route.literals) | {"x-id"}, set(), []

    def member(self, name, member):
        """The value of a member that is not in the body, or None."""
        place = member.serialization.get("location")
        read = {"uri": self._label, "querystring": self._parameter, "header": self._header, "headers": self._prefix}
        return read[place](member, member.serialization.get("name", name), f"$.{name}") if place in read else None

    def _label(self, member, wire, path):
        labels = self.route.labels
        return from_text(member, labels[wire], self.found, path) if wire in labels else None

    def _parameter(self, member, wire, path):
        query = self.request.query
        if member.type_name == "map":
            sent = {key: value for key, value in query.items() if key not in self.queries}
            self.queries.update(query)
            return sent or None
        self.queries.add(wire)
        if wire not in query:
            return None
        if member.type_name == "list":
            return [from_text(member.member, each, self.found, path) for each in self.request.all(wire)]
        return from_text(member, query[wire], self.found, path)

    def _header(self, member, wire, path):
        wire = wire.lower()
        self.headers.add(wire)
        text = self.request.headers.get(wire)
        if text is None or member.serialization.get("jsonvalue"):
            return text
        if member.type_name == "list":
            return [from_text(member.member, part.strip(), self.found, path) for part in text.split(",")]
        return from_text(member, text, self.found, path, "rfc822")

    def _prefix(self, _member, wire, _path):
        wire = wire.lower()
        self.prefixes.append(wire)
        sent = {key[len(wire) :]: value for key, value in self.request.headers.items() if key.startswith(wire)}
        return sent or None

    def check_rest(self):
        """Tells parameters and headers that no shape knows."""
        for key, sent in self.request.query.items():
            if key not in self.queries and not key.startswith("X-Amz-"):
                self.found.append(Finding("unknown", f"$?{key}", short(sent), "the operation has no such parameter"))
        for key, sent in self.request.headers.items():
            is_known = key in self.headers or COMMON.match(key) or key.startswith(tuple(self.prefixes))
            if key.startswith("x-amz") and not is_known:
                self.found.append(Finding("unknown", f"$#{key}", short(sent), "the operation has no such header"))


def _payload(shape, name, protocol, request, found):
    member, path = shape.members[name], f"$.{name}"
    if member.type_name in ("blob", "string"):
        if request.body is None:
            return None
        return request.body if member.type_name == "blob" else request.text
    if not request.body:
        return None
    if protocol == "rest-xml":
        root = markup.parse(request.body, found, path)
        if root is None:
            return None
        markup.check_root(root, shape, member, member.serialization.get("name", name), found, path)
        return markup.read(member, root, found, path)
    sent = _loaded(json.loads, request.body, found, path)
    return structured.read(member, sent, found, path) if sent is not None else None


def _body(shape, members, protocol, request, found):
    if all(member.serialization.get("location") for member in members.values()):
        found.append(Finding("body", "$", f"{request.length} bytes", "the operation has no body"))
        return {}
    if protocol == "rest-xml":
        root = markup.parse(request.body, found, "$")
        if root is None:
            return {}
        markup.check_root(root, shape, shape, shape.serialization.get("name"), found, "$")
        return markup.read(shape, root, found, "$", only_body=True)
    sent = _loaded(json.loads, request.body, found, "$")
    value = structured.read(shape, sent, found) if sent is not None else {}
    return value if isinstance(value, dict) else {}
