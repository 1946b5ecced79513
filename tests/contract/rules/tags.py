"""Tags, of whatever service: keys, characters, how many."""

import regex

from .registry import rule

SOURCE = "https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"
TAG = regex.compile(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*")
MEMBERS = {"Tags", "TagSet", "tags", "TagList", "TagsToAdd", "AddTags"}
MOST = 50


def _tags(value, path="$"):
    """Each list or map of tags in a value: its path, and its pairs."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _tags(inner, f"{path}[{index}]")
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        if name in MEMBERS and inner and not (isinstance(inner, dict) and set(inner) & (MEMBERS | {"Items"})):
            yield f"{path}.{name}", _pairs(inner)
        elif name == "Items" and path.endswith(tuple(MEMBERS)) and isinstance(inner, list):
            yield f"{path}.Items", _pairs(inner)
        else:
            yield from _tags(inner, f"{path}.{name}")


def _pairs(tags):
    if isinstance(tags, dict):
        return [(key, text) for key, text in tags.items() if isinstance(text, str)]
    tags = [tag for tag in tags if isinstance(tag, dict)]
    pairs = [(tag.get("Key", tag.get("key")), tag.get("Value", tag.get("value", ""))) for tag in tags]
    return [(key, text or "") for key, text in pairs if key is not None]


@rule(SOURCE, "*")
def tag_keys(value, _request):
    """Keys are unique, have 1 to 128 characters, and do not begin with `aws:`."""
    for path, pairs in _tags(value):
        keys = [key for key, _ in pairs]
        if len(set(keys)) != len(keys):
            yield path, keys, "the keys of tags are unique"
        for key in keys:
            if key.lower().startswith("aws:") or not 1 <= len(key) <= 128:
                yield path, key, "a key has 1 to 128 characters and does not begin with `aws:`"


@rule(SOURCE, "*")
def tag_characters(value, _request):
    """Letters, digits, spaces and _ . : / = + - @; values of at most 256."""
    for path, pairs in _tags(value):
        for text in (part for pair in pairs for part in pair):
            if not TAG.fullmatch(text) or len(text) > 256:
                yield path, text, "a tag has letters, digits, spaces and _.:/=+-@, at most 256 of them"


@rule(SOURCE, "*")
def tag_count(value, _request):
    """A resource has at most 50 tags."""
    for path, pairs in _tags(value):
        if len(pairs) > MOST:
            yield path, len(pairs), f"a resource has at most {MOST} tags"
