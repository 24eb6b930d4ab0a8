"""Recorded traces as rows: each is prepared once and replayed under every allocator."""

import atexit
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .errors import BenchError
from .measure import parse_line
from .rows import Row


def prepare(replay, trace, plan):
    """Makes a trace's plan; its figures as a dict."""
    done = subprocess.run([str(replay), "prepare", str(trace), str(plan)], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise BenchError(done.stderr.strip() or f"{replay} failed with {done.returncode}")
    return parse_line(done.stdout.split(" command=")[0])


def row_of(trace, plan, figures):
    """The row that replays a plan; with one thread it is judged by CPU time."""
    name = "trace-" + re.sub(r"[^A-Za-z0-9.+-]", "-", trace.stem)
    kind = "cpu" if figures["threads"] == 1 else "wall"
    return Row(name, kind, 1, "traces", (str(plan.parent / "replay"), "run", str(plan)))


def rows(folder, build):
    """(rows, {trace: why it is left out}) of the *.trace files in a folder."""
    replay = build / "replay"
    if not replay.exists():
        raise BenchError(f"{replay} is not there; build first: cmake --preset release && "
                         "cmake --build --preset release")
    found = sorted(folder.glob("*.trace")) if folder.is_dir() else []
    if not found:
        raise BenchError(f"--traces {folder}: no *.trace there; bench/trace/README.md says how to "
                         "record one")
    plans = Path(tempfile.mkdtemp(prefix="ashlar-plans-"))
    atexit.register(shutil.rmtree, plans, ignore_errors=True)
    (plans / "replay").symlink_to(replay.resolve())
    good, bad = [], {}
    for trace in found:
        plan = plans / (trace.stem + ".plan")
        try:
            good.append(row_of(trace, plan, prepare(replay, trace, plan)))
        except BenchError as error:
            bad[trace.name] = str(error)
    return good, bad
