"""Proves that the coverage check finds what is not run, and justifications that are not needed.

    test_run.py
"""

import sys
import tempfile
from pathlib import Path

import run

WHY = {"why": "It cannot be reached here."}
HERE = ("src/a.c", "a", "one();")
OTHER = ("src/b.c", "b", "two();")


def line(number, count, function="a"):
    return {"line_number": number, "count": count, "function_name": function}


def regions():
    """Lines between which a test ran nothing are one region; other functions begin another."""
    source = run.Source()
    source.add([line(1, 1), line(2, 0), line(4, 0), line(5, 3), line(6, 0), line(7, 0, "b")])
    source.add([line(6, 0), line(1, 0)])
    if list(source.regions()) != [[2, 4], [6], [7]] or source.covered() != 2:
        yield f"regions {list(source.regions())}, {source.covered()} lines run"


def faults():
    """Each fault is planted alone."""
    good = {HERE: WHY}
    for found, justified, message in (
            ({HERE: [1]}, good, None),
            ({HERE: [1], OTHER: [2]}, good, "no test runs 'two();'"),
            ({}, good, "is run now: take it out"),
            ({}, {HERE: WHY | {"sometimes": True}}, None),
            ({HERE: [1]}, {HERE: {"why": ""}}, "does not say why")):
        said = list(run.faults(found, justified))
        if (message is None) != (not said) or message and message not in said[0]:
            yield f"{found} with {justified}: {said}, wanted {message}"


def gone():
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "src/a.c")
        path.parent.mkdir()
        path.write_text("    one();\n", encoding="utf-8")
        if list(run.gone({HERE: WHY}, Path(name))):
            yield "a line that is there is called gone"
        if len(list(run.gone({HERE: WHY, OTHER: WHY}, Path(name)))) != 1:
            yield "a line that is gone is not found"


def main():
    found = [*regions(), *faults(), *gone()]
    print("\n".join(found) or "every planted fault is found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
