"""The plots: bars of ratios, and time against memory."""

import math

from .summary import BOUND, memory_ratio, time_ratio
from .svg import Drawing, palette

WIDTH = 1000
MARGIN = 24
TOP = 92
SCATTER = 380
BAR = 7
GAP = 12
LABEL = 128
LABEL_STEP = 14
CLIP = 4.0
TICKS = (0.25, 0.5, 1, 2, 4)


def clipped(value):
    """Ratios far outside would squeeze everything else."""
    return min(max(value, 1 / CLIP), CLIP)


def place(value, start, length):
    """The position of a ratio on a logarithmic axis from 1/CLIP to CLIP."""
    return start + (math.log(clipped(value), CLIP) + 1) / 2 * length


def legend(drawing, names, colours, y):
    """A coloured square and a name for each allocator."""
    x = MARGIN
    for name in names:
        drawing.rect(x, y - 9, 11, 11, colours[name])
        drawing.text(x + 16, y, name, 12)
        x += 34 + 7.5 * len(name)


def scatter_axes(drawing, left, top, size):
    """The square with its grid; the cross at 1 is the best peer of each row."""
    for tick in TICKS:
        x = place(tick, left, size)
        y = top + size - place(tick, 0, size)
        colour = "#9aa0a8" if tick == 1 else "#e6e8ec"
        drawing.line(x, top, x, top + size, colour)
        drawing.line(left, y, left + size, y, colour)
        drawing.text(x, top + size + 16, f"{tick:g}", 11, "middle", "#6b717a")
        drawing.text(left - 6, y + 4, f"{tick:g}", 11, "end", "#6b717a")
    drawing.text(left + size / 2, top + size + 34, "time / best peer of the row", 12, "middle")
    drawing.text(left, top - 10, "memory / best peer of the row (lower left is better)", 12)


def scatter(drawing, data, names, colours, left, top, size):
    """A faint dot for each timed row, a large one for the geometric mean."""
    scatter_axes(drawing, left, top, size)
    for name in names:
        for row in data["table"]:
            time, memory = time_ratio(row, name), memory_ratio(row, name)
            if time and memory:
                drawing.circle(place(time, left, size), top + size - place(memory, 0, size), 3.2,
                               colours[name], 0.45,
                               f"{row['name']}, {name}: time {time:.2f}, memory {memory:.2f}")
    for name, x, y in mean_places(data, names, left, top, size):
        mean = data["means"][name]
        drawing.circle(x, y, 8, colours[name], 1.0,
                       f"{name}: time {mean['time']:.2f}, memory {mean['memory']:.2f}")
    for name, x, y, label_y in apart(mean_places(data, names, left, top, size)):
        drawing.line(x + 6, y, x + 22, label_y, colours[name])
        drawing.text(x + 25, label_y + 4, name, 12, weight="600")


def mean_places(data, names, left, top, size):
    """[(name, x, y)] of the geometric means, from top to bottom."""
    found = []
    for name in names:
        mean = data["means"][name]
        if mean["time"] and mean["memory"]:
            found.append((name, place(mean["time"], left, size),
                          top + size - place(mean["memory"], 0, size)))
    return sorted(found, key=lambda one: one[2])


def apart(places):
    """The same with a height for each label, so that no two overlap."""
    middle = sum(y for _, _, y in places) / max(len(places), 1)
    height = min((y for _, _, y in places), default=0)
    height = min(height, middle - LABEL_STEP * len(places) / 2)
    for name, x, y in places:
        height = max(height, y - LABEL_STEP)
        yield name, x, y, height
        height += LABEL_STEP


def mean_table(drawing, data, names, colours, left, top):
    """The means in figures, beside the scatter."""
    drawing.text(left, top, "Geometric means", 14, weight="600")
    drawing.text(left + 200, top, "time", 12, "end", "#6b717a")
    drawing.text(left + 280, top, "memory", 12, "end", "#6b717a")
    for i, name in enumerate(names):
        y = top + 26 + 22 * i
        mean = data["means"][name]
        drawing.rect(left, y - 10, 11, 11, colours[name])
        drawing.text(left + 18, y, name, 13)
        for column, key in ((200, "time"), (280, "memory")):
            text = f"{mean[key]:.2f}" if mean[key] else "-"
            drawing.text(left + column, y, text, 13, "end")


def bars(drawing, rows, names, colours, ratio_of, left, top, width, title):
    """Grouped bars from the line at 1: to the left is better, to the right worse."""
    start, length = left + LABEL, width - LABEL
    height = len(rows) * (len(names) * BAR + GAP)
    drawing.text(left, top - 26, title, 14, weight="600")
    for tick in TICKS:
        x = place(tick, start, length)
        drawing.line(x, top - 6, x, top + height, "#9aa0a8" if tick == 1 else "#e6e8ec")
        drawing.text(x, top - 10, f"{tick:g}", 10, "middle", "#6b717a")
    y = top
    one = place(1, start, length)
    for row in rows:
        drawing.text(start - 8, y + len(names) * BAR / 2 + 4, row["name"], 11, "end")
        for name in names:
            value = ratio_of(row, name)
            if value:
                end = place(value, start, length)
                drawing.rect(min(one, end), y, max(abs(end - one), 1), BAR - 1, colours[name],
                             f"{row['name']}, {name}: {value:.2f}")
            y += BAR
        y += GAP


def peers_and_subject(data):
    """The allocators to draw: the lower bound is no contender."""
    return [one["name"] for one in data["allocators"] if one["name"] != BOUND]


def subtitle(data):
    """Date, machine and rounds."""
    return (f"{data['date']}, {data['host']['cpu']}, {data['rounds']} interleaved rounds. "
            f"Logarithmic, cut at {CLIP:g}.")


def render_scatter(data):
    """Time against memory alone."""
    names = peers_and_subject(data)
    colours = palette(names, data["subject"])
    drawing = Drawing(WIDTH, TOP + SCATTER + 60, "Allocators: time against memory")
    drawing.text(MARGIN, 32, "Time against memory: the lower left corner is best", 18,
                 weight="600")
    drawing.text(MARGIN, 52, subtitle(data), 12, colour="#6b717a")
    scatter(drawing, data, names, colours, MARGIN + 40, TOP, SCATTER)
    mean_table(drawing, data, names, colours, MARGIN + SCATTER + 110, TOP + 40)
    return drawing.render()


def render(data):
    """One picture: time against memory above, bars of both below."""
    names = peers_and_subject(data)
    colours = palette(names, data["subject"])
    timed = [row for row in data["table"] if row["kind"] != "memory"]
    bars_top = TOP + SCATTER + 110
    rows = max(len(timed), len(data["table"]))
    height = bars_top + rows * (len(names) * BAR + GAP) + MARGIN
    drawing = Drawing(WIDTH, height, "Allocators: time and memory against the best peer")
    drawing.text(MARGIN, 32, "Time and memory against the best peer of each row", 18, weight="600")
    drawing.text(MARGIN, 52, subtitle(data), 12, colour="#6b717a")
    scatter(drawing, data, names, colours, MARGIN + 40, TOP, SCATTER)
    mean_table(drawing, data, names, colours, MARGIN + SCATTER + 110, TOP + 40)
    legend(drawing, names, colours, bars_top - 48)
    half = (WIDTH - 3 * MARGIN) / 2
    bars(drawing, timed, names, colours, time_ratio, MARGIN, bars_top, half, "Time")
    bars(drawing, data["table"], names, colours, memory_ratio, 2 * MARGIN + half, bars_top, half,
         "Memory")
    return drawing.render()
