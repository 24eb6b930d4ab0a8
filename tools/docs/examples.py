#!/usr/bin/env python3
"""Pages show examples as they are in examples/, without the comment at the top.

    examples.py            writes each example after its mark: <!-- examples.py: examples/a.c -->
    examples.py --check    fails if a page does not show one as it is
"""

import re
import sys

import page

FOLDER = "docs"
SHOWN = re.compile(r"(<!-- examples\.py: (\S+) -->\n```c\n)(.*?)(^```$)", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"<!-- examples\.py: (\S+) -->")


def code(text):
    """A source without its first comment."""
    lines = text.splitlines(keepends=True)
    while lines and (lines[0].startswith("//") or not lines[0].strip()):
        lines.pop(0)
    return "".join(lines)


def filled(root, text):
    """A page with its examples as they are."""
    return SHOWN.sub(lambda match: match.group(1) + code(page.read(root / match.group(2)))
                     + match.group(4), text)


def main():
    arguments = page.arguments(__doc__.splitlines()[0])
    faults, examples = [], {}
    for path, text in page.sources(arguments.root, FOLDER, {".md"}):
        name = path.relative_to(arguments.root)
        marks = MARK.findall(text)
        examples |= {mark: str(name) for mark in marks}
        if len(marks) != len(SHOWN.findall(text)):
            faults.append(f"{name}: after each mark of examples.py there must be a block of C")
        fresh = filled(arguments.root, text)
        if fresh != text and arguments.check:
            faults.append(f"{name}: does not show its example as it is: run tools/docs/examples.py")
        elif fresh != text:
            path.write_text(fresh, encoding="utf-8")
    return page.finish("examples", examples, faults)


if __name__ == "__main__":
    sys.exit(main())
