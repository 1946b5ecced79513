#!/usr/bin/env python3
"""Runs the program's main commands against a local cloud of its own that answers like a region far away, and prints for
each: API calls, dependent round trips, wall time, CPU time and peak memory. Then it runs them once more against a cloud
that behaves as AWS does, with its waits, limits and refusals.

    python3 benches/cloud.py [--program target/release/provision] [--latency 50ms] [--runs 3] [--pace 30]
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / "stacks" / "local.yaml"
CLOSING = re.compile(r"(\d+) resources, (\d+) API calls in (\d+) dependent round trips, ([\d.]+) s")


def run(program, name, arguments):
    """One command: the figures of its closing line, and what the operating system says of the process."""
    environment = {**os.environ, "PROVISION_LOCAL": name, "NO_COLOR": "1"}
    with tempfile.TemporaryFile("w+") as errors:
        began = time.monotonic()
        process = subprocess.Popen(
            [program, *arguments], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        errors.seek(0)
        text = errors.read()
    found = CLOSING.findall(text)
    if os.waitstatus_to_exitcode(status) != 0 or not found:
        sys.exit(f"provision {' '.join(arguments)} failed:\n{text}")
    resources, calls, trips, _ = found[-1]
    return {
        "resources": int(resources),
        "calls": int(calls),
        "trips": int(trips),
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss / 1024,
    }


def measure(program, latency, like_aws, runs):
    """Every command against a cloud of its own, `runs` times: the figures of each, by title."""
    name = f"bench-{os.getpid()}"
    start = ["local", "start", "--name", name, "--port", "0", "--latency", latency, *like_aws]
    start += ["--account", "111122223333", "--region", "ap-northeast-2"]
    subprocess.run([program, *start], check=True, stdout=subprocess.DEVNULL)
    folder = Path(tempfile.mkdtemp())
    try:
        stack, changed = folder / "stack.yaml", folder / "changed.yaml"
        stack.write_text(LOCAL.read_text())
        changed.write_text(LOCAL.read_text().replace("log_retention: 1d", "log_retention: 3d"))
        commands = [
            ("first apply", ["apply", str(stack), "--yes"]),
            ("no-op plan", ["plan", str(stack)]),
            ("one property", ["apply", str(changed), "--yes"]),
            ("teardown", ["teardown", str(stack), "--yes"]),
        ]
        figures = {title: [] for title, _ in commands}
        for _ in range(runs):
            for title, arguments in commands:
                figures[title].append(run(program, name, arguments))
        return figures
    finally:
        subprocess.run([program, "local", "stop", "--name", name, "--port", "0"], stdout=subprocess.DEVNULL)
        shutil.rmtree(folder)


def show(title, figures):
    """A table: a line for each command, with the medians of its runs."""
    print(title)
    print(f"{'':14}{'resources':>10}{'calls':>8}{'round trips':>13}{'wall s':>9}{'cpu s':>8}{'peak MB':>9}")
    for command, runs in figures.items():
        of = lambda key: statistics.median(run[key] for run in runs)  # noqa: E731
        print(
            f"{command:14}{of('resources'):>10.0f}{of('calls'):>8.0f}{of('trips'):>13.0f}"
            f"{of('wall'):>9.2f}{of('cpu'):>8.2f}{of('memory'):>9.1f}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "target" / "release" / "provision"))
    parser.add_argument("--latency", default="50ms")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--pace", type=int, default=30)
    options = parser.parse_args()
    program = str(Path(options.program).resolve())
    figures = measure(program, options.latency, [], options.runs)
    show(f"median of {options.runs}, every answer delayed by {options.latency}", figures)
    like_aws = ["--like-aws", "--pace", str(options.pace)]
    figures = measure(program, options.latency, like_aws, 1)
    show(f"\nthe same once, as on AWS with its waits {options.pace} times as short", figures)


if __name__ == "__main__":
    main()
