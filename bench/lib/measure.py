"""One run of one row under one allocator, and what it cost."""

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .errors import BenchError
from .rows import WAITING

COUNTERS = "instructions:u,cycles:u"
RUSAGE_FIELDS = ("status", "total_wall_s", "user_s", "system_s", "peak_rss_kib", "minor_faults",
                 "major_faults", "voluntary_switches", "involuntary_switches")


@dataclass
class Bench:
    """Where the built programs are and how to run them."""

    micro: Path
    launch: Path
    empty: Path
    cpu: int
    timeout_s: int
    counters: bool = False


def counters_work():
    """True if `perf stat` counts user instructions here; many virtual machines cannot."""
    try:
        done = subprocess.run(["perf", "stat", "-x,", "-e", COUNTERS, "true"],
                              capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and "not supported" not in done.stderr \
        and "not counted" not in done.stderr and "instructions" in done.stderr


def parse_counters(text):
    """{'instructions': n, 'cycles': n} from perf stat's comma-separated lines."""
    found = {}
    for line in text.splitlines():
        fields = line.split(",")
        if len(fields) > 2 and fields[0].isdigit():
            found[fields[2].split(":")[0]] = int(fields[0])
    return found


def parse_line(text):
    """The key=value pairs of a row's line; numbers become floats."""
    values = {}
    for pair in text.split():
        key, equals, value = pair.partition("=")
        if equals:
            values[key] = value if key == "row" else float(value)
    return values


def launch_command(bench, allocator, arguments, pinned, output):
    """The launcher's command line for one run."""
    command = [str(bench.launch), "-t", str(bench.timeout_s), "-o", output]
    if pinned:
        command += ["-c", str(bench.cpu)]
    if allocator.library is not None:
        command += ["-p", allocator.library]
    return command + ["--"] + arguments


def launched(bench, allocator, arguments, pinned):
    """Runs a program; its printed values, the kernel's counts and perf's, in one dict."""
    with tempfile.TemporaryDirectory() as folder:
        usage_file = os.path.join(folder, "usage")
        perf_file = os.path.join(folder, "perf")
        command = launch_command(bench, allocator, arguments, pinned, usage_file)
        if bench.counters:
            command = ["perf", "stat", "-x,", "-o", perf_file, "-e", COUNTERS] + command
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not os.path.exists(usage_file):
            raise BenchError(f"{' '.join(command)}: {done.stderr.strip()}")
        usage = [float(field) for field in Path(usage_file).read_text().split()]
        values = dict(zip(RUSAGE_FIELDS, usage))
        if bench.counters:
            values.update(parse_counters(Path(perf_file).read_text()))
    if values.pop("status") != 0:
        raise BenchError(f"{' '.join(arguments)} under {allocator.name} failed: "
                         f"{done.stderr.strip() or 'killed or timed out'}")
    values.update(parse_line(done.stdout))
    return values


def disturbed(row, values):
    """True if a single-threaded run waited: the CPU was somebody else's."""
    if row.kind != "cpu" or row.name in WAITING:
        return False
    return values["wall_s"] > 1.25 * values["cpu_s"] + 0.02


def figure(row, values):
    """The number by which the row is judged; smaller is better."""
    if row.kind == "memory":
        return values["value"]
    return values["cpu_s"] if row.kind == "cpu" else values["wall_s"]


def measure(bench, row, allocator, tries=3):
    """One run of `row`; a disturbed one is repeated, at most `tries` times in all."""
    values = {}
    for _ in range(tries):
        values = launched(bench, allocator, [str(bench.micro), row.name, str(row.n)],
                          row.kind != "wall")
        values["disturbed"] = disturbed(row, values)
        if not values["disturbed"]:
            break
    values["figure"] = figure(row, values)
    return values


def empty_rss(bench, allocator):
    """Peak KiB resident of a program that does nothing."""
    runs = [launched(bench, allocator, [str(bench.empty)], True) for _ in range(3)]
    return sorted(run["peak_rss_kib"] for run in runs)[1]
