#!/usr/bin/env python3
"""What the man pages of the functions take from the headers. A page of docs/man says so in
comments, each a line of its own:

    ; sections: ashlar.h: Heaps; arena.h    the page has these sections of headers
    ; names: make and end things            its names, and after them what they do
    ; synopsis                              their declarations
    ; functions                             what each does
    ; attributes: but for the end           attributes(7), and what they depend on

    functions.py            lists the functions with their pages
    functions.py --check    fails if a function that the library exports is in no page, or in two
"""

import re
import sys

import headers
import page

PAGES = "docs/man"
EXPORTS = "test/golden/exports.txt"
FUNCTION = re.compile(r"(ash_\w+)\(")


def escaped(text):
    """Without what scdoc takes for marks."""
    return re.sub(r"([\\*_#])", r"\\\1", text)


def prose(line):
    """A line of a comment: our marks become scdoc's."""
    parts = re.split(r"(`[^`]*`|(?<![\w*])\*\w[^*]*\*(?!\w))", line)
    for at, part in enumerate(parts):
        if at % 2 == 0:
            parts[at] = re.sub(r"\b(ash\\_(?:\w|\\_)+)(\(\))?", r"*\1*\2", escaped(part))
        else:
            sign = "_" if part[0] == "`" else "*"
            parts[at] = sign + escaped(part[1:-1]) + sign
    return "".join(parts)


def paragraphs(lines, indent=""):
    """A comment; what is indented in it is a table, or a list."""
    in_table = False
    for line in [*lines, ""]:
        is_item = line.lstrip().startswith("- ")
        is_table = line.startswith("  ") and not is_item and (in_table or not found_item(lines))
        if is_table != in_table:
            yield f"{indent}```\n"
        in_table = is_table
        if in_table:
            yield f"{indent}{line[2:]}\n"
        elif not line:
            yield "\n"
        else:
            yield f"{indent}{prose(line.strip())}\n"


def found_item(lines):
    """Whether the comment has a list: then its indented lines go on with an item."""
    return any(line.lstrip().startswith("- ") for line in lines)


def parameter(text):
    """The type in bold, the name underlined."""
    match = re.fullmatch(r"(.*?)(\w+)", text)
    if not match or not match.group(1) or "(" in text:
        return f"*{escaped(text)}*"
    kind, name = match.groups()
    return f"*{escaped(kind.rstrip())}*" + (" " if kind.endswith(" ") else "") \
        + f"_{escaped(name)}_"


def signature(declaration):
    """A declaration in a line, as in section 3 of the manual."""
    code = declaration.code()
    match = re.fullmatch(r"([^()]*\()([^()]*)(\);)", code)
    if declaration.kind not in ("function", "typedef") or not match:
        return f"*{escaped(code.removesuffix(';'))};*"
    begin, inner, end = match.groups()
    inner = "*,* ".join(parameter(one) for one in inner.split(", "))
    return f"*{escaped(begin)}*{inner}*{escaped(end)}*"


def attributes(condition):
    """The table of attributes(7), the same for all of our functions."""
    head = "[[ *Interface*\n:< *Attribute*\n:< *Value*\n"
    rows = "".join(f"|  {of}\n:< {attribute}\n:< {value}\n" for of, attribute, value in (
        ("All of these functions", "Thread safety", "MT-Safe"),
        ("", "Async-signal safety", "AS-Unsafe lock"),
        ("", "Async-cancel safety", "AC-Unsafe lock mem")))
    return head + rows + (f"\nMT-Safe {condition.removeprefix(': ')}.\n" if condition else "")


