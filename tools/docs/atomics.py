#!/usr/bin/env python3
"""Holds docs/memory-order.md against the _Atomic words and the lock ranks that src/ declares.

    atomics.py            lists word and file
    atomics.py --check    fails if the page lacks a word, has one that is gone, or orders the
                          ranks of the locks in another way
"""

import re
import sys

import page

PAGE = "docs/memory-order.md"
# _Atomic(struct x *) name;   _Atomic uint32_t name = 0;   not a parameter.
DECLARED = re.compile(r"\b_Atomic\b(?:\s*\([^()]*\)|[\w\s*]*?[\s*])\s*(\w+)\s*"
                      r"(?:\[[^]]*\])?\s*(?:=[^;]*)?;")


def declared(root):
    """"word (file)" -> itself."""
    found = {}
    for path, text in page.sources(root, "src", {".h", ".c", ".cc"}):
        for match in DECLARED.finditer(re.sub(r"//.*", "", text)):
            key = f"{match.group(1)} ({path.relative_to(root / 'src').as_posix()})"
            found[key] = key
    return found


def documented(root):
    """The same, of the table whose second column is a file of src/."""
    found = {}
    for cells in page.rows(page.read(root / PAGE)):
        words = [page.code_words(cell) for cell in cells[:2]]
        if len(cells) > 2 and all(len(each) == 1 for each in words) and words[1][0][-2:] in (
                ".c", ".h"):
            key = f"{words[0][0]} ({words[1][0]})"
            found[key] = key
    return found


def rank_faults(root):
    """The page's table of locks has the ranks of platform/lock.h, in their order."""
    in_code = re.findall(r"^\s+ASH_RANK_(\w+),", page.read(root / "src/platform/lock.h"),
                         re.MULTILINE)
    on_page = [cells[0] for cells in page.rows(page.read(root / PAGE))
               if re.fullmatch("[A-Z]+", cells[0])]
    if in_code != on_page:
        yield f"{PAGE}: the ranks are {on_page}; src/platform/lock.h says {in_code}"


def main():
    options = page.arguments(__doc__.splitlines()[0])
    in_code = declared(options.root)
    if options.check:
        faults = [*page.compare("atomic word", PAGE, in_code, documented(options.root)),
                  *rank_faults(options.root)]
        return page.finish("atomics", in_code, faults)
    print("\n".join(in_code))
    return 0


if __name__ == "__main__":
    sys.exit(main())
