"""The results as Markdown."""

from .summary import complete, memory_ratio, shifted

UNITS = {"cpu": "s CPU", "wall": "s", "memory": "x live"}


def table_lines(header, body):
    """A Markdown table, all columns but the first to the right."""
    yield "| " + " | ".join(header) + " |"
    yield "|---" + "|--:" * (len(header) - 1) + "|"
    for line in body:
        yield "| " + " | ".join(line) + " |"


def ratio_text(value, misses):
    """A ratio to two places; bold where it is beyond the goal."""
    if not value:
        return "-"
    return f"**{value:.2f}**" if misses else f"{value:.2f}"


def time_rows(table, names, subject):
    """Time of each timed row: the best peer's figure and everyone's ratio to it."""
    for row in table:
        if row["kind"] == "memory":
            continue
        peer = row["best_figure"]
        best = row["cells"][peer] if peer else None
        line = [row["name"], f"{best['figure']:.3f} {UNITS[row['kind']]} ({peer})" if best else "-"]
        for name in names:
            value = (row["cells"].get(name) or {}).get("ratio")
            line.append(ratio_text(value, name == subject and value and value > 1.02))
        widest = max((one["spread"] for one in row["cells"].values() if one), default=0)
        yield line + [f"{widest * 100:.0f} %"]


def best_memory(row):
    """The smallest peer's memory in a row, as text."""
    if row["kind"] == "memory":
        peer = row["best_figure"]
        return f"{row['cells'][peer]['figure']:.2f} x live ({peer})" if peer else "-"
    peer = row["best_peak_rss_mb"]
    return f"{row['cells'][peer]['peak_rss_mb']:.1f} MB ({peer})" if peer else "-"


def memory_rows(table, names, subject):
    """Memory of each row: the best peer's figure and everyone's ratio to it."""
    for row in table:
        line = [row["name"], best_memory(row)]
        for name in names:
            value = memory_ratio(row, name)
            line.append(ratio_text(value, name == subject and value > 1.05))
        yield line


def mean_rows(data, names):
    """Geometric means, and what a program without allocations weighs."""
    for label, key in (("time", "time"), ("memory", "memory")):
        yield [label] + [ratio_text(data["means"][name][key], False) for name in names]
    yield ["empty program, peak RSS (MB)"] + \
        [f"{data['empty_rss_kib'][name] * 1024 / 1e6:.2f}" for name in names]


def verdict(data):
    """The subject against the goals, in sentences."""
    goals = data.get("goals")
    if goals is None:
        return ["", "ashlar was not measured."]
    lines = ["", f"Best peer of each row / {data['subject']}, geometric mean: "
             f"time {goals['time'] or 0:.2f} (goal 1.05), memory {goals['memory'] or 0:.2f} "
             "(goal 1.15)."]
    for key, text in (("slower_than_best", "More than 2 % slower than the row's best peer"),
                      ("larger_than_best", "More than 5 % larger than the row's best peer")):
        lines.append(f"{text}: {', '.join(goals[key]) or 'none'}.")
    return lines


def repeat_lines(table):
    """Where repeating mattered: a figure that repeats improve may be bimodal."""
    cells = shifted(table)
    if not cells:
        return []
    return [f"Medians that the repeats moved by more than 2 % (before / after): "
            f"{', '.join(cells)}."]


def incomplete_lines(table):
    """The rows the means leave out."""
    names = [row["name"] for row in table if not complete(row)]
    if not names:
        return []
    return ["", f"Left out of the means, since an allocator failed them: {', '.join(names)}."]


def instruction_lines(data, names):
    """Instructions per operation, where they were counted."""
    if not data.get("instructions"):
        return []
    body = [[row] + [f"{counts[name]:.1f}" if counts.get(name) is not None else "-"
                     for name in names]
            for row, counts in data["instructions"].items()]
    return ["", "## Instructions per operation, user mode, under valgrind", "",
            *table_lines(["row"] + names, body)]


def render(data):
    """The whole page."""
    names = [allocator["name"] for allocator in data["allocators"]]
    host = data["host"]
    versions = ", ".join(f"{one['name']} {one['version']}" for one in data["allocators"])
    lines = [
        f"# Benchmark of {data['date']}", "",
        f"{host['cpu']}, {host['cpus']} CPUs, {host['memory_gib']} GiB, Linux {host['kernel']}, "
        f"huge pages: {host['huge_pages']}.",
        f"{versions}.", "",
        f"{data['rounds']} interleaved rounds; medians. {len(data['replaced'])} runs were repeated "
        "(disturbed, or 1.5 times the median).",
        *repeat_lines(data["table"]),
        "Ratios are to the best peer of the row: 1.00 equals it, smaller is better; bold misses "
        "the goal.",
        *verdict(data), "", "## Geometric means of the ratios", "",
        *table_lines([""] + names, mean_rows(data, names)),
        *incomplete_lines(data["table"]), "", "## Time", "",
        *table_lines(["row", "best peer"] + names + ["spread"],
                     time_rows(data["table"], names, data["subject"])),
        "", "## Peak resident set, and resident bytes of the memory rows", "",
        *table_lines(["row", "best peer"] + names,
                     memory_rows(data["table"], names, data["subject"])),
        *instruction_lines(data, names),
    ]
    for failure in data["failures"]:
        lines += ["", f"Failed: {failure['row']} under {failure['allocator']}: "
                  f"{failure['message']}"]
    return "\n".join(lines) + "\n"
