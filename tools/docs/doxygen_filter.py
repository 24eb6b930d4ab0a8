#!/usr/bin/env python3
"""A public header as Doxygen reads it best: its declarations alone, each after its text.

    doxygen_filter.py HEADER    prints it

The headers are written for who reads them. There a comment counts for all declarations below it,
names are links without being marked, and what is indented is a table.
"""

import re
import sys
from pathlib import Path

import headers
import page

# Sections that have no title in their header.
TITLES = {"ashlar.h": "Versions and constants", "arena.h": "Arenas", "control.h": "Handlers",
          "errors.h": "Errors", "local.h": "Handles of a thread", "options.h": "Options",
          "stats.h": "Statistics",
          "typed.h": "Typed allocation", "walk.h": "Walking"}


class Names:
    """All that is declared, and how text links to it."""

    def __init__(self, found):
        self.links, self.structs = {}, set()
        for declaration, *_ in headers.declarations(found):
            name, kind = declaration.name, declaration.kind
            if kind == "struct":
                self.structs.add(name)
            else:
                self.links[name] = f"{name}()" if kind == "function" else f"#{name}"
            if kind == "enum":
                self.links |= {word: f"#{word}" for member in declaration.members
                               for word in member.names}

    def link(self, match):
        """For a word, with or without `struct` before it; a function may have a struct's name."""
        word, name = match.group(0), match.group(2)
        if name in self.structs and (match.group(1) or name not in self.links):
            return f'@ref {name} "{word}"'
        return (match.group(1) or "") + self.links.get(name, name)

    def linked(self, text):
        """Markdown with links; what is between backquotes stays as it is."""
        parts = re.split(r"(`[^`]*`)", text)
        for at in range(0, len(parts), 2):
            plain = re.sub(r"[<>#@]", lambda sign: "\\" + sign.group(0), parts[at])
            parts[at] = re.sub(r"\b(struct )?(ash_\w+|ASH_\w+)(?:\(\))?", self.link, plain)
        return "".join(parts)


def documented(lines, names):
    """A comment's lines as Doxygen's Markdown. Tables keep all that their lines begin with; the
    others have an asterisk, or a word between asterisks would lose its first."""
    in_table = False
    for at, line in enumerate(lines):
        is_indented = line.startswith("  ") and not line.lstrip().startswith("- ")
        if is_indented and not in_table and (at == 0 or not lines[at - 1].strip()):
            in_table = True
            yield " * @verbatim"
        elif in_table and not is_indented:
            in_table = False
            yield "@endverbatim"
        yield line if in_table else " * " + names.linked(line)
    if in_table:
        yield "@endverbatim"


def commented(lines):
    """A comment of Doxygen's."""
    return "/**\n" + "".join(f"{line.rstrip()}\n" for line in lines) + " */\n"


def comment(lines, names):
    return commented(documented(lines, names))


def member(found, names):
    """Each name of it in a line of its own."""
    text = comment([sentence(found.text)], names)
    several = re.fullmatch(r"(.*?)(\w+), (\w+);", found.code)
    if several:
        kind, first, second = several.groups()
        return f"{text}{kind}{first};\n{text}{kind}{second};\n"
    return f"{text}{found.code}\n"


def sentence(text):
    """A remark as a sentence. Code and our name stay small."""
    if not re.match(r"\w+\(|ashlar\b", text):
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?")) else text + "."


def declaration(found, entry, names):
    text = comment(entry.text, names)
    if found.members:
        body = "".join(member(one, names) for one in found.members)
        return f"{text}{found.kind} {found.name} {{\n{body}}};\n"
    if found.kind == "macro":
        return text + "\n".join(found.lines) + "\n"
    return f"{text}{found.code()}\n"


def group(header, section):
    """The name and the title of a section's page."""
    title = section.title or TITLES.get(header.name, header.name)
    return re.sub(r"\W", "_", title.lower()), title


def grouped(header, section, names):
    """A section with its declarations."""
    name, title = group(header, section)
    is_whole = not section.title and header.name != "ashlar.h"
    intro = header.intro() if is_whole else section.intro
    include = [" *", f" * `#include <ashlar/{header.name}>`", " * @{"]
    text = commented([f" * @defgroup {name} {title}", *documented(intro, names), *include])
    for entry in section.entries:
        for found in entry.declarations:
            text += declaration(found, entry, names) + "\n"
    return text + "/** @} */\n\n"


def filtered(root, name):
    """The whole header."""
    found = headers.read(root)
    names = Names(found)
    header = next(header for header in found if header.name == name)
    text = commented([f" * @file {name}", f" * @brief {name}", " *",
                      *documented(header.head[1:], names)])
    return text + "".join(grouped(header, section, names) for section in header.sections)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    path = Path(sys.argv[1]).resolve()
    if path.suffix == ".h":
        print(filtered(path.parents[2], path.name), end="")
    else:
        print(page.read(path), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
