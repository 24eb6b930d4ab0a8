"""Holds how much of the shared library is in memory in an ordinary process.

    near.py resident LIBRARY                the library's part of some programs' resident set
    near.py names NAMES SOURCES             each line of src/near.txt names a function

The first prints one line a program. Exit status: 0 within the limit, 1 above it, or if a name is
no function's.
"""

import argparse
import fnmatch
import os
import re
import subprocess
import sys
from pathlib import Path

# Each prints /proc/self/smaps, and may have so many KiB; another python than that src/near.txt was
# made with may execute something else, which brings 64 KiB of far text.
PROGRAMS = {
    "cat": (["/bin/cat", "/proc/self/smaps"], 84),
    "python": ([sys.executable, "-c", "print(open('/proc/self/smaps').read())"], 84 + 64),
}
MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \d+\s*(.*)")


def mappings(smaps):
    """Of each mapping its file, what may be done with it, and its resident KiB."""
    file, rights = "", ""
    for line in smaps.splitlines():
        found = MAPPING.fullmatch(line)
        if found:
            rights, file = found.groups()
        elif line.startswith("Rss:"):
            yield file, rights, int(line.split()[1])


def resident_kib(library, command):
    """(KiB of all its mappings, how it is spread)."""
    environment = dict(os.environ, LD_PRELOAD=str(library))
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    ours = [(rights, kib) for file, rights, kib in mappings(done.stdout)
            if file == str(library.resolve())]
    if not ours:
        sys.exit(f"near: {library} is not in {command[0]}: is it preloaded?")
    return sum(kib for _, kib in ours), " ".join(f"{rights}:{kib}" for rights, kib in ours)


def check_resident(options):
    status = 0
    for name, (command, most) in PROGRAMS.items():
        kib, spread = resident_kib(options.library, command)
        print(f"{name}: {kib} KiB of the library are resident ({spread})")
        if kib > most:
            print(f"more than {most}: tools/layout/near.py names the functions that this"
                  " program executes and src/near.txt lacks")
            status = 1
    return status


def check_names(options):
    """By the sources: which functions a compiler makes one with their callers is its affair."""
    texts = [path.read_text(encoding="utf-8") for path in options.sources.rglob("*.[ch]")]
    functions = {word for text in texts for word in re.findall(r"\w+", text)}
    names = [line for line in options.names.read_text(encoding="utf-8").splitlines()
             if not line.startswith("#")]
    lost = [name for name in names if not fnmatch.filter(functions, name)]
    if names != sorted(set(names)):
        print(f"{options.names}: the names are to be sorted, and each there once")
    if lost:
        print(f"{options.names}: no function is called {', '.join(lost)}")
    return 1 if lost or names != sorted(set(names)) else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_subparsers(dest="what", required=True)
    resident = what.add_parser("resident")
    resident.add_argument("library", type=Path)
    names = what.add_parser("names")
    names.add_argument("names", type=Path)
    names.add_argument("sources", type=Path)
    options = parser.parse_args()
    return check_resident(options) if options.what == "resident" else check_names(options)


if __name__ == "__main__":
    sys.exit(main())
