"""The rows: what `micro --list` names, and which of them are quick."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from .errors import BenchError

QUICK = ("pair64", "pairmix", "batch10k-rand", "live200k", "realloc-small", "medium32-512k",
         "prodcons1", "thread-churn", "rss-72", "cfrac-like")

# These wait for children or for a clock, so wall time beyond CPU time is no sign
# of a disturbance.
WAITING = ("startup", "frag-random", "frag-cluster")


@dataclass
class Row:
    """`kind` is cpu (one thread, pinned), wall or memory; `n` the amount of work.

    A micro row has no `command`: the built program runs it by name. Of other rows,
    `reader` makes the judged figure of what was printed (the launcher's time without
    it), `stdin` is a file, and `server` says what a client does with the command.
    """

    name: str
    kind: str
    n: int
    group: str = "micro"
    command: tuple = ()
    stdin: str = ""
    folder: str = ""
    reader: Callable | None = None
    server: Callable | None = None

    @property
    def waits(self):
        """True if the row's wall time says nothing about disturbance."""
        return self.name in WAITING or self.kind != "cpu" or self.server is not None


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
    """The rows (or patterns, or groups) of `wanted`, the quick ones, or all; n times `scale`."""
    by_name = {row.name: row for row in rows}
    names = wanted.split(",") if wanted else (QUICK if quick else list(by_name))
    chosen = []
    for name in names:
        picked = [row for row in rows if fnmatchcase(row.name, name) or row.group == name]
        if not picked:
            raise BenchError(f"no row '{name}'; --list shows them all")
        chosen += [replace(row, n=max(1, round(row.n * scale))) for row in picked
                   if row.name not in (one.name for one in chosen)]
    return chosen
