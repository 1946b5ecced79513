"""What a request is made of once it is read: values, and findings about them."""

import base64
import binascii
import email.utils
import re
from typing import NamedTuple

ISO = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$")
MODEL = "the service model in botocore"


class Finding(NamedTuple):
    """One thing that AWS would not take, or would not read as it is meant."""

    rule: str
    path: str
    value: str
    demand: str
    source: str = MODEL


class Timestamp(str):
    """A point in time, as it was sent."""


class Wrong:
    """A value that is not of its type. It is told once, and held to nothing else."""

    def __init__(self, sent):
        self.sent = sent


def short(value):
    """A value as people read it."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 160 else text[:157] + "..."


def wrong(found, path, sent, demand):
    """Notes a value that is not of its type."""
    found.append(Finding("type", path, short(sent), demand))
    return Wrong(sent)


def from_text(shape, text, found, path, time="iso8601"):
    """A scalar that was sent as text: in a path, a query, a header, a form or an element."""
    text = text or ""
    kind = shape.type_name
    if kind in ("string", "char"):
        return text
    try:
        return SCALARS[kind](shape, text, time)
    except (ValueError, KeyError, binascii.Error):
        return wrong(found, path, text, f"is a {kind}")


def _integer(_shape, text, _time):
    if not re.fullmatch(r"[+-]?\d+", text.strip()):
        raise ValueError(text)
    return int(text)


def _timestamp(shape, text, time):
    form = shape.serialization.get("timestampFormat", time)
    if form == "iso8601" and not ISO.match(text.strip()):
        raise ValueError(text)
    if form == "rfc822" and email.utils.parsedate_tz(text) is None:
        raise ValueError(text)
    if form == "unixTimestamp":
        float(text)
    return Timestamp(text)


SCALARS = {
    **dict.fromkeys(("integer", "long", "short", "byte"), _integer),
    **dict.fromkeys(("float", "double"), lambda _shape, text, _time: float(text)),
    "boolean": lambda _shape, text, _time: {"true": True, "false": False}[text.strip().lower()],
    "blob": lambda _shape, text, _time: base64.b64decode(text, validate=True),
    "timestamp": _timestamp,
}
