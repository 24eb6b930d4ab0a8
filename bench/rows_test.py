#!/usr/bin/env python3
"""Programs, traces, packages, versions, the lower bound and the README's section: each
becomes rows or text as promised, and says why not where it cannot.

The field's programs are stood for by scripts that print what those print.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import types
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# pylint: disable=wrong-import-position
from lib import allocators, field, real, servers, summary, version  # noqa: E402
from lib.errors import BenchError  # noqa: E402
from lib.measure import Bench, libc_path, measure  # noqa: E402
from lib.rows import Row  # noqa: E402

ENDS = (".json", ".md", ".svg", ".scatter.svg")


class Test:
    """Where the built programs are and what is written."""

    def __init__(self, build, folder):
        self.build = build
        self.folder = folder
        self.out = folder / "out"

    def run(self, *more, name="run"):
        """The runner on glibc alone; the finished process."""
        command = [sys.executable, str(HERE / "run.py"), "--build", str(self.build), "--out",
                   str(self.out), "--name", name, "--rounds", "1", "--library", "none",
                   "--subject", "glibc", "--allocators", "glibc", *more]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def data(self, name="run"):
        """The JSON that the runner wrote."""
        return json.loads((self.out / f"{name}.json").read_text(encoding="utf-8"))


def expect(truth, claim, detail):
    """Ends the test unless `truth`."""
    if not truth:
        sys.exit(f"FAIL: {claim}\n{detail}")
    print(f"ok: {claim}")


def script(folder, name, text):
    """An executable script."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def check_programs(test):
    """A folder of programs becomes rows with the figure that each prints."""
    programs = test.folder / "programs"
    programs.mkdir()
    done = test.run("--programs", str(programs), "--rows", "programs")
    expect(done.returncode == 2 and "none of cfrac" in done.stderr, "an empty folder is explained",
           done)
    script(programs, "larson", 'echo "Throughput = 1 operations, relative time: 1.$7s."')
    script(programs, "rptest", 'echo "crt $1 threads: ...4000000 memory ops/CPU second"')
    script(programs, "barnes", 'cat >/dev/null; echo done')
    script(programs, "xmalloc-test", "echo nothing")
    done = test.run("--programs", str(programs), "--rows", "larson-2,larson-8,rptest-8",
                    name="programs")
    table = {row["name"]: row for row in test.data("programs")["table"]}
    figures = {name: row["cells"]["glibc"]["figure"] for name, row in table.items()}
    expect(done.returncode == 0 and figures == {"larson-2": 1.2, "larson-8": 1.8, "rptest-8": 0.5},
           "printed times and rates are the figures, with 2 and 8 threads", (done, figures))
    expect("left out: cfrac" in done.stderr and "barnes.input, its input" in done.stderr,
           "what is missing is named", done)
    done = test.run("--programs", str(programs), "--rows", "xmalloc-test-2")
    expect(done.returncode == 1 and "printed no figure" in done.stdout,
           "a program that prints no figure fails its row", done)


def check_traces(test):
    """A folder of traces becomes rows; a damaged one is left out with the reason."""
    traces = test.folder / "traces"
    traces.mkdir()
    recorder = test.build / "libashlar-record.so"
    if not recorder.exists():
        print("skipped: the recorder is for glibc")
        return
    environment = dict(os.environ, LD_PRELOAD=str(recorder),
                       ASHLAR_RECORD=str(traces / "known.trace"))
    subprocess.run([str(test.build / "trace_known"), "many"], env=environment, check=True)
    (traces / "bad.trace").write_bytes((traces / "known.trace").read_bytes()[:5000])
    done = test.run("--traces", str(traces), "--rows", "traces", name="traces")
    row = test.data("traces")["table"][0]
    expect(done.returncode == 0 and row["name"] == "trace-known"
           and row["cells"]["glibc"]["ops"] > 200000, "a trace becomes a row", done)
    expect("ends within a chunk" in test.data("traces")["left_out"]["bad.trace"],
           "a damaged trace is left out, with the reason", done)
    done = test.run("--traces", str(test.folder / "none"), "--rows", "traces")
    expect(done.returncode == 2 and "no *.trace there" in done.stderr, "no traces are explained",
           done)


