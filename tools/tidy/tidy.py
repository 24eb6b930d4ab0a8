#!/usr/bin/env python3
"""Checks the mechanical half of the house rules over src/, include/, tools/ and test/.

    tidy.py [--root DIR]    reports `file:line: rule: what to do`; exits 1 if there is anything
    tidy.py --rules         lists the rules

Rules work on text, not on a parse: `Source.code` is the file with comments and literals blanked
out, line for line, which is all they need. test/tidy has a planted failure for each of them.
"""

import argparse
import re
import sys
from pathlib import Path

FLOORS = ["base", "platform", "supply", "heap", "api", "compat", "override"]
C_SUFFIXES = {".c", ".h", ".cc", ".cpp", ".hpp"}
TEXT_SUFFIXES = C_SUFFIXES | {".py", ".sh", ".bats", ".cmake", ".txt", ".md", ".json"}
FOLDERS = ["src", "include", "tools", "test", "bench", "cmake"]

FILE_LINES = 500
BODY_LINES = 60
COLUMNS = 100
NESTING = 3

BANNED = """printf fprintf sprintf snprintf dprintf vprintf vfprintf vsprintf vsnprintf vdprintf
    puts fputs fopen perror strerror syslog setlocale getenv secure_getenv strdup strndup asprintf
    vasprintf qsort alloca""".split()
ALLOCATION = """malloc calloc realloc reallocarray free aligned_alloc posix_memalign
    memalign""".split()
# malloc_info(3) writes to its caller's stream; ash_is_active asks whose malloc the C library uses.
ALLOWED_CALLS = {("src/compat/glibc.c", "fprintf"), ("src/compat/glibc.c", "fputs"),
                 ("src/api/query.c", "strdup")}
ENDINGS = "abort exit _exit _Exit quick_exit".split()

TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
ATOMIC_CALL = re.compile(
    r"\batomic_(?:load|store|exchange|fetch_(?:add|sub|or|and|xor)|compare_exchange_(?:strong|weak)"
    r"|flag_test_and_set|flag_clear)\s*\(")
COMMENTED_CODE = re.compile(
    r"^\s*(?:#\s*(?:if|include|define|endif)\b|(?:return\b|break|continue|else)[^.]*;$"
    r"|(?:if|for|while|switch) \(.*[{;]$|[\w.>\[\]-]+(?: \*?\w+)? [-+|&*]?= .*;$"
    r"|\w+\([^)]*\);$|\}$)")
MACHINE_PATH = re.compile(r"(?<![\w.}>*-])/(?:home|Users|root|mnt|workspace|work)/\w+")
# Spelt in two halves, so that this file passes its own rule.
LEFTOVER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def blank(match):
    """What stands for a comment or a literal in Source.code: its quotes and its newlines."""
    text = match.group(0)
    if text[0] in "\"'":
        return text[0] + " " * (len(text) - 2) + text[0]
    return re.sub(r"[^\n]", " ", text)


class Source:
    """One file, seen in the ways the rules need."""

    def __init__(self, root, path):
        self.path = path.relative_to(root)
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.splitlines()
        self.is_c = path.suffix in C_SUFFIXES
        self.top = self.path.parts[0]
        self.floor = self.path.parts[1] if self.top == "src" and len(self.path.parts) > 2 else None
        self.code = TOKEN.sub(blank, self.text) if self.is_c else ""
        self.code_lines = self.code.splitlines()
        self.directives = blank_continued_directives(self.code)
        self.bodies = list(find_bodies(self.directives)) if self.is_c else []

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def matches(self, pattern):
        """Line and match of `pattern` in the code, comments and literals apart."""
        for match in re.finditer(pattern, self.code):
            yield self.line_of(match.start()), match

    def functions(self):
        return [body for body in self.bodies if body.is_function]


class Body:
    """The text between two braces at file scope, and what stands before the first one."""

    def __init__(self, head, first, last):
        self.head = re.sub(r"\s+", " ", head).strip()
        self.first = first  # offsets of the braces
        self.last = last
        plain = re.sub(r"\b[A-Z][A-Z0-9_]*(?: ?\([^()]*\))?", "", self.head)
        named = re.search(r"(?<![\w.])([A-Za-z_]\w*) ?\(", plain)
        aggregate = re.match(r"(?:typedef )?(?:struct|union|enum|class)\b[^(]*$", plain)
        self.is_function = bool(named) and "=" not in plain and not aggregate
        self.name = named.group(1) if self.is_function else ""
        self.is_static = bool(re.search(r"\b(?:static|ASH_INLINE)\b", self.head))


def blank_continued_directives(code):
    """The code without preprocessor lines, whose braces need not balance."""
    directive = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
    return directive.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), code)


