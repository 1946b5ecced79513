"""Values, held to their shapes: required members, unions, lengths, ranges, patterns, enums, deprecated members."""

import regex

from .values import Finding, Timestamp, Wrong, short

NUMBERS = ("integer", "long", "float", "double", "short", "byte")
PATTERNS = {}


def check(service, shape, value):
    """The findings of a value."""
    found = []
    if shape is not None:
        _check(service, shape, value, "$", found)
    return found


def _check(service, shape, value, path, found):
    if value is None or isinstance(value, (Wrong, Timestamp)) or getattr(shape, "is_document_type", False):
        return
    kind = shape.type_name
    if kind == "structure":
        _structure(service, shape, value, path, found)
        return
    if kind == "list":
        for index, inner in enumerate(value):
            _check(service, shape.member, inner, f"{path}[{index}]", found)
    if kind == "map":
        for key, inner in value.items():
            _check(service, shape.key, key, f"{path}[{key}] (key)", found)
            _check(service, shape.value, inner, f"{path}[{key}]", found)
    _bounds(shape, value, path, found)
    if kind == "string" and isinstance(value, str):
        _text(shape, value, path, found)


def _structure(service, shape, value, path, found):
    for name in shape.required_members:
        if name not in value:
            found.append(Finding("required", f"{path}.{name}", "nothing", f"{shape.name} requires {name}"))
    if shape.metadata.get("union") and len(value) != 1:
        found.append(Finding("union", path, short(sorted(value)), f"{shape.name} has exactly one member"))
    for name, inner in value.items():
        if service.is_deprecated(shape, name):
            found.append(Finding("deprecated", f"{path}.{name}", short(inner), "is not sent any more"))
        _check(service, shape.members[name], inner, f"{path}.{name}", found)


def _bounds(shape, value, path, found):
    kind = shape.type_name
    if kind in NUMBERS:
        size, what = value, "value"
        if kind == "integer" and not -(2**31) <= value < 2**31:
            found.append(Finding("max", path, short(value), "is a 32-bit integer"))
    elif kind in ("string", "blob", "list", "map"):
        size, what = len(value), "length"
    else:
        return
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        found.append(Finding("min", path, short(value), f"the {what} is at least {low} ({shape.name})"))
    if high is not None and size > high:
        found.append(Finding("max", path, short(value), f"the {what} is at most {high}, not {size} ({shape.name})"))


def _text(shape, value, path, found):
    words = shape.metadata.get("enum")
    if words and value not in words:
        found.append(Finding("enum", path, short(value), f"is one of {short(' '.join(words))} ({shape.name})"))
    pattern = shape.metadata.get("pattern")
    if not pattern:
        return
    compiled = _compiled(pattern)
    if compiled is None:
        found.append(Finding("unjudged", path, short(value), f"the pattern cannot be read: {pattern}"))
    elif not compiled.fullmatch(value):
        found.append(Finding("pattern", path, short(value), f"matches {pattern} ({shape.name})"))


def _compiled(pattern):
    """A pattern of the models, which is Java's, for this language; None if it cannot be read."""
    if pattern not in PATTERNS:
        text = regex.sub(r"(?i)\\uD800\\uDC00-\\uDBFF\\uDFFF", r"\\U00010000-\\U0010FFFF", pattern)
        text = regex.sub(r"\\x\{([0-9A-Fa-f]+)\}", lambda digits: "\\U" + digits[1].zfill(8), text)
        text = text.replace(r"\p{IsL}", r"\p{L}").replace(r"\p{ASCII}", r"\x00-\x7f")
        try:
            PATTERNS[pattern] = regex.compile(text)
        except regex.error:
            PATTERNS[pattern] = None
    return PATTERNS[pattern]
