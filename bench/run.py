#!/usr/bin/env python3
"""Compares allocators, row by row, in interleaved rounds. See bench/README.md.

  bench/run.py --quick                      the ten quick rows
  bench/run.py --rows pair64,live1m -n 9    some rows, nine rounds
  bench/run.py --with new=libnew.so@1.2     another allocator, its version
  bench/run.py --programs DIR --rows programs   the field's programs, built in DIR
  bench/run.py --traces DIR --rows traces   recorded traces, replayed
  bench/run.py --real --rows real           programs from Debian packages
"""

import argparse
import datetime
import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# pylint: disable=wrong-import-position
from lib import allocators, field, gate, host, instructions, markdown, plot  # noqa: E402
from lib import real, rows, summary, traces  # noqa: E402
from lib.errors import BenchError  # noqa: E402
from lib.measure import Bench, counters_work, empty_rss  # noqa: E402
from lib.rounds import progress, run_all  # noqa: E402


def positive(text):
    """An argument that is a whole number above 0."""
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def scale(text):
    """An argument that is a number above 0."""
    value = float(text)
    if not 0 < value < 1e6:
        raise ValueError
    return value


def parse_arguments():
    """The command line."""
    build = HERE.parent / "build" / "release"
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rows", default="", help="comma-separated names, patterns or groups (micro, programs, "
        "traces, real); all without it")
    add("--quick", action="store_true", help="the ten quick rows")
    add("--list", action="store_true", help="name the rows and allocators, run nothing")
    add("-n", "--rounds", type=positive, default=5, help="rounds (5)")
    add("--scale", type=scale, default=1.0, help="times the usual amount of work (1)")
    add("--allocators", default="", help="comma-separated names; all found without it")
    add("--with", dest="extra", action="append", default=[], metavar="NAME=PATH[@VERSION]",
        help="one more allocator")
    add("--env", action="append", default=[], metavar="NAME:VARIABLE=VALUE",
        help="a variable of the environment for one of the allocators")
    add("--subject", default="ashlar", help="the allocator that is judged (ashlar)")
    add("--library", type=Path, default=build / "lib" / "libashlar.so", help="ashlar's library")
    add("--build", type=Path, default=build / "bench", help="folder of micro, launch, empty")
    add("--programs", type=Path, help="folder of the field's programs, built (cfrac, larson ...)")
    add("--traces", type=Path, help="folder of recorded traces (*.trace)")
    add("--real", action="store_true", help="also the rows of programs from Debian packages")
    add("--out", type=Path, default=HERE / "results", help="folder for the results")
    add("--name", default="", help="file name of the results, without ending")
    add("--cpu", type=int, help="CPU for single-threaded rows (the last one allowed)")
    add("--timeout", type=positive, default=300, help="seconds for one run (300)")
    add("--instructions", action="store_true", help="also count instructions under valgrind")
    add("--check", action="append", default=[], metavar="KEY=LIMIT",
        help="fail below time=LIMIT or memory=LIMIT (best peer / subject)")
    return parser.parse_args()


def make_bench(arguments):
    """Where the programs are; fails if one is missing."""
    allowed = sorted(os.sched_getaffinity(0))
    cpu = arguments.cpu if arguments.cpu is not None else allowed[-1]
    if cpu not in allowed:
        raise BenchError(f"--cpu {cpu}: this process may use {allowed}")
    paths = {name: arguments.build / name for name in ("micro", "launch", "empty")}
    for path in paths.values():
        if not path.exists():
            raise BenchError(f"{path} is not there; build first: cmake --preset release && "
                             "cmake --build --preset release")
    return Bench(paths["micro"], paths["launch"], paths["empty"], cpu, arguments.timeout,
                 counters_work(), arguments.build / "liblimit.so")


def list_rows(arguments, bench):
    """All rows that can run here, and why others cannot: (rows, {name: why})."""
    listed, left_out = rows.listed(bench.micro), {}
    sources = ((arguments.programs, field.rows, (arguments.programs,)),
               (arguments.traces, traces.rows, (arguments.traces, arguments.build)),
               (arguments.real, real.rows, (arguments.build, arguments.rows)))
    for asked, source, words in sources:
        if asked:
            more, missing = source(*words)
            listed += more
            left_out.update(missing)
    return listed, left_out


