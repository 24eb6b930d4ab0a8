#!/usr/bin/env python3
"""Plants faults in the library, one at a time, and sees whether a test fails.

    run.py [PATTERN...]    the mutants whose name or file holds one of the patterns (all)
    run.py --check         only looks whether each mutant's text stands once in its file
    run.py --list          the mutants
    run.py --table         writes docs/mutation.md from the results kept so far

It works in a copy of the tree under build/mutation. A mutant is built as a release with one object
per file, and as an audit build where that does not catch it; the tests that should catch it run
first, then all that remain. Exit status: 0 if all were caught, 1 if one survived or is stale.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("mutants.toml")
MARKS = ("<!-- run.py: begin -->\n", "<!-- run.py: end -->\n")
SECONDS = 90  # for a fault's own tests, which take one or two
HUNG = 124
NOT_COPIED = {".git", "build", "out"}
# What follows where a mutant's own tests have not caught it: build, folders of tests.
STAGES = [("release", "unit"), ("audit", "unit"), ("release", "api|model|libc|override|fuzz"),
          ("audit", "model|fuzz"), ("release", "stress")]
MODES = {"release": ["-DASH_MODE=release", "-DASH_SINGLE_TU=OFF"], "audit": ["-DASH_MODE=audit"]}


@dataclass(frozen=True)
class Mutant:
    """One planted fault; see mutants.toml."""

    name: str
    file: str
    tests: str
    old: str
    new: str

    def first_tests(self):
        """A pattern of their names."""
        names = [word if "/" in word else f"unit/{word}" for word in self.tests.split()]
        return f"^({'|'.join(names)})$"

    def count(self, root):
        path = root / self.file
        return path.read_text(encoding="utf-8").count(self.old) if path.is_file() else 0


@dataclass(frozen=True)
class Verdict:
    """What came of a mutant: how it was caught and by which test, or that it survived."""

    caught: bool
    by: str
    seconds: int


def read_list(path):
    with open(path, "rb") as file:
        mutants = [Mutant(**entry) for entry in tomllib.load(file)["mutant"]]
    names = [mutant.name for mutant in mutants]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        sys.exit(f"mutate: {path} has two mutants called {', '.join(sorted(doubled))}")
    return mutants


def stale(mutants, root):
    for mutant in mutants:
        count = mutant.count(root)
        if count != 1:
            yield (f"{mutant.name}: its text stands {count} times in {mutant.file}, not once:"
                   " take it from the file as it is now, or drop the mutant")


class Workplace:
    """A copy of the tree, with a build folder for each mode."""

    def __init__(self, folder, source):
        self.folder, self.source, self.tree = folder, source, folder / "tree"
        self.log = folder / "log"

    def run(self, command, seconds=600):
        """The command's status and what it said; HUNG if it ran too long."""
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", start_new_session=True) as process:
            try:
                said, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return HUNG, ""
        with open(self.log, "a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(map(str, command))}\n{said}\n")
        return process.returncode, said

    def must(self, command):
        status, said = self.run(command)
        if status != 0:
            print(said[-4000:])
            sys.exit(f"mutate: failed without a mutant: {' '.join(map(str, command))}")

    def copy(self):
        """Brings the tree up to date; a file that is the same keeps its time."""
        for source in sorted(self.source.rglob("*")):
            name = source.relative_to(self.source)
            if name.parts[0] in NOT_COPIED or not source.is_file():
                continue
            target = self.tree / name
            if not target.is_file() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                shutil.copymode(source, target)

    def configure(self, mode):
        settings = [*MODES[mode], "-DBUILD_TESTING=ON"]
        if shutil.which("ccache"):
            settings.append("-DCMAKE_C_COMPILER_LAUNCHER=ccache")
        self.must(["cmake", "-S", self.tree, "-B", self.folder / mode, "-G", "Ninja", *settings])

    def build(self, mode, targets):
        return self.run(["cmake", "--build", self.folder / mode, "--target", *targets])[0] == 0

    def targets(self, mode, pattern):
        """The programs of the tests that have such a name; ctest itself knows built ones alone."""
        names = set()
        for file in (self.folder / mode).rglob("CTestTestfile.cmake"):
            for test, command in re.findall(r'^add_test\(\[=\[(.+?)\]=\] (.*)\)$',
                                            file.read_text(encoding="utf-8"), re.MULTILINE):
                if re.search(pattern, test):
                    names.update(Path(word).name for word in re.findall(r'"([^"]+)"', command)
                                 if self.folder / mode in Path(word).parents)
        return sorted(names) or ["all"]

    def first_failure(self, mode, pattern, seconds):
        """The first test of such a name that fails; empty if none does, or if there is none."""
        status, said = self.run(["ctest", "--test-dir", self.folder / mode, "--stop-on-failure",
                                 "-R", pattern], seconds)
        if status in {0, HUNG}:
            return "" if status == 0 else "a test that hangs"
        failed = re.search(r"Test +#\d+: (\S+) .*\*\*\*", said)
        return failed.group(1) if failed else f"status {status} of ctest"