def find_bodies(code):
    """Each Body at file scope; `extern "C"` and namespaces are file scope too."""
    depth, open_scopes, start, first = 0, 0, 0, 0
    for match in re.finditer(r"[{};]", code):
        char, at = match.group(0), match.start()
        if char == "{":
            head = code[start:at]
            if depth == 0 and re.search(r'\bextern\s*" *"\s*$|\bnamespace\b[^;]*$', head):
                open_scopes += 1
                start = at + 1
                continue
            first = at if depth == 0 else first
            depth += 1
        elif char == "}" and depth > 0:
            depth -= 1
            if depth == 0:
                yield Body(code[start:first], first, at)
        elif char == "}" and open_scopes > 0:
            open_scopes -= 1
        start = at + 1 if depth == 0 else start


def rule_floors(source, _):
    """A file in src/ includes its own floor and lower ones only."""
    if source.floor not in FLOORS:
        return
    mine = FLOORS.index(source.floor)
    for match in re.finditer(r'^\s*#\s*include\s+"(\w+)/', source.text, re.MULTILINE):
        floor = match.group(1)
        if floor in FLOORS and FLOORS.index(floor) > mine:
            yield (source.line_of(match.start(1)),
                   f"{source.floor} may not include {floor}, which is above it: hand the function"
                   " down as a pointer at boot")


def rule_file_length(source, _):
    """A file has at most 500 lines."""
    if source.path.suffix in C_SUFFIXES | {".py", ".sh"} and len(source.lines) > FILE_LINES:
        yield FILE_LINES + 1, f"split it: {len(source.lines)} lines are above {FILE_LINES}"


def rule_function_length(source, _):
    """A function's body has at most 60 lines."""
    for body in source.functions():
        lines = source.code.count("\n", body.first, body.last) - 1
        if lines > BODY_LINES:
            yield (source.line_of(body.first),
                   f"split {body.name}: its body of {lines} lines is above {BODY_LINES}")


def rule_line_length(source, _):
    """A line has at most 100 columns."""
    if source.path.suffix in {".md", ".txt", ".json"} and source.path.name != "CMakeLists.txt":
        return
    for number, line in enumerate(source.lines, 1):
        if len(line) > COLUMNS:
            yield number, f"break the line: {len(line)} columns are above {COLUMNS}"


def rule_nesting(source, _):
    """Statements nest at most three deep."""
    for body in source.functions():
        stack = []
        text = source.directives[body.first + 1:body.last]
        for match in re.finditer(r"(\)|\belse|\bdo)\s*\{|[{}]", text):
            if match.group(0) == "}":
                if stack:
                    stack.pop()
                continue
            stack.append(bool(match.group(1)))
            if match.group(1) and sum(stack) == NESTING + 1:
                yield (source.line_of(body.first + 1 + match.start()),
                       f"move the inner block of {body.name} to a function of its own: it is nested"
                       f" deeper than {NESTING}")


def rule_if_in_body(source, _):
    """No `#if` stands inside a function or a struct."""
    for match in re.finditer(r"^[ \t]*#\s*(?:if|ifdef|ifndef|elif|else)\b", source.code,
                             re.MULTILINE):
        if any(body.first < match.start() < body.last for body in source.bodies):
            yield (source.line_of(match.start()),
                   "use `if (ASH_KNOB)`, or a file of its own for each platform")


def rule_knob(source, _):
    """Knobs are always 0 or 1, never tested for being defined."""
    if source.top != "src":
        return
    for number, match in source.matches(r"#\s*ifdef\s+ASH_\w+|\bdefined\s*\(?\s*ASH_\w+"):
        yield number, f"say `#if ASH_KNOB` or `if (ASH_KNOB)` instead of `{match.group(0)}`"


def rule_compiler_words(source, _):
    """Only base/compiler.h spells attributes and builtins; include/ and tools/ in macros."""
    if source.top not in {"src", "include", "tools"} or source.path.name == "compiler.h":
        return
    for number, match in source.matches(r"__attribute__|__builtin_\w+|__declspec|\b_Pragma\b"):
        if source.top != "src" and re.match(r"\s*#\s*define", source.code_lines[number - 1]):
            continue
        place = "src/base/compiler.h" if source.top == "src" else "a macro"
        yield number, f"give `{match.group(0)}` a name in {place} and use that"


def rule_inline_asm(source, _):
    """Only src/platform/ spells inline assembly."""
    if source.top not in {"src", "include", "tools"} or source.floor == "platform":
        return
    for number, match in source.matches(r"\b(?:__asm__|__asm|asm)\b"):
        yield number, f"move `{match.group(0)}` to a cpu header in src/platform/"


