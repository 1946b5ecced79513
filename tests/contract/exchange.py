"""The lines of an exchange log, as the gateway of the local cloud writes them."""

import base64
import json
import urllib.parse
from functools import cached_property


class Request:
    """A call: who it is for, its method, path, query, headers by lower-case name, and its body if it was kept."""

    def __init__(self, line):
        self.time, self.service, self.region = line["time"], line["service"], line["region"]
        self.method, self.status = line["method"], line.get("status")
        self.headers = {}
        for name, value in line["headers"]:
            self.headers[name] = f"{self.headers[name]},{value}" if name in self.headers else value
        self.host = self.headers.get("host", "")
        self.path, _, query = line["uri"].partition("?")
        self.pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
        self.query = dict(self.pairs)
        sent = line["request"]
        self.length, self.sha256 = sent["length"], sent["sha256"]
        # None for the contents of an object.
        self.body = None if sent["body"] is None else base64.b64decode(sent["body"])
        declared = self.headers.get("content-length")
        self.is_whole = declared is None or int(declared) == self.length

    @cached_property
    def text(self):
        """The body as text."""
        return (self.body or b"").decode("utf-8", "replace")

    def all(self, name):
        """The values of a parameter that may be given several times."""
        return [value for key, value in self.pairs if key == name]


def read(path):
    """The requests of a log, in the order in which they ended."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            yield Request(json.loads(line))
