"""Runs shellcheck over every shell script of the repository, and over a planted failure.

    shellcheck.py REPOSITORY    exits 77, which means skipped, where shellcheck is missing
"""

import shutil
import subprocess
import sys
from pathlib import Path

FOLDERS = ["src", "include", "tools", "test", "bench", "cmake", ".ci"]


def is_script(path):
    if path.suffix == ".sh":
        return True
    if path.suffix or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.readline().rstrip() in {b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash"}


def main():
    root = Path(sys.argv[1])
    program = shutil.which("shellcheck")
    if not program:
        print("skipped: shellcheck is missing")
        sys.exit(77)
    planted = subprocess.run([program, "-s", "sh", "-"], input="rm $1\n", text=True,
                             capture_output=True, check=False)
    if planted.returncode == 0:
        sys.exit("shellcheck passes an unquoted argument: this gate cannot fail")
    found = [path for folder in FOLDERS for path in (root / folder).rglob("*") if is_script(path)]
    scripts = sorted(str(path) for path in [root / "dev", *found])
    sys.exit(subprocess.run([program, *scripts], check=False).returncode)


if __name__ == "__main__":
    main()
