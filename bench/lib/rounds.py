"""Interleaved rounds: A B C, A B C ..., so that slow minutes hit everyone."""

import sys
from statistics import median

from .errors import BenchError
from .measure import measure

OUTLIER = 1.5
REPAIRS = 2


def progress(text):
    """A line on standard error; overwritten in place on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    else:
        print(text, file=sys.stderr, flush=True)


def attempt(bench, row, allocator, failures):
    """One measurement; an allocator that fails a row is noted and left out of it."""
    if (row.name, allocator.name) in failures:
        return None
    try:
        return measure(bench, row, allocator)
    except BenchError as error:
        failures[(row.name, allocator.name)] = str(error)
        if not allocator.bound:
            progress(f"{error}\n")
        return None


def repair(bench, row, allocator, runs, failures):
    """Repeats runs that stand out (1.5 times the median) or were disturbed.

    The figures taken out are returned and end up in the JSON: an allocator that is
    now fast and now slow looks like this too, and must not look quiet.
    """
    replaced = []
    for _ in range(REPAIRS):
        middle = median(run["figure"] for run in runs)
        bad = [i for i, run in enumerate(runs)
               if run["disturbed"] or run["figure"] > OUTLIER * middle]
        for i in bad:
            replaced.append({"row": row.name, "allocator": allocator.name,
                             "figure": runs[i]["figure"], "disturbed": runs[i]["disturbed"]})
            first = runs[i].get("first_figure", runs[i]["figure"])
            again = attempt(bench, row, allocator, failures)
            if again is None:
                return replaced
            runs[i] = again
            runs[i]["first_figure"] = first
        if not bad:
            break
    return replaced


def run_row(bench, row, allocators, rounds, failures, prefix):
    """All rounds of one row: {allocator name: [values, ...]}."""
    runs = {allocator.name: [] for allocator in allocators}
    for number in range(rounds):
        for allocator in allocators:
            progress(f"{prefix} {row.name}: round {number + 1} of {rounds}, {allocator.name}")
            values = attempt(bench, row, allocator, failures)
            if values is not None:
                runs[allocator.name].append(values)
    replaced = []
    for allocator in allocators:
        # Fewer than three runs have no outlier, only a difference.
        if len(runs[allocator.name]) > 2 and (row.name, allocator.name) not in failures:
            replaced += repair(bench, row, allocator, runs[allocator.name], failures)
    return runs, replaced


def run_all(bench, rows, allocators, rounds):
    """Every row in turn; the results, the failures and the runs that were replaced."""
    results = {}
    failures = {}
    replaced = []
    for number, row in enumerate(rows):
        prefix = f"row {number + 1} of {len(rows)},"
        results[row.name], more = run_row(bench, row, allocators, rounds, failures, prefix)
        replaced += more
    if sys.stderr.isatty():
        progress("")
    return results, failures, replaced
