"""Judges exchange logs: `PYTHONPATH=tests python -m contract FILE…`, or `--serve` for one path a line of stdin."""

import json
import sys
from collections import Counter

from . import exchange
from .judge import Judge, report


def serve(judge):
    """Answers each path on stdin with one line of JSON, until stdin ends."""
    for path in sys.stdin:
        try:
            answer = report(judge, exchange.read(path.rstrip("\n")))
        except Exception as error:  # noqa: BLE001 - whoever asked fails with it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


def told(violation):
    """A violation as people read it."""
    times = f" ({violation['times']} times)" if violation["times"] > 1 else ""
    return (
        f"{violation['operation']} {violation['path']}: {violation['rule']}{times}\n"
        f"  sent    {violation['value']}\n"
        f"  demand  {violation['demand']}\n"
        f"  source  {violation['source']}"
    )


def main(paths):
    """Prints the violations of these logs and what was judged; 1 if there are any."""
    judge, operations, judged, cut_off, count = Judge(), Counter(), 0, 0, 0
    for path in paths:
        answer = report(judge, exchange.read(path))
        for violation in answer["violations"]:
            print(told(violation))
        judged, cut_off = judged + answer["judged"], cut_off + answer["cut_off"]
        count += len(answer["violations"])
        operations.update(answer["operations"])
    print(f"{judged} requests judged, {len(operations)} operations, {cut_off} cut off, {count} violations")
    return 1 if count else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve(Judge())
    else:
        sys.exit(main(sys.argv[1:]))