class Page:
    """The source of a man page, which may be of sections of the headers."""

    def __init__(self, root, text):
        self.text = text
        match = re.search(r"^; sections: (.*)$", text, re.MULTILINE)
        wanted = match.group(1).split("; ") if match else []
        self.sections = list(self.chosen(headers.read(root), wanted)) if wanted else []

    def chosen(self, found, wanted):
        """The sections that are named, each with its header."""
        for name in wanted:
            file, _, title = name.partition(": ")
            several = [(header, section) for header in found for section in header.sections
                       if header.name == file and section.title == title]
            if not several:
                sys.exit(f"{PAGES}: there is no section '{name}' in the headers")
            yield from several

    def declarations(self, *kinds):
        return [declaration for _, section in self.sections for entry in section.entries
                for declaration in entry.declarations if declaration.kind in kinds]

    def names(self, what):
        names = [escaped(one.name) for one in self.declarations("function")]
        return f"{', '.join(names)} - {what}\n"

    def synopsis(self):
        """All declarations but the bodies of types, which are where they are described."""
        files = dict.fromkeys(header.name for header, _ in self.sections)
        includes = "++\n".join(f"*\\#include <ashlar/{name}>*" for name in files)
        for_types = [f"*{one.kind} {escaped(one.name)};*"
                     for one in self.declarations("struct", "enum")]
        plain = [signature(one) for one in self.declarations("typedef", "function")]
        return includes + "\n\n" + "++\n".join(for_types + plain) + "\n"

    def functions(self):
        """All entries, each with its text."""
        text = ""
        for header, section in self.sections:
            if len(self.sections) > 1 and section.title:
                text += f"## {section.title}\n\n"
            intro = section.intro if section.title else header.intro()
            text += "".join(paragraphs(headers.trimmed(intro)))
            text += "".join(map(entry_text, section.entries))
        return text

    def expanded(self):
        """The source with what it takes from the headers."""
        text = re.sub(r"^; sections: .*\n", "", self.text, flags=re.MULTILINE)
        for line, made in (("names: (.*)", lambda match: self.names(match.group(1))),
                           ("synopsis", lambda _: self.synopsis()),
                           ("attributes(: .*)?", lambda match: attributes(match.group(1))),
                           ("functions", lambda _: self.functions())):
            text = re.sub(f"^; {line}\n", made, text, flags=re.MULTILINE)
        return text


def entry_text(entry):
    """What is said of some declarations."""
    text = "++\n".join(map(heading, entry.declarations)) + "\n"
    text += "".join(paragraphs(entry.text, "\t"))
    for one in entry.declarations:
        if one.members:
            text += "\t```\n" + "".join(f"\t{line}\n" for line in one.lines) + "\t```\n\n"
    return text


def heading(declaration):
    """How a caller writes it."""
    code = " ".join(line.strip(" \\") for line in declaration.lines)
    if declaration.kind == "macro":
        name = re.match(r"#define (\w+(?:\([^)]*\))?)(.*)", code)
        value = name.group(2).strip() if re.fullmatch(r" \d+", name.group(2)) else ""
        return f"*{escaped(name.group(1))}* {value}".rstrip()
    if declaration.kind in ("struct", "enum"):
        return f"*{declaration.kind} {escaped(declaration.name)}*"
    return signature(declaration).replace(";*", "*")


def sources(root):
    """Each page with its text as scdoc is to see it."""
    for path in sorted((root / PAGES).glob("*.scd")):
        yield path, Page(root, page.read(path)).expanded()


def described(root):
    """Function -> the pages that have it in their synopsis."""
    found = {}
    for path, text in sources(root):
        match = re.search(r"^# SYNOPSIS\n(.*?)^# ", text, re.MULTILINE | re.DOTALL)
        synopsis = re.sub(r"[\\*]", "", match.group(1)) if match else ""
        for name in sorted(set(FUNCTION.findall(synopsis))):
            found.setdefault(name, []).append(path.stem)
    return found


def main():
    options = page.arguments(__doc__.splitlines()[0])
    found = described(options.root)
    if not options.check:
        print("\n".join(f"{name}: {', '.join(pages)}" for name, pages in sorted(found.items())))
        return 0
    exported = {name: "exported" for name in page.read(options.root / EXPORTS).split()
                if name.startswith("ash_")}
    faults = [f"{name} is in no man page; take its section into one of {PAGES}"
              for name in exported if name not in found]
    faults += [f"{name} is in {' and '.join(pages)}; it belongs in one page"
               for name, pages in found.items() if len(pages) > 1]
    faults += [f"{name} is in {pages[0]}, but the library does not export it"
               for name, pages in found.items() if name not in exported and is_function(name)]
    return page.finish("functions", exported, faults)


def is_function(name):
    """And not the type of one."""
    return not name.endswith(("_t", "_fn"))


if __name__ == "__main__":
    sys.exit(main())
