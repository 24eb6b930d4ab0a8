#!/usr/bin/env python3
"""Formats the C and C++ sources with clang-format.

    format.py [--check] [FILE...]   all of the tree's files when none are named

With --check nothing is written; it reports what would change and exits 1. Version 14 is preferred,
since every version breaks lines in its own way.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

FOLDERS = ["src", "include", "tools", "test", "bench"]
SUFFIXES = {".c", ".h", ".cc", ".cpp", ".hpp"}


def find_sources(root):
    paths = [path for folder in FOLDERS for path in (root / folder).rglob("*")]
    return sorted(path for path in paths if path.is_file() and path.suffix in SUFFIXES)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 on a change")
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()
    program = shutil.which("clang-format-14") or shutil.which("clang-format")
    if not program:
        sys.exit("format: clang-format is missing: ./dev setup installs it")
    root = Path(__file__).resolve().parents[2]
    style = f"--style=file:{root / '.clang-format'}"
    mode = ["--dry-run", "--Werror"] if options.check else ["-i"]
    files = [str(path) for path in options.files or find_sources(root)]
    status = subprocess.run([program, style, *mode, *files], check=False).returncode
    if status != 0 and options.check:
        print("format: ./dev format puts these right", file=sys.stderr)
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
