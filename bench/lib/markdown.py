"""The results as Markdown."""

from .summary import (BOUND, MOST_MEMORY, MOST_TIME, complete, fall_short, memory_ratio, shifted,
                      time_ratio)

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
            line.append(ratio_text(value, name == subject and value and value > MOST_TIME))
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
            line.append(ratio_text(value, name == subject and value > MOST_MEMORY))
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
        return []
    return ["", f"Best peer of each row / {data['subject']}, geometric mean: "
             f"time {goals['time'] or 0:.2f} (goal 1.05), memory {goals['memory'] or 0:.2f} "
             "(goal 1.15)."]


def short_rows(data):
    """The rows that miss a limit, the worst first: row, time, memory, each with its peer."""
    subject = data["subject"]
    for row in fall_short(data["table"], subject):
        if row["cells"][subject] is None:
            yield [row["name"], "**failed**", "-", "-", "-"]
            continue
        time, memory = time_ratio(row, subject), memory_ratio(row, subject)
        yield [row["name"], ratio_text(time, time > MOST_TIME),
               (row["best_figure"] or "-") if time else "-",
               ratio_text(memory, memory > MOST_MEMORY), best_memory(row)]


def shortfall_lines(data):
    """What is not reached comes first."""
    if data.get("goals") is None:
        return ["", f"{data['subject']} was not measured, so nothing is judged."]
    lines = ["", f"## Rows where {data['subject']} falls short", "",
             "More than 2 % slower than the fastest peer, or more than 5 % above the smallest "
             "peer's peak resident set; the worst first.", ""]
    body = list(short_rows(data))
    if not body:
        return lines + [f"None of {len(data['table'])}."]
    header = ["row", "time / fastest", "fastest", "memory / smallest", "smallest"]
    return lines + list(table_lines(header, body)) + \
        ["", f"{len(body)} of {len(data['table'])} rows."]


def left_out_lines(data):
    """Rows that could not run here."""
    if not data.get("left_out"):
        return []
    body = [[name, why] for name, why in data["left_out"].items()]
    return ["", "## Not run here", "", *table_lines(["row", "why"], body)]


def repeat_lines(table):
    """Where repeating mattered: a figure that repeats improve may be bimodal."""
    cells = shifted(table)
    if not cells:
        return []
    return [f"Medians that the repeats moved by more than 2 % (before / after): "
            f"{', '.join(cells)}."]


def load_lines(data):
    """How busy the machine was: the runner itself makes it about 1 to 2."""
    if "load" not in data:
        return []
    before, after = data["load"]
    return [f"Load average {before:.1f} before, {after:.1f} after."]


def incomplete_lines(table):
    """The rows the means leave out."""
    names = [row["name"] for row in table if not complete(row)]
    if not names:
        return []
    return ["", f"Left out of the means, since an allocator failed them: {', '.join(names)}."]


def bound_lines(names):
    """What the column of the lower bound is."""
    if BOUND not in names:
        return []
    return [f"`{BOUND}` hands out memory in a row and frees nothing: a lower bound for work that "
            "fits, no peer; - where it does not."]


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
        *load_lines(data), *repeat_lines(data["table"]),
        "Ratios are to the best peer of the row: 1.00 equals it, smaller is better; bold misses "
        "the goal.",
        *bound_lines(names), *verdict(data), *shortfall_lines(data),
        "", "## Geometric means of the ratios", "",
        *table_lines([""] + names, mean_rows(data, names)),
        *incomplete_lines(data["table"]), "", "## Time", "",
        *table_lines(["row", "best peer"] + names + ["spread"],
                     time_rows(data["table"], names, data["subject"])),
        "", "## Peak resident set, and resident bytes of the memory rows", "",
        *table_lines(["row", "best peer"] + names,
                     memory_rows(data["table"], names, data["subject"])),
        *instruction_lines(data, names), *left_out_lines(data),
    ]
    for failure in data["failures"]:
        lines += ["", f"Failed: {failure['row']} under {failure['allocator']}: "
                  f"{failure['message']}"]
    return "\n".join(lines) + "\n"