def attempt(place, mode, pattern, seconds):
    """What caught the mutant in this build; empty if nothing did."""
    whole = re.search("libc|override", pattern)  # these load what other targets build
    if not place.build(mode, ["all"] if whole else place.targets(mode, pattern)):
        return "the compiler"
    return place.first_failure(mode, pattern, seconds)


def judge(place, mutant, quick):
    """Runs the tests over a tree that has the mutant."""
    started = time.monotonic()
    stages = [(mode, mutant.first_tests(), SECONDS) for mode in MODES]
    stages += [] if quick else [(mode, f"^({names})/", 20 * SECONDS) for mode, names in STAGES]
    for mode, pattern, seconds in stages:
        by = attempt(place, mode, pattern, seconds)
        if by:
            return Verdict(True, f"{by} ({mode})" if "/" in by else by,
                           round(time.monotonic() - started))
    return Verdict(False, "", round(time.monotonic() - started))


def plant(place, mutant, quick):
    path = place.tree / mutant.file
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        return judge(place, mutant, quick)
    finally:
        path.write_text(good, encoding="utf-8")


def keep(results, place):
    place.folder.mkdir(parents=True, exist_ok=True)
    kept = json.dumps(results, indent=1, sort_keys=True)
    (place.folder / "results.json").write_text(kept + "\n", encoding="utf-8")


def kept(place):
    path = place.folder / "results.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write_table(mutants, results, page):
    text = page.read_text(encoding="utf-8")
    begin, end = text.find(MARKS[0]), text.find(MARKS[1])
    if begin < 0 or end < begin:
        sys.exit(f"mutate: {page} has no lines '{MARKS[0].strip()}' and '{MARKS[1].strip()}'")
    rows = ["| file | planted fault | caught by |", "|---|---|---|"]
    for mutant in mutants:
        result = results.get(mutant.name)
        if result:
            by = f"`{result['by']}`" if result["caught"] else "**survived**"
            rows.append(f"| `{mutant.file}` | {mutant.name.replace('_', ' ')} | {by} |")
    caught = sum(results[mutant.name]["caught"] for mutant in mutants if mutant.name in results)
    head = f"{caught} of {len(rows) - 2} planted faults are caught.\n\n"
    page.write_text(text[:begin] + MARKS[0] + head + "\n".join(rows) + "\n" + text[end:],
                    encoding="utf-8")


def arguments():
    parser = argparse.ArgumentParser(prog="./dev mutate", description=__doc__.splitlines()[0])
    parser.add_argument("patterns", nargs="*", metavar="PATTERN",
                        help="part of a mutant's name or file; none: all")
    parser.add_argument("--check", action="store_true", help="only look whether one is stale")
    parser.add_argument("--list", action="store_true", help="show the mutants")
    parser.add_argument("--table", action="store_true", help="write the page of results")
    parser.add_argument("--quick", action="store_true", help="run the mutants' own tests alone")
    parser.add_argument("--again", action="store_true", help="also those with a result")
    parser.add_argument("--mutants", type=Path, default=LIST, help="the list (%(default)s)")
    parser.add_argument("--source", type=Path, default=ROOT, help="the tree to plant in")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/mutation")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/mutation.md")
    options = parser.parse_args()
    options.source, options.folder = options.source.resolve(), options.folder.resolve()
    return options


def selected(mutants, patterns):
    found = [mutant for mutant in mutants
             if not patterns or any(word in f"{mutant.name} {mutant.file}" for word in patterns)]
    if not found:
        sys.exit(f"mutate: no mutant has {' or '.join(patterns)} in its name or file; --list")
    return found


def run_all(place, mutants, options, results):
    place.copy()
    for mode in MODES:
        place.configure(mode)
    survived = 0
    for mutant in mutants:
        if mutant.name in results and not options.again:
            continue
        verdict = plant(place, mutant, options.quick)
        results[mutant.name] = {"caught": verdict.caught, "by": verdict.by,
                                "seconds": verdict.seconds}
        keep(results, place)
        survived += not verdict.caught
        print(f"{'caught' if verdict.caught else 'SURVIVED'}: {mutant.file}: {mutant.name}"
              f" ({verdict.by or 'nothing failed'}, {verdict.seconds} s)", flush=True)
    return survived


def main():
    options = arguments()
    known = read_list(options.mutants)
    mutants = selected(known, options.patterns)
    faults = list(stale(mutants, options.source))
    print("\n".join(faults), end="\n" if faults else "")
    if options.list:
        print("\n".join(f"{mutant.file}: {mutant.name}" for mutant in mutants))
    if faults or options.list or options.check:
        print(f"mutate: {len(mutants) - len(faults)} of {len(mutants)} mutants apply")
        return 1 if faults else 0
    place = Workplace(options.folder, options.source)
    results = kept(place)
    survived = 0 if options.table else run_all(place, mutants, options, results)
    if options.table or not options.patterns:
        write_table(known, results, options.page)
    print(f"mutate: {survived} survived")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
