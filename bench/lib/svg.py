"""Drawing primitives that end up as SVG text."""

from xml.sax.saxutils import escape

FONT = "font-family='system-ui, sans-serif'"
COLOURS = ("#8a8f98", "#d1495b", "#3066be", "#2a9d6f", "#e3a018", "#7b4fa3", "#118ab2", "#b5651d",
           "#5f7a1f", "#c2589b", "#1b4965", "#9c8b2e", "#46b29d", "#a0524a")
SUBJECT_COLOUR = "#d1495b"


class Drawing:
    """Shapes in the order they are drawn."""

    def __init__(self, width, height, title):
        self.width = width
        self.height = height
        self.title = title
        self.parts = []

    def rect(self, x, y, width, height, fill, tip=""):
        """A filled rectangle; `tip` shows when pointed at."""
        title = f"<title>{escape(tip)}</title>" if tip else ""
        self.parts.append(f"<rect x='{x:.1f}' y='{y:.1f}' width='{max(width, 0):.1f}' "
                          f"height='{height:.1f}' rx='1.5' fill='{fill}'>{title}</rect>")

    def line(self, x1, y1, x2, y2, colour="#d9dce1", width=1, dash=""):
        """A straight line."""
        dashes = f" stroke-dasharray='{dash}'" if dash else ""
        self.parts.append(f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' "
                          f"stroke='{colour}' stroke-width='{width}'{dashes}/>")

    def circle(self, x, y, radius, fill, opacity=1.0, tip=""):
        """A filled circle with a thin white edge."""
        title = f"<title>{escape(tip)}</title>" if tip else ""
        self.parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{radius}' fill='{fill}' "
                          f"fill-opacity='{opacity}' stroke='#fff' stroke-width='0.8'>"
                          f"{title}</circle>")

    def text(self, x, y, words, size=12, anchor="start", colour="#30343b", weight="400"):
        """A line of text; `anchor` is start, middle or end."""
        self.parts.append(f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' "
                          f"text-anchor='{anchor}' fill='{colour}' font-weight='{weight}'>"
                          f"{escape(words)}</text>")

    def render(self):
        """The SVG document."""
        head = (f"<svg xmlns='http://www.w3.org/2000/svg' width='{self.width:.0f}' "
                f"height='{self.height:.0f}' viewBox='0 0 {self.width:.0f} {self.height:.0f}' "
                f"role='img' aria-label='{escape(self.title)}' {FONT}>")
        ground = f"<rect width='{self.width:.0f}' height='{self.height:.0f}' fill='#fff'/>"
        return "\n".join([head, ground, *self.parts, "</svg>"]) + "\n"


def palette(names, subject):
    """A colour for each allocator; the subject's is always the same."""
    others = [colour for colour in COLOURS if colour != SUBJECT_COLOUR]
    colours = {}
    for name in names:
        colours[name] = SUBJECT_COLOUR if name == subject \
            else others[len([n for n in colours if n != subject]) % len(others)]
    return colours
