#!/usr/bin/env python3
"""Runs a real program without and with a preloaded allocator; its output must be the same.

programs.py NAME --lib LIBRARY --witness WITNESS [--light] [--stand-in]
programs.py --list

Every process of the second run must report, through the preloaded witness, that malloc comes
from LIBRARY and that ashlar is active there. --light works on a tenth, for slow builds of the
library. --stand-in accepts a library that is not ashlar, to try the workloads themselves.
--planted spoils the second output, which must then be noticed.

Exit status: 0 the same, 1 a difference or a failure, 77 the program is not installed (1 where CI
or ASH_NO_SKIP is set, because there nothing may be skipped).
"""

import argparse
import difflib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import workloads

SKIPPED = 77
COMMAND_SECONDS = 280
TAIL_CHARACTERS = 3000


class Failure(Exception):
    """A program did not do what it should; the text says what."""


class Runner:
    """Runs commands in one folder, with the same environment for each, and keeps their output."""

    def __init__(self, folder, preload, light):
        self.folder = folder
        self.scale = 0.1 if light else 1
        self.witnessed = folder / "witness.txt"
        self.environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }
        if preload:
            self.environment["LD_PRELOAD"] = ":".join(preload)
            self.environment["ASHLAR_WITNESS"] = str(self.witnessed)

    def size(self, full):
        """A number of rounds or rows, a tenth of it in a light run."""
        return max(1, int(full * self.scale))

    def start(self, command, **environment):
        """Starts a command that goes on running."""
        return subprocess.Popen(
            command, cwd=self.folder, env={**self.environment, **environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, command, stdin=b"", error_too=False, **environment):
        """Runs a command and returns its standard output; a bad end is a failure."""
        try:
            done = subprocess.run(
                command, cwd=self.folder, env={**self.environment, **environment}, input=stdin,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=COMMAND_SECONDS,
                check=False)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"{command[0]} did not end in {COMMAND_SECONDS} s") from error
        if done.returncode != 0:
            raise Failure(self.bad_end(command, done))
        return done.stdout + done.stderr if error_too else done.stdout

    def bad_end(self, command, done):
        """The message for a command that failed, with a way to see why."""
        how = f"status {done.returncode}"
        if done.returncode < 0:
            how = f"signal {-done.returncode}"
        text = (done.stdout[-TAIL_CHARACTERS:] + done.stderr[-TAIL_CHARACTERS:])
        preload = self.environment.get("LD_PRELOAD", "")
        hint = f"gdb -ex 'set exec-wrapper env LD_PRELOAD={preload}' -ex run --args "
        return (f"{command[0]} ended with {how}\n{text.decode(errors='replace')}\n"
                f"next step: {hint}{' '.join(map(str, command))}")


def check_witness(path, library, wanted, stand_in):
    """Every process must have reported this library; the wanted programs must be among them."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    seen = set()
    for line in lines:
        program, pid, file, state = line.split("\t")
        ours = state == "active" and os.path.realpath(file) == os.path.realpath(library)
        if not ours and not stand_in:
            raise Failure(f"ashlar is not in use in {program} ({pid}): {state}, {file}")
        seen.add(program)
    missing = [name for name in wanted if name not in seen]
    if missing or not lines:
        raise Failure(f"ashlar is not in use in {', '.join(missing)}: reports from {sorted(seen)}")
    return len(lines)


def first_difference(before, after):
    """The first lines in which two outputs differ."""
    old = before.decode(errors="replace").splitlines()
    new = after.decode(errors="replace").splitlines()
    found = difflib.unified_diff(old[:20000], new[:20000], "without", "with", lineterm="", n=1)
    return "\n".join(line[:200] for _, line in zip(range(20), found))


def perform(workload, folder, preload, light):
    """One run of the workload in a folder of its own."""
    folder.mkdir()
    runner = Runner(folder, preload, light)
    return workload.function(runner), runner.witnessed


def check(workload, arguments):
    """Both runs, the comparison and the proof of use. Raises Failure."""
    library = str(Path(arguments.lib).resolve(strict=True))
    preload = [library, str(Path(arguments.witness).resolve(strict=True))]
    with tempfile.TemporaryDirectory(prefix="ashlar-programs-") as name:
        # The folder has one name in both runs, because programs print the names of files.
        folder = Path(name) / "run"
        before, _ = perform(workload, folder, None, arguments.light)
        shutil.rmtree(folder)
        after, witnessed = perform(workload, folder, preload, arguments.light)
        count = check_witness(witnessed, library, workload.processes, arguments.stand_in)
    if arguments.planted:
        after = after[:-1] + b"?"
    if not before:
        raise Failure("the program printed nothing, so nothing was compared")
    if before != after:
        raise Failure(f"the output differs\n{first_difference(before, after)}")
    print(f"{arguments.name}: {len(before)} bytes of output are the same; "
          f"active in {count} of {count} processes")


def missing_programs(workload):
    """The programs and files that this workload needs and that are not installed."""
    path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin"
    return [need for need in workload.needs if shutil.which(need, path=path) is None
            and not Path(need).exists()]


def main():
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", choices=sorted(workloads.ALL))
    parser.add_argument("--list", action="store_true", help="the names, one a line")
    parser.add_argument("--lib", help="the library to preload")
    parser.add_argument("--witness", help="the witness built from witness.c")
    parser.add_argument("--light", action="store_true", help="a tenth of the work")
    parser.add_argument("--stand-in", action="store_true", help="the library is not ashlar")
    parser.add_argument("--planted", action="store_true", help="spoil the second output")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(workloads.ALL))
        return 0
    if not (arguments.name and arguments.lib and arguments.witness):
        parser.error("say NAME --lib LIBRARY --witness WITNESS")
    workload = workloads.ALL[arguments.name]
    missing = missing_programs(workload)
    if missing:
        strict = os.environ.get("CI") == "true" or os.environ.get("ASH_NO_SKIP") == "1"
        print(f"{arguments.name}: not installed: {', '.join(missing)}; "
              f"next step: apt-get install {workload.package}")
        return 1 if strict else SKIPPED
    try:
        check(workload, arguments)
    except Failure as failure:
        print(f"{arguments.name}: {failure}")
        return 1
    except OSError as error:
        print(f"{arguments.name}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
