"""Instructions per operation, counted by valgrind: slow, but free of noise.

A row runs twice with different amounts of work. The difference of the counts,
divided by the difference of the operations, is free of start-up and set-up.
"""

import re
import shutil
import subprocess

from .errors import BenchError
from .measure import parse_line

SMALL = 2000
LARGE = 500


def require_valgrind():
    """Fails with the next step where valgrind is missing."""
    if shutil.which("valgrind") is None:
        raise BenchError("--instructions needs valgrind: apt-get install valgrind")


def counted(bench, allocator, row, n):
    """(operations, instructions) of one run under callgrind."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
               str(bench.micro), row.name, str(n)]
    done = subprocess.run(command, capture_output=True, text=True, env=allocator.environment(),
                          check=False)
    found = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        raise BenchError(f"{' '.join(command)} under {allocator.name} failed: "
                         f"{done.stderr.strip()[-400:]}")
    return parse_line(done.stdout)["ops"], int(found.group(1))


def per_operation(bench, allocator, row):
    """Instructions of one operation of a row, or None if both runs did equal work."""
    few_ops, few = counted(bench, allocator, row, max(1, row.n // SMALL))
    many_ops, many = counted(bench, allocator, row, max(2, row.n // LARGE))
    if many_ops <= few_ops:
        return None
    return (many - few) / (many_ops - few_ops)
