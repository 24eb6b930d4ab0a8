"""Holds what the shared library shows the linker: its exported names and the libraries it needs.

    symbols.py exports LIBRARY GOLDEN [--nm PROGRAM] [--update]
    symbols.py needed LIBRARY [--readelf PROGRAM]
"""

import argparse
import difflib
import re
import subprocess
import sys
from pathlib import Path

# The C library itself, and the loader, which is a part of it.
ALLOWED = re.compile(r"libc\.so\.6|ld-linux[\w-]*\.so\.[12]|ld64\.so\.[12]")


def output_of(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def check_exports(options):
    listing = output_of(options.nm, "-D", "--defined-only", str(options.library))
    names = sorted({line.split()[-1] for line in listing.splitlines()})
    if options.update:
        options.golden.write_text("\n".join(names) + "\n", encoding="utf-8")
        return 0
    if not options.golden.exists():
        sys.exit(f"symbols: {options.golden} is missing: write it with --update")
    held = options.golden.read_text(encoding="utf-8").splitlines()
    changes = list(difflib.unified_diff(held, names, "golden", "exported", lineterm="", n=0))
    for line in changes:
        print(line)
    if changes:
        print(f"exported names have changed: if that is wanted, update {options.golden} with"
              " --update and say why in the commit")
    return 1 if changes else 0


def check_needed(options):
    listing = output_of(options.readelf, "-d", str(options.library))
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", listing)
    extra = [name for name in needed if not ALLOWED.fullmatch(name)]
    if extra or "libc.so.6" not in needed:
        print(f"the library must need libc.so.6 alone; it needs {', '.join(needed) or 'nothing'}")
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["exports", "needed"])
    parser.add_argument("library", type=Path)
    parser.add_argument("golden", type=Path, nargs="?")
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--readelf", default="readelf")
    parser.add_argument("--update", action="store_true", help="write the golden file")
    options = parser.parse_args()
    if options.what == "needed":
        return check_needed(options)
    if not options.golden:
        parser.error("exports needs the golden file")
    return check_exports(options)


if __name__ == "__main__":
    sys.exit(main())
