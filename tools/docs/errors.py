#!/usr/bin/env python3
"""Writes what the pages say of each error, from include/ashlar/errors.def.

    errors.py            writes the sections of docs/errors.md and of ash_errors(7)
    errors.py --check    fails if a page does not have them as the sources do
"""

import re
import sys

import page

TABLE = "include/ashlar/errors.def"
PAGE = "docs/errors.md"
MANUAL = "docs/man/ash_errors.7.scd"
PAGE_MARKS = ("<!-- errors.py: begin -->\n", "<!-- errors.py: end -->\n")
MANUAL_MARKS = ("; errors.py: begin\n", "; errors.py: end\n")

STRING = r'"((?:[^"\\]|\\.)*)"'
TEXT = r"((?:" + STRING.replace("(", "(?:", 1) + r"\s*)+)"
ROW = re.compile(r"^ASH_ERROR\((\w+), (\d+), (FATAL|SURVIVABLE|WARNING|SETTING|REFUSED),\s*"
                 + r",\s*".join([TEXT] * 6) + r"\)$", re.MULTILINE)

HAPPENS = {
    "FATAL": "The process ends with SIGABRT.",
    "SURVIVABLE": "The process ends with SIGABRT. With `abort_on_error=off` what was asked for is"
                  " not done, and the process goes on.",
    "WARNING": "A warning: the process goes on. `show_warnings=off` silences it,"
               " `abort_on_warning=on` makes it an error.",
    "SETTING": "What was set is ignored.",
    "REFUSED": "The call fails, and a function set with `mi_register_error` hears of it.",
}


class Error:
    """A row of the table."""

    def __init__(self, match):
        self.name, number, self.kind = match.group(1, 2, 3)
        self.code, self.number = f"ASH{number}", int(number)
        (self.why, self.next, self.since, self.means, self.causes,
         self.remedy) = (joined(text) for text in match.group(*range(4, 10)))

    def happens(self):
        """How it ends; nothing where the meaning says so: a signal of the access."""
        return "" if "signal of the access" in self.means else " " + HAPPENS[self.kind]

    def line(self):
        """What stands in a line of the error that names no pointer."""
        return "; ".join(part for part in (self.why, self.next) if part)


def joined(strings):
    """C's string literals, one after the other, as the text they are."""
    return "".join(re.findall(STRING, strings)).replace('\\"', '"')


def errors_of(root):
    return [Error(match) for match in ROW.finditer(page.read(root / TABLE))]


def faults_of(root, errors):
    """Rows that cannot be read, or lack a part of their section; codes out of order."""
    count = len(re.findall(r"^ASH_ERROR\(", page.read(root / TABLE), re.MULTILINE))
    if count != len(errors):
        yield f"{TABLE}: {count - len(errors)} rows are written in a way this cannot read"
    for error in errors:
        if not (error.means and error.causes and error.remedy):
            yield f"{TABLE}: {error.code} has no section: say what it means, its causes, a remedy"
    for before, after in zip(errors, errors[1:]):
        if before.number >= after.number:
            yield f"{TABLE}: {after.code} comes after {before.code}"


def for_page(errors):
    text = ""
    for error in errors:
        line = f"    ashlar: {error.code}: {error.line()}\n\n" if error.line() else ""
        text += (f"\n## {error.code}\n\n{line}`ASH_E_{error.name}`, since {error.since}."
                 f"{error.happens()}\n\n**What it means.** {error.means}\n\n"
                 f"**Common causes.** {error.causes}\n\n**What to do.** {error.remedy}\n")
    return text + "\n"


def escaped(text):
    """As scdoc wants it, which ends a line at two plus signs."""
    return re.sub(r"([_*+])", r"\\\1", text.replace("`", ""))


def for_manual(errors):
    text = ""
    for error in errors:
        line, *parts = map(escaped, (error.line() or "(the line says what was set)", error.means,
                                     error.happens(), error.causes, error.remedy))
        means, happens, causes, remedy = parts
        text += (f"*{error.code}* {line}\n\t{means}{happens}\n\n\tCommon causes: {causes}\n\n"
                 f"\tWhat to do: {remedy}\n\n")
    return text


def with_section(path, text, marks, section):
    """`text` with what stands between the marks replaced."""
    begin, end = text.find(marks[0]), text.find(marks[1])
    if begin < 0 or end < begin:
        sys.exit(f"{path}: has no lines '{marks[0].strip()}' and '{marks[1].strip()}'")
    return text[:begin] + marks[0] + section + text[end:]


def main():
    arguments = page.arguments(__doc__.splitlines()[0])
    errors = errors_of(arguments.root)
    faults = list(faults_of(arguments.root, errors))
    for path, marks, section in ((PAGE, PAGE_MARKS, for_page(errors)),
                                 (MANUAL, MANUAL_MARKS, for_manual(errors))):
        text = page.read(arguments.root / path)
        fresh = with_section(path, text, marks, section)
        if arguments.check and fresh != text:
            faults.append(f"{path}: is not what {TABLE} says: run tools/docs/errors.py")
        elif fresh != text:
            (arguments.root / path).write_text(fresh, encoding="utf-8")
    return page.finish("errors", {error.code: error.why for error in errors}, faults)


if __name__ == "__main__":
    sys.exit(main())
