#!/usr/bin/env python3
"""The runner works, and its gates can fail: two rows with next to no work.

Only glibc is run, twice: plainly, and preloaded as a second allocator by the name
of `again`, so the test needs nothing but what is built here.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROWS = "pair64,rss-72"


def run(arguments, out, *more):
    """The runner with a tiny amount of work; the finished process."""
    command = [sys.executable, str(HERE / "run.py"), "--build", str(arguments.build),
               "--out", str(out), "--name", "smoke", "--rounds", "2", "--rows", ROWS,
               "--scale", "0.02", *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def expect(truth, claim, done):
    """Ends the test with the runner's output unless `truth`."""
    if not truth:
        sys.exit(f"FAIL: {claim}\nstatus {done.returncode}\n{done.stdout}\n{done.stderr}")
    print(f"ok: {claim}")


def libc_path():
    """The C library this process uses, which any program can preload again."""
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        if "/libc.so" in line or "/libc-" in line:
            return line.split()[-1]
    sys.exit("FAIL: no libc in /proc/self/maps")


def check_results(done, out):
    """The JSON has what readers need, and the picture is well-formed."""
    data = json.loads((out / "smoke.json").read_text(encoding="utf-8"))
    names = [row["name"] for row in data["table"]]
    expect(names == ROWS.split(","), "the JSON holds the two rows", done)
    for row in data["table"]:
        cell = row["cells"]["glibc"]
        expect(cell["figure"] > 0 and cell["peak_rss_mb"] > 0 and len(cell["runs"]) == 2,
               f"{row['name']} has a figure, a peak and two runs", done)
    expect(data["empty_rss_kib"]["glibc"] > 0, "the empty program has a peak", done)
    ElementTree.parse(out / "smoke.svg")
    expect("| pair64 |" in (out / "smoke.md").read_text(encoding="utf-8"),
           "the Markdown has the row", done)


def main():
    """Runs the claims one after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    arguments = parser.parse_args()
    both = ("--allocators", "glibc", "--subject", "glibc")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        done = run(arguments, out, *both)
        expect(done.returncode == 0, "two rows run", done)
        check_results(done, out)
        pair = ("--allocators", "glibc,again", "--with", f"again={libc_path()}", "--subject")
        done = run(arguments, out, *pair, "again", "--check", "memory=0.01")
        expect(done.returncode == 0, "a limit that holds passes", done)
        done = run(arguments, out, *pair, "again", "--check", "memory=1000")
        expect(done.returncode == 1 and "limit missed: memory" in done.stderr,
               "an impossible limit fails", done)
        done = run(arguments, out, *both, "--rows", "startup", "--timeout", "1", "--scale", "1000")
        expect(done.returncode == 1 and "Failed: startup under glibc" in done.stdout,
               "a run that exceeds its time is reported and fails", done)
        done = run(arguments, out, *both, "--check", "speed=1")
        expect(done.returncode == 2 and "say time=LIMIT" in done.stderr,
               "an unknown limit is explained", done)
        done = run(arguments, out, "--with", "none=/nonexistent.so")
        expect(done.returncode == 2 and "does not exist" in done.stderr,
               "a library that is missing is named", done)
        done = run(arguments, out, "--with", f"odd={arguments.build / 'micro'}",
                   "--allocators", "odd")
        expect(done.returncode == 2, "a preload without effect is refused", done)


if __name__ == "__main__":
    main()
