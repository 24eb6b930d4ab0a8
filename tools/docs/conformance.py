#!/usr/bin/env python3
"""Writes the tables of docs/mimalloc.md: each function of the mimalloc layer, whether it does what
it is documented to do, and the test that proves it; and each of its options.

    conformance.py            writes the tables
    conformance.py --check    fails if the page does not have them as the sources do
"""

import re
import sys

import page

PAGE = "docs/mimalloc.md"
HEADERS = "include/ashlar/compat"
OPTIONS = "src/compat/mimalloc_options.c"
TESTS = "test/compat"
EVERY = "every_name_answers_in_c"
MARKS = ("<!-- conformance.py: begin {} -->\n", "<!-- conformance.py: end {} -->\n")

# What links, and has no effect.
IGNORED = {
    "mi_process_init": "a process starts at its first allocation",
    "mi_process_done": "a process ends by itself",
    "mi_thread_init": "a thread starts at its first allocation",
    "mi_thread_set_in_threadpool": "what a thread keeps is reached while it waits",
    "mi_stats_reset": "figures show what there is",
    "mi_stats_merge": "figures are never apart",
    "mi_heap_stats_merge_to_subproc": "figures are never apart",
    "mi_heap_visit_abandoned_blocks": "visits nothing: no block is left out of a heap's walk",
    "mi_abandoned_visit_blocks": "visits nothing: no block is left out of a heap's walk",
    "mi_theap_guarded_set_sample_rate": "no guarded blocks yet",
    "mi_theap_guarded_set_size_bound": "no guarded blocks yet",
    "mi_heap_guarded_set_sample_rate": "no guarded blocks yet",
    "mi_heap_guarded_set_size_bound": "no guarded blocks yet",
}

# What does not link.
ABSENT = {
    "mi_arena_unload": "mimalloc 3.4 does not export it either; `ash_arena_unload` does it",
    "mi_arena_reload": "mimalloc 3.4 does not export it either",
    "mi_theap_unload": "mimalloc 3.4 does not export it either",
    "mi_theap_reload": "mimalloc 3.4 does not export it either",
}

DECLARED = re.compile(r"mi_decl_export[^;]*?\b(mi_+(?!decl_|attr_)\w+)\(")
CLAIM = re.compile(r"^CLAIM\((\w+)\) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
OPTION_ROW = re.compile(r"^\s+ROW(_OURS|_OLD|_KIB)?\((\w+),([^)]*)\)", re.MULTILINE)


def without_comments(text):
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r"typedef[^;]*\(mi_cdecl \w+\)[^;]*;", "", text)
    return re.sub(r"#define(?:[^\n]*\\\n)*[^\n]*", "", text)


def functions(root):
    """The declared names, in the headers' order."""
    found = {}
    for name in ("mimalloc.h", "mimalloc-options.h", "mimalloc-stats.h"):
        text = page.read(root / HEADERS / name)
        found |= dict.fromkeys(DECLARED.findall(without_comments(text)))
    return list(found)


def claims(root):
    """function -> the first claim of test/compat that calls it, or the file that does for one."""
    found = {}
    for path, text in page.sources(root, TESTS, {".c"}):
        for name, body in CLAIM.findall(text):
            for called in re.findall(r"\b(mi_\w+)\(", body):
                found.setdefault(called, f"`{path.name}`: {name}")
    for path, text in page.sources(root, TESTS, {".c", ".cc"}):
        for called in re.findall(r"\b(mi_\w+)\(", text):
            found.setdefault(called, f"`{path.name}`")
    return found


def function_table(root):
    proofs = claims(root)
    lines = ["| function | here | proved by |", "|---|---|---|"]
    for name in functions(root):
        here = f"accepted, no effect: {IGNORED[name]}" if name in IGNORED else "implemented"
        lines.append(f"| `{name}` | {here} | {proofs.get(name, EVERY)} |")
    lines += [f"| `{name}` | absent: {why} | |" for name, why in ABSENT.items()]
    return "\n".join(lines) + "\n"


def option_table(root):
    used = "".join(text for path, text in page.sources(root, "src/compat", {".c"})
                   if path.as_posix() != (root / OPTIONS).as_posix())
    lines = ["| option | here |", "|---|---|"]
    for kind, name, rest in OPTION_ROW.findall(page.read(root / OPTIONS)):
        here = "kept and returned"
        if kind == "_OURS":
            ours = re.search(r"ASH_OPTION_(\w+)", rest).group(1).lower()
            here = f"`{ours}` of ashlar"
        elif re.search(rf"\bmi_option_{name}\b", used):
            here = "in use"
        lines.append(f"| `{name}` | {here} |")
    return "\n".join(lines) + "\n"


def with_table(text, what, table):
    """The page with this table; exits if the page has no place for it."""
    begin, end = (mark.format(what) for mark in MARKS)
    if begin not in text or end not in text:
        sys.exit(f"{PAGE}: put `{begin.strip()}` and `{end.strip()}` where the table belongs")
    before, rest = text.split(begin, 1)
    return before + begin + table + end + rest.split(end, 1)[1]


def unknown(root):
    """Names in the lists above that no header has any more, or has now."""
    declared = set(functions(root))
    yield from (f"conformance.py: {name} is in no header" for name in IGNORED.keys() - declared)
    yield from (f"conformance.py: {name} is not absent" for name in ABSENT.keys() & declared)


def main():
    options = page.arguments(__doc__.splitlines()[0])
    old = page.read(options.root / PAGE)
    new = with_table(old, "functions", function_table(options.root))
    new = with_table(new, "options", option_table(options.root))
    faults = list(unknown(options.root))
    if options.check and new != old:
        faults.append(f"{PAGE}: is not what the sources say: run tools/docs/conformance.py")
    if not options.check:
        (options.root / PAGE).write_text(new, encoding="utf-8")
    return page.finish("conformance.py", functions(options.root), faults)


if __name__ == "__main__":
    sys.exit(main())
