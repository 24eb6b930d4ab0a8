#!/usr/bin/env python3
"""Builds the harnesses of test/fuzz for a fuzzer, runs them, and keeps the figures.

    fuzz.py [SECONDS] [HARNESS...]    each harness (all: operations options trace) for so long (60)
    fuzz.py --fuzzer afl ...          AFL++ instead of clang's libFuzzer
    fuzz.py --mode audit ...          tiny sizes and audits instead of assertions alone
    fuzz.py --merge                   takes what libFuzzer's last runs reached into the corpus

The figures go to docs/fuzz-results.md (--page), a row for each harness, fuzzer and mode. Findings
are files under out/fuzz; the exit status is 1 if there are any.
"""

import argparse
import datetime
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HARNESSES = ["operations", "options", "trace"]
LONGEST = {"operations": 600, "options": 400, "trace": 2000}
MARK = "<!-- fuzz.py: rows -->\n"
AFL_ENVIRONMENT = {"AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1",
                   "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1"}


@dataclass
class Figures:
    """What one run came to."""

    executions: int
    seconds: int
    edges: str
    inputs: int
    findings: int

    def cells(self, harness, fuzzer, mode):
        rate = self.executions // max(1, self.seconds)
        return [harness, fuzzer, mode, f"{self.seconds} s", f"{self.executions:,}", f"{rate:,}",
                self.edges, str(self.inputs), str(self.findings),
                datetime.date.today().isoformat()]


def run(command, log, **options):
    """Runs a command into a log; its status."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w", encoding="utf-8") as file:
        return subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False,
                              **options).returncode


def must(command, log):
    if run(command, log) != 0:
        print("\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]))
        sys.exit(f"fuzz: failed: {' '.join(map(str, command))} (all of it is in {log})")


def program(*names):
    found = next(filter(None, map(shutil.which, names)), None)
    if not found:
        sys.exit(f"fuzz: {names[-1]} is missing: apt-get install clang-14 libclang-rt-14-dev afl++")
    return found


def build(fuzzer, mode, harnesses):
    """The folder with the harnesses' programs."""
    folder = ROOT / f"build/fuzz-{fuzzer}-{mode}"
    settings = [f"-DASH_MODE={mode}", "-DASH_FUZZ=ON", "-DBUILD_TESTING=ON"]
    if shutil.which("ccache"):
        settings.append("-DCMAKE_C_COMPILER_LAUNCHER=ccache")
    if fuzzer == "afl":
        settings += [f"-DCMAKE_C_COMPILER={program('afl-clang-fast')}",
                     f"-DCMAKE_CXX_COMPILER={program('afl-clang-fast++')}"]
    else:
        settings += [f"-DCMAKE_C_COMPILER={program('clang-14', 'clang')}",
                     f"-DCMAKE_CXX_COMPILER={program('clang++-14', 'clang++')}",
                     "-DCMAKE_C_FLAGS=-fsanitize=fuzzer-no-link", "-DASH_SANITIZE=undefined"]
    must(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", *settings], folder / "configure.log")
    must(["cmake", "--build", folder, "--target", *(f"fuzz_{name}" for name in harnesses)],
         folder / "build.log")
    return folder / "test/fuzz"


def last_number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def run_libfuzzer(harness, folder, out, seconds):
    inputs = out / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    log = out / "log"
    before = set(out.glob("crash-*")) | set(out.glob("oom-*")) | set(out.glob("timeout-*"))
    run([folder / f"fuzz_{harness}", f"-max_total_time={seconds}", f"-max_len={LONGEST[harness]}",
         "-print_final_stats=1", "-rss_limit_mb=4096", "-timeout=60", f"-artifact_prefix={out}/",
         inputs, ROOT / f"test/fuzz/corpus/{harness}", ROOT / f"test/fuzz/regressions/{harness}"],
        log)
    text = log.read_text(encoding="utf-8", errors="replace")
    after = set(out.glob("crash-*")) | set(out.glob("oom-*")) | set(out.glob("timeout-*"))
    return Figures(last_number(r"number_of_executed_units: (\d+)", text),
                   last_number(r"Done \d+ runs in (\d+) second", text) or seconds,
                   f"{last_number(r' cov: ([0-9]+)', text):,}", last_number(r" corp: (\d+)", text),
                   len(after - before))


def hangs_again(target, path):
    """On a busy machine a run may take long for others' sake: then it does not, alone."""
    try:
        with path.open("rb") as data:
            subprocess.run([target], stdin=data, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return True
    return False


def run_afl(harness, folder, out, seconds):
    target = folder / f"fuzz_{harness}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    run([program("afl-fuzz"), "-V", str(seconds), "-t", "5000+", "-m", "none",
         "-i", ROOT / f"test/fuzz/corpus/{harness}", "-o", out, "-G", str(LONGEST[harness]), "--",
         target], out / "log", env={**os.environ, **AFL_ENVIRONMENT})
    stats = out / "default/fuzzer_stats"
    if not stats.is_file():
        sys.exit(f"fuzz: AFL++ did not start; {out / 'log'} says why")
    text = stats.read_text(encoding="utf-8")
    values = dict(re.findall(r"^(\w+)\s*: (.*)$", text, re.MULTILINE))
    edges = f"{int(values['edges_found']):,} of {int(values['total_edges']):,}"
    hangs = sum(hangs_again(target, path) for path in (out / "default/hangs").glob("id*"))
    return Figures(int(values["execs_done"]), int(values["run_time"]), edges,
                   int(values["corpus_count"]), int(values["saved_crashes"]) + hangs)


