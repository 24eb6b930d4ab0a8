"""What the public headers say: sections, and in them entries, each a comment with the declarations
that follow it up to the next blank line or comment. The comment is the text of all of them."""

import re

import errors
import options
import page

FOLDER = "include/ashlar"
# Ways of writing declarations, which no caller needs to know.
HIDDEN = {"ASH_EXPORT", "ASH_NODISCARD", "ASH_ALLOCATES", "ASH_NOEXCEPT", "ASH_OPTION",
          "ASH_ERROR"}

SECTION = re.compile(r"// (\S.*?) -{4,}")
DIRECTIVE = re.compile(r"\s*#\s*(?:if|else|elif|endif|include|undef|error)|extern \"C\"|}$")
DEFINE = re.compile(r"#define (\w+)")
BODY = re.compile(r"(struct|enum) (\w+) {")
PLAIN = [("typedef", re.compile(r"typedef .*?\b(ash_\w+)(?:;|\()")),
         ("function", re.compile(r"ASH_EXPORT .*?\b(ash_\w+)\(")),
         ("variable", re.compile(r"extern .*?\b(ash_\w+)(?:\[\])?;"))]
MEMBER = re.compile(r"    (\w[^/]*?)(?:\s*// (.*))?")
NAMES = re.compile(r"\b([A-Za-z_]\w*)(?= = |[,;]|$)")
DEFINITION = re.compile(r"  +(\w+)   *(\S.*)")


class Member:
    """A field of a structure or a constant of an enumeration; one line may declare several."""

    def __init__(self, code, text):
        self.code, self.text = code, text
        self.names = NAMES.findall(code)


class Declaration:
    """A function, a type, a macro or a variable, as the lines that declare it."""

    def __init__(self, kind, name, lines):
        self.kind, self.name, self.lines, self.members = kind, name, lines, []

    def code(self):
        """On one line, without the macros of ours that only the compiler needs."""
        text = " ".join(line.strip() for line in self.lines)
        text = re.sub(r"\bASH_ALLOCATES\([\d,\s]*\) ?", "", text)
        return re.sub(r" ?\b(?:ASH_EXPORT|ASH_NODISCARD|ASH_NOEXCEPT)\b", "", text).strip()


class Entry:
    """Declarations that share a text, which is a list of lines."""

    def __init__(self, text):
        self.text, self.declarations = text, []


class Section:
    """A part of a header under a title of its own; the first one of a header has none."""

    def __init__(self, title, intro):
        self.title, self.intro, self.entries = title, intro, []


class Header:
    """A public header. Its head is the comment that it opens with."""

    def __init__(self, name, text, root):
        self.name, self.lines, self.at = name, text.splitlines(), 0
        self.root = root
        self.head = self.comment()
        self.sections = [Section("", [])]
        while self.at < len(self.lines):
            self.step()
        self.sections = [section for section in self.sections if section.entries]

    def line(self):
        """The line at hand; the end of the file is as an empty one."""
        return self.lines[self.at] if self.at < len(self.lines) else ""

    def comment(self):
        """Takes the comment at hand: its lines without the slashes."""
        found = []
        while self.line().startswith("//"):
            text = self.line()[3:]
            # What follows a list is a paragraph of its own.
            if text[:1].strip() and found and in_list(found):
                found.append("")
            found.append(text)
            self.at += 1
        return found

    def intro(self):
        """The head as what a page begins with."""
        first = self.head[0].removeprefix("ashlar: ").removeprefix("ashlar's ")
        return [first[:1].upper() + first[1:], *self.head[1:]]

    def step(self):
        """Takes the title of a section, a blank line, or an entry."""
        title = SECTION.fullmatch(self.line())
        if title:
            self.at += 1
            self.sections.append(Section(title.group(1), trimmed(self.comment())))
            return
        if not self.line():
            self.at += 1
            return
        entry = Entry(self.comment())
        while self.line() and not self.line().startswith("//"):
            declaration = self.declaration()
            if declaration and declaration.name not in [one.name for one in entry.declarations]:
                entry.declarations.append(declaration)
        if entry.declarations:
            self.sections[-1].entries.append(entry)

    def take(self, is_last):
        """Takes lines up to one that ends the declaration."""
        lines = [self.line()]
        self.at += 1
        while not is_last(lines[-1]) and self.at < len(self.lines):
            lines.append(self.line())
            self.at += 1
        return lines

    def declaration(self):
        """Takes a declaration; None for what declares nothing that callers use."""
        line = self.line()
        if DIRECTIVE.match(line):
            self.at += 1
            return None
        if DEFINE.match(line):
            name = DEFINE.match(line).group(1)
            lines = self.take(lambda last: not last.endswith("\\"))
            hidden = name in HIDDEN or (name.endswith("_H") and line == f"#define {name}")
            return None if hidden else Declaration("macro", name, lines)
        body = BODY.match(line)
        if body:
            found = Declaration(*body.groups(), self.take(lambda last: last == "};"))
            found.members = list(self.members(found.lines[1:-1]))
            return found
        return self.plain(self.take(lambda last: last.endswith(";")))

    def plain(self, lines):
        """A declaration that ends with a semicolon."""
        text = " ".join(lines)
        for kind, pattern in PLAIN:
            match = pattern.match(text)
            if match:
                return Declaration(kind, match.group(1), lines)
        raise SystemExit(f"{self.name}: cannot tell what this declares: {text}")

    def members(self, lines):
        """Those of a structure or enumeration. The text of each is what the head of the header
        says of its name and its own remark, or else the comment above it and its neighbours."""
        heads = dict(match.groups() for match in map(DEFINITION.fullmatch, self.head) if match)
        above, found = [], []
        for line in lines:
            match = MEMBER.fullmatch(line)
            if line.startswith("    // "):
                above.append(line[7:])
            elif line.strip().startswith("//"):
                found[-1].text += " " + line.strip()[3:]
            elif not line.strip():
                above = []
            elif match:
                told = [heads.get(NAMES.findall(match.group(1))[-1]), match.group(2)]
                text = "; ".join(filter(None, told)) or " ".join(above)
                found.append(Member(match.group(1), text))
            elif line.startswith("#include"):
                found += rows(self.root, line)
            else:
                raise SystemExit(f"{self.name}: cannot tell which member this is: {line}")
        return found


def rows(root, line):
    """The constants that a line in an enumeration brings from a table."""
    if "options.def" in line:
        return [Member(f"ASH_OPTION_{option.variable[7:]},", option.help)
                for option in options.options_of(root)]
    return [Member(f"ASH_E_{error.name} = {error.number},", error.means)
            for error in errors.errors_of(root)]


def in_list(lines):
    """Whether the last of the lines is of an item."""
    for line in reversed(lines):
        if not line.startswith("  "):
            return False
        if line.lstrip().startswith("- "):
            return True
    return False


def trimmed(lines):
    """Without blank lines at both ends."""
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def read(root):
    """All public headers but those that are other projects' interfaces."""
    return [Header(path.name, page.read(path), root)
            for path in sorted((root / FOLDER).glob("*.h"))]


def declarations(headers):
    """Each with its entry, section and header."""
    for header in headers:
        for section in header.sections:
            for entry in section.entries:
                for declaration in entry.declarations:
                    yield declaration, entry, section, header
