#!/usr/bin/env python3
"""Holds the table of test/README.md, "Which test keeps which promise", against ctest's list.

    promises.py            lists promise and tests
    promises.py --check    fails if a test that the table names is not there, or if a promise has no
                           test, or no planted failure
    promises.py --build FOLDER    the build whose tests they are (build/release)
"""

import argparse
import fnmatch
import json
import re
import subprocess
import sys
from pathlib import Path

import page

PAGE = "test/README.md"
HEAD = "## Which test keeps which promise\n"
# `unit/span`, or `sched/*_is_found`; a file has a dot in its name.
TEST = re.compile(r"[a-z]+/[\w*+-]+")
COLUMNS = 3


def section(text):
    """What stands between the head and the next one."""
    return text.partition(HEAD)[2].partition("\n## ")[0]


def promises(root):
    """Promise -> tests that keep it, planted failures."""
    found = {}
    for cells in page.rows(section(page.read(root / PAGE))):
        if len(cells) != COLUMNS:
            sys.exit(f"{PAGE}: '{cells[0]}' has {len(cells)} columns, not {COLUMNS}")
        found[cells[0]] = [named(cell) for cell in cells[1:]]
    return found


def named(cell):
    return [word for word in page.code_words(cell) if TEST.fullmatch(word)]


def tests(build):
    """The names of a build's tests."""
    command = ["ctest", "--test-dir", build, "--show-only=json-v1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    known = json.loads(done.stdout)["tests"] if done.returncode == 0 else []
    if not known:
        sys.exit(f"promises: {build} has no tests: cmake --preset release")
    return {test["name"] for test in known}


def faults(found, known):
    for promise, columns in found.items():
        for kind, names in zip(("test", "planted failure"), columns):
            if not names:
                yield f"{PAGE}: '{promise}' has no {kind}: name one as ctest -N shows it"
        for name in sum(columns, []):
            if not fnmatch.filter(known, name):
                yield f"{PAGE}: '{promise}' names {name}, which ctest does not know"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=page.ROOT, help="the repository")
    parser.add_argument("--build", type=Path, help="a configured build (build/release)")
    parser.add_argument("--check", action="store_true",
                        help="compare with the tests instead of listing; status 1 on a difference")
    return parser.parse_args()


def main():
    options = arguments()
    found = promises(options.root)
    if options.check:
        known = tests(options.build or options.root / "build/release")
        return page.finish("promises", found, faults(found, known))
    for promise, columns in found.items():
        print(f"{promise}: {', '.join(sum(columns, []))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
