"""Draws what each core does with others beside it: simulate.py's curves."""

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

# pylint: disable=wrong-import-position
from lib.svg import COLOURS, Drawing  # noqa: E402

LEFT, TOP, WIDTH, HEIGHT = 56, 48, 620, 300
NAMES = 120    # to the right of the curves
LABEL = 15     # between names
TICKS = (0, 0.25, 0.5, 0.75, 1)
GREY, GRID = "#6b717a", "#e6e8ec"


def place(cores, share, most):
    """Cores by their logarithm, shares from the bottom up."""
    x = LEFT + math.log(cores) / max(math.log(most), 1e-9) * WIDTH
    return x, TOP + HEIGHT - min(share, TICKS[-1]) * HEIGHT


def axes(drawing, cores):
    for share in TICKS:
        _, y = place(1, share, cores[-1])
        drawing.line(LEFT, y, LEFT + WIDTH, y, GRID)
        drawing.text(LEFT - 8, y + 4, f"{share:g}", 11, "end", GREY)
    for count in cores:
        x, y = place(count, 0, cores[-1])
        drawing.line(x, TOP, x, y, GRID)
        drawing.text(x, y + 18, str(count), 11, "middle", GREY)
    drawing.text(LEFT, TOP - 16, drawing.title, 14, weight="600")
    drawing.text(LEFT + WIDTH / 2, TOP + HEIGHT + 38, "cores (simulated)", 12, "middle")


def apart(ends):
    """(name, colour, y, y of the label), from the top, no two labels on each other."""
    height = 0
    for y, name, colour in sorted(ends):
        height = max(y, height + LABEL)
        yield name, colour, y, height


def render(found):
    """The SVG of [simulate.Curve]."""
    cores = [count for count, _ in found[0].rates]
    title = "What each core does, of what one does alone"
    drawing = Drawing(LEFT + WIDTH + NAMES, TOP + HEIGHT + 56, title)
    axes(drawing, cores)
    ends = []
    for number, curve in enumerate(found):
        points = [place(count, share, cores[-1]) for count, share in curve.shares()]
        colour = COLOURS[number % len(COLOURS)]
        for (x1, y1), (x2, y2) in zip(points, points[1:]):
            drawing.line(x1, y1, x2, y2, colour, 2)
        ends.append((points[-1][1], curve.work, colour))
    for name, colour, y, label_y in apart(ends):
        drawing.line(LEFT + WIDTH, y, LEFT + WIDTH + 12, label_y, colour)
        drawing.text(LEFT + WIDTH + 16, label_y + 4, name, 12, colour=colour, weight="600")
    return drawing.render()
