"""Where rules are entered, and by what a request finds its own."""

from collections import defaultdict
from typing import Callable, NamedTuple

from ..values import Finding, short


class Rule(NamedTuple):
    """A function from a request's parameters to what is wrong: (path, value, demand) of each."""

    name: str
    source: str
    judge: Callable


RULES = defaultdict(list)
NAMES = set()


def rule(source, *operations):
    """Enters a function as a rule of these operations, `service:Operation`; `*` is each operation of each service."""

    def enter(judge):
        entered = Rule(judge.__name__, source, judge)
        NAMES.add(entered.name)
        for operation in operations:
            RULES[operation].append(entered)
        return judge

    return enter


def check(service, operation, value, request):
    """The findings of a request."""
    found = []
    for entered in RULES["*"] + RULES[f"{service.name}:{operation.name}"]:
        for path, sent, demand in entered.judge(value, request):
            found.append(Finding(entered.name, path, short(sent), demand, entered.source))
    return found
