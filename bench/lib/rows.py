"""The rows: what `micro --list` names, and which of them are quick."""

import subprocess
from dataclasses import dataclass

from .errors import BenchError

QUICK = ("pair64", "pairmix", "batch10k-rand", "live200k", "realloc-small", "medium32-512k",
         "prodcons1", "thread-churn", "rss-72", "cfrac-like")

# These wait for children or for a clock, so wall time beyond CPU time is no sign
# of a disturbance.
WAITING = ("startup", "frag-random", "frag-cluster")


@dataclass
class Row:
    """`kind` is cpu (one thread, pinned), wall or memory; `n` the amount of work."""

    name: str
    kind: str
    n: int


def listed(micro):
    """All rows of the built program."""
    try:
        done = subprocess.run([str(micro), "--list"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BenchError(f"cannot run {micro}: {error}; build first: "
                         "cmake --preset release && cmake --build --preset release") from error
    rows = []
    for line in done.stdout.splitlines():
        name, kind, n = line.split()
        rows.append(Row(name, kind, int(n)))
    return rows


def choose(rows, wanted, quick, scale):
    """The rows named in `wanted`, the quick ones, or all; their n times `scale`."""
    by_name = {row.name: row for row in rows}
    names = wanted.split(",") if wanted else (QUICK if quick else list(by_name))
    chosen = []
    for name in names:
        if name not in by_name:
            raise BenchError(f"no row '{name}'; --list shows them all")
        row = by_name[name]
        chosen.append(Row(row.name, row.kind, max(1, round(row.n * scale))))
    return chosen