def rule_memory_order(source, shared):
    """Every access to an atomic object names its memory order."""
    if not source.is_c or source.top not in {"src", "include"}:
        return
    for number, match in source.matches(ATOMIC_CALL):
        name = match.group(0).rstrip("( ")
        yield number, f"say {name}_explicit, with an order and its partner in a comment"
    if not shared.atomics:
        return
    names = "|".join(sorted(shared.atomics))
    # A dot behind a space or a brace begins a designated initializer.
    plain = (rf"(?:->|(?<=[\w)\]])\.)(?:{names})\b(?:\[[^]]*\])?\s*"
             r"(?:\+\+|--|(?:[-+|&^*/]|<<|>>)?=(?!=))"
             rf"|(?:\+\+|--)[\w>.\[\]-]*(?:->|\.)(?:{names})\b(?!\s*(?:->|\.))")
    for number, match in source.matches(plain):
        text = match.group(0).strip()
        yield number, f"`{text}` is sequentially consistent: use an _explicit call"


def rule_volatile(source, _):
    """`volatile` is not a tool, except on inline assembly."""
    if source.top != "src":
        return
    for number, match in source.matches(r"(\b(?:__asm__|asm)\s+)?\b(?:__)?volatile\b"):
        if not match.group(1):
            yield number, "use an _Atomic object with an explicit order"


def rule_leftover(source, _):
    """Nothing is left to do."""
    for number, line in enumerate(source.lines, 1):
        found = LEFTOVER.search(line)
        if found:
            yield number, f"do what `{found.group(0)}` asks for, or describe it in an issue"


def rule_banned_call(source, _):
    """The library neither allocates, formats, reads the environment nor exits by libc."""
    if source.top != "src":
        return
    banned = list(BANNED)
    if source.floor not in {"override", "compat"}:
        banned += ALLOCATION
    if source.floor != "platform":
        banned += ENDINGS
    # A type before the name makes it a declaration, such as a weak reference to malloc.
    call = rf"(?<![\w.>])(?:(\w+)[\s*]+)?({'|'.join(banned)})\s*\("
    for number, match in source.matches(call):
        if match.group(1) not in {None, "return", "else", "do", "case"}:
            continue
        if (source.path.as_posix(), match.group(2)) in ALLOWED_CALLS:
            continue
        yield (number, f"{match.group(2)} may allocate, lock or end the process: use base/fmt.h,"
               " platform/report.h or platform/os.h")


def rule_headline(source, _):
    """A header opens with a comment that says what it is."""
    if source.top in {"src", "include"} and source.path.suffix in {".h", ".hpp"}:
        if not re.match(r"//|/\*", source.text):
            yield 1, "open with a comment: what this is, its memory and its invariants"


def rule_guard(source, _):
    """A header has an include guard named after its path."""
    if source.path.suffix not in {".h", ".hpp"} or source.top not in {"src", "include"}:
        return
    name = re.sub(r"\W", "_", "/".join(source.path.parts[1:])).upper()
    name = "ASH_" + name if source.top == "src" else name
    guard = rf"#ifndef {name}\n#define {name}\n"
    if not re.search(guard, source.code) or not source.code.rstrip().endswith("#endif"):
        yield 1, f"guard the header with #ifndef {name}, #define {name} and a last #endif"


def rule_own_header(source, shared):
    """x.c includes x.h before anything else."""
    own = source.path.with_suffix(".h")
    if source.path.suffix != ".c" or source.top != "src" or own not in shared.paths:
        return
    wanted = own.relative_to("src").as_posix()
    first = re.search(r'^\s*#\s*include\s+[<"]([^>"]+)', source.text, re.MULTILINE)
    if first and first.group(1) != wanted:
        yield source.line_of(first.start(1)), f'include "{wanted}" first'


def rule_unique_static(source, shared):
    """A file-local function has a name of its own: the release is one translation unit."""
    if source.top != "src":
        return
    for body in source.functions():
        others = shared.statics.get(body.name, set()) - {source.path} if body.is_static else set()
        if source.floor == "platform":
            others = {path for path in others if path.parts[1] != "platform"}
        if others:
            yield (source.line_of(body.first),
                   f"rename {body.name}: {min(others).as_posix()} has one too")


def rule_prefix(source, _):
    """A function other files can see is called ash_something; compat and override are free."""
    if source.top != "src" or source.floor in {"override", "compat"}:
        return
    for body in source.functions():
        if not body.is_static and not body.name.startswith("ash_"):
            yield source.line_of(body.first), f"make {body.name} static or call it ash_{body.name}"


