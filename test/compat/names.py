"""Holds the headers of the mimalloc layer, its library and the test that calls everything together.

    names.py calls HEADERS CALLS          every declared name is called
    names.py library HEADERS LIBRARY      the library has each of them, and no other mi_ name
    names.py planted HEADERS CALLS LIBRARY    both find a name too many and one too few
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

COMMENT = re.compile(r"//[^\n]*")
# Arguments of a function type, not declarations.
TYPES = re.compile(r"typedef[^;]*\(mi_cdecl (\w+)\)[^;]*;")
HEADERS = ["mimalloc.h", "mimalloc-options.h", "mimalloc-stats.h"]


def declared(folder):
    """The functions of the headers, and the macros that stand for functions."""
    functions, macros = set(), set()
    for name in HEADERS:
        text = COMMENT.sub("", (folder / name).read_text(encoding="utf-8"))
        text = TYPES.sub("", text)
        macros |= set(re.findall(r"#define (mi_\w+(?:_tp|_decl))\(", text))
        text = re.sub(r"#define(?:[^\n]*\\\n)*[^\n]*", "", text)
        for declaration in re.findall(r"mi_decl_export[^;]*;", text):
            functions.add(re.search(r"\b(mi_+(?!decl_|attr_)\w+)\(", declaration).group(1))
    return functions, macros


def check_calls(folder, calls):
    functions, macros = declared(folder)
    text = COMMENT.sub("", calls.read_text(encoding="utf-8"))
    called = set(re.findall(r"\b(mi_\w+)\(", text))
    return [f"{calls.name}: {name} is never called"
            for name in sorted((functions | macros) - called)]


def exported(library):
    """Its mi_ names."""
    dynamic = ["-D"] if ".so" in library.name else []
    listing = subprocess.run(["nm", *dynamic, "--defined-only", str(library)], check=True,
                             capture_output=True, text=True).stdout
    return {line.split()[-1] for line in listing.splitlines() if re.search(r" [TW] mi_", line)}


def check_library(folder, library):
    functions, _ = declared(folder)
    names = exported(library)
    return [f"{library.name}: {name} is declared and not there"
            for name in sorted(functions - names)] + \
        [f"{library.name}: {name} is declared nowhere" for name in sorted(names - functions)]


def planted(folder, calls, library):
    """The faults that are not found, of: a declaration more, a call less, a declaration less."""
    with tempfile.TemporaryDirectory() as name:
        other = Path(name)
        for header in HEADERS:
            (other / header).write_text((folder / header).read_text(encoding="utf-8"),
                                        encoding="utf-8")
        first = other / HEADERS[0]
        text = first.read_text(encoding="utf-8")
        first.write_text(text + "mi_decl_export int mi_planted(void) mi_attr_noexcept;\n",
                         encoding="utf-8")
        if len(check_calls(other, calls)) != 1 or len(check_library(other, library)) != 1:
            yield "a declaration more is not found"
        first.write_text(text.replace("int mi_version(void)", "int mi_x(void)"), encoding="utf-8")
        if len(check_library(other, library)) != 2:
            yield "a declaration less is not found"
        fewer = other / "calls.h"
        fewer.write_text(calls.read_text(encoding="utf-8").replace("mi_zalloc_tp(", "x("),
                         encoding="utf-8")
        if len(check_calls(folder, fewer)) != 1:
            yield "a call less is not found"


def main():
    folder, paths = Path(sys.argv[2]), [Path(path) for path in sys.argv[3:]]
    check = {"calls": check_calls, "library": check_library, "planted": planted}[sys.argv[1]]
    faults = list(check(folder, *paths))
    if not declared(folder)[0]:
        faults.append("no declaration at all is found: is the pattern still right?")
    print("\n".join(faults) or f"{len(declared(folder)[0])} functions")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
