"""Judges the judge: `PYTHONPATH=tests python -m contract.damage`."""

import sys

from .. import rules
from ..judge import Judge
from . import of_models, of_rules
from .build import Sent


def wrong_alarms(judge):
    """What the judge says of right requests."""
    for service, operation, value in [*of_models.right(), *of_rules.right()]:
        name, found = judge.judge(Sent(service, operation, value).request())
        if name != f"{service}:{operation}":
            yield f"{service}:{operation} is taken for {name}"
        yield from (f"{service}:{operation} is right, and {each.rule} is told: {each}" for each in found)


def silences(judge):
    """Damages that the judge does not tell."""
    for what, rule, sent in [*of_models.cases(), *of_rules.cases()]:
        _, found = judge.judge(sent.request())
        if rule not in [each.rule for each in found]:
            yield f"{what} is damaged, and {rule} is not told: {found}"


def untried():
    """Rules that no damage tries."""
    yield from (f"no damage tries {name}" for name in sorted(rules.NAMES - set(of_rules.DAMAGES)))


def main():
    """Prints what is wrong with the judge; 1 if anything is."""
    judge = Judge()
    faults = [*wrong_alarms(judge), *silences(judge), *untried()]
    print("\n".join(faults))
    kinds = {kind for _, kind, *_ in of_models.DAMAGES}
    damages = len(of_models.DAMAGES) + sum(map(len, of_rules.DAMAGES.values()))
    print(f"{damages} damages, {len(kinds)} kinds in five protocols, {len(rules.NAMES)} rules: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
