"""Proves that a check of tools/docs passes a tree that agrees, and finds each planted fault.

    test_docs.py REPOSITORY CHECK           a name of PLANTED
    test_docs.py REPOSITORY {drift|lint}
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from planted import AGREES, MANUAL, PLANTED


def check(repository, script, tree):
    """Writes `tree` to a folder of its own and returns what the script says of it."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in tree.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        command = [sys.executable, str(repository / f"tools/docs/{script}.py"), "--check",
                   "--root", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def faults(repository, script):
    """What is wrong with the check itself."""
    agrees = AGREES[script]
    status, said = check(repository, script, agrees)
    if status == 77:
        sys.exit(77)
    if status != 0:
        yield f"a tree that agrees is refused:\n{said}"
    for path, old, new, message in PLANTED[script]:
        if old not in agrees[path]:
            yield f"{path} has no '{old}' to plant a fault in"
            continue
        status, said = check(repository, script, agrees | {path: agrees[path].replace(old, new)})
        if status != 1 or message not in said:
            yield f"'{new}' for '{old}' in {path}: status {status}, no '{message}' in:\n{said}"


# What manual.py must say of MADE, which is made from another source and has an unknown macro.
MADE = ".TH other 1 1970-01-01\n.BOGUS\n"
MANUAL_MODES = {"drift": "is not made from", "lint": "unknown macro"}


def manual_mode(repository, mode):
    """Status of manual.py with a man page that is wrong; 1 is what it should be."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("docs/man/ashlar.1.scd", MANUAL), ("man/ashlar.1", MADE)):
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        command = [sys.executable, str(repository / "tools/docs/manual.py"), f"--{mode}",
                   "--root", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 1 and MANUAL_MODES[mode] in done.stdout:
        return 0
    print(done.stdout + done.stderr)
    return done.returncode if done.returncode == 77 else 1


def main():
    if len(sys.argv) == 3 and sys.argv[2] in MANUAL_MODES:
        return manual_mode(Path(sys.argv[1]), sys.argv[2])
    if len(sys.argv) != 3 or sys.argv[2] not in AGREES:
        sys.exit(__doc__)
    found = list(faults(Path(sys.argv[1]), sys.argv[2]))
    print("\n".join(found) or f"{len(PLANTED[sys.argv[2]])} planted faults of {sys.argv[2]} found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
