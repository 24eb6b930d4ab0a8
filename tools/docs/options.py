#!/usr/bin/env python3
"""Holds docs/options.md against the table in src/api/options.c.

    options.py            lists the options
    options.py --check    fails if name, variable, default or range differ from the page
"""

import re
import sys

import page

PAGE = "docs/options.md"
TABLE = re.compile(r"option_table\[\] = \{(.*?)^\};", re.DOTALL | re.MULTILINE)
ENTRY = re.compile(r'\{"(\w+)",\s*"(\w+)",\s*offsetof\([^)]*\),\s*(\d+),\s*(\d+),\s*"([^"]*)"\}')


def declared(root):
    """name -> "variable, default, range"."""
    table = TABLE.search(page.read(root / "src/api/options.c"))
    entries = ENTRY.findall(table.group(1)) if table else []
    return {name: f"{variable}, {default}, {wants}"
            for name, variable, default, _, wants in entries}


def unread(root):
    """Entries of the table that the pattern does not understand."""
    table = TABLE.search(page.read(root / "src/api/options.c"))
    if table and table.group(1).count("offsetof") != len(ENTRY.findall(table.group(1))):
        yield "src/api/options.c: an entry of option_table is written in a way this cannot read"


def documented(root):
    """The same, of the table whose second column is a variable."""
    found = {}
    for cells in page.rows(page.read(root / PAGE)):
        cells = [cell.replace("`", "") for cell in cells]
        if len(cells) > 3 and cells[1].startswith("ASHLAR_"):
            found[cells[0]] = ", ".join(cells[1:4])
    return found


def main():
    options = page.arguments(__doc__.splitlines()[0])
    in_code = declared(options.root)
    if options.check:
        faults = [*unread(options.root),
                  *page.compare("option", PAGE, in_code, documented(options.root))]
        return page.finish("options", in_code, faults)
    for name, rest in in_code.items():
        print(f"{name}: {rest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
