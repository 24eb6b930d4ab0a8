#!/usr/bin/env python3
"""Holds docs/invariants.md against the numbered invariants in the headers of src/.

    invariants.py            lists number, header and sentence
    invariants.py --check    fails if a number is missing on either side, if a sentence differs,
                             or if the page names a function or a test that does not exist
"""

import re
import sys

import page

PAGE = "docs/invariants.md"
NUMBER = r"INV-[A-Z]+-\d+"
# A number, two blanks at least, and the sentence with its indented continuation lines.
DEFINED = re.compile(rf"^//\s+({NUMBER})\s\s+(.+(?:\n//\s{{8,}}\S.*)*)", re.MULTILINE)


def defined(root):
    """number -> "header: sentence"."""
    found = {}
    for path, text in page.sources(root, "src", {".h"}):
        for match in DEFINED.finditer(text):
            sentence = " ".join(re.sub("//|`", " ", match.group(2)).split())
            found[match.group(1)] = f"{path.relative_to(root / 'src').as_posix()}: {sentence}"
    return found


def mentioned(root):
    """Every number that any file of src/ names."""
    for _, text in page.sources(root, "src", {".h", ".c"}):
        yield from re.findall(NUMBER, text)


def documented(root):
    """number -> the cells behind it: header, sentence, where audited, tests."""
    table = [cells for cells in page.rows(page.read(root / PAGE))
             if re.fullmatch(NUMBER, cells[0])]
    return {cells[0]: cells[1:] for cells in table}


def unknown_words(root, on_page):
    """Names in the last two columns that are neither in src/ nor in test/."""
    everything = "".join(text for folder in ("src", "test")
                         for path, text in page.sources(root, folder, {".h", ".c", ".txt"}))
    files = {path.name for folder in ("src", "test") for path in (root / folder).rglob("*")}
    for number, cells in on_page.items():
        for word in page.code_words(" ".join(cells[2:])):
            if word not in files and not re.search(rf"\b{re.escape(word)}\b", everything):
                yield f"{PAGE}: {number} names `{word}`, which is in neither src/ nor test/"


def check(root, in_code):
    """All that is wrong."""
    on_page = documented(root)
    sentences = {number: " ".join(": ".join(cells[:2]).replace("`", " ").split())
                 for number, cells in on_page.items()}
    yield from page.compare("invariant", PAGE, in_code, sentences)
    for number in sorted(set(mentioned(root)) - in_code.keys()):
        yield f"src: {number} is named and no header says what it is"
    yield from unknown_words(root, on_page)


def main():
    options = page.arguments(__doc__.splitlines()[0])
    in_code = defined(options.root)
    if options.check:
        return page.finish("invariants", in_code, check(options.root, in_code))
    for number, sentence in in_code.items():
        print(f"{number}  {sentence}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
