#!/usr/bin/env python3
"""Holds orders.txt against the accesses that the scenarios make.

    orders.py TABLE NAME=PROGRAM...

Runs each program's scenarios with --sites. Each access met whose order is above relaxed must be in
the table with that order and with every weaker one that makes a difference to it; nothing else may
be there.
"""

import subprocess
import sys

WEAKER = {
    "seq_cst": {"acq_rel", "relaxed"},
    "acq_rel": {"acquire", "release", "relaxed"},
    "acquire": {"relaxed"},
    "release": {"relaxed"},
}


def table_rows(path):
    """(program, access, order, weaker) of each line."""
    with open(path, encoding="utf-8") as table:
        for line in table:
            if line.strip() and not line.startswith("#"):
                program, _scenario, access, order, weaker = [
                    cell.strip() for cell in line.split("|")]
                yield program, access, order, weaker


def scenarios(program):
    """Those that end within seconds: the others meet no other accesses."""
    listed = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
    names = [line.split(":")[0] for line in listed.stdout.splitlines()]
    return [name for name in names if name not in SLOW]


SLOW = {"leave_empty", "adopt_twice", "adopt_again", "take_over_all"}


def wanted_rows(name, program):
    """The rows that the program's accesses ask for."""
    command = [program, "--sites", *scenarios(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: failed; run it to see why\n{done.stdout}{done.stderr}")
    for line in done.stdout.splitlines():
        if line.startswith("site: "):
            access, order = line.removeprefix("site: ").split(" | ")
            yield from ((name, access, order, weaker) for weaker in WEAKER[order])


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    table = set(table_rows(sys.argv[1]))
    wanted = set()
    for argument in sys.argv[2:]:
        name, program = argument.split("=", 1)
        wanted |= set(wanted_rows(name, program))
    for row in sorted(wanted - table):
        print(f"{' | '.join(row)}: is not in the table; add it, with a scenario that it violates")
    for row in sorted(table - wanted):
        print(f"{' | '.join(row)}: is in the table, but no scenario makes this access")
    if not wanted:
        print("no access was met at all: is --sites still right?")
    print(f"orders: {len(wanted)} wanted, {len(table)} in the table")
    return 0 if wanted == table and wanted else 1


if __name__ == "__main__":
    sys.exit(main())