def check_real(test):
    """Programs of packages run or name their package; a server is measured too."""
    kept = real.REAL
    real.REAL = (real.Real("ghost", {"no-such-program": "no-such-package"}, real.make_perl),)
    rows, left_out = real.rows(test.build)
    real.REAL = kept
    expect(not rows and "apt-get install no-such-package" in left_out["ghost"],
           "a missing program names its package", left_out)
    done = test.run("--real", "--rows", "containers", name="real")
    cell = test.data("real")["table"][0]["cells"]["glibc"]
    expect(done.returncode == 0 and cell["figure"] > 0, "the program of containers runs", done)
    samples = [float(pair.split(":")[1]) for pair in cell["rss_over_time"].split()]
    peak = max(samples)
    expect(len(samples) > 3 and 0 < cell["rss_mean_mb"] <= peak <= cell["peak_rss_mb"] + 0.6
           and cell["minor_faults"] > 100, "memory over time and page faults are kept", cell)


ECHO = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    with server.accept()[0] as client:
        client.sendall(client.recv(100))
"""


def check_server(test):
    """A server is measured while its client works, and a server that ends is reported."""
    port = servers.free_port()

    def load(timeout):
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
            connection.sendall(b"hello")
            if connection.recv(100) != b"hello":
                raise BenchError("no echo")
    bench = Bench(test.build / "micro", test.build / "launch", test.build / "empty", 0, 30)
    row = Row("echo", "wall", 1, "real", (os.path.realpath(sys.executable), "-c", ECHO, str(port)),
              server=servers.server(lambda: servers.reachable(port), load))
    glibc = allocators.Allocator("glibc", None)
    values = measure(bench, row, glibc)
    expect(values["client_s"] > 0 and values["cpu_s"] > 0 and values["peak_rss_kib"] > 1000,
           "a server's time and memory are measured", values)
    row.command = (os.path.realpath(sys.executable), "-c", "raise SystemExit('no config')")
    try:
        measure(bench, row, glibc)
        expect(False, "a server that ends at once is reported", row)
    except BenchError as error:
        expect("no config" in str(error), "a server that ends at once is reported", error)


def check_columns(test):
    """A version that is given, one that the library says, and the lower bound."""
    libc = libc_path()
    done = test.run("--rows", "pair64,live10k", "--scale", "0.005", "--with", f"again={libc}@9.9",
                    "--allocators", "glibc,again,limit", name="columns")
    data = test.data("columns")
    versions = {one["name"]: one["version"] for one in data["allocators"]}
    expect(done.returncode == 0 and versions["again"] == "9.9", "a version can be given", done)
    expect(data["table"][0]["cells"]["limit"] and data["table"][0]["best_figure"] == "again",
           "the lower bound is a column and no peer", data["table"][0])
    done = test.run("--rows", "pair64", "--scale", "0.45", "--allocators", "glibc,limit", "--with",
                    f"again={libc}", name="limit")
    cells = test.data("limit")["table"][0]["cells"]
    expect(done.returncode == 0 and cells["limit"] is None and not test.data("limit")["failures"],
           "what does not fit the lower bound has no figure there, and is no failure", done)
    expect(all((test.out / f"columns{ending}").exists() for ending in ENDS),
           "data, page and both pictures are written", done)


def check_environment(test):
    """A variable reaches the programs of its allocator, and no other's."""
    bench = Bench(test.build / "micro", test.build / "launch", test.build / "empty", 0, 30)
    row = Row("echo", "cpu", 1, "real", ("/bin/sh", "-c", 'echo "${ASH_PLANTED:-0}"'), reader=float)
    pair = [allocators.Allocator("bare", None), allocators.Allocator("set", None)]
    allocators.set_variables(pair, ["set:ASH_PLANTED=3"])
    values = [measure(bench, row, allocator)["figure"] for allocator in pair]
    expect(values == [0, 3], "a variable is set for the allocator that is named", values)
    for wrong in ("none:A=1", "glibc:A", "glibc:=1"):
        done = test.run("--rows", "pair64", "--env", wrong)
        expect(done.returncode == 2 and "as in ashlar:ASHLAR_HARDEN=1" in done.stderr,
               f"--env {wrong} is explained", done)