def rule_typedef(source, _):
    """`struct ash_x` has no typedef inside src/."""
    if source.top == "src":
        for number, _match in source.matches(r"\btypedef\s+(?:struct|union|enum)\b"):
            yield number, "write `struct ash_x` where it is used"


def rule_umbrella(source, _):
    """No header only includes others."""
    if source.path.suffix not in {".h", ".hpp"} or source.top not in {"src", "include", "tools"}:
        return
    rest = [line for line in source.code_lines if line.strip() and not line.startswith("#")]
    includes = len(re.findall(r"^#include", source.text, re.MULTILINE))
    macros = len(re.findall(r"^#define", source.text, re.MULTILINE)) - 1
    if not rest and includes > 1 and macros < 1:
        yield 1, "include what is used where it is used, and delete this header"


def rule_commented_code(source, _):
    """Comments are sentences, not code that was switched off."""
    if not source.is_c:
        return
    for match in TOKEN.finditer(source.text):
        if not match.group(0).startswith(("//", "/*")):
            continue
        first = source.line_of(match.start())
        for number, line in enumerate(match.group(0).splitlines(), first):
            words = line.strip().lstrip("/*")
            # Indented further than a sentence, it is an example.
            if not words.startswith("    ") and COMMENTED_CODE.match(words.strip()):
                yield number, "delete it, or say in words what it would do and why it does not"


def rule_machine_path(source, _):
    """No file names a place on its author's machine."""
    for number, line in enumerate(source.lines, 1):
        found = MACHINE_PATH.search(line)
        if found:
            yield number, f"`{found.group(0)}` exists on one machine only: find it at run time"


def rule_listed(source, shared):
    """Every .c file of src/ is in src/CMakeLists.txt and in src/ashlar.c, or in its own library."""
    if source.path.suffix != ".c" or source.floor not in FLOORS:
        return
    name = source.path.relative_to("src").as_posix()
    lists = [Path("src/CMakeLists.txt"), Path("src/ashlar.c")]
    if name.startswith("compat/mimalloc"):
        lists, name = [Path("cmake/AshlarMimalloc.cmake")], source.path.stem
    for path in lists:
        listing = shared.paths.get(path)
        if listing and not re.search(rf"(?<![\w/]){re.escape(name)}\b", listing.text):
            yield 1, f"add {name} to {path.as_posix()}: it is left out of a build"


def rule_whitespace(source, _):
    """No tabs, no blanks at the end of a line, one newline at the end."""
    for number, line in enumerate(source.lines, 1):
        if line != line.rstrip() or "\t" in line:
            yield number, "remove the tab or the blanks at the end of the line"
    if source.text and not source.text.endswith("\n"):
        yield len(source.lines), "end the file with a newline"


RULES = {name.removeprefix("rule_").replace("_", "-"): function
         for name, function in list(globals().items()) if name.startswith("rule_")}


class Shared:
    """What rules know of the other files."""

    def __init__(self, sources):
        self.paths = {source.path: source for source in sources}
        self.statics = {}
        self.atomics = set()
        for source in sources:
            if source.top == "src":
                self.note(source)

    def note(self, source):
        for body in source.functions():
            if body.is_static:
                self.statics.setdefault(body.name, set()).add(source.path)
        declared = r"(?:\b_Atomic\b|\batomic_\w+_t\b|\batomic_(?:bool|int|uint)\b)[^;(){}=]*?(\w+)"
        ends = r"\s*(?:\[[^]]*\])?\s*;"
        for _, match in source.matches(r"_Atomic\s*\([^()]*\)\s*(\w+)" + ends):
            self.atomics.add(match.group(1))
        for _, match in source.matches(declared + ends):
            self.atomics.add(match.group(1))


def find_sources(root):
    paths = []
    for folder in FOLDERS:
        paths += [path for path in (root / folder).rglob("*")
                  if path.is_file() and path.suffix in TEXT_SUFFIXES]
    return [Source(root, path) for path in sorted(paths)]


def check(root):
    sources = find_sources(root)
    if not sources:
        sys.exit(f"tidy: no sources under {root}: give the repository with --root")
    shared = Shared(sources)
    for source in sources:
        for name, rule in RULES.items():
            for line, advice in rule(source, shared):
                yield f"{source.path.as_posix()}:{line}: {name}: {advice}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    here = Path(__file__).resolve().parents[2]
    parser.add_argument("--root", type=Path, default=here, help="the repository")
    parser.add_argument("--rules", action="store_true", help="list the rules")
    options = parser.parse_args()
    if options.rules:
        for name, rule in RULES.items():
            print(f"{name:16} {rule.__doc__}")
        return 0
    found = list(check(options.root.resolve()))
    for line in found:
        print(line)
    if found:
        print(f"tidy: {len(found)} to put right", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