RUNNERS = {"libfuzzer": run_libfuzzer, "afl": run_afl}


def write_row(page, cells):
    """Puts a row in the place of the one for the same harness, fuzzer and mode."""
    head, mark, body = page.read_text(encoding="utf-8").partition(MARK)
    if not mark:
        sys.exit(f"fuzz: {page} has no line '{MARK.strip()}' above its rows")
    rows = [line for line in body.splitlines() if line.startswith("|")]
    title, rule, rest = rows[0], rows[1], rows[2:]
    start = f"| {' | '.join(cells[:3])} |"
    rest = [line for line in rest if not line.startswith(start)] + [f"| {' | '.join(cells)} |"]
    page.write_text("\n".join([head.rstrip("\n"), "", mark.strip(), title, rule, *sorted(rest)])
                    + "\n", encoding="utf-8")


def is_found(path):
    """Whether a fuzzer named it, by its digest; what was written by hand has a name and stays."""
    return re.fullmatch(r"[0-9a-f]{40}", path.name)


def merge(harnesses):
    """The smallest set of inputs that reaches what all known ones reach becomes the corpus."""
    folder = build("libfuzzer", "debug", harnesses)
    for harness in harnesses:
        corpus = ROOT / f"test/fuzz/corpus/{harness}"
        fresh = ROOT / f"out/fuzz/merged-{harness}"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        # Edges without how often each was taken: the corpus is committed, and has to stay small.
        must([folder / f"fuzz_{harness}", "-merge=1", "-use_counters=0",
              f"-max_len={LONGEST[harness]}", fresh, corpus,
              *sorted(ROOT.glob(f"out/fuzz/libfuzzer-*/{harness}/inputs"))],
             ROOT / f"out/fuzz/merge-{harness}.log")
        for file in filter(is_found, corpus.iterdir()):
            file.unlink()
        shutil.copytree(fresh, corpus, dirs_exist_ok=True)
        files = list(corpus.iterdir())
        size = sum(file.stat().st_size for file in files)
        print(f"fuzz: the corpus of {harness} has {len(files)} inputs of {size:,} bytes in all")


def arguments():
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", metavar="SECONDS|HARNESS",
                        help=f"seconds of each run (60), and harnesses of {HARNESSES} (all)")
    parser.add_argument("--fuzzer", choices=sorted(RUNNERS), default="libfuzzer")
    parser.add_argument("--mode", choices=["debug", "audit", "release"], default="debug")
    parser.add_argument("--merge", action="store_true", help="take new inputs into the corpus")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/fuzz-results.md")
    options = parser.parse_args()
    numbers = [word for word in options.words if word.isdigit()]
    options.harnesses = [word for word in options.words if not word.isdigit()] or HARNESSES
    unknown = set(options.harnesses) - set(HARNESSES)
    if unknown or len(numbers) > 1:
        parser.error(f"one number of seconds and names of {HARNESSES} are known,"
                     f" not {' '.join(options.words)}")
    options.seconds = int(numbers[0]) if numbers else 60
    return options


def main():
    options = arguments()
    if options.merge:
        merge(options.harnesses)
        return 0
    folder = build(options.fuzzer, options.mode, options.harnesses)
    findings = 0
    for harness in options.harnesses:
        out = ROOT / f"out/fuzz/{options.fuzzer}-{options.mode}/{harness}"
        figures = RUNNERS[options.fuzzer](harness, folder, out, options.seconds)
        findings += figures.findings
        if figures.executions == 0:
            sys.exit(f"fuzz: {harness} ran nothing; {out / 'log'} says why")
        cells = figures.cells(harness, options.fuzzer, options.mode)
        write_row(options.page, cells)
        print(f"fuzz: {' | '.join(cells)}" + (f"; see {out}" if figures.findings else ""))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
