#!/usr/bin/env python3
"""Times the workloads with one thread and with as many as there are processors.

    timed.py --build build/split/test/scale --json FILE [--rounds 40] [--ms 20]

Rounds are short and interleaved; of each workload and number of threads the fastest is kept: the
others were disturbed. simulate.py reads the file. It needs two processors that nobody else uses for
at least as long as a round.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import figures


def machine(build):
    done = subprocess.run([str(build / "scale_machine")], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def fastest(runs):
    return min(runs, key=lambda run: run["ns"] / max(run["blocks"], 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("--json", required=True)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--ms", type=int, default=20)
    parser.add_argument("--threads", default="1,2")
    options = parser.parse_args()
    rows = [(work, int(n)) for work in figures.WORKS for n in options.threads.split(",")]
    runs = {row: [] for row in rows}
    for _ in range(options.rounds):
        for work, threads in rows:
            runs[work, threads].append(figures.run(options.build / "scale_time", work, threads,
                                                   ["--ms", options.ms]))
    kept = [fastest(runs[row]) for row in rows]
    for run in kept:
        ns = run["ns"] / max(run["blocks"], 1)
        print(f"{run['work']:10} {run['threads']:3} threads  {ns:8.1f} ns")
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump({"machine": machine(options.build), "runs": kept}, file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
