"""Values from XML."""

import xml.etree.ElementTree as ElementTree

from .values import Finding, from_text, short, wrong


def local(tag):
    """A name without its namespace."""
    return tag.rsplit("}", 1)[-1]


def parse(body, found, path):
    """The root element, or None if there is none that can be read."""
    try:
        return ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        found.append(Finding("syntax", path, short(body), f"is XML: {error}"))
        return None


def check_root(root, shape, member, name, found, path):
    """Holds the root element to its name and its namespace."""
    if name and local(root.tag) != name:
        found.append(Finding("protocol", path, local(root.tag), f"the root element is {name}"))
    space = member.serialization.get("xmlNamespace") or shape.serialization.get("xmlNamespace")
    space = space.get("uri") if isinstance(space, dict) else space
    if space and not root.tag.startswith("{" + space + "}"):
        found.append(Finding("protocol", path, root.tag, f"the namespace is {space}"))


def read(shape, element, found, path="$", only_body=False):
    """A value by its shape. `only_body` leaves out members that are in headers, path and query."""
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, element, found, path, only_body)
    if kind == "list":
        return _list(shape, element, found, path)
    if kind == "map":
        return _map(shape, [child for child in element if local(child.tag) == "entry"], found, path)
    if len(element):
        return wrong(found, path, local(element[0].tag), f"is a {kind}, without elements")
    return from_text(shape, element.text, found, path)


def _structure(shape, element, found, path, only_body):
    read_back, used = {}, set()
    for name, member in shape.members.items():
        if only_body and member.serialization.get("location"):
            continue
        here = f"{path}.{name}"
        if member.serialization.get("xmlAttribute"):
            read_back.update(_attribute(name, member, element))
            continue
        children = [child for child in element if local(child.tag) == _wire_name(name, member)]
        used.update(map(id, children))
        if children:
            read_back[name] = _member(member, children, found, here)
    for child in element:
        if id(child) not in used:
            said = ElementTree.tostring(child, encoding="unicode")
            at = f"{path}.{local(child.tag)}"
            found.append(Finding("unknown", at, short(said), f"{shape.name} has no such member"))
    return read_back


def _attribute(name, member, element):
    wanted = member.serialization.get("name", name).rsplit(":", 1)[-1]
    return {name: value for key, value in element.attrib.items() if local(key) == wanted}


def _wire_name(name, member):
    own = member.serialization.get("name", name)
    is_flat = member.type_name == "list" and member.serialization.get("flattened")
    return member.member.serialization.get("name", own) if is_flat else own


def _member(member, children, found, here):
    if member.serialization.get("flattened"):
        if member.type_name == "list":
            return [read(member.member, child, found, f"{here}[{i}]") for i, child in enumerate(children)]
        return _map(member, children, found, here)
    if len(children) > 1:
        found.append(Finding("twice", here, f"{len(children)} times", "is sent once"))
    return read(member, children[0], found, here)


def _list(shape, element, found, path):
    wanted = shape.member.serialization.get("name", "member")
    read_back = []
    for index, child in enumerate(element):
        if local(child.tag) == wanted:
            read_back.append(read(shape.member, child, found, f"{path}[{index}]"))
        else:
            found.append(Finding("unknown", f"{path}.{local(child.tag)}", "", f"the elements of the list are {wanted}"))
    return read_back


def _map(shape, entries, found, path):
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    read_back = {}
    for entry in entries:
        parts = {local(child.tag): child for child in entry}
        if key_name not in parts or value_name not in parts:
            wrong(found, path, sorted(parts), f"an entry has {key_name} and {value_name}")
            continue
        key = parts[key_name].text or ""
        read_back[key] = read(shape.value, parts[value_name], found, f"{path}[{key}]")
    return read_back