def entry(name, time, memory):
    """A timed row as in the results."""
    cells = {"ashlar": {"figure": time, "peak_rss_mb": memory},
             "peer": {"figure": 1.0, "peak_rss_mb": 1.0},
             "limit": {"figure": 0.1, "peak_rss_mb": 0.1}}
    row = {"name": name, "kind": "cpu", "cells": cells}
    summary.add_ratios(row, "ashlar")
    return row


def check_versions():
    """Numbers of versions are read as their makers write them."""
    for number, text in ((20401, "2.4.1"), (30403, "3.4.3"), (209, "2.0.9")):
        fake = types.SimpleNamespace(mi_version=lambda number=number: number)
        expect(version.mimalloc(fake) == text, f"{number} is mimalloc {text}", fake)
    fake = types.SimpleNamespace(ash_version=lambda: 10203)
    expect(version.ashlar(fake) == "1.2.3", "10203 is ashlar 1.2.3", fake)


def check_order():
    """What falls short comes first, the worst before the rest, and nothing else."""
    table = [entry("fine", 1.01, 1.04), entry("slow", 1.5, 1.0), entry("large", 0.5, 3.0),
             entry("close", 1.03, 1.0)]
    names = [row["name"] for row in summary.fall_short(table, "ashlar")]
    expect(names == ["large", "slow", "close"], "the worst row is first", names)


def readme(root, *words):
    """readme.py on a tree of its own."""
    command = [sys.executable, str(HERE / "readme.py"), "--root", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def check_readme(test):
    """The section is written, is checked, and a changed figure is found."""
    root = test.folder / "tree"
    (root / "bench" / "results").mkdir(parents=True)
    page = root / "README.md"
    page.write_text("before\n", encoding="utf-8")
    results = root / "bench" / "results" / "one.json"
    results.write_text((test.out / "columns.json").read_text(encoding="utf-8"), encoding="utf-8")
    done = readme(root, str(results))
    expect(done.returncode == 2 and "put the two marks" in done.stderr, "marks are asked for", done)
    page.write_text("before\n<!-- performance: none -->\n<!-- performance: end -->\nafter\n",
                    encoding="utf-8")
    done = readme(root, str(results))
    text = page.read_text(encoding="utf-8")
    expect(done.returncode == 0 and text.startswith("before\n") and text.endswith("after\n")
           and "| glibc " in text and "| limit" not in text, "the section is written", done)
    expect(readme(root, "--check").returncode == 0, "what was written passes the check", text)
    page.write_text(text.replace("| glibc ", "| glibs "), encoding="utf-8")
    done = readme(root, "--check")
    expect(done.returncode == 1 and "is not what" in done.stderr, "a changed figure is found", done)


def main():
    """Runs the claims one after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    arguments = parser.parse_args()
    expect(len({program.name for program in field.FIELD}) == len(field.FIELD),
           "every program is named once", field.FIELD)
    with tempfile.TemporaryDirectory() as folder:
        test = Test(arguments.build.resolve(), Path(folder))
        check_programs(test)
        check_traces(test)
        check_real(test)
        check_server(test)
        check_columns(test)
        check_environment(test)
        check_versions()
        check_order()
        check_readme(test)


if __name__ == "__main__":
    main()
