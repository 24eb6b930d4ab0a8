#!/usr/bin/env python3
"""Writes what the pages say of each option, from include/ashlar/options.def.

    options.py            writes the table of docs/options.md and the list of ash_options(7)
    options.py --check    fails if a page does not have it as the sources do
"""

import re
import sys

import page

TABLE = "include/ashlar/options.def"
PAGE = "docs/options.md"
MANUAL = "docs/man/ash_options.7.scd"
PAGE_MARKS = ("<!-- options.py: begin -->\n", "<!-- options.py: end -->\n")
MANUAL_MARKS = ("; options.py: begin\n", "; options.py: end\n")

STRING = r'"((?:[^"\\]|\\.)*)"'
ROW = re.compile(
    r"^ASH_OPTION\((\w+), (\w+), (SWITCH|MILLISECONDS|BYTES|NUMBER), (\d+), (\d+), (\d+),"
    r"\s+(ANY_TIME|AT_START), " + STRING + r",\s+((?:" + STRING + r"\s*)+),\s+((?:" + STRING
    + r"\s*)+)\)$", re.MULTILINE)


class Option:
    """A row of the table."""

    def __init__(self, match):
        (enum, self.name, self.kind, *numbers, settable, self.since) = match.group(*range(1, 9))
        self.fallback, self.lowest, self.highest = map(int, numbers)
        self.variable = f"ASHLAR_{enum}"
        self.at_start = settable == "AT_START"
        self.help, self.when = joined(match.group(9)), joined(match.group(11))

    def shown(self, value):
        """As the library prints a value."""
        if self.kind == "SWITCH":
            return "on" if value else "off"
        if self.kind == "MILLISECONDS":
            return f"{value}ms"
        letter = ""
        for unit in "KMG" if self.kind == "BYTES" else "":
            if value and value % 1024 == 0:
                value, letter = value // 1024, unit
        return f"{value}{letter}"

    def wants(self):
        """What it may be set to."""
        if self.kind == "SWITCH":
            return "on or off"
        if self.highest == 0:
            return "any size"
        return f"{self.shown(self.lowest)} to {self.shown(self.highest)}"


def joined(strings):
    """C's string literals, one after the other, as the text they are."""
    return "".join(re.findall(STRING, strings)).replace('\\"', '"')


def options_of(root):
    return [Option(match) for match in ROW.finditer(page.read(root / TABLE))]


def unread(root, options):
    """Rows that the pattern does not understand."""
    count = len(re.findall(r"^ASH_OPTION\(", page.read(root / TABLE), re.MULTILINE))
    if count != len(options):
        yield f"{TABLE}: {count - len(options)} rows are written in a way this cannot read"


def for_page(options):
    lines = ["| option | variable | default | wants | set | what it does | when would I change"
             " this? |", "|---|---|---|---|---|---|---|"]
    for option in options:
        settable = "at the start" if option.at_start else "any time"
        lines.append(f"| `{option.name}` | `{option.variable}` | {option.shown(option.fallback)} |"
                     f" {option.wants()} | {settable} | {option.help} | {option.when} |")
    return "\n".join(lines) + "\n"


def for_manual(options):
    text = ""
    for option in options:
        name, help_line, when = (word.replace("_", "\\_")
                                 for word in (option.name, option.help, option.when))
        settable = " It can be set at the start alone." if option.at_start else ""
        text += (f"*{name}* (_{option.wants()}_, default {option.shown(option.fallback)}; since"
                 f" {option.since})\n\t{help_line}{settable}\n\n\tWhen would I change this? {when}"
                 "\n\n")
    return text


def with_section(path, text, marks, section):
    """`text` with what stands between the marks replaced."""
    begin, end = text.find(marks[0]), text.find(marks[1])
    if begin < 0 or end < begin:
        sys.exit(f"{path}: has no lines '{marks[0].strip()}' and '{marks[1].strip()}'")
    return text[:begin] + marks[0] + section + text[end:]


def sections(options):
    yield PAGE, PAGE_MARKS, for_page(options)
    yield MANUAL, MANUAL_MARKS, for_manual(options)


def main():
    arguments = page.arguments(__doc__.splitlines()[0])
    options = options_of(arguments.root)
    faults = list(unread(arguments.root, options))
    for path, marks, section in sections(options):
        text = page.read(arguments.root / path)
        fresh = with_section(path, text, marks, section)
        if arguments.check and fresh != text:
            faults.append(f"{path}: is not what {TABLE} says: run tools/docs/options.py")
        elif fresh != text:
            (arguments.root / path).write_text(fresh, encoding="utf-8")
    return page.finish("options", {option.name: option.help for option in options}, faults)


if __name__ == "__main__":
    sys.exit(main())
