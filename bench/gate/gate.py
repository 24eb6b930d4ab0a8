#!/usr/bin/env python3
"""Instructions and memory on fixed inputs, against a committed baseline.

  gate.py --build build/release/bench --library build/release/lib/libashlar.so
  gate.py ... --renew      writes bench/baseline/<processor>.json anew: say why in the commit

Instructions are those executed inside the library, counted by callgrind: the same in
every run, on any machine with the same compiler (rows with blocks above 1 MB are left
out: when their memory is given back is a question of time). Memory is the peak resident set of a
program less that of an empty one, both under the library. Nothing here is a time.
Exit status: 0 within the tolerance, 1 above it, 2 it could not run, 77 not comparable.
"""

import argparse
import concurrent.futures
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASELINES = HERE.parent / "baseline"

# What is counted, and how much of it: enough that start-up is below 1 %.
INSTRUCTIONS = {
    "pair64": ("micro", "pair64", "200000"),
    "pairmix": ("micro", "pairmix", "200000"),
    "batch1k-lifo": ("micro", "batch1k-lifo", "150000"),
    "batch1k-fifo": ("micro", "batch1k-fifo", "150000"),
    "batch1k-rand": ("micro", "batch1k-rand", "150000"),
    "batch100k-rand": ("micro", "batch100k-rand", "100000"),
    "live10k": ("micro", "live10k", "150000"),
    "realloc-small": ("micro", "realloc-small", "8000"),
    "calloc64": ("micro", "calloc64", "150000"),
    "calloc4k-1m": ("micro", "calloc4k-1m", "60"),
    "medium32-512k": ("micro", "medium32-512k", "3000"),
    "aligned": ("micro", "aligned", "80000"),
    "cfrac-like": ("micro", "cfrac-like", "3"),
    "containers": ("containers", "1"),
    "startup": ("empty",),
}
MEMORY = {
    "pair64": ("micro", "pair64", "100000"),
    "batch100k-rand": ("micro", "batch100k-rand", "300000"),
    "live10k": ("micro", "live10k", "300000"),
    "live200k": ("micro", "live200k", "600000"),
    "realloc-grow": ("micro", "realloc-grow", "1"),
    "medium32-512k": ("micro", "medium32-512k", "5000"),
    "rss-24": ("micro", "rss-24", "16"),
    "rss-72": ("micro", "rss-72", "32"),
    "rss-600": ("micro", "rss-600", "32"),
    "containers": ("containers", "3"),
}
MEMORY_RUNS = 7
TIME_LIMIT_S = 120

INSTRUCTION_TOLERANCE = 0.015
INSTRUCTION_SLACK = 500
MEMORY_TOLERANCE = 0.03
MEMORY_SLACK_KIB = 128  # two counts that are approximate, of this program and of an empty one


class GateError(Exception):
    """What the user can put right; the message says how."""


def clean_environment(library):
    """The environment of a measured program: the same everywhere, and no giving back of memory
    because time has passed, which a busy machine has more of."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C",
            "LD_PRELOAD": str(library), "ASHLAR_PURGE_DELAY": "3600s"}


def run(command, environment):
    """A program's run; fails unless it succeeds."""
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False,
                          timeout=TIME_LIMIT_S)
    if done.returncode != 0:
        raise GateError(f"{' '.join(command)}: status {done.returncode}: {done.stderr[-400:]}")


def self_cost(lines, library):
    """The instructions inside `library` of callgrind's file: its own lines, no calls."""
    total, inside, skip = 0, False, False
    for line in lines:
        if line.startswith("ob="):
            inside = line.rstrip().endswith(library)
        elif line.startswith("calls="):
            skip = True
        elif re.match(r"[0-9+*-]", line):
            if inside and not skip:
                total += int(line.split()[1])
            skip = False
    return total


def count(build, library, words):
    """Instructions that a program executes inside the library."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out"
        program = build / words[0]
        run(["valgrind", "-q", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no",
             f"--callgrind-out-file={output}", str(program), *words[1:]],
            clean_environment(library))
        with output.open(encoding="utf-8", errors="replace") as lines:
            total = self_cost(lines, library.name)
    if total == 0:
        raise GateError(f"{library} executed nothing in {' '.join(words)}: is it preloaded?")
    return total


def peak_kib(build, library, words):
    """The peak resident set of a program: the least of some runs.

    The kernel's count is approximate, and code pages are mapped in larger pieces when
    they lie in its cache: both add up to 250 KiB to some runs, and take from none.
    """
    peaks = []
    for _ in range(MEMORY_RUNS):
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "usage"
            environment = clean_environment(library)
            environment.pop("LD_PRELOAD")
            run([str(build / "launch"), "-t", str(TIME_LIMIT_S), "-p", str(library),
                 "-o", str(output), "--", str(build / words[0]), *words[1:]], environment)
            fields = output.read_text(encoding="ascii").split()
        if fields[0] != "0":
            raise GateError(f"{' '.join(words)} under {library} ended with {fields[0]}")
        peaks.append(int(fields[4]))
    return min(peaks)


def measure(build, library, rows, memory):
    """{"instructions": {row: n}, "heap_kib": {row: n}}."""
    empty = peak_kib(build, library, ("empty",)) if memory else 0
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        counts = pool.map(lambda row: count(build, library, INSTRUCTIONS[row]), rows)
        peaks = pool.map(lambda row: peak_kib(build, library, MEMORY[row]) - empty, memory)
        return {"instructions": dict(zip(rows, counts)), "heap_kib": dict(zip(memory, peaks))}


def judge(kind, row, now, before, most):
    """(problem or "", a line for the reader) of one figure."""
    change = (now / before - 1) * 100 if before > 0 else 0
    line = f"{row:16} {kind:12} {now:12,.0f} {before:12,.0f} {change:+7.2f} %"
    if now > most:
        return f"{row}: {now:,.0f} {kind}, the baseline has {before:,.0f}: {change:+.2f} %", line
    return "", line


def compare(figures, baseline):
    """The problems, after printing every figure beside the baseline's."""
    problems = []
    for row, now in figures["instructions"].items():
        before = baseline["instructions"].get(row, 0)
        problems.append(judge("instructions", row, now, before,
                              before * (1 + INSTRUCTION_TOLERANCE) + INSTRUCTION_SLACK))
    for row, now in figures["heap_kib"].items():
        before = baseline["heap_kib"].get(row, 0)
        problems.append(judge("heap KiB", row, now, before,
                              before * (1 + MEMORY_TOLERANCE) + MEMORY_SLACK_KIB))
    print(f"{'row':16} {'':12} {'now':>12} {'baseline':>12}")
    for _, line in problems:
        print(line)
    return [problem for problem, _ in problems if problem]


