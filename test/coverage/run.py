#!/usr/bin/env python3
"""Counts which lines of the library the tests run, with gcc's gcov.

    run.py              builds, runs the tests, writes docs/coverage.md, checks justified.toml
    run.py --no-run     the same with the counts that are there already
    run.py --check      only looks whether each justification's line still stands in its file
    run.py --fresh      lists the regions that no test runs as entries for justified.toml

A line that is run in any of the test programs counts. Every region of lines that none runs must be
justified in justified.toml; a justification that is no longer needed is an error as well.
"""

import argparse
import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
MARKS = ("<!-- run.py: begin -->\n", "<!-- run.py: end -->\n")
TESTS = "^(unit|api|model|fuzz|stress|libc|override|stats|compat|guard|harden)/"
BATCH = 40  # files that one gcov looks at


@dataclass
class Source:
    """A file's lines, and how often each was run: of those that are code."""

    counts: dict = field(default_factory=dict)
    functions: dict = field(default_factory=dict)

    def add(self, lines):
        for line in lines:
            number = line["line_number"]
            self.counts[number] = self.counts.get(number, 0) + line["count"]
            self.functions[number] = line.get("function_name", "")

    def covered(self):
        return sum(count > 0 for count in self.counts.values())

    def regions(self):
        """Runs of lines, one after the other as code goes, that no test reached."""
        region = []
        for number in sorted(self.counts):
            same = region and self.functions[number] == self.functions[region[-1]]
            if self.counts[number] == 0 and (same or not region):
                region.append(number)
                continue
            if region:
                yield region
            region = [number] if self.counts[number] == 0 else []
        if region:
            yield region


def run(command, log):
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w", encoding="utf-8") as file:
        return subprocess.run(command, stdout=file, stderr=subprocess.STDOUT,
                              check=False).returncode


