#!/usr/bin/env python3
"""What becomes of each misuse of the heap at each hardening tier: runs test/harden/misuse.c and
compares with the table of docs/hardening.md.

    matrix.py --misuse PROGRAM --library libashlar.so          compare; status 1 on a difference
    ... --renew                                                write the table instead
    ... --as 1=0                                      take tier 0 for tier 1 (a planted fault)
    ... --tags                       tier 4 alone, where there are memory tags: it has its own table
    ... --start "EMULATOR WORD..."             what the program runs under, if it cannot by itself
    matrix.py --misuse PROGRAM --with name=library.so ...      print a table of other allocators;
                                                       with --library, behind the tiers
"""

import argparse
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys

TIERS = ("0", "1", "2", "3")
MARKS = ("<!-- matrix -->\n", "<!-- end of matrix -->\n")
TAGS_TIERS = ("4",)
TAGS_MARKS = ("<!-- matrix of tags -->\n", "<!-- end of matrix of tags -->\n")
SECONDS = 120
TRAPS = (-signal.SIGILL, -signal.SIGTRAP)  # an instruction that is there to end the process
ENDINGS = {0: "harmless", 3: "missed", 4: "no such function", 5: "**trap**"}


def judge(run):
    """One cell: what the allocator said before it ended the process, or how that ended."""
    said = re.findall(r"^ashlar: (ASH\d+): (.+?)(?: of 0x[0-9a-f]+: .*|; .*)$", run.stderr,
                      re.MULTILINE)
    if said and run.returncode in (-signal.SIGABRT, -signal.SIGSEGV):
        return f"**{said[-1][1].split(' (')[0]}** {said[-1][0]}"
    if run.returncode == -signal.SIGABRT:
        return "**abort**"
    if run.returncode in TRAPS:
        return "**trap**"
    if run.returncode < 0:
        return "crash"
    return ENDINGS.get(run.returncode, f"status {run.returncode}")


def preloading(library, start):
    """An emulator has an environment of its own, in which the library is none of its kind."""
    preload = f"LD_PRELOAD={library}"
    name, value = ("QEMU_SET_ENV", preload) if start else preload.split("=", 1)
    return dict(os.environ, LC_ALL="C", **{name: value})


def run_one(program, misuse, library, tier):
    *start, _ = program
    environment = preloading(library, start)
    environment.pop("ASHLAR_OPTIONS", None)
    if tier is not None:
        environment["ASHLAR_HARDEN"] = tier
    try:
        return judge(subprocess.run([*program, misuse], env=environment, capture_output=True,
                                    text=True, errors="replace", timeout=SECONDS, check=False))
    except subprocess.TimeoutExpired:
        return "hang"


def misuses(program):
    return subprocess.run([*program, "--list"], capture_output=True, text=True,
                          check=True).stdout.split()


def table(program, columns):
    """`columns`: a name, a library and a tier or None each."""
    lines = ["| misuse | " + " | ".join(name for name, _, _ in columns) + " |",
             "|---|" + "---|" * len(columns)]
    for misuse in misuses(program):
        cells = [run_one(program, misuse, library, tier) for _, library, tier in columns]
        lines.append(f"| {misuse.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def pairs(values, what):
    """["a=b"] as a dictionary."""
    for value in values:
        if "=" not in value:
            sys.exit(f"matrix.py: {what} wants NAME=VALUE, not '{value}'")
    return dict(value.split("=", 1) for value in values)


def own_columns(tiers, library, swapped):
    return [(f"tier {tier}", library, swapped.get(tier, tier)) for tier in tiers]


def differences(wanted, found):
    return [f"matrix.py: differs: {line}" for line in found.splitlines()
            if line not in wanted.splitlines()]


def check(page, marks, found):
    """0 if the page's table is the one that was found."""
    text = page.read_text(encoding="utf-8")
    wanted = text.split(marks[0])[1].split(marks[1])[0]
    if wanted == found:
        head, _, *rows = found.splitlines()
        print(f"matrix: {len(rows)} misuses at {head.count(' tier ')} tiers, as the page has")
        return 0
    print("\n".join(differences(wanted, found)), file=sys.stderr)
    print("matrix.py: if that is right, --renew writes the page", file=sys.stderr)
    return 1


def renew(page, marks, found):
    begin, end = marks
    before, rest = page.read_text(encoding="utf-8").split(begin)
    after = rest.split(end)[1]
    page.write_text(before + begin + found + end + after, encoding="utf-8")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--misuse", required=True, help="the program")
    parser.add_argument("--library", help="libashlar.so")
    parser.add_argument("--page", type=pathlib.Path, default=pathlib.Path(__file__).resolve()
                        .parents[2] / "docs" / "hardening.md")
    parser.add_argument("--renew", action="store_true")
    parser.add_argument("--as", dest="swapped", action="append", default=[], metavar="TIER=TIER")
    parser.add_argument("--tags", action="store_true")
    parser.add_argument("--start", default="", metavar="WORDS")
    parser.add_argument("--with", dest="others", action="append", default=[],
                        metavar="NAME=LIBRARY")
    given = parser.parse_args()
    program = [*shlex.split(given.start), given.misuse]
    if given.others:
        columns = own_columns(given.library, {}) if given.library else []
        columns += [(name, path, None) for name, path in pairs(given.others, "--with").items()]
        print(table(program, columns), end="")
        return 0
    if given.library is None:
        parser.error("--library or --with is needed")
    tiers, marks = (TAGS_TIERS, TAGS_MARKS) if given.tags else (TIERS, MARKS)
    found = table(program, own_columns(tiers, given.library, pairs(given.swapped, "--as")))
    return renew(given.page, marks, found) if given.renew else check(given.page, marks, found)


if __name__ == "__main__":
    sys.exit(main())
