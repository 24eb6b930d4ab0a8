"""One run of one row under one allocator, and what it cost."""

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from .errors import BenchError

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
    bound: Path | None = None  # the library of the lower bound


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


def launch_command(bench, allocator, row, arguments, pinned, folder):
    """The launcher's command line for one run."""
    command = [str(bench.launch), "-t", str(bench.timeout_s), "-o", os.path.join(folder, "usage"),
               "-s", os.path.join(folder, "samples")]
    if pinned:
        command += ["-c", str(bench.cpu)]
    library = library_for(allocator, row)
    if library is not None:
        command += ["-p", library]
    for setting in allocator.settings:
        command += ["-e", setting]
    return command + ["--"] + arguments


def library_for(allocator, row):
    """What is preloaded. For a real program under glibc, the C library itself: the
    program may be linked with another allocator."""
    if allocator.library is None and row is not None and row.group == "real":
        return libc_path()
    return allocator.library


def libc_path():
    """The C library that this process uses."""
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        if "/libc.so" in line or "/libc-" in line:
            return line.split()[-1]
    raise BenchError("no libc in /proc/self/maps; mount /proc")


def read_samples(path):
    """[(seconds, MB)] of the resident set over time."""
    lines = Path(path).read_text(encoding="ascii").split("\n")
    pairs = [line.split() for line in lines if line]
    return [(round(int(ms) / 1000, 3), round(int(kib) * 1024 / 1e6, 3)) for ms, kib in pairs]


def collect(bench, folder, command, done):
    """What the launcher and perf have written about a finished run."""
    usage_file = Path(folder) / "usage"
    if not usage_file.exists():
        raise BenchError(f"{' '.join(command)}: {done.stderr.strip()}")
    values = dict(zip(RUSAGE_FIELDS, map(float, usage_file.read_text().split())))
    samples = read_samples(Path(folder) / "samples")
    if samples:
        values["rss_mean_mb"] = mean(mb for _, mb in samples)
        values["rss_samples"] = samples
    if (Path(folder) / "perf").exists():
        values.update(parse_counters((Path(folder) / "perf").read_text()))
    return values


def start(command, stdin, folder):
    """Runs a command to its end, in `folder` if that is given."""
    with open(stdin or os.devnull, "rb") as source:
        return subprocess.run(command, stdin=source, capture_output=True, text=True, check=False,
                              errors="replace", cwd=folder or None)


def launched(bench, allocator, arguments, pinned, row=None):
    """Runs a program; its printed values, the kernel's counts and perf's, in one dict."""
    with tempfile.TemporaryDirectory() as folder:
        command = launch_command(bench, allocator, row, arguments, pinned, folder)
        # perf would take the signal that ends a server.
        if bench.counters and not (row and row.server):
            command = ["perf", "stat", "-x,", "-o", os.path.join(folder, "perf"),
                       "-e", COUNTERS] + command
        if row is not None and row.server is not None:
            done, served = row.server(command, bench)
        else:
            done = start(command, row.stdin if row else "", row.folder if row else "")
            served = {}
        values = collect(bench, folder, command, done)
    # A server ends by the signal that it is sent.
    if values.pop("status") not in ((0, 143) if served else (0,)):
        # Results are kept, so the message names no place on this machine.
        name = row.name if row is not None else Path(arguments[0]).name
        raise BenchError(f"{name} under {allocator.name} failed: "
                         f"{done.stderr.strip()[-400:] or 'killed or timed out'}")
    values["wall_s"] = values["total_wall_s"]
    values["cpu_s"] = values["user_s"] + values["system_s"]
    if row is not None and row.reader is not None:
        values["printed"] = row.reader(done.stdout + done.stderr)
    elif row is not None and (not row.command or "wall_s=" in done.stdout):
        values.update(parse_line(done.stdout.splitlines()[-1]))
    values.update(served)
    return values


def disturbed(row, values):
    """True if a single-threaded run waited: the CPU was somebody else's."""
    if row.waits:
        return False
    return values["wall_s"] > 1.25 * values["cpu_s"] + 0.02


def figure(row, values):
    """The number by which the row is judged; smaller is better."""
    if row.kind == "memory":
        return values["value"]
    if "printed" in values:
        return values["printed"]
    return values["cpu_s"] if row.kind == "cpu" else values["wall_s"]


def arguments_of(bench, row):
    """The command line of a row; `{n}` in it is the amount of work."""
    if not row.command:
        return [str(bench.micro), row.name, str(row.n)]
    return [word.replace("{n}", str(row.n)) for word in row.command]


def measure(bench, row, allocator, tries=3):
    """One run of `row`; a disturbed one is repeated, at most `tries` times in all."""
    values = {}
    for _ in range(tries):
        values = launched(bench, allocator, arguments_of(bench, row), row.kind != "wall", row)
        values["disturbed"] = disturbed(row, values)
        if not values["disturbed"]:
            break
    values["figure"] = figure(row, values)
    return values


def empty_rss(bench, allocator):
    """Peak KiB resident of a program that does nothing."""
    runs = [launched(bench, allocator, [str(bench.empty)], True) for _ in range(3)]
    return sorted(run["peak_rss_kib"] for run in runs)[1]