def count_instructions(bench, chosen, found, failures):
    """{row: {allocator: instructions per operation}} of the single-threaded rows."""
    instructions.require_valgrind()
    counts = {}
    for row in chosen:
        if row.group == "micro" and not row.waits:
            counts[row.name] = {}
            for allocator in [one for one in found if not one.bound]:
                progress(f"instructions: {row.name}, {allocator.name}")
                try:
                    count = instructions.per_operation(bench, allocator, row)
                except BenchError as error:
                    # An allocator that cannot run under valgrind must not end the rest.
                    failures[(f"{row.name} under valgrind", allocator.name)] = str(error)
                    count = None
                counts[row.name][allocator.name] = count
    return counts


def gather(arguments, bench, chosen, found, left_out):
    """Runs everything and returns the results as plain data."""
    load = [os.getloadavg()[0]]
    results, failures, replaced = run_all(bench, chosen, found, arguments.rounds)
    counts = count_instructions(bench, chosen, found, failures) if arguments.instructions else {}
    table = summary.summarise(chosen, results, arguments.subject)
    data = {
        "date": datetime.date.today().isoformat(),
        "host": host.describe(),
        "load": load + [os.getloadavg()[0]],
        "rounds": arguments.rounds,
        "scale": arguments.scale,
        "subject": arguments.subject,
        "allocators": [{"name": one.name, "version": one.version} for one in found],
        "empty_rss_kib": {one.name: empty_rss(bench, one) for one in found},
        "counters": bench.counters,
        "means": {one.name: summary.means(table, one.name) for one in found},
        "table": table,
        "replaced": replaced,
        "instructions": counts,
        "left_out": left_out,
        "failures": [{"row": row, "allocator": name, "message": message}
                     for (row, name), message in failures.items() if name != summary.BOUND],
    }
    if arguments.subject in (one.name for one in found):
        data["goals"] = summary.goals(table, arguments.subject)
    return data


def write(arguments, data):
    """The four files; returns their common path without ending."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    base = arguments.out / (arguments.name or f"{data['date']}-{data['host']['kind']}")
    texts = {"json": json.dumps(data, indent=1) + "\n", "md": markdown.render(data),
             "svg": plot.render(data), "scatter.svg": plot.render_scatter(data)}
    for ending, text in texts.items():
        Path(f"{base}.{ending}").write_text(text, encoding="utf-8")
    return base


def show_list(listed, found, left_out):
    """What could be run, and what not."""
    for row in listed:
        quick = " quick" if row.name in rows.QUICK else ""
        print(f"{row.name:18} {row.group:9} {row.kind:7} n={row.n}{quick}")
    for name, why in left_out.items():
        print(f"{name:18} not here: {why}")
    for one in found:
        print(f"{one.name:18} {one.version:24} {one.library or 'no preload'}")


def main():
    """0: done; 1: a --check limit is missed or a row failed; 2: cannot run."""
    arguments = parse_arguments()
    checks = [gate.parse(text) for text in arguments.check]
    bench = make_bench(arguments)
    found = allocators.discover(arguments.library, arguments.extra, bench.bound)
    allocators.set_variables(found, arguments.env)
    listed, left_out = list_rows(arguments, bench)
    if arguments.list:
        show_list(listed, found, left_out)
        return 0
    found = allocators.choose(found, arguments.allocators)
    chosen = rows.choose(listed, arguments.rows, arguments.quick, arguments.scale)
    for allocator in found:
        allocators.prove(allocator, bench.micro)
    for name, why in left_out.items():
        progress(f"left out: {name}: {why}")
    data = gather(arguments, bench, chosen, found, left_out)
    base = write(arguments, data)
    print(markdown.render(data))
    print(f"written: {base}.json, .md, .svg and .scatter.svg")
    problems = gate.broken(data, checks)
    for problem in problems:
        print(f"bench: limit missed: {problem}", file=sys.stderr)
    return 1 if problems or data["failures"] else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("\nbench: stopped; nothing was written", file=sys.stderr)
        sys.exit(130)
