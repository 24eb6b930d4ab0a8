#!/usr/bin/env python3
"""Every file that a page links to, or that a source sends its reader to, must be there.

    links.py            lists what is referred to
    links.py --check    fails if a file is missing
"""

import re
import sys

import page

LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
PAGES = re.compile(r"\bdocs/[\w./-]+\.md\b")
FOLDERS = ["src", "docs", "test", "bench", "tools"]


def of_page(root, path, text):
    """Relative links of a Markdown file, as paths below the root."""
    for target in LINK.findall(text):
        yield (path.parent / target).resolve(), f"{path.relative_to(root).as_posix()}: {target}"


def of_source(root, path, text):
    """Pages that a source names."""
    for target in PAGES.findall(text):
        yield root / target, f"{path.relative_to(root).as_posix()}: {target}"


def referred(root):
    """"where: what" -> the file."""
    found = {}
    for path in sorted(root.glob("*.md")):
        found.update({where: target for target, where in of_page(root, path, page.read(path))})
    for folder in FOLDERS:
        for path, text in page.sources(root, folder, {".md", ".c", ".h"}):
            reader = of_page if path.suffix == ".md" else of_source
            found.update({where: target for target, where in reader(root, path, text)})
    return found


def main():
    options = page.arguments(__doc__.splitlines()[0])
    found = referred(options.root)
    if options.check:
        faults = [f"{where}: there is no such file" for where, target in found.items()
                  if not target.exists()]
        return page.finish("links", found, faults)
    print("\n".join(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
