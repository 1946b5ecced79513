"""Values from JSON and from CBOR, which have types of their own."""

import base64
import binascii
import datetime
import json

from .values import ISO, MODEL, Finding, Timestamp, short, wrong

PLAIN = {
    "string": str,
    "char": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "short": int,
    "byte": int,
    "float": (int, float),
    "double": (int, float),
}
NOT_FINITE = ("NaN", "Infinity", "-Infinity")


def read(shape, value, found, path="$"):
    """A value by its shape. What no shape knows is noted in `found`."""
    kind = shape.type_name
    if value is None:
        found.append(Finding("null", path, "null", "a member without a value is left out", MODEL))
        return None
    if getattr(shape, "is_document_type", False):
        return value
    return READERS.get(kind, _plain)(shape, value, found, path)


def _structure(shape, value, found, path):
    if not isinstance(value, dict):
        return wrong(found, path, value, "is a structure")
    known = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
    read_back = {}
    for key, inner in value.items():
        if key not in known:
            found.append(Finding("unknown", f"{path}.{key}", short(inner), f"{shape.name} has no such member"))
            continue
        name, member = known[key]
        inner = read(member, inner, found, f"{path}.{name}")
        if inner is not None:
            read_back[name] = inner
    return read_back


def _list(shape, value, found, path):
    if not isinstance(value, list):
        return wrong(found, path, value, "is a list")
    return [read(shape.member, inner, found, f"{path}[{index}]") for index, inner in enumerate(value)]


def _map(shape, value, found, path):
    if not isinstance(value, dict):
        return wrong(found, path, value, "is a map")
    return {key: read(shape.value, inner, found, f"{path}[{key}]") for key, inner in value.items()}


def _timestamp(shape, value, found, path):
    if isinstance(value, datetime.datetime):
        return Timestamp(value.isoformat())
    form = shape.serialization.get("timestampFormat", "unixTimestamp")
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if form == "unixTimestamp" and is_number or form == "iso8601" and ISO.match(str(value)):
        return Timestamp(value)
    return wrong(found, path, value, f"is a timestamp ({form})")


def _blob(_shape, value, found, path):
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return wrong(found, path, value, "is base64")


def _plain(shape, value, found, path):
    kind = shape.type_name
    if kind == "string" and shape.serialization.get("jsonvalue"):
        return json.dumps(value)
    if kind in ("float", "double") and value in NOT_FINITE:
        return float(value.replace("Infinity", "inf"))
    if not isinstance(value, PLAIN[kind]) or kind != "boolean" and isinstance(value, bool):
        return wrong(found, path, value, f"is a {kind}")
    return value


READERS = {"structure": _structure, "list": _list, "map": _map, "timestamp": _timestamp, "blob": _blob}
