"""Checks a report page: nesting, names for what is focused, contrast in both themes."""

import re
import sys
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr"}

# Foreground, background, least ratio (WCAG 2.1: text 4.5, graphics 3).
PAIRS = [
    ("ink", "paper", 4.5),
    ("ink", "card", 4.5),
    ("soft", "paper", 4.5),
    ("soft", "card", 4.5),
    ("ours", "card", 4.5),
    ("good", "card", 4.5),
    ("bad", "card", 4.5),
    ("bad", "paper", 4.5),
    ("good", "good-wash", 4.5),
    ("bad", "bad-wash", 4.5),
    ("other", "card", 3.0),
    ("base", "card", 3.0),
    ("dot", "card", 3.0),
]


class Page(HTMLParser):
    """Collects what is wrong with the structure."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.ids = set()
        self.labelled = []
        self.problems = []
        self.counts = {}

    def handle_startendtag(self, tag, attrs):
        self.note(tag, dict(attrs))

    def handle_starttag(self, tag, attrs):
        self.note(tag, dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def note(self, tag, attributes):
        """One element, whatever its form."""
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if "id" in attributes:
            if attributes["id"] in self.ids:
                self.problems.append(f"id {attributes['id']} is there twice")
            self.ids.add(attributes["id"])
        if "aria-labelledby" in attributes:
            self.labelled.append(attributes["aria-labelledby"])
        if "tabindex" in attributes and not {"aria-label", "aria-labelledby"} & set(attributes):
            self.problems.append(f"a focusable {tag} has no name")
        if attributes.get("class") == "scroll" and attributes.get("tabindex") != "0":
            self.problems.append("a scrolling region cannot be reached by keyboard")
        if tag == "svg" and attributes.get("aria-hidden") != "true":
            self.problems.append("a picture has neither a name nor aria-hidden")

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self.open[-1:]}: an element is not closed")
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def finish(self):
        """What can only be said at the end."""
        self.problems += [f"<{tag}> is not closed" for tag in self.open]
        self.problems += [f"no id {name}" for name in self.labelled if name not in self.ids]
        for tag, count in {"h1": 1, "main": 1, "title": 1, "table": 6}.items():
            if self.counts.get(tag, 0) != count:
                self.problems.append(f"{self.counts.get(tag, 0)} <{tag}>, not {count}")


def luminance(colour):
    """Relative luminance of "#rrggbb"."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """The WCAG contrast ratio of two colours."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def contrast_problems(text):
    """The pairs of colours, of the light and the dark theme, that are too near."""
    themes = re.findall(r":root \{(.*?)\}", text, re.S)
    problems = [] if len(themes) == 2 else [f"{len(themes)} themes, not 2"]
    for name, theme in zip(("light", "dark"), themes):
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", theme))
        for front, back, least in PAIRS:
            ratio = contrast(colours[front], colours[back])
            if ratio < least:
                problems.append(f"{name}: {front} on {back}: contrast {ratio:.2f}, not {least}")
    return problems


def main():
    """Checks the file that is named, and says what is wrong."""
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read()
    page = Page()
    page.feed(text)
    page.finish()
    problems = page.problems + contrast_problems(text)
    for problem in problems:
        print(f"{sys.argv[1]}: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
