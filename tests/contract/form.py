"""Values from a form: the query protocol of IAM, SNS, STS and CloudWatch."""

from .values import Finding, from_text


class Form:
    """The parameters of a request, and which of them some shape knows."""

    def __init__(self, pairs, found):
        self.values, self.used, self.found = dict(pairs), set(), found

    def rest(self):
        """What no shape knows."""
        return {key: value for key, value in self.values.items() if key not in self.used}

    def read(self, shape, prefix="", path="$"):
        """The value under a prefix, or None if there is none."""
        kind = shape.type_name
        if kind == "structure":
            return self._structure(shape, prefix, path)
        if kind in ("list", "map"):
            return self._several(shape, prefix, path)
        if prefix not in self.values:
            return None
        self.used.add(prefix)
        return from_text(shape, self.values[prefix], self.found, path)

    def _structure(self, shape, prefix, path):
        read_back = {}
        for name, member in shape.members.items():
            wire = member.serialization.get("name", name)
            inner = self.read(member, f"{prefix}.{wire}" if prefix else wire, f"{path}.{name}")
            if inner is not None:
                read_back[name] = inner
        return read_back if read_back or not prefix else None

    def _several(self, shape, prefix, path):
        is_list = shape.type_name == "list"
        if self.values.get(prefix) == "":
            self.used.add(prefix)
            return [] if is_list else {}
        inner = shape.member.serialization.get("name", "member") if is_list else "entry"
        base = prefix if shape.serialization.get("flattened") else f"{prefix}.{inner}"
        numbers = self._numbers(base)
        if not numbers:
            return None
        if numbers != list(range(1, len(numbers) + 1)):
            self.found.append(Finding("syntax", path, str(numbers), "the list is numbered from 1"))
        if is_list:
            return [self.read(shape.member, f"{base}.{n}", f"{path}[{n - 1}]") for n in numbers]
        return dict(self._entry(shape, f"{base}.{n}", path) for n in numbers)

    def _entry(self, shape, at, path):
        key_name = f"{at}.{shape.key.serialization.get('name', 'key')}"
        value_name = f"{at}.{shape.value.serialization.get('name', 'value')}"
        self.used.add(key_name)
        key = self.values.get(key_name)
        return key, self.read(shape.value, value_name, f"{path}[{key}]")

    def _numbers(self, base):
        rest = (key[len(base) + 1 :].split(".")[0] for key in self.values if key.startswith(f"{base}."))
        return sorted({int(number) for number in rest if number.isdigit()})
