"""Proves that the gates of this folder can fail.

    planted.py longer_path LIBRARY GOLDEN OBJDUMP NM   the golden file holds one instruction less
    planted.py changed_exports LIBRARY GOLDEN NM       a name too many, and a name too few
    planted.py extra_library LIBRARY READELF           LIBRARY is linked with libm as well
    planted.py stale_name NAMES SOURCES                a name of no function, and one out of order
    planted.py scattered LIBRARY                       LIBRARY is linked in no particular order

Exits 1 if a gate lets its planted failure pass, or does not say what is wrong.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def run_gate(script, *arguments):
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def must_fail(words, script, *arguments):
    status, output = run_gate(script, *arguments)
    if status != 1 or words not in output:
        sys.exit(f"{script} must exit 1 and say '{words}'; it exits {status} and says:\n{output}")


def longer_path(library, golden, objdump, nm):
    tools = ["--objdump", objdump, "--nm", nm]
    held = Path(golden).read_text(encoding="utf-8").split()
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder, "exact.txt")
        status, output = run_gate("fastpath.py", library, exact, "--update", *tools)
        if status != 0:
            sys.exit(output)
        for function in held[::2]:
            lines = [line.split() for line in exact.read_text(encoding="utf-8").splitlines()]
            lower = [f"{name} {int(n) - (name == function)}\n" for name, n in lines]
            planted = Path(folder, "planted.txt")
            planted.write_text("".join(lower), encoding="utf-8")
            must_fail(f"{function} has become longer", "fastpath.py", library, planted, *tools)


def changed_exports(library, golden, nm):
    names = Path(golden).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        planted = Path(folder, "planted.txt")
        planted.write_text(names + "ash_planted\n", encoding="utf-8")
        must_fail("-ash_planted", "symbols.py", "exports", library, planted, "--nm", nm)
        planted.write_text(names.replace("malloc\n", "", 1), encoding="utf-8")
        must_fail("have changed", "symbols.py", "exports", library, planted, "--nm", nm)


def extra_library(library, readelf):
    must_fail("libm.so", "symbols.py", "needed", library, "--readelf", readelf)


def stale_name(names, sources):
    held = Path(names).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        planted = Path(folder, "planted.txt")
        planted.write_text(held + "planted_function\n", encoding="utf-8")
        must_fail("no function is called planted_function", "near.py", "names", planted, sources)
        planted.write_text(held + "ash_free\n", encoding="utf-8")
        must_fail("are to be sorted", "near.py", "names", planted, sources)


def scattered(library):
    must_fail("more than ", "near.py", "resident", library)


def main():
    gates = {"longer_path": longer_path, "changed_exports": changed_exports,
             "extra_library": extra_library, "stale_name": stale_name, "scattered": scattered}
    gates[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    main()