def scaled(baseline, factor):
    """The baseline times a factor: the planted failure."""
    return {key: {row: value * factor for row, value in baseline[key].items()}
            for key in ("instructions", "heap_kib")}


def choose(text, known, option):
    """The rows named in a comma-separated list; all without one."""
    names = text.split(",") if text else list(known)
    for name in names:
        if name not in known:
            raise GateError(f"{option} {name}: there are {', '.join(known)}")
    return names


def load(path):
    """The baseline; fails with the next step where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GateError(f"{path}: {error}; make it with --renew") from error


def renew(path, arguments, figures):
    """Writes the baseline."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"compiler": arguments.compiler, **figures}
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    print(f"written: {path}")


def advice(figures, baseline):
    """What is much better than the baseline should not be lost again."""
    better = [row for row, now in figures["instructions"].items()
              if now < baseline["instructions"].get(row, 0) * (1 - INSTRUCTION_TOLERANCE)]
    if better:
        print(f"better than the baseline: {', '.join(better)}; keep it with --renew")


def skip(words):
    """77, or 1 where nothing may be skipped."""
    print(f"skipped: {words}")
    return 1 if os.environ.get("ASH_NO_SKIP") == "1" else 77


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    build = HERE.parents[1] / "build" / "release"
    add = parser.add_argument
    add("--build", type=Path, default=build / "bench", help="folder of micro, launch, empty")
    add("--library", type=Path, default=build / "lib" / "libashlar.so")
    add("--compiler", default="GNU 12.2.0", help="what compiled the library")
    add("--baseline", type=Path, default=BASELINES / f"{platform.machine()}.json")
    add("--rows", default="", help="rows to count; all without it")
    add("--memory", default="", help="rows whose memory is measured; all without it")
    add("--renew", action="store_true", help="write the baseline instead of comparing")
    add("--planted", type=float, default=0.0, metavar="FACTOR",
        help="compare with the baseline times FACTOR, and succeed if every figure fails")
    add("--planted-skip", action="store_true", help="succeed if the comparison is skipped")
    return parser.parse_args()


def planted(problems, figures):
    """0 if the planted failure was found in every figure."""
    wanted = len(figures["instructions"]) + len(figures["heap_kib"])
    for problem in problems:
        print(f"found, as planted: {problem}")
    if len(problems) == wanted:
        return 0
    print(f"gate: {len(problems)} of {wanted} planted failures were found", file=sys.stderr)
    return 1


def main():
    """See the module's words."""
    arguments = parse_arguments()
    rows = choose(arguments.rows, INSTRUCTIONS, "--rows")
    memory = choose(arguments.memory, MEMORY, "--memory")
    baseline = None if arguments.renew else load(arguments.baseline)
    if baseline is not None and baseline["compiler"] != arguments.compiler:
        words = f"the baseline is of {baseline['compiler']}, this build of {arguments.compiler}"
        return 0 if arguments.planted_skip else skip(words)
    if arguments.planted_skip:
        raise GateError("--planted-skip: the compilers are the same")
    if shutil.which("valgrind") is None:
        return skip("no valgrind: apt-get install valgrind")
    library = arguments.library.resolve()
    figures = measure(arguments.build.resolve(), library, rows, memory)
    if arguments.renew:
        renew(arguments.baseline, arguments, figures)
        return 0
    if arguments.planted:
        return planted(compare(figures, scaled(baseline, arguments.planted)), figures)
    problems = compare(figures, baseline)
    advice(figures, baseline)
    for problem in problems:
        print(f"gate: {problem}", file=sys.stderr)
    if problems:
        print("gate: if this is meant, say why in the commit and renew the baseline:\n"
              f"      {sys.argv[0]} --renew", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (GateError, OSError, subprocess.TimeoutExpired) as error:
        print(f"gate: {error}", file=sys.stderr)
        sys.exit(2)
