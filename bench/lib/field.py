"""The field's benchmark programs, found by name in a folder of built ones.

Nothing here builds them. Arguments are the customary ones; programs that take a
number of threads are run with 2 and with 8. What a program prints is its figure
where it runs for a fixed time: the time for a fixed amount of work, so that
smaller is better in every row.
"""

import atexit
import os
import re
import shutil
import tempfile
from dataclasses import dataclass

from .errors import BenchError
from .rows import Row

THREADS = (2, 8)


@dataclass
class Program:
    """`{t}` in the arguments is the number of threads, `{dir}` the folder."""

    name: str
    arguments: str = ""
    threaded: bool = False
    stdin: str = ""
    needs: str = ""
    pattern: str = ""  # finds a number in the output ...
    work: float = 0.0  # ... which is a time, or a rate for this amount of work


FIELD = (
    Program("cfrac", "17545186520507317056371138836327483792789528"),
    Program("espresso", "{dir}/largest.espresso", needs="largest.espresso"),
    Program("barnes", stdin="barnes.input"),
    Program("glibc-simple"),
    Program("malloc-large"),
    Program("alloc-test", "{t}", True),
    Program("larson", "5 8 1000 5000 100 4141 {t}", True,
            pattern=r"relative time: ([0-9.]+)s"),
    Program("larson-sized", "5 8 1000 5000 100 4141 {t}", True,
            pattern=r"relative time: ([0-9.]+)s"),
    Program("xmalloc-test", "-w {t} -t 5 -s 64", True, pattern=r"rtime: ([0-9.]+)"),
    Program("glibc-thread", "{t}", True, pattern=r"([0-9]+) iterations", work=1e9),
    Program("mstress", "{t} 50 25", True),
    Program("rptest", "{t} 0 1 2 500 1000 100 8 16000", True,
            pattern=r"\.\.\.([0-9]+) memory ops", work=2e6),
    Program("sh6bench", "{t}", True),
    Program("sh8bench", "{t}", True),
    Program("cache-scratch", "{t} 1000 1 2000000 {t}", True),
    Program("cache-thrash", "{t} 1000 1 2000000 {t}", True),
    Program("mleak", "50"),
)

# It makes threads of its own, whatever the arguments.
ALWAYS_THREADED = ("mleak",)


def reader(program):
    """What turns the output into the judged figure; None for the launcher's time."""
    if not program.pattern:
        return None

    def read(text):
        found = re.search(program.pattern, text)
        if found is None or float(found.group(1)) <= 0:
            raise BenchError(f"{program.name} printed no figure; expected {program.pattern!r} in "
                             f"its output, which ends in: {text.strip()[-200:]!r}")
        value = float(found.group(1))
        return program.work / value if program.work else value

    return read


def missing(program, folder):
    """Why a program cannot run from `folder`, or ""."""
    path = folder / program.name
    if not path.is_file():
        return "not in the folder of programs"
    if not os.access(path, os.X_OK):
        return "not executable: chmod +x it"
    for name in (program.needs, program.stdin):
        if name and not (folder / name).is_file():
            return f"{name}, its input, is not in the folder of programs"
    return ""


def rows_of(program, folder, scratch):
    """The rows of one program: one, or one for each number of threads. What it writes
    goes to `scratch`."""
    many = program.threaded or program.name in ALWAYS_THREADED
    for threads in THREADS if program.threaded else (1,):
        words = program.arguments.format(t=threads, dir=folder).split()
        yield Row(f"{program.name}-{threads}" if program.threaded else program.name,
                  "wall" if many else "cpu", 1, "programs",
                  (str(folder / program.name), *words),
                  str(folder / program.stdin) if program.stdin else "", scratch,
                  reader(program))


def rows(folder):
    """(rows, {program: why it is left out}) of a folder of built programs."""
    if not folder.is_dir():
        raise BenchError(f"--programs {folder}: no such folder; give the one with the built "
                         "programs (cfrac, larson, ...)")
    folder = folder.resolve()
    scratch = tempfile.mkdtemp(prefix="ashlar-programs-")
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    found, left_out = [], {}
    for program in FIELD:
        problem = missing(program, folder)
        if problem:
            left_out[program.name] = problem
        else:
            found += rows_of(program, folder, scratch)
    if not found:
        names = ", ".join(program.name for program in FIELD)
        raise BenchError(f"--programs {folder}: none of {names} is there")
    return found, left_out
