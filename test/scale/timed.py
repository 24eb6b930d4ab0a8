#!/usr/bin/env python3
"""Times the workloads with one thread and with as many as there are processors.

    timed.py --build build/split/test/scale --json FILE [--rounds 40] [--ms 20]

Rounds are short and interleaved. A round is quiet if its threads ran at the same time and none was
interrupted; of the quiet rounds of each workload the one in the middle is kept, and simulate.py
reads the file. On a busy machine: more rounds, and shorter ones.

Exit status: 0 done, 1 a workload had no quiet round, 2 it could not run.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import figures

# Of the time from the first thread's start to the last one's end.
TOGETHER = 0.9
MACHINES = 5


def machine_once(build):
    done = subprocess.run([str(build / "scale_machine")], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
        sys.exit(2)
    return json.loads(done.stdout)


def machine(build):
    """The least of each figure."""
    found = [machine_once(build) for _ in range(MACHINES)]
    return {name: min(one[name] for one in found) for name in found[0]}


def ns_a_block(run):
    return run["ns"] / max(run["blocks"], 1)


def is_quiet(run):
    return run["switches"] == 0 and run["together"] > TOGETHER


def middle(runs):
    return sorted(runs, key=ns_a_block)[len(runs) // 2]


def rounds(options, rows):
    """{(work, threads): the quiet runs}."""
    quiet = {row: [] for row in rows}
    for _ in range(options.rounds):
        for work, threads in rows:
            run = figures.run(options.build / "scale_time", work, threads, ["--ms", options.ms])
            if is_quiet(run):
                quiet[work, threads].append(run)
    return quiet


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("--json", required=True)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--ms", type=int, default=20)
    parser.add_argument("--threads", default="1,2",
                        type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--works", default=figures.WORKS, type=lambda text: text.split(","))
    return parser.parse_args(arguments)


def main():
    options = parse(sys.argv[1:])
    quiet = rounds(options, [(work, n) for work in options.works for n in options.threads])
    kept = []
    for (work, threads), runs in quiet.items():
        if runs:
            kept.append(middle(runs))
        print(f"{work:10} {threads:3} threads  {len(runs):4} quiet rounds  " +
              (f"{ns_a_block(kept[-1]):8.1f} ns a block" if runs else "none is kept"))
    result = json.dumps({"machine": machine(options.build), "runs": kept})
    Path(options.json).write_text(result, encoding="utf-8")
    return 0 if all(quiet.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
