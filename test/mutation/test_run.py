"""Proves that the mutation runner tells a fault that a test catches from one that none does.

    test_run.py RUNNER FIXTURE
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

WANTED = {"a_sum_that_subtracts": (True, "unit/sum (release)"),
          "a_sum_that_does_not_compile": (True, "the compiler"),
          "a_sum_the_other_way_round": (False, "")}


def run(runner, fixture, folder, *words):
    command = [sys.executable, runner, "--source", fixture, "--folder", folder / "work",
               "--page", folder / "page.md", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def verdicts(runner, fixture, folder):
    """What is wrong with the runner's verdicts, and with its page."""
    page = folder / "page.md"
    page.write_text("<!-- run.py: begin -->\n<!-- run.py: end -->\n", encoding="utf-8")
    status, said = run(runner, fixture, folder, "--mutants", fixture / "mutants.toml")
    if status != 1 or "1 survived" not in said:
        yield f"status {status}, not 1 for one survivor:\n{said}"
        return
    results = json.loads((folder / "work/results.json").read_text(encoding="utf-8"))
    for name, (caught, by) in WANTED.items():
        if (results[name]["caught"], results[name]["by"]) != (caught, by):
            yield f"{name}: {results[name]}, wanted {caught} by '{by}'"
    if "2 of 3 planted faults are caught." not in page.read_text(encoding="utf-8"):
        yield f"the page says:\n{page.read_text(encoding='utf-8')}"
    if "total += b;" not in (folder / "work/tree/sum.c").read_text(encoding="utf-8"):
        yield "a planted fault was left in the copy"


def refusals(runner, fixture, folder):
    """A text that is not there, one that is there twice, a pattern without mutants."""
    text = (fixture / "mutants.toml").read_text(encoding="utf-8")
    changed = folder / "changed.toml"
    for old, new, message in (("'total += b;'", "'total += c;'", "stands 0 times"),
                              ("'total += b;'", "'total'", "stands 3 times"),
                              ("a_sum_the_other_way_round", "a_sum_that_subtracts", "two mutants")):
        changed.write_text(text.replace(old, new), encoding="utf-8")
        status, said = run(runner, fixture, folder, "--check", "--mutants", changed)
        if status != 1 or message not in said:
            yield f"{new} for {old}: status {status}, no '{message}' in:\n{said}"
    status, said = run(runner, fixture, folder, "--mutants", fixture / "mutants.toml", "nothing")
    if status != 1 or "no mutant has nothing" not in said:
        yield f"a pattern without mutants: status {status}:\n{said}"


def main():
    runner, fixture = (Path(word).resolve() for word in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        faults = [*refusals(runner, fixture, folder), *verdicts(runner, fixture, folder)]
    print("\n".join(faults) or "the runner tells caught from survived")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
