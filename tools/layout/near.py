#!/usr/bin/env python3
"""Which functions of the library do programs execute that src/near.txt lacks?

    near.py build/release/lib/libashlar.so 'ls -l /usr' 'build/release/bench/micro pair64 20000'
    near.py ... --add     writes them to src/near.txt

Each command runs under callgrind with the library preloaded; its words are split as a shell does.
Prints one name a line, with the bytes of its code. Exit status: 0, or 2 if a program failed.
"""

import argparse
import fnmatch
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = Path(__file__).resolve().parents[2] / "src" / "near.txt"
LIBC = {"pthread_atfork", "__pthread_atfork"}  # linked in from the C library, near anyway
NAMED = re.compile(r"(ob|cob|fn|cfn)=\((\d+)\)(?: (.*))?")


def executed(lines, library):
    """The names of the functions of `library` in callgrind's file.

    Valgrind knows the library's section .text alone: of what lies elsewhere it has the names."""
    files, functions, inside, found = {}, {}, "", set()
    for line in lines:
        match = NAMED.match(line.rstrip())
        if not match:
            continue
        kind, number, name = match.groups()
        known = files if kind.endswith("ob") else functions
        if name is not None:
            known[number] = name
        if kind == "ob":
            inside = known[number]
        elif kind == "fn" and (inside.endswith(library) or inside == "???"):
            found.add(functions[number])
    return found


def base(name):
    """Of a clone's or a cold part's name, or one that callgrind has numbered."""
    return name.partition("'")[0].partition(".")[0]


def run(command, library):
    """What one command executes."""
    environment = dict(os.environ, LD_PRELOAD=str(library))
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out"
        callgrind = ["valgrind", "-q", "--tool=callgrind", "--compress-pos=no", "--demangle=no",
                     f"--callgrind-out-file={output}"]
        done = subprocess.run([*callgrind, *shlex.split(command)], stdout=subprocess.DEVNULL,
                              env=environment, check=False)
        if done.returncode != 0 or not output.exists():
            print(f"near: '{command}' failed under callgrind", file=sys.stderr)
            sys.exit(2)
        with output.open(encoding="utf-8", errors="replace") as lines:
            return executed(lines, library.resolve().name)


def symbols(library):
    """({function: bytes of code}, {function: all functions that were found to be the same}); clones
    and cold parts are with what they were made of."""
    listing = subprocess.run(["nm", "-S", "--defined-only", str(library)], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    bytes_of, at, same = {}, {}, {}
    for fields in map(str.split, listing.splitlines()):
        if len(fields) == 4 and fields[2] in "tTwW":
            name = base(fields[3])
            bytes_of[name] = bytes_of.get(name, 0) + int(fields[1], 16)
            at.setdefault(fields[0], set()).add(name)
            same.setdefault(name, set()).add(fields[0])
    return bytes_of, {name: set().union(*(at[each] for each in places))
                      for name, places in same.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("commands", nargs="+")
    parser.add_argument("--add", action="store_true", help="write them to src/near.txt")
    options = parser.parse_args()
    held = NAMES.read_text(encoding="utf-8").splitlines()
    bytes_of, same = symbols(options.library)
    found = set()
    for command in options.commands:
        found |= {base(name) for name in run(command, options.library)}
    found = set().union(*(same.get(name, ()) for name in found))
    missing = sorted(name for name in found - LIBC
                     if not any(fnmatch.fnmatch(name, each) for each in held))
    for name in missing:
        print(f"{bytes_of[name]:6} {name}")
    if options.add and missing:
        comments = [line for line in held if line.startswith("#")]
        names = sorted(set(held) - set(comments) | set(missing))
        NAMES.write_text("\n".join(comments + names) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
