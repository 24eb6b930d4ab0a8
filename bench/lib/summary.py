"""From runs to medians, ratios and geometric means."""

import math
from statistics import median

# Kept for every cell where the row or the machine provides them.
EXTRA = ("minor_faults", "major_faults", "rss_mean_mb",
         "instructions", "cycles", "rss_per_block", "live_mb", "full_mb",
         "rss_now_mb", "rss_idle_mb", "ops")

# How many samples of the resident set the JSON keeps of a cell's middle run.
SAMPLES = 48

# What a row may be at most, as a ratio to its best peer.
MOST_TIME = 1.02
MOST_MEMORY = 1.05

# What frees nothing is a lower bound, no peer.
BOUND = "limit"


def spread(numbers):
    """How far the runs lie apart: (largest - smallest) / median."""
    middle = median(numbers)
    return (max(numbers) - min(numbers)) / middle if middle else 0.0


def cell(runs):
    """The summary of one allocator's runs of one row, or None without runs."""
    if not runs:
        return None
    figures = [run["figure"] for run in runs]
    summary = {
        "figure": median(figures),
        "figure_before_repeats": median(run.get("first_figure", run["figure"]) for run in runs),
        "spread": spread(figures),
        "peak_rss_mb": median(run["peak_rss_kib"] for run in runs) * 1024 / 1e6,
        "disturbed": sum(run["disturbed"] for run in runs),
        "runs": figures,
    }
    for key in EXTRA:
        if all(key in run for run in runs):
            summary[key] = median(run[key] for run in runs)
    summary["rss_over_time"] = thinned(middle_run(runs).get("rss_samples", []))
    return summary


def middle_run(runs):
    """The run whose figure is the median, or next to it."""
    return sorted(runs, key=lambda run: run["figure"])[len(runs) // 2]


def thinned(samples):
    """At most SAMPLES of them, evenly spread, as "seconds:MB seconds:MB ..."."""
    count = min(len(samples), SAMPLES)
    kept = [samples[i * len(samples) // count] for i in range(count)]
    return " ".join(f"{seconds:g}:{mb:g}" for seconds, mb in kept)


def best(cells, key, subject):
    """(name, value) of the best peer: the smallest value among all but the subject."""
    peers = {name: one[key] for name, one in cells.items()
             if one is not None and name not in (subject, BOUND)}
    if not peers:
        return None, None
    name = min(peers, key=peers.get)
    return name, peers[name]


def add_ratios(row, subject):
    """Gives every cell its ratio to the row's best peer, in figure and in peak RSS."""
    cells = row["cells"]
    for key, ratio in (("figure", "ratio"), ("peak_rss_mb", "rss_ratio")):
        name, value = best(cells, key, subject)
        row[f"best_{key}"] = name
        for one in cells.values():
            if one is not None and value:
                one[ratio] = one[key] / value


def summarise(rows, results, subject):
    """A list of rows with a cell per allocator."""
    table = []
    for row in rows:
        cells = {name: cell(runs) for name, runs in results[row.name].items()}
        entry = {"name": row.name, "kind": row.kind, "group": row.group, "n": row.n,
                 "cells": cells}
        add_ratios(entry, subject)
        table.append(entry)
    return table


def geometric_mean(numbers):
    """None for no numbers."""
    if not numbers:
        return None
    return math.exp(sum(math.log(number) for number in numbers) / len(numbers))


def complete(row):
    """True if every allocator but the lower bound finished the row."""
    return all(one is not None for name, one in row["cells"].items() if name != BOUND)


def collect(table, name, key, kinds):
    """An allocator's ratios over the rows of some kinds.

    Only rows that every allocator finished count: means over different rows do
    not compare, and a row that fails must not flatter whoever failed it.
    """
    return [row["cells"][name][key] for row in table
            if row["kind"] in kinds and complete(row)
            and (row["cells"][name] or {}).get(key, 0) > 0]


def shifted(table):
    """The cells whose median the repeated runs moved by more than 2 %."""
    found = []
    for row in table:
        for name, one in row["cells"].items():
            if one and abs(one["figure_before_repeats"] / one["figure"] - 1) > 0.02:
                change = one["figure_before_repeats"] / one["figure"]
                found.append(f"{row['name']} {name} ({change:.2f})")
    return found


def means(table, name):
    """Geometric means of one allocator's ratios to the best peers: time, memory.

    Memory is the peak RSS of the timed rows and the figure of the memory rows.
    """
    memory = collect(table, name, "rss_ratio", ("cpu", "wall"))
    memory += collect(table, name, "ratio", ("memory",))
    return {"time": geometric_mean(collect(table, name, "ratio", ("cpu", "wall"))),
            "memory": geometric_mean(memory)}


def goals(table, subject):
    """(best peer / subject) over all rows, and the rows that miss the limits."""
    mean = means(table, subject)
    slow = [row["name"] for row in table if time_ratio(row, subject) > MOST_TIME]
    large = [row["name"] for row in table if memory_ratio(row, subject) > MOST_MEMORY]
    return {"time": 1 / mean["time"] if mean["time"] else None,
            "memory": 1 / mean["memory"] if mean["memory"] else None,
            "slower_than_best": slow, "larger_than_best": large}


def memory_ratio(row, name):
    """The ratio that says how much memory an allocator took in a row; 0 if unknown."""
    one = row["cells"].get(name) or {}
    return one.get("ratio" if row["kind"] == "memory" else "rss_ratio", 0)


def time_ratio(row, name):
    """The time ratio of a timed row; 0 where there is none."""
    if row["kind"] == "memory":
        return 0
    return (row["cells"].get(name) or {}).get("ratio", 0)


def shortfall(row, subject):
    """How far beyond its limits a row is, in time or memory: 1 and less keeps them."""
    return max(time_ratio(row, subject) / MOST_TIME, memory_ratio(row, subject) / MOST_MEMORY)


def fall_short(table, subject):
    """The rows that miss a limit or that the subject fails, the worst first."""
    failed = [row for row in table if row["cells"].get(subject, 0) is None]
    missed = [row for row in table if shortfall(row, subject) > 1]
    return failed + sorted(missed, key=lambda row: -shortfall(row, subject))
