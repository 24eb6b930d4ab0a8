"""What the checks of the pages share: tables in Markdown, sources, and how a check ends."""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def read(path):
    """The text of a file that has to be there."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}; give the repository with --root")


def rows(text):
    """The rows of all tables, each a list of its cells; heads and rules are left out."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        if line.startswith("|") and not is_rule(line) and not is_rule(below):
            yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def is_rule(line):
    """Whether the line is the one between a table's head and its body."""
    return bool(re.fullmatch(r"\|[\s:|-]+\|", line.strip()))


def code_words(cell):
    """What stands between backquotes."""
    return re.findall(r"`([^`]+)`", cell)


def sources(root, folder, endings):
    """Path and text of the files of a folder, sorted."""
    for path in sorted((root / folder).rglob("*")):
        if path.suffix in endings:
            yield path, read(path)


def compare(what, page, in_code, on_page):
    """Both sides must have the same keys with the same values."""
    for key in sorted(in_code.keys() - on_page.keys()):
        yield f"{page}: {what} {key} is missing; the sources say: {in_code[key]}"
    for key in sorted(on_page.keys() - in_code.keys()):
        yield f"{page}: {what} {key} is in no source; take it out of the page"
    for key in sorted(in_code.keys() & on_page.keys()):
        if in_code[key] != on_page[key]:
            yield f"{page}: {what} {key} says: {on_page[key]}; the sources say: {in_code[key]}"


def arguments(description):
    """--root and --check, which every check has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    parser.add_argument("--check", action="store_true",
                        help="compare with the page instead of listing; status 1 on a difference")
    options = parser.parse_args()
    options.root = options.root.resolve()
    return options


def finish(script, in_code, faults):
    """Prints what is wrong. The exit status; no entries at all are wrong too."""
    faults = list(faults)
    if not in_code:
        faults.append(f"{script}: the sources have none at all: is the pattern still right?")
    print("\n".join(faults) if faults else f"{script}: {len(in_code)} agree")
    return 1 if faults else 0