def must(command, log):
    status = run(command, log)
    if status != 0:
        print("\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]))
        sys.exit(f"coverage: failed: {' '.join(map(str, command))} (all of it is in {log})")


def build_and_run(folder, jobs):
    """Claims run in processes that end by _exit or abort: flush.c writes their counts."""
    flush = folder / "flush.o"
    must(["gcc", "-std=c17", "-O2", "-c", "-o", flush, HERE / "flush.c"], folder / "flush.log")
    must(["cmake", "-S", ROOT, "-B", folder / "build", "-G", "Ninja", "-DASH_MODE=release",
          "-DASH_SINGLE_TU=OFF", "-DBUILD_TESTING=ON", "-DCMAKE_CXX_FLAGS=--coverage",
          "-DCMAKE_C_FLAGS=--coverage -fprofile-update=atomic",
          f"-DCMAKE_EXE_LINKER_FLAGS=-Wl,--wrap=_exit,--wrap=abort {flush}"], folder / "cmake.log")
    # What another compiler links, or what looks for libgcov in vain, is left out.
    run(["cmake", "--build", folder / "build", "--", "-k", "0"], folder / "build.log")
    for counts in (folder / "build").rglob("*.gcda"):
        counts.unlink()
    status = run(["ctest", "--test-dir", folder / "build", "-R", TESTS, "-LE", "long", "-j",
                  str(jobs)], folder / "test.log")
    if status != 0:
        print(f"coverage: some tests fail in this build (see {folder / 'test.log'}); what they ran"
              " counts all the same")


def read_counts(build):
    """Each of the library's files, by its path below the root."""
    files = sorted(build.rglob("*.gcda"))
    if not files:
        sys.exit(f"coverage: no counts below {build}; run without --no-run")
    sources = {}
    for at in range(0, len(files), BATCH):
        said = subprocess.run(["gcov", "--json-format", "--stdout", *files[at:at + BATCH]],
                              cwd=build, capture_output=True, text=True, check=True).stdout
        for document in filter(None, said.splitlines()):
            for file in json.loads(document)["files"]:
                path = Path(build, file["file"]).resolve()
                if ROOT / "src" in path.parents:
                    name = path.relative_to(ROOT).as_posix()
                    sources.setdefault(name, Source()).add(file["lines"])
    return sources


def first_text(name, region):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return lines[region[0] - 1].strip()


def uncovered(sources):
    """(file, function, text of the first line) of each region, with its lines."""
    found = {}
    for name, source in sorted(sources.items()):
        for region in source.regions():
            key = (name, source.functions[region[0]], first_text(name, region))
            found.setdefault(key, []).extend(region)
    return found


def read_justified(path):
    with open(path, "rb") as file:
        entries = tomllib.load(file).get("region", [])
    return {(entry["file"], entry["function"], entry["text"]): entry for entry in entries}


def faults(found, justified):
    for key in sorted(found.keys() - justified.keys()):
        yield (f"{key[0]}:{found[key][0]}: no test runs '{key[2]}' in {key[1]} and what follows it:"
               f" write one, or say in justified.toml why not")
    for key in sorted(justified.keys() - found.keys()):
        if not justified[key].get("sometimes", False):
            yield f"justified.toml: '{key[2]}' in {key[1]} of {key[0]} is run now: take it out"
    for key, entry in sorted(justified.items()):
        if len(entry.get("why", "").split()) < 3:
            yield f"justified.toml: '{key[2]}' in {key[1]} of {key[0]} does not say why"


def gone(justified, root):
    """Justifications of lines that are in no source any more."""
    for file, function, text in sorted(justified):
        path = root / file
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        if text not in map(str.strip, lines):
            yield f"justified.toml: {file} has no line '{text}' (in {function}): take it out"


def table(sources, found, justified):
    rows = ["| file | lines | run | |", "|---|---|---|---|"]
    for name, source in sorted(sources.items()):
        total, covered = len(source.counts), source.covered()
        rows.append(f"| `{name}` | {total} | {covered} | {100 * covered / max(total, 1):.1f} % |")
    total = sum(len(source.counts) for source in sources.values())
    covered = sum(source.covered() for source in sources.values())
    rows.append(f"| all | {total} | {covered} | {100 * covered / max(total, 1):.1f} % |")
    rows += ["", "What no test runs, and why:", "",
             "| file | function | from | lines | why |", "|---|---|---|---|---|"]
    for key, lines in sorted(found.items()):
        why = justified.get(key, {}).get("why", "**not justified**")
        text = key[2].replace("|", "\\|")
        rows.append(f"| `{key[0]}` | `{key[1]}` | `{text}` | {len(lines)} | {why} |")
    return "\n".join(rows) + "\n"


def write_page(page, section):
    text = page.read_text(encoding="utf-8")
    begin, end = text.find(MARKS[0]), text.find(MARKS[1])
    if begin < 0 or end < begin:
        sys.exit(f"coverage: {page} has no lines '{MARKS[0].strip()}' and '{MARKS[1].strip()}'")
    page.write_text(text[:begin] + MARKS[0] + section + text[end:], encoding="utf-8")


def quoted(text):
    return f"'{text}'" if "'" not in text else json.dumps(text)


def fresh(found, justified):
    for key in sorted(found.keys() - justified.keys()):
        names = zip(("file", "function", "text"), map(quoted, key))
        print("\n".join(["[[region]]", *(f"{name} = {value}" for name, value in names),
                         'why = ""', ""]))


def arguments():
    parser = argparse.ArgumentParser(prog="./dev coverage", description=__doc__.splitlines()[0])
    parser.add_argument("--no-run", action="store_true", help="use the counts that are there")
    parser.add_argument("--check", action="store_true", help="only look at justified.toml")
    parser.add_argument("--fresh", action="store_true", help="list what is not justified")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=ROOT / "build/coverage")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/coverage.md")
    parser.add_argument("--justified", type=Path, default=HERE / "justified.toml")
    return parser.parse_args()


def main():
    options = arguments()
    if options.check:
        wrong = list(gone(read_justified(options.justified), ROOT))
        print("\n".join(wrong) or "coverage: every justified line is there")
        return 1 if wrong else 0
    if not options.no_run and not options.fresh:
        build_and_run(options.folder, options.jobs)
    sources = read_counts(options.folder / "build")
    found, justified = uncovered(sources), read_justified(options.justified)
    if options.fresh:
        fresh(found, justified)
        return 0
    write_page(options.page, table(sources, found, justified))
    wrong = list(faults(found, justified))
    print("\n".join([*wrong, f"coverage: {len(found)} regions are not run, {len(wrong)} to put"
                     " right"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
