#!/usr/bin/env python3
"""`ashlar bench` finds the runner and the programs, passes on what it is given, and says
what to do where they are missing. Installed, it does the same."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def expect(truth, claim, done):
    """Ends the test unless `truth`."""
    if not truth:
        sys.exit(f"FAIL: {claim}\nstatus {done.returncode}\n{done.stdout}\n{done.stderr}")
    print(f"ok: {claim}")


def run(tool, *words, library=None, folder=None):
    """`ashlar bench` with some words."""
    environment = dict(os.environ, ASHLAR_LIBRARY=str(library)) if library else dict(os.environ)
    return subprocess.run([str(tool), "bench", *words], capture_output=True, text=True,
                          env=environment, cwd=folder, check=False)


def check_words(tool, library, folder):
    """What is given reaches the runner; what is wrong is said."""
    done = run(tool, "--list", library=library)
    expect(done.returncode == 0 and "pair64 " in done.stdout and "ashlar " in done.stdout,
           "rows and allocators are listed", done)
    done = run(tool, "-n", "1", "--out", "here", "rss-24", "rss-72", library=library,
               folder=folder)
    expect(done.returncode == 0 and "| rss-24 |" in done.stdout and "| rss-72 |" in done.stdout
           and len(list((folder / "here").glob("*.json"))) == 1, "rows are run", done)
    done = run(tool, "pair46", library=library)
    expect(done.returncode == 2 and "no row 'pair46'" in done.stderr, "a wrong row is named", done)
    done = run(tool, "-n", "0", library=library)
    expect(done.returncode == 125 and "from 1 to 1000" in done.stderr, "0 rounds are refused", done)
    done = run(tool, "--liist", library=library)
    expect(done.returncode == 125 and "did you mean --list" in done.stderr,
           "a wrong option names the nearest", done)


def check_places(tool, build, folder):
    """A tool alone says how to get the rest; an installed one has it."""
    alone = folder / "alone" / "bin"
    alone.mkdir(parents=True)
    shutil.copy(tool, alone / "ashlar")
    done = run(alone / "ashlar")
    expect(done.returncode == 125 and "the runner is not there" in done.stderr
           and "build with the tests" in done.stderr, "a tool alone says what to build", done)
    prefix = folder / "prefix"
    done = subprocess.run(["cmake", "--install", str(build), "--prefix", str(prefix)],
                          capture_output=True, text=True, check=False)
    expect(done.returncode == 0, "the build installs", done)
    done = run(prefix / "bin" / "ashlar", "--list")
    expect(done.returncode == 0 and "pair64 " in done.stdout
           and str(prefix) in done.stdout, "installed, it finds all below its own prefix", done)


def main():
    """Runs the claims one after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--build", "--tool", "--library", "--tree"):
        parser.add_argument(name, type=Path, required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        check_words(arguments.tool, arguments.library, Path(folder))
        check_places(arguments.tool, arguments.tree, Path(folder))


if __name__ == "__main__":
    main()
